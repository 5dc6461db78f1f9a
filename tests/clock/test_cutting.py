"""Cutting at long gaps: of positions, of times, and of what no capture can be."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tremor.clock.cutting import stretches_of_places, stretches_of_times
from tremor.clock.timebase import TimeBase, fit_timebase
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.settings import SEGMENTS

FS = 100.0
HOLE, GAP = round(SEGMENTS.longest_hole_s * FS), round(SEGMENTS.longest_gap_s * FS)


def places(*jumps):
    """Return places of rows, twenty before each jump of so many lost samples."""
    steps = np.ones(20 * (len(jumps) + 1), dtype=np.int64)
    steps[20::20] += jumps
    steps[0] = 0
    return np.cumsum(steps)


def clock_of(index, **more):
    rows = np.arange(len(index))
    return TimeBase(sampling_rate_hz=FS, sampling_rate_sd_hz=None, rows=rows, index=index, **more)


def test_the_longest_hole_is_none_and_one_sample_more_is():
    assert len(clock_of(places(HOLE)).segments) == 1
    first, second = clock_of(places(HOLE + 1)).segments
    assert (first.n_samples, second.first_sample, second.n_samples) == (20, 20, 20)
    assert second.start_s == pytest.approx((20 + HOLE + 1) / FS)


def test_the_longest_gap_is_known_and_one_sample_more_is_a_clock_that_was_set():
    known, unknown = (clock_of(places(jump)).segments[1] for jump in (GAP, GAP + 1))
    assert (known.clock_set_by_s, known.start_s) == (0.0, pytest.approx((20 + GAP) / FS))
    assert unknown.clock_set_by_s == pytest.approx((GAP + 1) / FS)
    assert unknown.start_s == pytest.approx(20 / FS)


def test_gaps_after_a_clock_that_was_set_are_known():
    segments = clock_of(places(HOLE + 1, 2 * GAP, 3, HOLE + 5)).segments
    assert [one.n_samples for one in segments] == [20, 20, 43, 20]
    assert [bool(one.clock_set_by_s) for one in segments] == [False, False, True, False]
    starts = np.array([one.start_s for one in segments]) * FS
    assert_array_equal(np.rint(np.diff(starts)), [20 + HOLE + 1, 20, 43 + HOLE + 5])


def test_rows_come_to_their_places_in_each_segment():
    index = places(5, HOLE + 1, 2)
    grid = clock_of(index).to_grid(np.arange(len(index), dtype=float)[:, None])[:, 0]
    assert len(grid) == len(index) + 5 + 2
    assert_array_equal(grid[np.isfinite(grid)], np.arange(len(index)))
    assert_array_equal(np.flatnonzero(np.isnan(grid)), [20, 21, 22, 23, 24, 65, 66])


def test_times_are_cut_like_places():
    index = places(3, HOLE + 1, 2 * GAP)
    one = stretches_of_places(index, sampling_rate_hz=FS)
    other = stretches_of_times(index / FS, sampling_rate_hz=FS)
    for name in ("rows", "begin", "n_samples"):
        assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_single_row_between_long_gaps_is_a_segment_of_its_own():
    index = np.concatenate([np.arange(20), [HOLE + 40], np.arange(20) + 3 * HOLE])
    values = np.arange(len(index), dtype=float)[:, None]
    even = clock_of(index)
    uneven = clock_of(index, uneven_time_s=index / FS)
    for clock in (even, uneven):
        assert [one.n_samples for one in clock.segments] == [20, 1, 20]
        np.testing.assert_allclose(clock.to_grid(values), values, atol=1e-9)


def test_next_to_nothing_but_holes_is_refused():
    index = np.arange(2000) * (HOLE - 1)
    with pytest.raises(InsufficientDataError, match=r"2000 of .* samples are there at 100 Hz"):
        clock_of(index).to_grid(np.zeros((2000, 3)))


@pytest.mark.parametrize("jump_s", [1e12, 1e300])
def test_a_jump_that_no_clock_makes_is_refused_with_its_row(jump_s):
    stamps = np.arange(2000) / FS
    stamps[1500:] += jump_s
    with pytest.raises(InvalidInputError, match="row 1507, further than a clock can be set"):
        fit_timebase(stamps, first_row_number=7)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_stamp_that_is_no_number_is_refused_with_its_row(value):
    stamps = np.arange(2000) / FS
    stamps[1500] = value
    with pytest.raises(InvalidInputError, match="row 1507 is not a number"):
        fit_timebase(stamps, first_row_number=7)


@pytest.mark.parametrize("jump_s", [86_400.0, 54 * 365.25 * 86_400.0])
def test_a_long_gap_tells_nothing_of_the_rate(jump_s):
    rng = np.random.default_rng(0)
    stamps = np.round(np.arange(12_000) / 101.0, 3) + rng.uniform(0.0, 1e-4, 12_000)
    alone = fit_timebase(stamps)
    stamps[6000:] += jump_s
    found = fit_timebase(stamps)
    assert found.sampling_rate_hz == pytest.approx(101.0, abs=4.0 * found.sampling_rate_sd_hz)
    assert found.sampling_rate_sd_hz > alone.sampling_rate_sd_hz
