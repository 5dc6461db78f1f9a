"""The order of rows: clocks that are set, blocks written twice, stray stamps, restarts."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tremor.clock.row_order import order_rows, repeated_rows
from tremor.clock.timebase import fit_timebase
from tremor.errors import InvalidInputError


def stamps_of(kind, n, rate_hz, rng):
    time_s = np.arange(n) / rate_hz
    if kind == "ms":
        return np.round(time_s, 3)
    if kind == "jitter":
        return time_s + 0.1 / rate_hz * np.clip(rng.standard_normal(n), -3.0, 3.0)
    if kind == "late":
        return time_s + 0.1 / rate_hz * np.abs(rng.standard_normal(n)) * (rng.random(n) < 0.3)
    if kind == "bursts":
        burst = np.arange(n) // 10
        late_s = 0.03 * rng.random(burst[-1] + 1)
        return np.maximum.accumulate((burst + 1) * 10 / rate_hz + late_s[burst])
    return time_s


def codes(clock):
    return [one.code for one in clock.warnings]


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(["exact", "ms", "jitter", "late"]),
    rate_hz=st.sampled_from([25.0, 50.0, 99.3, 104.7, 208.0]),
    log_back=st.floats(-2.0, np.log10(7200.0)),
    place=st.floats(0.02, 0.98),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_clock_set_back_anywhere_moves_neither_rate_nor_rows(
    kind, rate_hz, log_back, place, seed
):
    n = 3000
    stamps = stamps_of(kind, n, rate_hz, np.random.default_rng(seed))
    back_s = max(10.0**log_back, 1.0 / rate_hz)
    row = int(place * n)
    stamps[row:] -= back_s
    landed_s = abs(stamps[row] - stamps[0])
    assume(abs(landed_s - 1.0) > 0.1 and abs(back_s - 1.0) > 0.1)
    if landed_s < 1.0 < back_s:
        with pytest.raises(InvalidInputError, match="jump back by"):
            fit_timebase(stamps)  # to where the capture began: another recording
        return
    clock = fit_timebase(stamps)
    assert_allclose(clock.sampling_rate_hz, rate_hz, rtol=1e-3)
    # The standard deviation is that of a few blocks: 4.6 of them at most in 387 draws of late
    # stamps, but hypothesis looks for the worst and found 6.5.
    assert abs(clock.sampling_rate_hz - rate_hz) < 20.0 * clock.sampling_rate_sd_hz + 1e-9
    assert_allclose(clock.rows, np.arange(n))
    assert_allclose(clock.index, np.arange(n))
    assert codes(clock)[0] == "CLOCK_SET_BACK"
    assert clock.warnings[0].values["first_row"] == row


@pytest.mark.parametrize("back_s", [0.5, 3.0, 3600.0])
def test_stamps_in_bursts_are_set_back_as_well(back_s):
    stamps = stamps_of("bursts", 6000, 100.0, np.random.default_rng(3))
    stamps[2500:] -= back_s
    clock = fit_timebase(stamps)
    assert_allclose(clock.sampling_rate_hz, 100.0, rtol=1e-3)
    assert clock.index[-1] == 5999
    assert "CLOCK_SET_BACK" in codes(clock)


def test_a_clock_set_back_and_on_again_leaves_no_gap():
    stamps = np.arange(6000) / 100.0
    stamps[2000:3000] -= 120.0
    clock = fit_timebase(stamps)
    assert clock.index[-1] == 5999
    assert_allclose(clock.sampling_rate_hz, 100.0, rtol=1e-6)
    stamps = np.arange(6000) / 100.0
    stamps[2000:3000] += 120.0
    assert fit_timebase(stamps).index[-1] == 5999


def test_many_short_steps_are_samples_between_others():
    # A phone that samples once more now and then, 2 ms after the last time.
    extra = np.random.default_rng(5).choice(19_000, 90, replace=False)
    stamps = np.sort(np.concatenate((np.arange(19_000) / 100.0, (extra + 0.2) / 100.0)))
    clock = fit_timebase(stamps)
    assert "CLOCK_SET_BACK" not in codes(clock)
    assert_allclose(clock.sampling_rate_hz, len(stamps) / 190.0, rtol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    begin=st.integers(0, 2800),
    length=st.integers(2, 400),
    later=st.sampled_from([0, 0, 0, 50]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_block_written_twice_is_dropped_and_counted(begin, length, later, seed):
    n = 3000
    end = min(begin + length, n - later - 1)
    rows = np.concatenate(
        (np.arange(end + later), np.arange(begin, end), np.arange(end + later, n))
    )
    values = np.random.default_rng(seed).standard_normal((n, 3))
    repeats = repeated_rows(rows / 50.0, values[rows])
    assert np.count_nonzero(repeats) == end - begin
    clock = fit_timebase(rows / 50.0, repeats=repeats)
    assert_allclose(clock.index, np.arange(n))
    assert_allclose(rows[clock.rows], np.arange(n))
    assert [(one.code, one.values["n_rows"]) for one in clock.warnings] == [
        ("DUPLICATES", end - begin)
    ]


def test_the_same_stamps_with_other_samples_are_a_clock_set_back():
    rows = np.concatenate((np.arange(2000), np.arange(1950, 2950)))
    values = np.random.default_rng(0).standard_normal((len(rows), 3))
    repeats = repeated_rows(rows / 50.0, values)
    assert not repeats.any()
    assert codes(fit_timebase(rows / 50.0, repeats=repeats)) == ["CLOCK_SET_BACK"]


@pytest.mark.parametrize("row", [0, 1, 1000, 2998, 2999])
@pytest.mark.parametrize("stamp_s", [-4000.0, -1.7e9, 1e12])
def test_one_stray_stamp_is_left_out_and_named(row, stamp_s):
    stamps = np.arange(3000) / 50.0
    stamps[row] = stamp_s
    ordered = order_rows(stamps, first_row_number=2)
    assert_allclose(ordered.rows, np.delete(np.arange(3000), row))
    said = {one.code: one.values for one in ordered.notes}
    assert set(said) == ({"STRAY_STAMPS"} if row else {"FIRST_ROW"})
    assert row == 0 or said["STRAY_STAMPS"]["first_row"] == row + 2


@pytest.mark.parametrize(
    ("stamps", "clock_start_s"),
    [
        (np.concatenate((np.arange(3000), np.arange(2000))) / 50.0, None),
        # A clock since power-on, 20 minutes at the first row, that starts again at 2 s.
        (np.concatenate((np.arange(3000) / 50.0, np.arange(2000) / 50.0 - 1198.0)), 1200.0),
        (np.concatenate((np.arange(3000) / 50.0, np.arange(2000) / 50.0 - 86_400.0)), None),
    ],
)
def test_two_recordings_are_refused(stamps, clock_start_s):
    with pytest.raises(InvalidInputError, match=r"jump back by .* at row 3002.*split the file"):
        order_rows(stamps, first_row_number=2, clock_start_s=clock_start_s)
