"""Exact least-squares sine of many windows, and the test whether a line is more than a sine.

If the residual of the best sine is no more than the noise around it, the line is unresolved: the
window cannot distinguish it from a pure tone. If the residual is more than that but still small,
the line wanders by less than a tenth of a bin: the sine remains the better estimate of its
frequency, and the wander is part of the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import read_only
from tremor.dsp.filters import count_slow, remove_slow, slow_cosines
from tremor.dsp.spectrum import band_bins, psd, transform
from tremor.measures.band import half_span_hz
from tremor.measures.intervals import NORMAL_QUANTILE, ONE_SIDED_QUANTILE, student_quantile
from tremor.recording import Floats
from tremor.settings import SINE, SPECTRUM

__all__ = ["SLOPE_VARIANCE", "SineFit", "fit_sines", "residual_per_bandwidth_s"]

#: Size of the largest basis of slow cosines that is kept in memory, in numbers.
_MOST_BASIS_NUMBERS: Final = 40_000
#: Gauss-Newton steps at most, the change in bins that ends them, and the longest one; from a start
#: within half a bin three are enough.
_STEPS: Final = 6
_TOLERANCE_BINS: Final = 1e-5
_LONGEST_STEP_BINS: Final = 0.3
#: Of a Brownian phase of unit variance after the whole window: variance of the slope of the
#: straight line through it, over the least possible one.
SLOPE_VARIANCE: Final = 1.2
#: Share of the power of a narrow line that its best sine leaves, over pi B T: Brownian phase and
#: amplitude, less the straight line that the frequency takes from the phase.
_RESIDUAL_POWER: Final = 0.233
#: The energy of a single Brownian path about its straight line is below a quarter of its mean in
#: 5 % of cases, and a phase that wanders at constant amplitude leaves 4/7 of the power above.
_BROWNIAN_ENERGY_FACTOR: Final = 4.0 * 7.0 / 4.0


@dataclass(frozen=True, eq=False, slots=True)
class SineFit:
    """Exact sines fitted to windows.

    Parameters
    ----------
    frequency_hz, half_hz : ndarray, shape (n_windows,)
        Frequency and half of its 95 % interval, Hz: from the noise around the line, and from the
        wander that its phase shows.
    noise_half_hz : ndarray, shape (n_windows,)
        Half of the interval from the noise alone, Hz.
    power, half_rms : ndarray, shape (n_windows,)
        Mean square of the vector, (m/s^2)^2, and half of the 95 % interval of its root, m/s^2.
    bandwidth_hz, most_bandwidth_hz : ndarray, shape (n_windows,)
        Half-power width that the residual allows, and its upper limit (95 %), Hz.
    noise : ndarray, shape (n_windows,)
        Floor of one axis around the line, (m/s^2)^2/Hz.
    is_tone : ndarray of bool, shape (n_windows,)
        Whether the residual is consistent with noise.
    is_sufficient : ndarray of bool, shape (n_windows,)
        Whether the sine is as good as any model of the line: a tone, or its wander is small.
    """

    frequency_hz: Floats
    half_hz: Floats
    noise_half_hz: Floats
    power: Floats
    half_rms: Floats
    bandwidth_hz: Floats
    most_bandwidth_hz: Floats
    noise: Floats
    is_tone: npt.NDArray[np.bool_]
    is_sufficient: npt.NDArray[np.bool_]


def fit_sines(
    high_passed: Floats,
    start_hz: Floats,
    *,
    fs: float,
    cutoff_hz: float,
    band_hz: tuple[float, float],
) -> SineFit:
    """Fit one sine of shared frequency and free complex amplitude per axis by least squares.

    The slow cosines are removed from the regressors as they were from the samples, so that the
    fit is the joint one with tilt and sway. The noise is that of the residual around the line.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows after `remove_slow`, m/s^2.
    start_hz : ndarray, shape (n_windows,)
        Within half a bin of the frequency, Hz.
    fs, cutoff_hz : float
        Sampling rate, and cut-off of `remove_slow`, Hz.
    band_hz : tuple of float
        Limits of the frequency, Hz.

    Returns
    -------
    SineFit
        The result of a window does not depend on the others.
    """
    from scipy.special import gammaincc

    n = high_passed.shape[-1]
    duration_s = n / fs
    fit = _least_squares(high_passed, start_hz, fs=fs, cutoff_hz=cutoff_hz, band_hz=band_hz)
    left = _residual(high_passed, fit, fs=fs, cutoff_hz=cutoff_hz, band_hz=band_hz)
    is_tone = gammaincc(left.expected, left.excess) > SINE.significance

    variance = left.noise * fs / 2.0
    power = np.maximum(
        np.square(fit.amplitude).sum(axis=(1, 2)) / 2.0 - 2.0 * left.n_axes * variance / n,
        variance / n,
    )
    per_bandwidth = residual_per_bandwidth_s(power, left.noise, duration_s=duration_s)
    beyond_noise = np.maximum(left.excess - left.expected, 0.0)
    bandwidth = beyond_noise / per_bandwidth
    from_noise = variance / fit.curvature
    diffusion = _phase_diffusion(left.samples, fit, noise_ms2sq=variance)
    from_wander = SLOPE_VARIANCE * diffusion / np.square(2.0 * np.pi * duration_s)
    # One keyword per column of the record.
    return SineFit(
        frequency_hz=fit.frequency_hz,
        half_hz=np.sqrt(
            NORMAL_QUANTILE**2 * from_noise
            + float(student_quantile(SINE.narrow_freedom)) ** 2 * from_wander
        ),
        noise_half_hz=NORMAL_QUANTILE * np.sqrt(from_noise),
        power=power,
        half_rms=NORMAL_QUANTILE * np.sqrt(variance / n),
        bandwidth_hz=bandwidth,
        most_bandwidth_hz=_BROWNIAN_ENERGY_FACTOR
        * (beyond_noise + ONE_SIDED_QUANTILE * np.sqrt(left.expected))
        / per_bandwidth,
        noise=left.noise,
        is_tone=is_tone,
        is_sufficient=is_tone | (bandwidth * duration_s < SINE.narrow_bt),
    )


def residual_per_bandwidth_s(power: Floats, noise: Floats, *, duration_s: float) -> Floats:
    """Return the power of a narrow line that its best sine leaves, per hertz of its width.

    Parameters
    ----------
    power, noise : ndarray, shape (n_windows,)
        Power of the line, (m/s^2)^2, and floor of one axis, (m/s^2)^2/Hz.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    ndarray, shape (n_windows,)
        Power in bins of noise, per Hz of half-power bandwidth.
    """
    return np.asarray(_RESIDUAL_POWER * np.pi * duration_s * power * duration_s / noise)


@dataclass(frozen=True, eq=False, slots=True)
class _LeastSquares:
    """Frequency (n,), amplitudes (n, 3, 2) of cosine and sine, their waves, and the curvature."""

    frequency_hz: Floats
    amplitude: Floats
    waves: Floats
    curvature: Floats


def _least_squares(
    high_passed: Floats,
    start_hz: Floats,
    *,
    fs: float,
    cutoff_hz: float,
    band_hz: tuple[float, float],
) -> _LeastSquares:
    """Search the frequency by Gauss-Newton, the amplitudes solved out at each step.

    Windows that have converged are left out of the further steps.
    """
    n_windows, _, n = high_passed.shape
    duration_s = n / fs
    frequency = start_hz.copy()
    amplitude, curvature = np.empty((n_windows, 3, 2)), np.empty(n_windows)
    waves = np.empty((n_windows, 2, n))
    rows = np.arange(n_windows)
    for step in range(_STEPS):
        some = high_passed if len(rows) == n_windows else high_passed[rows]
        now = _step(some, frequency[rows], fs=fs, cutoff_hz=cutoff_hz)
        small = np.abs(now.change_hz) * duration_s < _TOLERANCE_BINS
        done = small | (step == _STEPS - 1)
        at = rows[done]
        amplitude[at], curvature[at], waves[at] = (
            now.amplitude[done], now.curvature[done], now.waves[done]
        )  # fmt: skip
        longest_hz = _LONGEST_STEP_BINS / duration_s
        change_hz = np.where(small | ~done, np.clip(now.change_hz, -longest_hz, longest_hz), 0.0)
        frequency[rows] = np.clip(frequency[rows] + change_hz, *band_hz)
        rows = rows[~done]
        if not rows.size:
            break
    return _LeastSquares(frequency, amplitude, waves, curvature)


@dataclass(frozen=True, eq=False, slots=True)
class _Step:
    """Best amplitudes (n, 3, 2) at a frequency, their waves, curvature, and change of frequency."""

    amplitude: Floats
    waves: Floats
    curvature: Floats
    change_hz: Floats


def _step(high_passed: Floats, frequency_hz: Floats, *, fs: float, cutoff_hz: float) -> _Step:
    n_windows, _, n = high_passed.shape
    time = (np.arange(n) - (n - 1) / 2.0) / fs
    waves = np.empty((n_windows, 4, n))
    # The times are symmetric: the first half of a cosine is its second half backwards.
    half = n // 2
    phase = 2.0 * np.pi * frequency_hz[:, None] * time[half:]
    np.cos(phase, out=waves[:, 0, half:])
    np.sin(phase, out=waves[:, 1, half:])
    waves[:, 0, :half] = waves[:, 0, : n - half - 1 : -1]
    np.negative(waves[:, 1, : n - half - 1 : -1], out=waves[:, 1, :half])
    # The derivatives of both by the frequency.
    np.multiply(waves[:, 1], -2.0 * np.pi * time, out=waves[:, 2])
    np.multiply(waves[:, 0], 2.0 * np.pi * time, out=waves[:, 3])
    # Only inner products follow. The samples have no slow part, so that those between waves and
    # samples are the same with and without that of the waves.
    gram = _gram_without_slow(waves, frequency_hz, fs=fs, cutoff_hz=cutoff_hz)
    along = waves @ np.swapaxes(high_passed, -1, -2)
    inner = gram[:, :2, :2]
    fitted = np.linalg.solve(inner, along[:, :2])
    # Derivative of the fitted sine by the frequency, orthogonal to cosine and sine.
    turn = np.concatenate([-np.linalg.solve(inner, gram[:, :2, 2:] @ fitted), fitted], axis=1)
    curvature = np.maximum((turn * (gram @ turn)).sum(axis=(1, 2)), 1e-300)
    left = along - gram[:, :, :2] @ fitted
    change_hz = (turn * left).sum(axis=(1, 2)) / curvature
    # A small change of the frequency takes the amplitudes along.
    amplitude = (
        fitted
        + turn[:, :2]
        * np.where(np.abs(change_hz) * (n / fs) < _TOLERANCE_BINS, change_hz, 0.0)[:, None, None]
    )
    return _Step(np.swapaxes(amplitude, -1, -2), waves[:, :2], curvature, change_hz)


@dataclass(frozen=True, eq=False, slots=True)
class _Residual:
    """Residual; noise of one axis; residual near the line, in bins of it, found and expected."""

    samples: Floats
    noise: Floats
    excess: Floats
    expected: Floats
    n_axes: npt.NDArray[np.int64]


def _residual(
    high_passed: Floats,
    fit: _LeastSquares,
    *,
    fs: float,
    cutoff_hz: float,
    band_hz: tuple[float, float],
) -> _Residual:
    n = high_passed.shape[-1]
    duration_s = n / fs
    residual = high_passed - remove_slow(fit.amplitude @ fit.waves, fs=fs, cutoff_hz=cutoff_hz)
    n_axes = np.count_nonzero(np.ptp(high_passed, axis=-1) > 0.0, axis=-1)
    density = psd(transform(residual, fs=fs))
    bins = np.arange(density.shape[-1])
    away = np.abs(bins - np.round(fit.frequency_hz * duration_s)[:, None])
    usable = band_bins(
        n,
        fs=fs,
        low_hz=SINE.noise_low_factor * cutoff_hz,
        high_hz=SPECTRUM.nyquist_share * fs / 2.0,
    )
    inside = (bins >= usable.start) & (bins < usable.stop)
    near_bins = max(SINE.near_bins, round(SINE.near_hz * duration_s))
    near = inside & (away <= near_bins)
    span = max(SINE.noise_span_bins, round(half_span_hz(band_hz) * duration_s))
    far = inside & (away > near_bins + SINE.gap_bins) & (away <= span)
    noise = np.where(far, density, 0.0).sum(axis=-1) / np.maximum(n_axes * far.sum(axis=-1), 1.0)
    noise = np.maximum(noise, 1e-300)
    # A bin of an axis counts one; the amplitudes take one of each axis, the frequency a half.
    return _Residual(
        samples=residual,
        noise=noise,
        excess=np.where(near, density, 0.0).sum(axis=-1) / noise,
        expected=n_axes * (near.sum(axis=-1) - 1.0) - 0.5,
        n_axes=n_axes,
    )


def _phase_diffusion(residual: Floats, fit: _LeastSquares, *, noise_ms2sq: Floats) -> Floats:
    """Estimate how far the phase of each sine diffuses over its window, rad^2.

    Parameters
    ----------
    residual : ndarray, shape (n_windows, 3, n_samples)
        What the sines leave, m/s^2.
    fit : _LeastSquares
        The sines.
    noise_ms2sq : ndarray, shape (n_windows,)
        Variance of the noise of one axis, (m/s^2)^2.

    Returns
    -------
    ndarray, shape (n_windows,)
        Variance of the phase after the window.

    Notes
    -----
    A phase that is a little off adds the sine a quarter of a period later. Its slow course is
    described by Legendre polynomials; the sine has taken the first two. A Brownian phase that has
    the variance D after the window has the variance ``D / (2 (2 k + 3) (2 k - 1))`` along the k-th
    of them, and noise has the same along each.
    """
    n = residual.shape[-1]
    degrees = np.arange(2, SINE.phase_degrees + 1)
    quarter = np.stack([fit.waves[:, 1], -fit.waves[:, 0]], axis=1)
    along = ((fit.amplitude @ quarter) * residual).sum(axis=1)
    power = np.maximum(np.square(fit.amplitude).sum(axis=(1, 2)) / 2.0, 1e-300)
    # Not by BLAS: it starts threads for so many samples, and sums in another order for one window.
    course = np.einsum("kn,dn->kd", along, _legendre(n, SINE.phase_degrees))
    by_chance = noise_ms2sq / power
    energy = np.square(course / power[:, None]).sum(axis=-1) / by_chance
    share = (1.0 / (2.0 * (2 * degrees + 3) * (2 * degrees - 1))).sum()
    beyond = np.where(energy > SINE.least_phase_energy * len(degrees), energy - len(degrees), 0.0)
    return np.asarray(beyond * by_chance / (n * share))


@lru_cache(maxsize=16)
def _legendre(n_samples: int, highest: int) -> Floats:
    """Return the Legendre polynomials of degree 2 and more, of unit length, (highest - 1, n)."""
    from numpy.polynomial.legendre import legvander

    # Samples are the middles of equal parts; not quite orthogonal, by 1 / n.
    middle = (2.0 * np.arange(n_samples) + 1.0) / n_samples - 1.0
    polynomials = np.ascontiguousarray(legvander(middle, highest)[:, 2:].T)
    return read_only(polynomials / np.sqrt(np.square(polynomials).sum(axis=1, keepdims=True)))


def _gram_without_slow(
    waves: Floats, frequency_hz: Floats, *, fs: float, cutoff_hz: float
) -> Floats:
    """Return the inner products of waves of shape (n_windows, 4, n) without their slow parts."""
    n = waves.shape[-1]
    n_slow = count_slow(n, fs=fs, cutoff_hz=cutoff_hz)
    if n * n_slow <= _MOST_BASIS_NUMBERS or 2 * n_slow > n:
        slow = waves @ slow_cosines(n, n_slow)
    else:
        slow = _slow_coefficients_of_waves(frequency_hz, n_samples=n, n_slow=n_slow, fs=fs)
    return np.asarray(waves @ np.swapaxes(waves, -1, -2) - slow @ np.swapaxes(slow, -1, -2))


def _slow_coefficients_of_waves(
    frequency_hz: Floats, *, n_samples: int, n_slow: int, fs: float
) -> Floats:
    """Return the coefficients of the slow cosines of the waves of a step, (n_windows, 4, n_slow).

    With the times about the middle, the sum of ``cos(theta u)`` over the samples is the Dirichlet
    kernel ``D(theta) = sin(n theta / 2) / sin(theta / 2)``, and that of a product of cosines is two
    of them. The waves that are derivatives by the frequency have its slope.
    """
    order = np.arange(n_slow)
    slow, fast = np.pi * order / n_samples, 2.0 * np.pi * frequency_hz[:, None] / fs
    (above, above_slope), (below, below_slope) = (
        _dirichlet(theta, n_samples) for theta in (fast + slow, fast - slow)
    )
    # Of each cosine, about the middle: the even ones are cosines there, the odd ones sines.
    even, odd = np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0])
    even, odd = even[order % 4], odd[order % 4]
    sums = np.stack(
        [
            even * (above + below),
            odd * (above - below),
            even * (above_slope + below_slope),
            odd * (above_slope - below_slope),
        ],
        axis=1,
    )
    sums[:, 2:] *= 2.0 * np.pi / fs
    size = np.full(n_slow, np.sqrt(2.0 / n_samples))
    size[0] = np.sqrt(1.0 / n_samples)
    return np.asarray(0.5 * size * sums)


def _dirichlet(theta: Floats, n: int) -> tuple[Floats, Floats]:
    """Return the Dirichlet kernel of n samples and its slope."""
    half = 0.5 * theta
    sine = np.sin(half)
    kernel = np.asarray(np.sin(n * half) / sine, dtype=np.float64)
    return kernel, 0.5 * (n * np.cos(n * half) - kernel * np.cos(half)) / sine
