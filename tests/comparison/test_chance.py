"""Factors and their intervals against drawn sessions of known truth."""

import math

import numpy as np
import pytest

from tremor.comparison.chance import between_sessions_sd, detectable_factor, factor_of
from tremor.comparison.changes import verdict_of
from tremor.estimate import Estimate
from tremor.notes import note


def measured(value, sd):
    return Estimate(value, value * math.exp(-1.96 * sd), value * math.exp(1.96 * sd))


def test_factor_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth, sd, covered = 1.7, 0.12, 0
    for one, other in rng.normal(0.0, sd, (2000, 2)):
        found = factor_of(measured(0.2 * math.exp(one), sd), measured(0.34 * math.exp(other), sd))
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / 2000 <= 0.97


def test_factor_of_the_swapped_sessions_is_the_inverse():
    one, other = measured(0.2, 0.1), measured(0.5, 0.2)
    there, back = factor_of(one, other), factor_of(other, one)
    assert there.value == pytest.approx(1.0 / back.value)
    assert there.low == pytest.approx(1.0 / back.high)


def test_what_is_missing_is_missing_with_its_reason():
    found = factor_of(Estimate.missing(note("NO_EPISODE")), measured(0.5, 0.1))
    assert found.value is None
    assert found.reason.code == "NO_EPISODE"


def test_open_limit_leaves_the_factor_without_interval():
    found = factor_of(Estimate(60.0, 40.0, None), Estimate(90.0, 80.0, 100.0))
    assert found.value == pytest.approx(1.5)
    assert found.low is None
    assert verdict_of(found, 2.0, "literature") == "cannot_tell"


@pytest.mark.parametrize("n", [4, 6, 12])
def test_sessions_without_change_differ_by_more_than_the_detectable_factor_in_5_percent(n):
    rng = np.random.default_rng(n)
    draws = rng.normal(0.0, 0.3, (4000, n + 2))
    beyond = 0
    for row in draws:
        least = detectable_factor(*between_sessions_sd(row[:n]))
        beyond += abs(row[-1] - row[-2]) > math.log(least)
    assert 0.025 <= beyond / 4000 <= 0.065


def test_slow_rise_is_no_variation():
    rng = np.random.default_rng(3)
    sd, _ = between_sessions_sd(rng.normal(0.0, 0.1, 200) + np.linspace(0.0, 3.0, 200))
    assert sd == pytest.approx(0.1, rel=0.15)


def test_three_sessions_tell_no_variation():
    assert between_sessions_sd([0.0, 0.1, 0.2]) is None
