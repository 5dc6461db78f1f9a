"""Expected periodograms of Lorentzian and Voigt lines, and their half-power width."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures.line_shape import half_power_width_hz, lorentzian, voigt
from tremor.measures.whittle import expected_periodogram

DURATION_S = 20.0
INDEX = np.arange(80, 241)[None]
FREQUENCY_HZ = np.array([8.31])


def log_rate(bandwidth_hz):
    return np.array([np.log(np.pi * bandwidth_hz)])


def log_spread(bandwidth_hz):
    return np.array([np.log(2.0 * np.pi * bandwidth_hz / 2.354820045)])


def test_a_lorentzian_is_that_of_the_window_model():
    g, slopes = lorentzian(INDEX, FREQUENCY_HZ, log_rate(0.7), duration_s=DURATION_S)
    theta = np.array([[FREQUENCY_HZ[0], log_rate(0.7)[0], 0.0, -200.0]])
    s, relative = expected_periodogram(INDEX, theta, duration_s=DURATION_S)
    assert_allclose(g, s, rtol=1e-12)
    assert_allclose(slopes, relative[:, :2] * s[:, None], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bandwidth_hz", [0.02, 0.3, 3.0])
def test_a_voigt_line_without_spread_is_a_lorentzian(bandwidth_hz):
    rate = log_rate(bandwidth_hz)
    expected, _ = lorentzian(INDEX, FREQUENCY_HZ, rate, duration_s=DURATION_S)
    g, _ = voigt(INDEX, FREQUENCY_HZ, rate, np.array([-30.0]), duration_s=DURATION_S)
    assert_allclose(g, expected, rtol=1e-3)


@pytest.mark.parametrize("is_tapered", [False, True])
def test_slopes_are_those_of_the_line(is_tapered):
    at, step = [FREQUENCY_HZ, log_rate(0.4), log_spread(0.6)], 1e-5
    keywords = {"duration_s": DURATION_S, "is_tapered": is_tapered}
    _, slopes = voigt(INDEX, *at, **keywords)
    for parameter in range(3):
        above, below = list(at), list(at)
        above[parameter], below[parameter] = at[parameter] + step, at[parameter] - step
        numeric = voigt(INDEX, *above, **keywords)[0] - voigt(INDEX, *below, **keywords)[0]
        scale = np.abs(slopes[:, parameter]).max()
        assert_allclose(slopes[:, parameter], numeric / (2.0 * step), atol=1e-8 * scale)


def test_all_power_is_in_the_bins_with_or_without_a_taper():
    for is_tapered in (False, True):
        index = np.arange(1, 999)[None]
        g, _ = voigt(
            index, np.array([25.0]), log_rate(1e-3), log_spread(1.0), duration_s=DURATION_S,
            is_tapered=is_tapered,
        )  # fmt: skip
        assert_allclose(g.sum() / DURATION_S, 1.0, rtol=2e-3)


def test_a_taper_takes_the_leakage_away():
    shape = (INDEX, FREQUENCY_HZ, log_rate(1e-6), log_spread(0.3))
    plain, _ = voigt(*shape, duration_s=DURATION_S)
    tapered, _ = voigt(*shape, duration_s=DURATION_S, is_tapered=True)
    assert plain[0, 0] > 1e4 * tapered[0, 0]


@pytest.mark.parametrize(("narrow_hz", "wide_hz"), [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.2, 1.0)])
def test_the_width_is_where_the_power_is_half(narrow_hz, wide_hz):
    rate, spread = np.pi * narrow_hz, 2.0 * np.pi * wide_hz / 2.354820045
    width_hz, _ = half_power_width_hz(np.array([rate]), np.array([spread]))
    # Windows of ten minutes blur next to nothing.
    index = np.round((8.0 + np.array([[0.0, width_hz[0] / 2.0]])) * 600.0).astype(int)
    g, _ = voigt(
        np.arange(index[0, 0], index[0, 1] + 1)[None], np.array([8.0]),
        np.log(np.array([rate + 1e-9])), np.log(np.array([spread + 1e-9])), duration_s=600.0,
    )  # fmt: skip
    assert_allclose(g[0, -1] / g[0, 0], 0.5, rtol=0.02)


def test_the_slopes_of_the_width_add_up():
    # Twice both parts is twice the width.
    _, slopes = half_power_width_hz(np.array([2.0]), np.array([3.0]))
    assert_allclose(slopes.sum(), 1.0, rtol=1e-12)
