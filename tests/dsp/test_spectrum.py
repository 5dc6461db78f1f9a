"""Spectra are densities: power of tones, density of noise, motion of any direction."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import signal, stats

from tremor.dsp.spectrum import (
    band_bins,
    bin_frequency_hz,
    hann_psd,
    hann_psd_of_line,
    noise_floor,
    power_in,
    principal_component,
    psd,
    smooth,
    transform,
)
from tremor.synthesis import narrowband, tone

FS = 100.0
RATES = (25.0, 52.0, 100.0, 104.0, 208.0, 416.0)


def noise(n, sd=1.0, *, seed=1, windows=None):
    shape = (3, n) if windows is None else (windows, 3, n)
    return np.random.default_rng(seed).normal(0, sd, shape)


def rotation(seed):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


# --- scaling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [399, 400])
def test_parseval(n):
    x = noise(n)
    x -= x.mean(axis=1, keepdims=True)
    density = psd(transform(x, fs=FS))
    if n % 2 == 0:
        density[-1] /= 2.0  # the Nyquist bin stands for itself alone
    assert_allclose(density.sum() * FS / n, (x**2).sum(axis=0).mean(), rtol=1e-12)


@pytest.mark.parametrize("n", [399, 400])
def test_the_periodogram_is_that_of_scipy(n):
    x = noise(n)
    f, expected = signal.periodogram(
        x, fs=FS, window="boxcar", nfft=n, detrend=False, return_onesided=True,
        scaling="density", axis=-1,
    )  # fmt: skip
    inner = slice(1, (n - 1) // 2 + 1)  # the ends are not doubled there
    assert_allclose(psd(transform(x, fs=FS))[inner], expected.sum(axis=0)[inner], rtol=1e-11)
    assert_allclose(bin_frequency_hz(n, fs=FS), f, rtol=1e-15)


def test_the_tapered_one_is_that_of_scipy_with_the_same_taper():
    n = 400
    x = noise(n) + 9.81 + np.linspace(0, 3, n)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(n) + 0.5) / n)
    _, expected = signal.periodogram(
        x, fs=FS, window=taper, nfft=n, detrend="linear", return_onesided=True,
        scaling="density", axis=-1,
    )  # fmt: skip
    assert_allclose(hann_psd(x, fs=FS)[1:-1], expected.sum(axis=0)[1:-1], rtol=1e-9)


def test_padding_puts_bins_between_and_leaves_the_others():
    x = noise(401)
    plain, padded = transform(x, fs=FS), transform(x, fs=FS, pad=4)
    assert_allclose(padded[:, ::4][:, : plain.shape[1]], plain, rtol=0, atol=1e-13)


@pytest.mark.parametrize("fs", RATES)
def test_a_tone_on_a_bin_puts_all_its_power_there(fs):
    n = round(4 * fs)
    x = tone(n, fs, frequency_hz=8.0, rms_ms2=0.3, direction=(1, 2, 3), axis_ratio=0.4).T
    density = psd(transform(x, fs=fs))
    at = band_bins(n, fs=fs, low_hz=8.0, high_hz=8.0)
    assert_allclose(power_in(density, at, bin_width_hz=fs / n), 0.09, rtol=1e-12)
    assert_allclose(np.delete(density, at.start), 0.0, atol=1e-25)


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("spectrum_of", [lambda x, fs: psd(transform(x, fs=fs)), hann_psd])
def test_white_noise_has_its_density_at_every_rate(fs, spectrum_of):
    n, sd = round(4 * fs), 0.05
    density = spectrum_of(noise(n, sd, windows=60), fs=fs)
    inner = density[:, 3 : (n - 1) // 2]
    # Mean of independent exponentials, three axes a bin; the taper ties 1.94 neighbours together.
    limit = 4.0 * np.sqrt(1.94 / (3 * inner.size))
    assert_allclose(inner.mean(), 3 * sd**2 * 2 / fs, rtol=limit)


@pytest.mark.parametrize("many", [1, 5])
def test_a_window_alone_gives_the_bits_that_it_gives_among_others(many):
    x = noise(401, windows=9)
    for spectrum_of in (lambda v: transform(v, fs=FS), lambda v: hann_psd(v, fs=FS)):
        assert_array_equal(spectrum_of(x)[many : many + 1], spectrum_of(x[many : many + 1]))


def test_nothing_is_written_into():
    x = noise(400)
    before = x.copy()
    x.flags.writeable = False
    spectrum = transform(x, fs=FS)
    hann_psd(x, fs=FS)
    spectrum.flags.writeable = False
    density = psd(spectrum)
    principal_component(spectrum)
    density.flags.writeable = False
    smooth(density, 3)
    noise_floor(density, fs=FS, n_samples=400, band_hz=(3.0, 15.0))
    assert_array_equal(x, before)


# --- the line as the Hann taper shows it ---------------------------------------------------------


@pytest.mark.parametrize("bandwidth_hz", [0.25, 1.0, 4.0])
def test_a_line_looks_as_the_mean_of_many_windows(bandwidth_hz):
    n, count, sd = 256, 2000, 0.02
    rng = np.random.default_rng(8)
    total = np.zeros(n // 2 + 1)
    for _ in range(count):
        x = narrowband(
            n, FS, frequency_hz=9.3, bandwidth_hz=bandwidth_hz, rms_ms2=0.3, rng=rng,
            direction=(1.0, 2.0, 2.0),
        )  # fmt: skip
        total += hann_psd((x + rng.normal(0, sd, x.shape)).T, fs=FS)
    expected = hann_psd_of_line(
        n, fs=FS, frequency_hz=9.3, bandwidth_hz=bandwidth_hz, mean_square=0.09,
        floor=3 * sd**2 * 2 / FS,
    )  # fmt: skip
    inner = slice(4, -1)  # taking the trend out empties the first bins
    z = (total / count / expected - 1.0)[inner] * np.sqrt(count)
    # A bin is exponential at most: z has a standard deviation of 1 or less, over 120 bins.
    assert np.abs(z).max() < 4.5


@pytest.mark.parametrize("bandwidth_hz", [0.0, 0.5, 2.0])
def test_a_line_holds_its_power_whatever_its_width(bandwidth_hz):
    n = 400
    density = hann_psd_of_line(
        n, fs=FS, frequency_hz=10.3, bandwidth_hz=bandwidth_hz, mean_square=0.7, floor=0.0
    )
    # The constant and the Nyquist bin are counted twice.
    density[[0, -1]] /= 2.0
    assert_allclose(density.sum() * FS / n, 0.7, rtol=1e-9)


def test_a_tone_on_a_bin_is_seen_as_two_thirds_and_two_sixths():
    n = 400
    density = hann_psd_of_line(
        n, fs=FS, frequency_hz=8.0, bandwidth_hz=0.0, mean_square=1.0, floor=0.0
    )
    assert_allclose(density[30:35] * FS / n, [0, 1 / 6, 2 / 3, 1 / 6, 0], atol=1e-12)


# --- direction of motion -------------------------------------------------------------------------


@pytest.mark.parametrize("axis_ratio", [0.0, 0.3, 1.0])
def test_a_single_motion_is_one_direction_straight_elliptic_or_round(axis_ratio):
    x = tone(400, FS, frequency_hz=8.13, rms_ms2=0.3, direction=(1, -2, 0.5), axis_ratio=axis_ratio)
    # A window of whole cycles has no negative-frequency part; this one has, 1e-4 of the power.
    spectrum = transform(x.T, fs=FS)[:, 20:50]
    found = principal_component(spectrum)
    assert_allclose(found.polarisation, 1.0, atol=0 if axis_ratio == 0 else 1e-3, rtol=1e-12)
    on_bin = tone(
        400, FS, frequency_hz=8.0, rms_ms2=0.3, direction=(1, -2, 0.5), axis_ratio=axis_ratio
    )
    spectrum = transform(on_bin.T, fs=FS)[:, 20:50]
    found = principal_component(spectrum)
    assert_allclose(found.polarisation, 1.0, rtol=1e-12)
    assert_allclose(found.density, psd(spectrum), rtol=1e-12, atol=1e-25)


def test_two_motions_share_by_their_power():
    strong = tone(400, FS, frequency_hz=8.0, rms_ms2=np.sqrt(3.0), direction=(1, 0, 0))
    weak = tone(400, FS, frequency_hz=9.0, rms_ms2=1.0, direction=(0, 0, 1))
    found = principal_component(transform((strong + weak).T, fs=FS)[:, 20:50])
    assert_allclose(found.polarisation, 0.75, rtol=1e-12)


def test_motion_without_a_direction_has_a_third():
    spectrum = transform(noise(200_000), fs=FS)[:, 1:-1]
    found = principal_component(spectrum)
    # The largest of three sample eigenvalues lies up to 2 sqrt(3 / m) above their mean.
    assert 1 / 3 <= found.polarisation < (1 + 2.5 * np.sqrt(3 / spectrum.shape[1])) / 3


def test_nothing_that_moves_gives_no_nan():
    found = principal_component(np.zeros((2, 3, 20), dtype=complex))
    assert_array_equal(found.polarisation, 0.0)
    assert_array_equal(found.density, 0.0)


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_sensor_sees_the_same(seed):
    x = tone(400, FS, frequency_hz=7.7, rms_ms2=0.3, direction=(1, 2, 3), axis_ratio=0.4).T
    x = x + noise(400, 0.1, seed=seed)
    turned = rotation(seed) @ x
    one, other = (transform(v, fs=FS)[:, 10:64] for v in (x, turned))
    assert_allclose(psd(other), psd(one), rtol=1e-9)
    assert_allclose(hann_psd(turned, fs=FS), hann_psd(x, fs=FS), rtol=1e-9)
    before, after = principal_component(one), principal_component(other)
    assert_allclose(after.polarisation, before.polarisation, rtol=1e-9)
    assert_allclose(after.density, before.density, rtol=1e-9, atol=1e-9 * before.density.max())


# --- bands, smoothing, floor ---------------------------------------------------------------------


@pytest.mark.parametrize("fs", [25.0, 52.0, 99.7, 104.0])
@pytest.mark.parametrize("n", [100, 401, 416])
@pytest.mark.parametrize("band_hz", [(0.0, 3.0), (3.0, 15.0), (3.0, 3.0), (2.51, 2.52), (10, 500)])
def test_the_bins_of_a_band_are_those_within_its_closed_limits(fs, n, band_hz):
    k = np.arange(n // 2 + 1)
    within = (k * fs / n >= band_hz[0] - 1e-9) & (k * fs / n <= band_hz[1] + 1e-9)
    within &= (k > 0) & (2 * k < n)
    bins = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    assert_array_equal(k[bins], k[within])


def test_power_in_a_band_is_its_integral():
    density = np.random.default_rng(1).uniform(size=(2, 50))
    assert_allclose(
        power_in(density, slice(3, 9), bin_width_hz=0.25), 0.25 * density[:, 3:9].sum(axis=1)
    )


@pytest.mark.parametrize("n_bins", [0, 1, 2, 3, 4, 7, 19, 20, 100])
def test_smoothing_is_a_running_mean_whose_ends_repeat(n_bins):
    density = np.random.default_rng(2).exponential(size=(2, 20))
    half = min(n_bins, 20) // 2
    expected = np.empty_like(density)
    for row in range(2):
        for i in range(20):
            taken = [density[row, min(max(j, 0), 19)] for j in range(i - half, i + half + 1)]
            expected[row, i] = sum(taken) / len(taken)
    assert_allclose(smooth(density, n_bins), expected, rtol=1e-12)


def test_smoothing_keeps_what_is_small_beside_a_strong_line():
    density = np.full(200, 1e-9)
    density[20] = 1.0
    # The running sum carries the line along: 1e-16 of it over 1e-9.
    assert_allclose(smooth(density, 3)[100:], 1e-9, rtol=1e-6)


@pytest.mark.parametrize("fs", RATES)
def test_the_floor_is_that_of_the_noise_at_every_rate(fs):
    n, sd, count = round(10 * fs), 0.05, 100
    band_hz = (3.0, min(15.0, 0.45 * fs))
    floor = noise_floor(
        psd(transform(noise(n, sd, windows=count), fs=fs)), fs=fs, n_samples=n, band_hz=band_hz
    )
    assert floor.shape == (count,)
    # Above the band at least 54 bins of three exponentials; below 36 Hz a quantile of 82 bins,
    # whose standard error is 0.08: four standard errors of the mean of 100 windows, and what
    # 0.51 leaves of 0.512.
    assert_allclose(floor.mean(), 3 * sd**2 * 2 / fs, rtol=4 * 0.08 / np.sqrt(count) + 0.005)


def test_the_stand_in_for_the_floor_is_the_fifth_of_three_exponentials():
    density = stats.gamma.ppf((np.arange(4000) + 0.5) / 4000, 3) / 3  # of mean 1
    n = 8000
    floor = noise_floor(density, fs=25.0, n_samples=n, band_hz=(3.0, 11.25))
    band = band_bins(n, fs=25.0, low_hz=3.0, high_hz=11.25)
    assert_allclose(floor, np.quantile(density[band], 0.2) / 0.5117, rtol=0.01)


def test_the_floor_does_not_see_the_line():
    x = noise(400, 0.01, windows=50)
    line = tone(400, FS, frequency_hz=8.0, rms_ms2=1.0, direction=(1, 1, 1)).T
    without, with_line = (
        noise_floor(psd(transform(v, fs=FS)), fs=FS, n_samples=400, band_hz=(3.0, 15.0))
        for v in (x, x + line)
    )
    assert_allclose(with_line, without, rtol=1e-9)


@pytest.mark.parametrize("n_axes", [1, 3])
@pytest.mark.parametrize(("fs", "duration_s"), [(100.0, 4.0), (100.0, 20.0), (50.0, 4.0)])
def test_on_a_flat_floor_nothing_is_left_out(fs, duration_s, n_axes):
    n, count = round(duration_s * fs), 400
    x = noise(n, 0.05, windows=count)
    x[:, n_axes:] = 0.0
    density = psd(transform(x, fs=fs))
    floor = noise_floor(density, fs=fs, n_samples=n, band_hz=(3.0, 15.0))
    plain = density[:, band_bins(n, fs=fs, low_hz=18.0, high_hz=min(45.0, 0.45 * fs))].mean(axis=-1)
    # A few bins at the end belong to no part.
    assert_allclose(floor.mean(), plain.mean(), rtol=0.01 if n_axes == 3 else 0.04)
    assert floor.std() < (1.1 if n_axes == 3 else 1.25) * plain.std()


@pytest.mark.parametrize(
    ("fs", "frequency_hz", "rms_ms2"),
    [(100.0, 25.3, 0.1), (100.0, 41.8, 0.5), (100.0, 33.3, 2.0), (50.0, 20.1, 0.1),
     (50.0, 20.1, 0.5)],
)  # fmt: skip
def test_a_motor_above_the_band_does_not_lift_the_floor(fs, frequency_hz, rms_ms2):
    n = round(4 * fs)
    x = noise(n, 0.05, windows=100)
    motor = tone(n, fs, frequency_hz=frequency_hz, rms_ms2=rms_ms2, direction=(1, 2, 2)).T
    with_motor, without = (
        noise_floor(hann_psd(v, fs=fs), fs=fs, n_samples=n, band_hz=(3.0, 15.0)).mean()
        for v in (x + motor, x)
    )
    # The plain mean would be lifted by a factor of 1.7 to 450.
    assert_allclose(with_motor, without, rtol=0.08)


def test_where_a_motor_fills_all_above_the_band_the_band_shows_the_floor():
    density = np.full(101, 1e-3)  # 4 s at 50 Hz: bins of 0.25 Hz
    density[68:] = 1.0
    floor = noise_floor(density, fs=50.0, n_samples=200, band_hz=(3.0, 15.0))
    assert_allclose(floor, 1e-3 / 0.51, rtol=1e-9)
