import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tremor.clock.resampling import resample_evenly
from tremor.clock.timebase import declared_timebase, fit_timebase
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import note
from tremor.recording import gaps_of

RATES_HZ = (25.0, 52.0, 104.0, 201.3, 285.7, 405.3, 416.0)
OFF = 1.01


def codes(clock):
    return [warning.code for warning in clock.warnings]


def even(rate_hz, duration_s=60.0):
    return np.arange(int(duration_s * rate_hz)) / rate_hz


def burst(rate_hz, rng, *, size=15, n=6000):
    """Samples stamped when their packet arrives, up to a third of a packet late."""
    packet = np.arange(n) // size
    late_s = rng.uniform(0.0, size / 3 / rate_hz, packet[-1] + 1)
    return (packet + 1) * size / rate_hz + late_s[packet]


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_rate_one_percent_off_nominal_is_recovered_from_exact_stamps(rate_hz):
    clock = fit_timebase(even(rate_hz * OFF), nominal_sampling_rate_hz=rate_hz)
    assert_allclose(clock.sampling_rate_hz, rate_hz * OFF, rtol=1e-12)
    assert "RATE_OFF_NOMINAL" in codes(clock)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_rate_is_recovered_from_stamps_in_whole_milliseconds(rate_hz):
    stamps = np.round(even(rate_hz * OFF), 3)
    clock = fit_timebase(stamps)
    # Two end points each half a millisecond off bound the slope from above.
    assert_allclose(clock.sampling_rate_hz, rate_hz * OFF, rtol=1e-3 / stamps[-1])
    assert_allclose(clock.index, np.arange(len(stamps)))
    assert clock.uneven_time_s is None


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_rate_is_recovered_from_bursts_without_inventing_gaps(rate_hz):
    stamps = burst(rate_hz, np.random.default_rng(1), n=int(60 * rate_hz))
    clock = fit_timebase(stamps)
    n, packets = len(stamps), len(stamps) / 15
    # Least squares over packets whose lateness has the sd of a uniform third of a packet and
    # whose rows share a sawtooth: five standard deviations.
    sd = (15 / 3 / np.sqrt(12)) * np.sqrt(12 / packets) / n + 15 / n**2
    assert_allclose(clock.sampling_rate_hz, rate_hz, rtol=5 * sd)
    assert clock.index[-1] == n - 1


@pytest.mark.parametrize("rate_hz", [52.0, 100.0, 405.3])
def test_rate_is_recovered_from_stamps_in_whole_seconds(rate_hz):
    stamps = np.floor(even(rate_hz * OFF, 120.0))
    clock = fit_timebase(stamps)
    assert_allclose(clock.sampling_rate_hz, rate_hz * OFF, rtol=1.0 / stamps[-1])
    assert clock.uneven_time_s is None


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("rounded", [False, True])
def test_a_gap_keeps_its_length_and_does_not_bend_the_rate(rate_hz, rounded):
    stamps = even(rate_hz)
    stamps = np.round(stamps, 3) if rounded else stamps
    kept = np.delete(np.arange(len(stamps)), np.s_[int(20 * rate_hz) : int(31 * rate_hz)])
    clock = fit_timebase(stamps[kept])
    assert_allclose(clock.index, kept)
    assert_allclose(clock.sampling_rate_hz, rate_hz, rtol=1e-3 / 20.0)


def test_a_gap_that_is_no_whole_number_of_periods_is_rounded():
    stamps = even(100.0)
    stamps[3000:] += 2.0037
    clock = fit_timebase(stamps)
    assert clock.index[3000] - clock.index[2999] == 201
    assert_allclose(clock.sampling_rate_hz, 100.0, rtol=1e-9)


def test_the_standard_deviation_covers_the_truth():
    rng = np.random.default_rng(7)
    z = []
    for _ in range(200):
        stamps = np.sort(even(100.0) + 1e-3 * rng.standard_normal(6000))
        clock = fit_timebase(stamps)
        z.append((clock.sampling_rate_hz - 100.0) / clock.sampling_rate_sd_hz)
    # 12 blocks: Student's t of 10 degrees has an sd of 1.12; rank one correlation adds some.
    assert 0.6 < np.std(z) < 1.4


def test_the_phone_whose_steps_are_late_keeps_every_row():
    stamps = even(100.0)
    stamps[[500, 501, 502]] += [0.003, 0.006, 0.0075]
    clock = fit_timebase(stamps)
    assert_allclose(clock.index, np.arange(6000))


def test_exact_repeats_are_dropped_and_counted():
    rows = np.sort(np.concatenate((np.arange(1000), [10, 500, 501])))
    repeats = np.concatenate(([False], np.diff(rows) == 0))
    clock = fit_timebase(rows / 50.0, repeats=repeats)
    assert clock.warnings == (note("DUPLICATES", n_rows=3),)
    assert_allclose(clock.index, np.arange(1000))


def test_equal_stamps_from_rounding_are_samples_even_where_values_repeat():
    stamps = np.floor(even(100.0))
    repeats = np.zeros(6000, dtype=bool)
    repeats[[5, 77]] = True
    clock = fit_timebase(stamps, repeats=repeats)
    assert "DUPLICATES" not in codes(clock)
    assert len(clock.index) == 6000


def test_small_backward_steps_are_put_in_order():
    stamps = even(100.0)
    stamps[1000:1010], stamps[1010:1020] = stamps[1010:1020].copy(), stamps[1000:1010].copy()
    clock = fit_timebase(stamps)
    assert clock.warnings[0].code == "BACKWARD"
    assert clock.warnings[0].values["n_steps"] == 1
    assert_allclose(clock.index, np.arange(6000))
    assert_allclose(stamps[clock.rows], even(100.0))


def test_a_true_backward_jump_is_refused_with_its_row():
    stamps = np.concatenate((even(100.0), even(100.0)))
    with pytest.raises(InvalidInputError, match=r"jump back by 60 s at row 6012.*split the file"):
        fit_timebase(stamps, first_row_number=12)


def test_a_first_row_far_before_the_rest_is_left_out():
    stamps = np.concatenate(([-70.0], even(100.0)))
    clock = fit_timebase(stamps - stamps[0])
    assert codes(clock) == ["FIRST_ROW"]
    assert clock.rows[0] == 1
    assert clock.index[-1] == 5999


@pytest.mark.parametrize(
    ("stamps", "match"),
    [(np.zeros(50), "do not advance"), (np.array([0.0, np.nan]), "not a number")],
)
def test_useless_stamps_are_refused(stamps, match):
    with pytest.raises(InvalidInputError, match=match):
        fit_timebase(stamps)


def test_one_row_is_not_enough():
    with pytest.raises(InsufficientDataError, match="at least 2"):
        fit_timebase(np.zeros(1))
    with pytest.raises(InsufficientDataError, match="at least 2"):
        declared_timebase(1, sampling_rate_hz=100.0)


def test_a_declared_rate_has_no_standard_deviation():
    clock = declared_timebase(10, sampling_rate_hz=52.0)
    assert clock.sampling_rate_sd_hz is None
    assert_allclose(clock.index, np.arange(10))


def test_a_wandering_rate_is_resampled_to_the_true_frequency():
    # 100 Hz that swings by 3 %: the tone is at 6 Hz in true time, and smeared if rows are counted.
    phase = np.arange(12000) / 100.0
    stamps = phase + 0.03 * 20 / (2 * np.pi) * np.sin(2 * np.pi * phase / 20)
    tone = np.sin(2 * np.pi * 6.0 * stamps)[:, None]
    clock = fit_timebase(stamps)
    assert "RESAMPLED" in codes(clock)
    placed = clock.to_grid(tone)[:, 0]
    truth = np.sin(2 * np.pi * 6.0 * np.arange(len(placed)) / clock.sampling_rate_hz)
    # The stated error of the interpolation, (w h)^3 / 24, with the longest step of 10.3 ms.
    assert np.abs(placed - truth).max() < (2 * np.pi * 6 * 0.0103) ** 3 / 24


def test_resampling_bridges_50_ms_and_no_more():
    stamps = np.delete(even(100.0, 10.0), np.r_[200:204, 500:506])
    values = np.sin(2 * np.pi * stamps)[:, None]
    result = resample_evenly(stamps, values, sampling_rate_hz=100.0)
    assert gaps_of(np.isnan(result[:, 0]), sampling_rate_hz=100.0)[0].n_lost == 6
    assert np.count_nonzero(np.isnan(result)) == 6


@settings(max_examples=150, deadline=None)
@given(
    rate_hz=st.floats(20.0, 500.0),
    seed=st.integers(0, 2**32 - 1),
    share=st.floats(0.0, 0.3),
    gaps=st.lists(st.tuples(st.integers(50, 1900), st.integers(1, 300)), max_size=4),
)
def test_dropping_any_rows_moves_no_survivor_and_lists_the_true_gaps(rate_hz, seed, share, gaps):
    rng = np.random.default_rng(seed)
    keep = rng.random(2000) >= share
    for start, length in gaps:
        keep[start : start + length] = False
    keep[0] = keep[1] = True
    kept = np.flatnonzero(keep)
    clock = fit_timebase(kept / rate_hz)
    assert len(clock.index) == len(kept)
    assert np.abs(clock.index - kept).max() == 0
    lost = np.ones(clock.index[-1] + 1, dtype=bool)
    lost[clock.index] = False
    truth = gaps_of(~keep[: kept[-1] + 1], sampling_rate_hz=rate_hz)
    assert [gap.n_lost for gap in gaps_of(lost, sampling_rate_hz=rate_hz)] == [
        gap.n_lost for gap in truth
    ]


def test_work_grows_as_the_stamps_of_a_day_do():
    work_s = []
    for n in (864_000, 8_640_000):
        stamps = np.round(np.arange(n) / 100.37, 3)
        before_s = time.process_time()
        clock = fit_timebase(stamps)
        work_s.append(time.process_time() - before_s)
    assert_allclose(clock.sampling_rate_hz, 100.37, rtol=1e-8)
    assert work_s[1] < 40.0 * work_s[0]  # 100 times, if it grew with the square
