"""Windows of a stream are those of the file: bit for bit at a given rate, near it otherwise."""

from __future__ import annotations

import asyncio
import math
from dataclasses import fields, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tremor.analysis.episodes import find_episodes
from tremor.analysis.live import LiveAnalyzer, live_windows
from tremor.analysis.offline import analyze
from tremor.analysis.stream import StreamFacts
from tremor.analysis.window import analyze_window
from tremor.errors import InvalidInputError
from tremor.recording import Recording, SampleBlock, SensorInfo
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings
from tremor.synthesis import SCENES, SensorClock, packets, render

#: Between them they give every verdict that needs no broken sensor, settling above all.
SCENE_NAMES = ("post_run", "steady", "restless", "fidgets", "strong_heartbeat", "walk", "impacts")


@lru_cache(maxsize=64)
def samples_of(name, rate_hz, duration_s=40.0):
    scene = SCENES[name](clock=SensorClock(nominal_rate_hz=rate_hz), duration_s=duration_s)
    return render(scene, seed=3).acceleration_ms2


def recording_of(samples, *, rate_hz, lost=(), range_ms2=None, scale=1.0):
    samples = np.array(samples)
    if range_ms2 is not None:
        samples = np.clip(samples, -range_ms2, range_ms2)
    for first, last in lost:
        samples[first:last] = np.nan
    sensor = SensorInfo(range_ms2=range_ms2)
    recording = Recording.from_arrays(samples, sampling_rate_hz=rate_hz, sensor=sensor)
    return replace(recording, scale_correction=scale)


def blocks_of(recording, cuts):
    """Cut the samples that are there at these places, and at each gap."""
    samples = recording.acceleration_ms2
    rate_hz = recording.sampling_rate_hz
    edges = sorted({0, len(samples), *(cut for cut in cuts if cut < len(samples))})
    blocks = []
    for begin, end in pairwise(edges):
        there = np.flatnonzero(np.isfinite(samples[begin:end, 0])) + begin
        for run in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
            if len(run):
                piece = samples[run[0] : run[-1] + 1]
                blocks.append(SampleBlock(int(run[0]), piece, float((run[-1] + 1) / rate_hz)))
    return blocks


def feed_all(analyzer, blocks):
    tables = [analyzer.feed(block) for block in blocks]
    return WindowTable.concatenate([table for table in tables if len(table)])


def assert_same(live, offline):
    assert len(live) == len(offline)
    for item in fields(WindowTable):
        one, other = getattr(live, item.name), getattr(offline, item.name)
        if item.name not in ("estimates", "scores"):
            np.testing.assert_array_equal(one, other, err_msg=item.name, strict=True)
            continue
        assert set(one) == set(other)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name, strict=True)


@st.composite
def streams(draw):
    rate_hz = draw(st.sampled_from([50.0, 52.37, 104.0]))
    samples = samples_of(draw(st.sampled_from(SCENE_NAMES)), rate_hz, 24.0)
    n = len(samples)
    inside = st.integers(1, n - 2)
    lost = []
    for first in draw(st.lists(inside, max_size=2)):
        lost.append((first, min(n - 1, first + draw(st.integers(1, n // 3)))))
    window_s = draw(st.sampled_from([2.0, 3.3, 4.0, 6.0]))
    step_s = draw(st.sampled_from([0.7, 1.0, 2.0]))
    recording = recording_of(
        samples,
        rate_hz=rate_hz,
        lost=lost,
        range_ms2=draw(st.sampled_from([None, 12.0, 19.6])),
        scale=draw(st.sampled_from([1.0, 0.9731])),
    )
    size = draw(st.sampled_from([1, 8, 20, 200, n]))
    cuts = draw(st.lists(inside, max_size=20)) + list(range(0, n, size))
    blocks = blocks_of(recording, cuts)
    for at in sorted(draw(st.lists(st.integers(0, len(blocks) - 1), max_size=4)), reverse=True):
        back = draw(st.integers(0, at))
        blocks.insert(at + 1, blocks[back])
    return recording, blocks, AnalysisSettings(window_s=window_s, step_s=step_s)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(streams())
def test_law_windows_are_those_of_the_file_however_the_stream_is_cut(stream):
    recording, blocks, chosen = stream
    offline = analyze(recording, settings=chosen).windows
    analyzer = LiveAnalyzer(
        sampling_rate_hz=recording.sampling_rate_hz,
        settings=chosen,
        facts=StreamFacts.of(recording),
    )
    assert_same(feed_all(analyzer, blocks), offline)
    assert analyzer.counts.n_samples == recording.n_samples
    assert analyzer.counts.n_lost == sum(gap.n_lost for gap in recording.gaps)
    assert analyzer.counts.n_windows == len(offline)
    assert analyzer.clock.source in {"none", "arrivals"}


@pytest.mark.parametrize("name", SCENE_NAMES)
def test_facts_are_needed_only_where_the_whole_file_tells_more(name):
    recording = recording_of(samples_of(name, 101.3), rate_hz=101.3, range_ms2=40.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=101.3, facts=StreamFacts(range_ms2=40.0))
    live = feed_all(analyzer, blocks_of(recording, range(0, 10_000, 8)))
    assert_same(live, analyze(recording).windows)


def test_the_scenes_of_the_law_hold_what_it_is_about():
    seen = set()
    for name in SCENE_NAMES:
        recording = recording_of(samples_of(name, 104.0), rate_hz=104.0, range_ms2=12.0)
        seen |= set(analyze(recording).windows.verdict)
    assert {"tremor", "no_tremor", "moving", "settling", "clipped"} <= seen


def test_each_window_comes_with_its_last_sample():
    recording = recording_of(samples_of("steady", 50.0)[:800], rate_hz=50.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0)
    came = []
    for index, row in enumerate(recording.acceleration_ms2):
        for window in analyzer.feed(SampleBlock(index, row[None], index / 50.0)):
            came.append((index, window.start_s, window.end_s))
    assert came == [(199 + 100 * k, 2.0 * k, 2.0 * k + 4.0) for k in range(7)]


def test_stream_may_begin_at_any_index():
    recording = recording_of(samples_of("post_run", 50.0), rate_hz=50.0)
    blocks = [
        replace(block, first_index=block.first_index + 123_456)
        for block in blocks_of(recording, range(0, 2000, 20))
    ]
    live = feed_all(LiveAnalyzer(sampling_rate_hz=50.0), blocks)
    assert_same(live, analyze(recording).windows)


@pytest.mark.parametrize("lost", [[(0, 130)], [(1700, 2000)], [(0, 450), (1999, 2000)]])
def test_gaps_at_the_ends_are_detected_by_the_facts_and_an_empty_block(lost):
    recording = recording_of(samples_of("steady", 50.0), rate_hz=50.0, lost=lost)
    blocks = blocks_of(recording, range(0, 2000, 20))
    blocks.append(SampleBlock(2000, np.zeros((0, 3)), 40.0))
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0, facts=StreamFacts.of(recording))
    assert_same(feed_all(analyzer, blocks), analyze(recording).windows)


def test_rows_that_are_not_numbers_are_lost_samples():
    samples = np.array(samples_of("steady", 50.0))
    samples[500, 1] = np.nan
    samples[900:903, 0] = np.inf
    recording = recording_of(np.where(np.isinf(samples), np.nan, samples), rate_hz=50.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0)
    live = feed_all(
        analyzer,
        [SampleBlock(k, samples[k : k + 20], k / 50.0) for k in range(0, 2000, 20)],
    )
    assert_same(live, analyze(recording).windows)
    assert analyzer.counts.n_lost == 4
    assert analyzer.counts.n_samples == 1996


def test_what_came_before_is_left_out_and_counted():
    samples = samples_of("steady", 50.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0)
    tables = []
    for first, last in [(0, 300), (0, 300), (250, 350), (100, 200), (400, 900), (350, 400)]:
        tables.append(analyzer.feed(SampleBlock(first, samples[first:last], last / 50.0)))
    assert analyzer.counts.n_repeated == 300 + 50 + 100 + 50
    assert analyzer.counts.n_samples == 850
    assert analyzer.counts.n_lost == 50
    assert analyzer.counts.n_gaps == 1
    live = WindowTable.concatenate([table for table in tables if len(table)])
    whole = recording_of(samples[:900], rate_hz=50.0, lost=[(350, 400)])
    assert_same(live, analyze(whole).windows)


# --- what only the whole file tells ------------------------------------------------------------


def clipped_samples():
    """Return samples that are shaken beyond 20 m/s^2 for a while; no range is declared."""
    samples = np.array(samples_of("steady", 50.0))
    shake = 30.0 * np.sin(2.0 * np.pi * 5.0 * np.arange(2000) / 50.0)
    samples[800:1300, 0] += shake[800:1300]
    return np.clip(samples, -20.0, 20.0)


def test_rail_that_is_not_declared_is_detected_by_the_mask_of_the_file():
    recording = recording_of(clipped_samples(), rate_hz=50.0)
    assert recording.clipped.any()
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0, facts=StreamFacts.of(recording))
    live = feed_all(analyzer, blocks_of(recording, range(0, 2000, 7)))
    assert_same(live, analyze(recording).windows)


@pytest.mark.parametrize("size", [1, 7, 2000])
def test_rail_that_nobody_tells_is_sought_in_each_window_by_itself(size):
    samples = clipped_samples()
    recording = recording_of(samples, rate_hz=50.0)
    live = feed_all(LiveAnalyzer(sampling_rate_hz=50.0), blocks_of(recording, range(0, 2000, size)))
    alone = [
        analyze_window(samples[k : k + 200], sampling_rate_hz=50.0).verdict == "clipped"
        for k in range(0, 1801, 100)
    ]
    assert any(alone)
    assert live.where("clipped").tolist() == alone


def test_dead_axis_is_dead_from_the_start():
    samples = np.array(samples_of("steady", 50.0))
    samples[:, 1] = 0.25
    recording = recording_of(samples, rate_hz=50.0)
    assert recording.dead_axes == ("y",)
    live = feed_all(LiveAnalyzer(sampling_rate_hz=50.0), blocks_of(recording, range(0, 2000, 20)))
    assert_same(live, analyze(recording).windows)
    assert live.where("dead").all()


@pytest.mark.parametrize("size", [1, 20, 400, 2000])
def test_axis_counts_as_dead_until_it_moves(size):
    samples = np.array(samples_of("steady", 50.0))
    samples[:1000, 1] = 0.25
    recording = recording_of(samples, rate_hz=50.0)
    live = feed_all(LiveAnalyzer(sampling_rate_hz=50.0), blocks_of(recording, range(0, 2000, size)))
    # The file knows that it moves later on; with that told, the stream does too.
    assert live.where("dead").tolist() == [end_s <= 20.0 for end_s in live.end_s]
    assert not analyze(recording).windows.where("dead").any()
    told = LiveAnalyzer(sampling_rate_hz=50.0, facts=StreamFacts.of(recording))
    assert_same(
        feed_all(told, blocks_of(recording, range(0, 2000, size))), analyze(recording).windows
    )


def test_instrument_with_one_axis_is_not_dead():
    samples = np.zeros((2000, 3))
    samples[:, 0] = np.array(samples_of("steady", 50.0))[:, 2]
    recording = recording_of(samples, rate_hz=50.0)
    live = feed_all(LiveAnalyzer(sampling_rate_hz=50.0), blocks_of(recording, range(0, 2000, 20)))
    assert_same(live, analyze(recording).windows)
    assert not live.where("dead").any()


# --- bounds ------------------------------------------------------------------------------------


def test_no_more_is_held_than_a_window_a_step_and_a_block():
    samples = samples_of("steady", 104.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=104.0, settings=AnalysisSettings(step_s=1.0))
    for number in range(50):
        first = number * 104
        analyzer.feed(SampleBlock(first, samples[first % 4000 :][:104], first / 104.0))
        held = sum(len(rows) for rows, _ in analyzer._waiting)
        assert held <= 416 + 104 + 104
        assert len(analyzer._tail.table if analyzer._tail else ()) <= 16


def test_windows_begin_anew_after_a_long_gap():
    samples = samples_of("steady", 50.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0)
    first = analyzer.feed(SampleBlock(0, samples[:510], 10.2))
    table = analyzer.feed(SampleBlock(510 + 3600 * 50, samples[500:1000], 3620.2))
    np.testing.assert_allclose(table.start_s, 3610.2 + 2.0 * np.arange(4), rtol=1e-12)
    assert table.segment.tolist() == [1] * 4
    assert set(first.segment.tolist()) == {0}
    assert (analyzer.counts.n_lost, analyzer.counts.n_gaps) == (180_000, 1)


def test_count_that_was_set_takes_no_time():
    samples = samples_of("steady", 50.0)
    analyzer = LiveAnalyzer(sampling_rate_hz=50.0)
    analyzer.feed(SampleBlock(0, samples[:500], 10.0))
    table = analyzer.feed(SampleBlock(2**32, samples[:500], 20.0))
    np.testing.assert_allclose(table.start_s, 10.0 + 2.0 * np.arange(4), rtol=1e-12)
    assert (analyzer.counts.n_lost, analyzer.counts.n_gaps) == (0, 1)


def test_rate_that_cannot_hold_the_band_is_refused_at_once():
    with pytest.raises(InvalidInputError, match="Nyquist"):
        LiveAnalyzer(sampling_rate_hz=10.0)
    with pytest.raises(InvalidInputError, match="positive number of hertz"):
        LiveAnalyzer(sampling_rate_hz=0.0)
    with pytest.raises(InvalidInputError, match="Nyquist"):
        LiveAnalyzer(sampling_rate_hz=None, nominal_sampling_rate_hz=12.0)


# --- running clock -----------------------------------------------------------------------------


async def stream_of(blocks):
    for block in blocks:
        await asyncio.sleep(0)
        yield block


def live_of(blocks, **options):
    async def collect():
        return [one async for one in live_windows(stream_of(blocks), **options)]

    return asyncio.run(collect())


@lru_cache(maxsize=4)
def packets_of(stamps, nominal_rate_hz=104.0, rate_error=0.01, duration_s=60.0):
    clock = SensorClock(
        nominal_rate_hz=nominal_rate_hz,
        rate_error=rate_error,
        stamps=stamps,
        packet_samples=8,
        latency_jitter_s=0.02,
    )
    scene = SCENES["machine"](clock=clock, duration_s=duration_s)
    return packets(render(scene, seed=4))


@pytest.mark.parametrize(
    ("stamps", "source"), [("device", "device stamps"), ("packet", "arrivals")]
)
def test_nominal_rate_gives_way_to_the_running_clock(stamps, source):
    blocks = packets_of(stamps)
    seen = live_of(blocks, sampling_rate_hz=None, nominal_sampling_rate_hz=104.0)
    sources = [one.rate_source for one in seen]
    n_nominal = sources.index(source)
    assert sources == ["nominal"] * n_nominal + [source] * (len(seen) - n_nominal)
    assert [one.rate_converged for one in seen] == [name == source for name in sources]
    assert seen[n_nominal].window.end_s < 45.0
    assert {one.sampling_rate_hz for one in seen[:n_nominal]} == {104.0}
    for one in seen[n_nominal:]:
        assert one.sampling_rate_hz == pytest.approx(105.04, rel=1e-3)


def test_windows_of_the_running_clock_are_those_of_the_file_but_for_the_rate():
    blocks = packets_of("packet")
    seen = live_of(blocks, sampling_rate_hz=None, nominal_sampling_rate_hz=104.0)
    samples = np.concatenate([block.acceleration_ms2 for block in blocks])
    # At the true rate, in windows of as many samples as the stream took at the nominal one.
    same = AnalysisSettings(window_s=416 / 105.04, step_s=208 / 105.04)
    whole = analyze(Recording.from_arrays(samples, sampling_rate_hz=105.04), settings=same)
    assert len(seen) == len(whole.windows)
    late = [one.rate_converged for one in seen].index(True)
    for one, other in list(zip(seen, whole.windows, strict=True))[late:]:
        assert one.window.verdict == other.verdict
        assert one.window.start_s == pytest.approx(other.start_s, rel=1e-3)
        for name in ESTIMATE_NAMES[:1]:
            live, offline = getattr(one.window, name).value, getattr(other, name).value
            assert (live is None) == (offline is None)
            if live is not None:
                assert live == pytest.approx(offline, rel=1.1e-3)


def test_times_stay_in_order_when_the_rate_changes():
    seen = live_of(
        packets_of("device"),
        sampling_rate_hz=None,
        nominal_sampling_rate_hz=104.0,
        settings=AnalysisSettings(step_s=0.8),
    )
    assert (np.diff([one.window.start_s for one in seen]) > 0.0).all()


def test_without_a_nominal_rate_windows_wait_for_the_first_estimate():
    blocks = packets_of("device")
    seen = live_of(blocks, sampling_rate_hz=None)
    assert {one.rate_source for one in seen} == {"device stamps"}
    assert seen[0].window.start_s == 0.0
    assert len(seen) >= 28
    assert seen[-1].sampling_rate_hz == pytest.approx(105.04, rel=1e-4)


def test_windows_are_cut_anew_where_the_nominal_rate_was_far_off():
    blocks = packets_of("device", nominal_rate_hz=60.0, rate_error=0.0)
    seen = live_of(blocks, sampling_rate_hz=None, nominal_sampling_rate_hz=200.0)
    lengths_s = np.array([one.window.end_s - one.window.start_s for one in seen])
    converged = np.array([one.rate_converged for one in seen])
    np.testing.assert_allclose(lengths_s[converged], 4.0, atol=0.02)
    assert (~converged).sum() <= 2


def test_times_that_tell_nothing_are_refused_in_the_end():
    analyzer = LiveAnalyzer(sampling_rate_hz=None)
    assert len(analyzer.feed(SampleBlock(0, np.zeros((200_000, 3)), math.nan))) == 0
    with pytest.raises(InvalidInputError, match="tell no sampling rate"):
        analyzer.feed(SampleBlock(200_000, np.zeros((1, 3)), math.nan))


def test_given_rate_is_used_and_the_clock_still_tells_what_it_sees():
    blocks = packets_of("device")
    seen = live_of(blocks, sampling_rate_hz=104.0)
    assert {(one.sampling_rate_hz, one.rate_source) for one in seen} == {(104.0, "given")}
    analyzer = LiveAnalyzer(sampling_rate_hz=104.0)
    feed_all(analyzer, blocks)
    assert analyzer.rate_source == "given"
    assert analyzer.clock.difference_to(104.0) == pytest.approx(0.01, abs=1e-4)


def test_episodes_of_a_stream_are_those_of_the_file_once_they_are_settled():
    samples = samples_of("post_run", 100.0)
    recording = recording_of(samples, rate_hz=100.0)
    whole = analyze(recording)
    analyzer = LiveAnalyzer(sampling_rate_hz=100.0, facts=StreamFacts.of(recording))
    windows = []
    for block in blocks_of(recording, range(0, len(samples), 500)):
        windows.append(analyzer.feed(block))
        so_far = WindowTable.concatenate(windows)
        found = find_episodes(so_far, settings=AnalysisSettings(), is_complete=False)
        assert all(one.provisional for one in found if one.end_s > so_far.end_s[-1] - 100.0)
    finished = find_episodes(WindowTable.concatenate(windows), settings=AnalysisSettings())
    assert [(one.start_s, one.end_s) for one in finished] == [
        (one.start_s, one.end_s) for one in whole.episodes
    ]
    assert not any(one.provisional for one in finished)
