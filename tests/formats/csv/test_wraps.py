"""Clocks that run over: counters, midnight, summer time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tremor.formats.csv.wraps import (
    SPANS_OF_DAY,
    SPANS_OF_HOUR,
    RunningUnwrap,
    spans_of_counter,
)

LENGTH_S = {"ms": 1e-3, "us": 1e-6}


@settings(max_examples=120, deadline=None)
@given(
    unit=st.sampled_from(["ms", "us"]),
    bits=st.sampled_from([16, 24, 30, 31, 32]),
    rate_hz=st.sampled_from([25.0, 50.0, 100.0, 400.0]),
    place=st.floats(0.1, 0.9),
    lost=st.integers(0, 1),
    cut=st.integers(1, 1999),
)
def test_stamps_go_on_over_the_end_of_a_counter(unit, bits, rate_hz, place, lost, cut):
    span_s = 2**bits * LENGTH_S[unit]
    if span_s < 6.0 / rate_hz:
        return  # it ends more often than samples are taken
    time_s = np.arange(2000 + lost) / rate_hz
    start_s = max(0.0, span_s - place * time_s[-1])
    ticks = np.floor((start_s + time_s) / LENGTH_S[unit]) % 2**bits
    if lost:
        at = int(np.argmin(np.abs(start_s + time_s - span_s)))
        time_s, ticks = np.delete(time_s, at), np.delete(ticks, at)
    read_s = (ticks - ticks[0]) * LENGTH_S[unit]
    unwrap = RunningUnwrap(spans_of_counter(unit), 1.0 / rate_hz, float(ticks[0]) * LENGTH_S[unit])
    found_s = unwrap.add(read_s)
    assert_allclose(found_s, time_s - time_s[0], atol=1.1 * LENGTH_S[unit])
    said = unwrap.notes()
    assert [one.code for one in said] == ["CLOCK_WRAPPED"]
    assert said[0].values["span_s"] == pytest.approx(span_s)
    if span_s > 1.0:  # a shorter one is told by all falls of the first rows together
        unwrap = RunningUnwrap(
            spans_of_counter(unit), 1.0 / rate_hz, float(ticks[0]) * LENGTH_S[unit]
        )
        parts = [unwrap.add(part) for part in np.split(read_s, [cut])]
        assert_allclose(np.concatenate(parts), found_s)


@pytest.mark.parametrize("back_s", [0.4, 3.0, 60.0, 65.0, 1000.0, 4000.0])
def test_a_clock_set_back_is_no_wrap(back_s):
    stamps = np.arange(10_000) / 100.0
    stamps[5000:] -= back_s
    for unit in ("s", "ms", "us", "ns"):
        unwrap = RunningUnwrap(spans_of_counter(unit), 0.01, start_s=5000.0)
        assert_allclose(unwrap.add(stamps), stamps)
        assert unwrap.notes() == []


@pytest.mark.parametrize(
    ("spans", "start_s", "span_s"),
    [(SPANS_OF_DAY, 86_390.0, 86_400.0), (SPANS_OF_HOUR, 3590.0, 3600.0)],
)
def test_midnight_and_the_hour_are_passed_without_a_word(spans, start_s, span_s):
    time_s = np.arange(4000) / 100.0
    read_s = (start_s + time_s) % span_s - start_s
    unwrap = RunningUnwrap(spans, 0.01, start_s, is_local=True)
    assert_allclose(unwrap.add(read_s), time_s, atol=1e-9)
    assert unwrap.notes() == []


def test_noon_of_a_clock_of_twelve_hours_is_passed():
    time_s = np.arange(4000) / 100.0
    read_s = 3600.0 + (43_200.0 - 20.0 + time_s) % 43_200.0
    unwrap = RunningUnwrap(SPANS_OF_DAY, 0.01, float(read_s[0]))
    assert_allclose(unwrap.add(read_s - read_s[0]), time_s, atol=1e-9)


@pytest.mark.parametrize("hour_s", [3600.0, -3600.0])
def test_an_hour_of_summer_time_is_closed_and_named(hour_s):
    stamps = np.arange(6000) / 100.0
    stamps[3000:] += hour_s
    unwrap = RunningUnwrap((), 0.01, is_local=True)
    assert_allclose(unwrap.add(stamps), np.arange(6000) / 100.0, atol=1e-9)
    assert unwrap.notes()[0].values == {"hours": round(hour_s / 3600), "at_s": pytest.approx(30.0)}


def test_a_hole_of_nearly_an_hour_stays_a_hole():
    stamps = np.arange(6000) / 100.0
    stamps[3000:] += 3599.0
    unwrap = RunningUnwrap((), 0.01, is_local=True)
    assert_allclose(unwrap.add(stamps), stamps)
