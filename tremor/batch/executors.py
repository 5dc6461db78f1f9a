"""Who does the work: this process, processes of this computer, or a Dask cluster that exists.

Any `concurrent.futures.Executor` will do. A worker that dies takes no capture with it but the one
that killed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, TypeVar

from tremor.errors import InvalidInputError
from tremor.parallel import follow_parent, use_one_thread

__all__ = ["SerialExecutor", "dask_executor", "processes", "results_of"]

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")
#: Tasks that are submitted ahead for each worker, which bounds what is held in memory.
_AHEAD: Final = 3
#: Modules that the server of worker processes imports once for all of them.
_PRELOADED: Final = ["tremor.batch.one_capture"]


class SerialExecutor(Executor):
    """Does each task at once, in this process."""

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:  # noqa: ANN401
        """Run a function and return its result as a future."""
        future: Future[_Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def processes(n_workers: int) -> ProcessPoolExecutor:
    """Start worker processes, each with one thread of linear algebra.

    Parameters
    ----------
    n_workers : int
        Number of processes.

    Returns
    -------
    ProcessPoolExecutor
        Workers are forked from a server that has imported what they need, where the system has
        that; it is started when the first task is submitted.
    """
    import multiprocessing

    use_one_thread()
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload(_PRELOADED)
    return ProcessPoolExecutor(n_workers, mp_context=context, initializer=follow_parent)


def dask_executor(address: str, stack: ExitStack) -> tuple[Callable[[], Executor], int]:
    """Connect to a Dask cluster.

    Parameters
    ----------
    address : str
        Address of its scheduler, such as ``tcp://node1:8786``.
    stack : ExitStack
        Closes the connection.

    Returns
    -------
    callable
        Returns an executor that submits to the cluster.
    int
        Number of its threads.

    Raises
    ------
    InvalidInputError
        If the extra is not installed, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InvalidInputError(
            "--scheduler needs the extra cluster; pip install 'tremor-analyzer[cluster]'"
        ) from error
    try:
        client = stack.enter_context(Client(address, timeout=30))
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"no Dask scheduler answers at {address} ({error}); give its address, as tcp://host:8786"
        ) from error
    n_threads = sum(client.nthreads().values())
    return partial(client.get_executor, pure=False), max(1, n_threads)


def results_of(
    tasks: Iterable[_Task],
    work: Callable[[_Task], _Result],
    *,
    make_executor: Callable[[], Executor],
    n_workers: int,
) -> Iterator[tuple[_Task, _Result | Exception]]:
    """Work through tasks in any order, whatever happens to workers.

    Parameters
    ----------
    tasks : iterable
        Tasks, taken one by one.
    work : callable
        Done in a worker; can be pickled.
    make_executor : callable
        Returns an executor; called again when its workers have died.
    n_workers : int
        Number of its workers.

    Yields
    ------
    task
        A task.
    result or Exception
        What came of it: its result, or what was raised. A task whose worker died is tried again
        alone at the end, because another may have killed it.
    """
    suspects: list[_Task] = []
    for task, found in _first_try(tasks, work, make_executor, n_workers):
        if _is_of_worker(found):
            suspects.append(task)
        else:
            yield task, found
    for task in suspects:
        with make_executor() as executor:
            yield task, _outcome(_submit(executor, work, task))


def _first_try(
    tasks: Iterable[_Task],
    work: Callable[[_Task], _Result],
    make_executor: Callable[[], Executor],
    n_workers: int,
) -> Iterator[tuple[_Task, Any]]:
    """Yield tasks and what came of them; those of workers that died carry its error."""
    queue = iter(tasks)
    executor = make_executor()
    pending: dict[Future[_Result], _Task] = {}
    try:
        while True:
            for task in queue:
                pending[_submit(executor, work, task)] = task
                if len(pending) >= _AHEAD * n_workers:
                    break
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            if any(isinstance(future.exception(), BrokenExecutor) for future in done):
                done, _ = wait(pending)  # all that it had come back with the same error
                executor.shutdown(wait=False)
                executor = make_executor()
            for future in done:
                yield pending.pop(future), _outcome(future)
    finally:
        for future in pending:
            future.cancel()
        executor.shutdown(wait=False)


def _is_of_worker(found: object) -> bool:
    """Check whether a task failed because its worker died: that of a pool, or of a Dask cluster."""
    return isinstance(found, BrokenExecutor) or type(found).__name__ == "KilledWorker"


def _submit(executor: Executor, work: Callable[[_Task], _Result], task: _Task) -> Future[_Result]:
    try:
        return executor.submit(work, task)
    except BrokenExecutor as error:
        future: Future[_Result] = Future()
        future.set_exception(error)
        return future


def _outcome(future: Future[Any]) -> Any:  # noqa: ANN401 - a result, or the error in its place
    try:
        return future.result()
    except Exception as error:
        return error
