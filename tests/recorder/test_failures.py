"""Each system call of the recorder fails in its turn; what was recorded is there or said to be not.

The calls are found by recording once: `tremor.system_calls` is the one place where they are made.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import numpy as np
import pytest
from rigs.failing_calls import CALLS, ERRORS, Calls, open_handles

from tremor.errors import InvalidInputError
from tremor.formats.folder.manifest import read_manifest
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import LinkEvent, Packet
from tremor.recorder import FolderLock, Recorder, StreamDescription, recorder
from tremor.recording import SampleBlock
from tremor.session.folders import ClaimedFolder

STREAM = StreamDescription(sampling_rate_hz=100.0, detects_loss=True)
N_BLOCKS = 20
#: What a recording in a new folder does, whatever the pace of its threads.
RECORDING = {
    *(("sync", name) for name in ("parent", "session", "samples.csv", "packets.bin")),
    *(("close", name) for name in ("parent", "session", "samples.csv", "packets.bin")),
    *(("write", name) for name in ("samples.csv", "packets.bin", "recording.json")),
    *(("open_new", name) for name in ("samples.csv", "packets.bin")),
    ("open_folder", "parent"),
    ("open_folder", "session"),
    ("make_folder", "session"),
    ("lock", "session"),
    ("open_whole", "recording.json"),
    ("sync", "recording.json"),
    ("replace", "recording.json"),
}
OLD = ("samples.csv", "packets.bin", "recording.json")
#: What it does beside that where it replaces one.
REPLACING = {
    *(("replace", name) for name in OLD),
    *((name, folder) for name in ("sync", "close", "open_folder") for folder in ("1", ".replaced")),
    ("make_folder", "1"),
    ("remove_tree", ".replaced"),
}
#: After one of these nobody knows what is on the disk, also where all looks well.
NEVER_WITHOUT_A_WORD = {
    (name, file) for name in ("close", "sync") for file in ("samples.csv", "packets.bin")
}


def blocks():
    for first in range(0, 10 * N_BLOCKS, 10):
        index = np.arange(first, first + 10)
        samples = np.column_stack((np.sin(index), np.cos(index), 9.81 + 0.0 * index))
        yield SampleBlock(first, samples, 5.0 + first / 100.0, None, index / 100.0)


def record(folder, *, lock=None):
    """Record, and return the final counts; a start that fails raises."""

    async def run():
        now = iter(np.arange(0, 1e5, 0.5)).__next__
        recording = Recorder(folder, stream=STREAM, lock=lock, now=now)
        recording.start()
        for number, block in enumerate(blocks()):
            recording.tap(Packet(block.arrival_s, 1.7e9 + block.arrival_s, "2a37", bytes([number])))
            recording.take(block)
        recording.tap(LinkEvent(9.0, 1.7e9 + 9.0, "marker", "here"))
        return await recording.close()

    return asyncio.run(run())


def replace_by(folder):
    """Record over what a folder holds, as a session does; return the counts and what is kept."""
    claimed = ClaimedFolder(folder, overwrite=True)
    try:
        counts = record(folder, lock=claimed.lock)
    except BaseException:
        claimed.give_back()
        raise
    return counts, claimed.keep(is_whole=not counts.disk.failure)


pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it looks there")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "parent" / "session"


@pytest.fixture
def calls(monkeypatch, folder):
    folder.parent.mkdir()
    monkeypatch.setattr(recorder, "_PATIENCE_S", 0.0)
    return Calls(monkeypatch, folder)


def n_rows(folder):
    path = folder / "samples.csv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return sum(line[:1] in "-0123456789" for line in lines)


def is_whole(folder):
    manifest = read_manifest(folder)
    log = read_packet_log(folder / "packets.bin")
    packets = [one for one in log.records if isinstance(one, Packet)]
    return bool(
        manifest
        and manifest["closed"]
        and n_rows(folder) == 10 * N_BLOCKS
        and len(packets) == N_BLOCKS
        and not log.n_bytes_left_out
    )


def turns(found, key):
    """Return which calls of a name and file fail, one after the other, and how."""
    some = [(number, errno.ENOSPC) for number in range(1, min(found[key], 4))]
    return [*((0, error) for error in ERRORS), *some, (None, errno.ENOSPC)]


def test_every_call_of_a_recording_fails_in_its_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "_PATIENCE_S", 0.0)
    folder = tmp_path / "once" / "parent" / "session"
    folder.parent.mkdir(parents=True)
    with monkeypatch.context() as patched:
        calls = Calls(patched, folder)
        assert record(folder).disk.failure == ""
    assert is_whole(folder)
    assert set(calls.counts) == RECORDING
    n_open = open_handles()
    for key in calls.counts:
        n_hit = 0
        for turn, error in turns(calls.counts, key):
            folder = tmp_path / f"{key} {turn} {error}" / "parent" / "session"
            folder.parent.mkdir(parents=True)
            with monkeypatch.context() as patched:
                failing = Calls(patched, folder)
                failing.failing, failing.error = (key, turn), error
                n_hit += check_one(folder, failing, key)
            assert open_handles() == n_open, key
        assert n_hit > len(ERRORS), key


@pytest.mark.parametrize("key", sorted(RECORDING | REPLACING))
def test_every_call_of_a_recording_that_replaces_one_fails_in_its_turn(tmp_path, monkeypatch, key):
    monkeypatch.setattr(recorder, "_PATIENCE_S", 0.0)
    n_open = open_handles()
    for turn, error in [(0, errno.ENOSPC), (1, errno.EIO), (None, errno.EROFS)]:
        folder = tmp_path / str(turn) / "session"
        folder.mkdir(parents=True)
        for name in OLD:
            (folder / name).write_text(f"old {name}", encoding="utf-8")
        with monkeypatch.context() as patched:
            calls = Calls(patched, folder)
            calls.failing, calls.error = (key, turn), error
            try:
                counts, kept = replace_by(folder)
            except InvalidInputError:
                counts, kept = None, None
        check_replaced(folder, counts, kept)
        assert open_handles() == n_open
        FolderLock(folder).release()


def test_the_calls_of_a_recording_that_replaces_one_are_known(calls, folder):
    folder.mkdir()
    for name in OLD:
        (folder / name).write_text(f"old {name}", encoding="utf-8")
    replace_by(folder)
    assert set(calls.counts) - RECORDING == REPLACING - RECORDING
    undone = {"remove", "remove_folder"}  # where something went wrong
    of_others = {"open_append", "open_written", "sync_all"}  # of a batch, and of whole folders
    assert {name for name, _ in RECORDING | REPLACING} | undone | of_others == set(CALLS)
    assert [path.name for path in folder.iterdir() if path.name not in OLD] == []


def check_replaced(folder, counts, kept):
    """Check that the old recording is there, or all of the new one."""
    if counts is None:  # refused: nothing has changed
        assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == {
            name: f"old {name}" for name in OLD
        } or old_in(folder / ".replaced" / "1")
    elif counts.disk.failure:
        assert kept is not None
        assert old_in(kept)
    else:
        assert is_whole(folder)
        assert kept is None or old_in(kept)


def old_in(aside):
    return all((aside / name).read_text(encoding="utf-8") == f"old {name}" for name in OLD)


def test_a_recording_that_cannot_be_moved_back_stays_aside(calls, folder):
    folder.mkdir()
    for name in OLD:
        (folder / name).write_text(f"old {name}", encoding="utf-8")
    claimed = ClaimedFolder(folder, overwrite=True)
    calls.failing, calls.error = (("replace", "samples.csv"), None), errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        claimed.give_back()
    calls.failing = None
    claimed.lock.release()
    (folder / ".replaced" / "1" / "samples.csv").rename(folder / "samples.csv")
    moved = {path.name for path in folder.iterdir()} | {
        path.name for path in folder.glob(".replaced/1/*")
    }
    assert set(OLD) <= moved


def check_one(folder, calls, key):
    """Record while a call fails; return whether it was made."""
    name = f"{key} {calls.failing[1]}: {os.strerror(calls.error)}"
    counts = record_or_refuse(folder)
    if counts is None:
        assert not folder.exists(), name
    elif counts.disk.failure:
        assert calls.was_hit, name
        assert is_readable(folder), name
    else:
        assert is_whole(folder), name
        assert key not in NEVER_WITHOUT_A_WORD or not calls.was_hit, name
    return calls.was_hit


def record_or_refuse(folder):
    """Record; None where the start was refused in words."""
    try:
        return record(folder)
    except InvalidInputError as error:
        if "cannot be written" not in str(error):
            raise
        return None


def is_readable(folder):
    """Check that what was written before a failure is what was recorded."""
    log = read_packet_log(folder / "packets.bin")
    packets = [one.data[0] for one in log.records if isinstance(one, Packet)]
    return packets == list(range(len(packets)))


@pytest.mark.parametrize("name", ["replace", "make_folder", "lock"])
@pytest.mark.parametrize("error", ERRORS)
def test_what_a_session_replaces_stays_where_its_start_fails(calls, folder, name, error):
    folder.mkdir()
    for file in ("samples.csv", "packets.bin", "recording.json"):
        (folder / file).write_text(file, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    where = {"replace": "samples.csv", "make_folder": "1", "lock": "session"}[name]
    calls.failing, calls.error = ((name, where), 0), error
    with pytest.raises(InvalidInputError, match=os.strerror(error)):
        ClaimedFolder(folder, overwrite=True)
    assert calls.was_hit
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
