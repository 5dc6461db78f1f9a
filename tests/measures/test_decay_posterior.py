"""The posterior of a decay: its algebra against dense matrices, its priors, and the thinning."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures import decay_posterior
from tremor.measures.decay_posterior import (
    RmsSeries,
    coarse_posterior,
    refine_posterior,
    thin_series,
)
from tremor.settings import DECAY_PRIOR


def points_of(n=60, *, half_life_s=40.0, seed=0, sd=0.1):
    t = 2.0 + 4.0 * np.arange(n)
    rms = np.hypot(0.5 * 0.5 ** (t / half_life_s), 0.05)
    rms = rms * np.exp(sd * np.random.default_rng(seed).standard_normal(n))
    return RmsSeries(t, rms, np.full(n, sd**2))


def test_products_are_those_of_dense_matrices():
    rng = np.random.default_rng(2)
    t = np.cumsum(rng.uniform(1.0, 9.0, 20))
    variance = rng.uniform(0.01, 0.04, 20)
    waxing = decay_posterior._Waxing.of(rng.uniform(0.1, 1.0, 20))
    columns = rng.standard_normal((20, 3))
    products, log_det = decay_posterior._products(t, variance, waxing, columns)
    for k in (0, 17, 43, len(waxing.log_sd) - 1):
        near = np.exp(-np.abs(np.subtract.outer(t, t)) / waxing.time_s[k])
        share = waxing.share[k]
        covariance = np.diag(variance) + waxing.log_sd[k] ** 2 * np.outer(share, share) * near
        assert_allclose(products[k], columns.T @ np.linalg.solve(covariance, columns), rtol=1e-8)
        assert_allclose(log_det[k], np.linalg.slogdet(covariance)[1], rtol=1e-8, atol=1e-8)


def test_curves_inside_few_dimensions_lose_nothing():
    """The misfit of a curve, computed with all of the matrix and in the basis of the grid."""
    points = points_of()
    waxing = decay_posterior._Waxing.of(np.ones(60))
    tau, level = decay_posterior._Grid((2.3, 8.0), (-4.0, 4.0)).cells()
    curves = decay_posterior._log_curves(points.time_s, tau, level, is_floor_known=True)
    log_floor = np.log(0.05)
    weights = decay_posterior._weigh(points, waxing, curves, log_floor=log_floor).log_weight
    value = np.log(points.rms_ms2) + points.log_variance - log_floor
    for k in (0, 25, 59):
        near = np.exp(-np.abs(np.subtract.outer(points.time_s, points.time_s)) / waxing.time_s[k])
        covariance = np.diag(points.log_variance) + waxing.log_sd[k] ** 2 * near
        misfit = value - curves[::200]
        expected = -0.5 * np.sum(misfit * np.linalg.solve(covariance, misfit.T).T, axis=1)
        expected += waxing.log_prior[k] - 0.5 * np.linalg.slogdet(covariance)[1]
        assert_allclose(weights[k, ::200], expected, rtol=1e-3, atol=1e-2)


def test_the_prior_of_the_time_is_a_share_and_is_highest_at_10_to_30_s():
    log_prior = decay_posterior._log_prior_of_time()
    assert_allclose(np.exp(log_prior).sum(), 1.0)
    assert DECAY_PRIOR.waxing_time_s[int(np.argmax(log_prior))] == 16.0


def test_steps_of_the_strength_weigh_by_their_width():
    """Against the half-normal integrated from 0.025 to 0.775, in units of the first step."""
    total = np.exp(decay_posterior._log_prior_of_sd()).sum() * 0.05
    x = np.linspace(0.025, 0.775, 10_001)
    whole = np.trapezoid(np.exp(-0.5 * (x / 0.3) ** 2), x)
    assert_allclose(total, whole, rtol=0.02)


@pytest.mark.parametrize("floor_ms2", [None, 0.05])
def test_draws_hold_the_truth(floor_ms2):
    fit = refine_posterior(coarse_posterior(points_of(), floor_ms2=floor_ms2))
    low, high = np.quantile(np.exp(fit.log_tau) * np.log(2.0), [0.005, 0.995])
    assert low < 40.0 < high
    assert fit.log_bayes_factor > 10.0
    assert_allclose(np.median(fit.floor_rms()), 0.05, rtol=0.15)
    assert fit.rms([0.0, 10.0], every=4).shape == (1000, 2)


def test_few_points_stay_as_they_are_and_many_keep_their_power():
    few = points_of(200)
    assert thin_series(few) is few
    many = points_of(5000, half_life_s=1e6, sd=0.05)
    fewer = thin_series(many)
    assert 100 < len(fewer.time_s) <= 300
    assert (np.diff(fewer.time_s) > 0.0).all()
    assert_allclose(np.mean(fewer.rms_ms2**2), np.mean(many.rms_ms2**2), rtol=0.02)
    assert (fewer.log_variance <= many.log_variance[0]).all()
