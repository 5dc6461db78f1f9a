"""Strength at both ends of a rest, where no decay tells it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures.decay_levels import end_levels
from tremor.measures.decay_posterior import RmsSeries
from tremor.report.messages import sentence
from tremor.settings.recoveries import RecoverySettings

RULES = RecoverySettings()


def series(n, *, sd=0.14, seed=0, rms=0.3):
    t = 2.0 + 4.0 * np.arange(n)
    scatter = sd * np.random.default_rng(seed).standard_normal(n)
    return RmsSeries(t, rms * np.exp(scatter), np.full(n, sd**2))


def as_it_is(rms):
    return rms


def test_levels_are_those_of_the_ends():
    points = series(80)
    turned = points._replace(rms_ms2=points.rms_ms2 * np.linspace(1.0, 0.2, 80))
    initial, final = end_levels(turned, as_it_is, rules=RULES)
    assert_allclose(initial.value, 0.3 * 0.96, rtol=0.15)
    assert_allclose(final.value, 0.3 * 0.24, rtol=0.15)


def test_intervals_hold_the_strength():
    """Of 200 intervals at 95 %, fewer than 180 come once in 1000 sets."""
    held = 0
    for seed in range(100):
        for level in end_levels(series(60, seed=seed), as_it_is, rules=RULES):
            truth = 0.3 * np.exp(0.14**2)  # the mean power of the scattered points
            held += level.low <= truth <= level.high
    assert held >= 180


@pytest.mark.parametrize(("n", "mean_of"), [(60, "30 s"), (8, "14 s")])
def test_a_short_rest_is_halved(n, mean_of):
    initial, _ = end_levels(series(n), as_it_is, rules=RULES)
    assert mean_of in initial.method


def test_noise_alone_is_a_level_of_zero():
    def remove_noise(rms):
        return np.sqrt(np.maximum(rms**2 - 0.3**2, 0.0))

    initial, _ = end_levels(series(60, rms=0.29), remove_noise, rules=RULES)
    assert initial.low == 0.0
    assert 0.0 < initial.high < 0.2


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_points_have_no_ends(n):
    initial, final = end_levels(series(n), as_it_is, rules=RULES)
    assert initial.value is None
    assert final.value is None
    assert "too short" in sentence(initial.reason)
