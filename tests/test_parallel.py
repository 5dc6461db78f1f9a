"""Jobs side by side: the same results in the same order, whichever way they are done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from functools import partial

import numpy as np
import pytest

from tremor import parallel as module
from tremor.parallel import beside, side_by_side

forks = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no copies of a process here"
)


@pytest.fixture(params=["processes", "threads", "one"])
def way(request, monkeypatch):
    """Do the jobs in one way only."""
    if request.param == "processes" and "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("no copies of a process here")
    monkeypatch.setattr(module, "_processors", lambda: 1 if request.param == "one" else 2)
    monkeypatch.setattr(module, "_may_fork", lambda: request.param == "processes")
    return request.param


def square(number):
    return os.getpid(), np.full(1000, number * number)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 11])
def test_results_come_in_order(way, count):
    found = list(side_by_side([partial(square, number) for number in range(count)]))
    assert [int(result[0]) for _, result in found] == [number**2 for number in range(count)]
    elsewhere = {pid for pid, _ in found} - {os.getpid()}
    assert bool(elsewhere) == (way == "processes" and count >= 3)


@pytest.mark.usefixtures("way")
def test_progress_is_told_up_to_the_end():
    told = []
    jobs = [partial(square, number) for number in range(4)]
    assert len(list(side_by_side(jobs, progress=told.append))) == 4
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.usefixtures("way")
def test_an_error_is_that_of_the_job():
    def fail():
        raise LookupError("seven")

    jobs = [partial(square, 1), partial(square, 2), fail, partial(square, 4)]
    results = side_by_side(jobs)
    assert next(results)[1][0] == 1
    assert next(results)[1][0] == 4
    with pytest.raises(LookupError, match="seven"):
        list(results)


def test_a_job_is_done_while_something_else_is(way):
    with beside(partial(square, 5)) as answer:
        pid, found = answer()
    assert found[0] == 25
    assert (pid != os.getpid()) == (way == "processes")


@pytest.mark.usefixtures("way")
def test_a_job_that_fails_does_so_when_it_is_asked():
    def fail():
        raise LookupError("seven")

    with beside(fail) as answer, pytest.raises(LookupError, match="seven"):
        answer()


@forks
def test_what_a_killed_process_leaves_undone_is_done_here(monkeypatch):
    monkeypatch.setattr(module, "_processors", lambda: 2)
    monkeypatch.setattr(module, "_may_fork", lambda: True)
    here = os.getpid()

    def killed():
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done here"

    assert list(side_by_side([killed, lambda: 2, lambda: 3, killed])) == [
        "done here",
        2,
        3,
        "done here",
    ]


@forks
def test_nothing_is_left_behind_where_nobody_asks_for_the_rest(monkeypatch):
    monkeypatch.setattr(module, "_processors", lambda: 2)
    monkeypatch.setattr(module, "_may_fork", lambda: True)
    results = side_by_side([partial(square, number) for number in range(40)])
    next(results)
    results.close()
    assert multiprocessing.active_children() == []


def test_a_process_with_threads_is_not_copied():
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        assert not module._may_fork()
    finally:
        waiting.set()
        thread.join()
