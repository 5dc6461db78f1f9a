"""Laws of segments: a long gap takes no samples, no window crosses it, and nothing else changes.

Every capture here is made of parts of known signals, so that each part is a capture of its own.
"""

import asyncio
import json
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tremor
from devices.replay import ReplaySource
from tremor.analysis.episodes import find_episodes
from tremor.analysis.live import LiveAnalyzer
from tremor.analysis.offline import analyze, judge
from tremor.analysis.stream import StreamFacts
from tremor.formats.data_frame import recording_from_frame
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import Recording, SampleBlock, gaps_of
from tremor.results.analysis import Analysis
from tremor.results.windows import WindowTable
from tremor.segments import Segment
from tremor.settings import SEGMENTS, AnalysisSettings
from tremor.storage import ArraySamples

FS = 50.0
GRAVITY_MS2 = np.array([0.0, 0.0, 9.81])
HOUR_S, YEARS_S = 3600.0, 54 * 365.25 * 86_400.0
#: Lengths of parts in samples, of which no window or many fit in, and what lies between them, s.
SHAPES = [
    ((1000, 1000), (HOUR_S,)),
    ((1003, 1771), (61.0,)),
    ((150, 1200), (HOUR_S,)),
    ((1200, 150), (HOUR_S,)),
    ((900, 7, 900), (HOUR_S, 86_400.0)),
    ((900, 800), (YEARS_S,)),
    ((700, 650, 900), (YEARS_S, HOUR_S)),
    ((700, 199, 900), (6 * 86_400.0, YEARS_S)),
]


def signal(n_samples, seed):
    """Return a leg that moves at first and trembles at 8 Hz then, a third of it with holes."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / FS
    samples = GRAVITY_MS2 + rng.normal(0.0, 0.01, (n_samples, 3))
    phase = 2.0 * np.pi * 8.0 * t + np.cumsum(rng.normal(0.0, 0.05, n_samples))
    samples[:, 0] += 0.3 * np.sin(phase)
    samples[: n_samples // 6] += 4.0 * np.sin(2.0 * np.pi * 1.3 * t[: n_samples // 6])[:, None]
    samples[n_samples // 2 : n_samples // 2 + 9] = np.nan
    return samples


def joined(parts, apart_s):
    """Return a capture of parts; after more than a week the clock was set."""
    segments, place, first = [], 0, 0
    for samples, gap_s in zip(parts, (0.0, *apart_s), strict=True):
        is_set = gap_s > SEGMENTS.longest_gap_s
        place += 0 if is_set else round(gap_s * FS)
        segments.append(
            Segment(
                start_s=place / FS,
                first_sample=first,
                n_samples=len(samples),
                clock_set_by_s=gap_s if is_set else 0.0,
            )
        )
        place, first = place + len(samples), first + len(samples)
    samples = np.concatenate(parts)
    lost = np.isnan(samples[:, 0])
    return Recording(
        samples=ArraySamples(samples, np.zeros(len(samples), dtype=bool)),
        sampling_rate_hz=FS,
        segments=tuple(segments),
        gaps=gaps_of(lost, sampling_rate_hz=FS, segments=segments),
    )


def capture(lengths, apart_s):
    parts = [signal(n_samples, seed) for seed, n_samples in enumerate(lengths)]
    return joined(parts, apart_s), [joined([part], ()) for part in parts]


def assert_same(one, other, *, but=()):
    assert len(one) == len(other)
    for item in fields(WindowTable):
        if item.name in but:
            continue
        left, right = getattr(one, item.name), getattr(other, item.name)
        for name in left if isinstance(left, dict) else [None]:
            pair = (left, right) if name is None else (left[name], right[name])
            assert_array_equal(*pair, err_msg=f"{item.name} {name}", strict=True)


def expected_windows(recording, parts, settings):
    """Return the windows of each part as a capture of its own, at their times in the whole."""
    tables = []
    for number, (part, segment) in enumerate(zip(parts, recording.segments, strict=True)):
        table = judge(part, settings=settings)
        if len(table):
            place = round(segment.start_s * FS)
            start_s = (place + np.rint(table.start_s * FS)) / FS
            tables.append(
                replace(
                    table,
                    start_s=start_s,
                    end_s=start_s + (table.end_s - table.start_s),
                    segment=np.full(len(table), number),
                )
            )
    return WindowTable.concatenate(tables)


@pytest.mark.parametrize("step_s", [2.0, 4.0])
@pytest.mark.parametrize(("lengths", "apart_s"), SHAPES)
def test_windows_are_those_of_the_parts(lengths, apart_s, step_s):
    settings = AnalysisSettings(step_s=step_s)
    recording, parts = capture(lengths, apart_s)
    found, expected = judge(recording, settings=settings), None
    expected = expected_windows(recording, parts, settings)
    assert found.where("tremor").any()
    # A difference of two times that are far from zero is rounded.
    scores = {"score", "threshold", "end_s"}
    assert_same(found, expected, but=scores)
    for name in scores:
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("lengths", "apart_s"), SHAPES)
def test_no_window_crosses_a_gap_and_none_lies_in_it(lengths, apart_s):
    recording, _ = capture(lengths, apart_s)
    table = judge(recording)
    for row, number in enumerate(table.segment):
        segment = recording.segments[number]
        end_s = segment.start_s + segment.n_samples / FS
        assert table.start_s[row] >= segment.start_s - 1e-9
        assert table.end_s[row] <= end_s + 1e-9
    assert len(table) == sum((n - 200) // 100 + 1 for n in lengths if n >= 200)


@pytest.mark.parametrize(("lengths", "apart_s"), SHAPES)
def test_episodes_are_those_of_the_parts(lengths, apart_s):
    recording, parts = capture(lengths, apart_s)
    settings = AnalysisSettings()
    table = judge(recording)
    found = find_episodes(table, settings=settings)
    members = [np.flatnonzero(one.members) for one in found]
    expected, first = [], 0
    for part in parts:
        own = judge(part)
        expected += [
            np.flatnonzero(one.members) + first for one in find_episodes(own, settings=settings)
        ]
        first += len(own)
    assert expected
    assert len(members) == len(expected)
    for one, other in zip(members, expected, strict=True):
        assert_array_equal(one, other)


def blocks_of(recording, rng):
    """Cut the samples that are there at random, and number them as a sensor would."""
    n_skipped = 0
    for segment in recording.segments:
        n_skipped += round(segment.clock_set_by_s * FS)
        begin, end = segment.first_sample, segment.end_sample
        shift = round(segment.start_s * FS) - begin
        cuts = np.unique(rng.integers(begin, end, 5))
        for first, last in pairwise([begin, *cuts[cuts > begin].tolist(), end]):
            samples = recording.acceleration_ms2[first:last]
            there = np.flatnonzero(np.isfinite(samples[:, 0]))
            for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
                if len(run):
                    place = first + int(run[0]) + shift
                    rows = samples[run[0] : run[-1] + 1]
                    yield SampleBlock(place + n_skipped, rows, (place + len(run)) / FS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("lengths", "apart_s"), SHAPES)
def test_a_stream_gives_the_windows_of_the_file(lengths, apart_s, seed):
    recording, _ = capture(lengths, apart_s)
    analyzer = LiveAnalyzer(sampling_rate_hz=FS, facts=StreamFacts.of(recording))
    tables = [analyzer.feed(block) for block in blocks_of(recording, np.random.default_rng(seed))]
    assert_same(WindowTable.concatenate(tables), judge(recording))


def with_lost_ends():
    """Return a capture whose segments begin and end with lost samples, one with a long hole."""
    one, other = signal(1500, 1), signal(9000, 2)
    one[-130:] = np.nan
    other[:70] = np.nan
    other[3000 : 3000 + round(1.5 * SEGMENTS.longest_hole_s * FS)] = np.nan
    return joined([one, other, signal(600, 3)], (HOUR_S, YEARS_S))


@pytest.mark.parametrize("packet_s", [0.1, 1.0, 7.3])
def test_a_replay_gives_the_windows_of_the_file(packet_s):
    recording = with_lost_ends()

    async def play():
        analyzer = LiveAnalyzer(sampling_rate_hz=FS, facts=StreamFacts.of(recording))
        async with ReplaySource(recording, speed=None, packet_s=packet_s) as source:
            return WindowTable.concatenate([analyzer.feed(block) async for block in source])

    assert_same(asyncio.run(play()), judge(recording))


def test_a_sensor_that_comes_back_has_the_rate_of_before():
    recording, _ = capture((6000, 6000), (HOUR_S,))
    given = LiveAnalyzer(sampling_rate_hz=None, nominal_sampling_rate_hz=FS)
    rng = np.random.default_rng(0)
    for block in blocks_of(recording, rng):
        n = len(block.acceleration_ms2)
        for first in range(0, n, 10):
            index = block.first_index + first
            rows = block.acceleration_ms2[first : first + 10]
            late_s = rng.uniform(0.0, 0.03)
            given.feed(SampleBlock(index, rows, (index + len(rows)) / (1.01 * FS) + late_s))
    assert given.clock.converged
    assert given.sampling_rate_hz == pytest.approx(1.01 * FS, rel=1e-3)


@pytest.mark.parametrize("stamped", [False, True], ids=["arrivals", "stamps"])
def test_a_recorded_stream_is_cut_like_the_stream(tmp_path, stamped):
    """A sensor comes back after an hour; if it stamps its samples, its clock begins again."""
    n, n_block, rng = 3000, 10, np.random.default_rng(1)
    samples = np.concatenate([fading(n, 1), fading(n, 2)])
    blocks = []
    for first in range(0, 2 * n, n_block):
        later = first >= n
        index = first + (round(HOUR_S * FS) if later else 0)
        place = np.arange(index, index + n_block)
        device_s = (place - (index - first + n if later else 0)) / FS
        blocks.append(
            SampleBlock(
                index,
                np.round(samples[first : first + n_block], 6),
                float((place[-1] + 1) / FS + 0.02 * rng.random()),
                device_time_s=device_s if stamped else None,
            )
        )

    async def record():
        stream = StreamDescription(sampling_rate_hz=FS, detects_loss=True)
        async with Recorder(tmp_path / "session", stream=stream) as recorder:
            for block in blocks:
                recorder.take(block)

    asyncio.run(record())
    recording = tremor.read(tmp_path / "session")
    assert [one.n_samples for one in recording.segments] == [n, n]
    assert recording.segments[1].start_s == pytest.approx(n / FS + HOUR_S, abs=0.05)
    assert not any(one.clock_set_by_s for one in recording.segments)
    rate_hz = recording.sampling_rate_hz
    assert rate_hz == pytest.approx(FS, rel=2e-3)
    analyzer = LiveAnalyzer(sampling_rate_hz=rate_hz, facts=StreamFacts.of(recording))
    live = WindowTable.concatenate([analyzer.feed(block) for block in blocks])
    assert_same(live, judge(recording), but=("start_s", "end_s", "score"))
    assert_allclose(live.start_s, judge(recording).start_s, atol=0.05)


# --- the whole analysis ---------------------------------------------------------------------------


def fading(n_samples, seed, amplitude_ms2=0.5):
    """Return a leg at rest whose tremor halves every minute, above a floor of noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / FS
    samples = GRAVITY_MS2 + rng.normal(0.0, 0.01, (n_samples, 3))
    phase = 2.0 * np.pi * 8.0 * t + np.cumsum(rng.normal(0.0, 0.03, n_samples))
    samples[:, 0] += amplitude_ms2 * 0.5 ** (t / 60.0) * np.sin(phase)
    return samples


def test_a_rest_goes_on_during_a_gap():
    whole = fading(round(600 * FS), 1)
    first, last = round(150 * FS), round(300 * FS)
    recording = joined([whole[:first], whole[last:]], (150.0,))
    found = analyze(recording)
    assert found.recovery.verdict == "decays"
    half_life_s = found.recovery.half_life_s
    assert half_life_s.low < 60.0 < half_life_s.high
    assert found.recovery.rest_s > 400.0
    assert not ((found.recovery.point_time_s > 155.0) & (found.recovery.point_time_s < 295.0)).any()
    assert found.recording.duration_s == pytest.approx(600.0)


def test_time_that_is_not_known_is_no_rest():
    part = fading(round(300 * FS), 1)
    alone = analyze(joined([part], ()))
    # The same leg, once before its clock was set and once, longer, after it.
    found = analyze(joined([fading(round(100 * FS), 2), part], (YEARS_S,)))
    assert found.recovery.rest_start_s == pytest.approx(100.0)
    assert [one.code for one in found.recovery.remark] == [
        *(one.code for one in alone.recovery.remark),
        "CLOCK_SET_IN_REST",
    ]
    assert found.recovery.verdict == alone.recovery.verdict == "decays"
    assert_allclose(found.recovery.half_life_s.value, alone.recovery.half_life_s.value, rtol=0.02)
    assert_allclose(found.recovery.rest_s, alone.recovery.rest_s, rtol=1e-6)


def test_a_rest_that_is_given_chooses_its_clock():
    part = fading(round(120 * FS), 1)
    recording = joined([part, fading(round(300 * FS), 2)], (YEARS_S,))
    found = analyze(recording, rest_start_s=0.0)
    assert found.recovery.rest_start_s == 0.0
    assert found.recovery.rest_s < 125.0


def test_sessions_of_both_parts_are_one_session():
    part = fading(round(120 * FS), 1)
    alone, found = analyze(joined([part], ())), analyze(joined([part, part], (HOUR_S,)))
    assert found.summary.still_s == pytest.approx(2.0 * alone.summary.still_s)
    assert_allclose(found.summary.frequency_hz.value, alone.summary.frequency_hz.value, rtol=1e-3)
    assert_allclose(found.summary.rms_ms2.value, alone.summary.rms_ms2.value, rtol=0.05)
    low_hz, high_hz = found.summary.frequency_hz.low, found.summary.frequency_hz.high
    width_hz = alone.summary.frequency_hz.high - alone.summary.frequency_hz.low
    assert 0.5 * width_hz < high_hz - low_hz < 0.9 * width_hz


def test_a_result_is_read_back_with_its_segments():
    recording, _ = capture((900, 300, 900), (HOUR_S, YEARS_S))
    found = analyze(recording)
    again = Analysis.from_json(found.to_json())
    assert again.recording.segments == found.recording.segments
    assert_array_equal(again.windows.segment, found.windows.segment)
    assert again.to_json() == found.to_json()


def test_memory_follows_the_samples():
    import tracemalloc

    part = signal(3000, 1)
    peaks = []
    for apart_s in (HOUR_S, 6 * 86_400.0, YEARS_S):
        recording = joined([part, part], (apart_s,))
        tracemalloc.start()
        found = analyze(recording)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(found.windows) == 2 * len(judge(joined([part], ())))
    # As rows, the hour alone would be 4.3 MB, and the six days 620 MB.
    assert max(peaks) < 30e6


# --- reading and writing --------------------------------------------------------------------------


def frame_of(apart_s, *, n=4000, rate_hz=FS):
    """Return a table of two parts, the second of which begins some time after the first ends."""
    samples = np.concatenate([signal(n, 1), signal(n, 2)])
    there = np.isfinite(samples[:, 0])
    time_s = np.arange(2 * n) / rate_hz
    time_s[n:] += apart_s
    table = pd.DataFrame(samples, columns=["acc_x_ms2", "acc_y_ms2", "acc_z_ms2"])
    table.insert(0, "time_s", time_s)
    return table[there]


@pytest.mark.parametrize(
    ("apart_s", "n_segments", "is_set"),
    [
        (0.9 * SEGMENTS.longest_hole_s, 1, False),
        (1.1 * SEGMENTS.longest_hole_s, 2, False),
        (86_400.0, 2, False),
        (0.9 * SEGMENTS.longest_gap_s, 2, False),
        (1.1 * SEGMENTS.longest_gap_s, 2, True),
        (YEARS_S, 2, True),
        (0.9 * SEGMENTS.longest_jump_s, 2, True),
    ],
)
def test_a_file_is_cut_at_long_gaps(tmp_path, apart_s, n_segments, is_set):
    path = tmp_path / "capture.csv"
    frame_of(apart_s).to_csv(path, index=False, float_format="%.4f")
    for recording in (tremor.read(path), recording_from_frame(frame_of(apart_s))):
        assert len(recording.segments) == n_segments
        assert recording.n_samples == 8000 - 18
        assert recording.sampling_rate_hz == pytest.approx(FS, rel=1e-6)
        known_s = 0.0 if is_set else apart_s
        assert recording.duration_s == pytest.approx(160.0 + known_s, rel=1e-6)
        codes = [one.code for one in recording.warnings]
        assert ("CLOCK_SET" in codes) is is_set
        in_memory = recording.in_memory()
        if n_segments == 2:
            assert len(in_memory.samples) == 8000
            assert recording.segments[1].start_s == pytest.approx(80.0 + known_s, rel=1e-6)
            assert recording.segments[1].clock_set_by_s == pytest.approx(
                apart_s if is_set else 0.0, abs=1.5 / FS
            )


def test_a_longer_jump_is_no_clock(tmp_path):
    path = tmp_path / "capture.csv"
    frame_of(1.1 * SEGMENTS.longest_jump_s).to_csv(path, index=False, float_format="%.4f")
    with pytest.raises(tremor.errors.TremorError, match="further than a clock can be set"):
        tremor.read(path)


@pytest.mark.parametrize("jitter", [0.0, 0.004])
@pytest.mark.parametrize("apart_s", [HOUR_S, YEARS_S])
def test_a_rate_that_wanders_is_resampled_in_each_segment(tmp_path, apart_s, jitter):
    path = tmp_path / "capture.csv"
    table = frame_of(apart_s, n=12_000)
    wander = 0.4 * np.sin(2.0 * np.pi * np.arange(len(table)) / 3000.0)
    table["time_s"] += wander + jitter * np.random.default_rng(0).random(len(table))
    table.to_csv(path, index=False, float_format="%.5f")
    recording = tremor.read(path)
    assert "RESAMPLED" in [one.code for one in recording.warnings]
    assert len(recording.segments) == 2
    assert len(recording.samples) == pytest.approx(24_000, abs=30)
    assert recording.gaps[-1].duration_s < HOUR_S + 1.0


@pytest.mark.parametrize("apart_s", [HOUR_S, 86_400.0, YEARS_S])
@pytest.mark.parametrize("form", ["csv", "parquet", "bids"])
def test_what_is_written_is_read_back_the_same(tmp_path, form, apart_s):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    from tremor.formats.writers import WRITERS, WriteOptions

    source, copy = tmp_path / "capture.csv", tmp_path / f"copy.{form}"
    frame_of(apart_s).to_csv(source, index=False, float_format="%.4f")
    recording = tremor.read(source)
    WRITERS[form].write(recording, copy, WriteOptions())
    again = tremor.read(copy)
    assert_allclose(again.acceleration_ms2, recording.acceleration_ms2, atol=1e-6)
    assert again.sampling_rate_hz == pytest.approx(recording.sampling_rate_hz, rel=1e-9)
    assert len(again.segments) == len(recording.segments) == 2
    for one, other in zip(again.segments, recording.segments, strict=True):
        assert (one.first_sample, one.n_samples) == (other.first_sample, other.n_samples)
        assert one.start_s == pytest.approx(other.start_s, rel=1e-9)
        assert one.clock_set_by_s == pytest.approx(other.clock_set_by_s, rel=1e-9)
    assert len(again.gaps) == len(recording.gaps)
    assert again.duration_s == pytest.approx(recording.duration_s)


@pytest.mark.parametrize("apart_s", [HOUR_S, YEARS_S])
def test_the_latency_of_a_bids_table_is_read_back_the_same(tmp_path, apart_s):
    from tremor.formats.bids import write_recording_bids

    source = tmp_path / "capture.csv"
    frame_of(apart_s).to_csv(source, index=False, float_format="%.4f")
    recording = tremor.read(source)
    files = write_recording_bids(tmp_path / "bids", recording)
    (table,) = [file for file in files if file.name.endswith("_motion.tsv")]
    columns = ["time_s", "acc_x_ms2", "acc_y_ms2", "acc_z_ms2"]
    frame = pd.read_csv(table, sep="\t", header=None, names=columns, na_values="n/a")
    assert len(frame) == len(recording.samples)
    again = recording_from_frame(frame)
    assert [one.n_samples for one in again.segments] == [4000, 4000]
    assert again.segments[1].start_s == pytest.approx(recording.segments[1].start_s, rel=1e-9)
    assert again.segments[1].clock_set_by_s == pytest.approx(
        recording.segments[1].clock_set_by_s, rel=1e-9
    )


def test_the_date_after_a_clock_was_set_is_right(tmp_path):
    path = tmp_path / "capture.csv"
    began = pd.Timestamp("1970-01-01T00:00:12", tz="UTC")
    table = frame_of(0.0)
    stamps = began + pd.to_timedelta(table.pop("time_s"), unit="s").dt.round("ms")
    set_by = pd.Timestamp("2024-06-05T12:00:00", tz="UTC") - stamps.iloc[1991]
    stamps.iloc[1991:] += set_by
    table.insert(0, "time", [one.isoformat(timespec="milliseconds") for one in stamps])
    table.to_csv(path, index=False, float_format="%.5f")
    recording = tremor.read(path)
    assert recording.started_at is not None
    start_s = recording.segments[1].start_s
    at = pd.Timestamp(recording.started_at) + pd.Timedelta(seconds=start_s)
    assert abs(at - pd.Timestamp("2024-06-05T12:00:00", tz="UTC")) < pd.Timedelta("0.1s")


@pytest.mark.parametrize(
    "damage",
    [
        {"segments": [{"start_s": 0.0}]},
        {"segments": "many"},
        {"segments": 3},
        {"n_places": 10**13},
        {"n_places": -1},
        {"n_places": 5},
        {"n_places": "all"},
        {"sampling_rate_hz": 0.0},
        {"sampling_rate_hz": None},
    ],
    ids=str,
)
def test_facts_that_are_damaged_are_refused(tmp_path, damage):
    parquet = pytest.importorskip("pyarrow.parquet")
    from tremor.formats.parquet import write_recording_parquet

    path = tmp_path / "capture.parquet"
    write_recording_parquet(path, capture((900, 900), (HOUR_S,))[0])
    table = parquet.read_table(path)
    facts = json.loads(table.schema.metadata[b"tremor"]) | damage
    metadata = {b"tremor": json.dumps(facts).encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(tremor.errors.CaptureReadError, match="facts that are damaged"):
        tremor.read(path)


@pytest.mark.parametrize(
    ("start_s", "first_sample"), [(HOUR_S, 899), (HOUR_S, 901), (17.0, 900), (-1.0, 900)]
)
def test_segments_that_overlap_are_refused(start_s, first_sample):
    recording, _ = capture((900, 900), (HOUR_S,))
    first, second = recording.segments
    second = replace(second, start_s=start_s, first_sample=first_sample)
    with pytest.raises(tremor.errors.InvalidInputError, match="segment 1 begins with sample"):
        replace(recording, segments=(first, second))
