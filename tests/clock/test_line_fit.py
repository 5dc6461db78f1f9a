"""One slope with grouped intercepts: least squares, outliers, and its standard deviation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.clock.line_fit import centre, fit_slope, slope_sd


def points(rng, *, n_groups=4, n=50, sd=0.0):
    group = np.repeat(np.arange(n_groups), n)
    x = np.sort(rng.uniform(0.0, 1000.0, len(group)))
    y = 0.01 * x + rng.normal(0.0, 5.0, n_groups)[group] + sd * rng.standard_normal(len(group))
    return x, y, group


@pytest.mark.parametrize("n_groups", [1, 4])
def test_the_slope_is_that_of_least_squares_with_an_intercept_for_each_group(n_groups):
    x, y, group = points(np.random.default_rng(1), n_groups=n_groups, sd=0.3)
    design = np.column_stack([x, *(group == number for number in range(n_groups))])
    expected = np.linalg.lstsq(design, y, rcond=None)[0][0]
    assert_allclose(fit_slope(centre(x, group), centre(y, group)), expected, rtol=1e-9)


def test_without_groups_all_values_are_one():
    values = np.array([1.0, 2.0, 6.0])
    assert_allclose(centre(values), [-2.0, -1.0, 3.0])
    assert_allclose(centre(values, np.zeros(3, dtype=np.int64)), centre(values))


def test_few_outliers_do_not_move_the_slope():
    rng = np.random.default_rng(2)
    x, y, _ = points(rng, n_groups=1, n=400, sd=1e-4)
    clean = fit_slope(centre(x), centre(y), reject_outliers=True)
    y[:10] += 30.0
    assert_allclose(fit_slope(centre(x), centre(y), reject_outliers=True), clean, rtol=1e-4)
    assert abs(fit_slope(centre(x), centre(y)) / clean - 1.0) > 0.1


def test_many_outliers_are_another_line_and_stay():
    x, y, _ = points(np.random.default_rng(3), n_groups=1, n=400)
    y[:100] += 30.0
    x, y = centre(x), centre(y)
    assert fit_slope(x, y, reject_outliers=True) == fit_slope(x, y)


def test_groups_of_single_points_have_no_slope():
    x, y = np.array([0.0, 5.0]), np.array([1.0, 2.0])
    group = np.array([0, 1])
    assert math.isnan(fit_slope(centre(x, group), centre(y, group)))


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_standard_deviation_is_that_of_repeated_fits(correlation):
    rng = np.random.default_rng(4)
    x = centre(np.arange(200.0))
    slopes, variances = [], []
    for _ in range(500):
        noise = rng.standard_normal(200)
        for row in range(1, 200):
            noise[row] = correlation * noise[row - 1] + math.sqrt(1 - correlation**2) * noise[row]
        y = centre(noise)
        slope = fit_slope(x, y)
        slopes.append(slope)
        variances.append(slope_sd(x, y - slope * x, degrees_of_freedom=198) ** 2)
    # The sd of 500 slopes is known to 3 %; the estimated correlation is low by about 2 / 200.
    assert_allclose(math.sqrt(np.mean(variances)), np.std(slopes), rtol=0.12)
