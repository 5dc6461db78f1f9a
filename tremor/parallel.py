"""Independent jobs on several processors, their results in order.

Jobs run in forked worker processes where forking is safe, and in threads elsewhere. What the jobs
do, and when it is worth cutting work into jobs, is for the callers.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["available_processors", "follow_parent", "in_background", "run_jobs", "use_one_thread"]

_Result = TypeVar("_Result")
#: Variables that set the number of threads of the linear algebra: OpenBLAS, OpenMP builds, MKL,
#: Accelerate, BLIS.
_BLAS_THREADS: Final = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)
_Jobs = Sequence[Callable[[], _Result]]

#: More would be faster on more processors, and would exceed the promised memory.
_MAX_WORKERS: Final = 2
#: Fewer jobs are done before workers have started.
_MIN_JOBS: Final = 3
#: Jobs that are submitted ahead of the one whose result is waited for, which bounds the results
#: that are held.
_MAX_PENDING: Final = 32


def run_jobs(
    jobs: _Jobs[_Result], *, progress: Callable[[float], object] | None = None
) -> Iterator[_Result]:
    """Run jobs in parallel and yield their results in order.

    Parameters
    ----------
    jobs : sequence of callable
        Each takes no argument. Only its result counts: other changes may be made in a copy of this
        process. Jobs need not be picklable, their results must be.
    progress : callable, optional
        Called with the share of the jobs that is done, after each.

    Yields
    ------
    object
        The results, in the order of the jobs.

    Raises
    ------
    Exception
        The exception of a job, instead of its result.

    Notes
    -----
    Jobs of a worker that was killed run in this process. Closing the iterator early cancels the
    jobs that have not started and waits for the others.

    Examples
    --------
    >>> list(run_jobs([lambda: 1 + 1, lambda: "b", lambda: 3.0]))
    [2, 'b', 3.0]
    """
    n_workers = min(_MAX_WORKERS, available_processors())
    results: Generator[_Result]
    if n_workers < 2 or len(jobs) < _MIN_JOBS:
        results = (job() for job in jobs)
    else:
        results = (_in_processes if _can_fork() else _in_threads)(jobs, n_workers)
    with closing(results):
        for n_done, result in enumerate(results, start=1):
            if progress is not None:
                progress(n_done / len(jobs))
            yield result


@contextmanager
def in_background(job: Callable[[], _Result]) -> Iterator[Callable[[], _Result]]:
    """Run one job in a process of its own, if this process may be forked.

    Parameters
    ----------
    job : callable
        As those of `run_jobs`.

    Yields
    ------
    callable
        Returns the result; runs the job here where it did not run there, or failed.

    Notes
    -----
    An executor would do as well, but its threads keep the jobs that follow from forking. Begun
    before a long file is parsed, its digest saves a tenth of the time of a day's capture
    (`docs/benchmarks.md`).

    Examples
    --------
    >>> with in_background(lambda: 1 + 1) as result:
    ...     result()
    2
    """
    if available_processors() < _MAX_WORKERS or not _can_fork():
        yield job
        return
    import multiprocessing

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_result, args=(job, sender), daemon=True)
    with sender, warnings.catch_warnings():
        # Libraries may have threads of their own; they are made for being forked.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    try:
        yield partial(_receive_result, receiver, job)
    finally:
        receiver.close()
        process.terminate()
        process.join()


def _send_result(job: Callable[[], object], sender: Connection) -> None:
    follow_parent()
    with sender, suppress(Exception):
        sender.send(job())


def _receive_result(receiver: Connection, job: Callable[[], _Result]) -> _Result:
    try:
        result: _Result = receiver.recv()
    except (EOFError, OSError):
        return job()  # killed, or failed: then it fails here, where the error is seen
    return result


def use_one_thread() -> None:
    """Let the linear algebra use one thread, in this process and those that it starts.

    It takes effect where numpy has not been imported yet. The order of a sum depends on the number
    of threads, and with it the last digits of a result.
    """
    for name in _BLAS_THREADS:
        os.environ[name] = "1"


def available_processors() -> int:
    """Count the processors that this process may use; one in a worker, which has its share."""
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _can_fork() -> bool:
    """Check whether a fork of this process works.

    A fork has the locks of all threads, and none of the other threads to release them. On macOS the
    system's libraries have such threads; Windows has no fork.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    import multiprocessing  # which a short capture does not need

    return not multiprocessing.current_process().daemon


def _in_threads(jobs: _Jobs[_Result], n_workers: int) -> Generator[_Result]:
    pool = ThreadPoolExecutor(n_workers)
    try:
        yield from _in_order(jobs, lambda number: pool.submit(jobs[number]))
    finally:
        pool.shutdown(cancel_futures=True)


def _in_processes(jobs: _Jobs[_Result], n_workers: int) -> Generator[_Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(
        n_workers,
        mp_context=multiprocessing.get_context("fork"),
        initializer=_start_worker,
        initargs=(jobs,),  # inherited by the fork, not pickled
    )
    others = set(multiprocessing.active_children())
    try:
        with warnings.catch_warnings():
            # Libraries may have threads of their own, which are made to survive a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool.submit(os.getpid)  # all workers are forked now
    except OSError:  # the system allows no more processes
        for worker in set(multiprocessing.active_children()) - others:
            worker.kill()
            worker.join()
        yield from _in_threads(jobs, n_workers)
        return
    try:
        yield from _in_order(jobs, lambda number: pool.submit(_run_inherited, number))
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(jobs: _Jobs[_Result], submit: Callable[[int], Future[_Result]]) -> Generator[_Result]:
    """Submit the jobs by number, some ahead, and yield the results in order."""
    pending: deque[tuple[int, Future[_Result] | None]] = deque()

    def next_result() -> _Result:
        number, future = pending.popleft()
        with suppress(BrokenExecutor):  # a worker was killed
            if future is not None:
                return future.result()
        return jobs[number]()

    for number in range(len(jobs)):
        future = None
        with suppress(BrokenExecutor):
            future = submit(number)
        pending.append((number, future))
        if len(pending) > _MAX_PENDING:
            yield next_result()
    while pending:
        yield next_result()


#: The jobs of a worker process.
_inherited: list[Callable[[], Any]] = []


def _start_worker(jobs: Sequence[Callable[[], Any]]) -> None:
    follow_parent()
    gc.disable()  # a collection writes to all inherited objects, and so copies them
    _inherited[:] = jobs


def follow_parent() -> None:
    """Let a worker process end with its parent, however that ends.

    Ctrl-C is for the parent alone, which decides when to stop; other signals end the worker at
    once.
    """
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _exit_with_parent() -> None:
    """End the worker when its parent is killed; else it would wait for jobs forever."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_inherited(number: int) -> Any:  # noqa: ANN401 - whatever a job returns
    return _inherited[number]()
