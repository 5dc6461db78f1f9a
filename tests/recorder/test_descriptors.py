"""What the recorder opens is closed, whatever its number, and what it says of a disk is words."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tremor import system_calls
from tremor.formats.folder.manifest import read_manifest
from tremor.formats.folder.packet_log import read_packet_log
from tremor.packets import LinkEvent
from tremor.recorder import Recorder, StreamDescription, recorder
from tremor.recording import SampleBlock

STREAM = StreamDescription(sampling_rate_hz=100.0, detects_loss=True)
ROOT = Path(__file__).parents[2]


def record(folder, *, n_blocks=5):
    async def run():
        async with Recorder(folder, stream=STREAM) as one:
            for first in range(0, 10 * n_blocks, 10):
                index = np.arange(first, first + 10)
                samples = np.column_stack((0.0 * index, 0.1 * index, 9.8 + 0.0 * index))
                one.take(SampleBlock(first, samples, 5.0 + first / 100.0, None, index / 100.0))
            await asyncio.sleep(0.1)
        return one.counts

    return asyncio.run(run())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it looks there")
def test_every_descriptor_is_closed(tmp_path):
    record(tmp_path / "first")
    before = len(list(Path("/proc/self/fd").iterdir()))
    record(tmp_path / "second")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.skipif(os.name != "posix", reason="descriptors of POSIX")
def test_the_descriptor_of_a_closed_input_is_a_file_like_any_other(tmp_path):
    code = (
        "import os, sys\n"
        "from recorder_of_descriptors import record\n"
        "from pathlib import Path\n"
        "from tremor import system_calls\n"
        "opens, close, closed = system_calls.open_new, system_calls.close, []\n"
        "def open_new(path):\n"
        "    handle = opens(path)\n"
        "    if path.name != 'samples.csv':\n"
        "        return handle\n"
        "    os.dup2(handle, 0)\n"
        "    os.close(handle)\n"
        "    return 0\n"
        "system_calls.open_new = open_new\n"
        "system_calls.close = lambda handle: closed.append(handle) or close(handle)\n"
        "counts = record(Path(sys.argv[1]))\n"
        "assert counts.disk.failure == '', counts.disk.failure\n"
        "assert 0 in closed, closed\n"
        "try:\n    os.fstat(0)\n"
        "except OSError:\n    pass\n"
        "else:\n    raise SystemExit('still open')\n"
    )
    (tmp_path / "recorder_of_descriptors.py").write_text(
        Path(__file__).read_text(encoding="utf-8"), encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "leg")],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_manifest(tmp_path / "leg")["closed"]


@pytest.fixture
def full_disk(monkeypatch):
    """Return the times at which a file was written to a disk that is full once there is one."""
    times, write_there = [], system_calls.write

    def write(handle, data):
        if not times:
            return write_there(handle, data)
        times.append(time.monotonic())
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recorder, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(system_calls, "write", write)
    return times


def test_a_disk_without_room_is_told_in_words_and_asked_again_with_pauses(tmp_path, full_disk):
    async def run():
        one = Recorder(tmp_path / "leg", stream=STREAM)
        one.start()
        await asyncio.sleep(0.2)
        full_disk.append(0.0)
        one.tap(LinkEvent(1.0, 1.7e9, "started"))
        await asyncio.sleep(0.6)
        n_tried, trouble = len(full_disk), one.counts.disk.trouble
        await one.close()
        return n_tried, trouble, one.counts.disk.failure

    n_tried, trouble, failure = asyncio.run(run())
    assert 1 <= n_tried < 40
    assert "Errno" not in trouble + failure
    assert failure


def test_the_manifest_is_there_from_the_start_and_a_marker_has_the_time_of_the_day(tmp_path):
    async def run():
        times = iter(np.arange(0.0, 1e4, 1.0))
        one = Recorder(tmp_path / "leg", stream=STREAM, now=times.__next__, wall_now=lambda: 1.7e9)
        one.start()
        until_s = time.monotonic() + 5.0
        while (manifest := read_manifest(tmp_path / "leg")) is None:
            assert time.monotonic() < until_s, "nothing says what is recorded"
            await asyncio.sleep(0.05)
        assert not manifest["closed"]
        one.marker("here")
        one.marker("earlier", arrival_s=0.0)
        await one.close()

    asyncio.run(run())
    events = [
        one
        for one in read_packet_log(tmp_path / "leg" / "packets.bin").records
        if isinstance(one, LinkEvent) and one.detail in {"here", "earlier"}
    ]
    here, earlier = events
    assert here.wall_s == 1.7e9
    assert earlier.wall_s < 1.7e9
