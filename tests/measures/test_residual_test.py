"""The residual of a spectral model against its exponential law."""

from __future__ import annotations

import numpy as np

from tremor.measures.residual_test import Ratios, check_ratios

FREQUENCY_HZ = np.arange(80, 241) / 20.0
EVERY = np.ones(len(FREQUENCY_HZ), dtype=bool)


def checked(ratio, independent=EVERY, **keywords):
    return check_ratios([Ratios(FREQUENCY_HZ, ratio, independent)], **keywords)


def exponential(seed, n_segments=4):
    return np.random.default_rng(seed).exponential(size=(n_segments, len(FREQUENCY_HZ)))


def test_a_model_that_holds_is_rarely_refused():
    p_values = np.array([checked(exponential(seed)).p_value for seed in range(200)])
    # 5 % of 200: more than 19 once in a hundred draws (binomial).
    assert 1 <= np.count_nonzero(p_values < 0.05) <= 19


def test_a_hump_that_the_model_lacks_is_found_where_it_is():
    ratio = exponential(1)
    ratio[:, np.abs(FREQUENCY_HZ - 9.0) < 0.3] *= 4.0
    found = checked(ratio)
    assert found.p_value < 1e-6
    assert abs(found.at_hz - 9.0) < 0.3
    assert np.log(2.5) < found.misfit < np.log(6.0)
    assert found.is_doubtful
    assert not found.holds


def test_a_misfit_of_a_few_percent_over_an_hour_is_significant_and_does_not_matter():
    ratio = exponential(2, n_segments=2000)
    ratio[:, 40:80] *= 1.06
    found = checked(ratio)
    assert found.p_value < 1e-6
    assert found.holds
    assert not found.is_doubtful


def test_bins_of_leakage_are_tested_only_if_asked_for():
    ratio = exponential(3)
    leaks = np.abs(FREQUENCY_HZ - 8.0) < 1.0
    ratio[:, leaks] *= 5.0
    assert checked(ratio, ~leaks).p_value > 0.01
    assert checked(ratio, ~leaks, every_bin=True).p_value < 1e-6


def test_without_a_bin_to_test_the_model_stands():
    found = checked(exponential(4), ~EVERY)
    assert (found.p_value, found.holds) == (1.0, True)
