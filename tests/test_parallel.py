"""Jobs in parallel: the same results in the same order, however they are run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from tremor import parallel
from tremor.parallel import in_background, run_jobs

needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


@pytest.fixture(params=["processes", "threads", "one"])
def mode(request, monkeypatch):
    """Run the jobs in one way only."""
    if request.param == "processes" and sys.platform != "linux":
        pytest.skip("forks on Linux only")
    monkeypatch.setattr(
        parallel, "available_processors", lambda: 1 if request.param == "one" else 2
    )
    monkeypatch.setattr(parallel, "_can_fork", lambda: request.param == "processes")
    return request.param


@pytest.fixture
def in_processes(monkeypatch):
    monkeypatch.setattr(parallel, "available_processors", lambda: 2)
    monkeypatch.setattr(parallel, "_can_fork", lambda: True)


def square(number):
    return os.getpid(), np.full(1000, number * number)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 11, 100])
def test_results_come_in_order(mode, count):
    found = list(run_jobs([partial(square, number) for number in range(count)]))
    assert [int(result[0]) for _, result in found] == [number**2 for number in range(count)]
    elsewhere = {pid for pid, _ in found} - {os.getpid()}
    assert bool(elsewhere) == (mode == "processes" and count >= 3)


@pytest.mark.usefixtures("mode")
def test_progress_reaches_the_end():
    shares = []
    jobs = [partial(square, number) for number in range(4)]
    assert len(list(run_jobs(jobs, progress=shares.append))) == 4
    assert shares == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.usefixtures("mode")
def test_an_error_is_that_of_the_job():
    def fail():
        raise LookupError("seven")

    jobs = [partial(square, 1), partial(square, 2), fail, partial(square, 4)]
    results = run_jobs(jobs)
    assert next(results)[1][0] == 1
    assert next(results)[1][0] == 4
    with pytest.raises(LookupError, match="seven"):
        list(results)


class UnpicklableError(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


@pytest.mark.usefixtures("mode")
def test_an_error_that_cannot_be_unpickled_is_raised_all_the_same():
    def fail():
        raise UnpicklableError("six", "seven")

    with pytest.raises(UnpicklableError, match="six and seven"):
        list(run_jobs([fail, partial(square, 1), partial(square, 2)]))


@needs_fork
@pytest.mark.usefixtures("in_processes")
def test_the_jobs_of_a_killed_worker_are_done_here():
    here = os.getpid()

    def killed():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done here"

    jobs = [killed, lambda: 2, lambda: 3, killed]
    assert list(run_jobs(jobs)) == ["done here", 2, 3, "done here"]
    assert multiprocessing.active_children() == []


@needs_fork
@pytest.mark.usefixtures("in_processes")
def test_no_worker_remains_where_the_rest_is_not_asked_for():
    results = run_jobs([partial(square, number) for number in range(40)])
    next(results)
    results.close()
    assert multiprocessing.active_children() == []


@needs_fork
@pytest.mark.usefixtures("in_processes")
def test_an_interrupt_leaves_no_worker_behind():
    def interrupt(_):
        raise KeyboardInterrupt

    jobs = [partial(square, number) for number in range(40)]
    with pytest.raises(KeyboardInterrupt):
        list(run_jobs(jobs, progress=interrupt))
    assert multiprocessing.active_children() == []


@needs_fork
@pytest.mark.usefixtures("in_processes")
@pytest.mark.parametrize("n_allowed", [0, 1])
def test_where_no_process_can_be_made_threads_do_the_jobs(monkeypatch, n_allowed):
    fork, calls = os.fork, []

    def limited():
        calls.append(1)
        if len(calls) > n_allowed:
            raise BlockingIOError("Resource temporarily unavailable")
        return fork()

    monkeypatch.setattr(os, "fork", limited)
    found = list(run_jobs([partial(square, number) for number in range(5)]))
    assert [int(result[0]) for _, result in found] == [0, 1, 4, 9, 16]
    assert {pid for pid, _ in found} == {os.getpid()}
    assert multiprocessing.active_children() == []


_PARENT = """
import os, time
from tremor import parallel
parallel.available_processors = lambda: 2
for pid in parallel.run_jobs([os.getpid, os.getpid, os.getpid, lambda: time.sleep(60)]):
    print(pid, flush=True)
"""


@needs_fork
def test_workers_end_when_their_parent_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        workers = {int(parent.stdout.readline()) for _ in range(3)}
        parent.kill()
    assert parent.pid not in workers
    deadline = time.monotonic() + 20.0
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_with_threads_is_not_forked():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        assert not parallel._can_fork()
    finally:
        waiting.set()
        thread.join()


def test_a_job_in_the_background_returns_its_result():
    with in_background(os.getpid) as result:
        assert isinstance(result(), int)


def test_what_fails_in_the_background_fails_here_where_it_is_seen():
    def fail():
        raise ValueError("no such thing")

    with in_background(fail) as result, pytest.raises(ValueError, match="no such thing"):
        result()


@needs_fork
def test_a_job_whose_process_was_killed_runs_here():
    first = os.getpid()

    def job():
        if os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    with in_background(job) as result:
        assert result() == "done"


def test_nothing_is_left_of_a_job_that_nobody_waited_for():
    with in_background(lambda: time.sleep(60.0)):
        pass
    assert not multiprocessing.active_children()
