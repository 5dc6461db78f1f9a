"""The least-squares sine: exact without noise, efficient with it, and aware of its limits."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar

from tremor.dsp.filters import count_slow, remove_slow, slow_cosines
from tremor.measures.sine import _slow_coefficients_of_waves, fit_sines
from tremor.synthesis import narrowband, tone

FS = 100.0
BAND_HZ = (3.0, 15.0)
CUTOFF_HZ = 1.5


def fitted(windows, start_hz, *, fs=FS, band_hz=BAND_HZ):
    moving = remove_slow(windows, fs=fs, cutoff_hz=CUTOFF_HZ)
    return fit_sines(
        moving, np.asarray(start_hz, dtype=float), fs=fs, cutoff_hz=CUTOFF_HZ, band_hz=band_hz
    )


def sines(frequency_hz, *, n=400, fs=FS, rms_ms2=0.3, axis_ratio=0.3, noise_ms2=0.0, seed=1):
    rng = np.random.default_rng(seed)
    clean = [
        tone(
            n, fs, frequency_hz=f, rms_ms2=rms_ms2, direction=tuple(rng.normal(size=3)),
            axis_ratio=axis_ratio, phase_rad=rng.uniform(0, 2 * np.pi),
        ).T
        for f in frequency_hz
    ]  # fmt: skip
    return np.array(clean) + rng.normal(0, noise_ms2, (len(clean), 3, n))


@pytest.mark.parametrize("fs", [25.0, 52.0, 100.0, 416.0])
@pytest.mark.parametrize("duration_s", [2.0, 4.0, 10.0])
def test_without_noise_it_is_exact_off_the_grid_from_half_a_bin_away(fs, duration_s):
    rng = np.random.default_rng(2)
    f = rng.uniform(4.0, 10.0, 12)
    start_hz = f + rng.uniform(-0.4, 0.4, 12) / duration_s
    found = fitted(sines(f, n=round(duration_s * fs), fs=fs), start_hz, fs=fs, band_hz=(3.0, 11.25))
    # Gauss-Newton is quadratic near the end; what is left is rounding.
    assert_allclose(found.frequency_hz, f, rtol=0, atol=1e-9)
    assert_allclose(found.power, 0.09, rtol=1e-9)


def test_it_is_the_best_sine_there_is_beside_tilt_and_sway():
    x = sines([6.37], noise_ms2=0.2, seed=3) + np.linspace(0, 1, 400) + 9.81
    n_slow = count_slow(400, fs=FS, cutoff_hz=CUTOFF_HZ)
    time_s = np.arange(400) / FS

    def residual(f):
        waves = np.column_stack(
            [np.cos(2 * np.pi * f * time_s), np.sin(2 * np.pi * f * time_s),
             slow_cosines(400, n_slow)]
        )  # fmt: skip
        fit = waves @ np.linalg.lstsq(waves, x[0].T, rcond=None)[0]
        return ((x[0].T - fit) ** 2).sum()

    best = minimize_scalar(residual, bounds=(6.2, 6.55), method="bounded", options={"xatol": 1e-9})
    # A minimum is found to the root of the rounding of its value: 1e-8 of the width of it.
    assert_allclose(fitted(x, [6.45]).frequency_hz, best.x, rtol=0, atol=1e-6)


def test_the_interval_is_the_cramer_rao_bound():
    n, noise_ms2, rms_ms2 = 1000, 0.1, 0.3
    found = fitted(
        sines([7.77] * 200, n=n, noise_ms2=noise_ms2, rms_ms2=rms_ms2), np.full(200, 7.75)
    )
    snr = rms_ms2**2 / noise_ms2**2
    bound_hz = np.sqrt(12.0 / (snr * n * (n**2 - 1))) * FS / (2 * np.pi)
    # The noise of a window is estimated from 64 bins of three axes or more: 7 % at most, a half
    # of it in the root, 1.25 / sqrt(200) in the median; four of those and 0.5 % for the slow
    # cosines. (Not the mean: one tone in a hundred is taken for a line and gets a wider one.)
    assert_allclose(np.median(found.half_hz), 1.96 * bound_hz, rtol=0.018)
    error = found.frequency_hz - 7.77
    # Chi-square of 200: 0.86 to 1.15 at 99.8 %.
    assert 0.85 < np.sqrt(np.mean(error**2)) / bound_hz < 1.16
    assert 0.90 <= np.mean(np.abs(error) <= found.half_hz) <= 0.995


@pytest.mark.parametrize("n_axes", [1, 3])
def test_the_power_and_the_noise_are_without_bias_even_where_the_tone_is_weak(n_axes):
    noise_ms2, rms_ms2, count = 0.3, 0.15, 600
    rng = np.random.default_rng(5)
    x = np.zeros((count, 3, 400))
    x[:, :n_axes] = rng.normal(0, noise_ms2, (count, n_axes, 400))
    x[:, 0] += tone(400, FS, frequency_hz=9.1, rms_ms2=rms_ms2, direction=(1, 0, 0))[:, 0]
    found = fitted(x, np.full(count, 9.1))
    # Of a power P in noise: variance 4 P sigma^2 / n to leading order; four standard errors.
    # The frequency was fitted too, which takes up sigma^2 / n more: 1 % of P.
    sd = np.sqrt(4 * rms_ms2**2 * noise_ms2**2 / 400 + 8 * n_axes * (noise_ms2**2 / 400) ** 2)
    assert_allclose(
        found.power.mean(), rms_ms2**2, rtol=0,
        atol=4 * sd / np.sqrt(count) + noise_ms2**2 / 400,
    )  # fmt: skip
    assert_allclose(found.noise.mean(), 2 * noise_ms2**2 / FS, rtol=0.02)


def test_tones_are_told_from_lines():
    rng = np.random.default_rng(6)
    tones = fitted(sines([8.13] * 300, noise_ms2=0.05, seed=6), np.full(300, 8.13))
    # 1 % of true tones are taken for lines: 3 of 300 and four binomial standard deviations.
    assert np.mean(~tones.is_sufficient) <= 0.01 + 4 * np.sqrt(0.01 / 300)
    lines = np.array(
        [narrowband(400, FS, frequency_hz=8.13, bandwidth_hz=1.0, rms_ms2=0.3, rng=rng).T
         for _ in range(100)]
    ) + rng.normal(0, 0.05, (100, 3, 400))  # fmt: skip
    assert not fitted(lines, np.full(100, 8.13)).is_sufficient.any()


def test_a_window_alone_gives_the_bits_that_it_gives_among_others():
    f = np.linspace(4.1, 11.9, 9)
    x = sines(f, noise_ms2=0.1, seed=7)
    together = fitted(x, f + 0.05)
    for k in range(9):
        alone = fitted(x[k : k + 1], f[k : k + 1] + 0.05)
        for name in type(together).__slots__:
            assert_array_equal(getattr(alone, name)[0], getattr(together, name)[k], err_msg=name)


def test_the_frequency_stays_within_the_band():
    x = sines([15.1, 2.9], noise_ms2=0.01, seed=8)
    found = fitted(x, [15.0, 3.0])
    assert_array_equal(found.frequency_hz, [15.0, 3.0])


def test_nothing_is_written_into():
    x = remove_slow(sines([8.1, 9.2]), fs=FS, cutoff_hz=CUTOFF_HZ)
    start_hz = np.array([8.0, 9.3])
    before = x.copy()
    x.flags.writeable = start_hz.flags.writeable = False
    fit_sines(x, start_hz, fs=FS, cutoff_hz=CUTOFF_HZ, band_hz=BAND_HZ)
    assert_array_equal(x, before)
    assert_array_equal(start_hz, [8.0, 9.3])


@pytest.mark.parametrize(("duration_s", "bandwidth_hz"), [(4.0, 0.02), (10.0, 0.005), (10.0, 0.02)])
def test_a_phase_that_wanders_widens_the_interval(duration_s, bandwidth_hz):
    n, count = round(duration_s * FS), 200
    rng = np.random.default_rng(9)
    steps = rng.normal(0.0, np.sqrt(2.0 * np.pi * bandwidth_hz / FS), (count, n))
    turns = 2 * np.pi * 7.77 * np.arange(n) / FS + rng.uniform(0, 2 * np.pi, (count, 1))
    wave = np.sqrt(2) * 0.3 * np.cos(turns + np.cumsum(steps, axis=1))
    x = wave[:, None, :] * np.array([0.6, 0.64, 0.48])[:, None] + rng.normal(0, 0.05, (count, 3, n))
    found = fitted(x, np.full(count, 7.77))
    error = np.abs(found.frequency_hz - 7.77)
    # 0.9 less three binomial standard deviations; noise alone covers a tenth of them.
    assert np.mean(error <= found.half_hz) > 0.84
    assert np.mean(error <= found.noise_half_hz) < 0.5
    # One-sided, 95 %.
    assert np.mean(bandwidth_hz <= found.most_bandwidth_hz) > 0.85


@pytest.mark.parametrize("n", [2000, 2001])
def test_slow_cosines_of_a_wave_are_known_without_a_transform(n):
    frequency_hz = np.array([3.0, 7.123, 14.9])
    time = (np.arange(n) - (n - 1) / 2.0) / FS
    phase = 2.0 * np.pi * frequency_hz[:, None] * time
    cosine, sine = np.cos(phase), np.sin(phase)
    waves = [cosine, sine, -2.0 * np.pi * time * sine, 2.0 * np.pi * time * cosine]
    found = _slow_coefficients_of_waves(frequency_hz, n_samples=n, n_slow=61, fs=FS)
    assert_allclose(found, np.stack(waves, axis=1) @ slow_cosines(n, 61), rtol=0.0, atol=1e-10)
