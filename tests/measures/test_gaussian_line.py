"""Lines of Gaussian shape: what a window of them looks like, and which shape it is given."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.measures.gaussian_line import gaussian_periodogram
from tremor.measures.line_table import fit_lines
from tremor.synthesis import narrowband, ornstein_uhlenbeck

FS = 100.0
BAND_HZ = (3.0, 15.0)


def gaussian_windows(count, duration_s, bandwidth_hz, *, seed=1):
    """Complex noise of Gaussian spectrum, shifted to each frequency."""
    rng = np.random.default_rng(seed)
    n = round(duration_s * FS)
    f = rng.uniform(5.0, 11.0, count)
    axis = np.fft.fftfreq(4 * n, 1 / FS)
    root = np.exp(-2.0 * np.log(2.0) * (axis / bandwidth_hz) ** 2)
    noise = rng.normal(size=(count, 4 * n)) + 1j * rng.normal(size=(count, 4 * n))
    slow = np.fft.ifft(root * noise, axis=-1)[:, :n]
    slow *= 4 * n / np.sqrt(2 * (root**2).sum())
    wave = np.sqrt(2) * 0.2 * (slow * np.exp(2j * np.pi * f[:, None] * np.arange(n) / FS)).real
    x = wave[:, None, :] * np.array([0.6, 0.64, 0.48])[:, None]
    return x + rng.normal(0, 0.02, x.shape), f


def lorentzian_windows(count, duration_s, bandwidth_hz):
    rng = np.random.default_rng(2)
    f = rng.uniform(5.0, 11.0, count)
    x = [
        narrowband(
            round(duration_s * FS), FS, frequency_hz=one, bandwidth_hz=bandwidth_hz, rms_ms2=0.2,
            rng=rng, direction=(1.0, 2.0, 2.0),
        ).T
        for one in f
    ]  # fmt: skip
    return np.array(x) + rng.normal(0, 0.02, (count, 3, round(duration_s * FS))), f


@pytest.mark.parametrize(("duration_s", "bandwidth_hz"), [(4.0, 0.05), (4.0, 0.6), (20.0, 0.4)])
def test_the_periodogram_is_the_transform_of_the_autocovariance(duration_s, bandwidth_hz):
    count = round(8 * duration_s)
    index = round(4 * duration_s) + np.arange(count)[None]
    theta = np.array([[8.3, np.log(np.pi * bandwidth_hz), np.log(0.3), np.log(1e-3)]])
    found, slopes = gaussian_periodogram(index, theta, duration_s=duration_s)
    lag_s = (np.arange(40_000) + 0.5) / 40_000 * duration_s
    covariance = 0.3 * np.exp(-np.square(np.pi * bandwidth_hz * lag_s) / (4 * np.log(2)))
    covariance *= 1.0 - lag_s / duration_s
    for column, k in enumerate(index[0]):
        wave = np.cos(2 * np.pi * (k / duration_s - 8.3) * lag_s)
        expected = 2 * np.mean(covariance * wave) * duration_s + 1e-3
        assert_allclose(found[0, column], expected, rtol=5e-3, atol=3e-4)
    for number in range(4):
        step = np.zeros(4)
        step[number] = 1e-5
        up, down = (
            np.log(gaussian_periodogram(index, theta + sign * step, duration_s=duration_s)[0])
            for sign in (1, -1)
        )
        assert_allclose(slopes[0, number], (up - down)[0] / 2e-5, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("bandwidth_hz", [0.3, 0.6, 1.2])
def test_the_width_of_a_gaussian_line_is_its_half_power_width(bandwidth_hz):
    x, f = gaussian_windows(100, 10.0, bandwidth_hz)
    table = fit_lines(x, fs=FS, band_hz=BAND_HZ)
    value, low, high = table.bandwidth_hz.T
    # A Lorentzian would be 0.02, 0.06 and 0.2 Hz wide.
    assert_allclose(np.median(value), bandwidth_hz, rtol=0.15)
    # At 95 %: four binomial standard deviations.
    assert np.mean((low <= bandwidth_hz) & (bandwidth_hz <= high)) > 0.86
    for estimate, truth, least in ((table.frequency_hz, f, 0.82), (table.rms_ms2, 0.2, 0.84)):
        assert np.mean((estimate[:, 1] <= truth) & (truth <= estimate[:, 2])) > least


@pytest.mark.parametrize("duration_s", [10.0, 30.0])
def test_the_mean_frequency_of_a_tone_that_wanders_is_within_the_interval(duration_s):
    rng = np.random.default_rng(4)
    n, wander_s, count = round(duration_s * FS), 3.0, 60
    mean_hz, x = np.empty(count), rng.normal(0, 0.06, (count, 3, n))
    for row in range(count):
        # The real part of a complex process of unit power.
        wander = ornstein_uhlenbeck(n, FS, decay_per_s=1 / wander_s, rng=rng).real
        hz = rng.uniform(5.0, 11.0) + 0.4 * np.sqrt(2.0) * wander
        mean_hz[row] = hz.mean()
        x[row] += 0.28 * np.outer([0.6, 0.64, 0.48], np.sin(2 * np.pi * np.cumsum(hz) / FS))
    table = fit_lines(x, fs=FS, band_hz=BAND_HZ)
    _, low, high = table.frequency_hz.T
    # The centre of a Gaussian alone would cover 87 and 65 %.
    assert np.mean((low <= mean_hz) & (mean_hz <= high)) > 0.95
    # Most of them are told to be wide.
    assert np.median(table.bandwidth_hz[:, 0]) > 0.4


def test_a_lorentzian_keeps_its_shape():
    x, _ = lorentzian_windows(100, 10.0, 0.4)
    value, low, high = fit_lines(x, fs=FS, band_hz=BAND_HZ).bandwidth_hz.T
    assert_allclose(np.median(value), 0.4, rtol=0.15)
    assert np.mean((low <= 0.4) & (high >= 0.4)) > 0.86
    # A Gaussian would be a factor of three wider.
    assert np.mean(value > 1.0) < 0.05


def test_a_window_alone_gives_the_bits_that_it_gives_among_others():
    x = np.concatenate([gaussian_windows(6, 4.0, 0.6)[0], lorentzian_windows(6, 4.0, 0.4)[0]])
    together = fit_lines(x, fs=FS, band_hz=BAND_HZ)
    for row in range(len(x)):
        alone = fit_lines(x[row : row + 1], fs=FS, band_hz=BAND_HZ)
        for name in ("frequency_hz", "bandwidth_hz", "rms_ms2"):
            assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row])


def test_a_width_at_its_lower_limit_gets_a_one_sided_interval():
    t = np.arange(400) / FS
    rng = np.random.default_rng(5)
    x = 0.3 * np.sin(2 * np.pi * 8.2 * t) * np.array([0.6, 0.64, 0.48])[:, None]
    windows = x + rng.normal(0, 0.05, (20, 3, 400))
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ, method="whittle")
    value, low, high = table.bandwidth_hz.T
    held = value < 0.0051
    assert held.sum() >= 10
    assert (low[held] == 0.0).all()
    # Real: above the width, and no more than some bins of 0.25 Hz.
    assert (high[held] > value[held]).all()
    assert (high[held] < 1.0).all()
