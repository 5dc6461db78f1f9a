"""A disk that takes nothing, or its time: what waits for it, when it is tried again, what is said.

Pauses are noted and not made; at the end the time is what they add up to.
"""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from tremor.formats.folder.packet_log import encode_record
from tremor.packets import Packet
from tremor.recorder import disk

PACKET = Packet(50.0, 1.7e9, "2a37", bytes(60))
#: The bound on the bytes that wait for a failing disk.
MOST_BYTES = 1 << 20


class RefusingDisk:
    """Refuses each write while it is told to, and notes when it was tried and the pauses, s."""

    def __init__(self, monkeypatch):
        self.is_refusing = False
        self.tries_s, self.pauses_s = [], []
        self.tried = lambda: None
        self.now_s = 0.0
        self._n_asked = 0
        for owner, name in ((disk.system_calls, "write"), (disk, "write_manifest")):
            monkeypatch.setattr(owner, name, self._refused(getattr(owner, name)))
        clock = SimpleNamespace(monotonic=self._monotonic, sleep=self._sleep)
        events = SimpleNamespace(Event=lambda: NotedEvent(self.pauses_s), Thread=threading.Thread)
        monkeypatch.setattr(disk, "time", clock)
        monkeypatch.setattr(disk, "threading", events)

    def _refused(self, call):
        def refused(*args):
            if not self.is_refusing:
                return call(*args)
            self.tries_s.append(self.now_s)
            self.tried()
            raise OSError(5, "Input/output error")

        return refused

    def _monotonic(self):
        self._n_asked += 1
        assert self._n_asked < 100_000  # it would try for ever
        return self.now_s

    def _sleep(self, duration_s):
        self.now_s += duration_s


class NotedEvent(threading.Event):
    """Notes how long the writer waits for it, s, and lets it wait a moment only."""

    def __init__(self, pauses_s):
        super().__init__()
        self.pauses_s = pauses_s

    def wait(self, timeout=None):
        if threading.current_thread().name != "tremor-writer":
            return super().wait(timeout)
        self.pauses_s.append(timeout)
        return super().wait(0.001)


@pytest.fixture
def refusing(monkeypatch):
    return RefusingDisk(monkeypatch)


@pytest.fixture
def writer(refusing, tmp_path):
    writer = disk.DiskWriter(tmp_path, most_waiting=10)
    writer.start()
    refusing.is_refusing = True
    return writer


def test_a_failing_disk_is_tried_again_after_half_a_second(refusing, writer):
    tried_thrice = threading.Event()

    def put_more():
        if len(refusing.tries_s) < 3:
            writer.put(PACKET)
        else:
            tried_thrice.set()

    refusing.tried = put_more
    writer.put(PACKET)
    assert tried_thrice.wait(60.0)
    writer.end(patience_s=0.0)
    # Each packet is written after a moment, together with those that follow it.
    assert refusing.pauses_s[:5] == [0.05, 0.5, 0.05, 0.5, 0.05]


@pytest.mark.parametrize(("n_bytes", "is_taken"), [(MOST_BYTES - 1, True), (MOST_BYTES, False)])
def test_what_waits_for_a_failing_disk_is_bounded(refusing, writer, n_bytes, is_taken):
    tried = threading.Semaphore(0)
    refusing.tried = tried.release
    writer.put(disk.Header("x" * n_bytes))
    assert tried.acquire(timeout=60.0)
    writer.put(disk.Header("more"))
    for _ in range(2 if is_taken else 3):
        assert tried.acquire(timeout=60.0)
    assert writer.n_waiting == (not is_taken)
    writer.end(patience_s=0.0)
    # What is still in the queue is lost as well, and counted.
    assert writer.state.n_bytes_unwritten == n_bytes + len("more")


TRIES = {0.0: [0.0], 0.1: [0.0, 0.05, 0.1]}


@pytest.mark.parametrize(("patience_s", "tries_s"), TRIES.items())
def test_at_the_end_a_failing_disk_is_tried_for_as_long_as_is_told(
    refusing, writer, patience_s, tries_s
):
    writer.put(PACKET)
    writer.end(patience_s=patience_s)
    assert sorted(set(refusing.tries_s)) == tries_s
    assert writer.state.n_bytes_unwritten == len(encode_record(PACKET))


@pytest.mark.parametrize(("patience_s", "tries_s"), TRIES.items())
def test_the_last_manifest_is_tried_for_as_long_as_the_rest(refusing, writer, patience_s, tries_s):
    writer.end(patience_s=patience_s)
    assert refusing.tries_s == []
    writer.write_manifest({})
    assert refusing.tries_s == tries_s
    assert writer.state.failure == "recording.json could not be closed (Input/output error)"


def test_a_write_that_takes_longer_than_a_second_is_told(refusing, writer):
    is_asked, goes_on = threading.Event(), threading.Event()
    refusing.tried = lambda: (is_asked.set(), goes_on.wait(60.0))
    writer.put(PACKET)
    assert is_asked.wait(60.0)
    assert troubles(refusing, writer, (0.9, 1.1)) == [
        "",
        "the disk has not answered for 1 s; the samples wait in memory",
    ]
    goes_on.set()
    writer.end(patience_s=0.0)
    assert writer.state.longest_stall_s == 1.1


def test_a_sync_that_takes_longer_than_five_seconds_is_told(refusing, monkeypatch, tmp_path):
    is_asked, goes_on = threading.Event(), threading.Event()
    monkeypatch.setattr(disk, "_SYNC_S", 0.01)
    monkeypatch.setattr(disk.system_calls, "sync", lambda _: (is_asked.set(), goes_on.wait(60.0)))
    writer = disk.DiskWriter(tmp_path, most_waiting=10)
    writer.start()
    assert is_asked.wait(60.0)
    assert troubles(refusing, writer, (4.9, 6.0)) == [
        "",
        "the disk is slow: a power cut would lose the last 6 s",
    ]
    goes_on.set()
    writer.end(patience_s=0.0)


def troubles(refusing, writer, times_s):
    """Return what is said at times on the clock of the disk, s."""
    found = []
    for refusing.now_s in times_s:
        found.append(writer.state.trouble)
    return found
