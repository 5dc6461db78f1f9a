from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import devices
from devices.replay import ReplaySource
from tremor.clock.running import RunningClock
from tremor.errors import InvalidInputError
from tremor.recording import Recording, SensorInfo

FS = 100.0


class FakeTime:
    """A clock that moves only when somebody waits."""

    def __init__(self):
        self.now_s = 1000.0
        self.waits_s = []

    def now(self):
        return self.now_s

    async def sleep(self, duration_s):
        self.waits_s.append(duration_s)
        self.now_s += duration_s
        await asyncio.sleep(0)


def recording_of(n=1234, lost=(), *, fs=FS):
    samples = np.random.default_rng(0).normal(0.0, 1.0, (n, 3))
    for first, last in lost:
        samples[first:last] = np.nan
    return Recording.from_arrays(samples, sampling_rate_hz=fs)


async def collect(source, *, work=None):
    blocks = []
    async with source:
        async for block in source:
            blocks.append(block)
            if work is not None:
                work()
    return blocks


def play(recording, **options):
    time = FakeTime()
    source = ReplaySource(recording, now=time.now, sleep=time.sleep, **options)
    return asyncio.run(collect(source)), time


@pytest.mark.parametrize("packet_s", [0.001, 0.08, 0.1, 3.0, 1e3])
@pytest.mark.parametrize(
    "lost", [(), [(300, 301)], [(0, 57), (400, 700)], [(95, 105), (110, 400), (1200, 1234)]]
)
def test_blocks_are_the_recording_again(packet_s, lost):
    recording = recording_of(lost=lost)
    blocks, _ = play(recording, speed=None, packet_s=packet_s)
    again = np.full_like(recording.acceleration_ms2, np.nan)
    end = 0
    for block in blocks:
        assert block.first_index >= end
        assert np.isfinite(block.acceleration_ms2).all()
        end = block.first_index + len(block.acceleration_ms2)
        again[block.first_index : end] = block.acceleration_ms2
    np.testing.assert_array_equal(again, recording.acceleration_ms2)
    # Also where it ends in lost samples, the end is told.
    assert end == len(again)
    most = max(1, round(packet_s * FS))
    assert max(len(block.acceleration_ms2) for block in blocks) <= most


@pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
def test_it_lasts_as_long_as_it_should(speed):
    recording = recording_of()
    blocks, time = play(recording, speed=speed)
    assert time.now_s - 1000.0 == pytest.approx(12.34 / speed, abs=1e-9)
    assert max(time.waits_s) == pytest.approx(0.1 / speed, abs=1e-9)
    assert len(blocks) == math.ceil(1234 / 10)


def test_no_block_comes_before_its_last_sample():
    recording = recording_of(lost=[(300, 455)])
    time = FakeTime()
    seen = []

    async def watch():
        async with ReplaySource(recording, speed=2.0, now=time.now, sleep=time.sleep) as source:
            async for block in source:
                seen.append((block, time.now_s - 1000.0))

    asyncio.run(watch())
    for block, elapsed_s in seen:
        last = block.first_index + len(block.acceleration_ms2)
        assert elapsed_s >= last / FS / 2.0 - 1e-9


def test_unlimited_speed_never_waits_and_lets_others_run():
    blocks, time = play(recording_of(), speed=None)
    assert set(time.waits_s) == {0.0}
    assert len(time.waits_s) == len(blocks)


def test_slow_reader_is_caught_up_with_and_nothing_is_lost():
    recording, time = recording_of(), FakeTime()
    source = ReplaySource(recording, now=time.now, sleep=time.sleep)

    def work():
        if len(time.waits_s) == 20:
            time.now_s += 5.0

    blocks = asyncio.run(collect(source, work=work))
    assert sum(len(block.acceleration_ms2) for block in blocks) == 1234
    assert time.waits_s[20:60] == [0.0] * 40
    assert time.now_s - 1000.0 == pytest.approx(12.34, abs=1e-9)


@pytest.mark.parametrize("speed", [1.0, 10.0, None])
def test_times_of_the_blocks_tell_the_rate_at_any_speed(speed):
    blocks, _ = play(recording_of(8000, fs=104.7), speed=speed)
    clock = RunningClock(nominal_sampling_rate_hz=104.0)
    for block in blocks:
        clock.add(block)
    assert clock.estimate.source == "arrivals"
    assert clock.estimate.sampling_rate_hz == pytest.approx(104.7, rel=1e-9)


def test_closing_ends_it():
    async def stop_early():
        source = ReplaySource(recording_of(), speed=None)
        async with source:
            blocks = source.__aiter__()
            first = await anext(blocks)
        return first, [block async for block in blocks]

    first, later = asyncio.run(stop_early())
    assert first.first_index == 0
    assert later == []


def test_it_can_be_played_again():
    source = ReplaySource(recording_of(), speed=None)
    first, second = asyncio.run(collect(source)), asyncio.run(collect(source))
    assert [b.first_index for b in first] == [b.first_index for b in second]


def test_it_waits_to_be_opened():
    async def unopened():
        return [block async for block in ReplaySource(recording_of(), speed=None)]

    with pytest.raises(InvalidInputError, match="async with"):
        asyncio.run(unopened())


def test_cancelling_ends_it_at_once():
    async def main():
        task = asyncio.create_task(collect(ReplaySource(recording_of(), speed=1.0)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan, math.inf])
def test_speed_must_be_one(speed):
    with pytest.raises(InvalidInputError, match="speed"):
        ReplaySource(recording_of(), speed=speed)


@pytest.mark.parametrize("packet_s", [0.0, math.nan, math.inf])
def test_packets_must_have_a_length(packet_s):
    with pytest.raises(InvalidInputError, match="packets"):
        ReplaySource(recording_of(), packet_s=packet_s)


def test_name_and_rate_are_those_of_the_sensor():
    recording = Recording.from_arrays(
        np.ones((100, 3)), sampling_rate_hz=104.7, sensor=SensorInfo(name="Polar Sense 1")
    )
    source = ReplaySource(recording)
    assert source.name == "Polar Sense 1"
    assert source.nominal_sampling_rate_hz == 104.7
    assert source.recording is recording
    assert ReplaySource(recording_of()).name == "recording"


def test_it_stands_on_the_ground_floor():
    code = "import sys, devices.replay; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(devices.__file__).parents[1],
        timeout=60,
    )
    loaded = set(done.stdout.split())
    assert "devices.replay" in loaded
    assert not {name for name in loaded if name.startswith(("tremor.formats", "tremor.analysis"))}
