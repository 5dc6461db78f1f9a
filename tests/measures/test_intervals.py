"""Intervals cover as often as their level says."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats

from tremor.estimate import LEVEL
from tremor.measures.intervals import (
    NORMAL_QUANTILE,
    chi_square_factors,
    estimate_of,
    student_quantile,
    widened_for_missing,
)


def test_chi_square_factors_hold_the_power_as_often_as_they_say():
    rng = np.random.default_rng(9)
    for freedom in (3.0, 12.0, 200.0):
        power = rng.chisquare(freedom, 20_000) / freedom  # of a true power of 1
        low, high = chi_square_factors(np.array([freedom]))[0]
        held = np.mean((power * low <= 1.0) & (power * high >= 1.0))
        assert_allclose(held, 0.95, atol=4 * np.sqrt(0.95 * 0.05 / 20_000))


def test_the_quantiles_are_those_of_the_level():
    assert_allclose(NORMAL_QUANTILE, stats.norm.ppf(0.5 + LEVEL / 2.0), rtol=1e-12)
    freedom = np.array([2.0, 4.5, 30.0])
    assert_allclose(student_quantile(freedom), stats.t.ppf(0.5 + LEVEL / 2.0, freedom), rtol=1e-9)


def test_an_estimate_has_the_level_and_its_method():
    found = estimate_of(np.array([8.0, 7.5, 8.6]), "whittle")
    assert (found.value, found.low, found.high) == (8.0, 7.5, 8.6)
    assert (found.level, found.method) == (LEVEL, "whittle")


def test_missing_samples_widen_an_interval_and_keep_its_value():
    estimates = np.array([[0.3, 0.299, 0.301]] * 3)
    missing = np.array([0.0, 0.1, 0.1])
    is_sine = np.array([True, True, False])
    for name in ("frequency_hz", "rms_ms2"):
        wider = widened_for_missing(estimates, missing, is_sine=is_sine, name=name)
        assert_allclose(wider[:, 0], 0.3, rtol=0)
        assert_allclose(wider[0], estimates[0], rtol=1e-12)
        half = (wider[:, 2] - wider[:, 1]) / 2.0
        in_holes = 0.07 * 0.1 * 0.3 if name == "rms_ms2" else 0.0
        assert_allclose(half[1:], np.hypot(0.001 * np.array([0.9**-2, 0.9**-0.5]), in_holes))
