from __future__ import annotations

import pytest

from tremor.estimate import Estimate
from tremor.notes import Note
from tremor.report.messages import interval_text
from tremor.report.numbers import (
    clock,
    figure,
    number,
    percent,
    value_text,
)
from tremor.report.view import range_text


@pytest.mark.parametrize(
    ("estimate", "value", "interval"),
    [
        (Estimate(8.3142, 8.2529, 8.3755), "8.31 Hz", "(8.25 to 8.38)"),
        (Estimate(7.999996, 7.999993, 7.999999), "8.000 Hz", "(8.000 to 8.000)"),
        (Estimate(8.3, 7.1, 9.6), "8.3 Hz", "(7.1 to 9.6)"),
        (Estimate(0.004212, 0.0041, 0.0043), "0.00421 Hz", "(0.00410 to 0.00430)"),
        (Estimate(0.2, None, 0.31), "0.200 Hz", "(up to 0.310)"),
        (Estimate(0.2, 0.1, None), "0.200 Hz", "(at least 0.100)"),
        (Estimate(123.4, None, None), "123 Hz", ""),
        (Estimate(8.0, 8.0, 8.0), "8.00 Hz", "(8.00 to 8.00)"),
        (Estimate(0.0, None, None), "0 Hz", ""),
        (Estimate.missing(Note("TEXT", {"text": "no window"})), "", ""),
    ],
)
def test_width_of_the_interval_sets_the_decimals(estimate, value, interval):
    assert value_text(estimate, "Hz") == value
    assert range_text(estimate) == interval


def test_missing_number_is_a_dash():
    assert number(None) == number(float("nan")) == "-"


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100 %"), (0.8025, "80 %"), (0.00043, "0.043 %"), (0.0, "0 %")]
)
def test_share_in_per_cent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (62.4, "1:02"), (356.5, "5:57"), (3723, "1:02:03")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        ((0.8076, 0.718, 0.9083), "0.81 Hz (0.72 to 0.91 Hz)"),
        ((82.49, 61.6, 123.3), "82 Hz (62 to 123 Hz)"),
        ((5.0, 2.0, None), "5 Hz (at least 2 Hz)"),
        ((5.0, None, 9.0), "5 Hz (at most 9 Hz)"),
        ((5.0, None, None), "5 Hz"),
    ],
)
def test_numbers_show_what_their_interval_lets_them(estimate, text):
    assert interval_text(*estimate, "Hz") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1489.6, "1490"), (60.0, "60"), (0.05, "0.05"), (9.0, "9")]
)
def test_figures(value, text):
    assert figure(value) == text
