"""The posterior of a decay: its algebra against dense matrices, its priors, and the thinning."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures import decay_posterior, decay_waxing
from tremor.measures.decay_grid import Block, log_curves
from tremor.measures.decay_posterior import (
    RmsSeries,
    coarse_posterior,
    refine_posterior,
    thin_series,
)
from tremor.measures.decay_waxing import Waxing, products
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
    waxing = Waxing.of(rng.uniform(0.1, 1.0, 20))
    columns = rng.standard_normal((20, 3))
    found, log_det = products(t, variance, waxing, columns)
    for k in (0, 17, 43, len(waxing.log_sd) - 1):
        near = np.exp(-np.abs(np.subtract.outer(t, t)) / waxing.time_s[k])
        share = waxing.share[k]
        covariance = np.diag(variance) + waxing.log_sd[k] ** 2 * np.outer(share, share) * near
        assert_allclose(found[k], columns.T @ np.linalg.solve(covariance, columns), rtol=1e-8)
        assert_allclose(log_det[k], np.linalg.slogdet(covariance)[1], rtol=1e-8, atol=1e-8)


BOXES = [
    Block.at_once((2.3, 8.0), (-4.0, 4.0), log_prior=0.0),
    Block.later((2.3, 8.0), (-4.0, 4.0), (0.0, 180.0), log_prior=0.0),
]


@pytest.mark.parametrize("block", BOXES, ids=["at once", "later"])
def test_curves_inside_few_dimensions_lose_nothing(block):
    """The misfit of a curve, computed with all of the matrix and in the basis of the grid."""
    points = points_of()
    waxing = Waxing.of(np.ones(60))
    curves = log_curves(points.time_s, block.cells(), is_floor_known=True)
    log_floor = np.log(0.05)
    weights = decay_posterior._weigh(
        points, waxing, curves, log_floor=log_floor, kinks=block.has_onset
    ).log_weight
    value = np.log(points.rms_ms2) + points.log_variance - log_floor
    for k in (0, 25, 59):
        near = np.exp(-np.abs(np.subtract.outer(points.time_s, points.time_s)) / waxing.time_s[k])
        covariance = np.diag(points.log_variance) + waxing.log_sd[k] ** 2 * near
        misfit = value - curves[::200]
        expected = -0.5 * np.sum(misfit * np.linalg.solve(covariance, misfit.T).T, axis=1)
        expected += waxing.log_prior[k] - 0.5 * np.linalg.slogdet(covariance)[1]
        assert_allclose(weights[k, ::200], expected, rtol=1e-3, atol=1e-2)


def test_scales_of_postures_are_integrated_out():
    """Against the same integral over all of the matrix, with two postures."""
    rng = np.random.default_rng(3)
    points = points_of(40)._replace(posture=(np.arange(40) > 17).astype(int))
    waxing = Waxing.of(np.ones(40))
    curves = log_curves(points.time_s, BOXES[0].cells(), is_floor_known=True)
    weights = decay_posterior._weigh(points, waxing, curves, log_floor=None, kinks=False)
    value = np.log(points.rms_ms2) + points.log_variance
    design = np.stack([points.posture == 0, points.posture == 1], axis=1).astype(float)
    for k in (0, 25, 59):
        near = np.exp(-np.abs(np.subtract.outer(points.time_s, points.time_s)) / waxing.time_s[k])
        inverse = np.linalg.inv(np.diag(points.log_variance) + waxing.log_sd[k] ** 2 * near)
        free = design.T @ inverse @ design
        for cell in rng.integers(0, len(curves), 5):
            residual = value - curves[cell]
            scale = np.linalg.solve(free, design.T @ inverse @ residual)
            found = weights.scales(np.array([k]), np.array([cell]), np.zeros((1, 2)))[0]
            assert_allclose(found, scale, atol=2e-3)
            left = residual - design @ scale
            expected = waxing.log_prior[k] - 0.5 * left @ inverse @ left
            expected += 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * np.linalg.slogdet(free)[1]
            assert_allclose(weights.log_weight[k, cell], expected, rtol=1e-3, atol=1e-2)


def test_a_box_narrows_to_where_the_weight_is():
    block = BOXES[1]
    tau, _, onset = block.cells()
    weight = np.exp(-0.5 * ((tau - 4.0) / 0.1) ** 2 - 0.5 * ((onset - 60.0) / 10.0) ** 2)
    narrower = block.zoomed(weight / weight.sum())
    assert narrower.limits[0][0] < 4.0 < narrower.limits[0][1]
    assert narrower.limits[0][1] - narrower.limits[0][0] < 2.0
    assert narrower.limits[1] == block.limits[1]
    assert narrower.limits[2][0] < 60.0 < narrower.limits[2][1]
    volume = [np.prod(np.diff(one.limits)[:, 0]) for one in (narrower, block)]
    assert_allclose(narrower.log_prior, np.log(volume[0] / volume[1]))


@pytest.mark.parametrize("onset_s", [0.0, 90.0])
def test_a_plateau_before_the_decay_is_found_where_there_is_one(onset_s):
    points = points_of(90)
    fading = 0.5 ** (np.maximum(points.time_s - onset_s, 0.0) / 40.0)
    noise = np.exp(0.1 * np.random.default_rng(1).standard_normal(90))
    fit = refine_posterior(
        coarse_posterior(
            points._replace(rms_ms2=np.hypot(0.5 * fading, 0.05) * noise), floor_ms2=None
        )
    )
    low, high = np.quantile(fit.cells.onset_s, [0.005, 0.995])
    assert low <= onset_s <= high
    assert (fit.plateau_share > 0.9) == (onset_s > 0.0)
    low, high = np.quantile(fit.tau_s * np.log(2.0), [0.005, 0.995])
    assert low < 40.0 < high


def test_a_step_between_postures_is_no_decay():
    t = 2.0 + 4.0 * np.arange(70)
    posture = (t > 140.0).astype(int)
    rms = 0.4 * 0.5**posture * np.exp(0.1 * np.random.default_rng(5).standard_normal(70))
    step = RmsSeries(t, rms, np.full(70, 0.01), posture)
    assert coarse_posterior(step._replace(posture=None), floor_ms2=None).log_bayes_factor > 5.0
    assert coarse_posterior(step, floor_ms2=None).log_bayes_factor < 0.0


def test_a_decay_across_postures_keeps_its_half_life_and_its_levels():
    points = points_of(90, sd=0.05)
    posture = (points.time_s > 60.0).astype(int)
    turned = points._replace(rms_ms2=points.rms_ms2 * np.where(posture, 0.4, 1.0), posture=posture)
    fit = refine_posterior(coarse_posterior(turned, floor_ms2=None))
    low, high = np.quantile(fit.tau_s * np.log(2.0), [0.005, 0.995])
    assert low < 40.0 < high
    ratio = fit.log_scale[:, 1] - fit.log_scale[:, 0]
    low, high = np.quantile(ratio, [0.005, 0.995])
    assert low < np.log(0.4) < high


def test_no_bin_of_a_thinned_series_holds_two_postures():
    many = points_of(5000)._replace(posture=(np.arange(5000) > 3000).astype(int))
    fewer = thin_series(many)
    assert set(np.unique(fewer.posture)) == {0, 1}
    change = many.time_s[3000]
    assert ((fewer.time_s > change) == (fewer.posture == 1)).all()


def test_the_prior_of_the_time_is_a_share_and_is_highest_at_10_to_30_s():
    log_prior = decay_waxing._log_prior_of_time()
    assert_allclose(np.exp(log_prior).sum(), 1.0)
    assert DECAY_PRIOR.waxing_time_s[int(np.argmax(log_prior))] == 16.0


def test_steps_of_the_strength_weigh_by_their_width():
    """Against the half-normal integrated from 0.025 to 0.775, in units of the first step."""
    total = np.exp(decay_waxing._log_prior_of_sd()).sum() * 0.05
    x = np.linspace(0.025, 0.775, 10_001)
    whole = np.trapezoid(np.exp(-0.5 * (x / 0.3) ** 2), x)
    assert_allclose(total, whole, rtol=0.02)


@pytest.mark.parametrize("floor_ms2", [None, 0.05])
def test_draws_hold_the_truth(floor_ms2):
    fit = refine_posterior(coarse_posterior(points_of(), floor_ms2=floor_ms2))
    low, high = np.quantile(fit.tau_s * np.log(2.0), [0.005, 0.995])
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
