"""The time axis of figures: times are drawn in order, segments at their length, gaps short."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.analysis.offline import analyze
from tremor.recording import CaptureInfo, Recording, gaps_of
from tremor.report import as_html
from tremor.report.time_axis import TimeAxis
from tremor.segments import Segment
from tremor.storage import ArraySamples

FS = 50.0
CASES = [
    [(0.0, 60.0)],
    [(0.0, 60.0), (3600.0, 60.0)],
    [(0.0, 3.0), (86_400.0, 600.0), (87_500.0, 20.0)],
    [(0.0, 3.0), (3.0, 57.0)],
    [(0.0, 3600.0), (3 * 86_400.0, 5.0), (3 * 86_400.0 + 5.0, 100.0)],
]


def segments_of(parts):
    found, first = [], 0
    for start_s, length_s in parts:
        n = round(length_s * FS)
        touches = bool(found) and start_s == found[-1].start_s + found[-1].n_samples / FS
        found.append(
            Segment(
                start_s=start_s,
                first_sample=first,
                n_samples=n,
                clock_set_by_s=1e9 if touches else 0.0,
            )
        )
        first += n
    return tuple(found)


def axis_of(parts):
    segments = segments_of(parts)
    return TimeAxis.of(
        CaptureInfo(
            duration_s=sum(parts[-1]),
            n_samples=segments[-1].end_sample,
            sampling_rate_hz=FS,
            segments=segments,
        )
    )


@pytest.mark.parametrize("parts", CASES)
def test_segments_keep_their_length_and_gaps_are_short(parts):
    axis = axis_of(parts)
    edges = axis.drawn(np.array([[start_s, start_s + length_s] for start_s, length_s in parts]))
    assert_allclose(np.diff(edges, axis=1)[:, 0], [length_s for _, length_s in parts])
    recorded_s = sum(length_s for _, length_s in parts)
    gaps_s = edges[1:, 0] - edges[:-1, 1]
    assert (gaps_s >= 0.0).all()
    assert (gaps_s <= 0.08 * recorded_s + 1e-9).all()
    assert axis.length_s == pytest.approx(recorded_s + gaps_s.sum())
    assert len(axis.breaks()) + len(axis.gaps_s()) == len(parts) - 1


@pytest.mark.parametrize("parts", CASES)
def test_ticks_are_at_their_times_and_apart(parts):
    axis = axis_of(parts)
    ticks = axis.ticks()
    at_s = np.array([tick.at_s for tick in ticks])
    assert 1 <= len(ticks) <= 6
    assert (np.diff(at_s) >= 0.2 * axis.length_s - 1e-9).all()
    assert_allclose(axis.drawn(np.array([tick.time_s for tick in ticks])), at_s)
    inside = [
        any(start_s <= tick.time_s <= start_s + length_s for start_s, length_s in parts)
        for tick in ticks
    ]
    assert all(inside)


def test_a_capture_of_one_segment_is_drawn_as_it_is():
    times_s = np.array([0.0, 1.0, np.nan, 7.3])
    assert_array_equal(axis_of(CASES[0]).drawn(times_s), times_s)


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        ([(0.0, 60.0), (3600.0, 60.0)], "drawn shorter"),
        ([(0.0, 60.0), (60.0, 60.0)], "the clock was set there"),
    ],
)
def test_the_page_says_how_gaps_are_drawn(apart, said):
    rng = np.random.default_rng(0)
    segments = segments_of(apart)
    samples = np.add([0.0, 0.0, 9.81], rng.normal(0.0, 0.01, (segments[-1].end_sample, 3)))
    samples[:, 0] += 0.3 * np.sin(2.0 * np.pi * 8.0 * np.arange(len(samples)) / FS)
    lost = np.zeros(len(samples), dtype=bool)
    recording = Recording(
        samples=ArraySamples(samples, lost),
        sampling_rate_hz=FS,
        segments=segments,
        gaps=gaps_of(lost, sampling_rate_hz=FS, segments=segments),
    )
    page = as_html.render(analyze(recording))
    assert said in page
    whole = as_html.render(analyze(Recording.from_arrays(samples, sampling_rate_hz=FS)))
    assert said not in whole
