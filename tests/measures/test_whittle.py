"""The expected periodogram is the transform of the covariance, and the fit finds it again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from tremor.dsp.spectrum import transform
from tremor.measures.band import half_span_hz, reach_hz
from tremor.measures.whittle import FitBins, _covariance, expected_periodogram, fit_whittle
from tremor.synthesis import narrowband

FS = 100.0
BAND_HZ = (3.0, 15.0)


def blurred(frequency_hz, centre_hz, rate, duration_s):
    """The Lorentzian under the Fejer kernel, and its derivatives by the centre and by ln(rate)."""
    z = rate[..., None] + 2j * np.pi * (frequency_hz - centre_hz[..., None])
    zt = z * duration_s
    near_zero = np.abs(zt) < 1e-2
    safe_zt = np.where(near_zero, 1.0, zt)
    decay = np.exp(-safe_zt)
    h = np.where(
        near_zero,
        duration_s * (0.5 - zt / 6.0 + zt**2 / 24.0),
        duration_s * (1.0 - (1.0 - decay) / safe_zt) / safe_zt,
    )
    slope = np.where(
        near_zero,
        duration_s**2 * (-1.0 / 6.0 + zt / 12.0 - zt**2 / 40.0),
        duration_s**2 * (2.0 * (1.0 - decay) / safe_zt - 1.0 - decay) / safe_zt**2,
    )
    return 2.0 * h.real, 4.0 * np.pi * slope.imag, 2.0 * slope.real * rate[..., None]


def density_at(frequency_hz, *, centre_hz=8.0, bandwidth_hz=1.0, duration_s=4.0):
    """Expected periodogram of a line of unit power, at any frequency."""
    rate = np.pi * np.asarray(bandwidth_hz)
    return blurred(np.asarray(frequency_hz, dtype=float), np.asarray(centre_hz), rate, duration_s)[
        0
    ]


# --- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize("duration_s", [2.0, 10.0])
@pytest.mark.parametrize("bandwidth_hz", [1e-4, 0.25, 2.0])
@pytest.mark.parametrize("off_hz", [0.0, 1e-5, 3e-4, 1.7e-3, 0.13, 2.0])
def test_density_is_the_transform_of_the_tapered_covariance(duration_s, bandwidth_hz, off_hz):
    def integrand(lag_s):
        return 2.0 * (1.0 - lag_s / duration_s) * np.exp(-np.pi * bandwidth_hz * lag_s)

    if off_hz == 0.0:
        expected, _ = quad(integrand, 0.0, duration_s, epsrel=1e-12, limit=200)
    else:
        expected, _ = quad(
            integrand, 0.0, duration_s, weight="cos", wvar=2 * np.pi * off_hz,
            epsabs=1e-13, epsrel=1e-12, limit=400,
        )  # fmt: skip
    found = density_at(8.0 + off_hz, bandwidth_hz=bandwidth_hz, duration_s=duration_s)
    # Near zero a series to the third power of 0.01 stands in: 0.01^3 / 60 of the peak.
    assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * duration_s)


@pytest.mark.parametrize("duration_s", [2.0, 4.0, 20.0])
@pytest.mark.parametrize("bandwidth_hz", [0.02, 0.5, 3.0])
def test_density_holds_unit_power(duration_s, bandwidth_hz):
    width_hz, reach = 0.1 / duration_s, 500.0
    f = 8.0 + np.arange(-reach, reach, width_hz)
    held = density_at(f, bandwidth_hz=bandwidth_hz, duration_s=duration_s).sum() * width_hz
    # Far out the density falls as 2 (pi B + 1/T) / (2 pi f)^2; this is what lies beyond.
    beyond = (np.pi * bandwidth_hz + 1.0 / duration_s) / (np.pi**2 * reach)
    assert_allclose(held + beyond, 1.0, atol=2e-5)


def test_a_long_window_shows_the_lorentzian():
    off_hz = np.linspace(-5, 5, 41)
    bandwidth_hz, duration_s = 0.8, 1e5
    lorentzian = bandwidth_hz / (2 * np.pi) / (off_hz**2 + bandwidth_hz**2 / 4)
    found = density_at(8.0 + off_hz, bandwidth_hz=bandwidth_hz, duration_s=duration_s)
    # The window blurs by 1 / (pi B T) relative.
    assert_allclose(found, lorentzian, rtol=2.0 / (np.pi * bandwidth_hz * duration_s))


def test_a_narrow_line_shows_the_squared_sinc_of_the_window():
    off_hz = np.linspace(-2, 2, 81)
    found = density_at(8.0 + off_hz, bandwidth_hz=1e-9, duration_s=4.0)
    # Left of it is pi B T / 3, a part in 1e8, and the rounding of 1 - exp.
    assert_allclose(found, 4.0 * np.sinc(4.0 * off_hz) ** 2, rtol=0, atol=4e-7)


def test_density_is_symmetric_and_never_negative():
    off_hz = np.linspace(0, 40, 4001)
    for bandwidth_hz in (1e-6, 0.01, 0.3, 4.0):
        up = density_at(8.0 + off_hz, bandwidth_hz=bandwidth_hz)
        assert_allclose(up, density_at(8.0 - off_hz, bandwidth_hz=bandwidth_hz), rtol=1e-9,
                        atol=1e-12)  # fmt: skip
        assert up.min() > -1e-12


LINES = [
    (8.03, 0.6, 4.0), (5.5, 0.05, 4.0), (11.21, 2.5, 10.0), (8.0, 0.02, 60.0), (8.0, 1e-3, 4.0),
]  # fmt: skip


def line_of(centre_hz, bandwidth_hz):
    return np.array([[centre_hz, np.log(np.pi * bandwidth_hz), np.log(0.04), np.log(1e-3)]])


@pytest.mark.parametrize(("centre_hz", "bandwidth_hz", "duration_s"), LINES)
def test_the_expected_periodogram_is_that_density_above_a_floor(
    centre_hz, bandwidth_hz, duration_s
):
    index = np.arange(round(3.0 * duration_s), round(15.0 * duration_s))[None]
    theta = line_of(centre_hz, bandwidth_hz)
    found, slopes = expected_periodogram(index, theta, duration_s=duration_s)
    g, g_centre, g_rate = blurred(index / duration_s, theta[:, 0], np.exp(theta[:, 1]), duration_s)
    expected = 0.04 * g + 1e-3
    # The near-zero series of the reference leaves a part in 1e7 of its peak.
    assert_allclose(found, expected, rtol=1e-6)
    for k, slope in enumerate((0.04 * g_centre, 0.04 * g_rate, 0.04 * g, 1e-3 * np.ones_like(g))):
        scale = np.abs(slope / expected).max()
        assert_allclose(slopes[:, k], slope / expected, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize(("centre_hz", "bandwidth_hz", "duration_s"), LINES)
def test_slopes_are_those_of_finite_differences(centre_hz, bandwidth_hz, duration_s):
    index = np.arange(round(3.0 * duration_s), round(15.0 * duration_s))[None]
    theta = line_of(centre_hz, bandwidth_hz)
    _, slopes = expected_periodogram(index, theta, duration_s=duration_s)
    for k, step in enumerate((1e-5 / duration_s, 1e-5, 1e-5, 1e-5)):
        up, down = theta.copy(), theta.copy()
        up[0, k] += step
        down[0, k] -= step
        by_difference = (
            np.log(expected_periodogram(index, up, duration_s=duration_s)[0])
            - np.log(expected_periodogram(index, down, duration_s=duration_s)[0])
        ) / (2 * step)
        # Rounding of the difference 1e-16 / 1e-5, times T for the frequency.
        scale = max(1.0, np.abs(by_difference).max())
        assert_allclose(slopes[0, k], by_difference[0], rtol=1e-6, atol=1e-6 * scale)


def test_the_mean_periodogram_of_many_windows_is_the_model():
    n, count, bandwidth_hz, sd = 400, 2000, 0.7, 0.05
    rng = np.random.default_rng(11)
    total = np.zeros(n // 2 + 1)
    for _ in range(count):
        x = narrowband(n, FS, frequency_hz=8.13, bandwidth_hz=bandwidth_hz, rms_ms2=0.3, rng=rng)[
            :, 2
        ]
        total += np.abs(transform(x + rng.normal(0, sd, n), fs=FS)) ** 2
    index = np.arange(12, 61)[None]
    theta = np.array([[8.13, np.log(np.pi * bandwidth_hz), np.log(0.09), np.log(2 * sd**2 / FS)]])
    s, _ = expected_periodogram(index, theta, duration_s=4.0)
    # The model leaves out the flank of the line at -8.13 Hz: a fifth of the density at 3 Hz.
    s = s + 0.09 * density_at(index / 4.0, centre_hz=-8.13, bandwidth_hz=bandwidth_hz)
    # Exponential bins: 1 / sqrt(2000) each, 49 of them; and 1 % for what sampling folds back.
    assert_allclose(total[12:61] / count, s[0], rtol=4.0 / np.sqrt(count) + 0.01)


# --- the bins ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fs", [25.0, 52.0, 100.0, 416.0])
@pytest.mark.parametrize("duration_s", [2.0, 4.0, 10.0])
def test_bins_are_as_many_for_every_peak_and_stay_within_reach(fs, duration_s):
    band_hz = (3.0, min(15.0, 0.45 * fs))
    n = round(duration_s * fs)
    centre_hz = np.linspace(*band_hz, 25)
    bins = FitBins.around(centre_hz, n_samples=n, fs=fs, band_hz=band_hz)
    low_hz, high_hz = reach_hz(band_hz)
    assert bins.index.shape[0] == 25
    assert (np.diff(bins.index, axis=1) == 1).all()
    assert bins.index.min() * fs / n >= low_hz - 1e-9
    assert bins.index.max() * fs / n <= min(high_hz, fs / 2) + 1e-9
    nearest = np.round(centre_hz * n / fs)[:, None]
    assert (bins.index == nearest).any(axis=1).all()
    spectrum = np.arange(25 * 3 * (n // 2 + 1)).reshape(25, 3, -1) + 0j
    taken = bins.take(spectrum)
    assert_array_equal(taken[7, 1], spectrum[7, 1, bins.index[7]])


# --- the fit -------------------------------------------------------------------------------------

CASES = [
    (8.03, 0.6, 0.04, 1e-4, 4.0),
    (5.5, 0.3, 0.01, 1e-5, 10.0),
    (11.21, 1.5, 0.3, 1e-3, 4.0),
    (9.4, 1.0, 0.04, 2e-3, 10.0),  # the first guess of the floor takes all power
]  # fmt: skip


@pytest.mark.parametrize(("f0", "bandwidth_hz", "power", "floor", "duration_s"), CASES)
def test_the_expectation_itself_is_fitted_by_its_own_parameters(
    f0, bandwidth_hz, power, floor, duration_s
):
    n = round(duration_s * FS)
    start_hz = np.array([round(4 * f0 * duration_s) / (4 * duration_s)])  # the padded grid
    bins = FitBins.around(start_hz, n_samples=n, fs=FS, band_hz=BAND_HZ)
    theta = np.array([[f0, np.log(np.pi * bandwidth_hz), np.log(power), np.log(floor)]])
    density, slopes = expected_periodogram(bins.index, theta, duration_s=duration_s)
    fit = fit_whittle(density, bins, start_hz, fs=FS, n_samples=n, band_hz=BAND_HZ)
    # sum(ln S + I/S) has its minimum where S = I. The fit stops within 1e-7 of it, which is
    # sqrt(2e-7) of a standard deviation of each parameter.
    sd = np.sqrt(np.diag(np.linalg.inv(slopes[0] @ slopes[0].T)))
    near = 1e-3 * sd
    assert_allclose(fit.frequency_hz, f0, rtol=0, atol=near[0])
    assert_allclose(np.log(fit.bandwidth_hz / bandwidth_hz), 0.0, atol=near[1])
    assert_allclose(np.log(fit.power / power), 0.0, atol=near[2])
    assert_allclose(np.log(fit.noise / floor), 0.0, atol=near[3])
    assert_allclose(np.sqrt(np.diag(fit.covariance[0])), sd, rtol=1e-2)
    assert_allclose(fit.ratio, 1.0, atol=1e-3)


def test_the_covariance_comes_near_the_limit_of_a_line_without_noise():
    duration_s, bandwidth_hz = 400.0, 1.0
    n = round(duration_s * FS)
    bins = FitBins.around(np.array([9.0]), n_samples=n, fs=FS, band_hz=BAND_HZ)
    theta = np.array([[9.0, np.log(np.pi * bandwidth_hz), 0.0, np.log(1e-9)]])
    density, _ = expected_periodogram(bins.index, theta, duration_s=duration_s)
    fit = fit_whittle(density, bins, np.array([9.0]), fs=FS, n_samples=n, band_hz=BAND_HZ)
    limit_hz = np.sqrt(bandwidth_hz / (4 * np.pi * duration_s))
    # Of the information, the integral of x^2 / (x^2 + B^2/4)^2, a span of +-4 Hz holds 84 %.
    u = half_span_hz(BAND_HZ) / (bandwidth_hz / 2)
    held = (np.arctan(u) - u / (1 + u**2)) * 2 / np.pi
    assert_allclose(np.sqrt(fit.covariance[0, 0, 0]), limit_hz / np.sqrt(held), rtol=5e-3)


def test_a_window_alone_gives_the_bits_that_it_gives_among_others():
    rng = np.random.default_rng(12)
    start_hz = rng.uniform(4, 12, 12)
    bins = FitBins.around(start_hz, n_samples=400, fs=FS, band_hz=BAND_HZ)
    g = density_at(bins.index / 4.0, centre_hz=start_hz, bandwidth_hz=np.geomspace(0.1, 3, 12))
    density = rng.exponential(0.04 * g + 1e-4)
    arguments = {"fs": FS, "n_samples": 400, "band_hz": BAND_HZ}
    together = fit_whittle(density, bins, start_hz, **arguments)
    for k in range(12):
        one = FitBins(bins.index[k : k + 1])
        alone = fit_whittle(density[k : k + 1], one, start_hz[k : k + 1], **arguments)
        for name in ("frequency_hz", "bandwidth_hz", "power", "noise", "covariance"):
            assert_array_equal(getattr(alone, name)[0], getattr(together, name)[k])


def test_a_fit_stays_within_the_band_whatever_it_is_given():
    rng = np.random.default_rng(13)
    start_hz = np.linspace(*BAND_HZ, 40)
    bins = FitBins.around(start_hz, n_samples=400, fs=FS, band_hz=BAND_HZ)
    density = rng.exponential(size=bins.index.shape) * np.geomspace(1e-12, 1e6, 40)[:, None]
    before = density.copy()
    density.flags.writeable = False
    fit = fit_whittle(density, bins, start_hz, fs=FS, n_samples=400, band_hz=BAND_HZ)
    assert ((fit.frequency_hz >= 3.0) & (fit.frequency_hz <= 15.0)).all()
    assert (fit.bandwidth_hz <= 1.5 * half_span_hz(BAND_HZ) * (1 + 1e-12)).all()
    assert (fit.power > 0).all()
    assert (fit.noise > 0).all()
    assert np.isfinite(fit.covariance).all()
    assert_array_equal(density, before)


def test_a_width_at_its_limit_frees_power_and_floor_alone():
    slopes = np.random.default_rng(14).normal(size=(2, 4, 50))
    free, held = _covariance(slopes, held=np.array([False, True]))
    assert_allclose(free, np.linalg.inv(slopes[0] @ slopes[0].T), rtol=1e-6)
    whole = np.linalg.inv(slopes[1] @ slopes[1].T)
    others = [0, 2, 3]
    without = np.linalg.inv((slopes[1] @ slopes[1].T)[np.ix_(others, others)])
    assert_allclose(np.diag(held)[:2], np.diag(whole)[:2], rtol=1e-6)
    assert_allclose(np.diag(held)[2:], np.diag(without)[1:], rtol=1e-6)


def test_what_the_data_do_not_tell_apart_is_uncertain_and_not_impossible():
    slopes = np.random.default_rng(15).normal(size=(1, 4, 50))
    slopes[:, 3] = slopes[:, 2]
    (covariance,) = _covariance(slopes, held=np.array([False]))
    assert (np.diag(covariance)[2:] > 1e6 * np.diag(covariance)[:2].max()).all()
