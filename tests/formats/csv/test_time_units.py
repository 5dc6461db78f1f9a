"""The unit of numeric stamps: dates, boot clocks, counters, ticks, gaps, packets."""

import numpy as np
import pytest

from tremor.formats.csv.time_units import (
    compact_date_format,
    guess_unit,
    restart_span,
    typical_step,
)

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
RNG = np.random.default_rng(11)


def stamps(unit, rate_hz=100.0, start_s=0.0, n=600):
    seconds = np.arange(n) / rate_hz
    if unit == "s":
        return start_s + seconds
    return int(start_s * UNITS[unit]) + np.round(seconds * UNITS[unit]).astype(np.int64)


@pytest.mark.parametrize("rate_hz", [12.5, 31.25, 104.0, 208.0, 800.0])
@pytest.mark.parametrize("unit", UNITS)
def test_the_rate_shows_the_unit(unit, rate_hz):
    assert guess_unit(stamps(unit, rate_hz, start_s=77.0)).unit == unit


@pytest.mark.parametrize("unit", UNITS)
def test_an_epoch_is_a_date(unit):
    found = guess_unit(stamps(unit, start_s=1.65e9))
    assert (found.unit, found.is_date) == (unit, True)


@pytest.mark.parametrize(
    ("unit", "start_s", "rate_hz"),
    [("us", 1100.0, 50.0), ("us", 2400.0, 120.0), ("ns", 1300.0, 416.0), ("ns", 1.9e6, 52.0)],
)
def test_a_boot_clock_is_no_date(unit, start_s, rate_hz):
    # Its numbers are those of a date of 2003 to 2046 in a coarser unit.
    found = guess_unit(stamps(unit, rate_hz, start_s))
    assert (found.unit, found.is_date) == (unit, False)


def test_a_row_counter_is_no_time():
    counter = 5 + np.delete(np.arange(900), [100, 101, 400])
    found = guess_unit(counter)
    assert found.unit == ""
    assert "counter" in found.why_not


def test_ticks_of_a_watch_crystal_are_not_guessed():
    assert guess_unit(np.round(np.arange(800) * 32768 / 51.2)).unit == ""


def test_holes_and_packets_leave_the_step():
    held = np.arange(2000) / 50.0
    held[700:] += 300.0
    held[1400:] += 4000.0
    assert np.isclose(typical_step(held), 0.02)
    packets = np.repeat(np.arange(100) * 0.4, 20) + 1e-5 * RNG.random(2000)
    assert np.isclose(typical_step(packets), 0.02, rtol=0.02)
    assert np.isclose(typical_step(np.floor(np.arange(2000) / 64.0)), 1 / 64.0, rtol=0.3)


def test_stamps_that_start_again_are_told_from_gaps():
    assert restart_span(np.arange(900) * 8 % 1000) == 992
    assert restart_span(np.arange(900) * 8) is None
    once_back = np.arange(900) * 8
    once_back[500:] -= 400
    assert restart_span(once_back) is None


@pytest.mark.parametrize(
    ("numbers", "text_format"),
    [
        ([20231130235959990, 20231201000000000], "%Y%m%d%H%M%S%f"),
        ([20231130235959, 20231201000000], "%Y%m%d%H%M%S"),
        ([20231130235961, 20231201000000], ""),
        ([1_700_000_000_000, 1_700_000_000_010], ""),
    ],
)
def test_dates_without_separators(numbers, text_format):
    assert compact_date_format(np.array(numbers)) == text_format
