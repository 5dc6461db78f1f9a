"""Exact least-squares sine of many windows, and whether a sine is all there is.

A line whose residual, once the best sine is taken out, is no more than the noise around it, is
unresolved: nothing in the window tells it from a pure tone. A line whose residual is more than
that and still small wanders by less than a tenth of a bin: the sine remains the better estimate
of its frequency, and the wander goes into the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.filters import count_slow, remove_slow, slow_cosines
from tremor.dsp.spectrum import NYQUIST_SHARE, band_bins, psd, transform
from tremor.measures.whittle import half_span_hz
from tremor.recording import Floats

__all__ = ["SineFit", "fit_sines", "left_per_bandwidth_s"]

NORMAL_QUANTILE: Final = 1.959963984540054  # of a 95 % interval

#: The slow cosines of a longer window are too many to be kept at hand.
_MOST_BASIS_NUMBERS: Final = 500_000
#: Gauss-Newton steps; from a start within half a bin three are enough.
_STEPS: Final = 6
#: Bins on each side of the peak in which the residual of the sine is judged.
_NEAR_BINS: Final = 4
#: ... or in this span, where that is more: slow waxing puts sidebands there.
_NEAR_HZ: Final = 0.2
#: The noise is taken from bins further away than this, out to the half span of the fit.
_FAR_BINS: Final = 4  # beyond those that are judged
_FAR_SPAN_BINS: Final = 40
#: Chance of taking a true tone for a line; it costs a wider interval, the other way costs coverage.
_ALPHA: Final = 0.01
#: Bandwidth times length up to which the sine stands for a line that is not a tone.
_NARROW_BT: Final = 0.1
#: A straight line through a Brownian phase has 6/5 of the least variance of its slope.
_SLOPE_LOSS: Final = 1.2
#: The residual of so narrow a line rests on so few independent numbers.
_NARROW_FREEDOM: Final = 3.0


@dataclass(frozen=True, eq=False, slots=True)
class SineFit:
    """Exact sines fitted to windows.

    Parameters
    ----------
    frequency_hz, half_hz : ndarray, shape (n_windows,)
        Frequency and half of its 95 % interval, Hz: from the noise around the line, and for a
        line that is not a tone from its wander as well.
    power, half_rms : ndarray, shape (n_windows,)
        Mean square of the vector, (m/s^2)^2, and half of the 95 % interval of its root, m/s^2.
    bandwidth_hz, most_bandwidth_hz : ndarray, shape (n_windows,)
        Half-power width that the residual leaves room for, and its upper limit (95 %), Hz.
    noise : ndarray, shape (n_windows,)
        Floor of one axis around the line, (m/s^2)^2/Hz.
    is_tone : ndarray of bool, shape (n_windows,)
        Whether the residual cannot be told from noise.
    is_enough : ndarray of bool, shape (n_windows,)
        Whether the sine is as good as any line: the residual is noise, or the wander is small.
    """

    frequency_hz: Floats
    half_hz: Floats
    power: Floats
    half_rms: Floats
    bandwidth_hz: Floats
    most_bandwidth_hz: Floats
    noise: Floats
    is_tone: npt.NDArray[np.bool_]
    is_enough: npt.NDArray[np.bool_]


def fit_sines(
    moving: Floats,
    start_hz: Floats,
    *,
    fs: float,
    cutoff_hz: float,
    band_hz: tuple[float, float],
) -> SineFit:
    """Fit one sine of shared frequency and free complex amplitude per axis by least squares.

    The regressors lose their slow cosines as the samples did, so that the fit is the joint one
    with tilt and sway. The noise is that of the residual around the line.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    start_hz : ndarray, shape (n_windows,)
        Within half a bin of the frequency, Hz.
    fs, cutoff_hz : float
        Sampling rate, and what `remove_slow` took out, Hz.
    band_hz : tuple of float
        The frequency stays in here, Hz.

    Returns
    -------
    SineFit
        The result of a window does not depend on the others.
    """
    from scipy.special import gammaincc, stdtrit

    n_windows, _, n = moving.shape
    duration_s = n / fs
    time = (np.arange(n) - (n - 1) / 2.0) / fs
    frequency = start_hz.copy()
    waves = np.empty((n_windows, 4, n))

    for step in range(_STEPS):
        phase = 2.0 * np.pi * frequency[:, None] * time
        np.cos(phase, out=waves[:, 0])
        np.sin(phase, out=waves[:, 1])
        # The derivatives of both by the frequency.
        np.multiply(waves[:, 1], -2.0 * np.pi * time, out=waves[:, 2])
        np.multiply(waves[:, 0], 2.0 * np.pi * time, out=waves[:, 3])
        # All that follows is in inner products; the samples have no slow part, so that taking
        # that of the waves out changes nothing between waves and samples.
        gram = _gram_without_slow(waves, fs=fs, cutoff_hz=cutoff_hz)
        along = waves @ np.swapaxes(moving, -1, -2)
        inner = gram[:, :2, :2]
        fitted = np.linalg.solve(inner, along[:, :2])
        # How the fitted sine changes with the frequency, at right angles to cosine and sine.
        turn = np.concatenate([-np.linalg.solve(inner, gram[:, :2, 2:] @ fitted), fitted], axis=1)
        curvature = np.maximum((turn * (gram @ turn)).sum(axis=(1, 2)), 1e-300)
        if step < _STEPS - 1:
            left = along - gram[:, :, :2] @ fitted
            change = (turn * left).sum(axis=(1, 2)) / curvature
            frequency = np.clip(
                frequency + np.clip(change, -0.3 / duration_s, 0.3 / duration_s), *band_hz
            )
    amplitude = np.swapaxes(fitted, -1, -2)
    residual = moving - remove_slow(amplitude @ waves[:, :2], fs=fs, cutoff_hz=cutoff_hz)
    n_axes = np.count_nonzero(np.ptp(moving, axis=-1) > 0.0, axis=-1)
    rest = psd(transform(residual, fs=fs))
    bins = np.arange(rest.shape[-1])
    away = np.abs(bins - np.round(frequency * duration_s)[:, None])
    usable = band_bins(n, fs=fs, low_hz=1.2 * cutoff_hz, high_hz=NYQUIST_SHARE * fs / 2.0)
    inside = (bins >= usable.start) & (bins < usable.stop)
    near_bins = max(_NEAR_BINS, round(_NEAR_HZ * duration_s))
    near = inside & (away <= near_bins)
    span = max(_FAR_SPAN_BINS, round(half_span_hz(band_hz) * duration_s))
    far = inside & (away > near_bins + _FAR_BINS) & (away <= span)
    noise = np.where(far, rest, 0.0).sum(axis=-1) / np.maximum(n_axes * far.sum(axis=-1), 1.0)
    noise = np.maximum(noise, 1e-300)
    # A bin of an axis is worth one; the amplitudes take one of each axis, the frequency a half.
    excess = np.where(near, rest, 0.0).sum(axis=-1) / noise
    expected = n_axes * (near.sum(axis=-1) - 1.0) - 0.5
    is_tone = gammaincc(expected, excess) > _ALPHA

    variance = noise * fs / 2.0
    power = np.maximum(
        np.square(amplitude).sum(axis=(1, 2)) / 2.0 - 2.0 * n_axes * variance / n, variance / n
    )
    # Of a line whose width times T is small, 0.233 pi B T of the power stays with the residual:
    # Brownian phase and amplitude, less the straight line that the frequency takes from the phase.
    per_bandwidth = left_per_bandwidth_s(power, noise, duration_s=duration_s)
    bandwidth = np.maximum(excess - expected, 0.0) / per_bandwidth
    from_noise = variance / curvature
    from_wander = _SLOPE_LOSS * bandwidth / (4.0 * np.pi * duration_s)
    return SineFit(
        frequency_hz=frequency,
        half_hz=np.where(
            is_tone,
            NORMAL_QUANTILE * np.sqrt(from_noise),
            float(stdtrit(_NARROW_FREEDOM, 0.975)) * np.sqrt(from_noise + from_wander),
        ),
        power=power,
        half_rms=NORMAL_QUANTILE * np.sqrt(variance / n),
        bandwidth_hz=bandwidth,
        # Three times: the energy of a single Brownian path stays under a third of its mean in 5 %.
        most_bandwidth_hz=3.0
        * (np.maximum(excess - expected, 0.0) + 1.645 * np.sqrt(expected))
        / per_bandwidth,
        noise=noise,
        is_tone=is_tone,
        is_enough=is_tone | (bandwidth * duration_s < _NARROW_BT),
    )


def left_per_bandwidth_s(power: Floats, noise: Floats, *, duration_s: float) -> Floats:
    """Give how much of a narrow line stays beside its best sine, per Hz of its width.

    Parameters
    ----------
    power, noise : ndarray, shape (n_windows,)
        Power of the line, and floor of one axis: (m/s^2)^2 and (m/s^2)^2/Hz.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    ndarray, shape (n_windows,)
        In bins of noise, for each Hz of half-power bandwidth.
    """
    return np.asarray(0.233 * np.pi * duration_s * power * duration_s / noise)


def _gram_without_slow(waves: Floats, *, fs: float, cutoff_hz: float) -> Floats:
    """Give the inner products of waves of shape (n_windows, k, n), their slow parts taken out."""
    n = waves.shape[-1]
    n_slow = count_slow(n, fs=fs, cutoff_hz=cutoff_hz)
    if n * n_slow > _MOST_BASIS_NUMBERS:
        rest = remove_slow(waves, fs=fs, cutoff_hz=cutoff_hz)
        return np.asarray(rest @ np.swapaxes(rest, -1, -2))
    slow = waves @ slow_cosines(n, n_slow)
    return np.asarray(waves @ np.swapaxes(waves, -1, -2) - slow @ np.swapaxes(slow, -1, -2))
