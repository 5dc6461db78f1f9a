"""Jobs that are done at the same time, their results in order.

Where it is safe, in processes that begin as copies of this one: of many short calls each holds the
interpreter, so that two threads do hardly more than one. Elsewhere in threads.
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
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["beside", "side_by_side"]

_Result = TypeVar("_Result")
_Jobs = Sequence[Callable[[], _Result]]

#: More would be faster where there are more processors, and would take memory that is promised.
_AT_ONCE: Final = 2
#: Fewer are done before others have begun.
_LEAST_JOBS: Final = 3


def side_by_side(
    jobs: _Jobs[_Result], *, progress: Callable[[float], object] | None = None
) -> Iterator[_Result]:
    """Do jobs, few of them at once.

    Parameters
    ----------
    jobs : sequence of callable
        Each without an argument; what it changes may stay unseen, only its result counts. A
        result must be one that `pickle` takes.
    progress : callable, optional
        Told the share of the jobs that is done, after each.

    Yields
    ------
    object
        The results, in the order of the jobs.

    Raises
    ------
    Exception
        What a job raises, when its turn comes.

    Examples
    --------
    >>> list(side_by_side([lambda: 1 + 1, lambda: "b", lambda: 3.0]))
    [2, 'b', 3.0]
    """
    at_once = min(_AT_ONCE, _processors())
    results: Generator[_Result]
    if at_once < 2 or len(jobs) < _LEAST_JOBS:
        results = (job() for job in jobs)
    else:
        results = (_in_processes if _may_fork() else _in_threads)(jobs, at_once)
    with closing(results):
        for n_done, result in enumerate(results, start=1):
            if progress is not None:
                progress(n_done / len(jobs))
            yield result


@contextmanager
def beside(job: Callable[[], _Result]) -> Iterator[Callable[[], _Result]]:
    """Do a job while something else is done.

    Parameters
    ----------
    job : callable
        As for `side_by_side`.

    Yields
    ------
    callable
        Waits for the result, once, and gives it.

    Examples
    --------
    >>> with beside(lambda: 6 * 7) as answer:
    ...     answer()
    42
    """
    if _processors() < 2 or not _may_fork():
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(job).result
        return
    worker = _Worker([job])
    try:
        yield partial(worker.result_of, job)
    finally:
        worker.stop()


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _may_fork() -> bool:
    """Tell whether a copy of this process works: a lock that another thread holds stays locked."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    import multiprocessing  # which a short capture does not need

    return not multiprocessing.current_process().daemon


def _in_processes(jobs: _Jobs[_Result], at_once: int) -> Generator[_Result]:
    """Let each process do every so-many-th job."""
    workers: list[_Worker[_Result]] = []
    try:
        for number in range(at_once):
            workers.append(_Worker(jobs[number::at_once]))
        for number, job in enumerate(jobs):
            yield workers[number % at_once].result_of(job)
    finally:
        for worker in workers:
            worker.stop()


class _Worker(Generic[_Result]):
    """A copy of this process, which does jobs in their order and ends."""

    def __init__(self, jobs: _Jobs[_Result]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("fork")
        self._end, its_end = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(jobs, its_end))
        self._is_started = False
        with its_end, suppress(OSError), warnings.catch_warnings():
            # Libraries may have threads of their own; they are made for being copied.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
            self._is_started = True

    def result_of(self, job: Callable[[], _Result]) -> _Result:
        """Wait for the result of its next job; what it leaves undone is done here."""
        try:
            result: _Result = self._end.recv()
        except (EOFError, OSError):
            # Killed, or the job has failed: here it fails with the error that tells why.
            return job()
        return result

    def stop(self) -> None:
        self._end.close()
        if self._is_started:
            self._process.terminate()
            self._process.join()


def _work(jobs: _Jobs[_Result], end: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process tells when to stop
    gc.disable()  # it would write to all that is shared until then, and so copy it
    with end, suppress(Exception):
        for job in jobs:
            end.send(job())


def _in_threads(jobs: _Jobs[_Result], at_once: int) -> Generator[_Result]:
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
