"""A recording folder opens however it ended, with the samples where they were."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tremor
from tremor.clock.running import RunningClock
from tremor.errors import InsufficientDataError
from tremor.packets import LinkEvent, Packet
from tremor.recorder import Recorder, StreamDescription, Zero
from tremor.recording import SampleBlock, SensorInfo

RATE_HZ = 103.2
NOMINAL_HZ = 104.0
SIZE = 8
ZERO = Zero(500.0, 1.8e9)


def blocks(*, n=1200, stamps=True, lost=(), seed=0, gyro=False):
    """Packets of a sensor whose sample i is taken at i / RATE_HZ; those of ``lost`` are missing."""
    rng = np.random.default_rng(seed)
    arrival_s = 0.0
    for number in range(n):
        index = np.arange(number * SIZE, (number + 1) * SIZE)
        due_s = (index[-1] + 1) / RATE_HZ + rng.uniform(0.0, 0.03)
        arrival_s = max(arrival_s, due_s)
        if any(first <= number < end for first, end in lost):
            continue
        samples = np.column_stack(
            (0.5 * np.sin(2 * np.pi * 8.0 * index / RATE_HZ), 0.01 * index % 1.0, 9.8 + 0 * index)
        )
        yield SampleBlock(
            int(index[0]),
            samples,
            ZERO.arrival_s + arrival_s,
            samples if gyro else None,
            np.round(77.0 + index / RATE_HZ, 3) if stamps else None,
        )


def record(folder, some, *, detects_loss=True, **options):
    stream = StreamDescription(
        sensor=SensorInfo("Movesense 1", "movesense"),
        sampling_rate_hz=NOMINAL_HZ,
        range_g=8.0,
        detects_loss=detects_loss,
    )

    async def run():
        options.setdefault("zero", ZERO)
        async with Recorder(folder, stream=stream, placement="left-calf", **options) as recorder:
            for number, one in enumerate(some):
                recorder.tap(Packet(one.arrival_s, 1.8e9, "2a37", bytes(20)))
                if number == 5:
                    recorder.tap(LinkEvent(one.arrival_s, 1.8e9, "lost"))
                recorder.take(one)
        return recorder

    return asyncio.run(run())


@pytest.fixture
def folder(tmp_path):
    record(tmp_path / "session", blocks())
    return tmp_path / "session"


def codes(recording):
    return [warning.code for warning in recording.warnings]


@pytest.mark.parametrize("stamps", [True, False])
@pytest.mark.parametrize("gyro", [True, False])
def test_what_was_recorded_is_read(tmp_path, stamps, gyro):
    some = list(blocks(stamps=stamps, gyro=gyro))
    record(tmp_path / "session", some)
    recording = tremor.read(tmp_path / "session")
    expected = np.concatenate([one.acceleration_ms2 for one in some])
    assert_allclose(recording.acceleration_ms2, expected, rtol=0.0, atol=5e-7)
    assert_allclose(recording.sampling_rate_hz, RATE_HZ, rtol=2e-5 if stamps else 2e-4)
    assert recording.nominal_sampling_rate_hz == NOMINAL_HZ
    assert recording.sensor.profile == "movesense"
    assert_allclose(recording.sensor.range_ms2, 8 * 9.80665)
    assert str(recording.placement) == "left-calf"
    assert recording.gravity == "included"
    assert "RECORDING_CUT" not in codes(recording)
    late_s = (recording.started_at - datetime.fromtimestamp(ZERO.wall_s, UTC)).total_seconds()
    assert -0.01 < late_s < SIZE / RATE_HZ + 0.03


@pytest.mark.parametrize("stamps", [True, False])
def test_gaps_stay_gaps_of_the_true_length(tmp_path, stamps):
    lost = ((200, 203), (500, 700), (900, 901))
    record(tmp_path / "session", blocks(stamps=stamps, lost=lost))
    recording = tremor.read(tmp_path / "session")
    found = [
        (gap.start_s * recording.sampling_rate_hz / SIZE, gap.n_lost) for gap in recording.gaps
    ]
    expected = [(first, (end - first) * SIZE) for first, end in lost]
    assert_allclose(found, expected, atol=1e-6)
    assert len(recording.acceleration_ms2) == 1200 * SIZE


def test_a_live_clock_ends_where_the_file_opens(tmp_path):
    some = list(blocks(stamps=False))
    recorder = record(tmp_path / "session", some)
    recording = tremor.read(tmp_path / "session")
    assert_allclose(recorder.clock.sampling_rate_hz, recording.sampling_rate_hz, rtol=1e-8)
    running = RunningClock(nominal_sampling_rate_hz=NOMINAL_HZ)
    for one in some:
        running.add(one)
    assert recorder.clock == running.estimate


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_the_count_shows_the_rate_where_most_packets_are_lost(tmp_path, share):
    """The steps between the stamps are of all lengths; each sample is where its count says."""
    came = np.flatnonzero(np.random.default_rng(3).random(1200) >= share)
    lost = [(before + 1, after) for before, after in itertools.pairwise(came.tolist())]
    some = [one for one in blocks(lost=lost) if one.first_index // SIZE in came]
    record(tmp_path / "session", some)
    recording = tremor.read(tmp_path / "session")
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-3)
    there = np.flatnonzero(np.isfinite(recording.acceleration_ms2[:, 0]))
    index = (SIZE * came[:, None] + np.arange(SIZE)).ravel()
    assert len(there) == len(index)
    assert (there == index - index[0]).all()


def test_the_samples_alone_read_as_the_folder_does(folder, tmp_path):
    alone = tmp_path / "moved.csv"
    shutil.copy(folder / "samples.csv", alone)
    one, other = tremor.read(folder), tremor.read(alone)
    assert (one.acceleration_ms2 == other.acceleration_ms2).all()
    assert one.sampling_rate_hz == other.sampling_rate_hz
    assert one.started_at == other.started_at


def test_a_sensor_that_tells_no_loss_is_named_so(tmp_path):
    record(tmp_path / "session", blocks(stamps=False), detects_loss=False)
    assert "LOSS_NOT_TOLD" in codes(tremor.read(tmp_path / "session"))


def test_a_cut_last_line_is_never_a_row(folder):
    whole = (folder / "samples.csv").read_bytes()
    expected = tremor.read(folder).acceleration_ms2
    for n_cut in (*range(1, 70), 1000, 20_001):
        (folder / "samples.csv").write_bytes(whole[:-n_cut])
        n_lines = (
            whole[:-n_cut].count(b"\n") - whole[: whole.index(b"\ntime_s") + 2].count(b"\n") - 1
        )
        recording = tremor.read(folder)
        assert len(recording.acceleration_ms2) == n_lines
        assert (recording.acceleration_ms2 == expected[:n_lines]).all()
        assert "FILE_LENGTH" in codes(recording)


@pytest.mark.parametrize("tail", [bytes(4096), b"12.5,0.1", b"\xff\xfe\xfd", b"1,2,3\n", b"x,y\n"])
def test_a_spoilt_tail_is_left_out(folder, tail):
    expected = tremor.read(folder).acceleration_ms2
    with (folder / "samples.csv").open("ab") as stream:
        stream.write(tail)
    assert (tremor.read(folder).acceleration_ms2 == expected).all()


def test_a_short_recording_that_ends_in_zeros_opens(tmp_path):
    record(tmp_path / "session", blocks(n=30))
    expected = tremor.read(tmp_path / "session").acceleration_ms2
    with (tmp_path / "session" / "samples.csv").open("ab") as stream:
        stream.write(bytes(4096))
    assert (tremor.read(tmp_path / "session").acceleration_ms2 == expected).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[:-9],
        lambda line: line.replace(b",", b";", 1),
        lambda line: b"9" + line,
        lambda line: b"\x00" * len(line),
    ],
)
def test_a_damaged_line_costs_its_sample_alone(folder, spoil):
    expected = tremor.read(folder).acceleration_ms2
    lines = (folder / "samples.csv").read_bytes().split(b"\n")
    lines[4000] = spoil(lines[4000])
    (folder / "samples.csv").write_bytes(b"\n".join(lines))
    recording = tremor.read(folder)
    missing = np.isnan(recording.acceleration_ms2).any(axis=1)
    assert np.count_nonzero(missing) == 1
    assert (recording.acceleration_ms2[~missing] == expected[~missing]).all()


@pytest.mark.parametrize("spoil", ["unclosed", "cut", "missing"])
def test_a_recording_that_broke_off_opens_and_says_so(folder, spoil):
    path = folder / "recording.json"
    text = path.read_text()
    if spoil == "unclosed":
        path.write_text(json.dumps(json.loads(text) | {"closed": False}))
    elif spoil == "cut":
        path.write_text(text[:100])
    else:
        path.unlink()
    before = {child.name: child.read_bytes() for child in folder.iterdir()}
    recording = tremor.read(folder)
    [cut] = [w for w in recording.warnings if w.code == "RECORDING_CUT"]
    assert cut.values["why"].code == ("NOT_CLOSED" if spoil == "unclosed" else "MANIFEST_CUT")
    assert before == {child.name: child.read_bytes() for child in folder.iterdir()}


def test_a_recording_without_samples_says_so(tmp_path):
    record(tmp_path / "session", [])
    with pytest.raises(InsufficientDataError, match="holds no samples"):
        tremor.read(tmp_path / "session")
    record(tmp_path / "one", list(blocks(n=1))[:1])
    text = (tmp_path / "one" / "samples.csv").read_text()
    (tmp_path / "one" / "samples.csv").write_text("\n".join(text.split("\n")[:13]) + "\n")
    with pytest.raises(InsufficientDataError, match=r"holds 1 sample;.*convert --redecode"):
        tremor.read(tmp_path / "one")


def test_a_folder_of_two_recordings_asks_for_one(tmp_path):
    for side in ("left", "right"):
        record(tmp_path / side, blocks(n=20))
    with pytest.raises(tremor.TremorError, match="2 recordings: left, right; name one of them"):
        tremor.read(tmp_path)
