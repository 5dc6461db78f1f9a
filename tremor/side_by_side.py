"""Jobs that are done at the same time, their results in order.

Where it is safe, in processes that begin as copies of this one: of many short calls each holds the
interpreter, so that two threads do hardly more than one. Elsewhere in threads.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final, TypeVar

__all__ = ["side_by_side"]

_Result = TypeVar("_Result")
_Jobs = Sequence[Callable[[], _Result]]

#: More would be faster where there are more processors, and would take memory that is promised.
_AT_ONCE: Final = 2
#: Fewer are done before others have begun.
_LEAST_JOBS: Final = 3


def side_by_side(jobs: _Jobs[_Result]) -> Iterator[_Result]:
    """Do jobs, few of them at once.

    Parameters
    ----------
    jobs : sequence of callable
        Each without an argument; what it changes may stay unseen, only its result counts. A
        result must be one that `pickle` takes.

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
    if at_once < 2 or len(jobs) < _LEAST_JOBS:
        return (job() for job in jobs)
    return (_in_processes if _may_fork() else _in_threads)(jobs, at_once)


def _processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _may_fork() -> bool:
    """Tell whether a copy of this process works: a lock that another thread holds stays locked."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


def _in_processes(jobs: _Jobs[_Result], at_once: int) -> Iterator[_Result]:
    """Let each process do every so-many-th job; what one leaves undone is done here."""
    context = multiprocessing.get_context("fork")
    workers, ends = [], []
    try:
        for number in range(at_once):
            end, its_end = context.Pipe(duplex=False)
            ends.append(end)
            worker = context.Process(target=_work, args=(jobs[number::at_once], its_end))
            with its_end, suppress(OSError), warnings.catch_warnings():
                # Libraries may have threads of their own; they are made for being copied.
                warnings.simplefilter("ignore", DeprecationWarning)
                worker.start()
                workers.append(worker)
        for number, job in enumerate(jobs):
            try:
                result: _Result = ends[number % at_once].recv()
            except (EOFError, OSError):
                # Killed, or the job has failed: here it fails with the error that tells why.
                result = job()
            yield result
    finally:
        for end in ends:
            end.close()
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(jobs: _Jobs[_Result], end: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process tells when to stop
    gc.disable()  # it would write to all that is shared until then, and so copy it
    with end, suppress(Exception):
        for job in jobs:
            end.send(job())


def _in_threads(jobs: _Jobs[_Result], at_once: int) -> Iterator[_Result]:
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
