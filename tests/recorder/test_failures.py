"""Each system call of the recorder fails in its turn; what was recorded is there or said to be not.

The calls are found by recording once: `tremor.system_calls` is the one place where they are made.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tremor import system_calls
from tremor.errors import InvalidInputError
from tremor.formats.folder.manifest import read_manifest
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription, recorder
from tremor.recording import SampleBlock
from tremor.session.folders import ClaimedFolder

STREAM = StreamDescription(sampling_rate_hz=100.0, detects_loss=True)
N_BLOCKS = 20
CALLS = (
    "close",
    "lock",
    "make_folder",
    "open_folder",
    "open_new",
    "open_whole",
    "replace",
    "sync",
    "write",
)
#: After one of these nobody knows what is on the disk, also where all looks well.
NEVER_WITHOUT_A_WORD = {
    (name, file) for name in ("close", "sync") for file in ("samples.csv", "packets.bin")
}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES)


class Calls:
    """Counts the calls by name and file, and lets one of them fail."""

    def __init__(self, monkeypatch, folder):
        self.folder = folder
        self.counts = Counter()
        self.paths = {}
        self.failing = None
        self.error = 0
        self.was_hit = False
        for name in CALLS:
            monkeypatch.setattr(system_calls, name, self.wrapped(name, getattr(system_calls, name)))

    def wrapped(self, name, function):
        def call(what, *others):
            path = what if hasattr(what, "name") else self.paths.get(what)
            file = self.name_of(path, what)
            key = (name, file)
            self.counts[key] += 1
            is_forever = self.failing is not None and self.failing[1] is None
            number = None if is_forever else self.counts[key] - 1
            if self.failing == (key, number):
                self.was_hit = True
                raise OSError(self.error, os.strerror(self.error))
            result = function(what, *others)
            if isinstance(result, int) and name.startswith("open_"):
                self.paths[result] = path
            return result

        return call

    def name_of(self, path, handle):
        if path is None:  # the manifest in the making, which is opened as a stream
            path = Path(f"/proc/self/fd/{handle}").readlink()
        path = os.fspath(path)
        if path == os.fspath(self.folder.parent):
            return "parent"
        return "recording.json" if ".recording.json." in path else Path(path).name


def blocks():
    for first in range(0, 10 * N_BLOCKS, 10):
        index = np.arange(first, first + 10)
        samples = np.column_stack((np.sin(index), np.cos(index), 9.81 + 0.0 * index))
        yield SampleBlock(first, samples, 5.0 + first / 100.0, None, index / 100.0)


def record(folder):
    """Record, and return the final counts; a start that fails raises."""

    async def run():
        recording = Recorder(folder, stream=STREAM, now=iter(np.arange(0, 1e5, 0.5)).__next__)
        recording.start()
        for number, block in enumerate(blocks()):
            recording.tap(Packet(block.arrival_s, 1.7e9 + block.arrival_s, "2a37", bytes([number])))
            recording.take(block)
        recording.tap(LinkEvent(9.0, 1.7e9 + 9.0, "marker", "here"))
        return await recording.close()

    return asyncio.run(run())


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


def found_calls(folder, monkeypatch):
    folder.parent.mkdir(parents=True)
    with monkeypatch.context() as patched:
        calls = Calls(patched, folder)
        counts = record(folder)
    assert counts.disk.failure == ""
    assert is_whole(folder)
    return calls.counts


def test_every_call_of_a_recording_fails_in_its_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "_PATIENCE_S", 0.0)
    found = found_calls(tmp_path / "once" / "parent" / "session", monkeypatch)
    assert {name for name, _ in found} == set(CALLS)
    assert {file for _, file in found} == {
        "parent", "session", "samples.csv", "packets.bin", "recording.json",
    }  # fmt: skip
    turns = [(0, error) for error in ERRORS] + [(1, errno.ENOSPC), (None, errno.ENOSPC)]
    for key in found:
        n_hit = 0
        for turn, error in turns:
            folder = tmp_path / f"{key} {turn} {error}" / "parent" / "session"
            folder.parent.mkdir(parents=True)
            with monkeypatch.context() as patched:
                calls = Calls(patched, folder)
                calls.failing, calls.error = (key, turn), error
                n_hit += check_one(folder, calls, key)
        assert n_hit > len(ERRORS), key


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
