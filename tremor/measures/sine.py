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

from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import NYQUIST_SHARE, band_bins, psd, transform
from tremor.measures.whittle import half_span_hz
from tremor.recording import Floats

__all__ = ["SineFit", "fit_sines"]

NORMAL_QUANTILE: Final = 1.959963984540054  # of a 95 % interval

#: Gauss-Newton steps; from a start within half a bin three are enough.
_STEPS: Final = 6
#: Bins on each side of the peak in which the residual of the sine is judged.
_NEAR_BINS: Final = 4
#: The noise is taken from bins further away than this, out to the half span of the fit.
_FAR_BINS: Final = 8
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
    residual = moving
    curvature = np.ones(n_windows)
    amplitude = np.zeros((n_windows, 3, 2))

    for step in range(_STEPS):
        phase = 2.0 * np.pi * frequency[:, None] * time
        cosine, sine = np.cos(phase), np.sin(phase)
        waves = remove_slow(np.stack([cosine, sine], axis=1), fs=fs, cutoff_hz=cutoff_hz)
        gram = waves @ np.swapaxes(waves, -1, -2)
        amplitude = np.swapaxes(np.linalg.solve(gram, waves @ np.swapaxes(moving, -1, -2)), -1, -2)
        residual = moving - amplitude @ waves
        turned = 2.0 * np.pi * time * np.stack([-sine, cosine], axis=1)
        slope = amplitude @ remove_slow(turned, fs=fs, cutoff_hz=cutoff_hz)
        slope = (
            slope
            - np.swapaxes(np.linalg.solve(gram, waves @ np.swapaxes(slope, -1, -2)), -1, -2) @ waves
        )
        curvature = np.maximum(np.square(slope).sum(axis=(1, 2)), 1e-300)
        if step < _STEPS - 1:
            change = (slope * residual).sum(axis=(1, 2)) / curvature
            frequency = np.clip(
                frequency + np.clip(change, -0.3 / duration_s, 0.3 / duration_s), *band_hz
            )
    n_axes = np.count_nonzero(np.ptp(moving, axis=-1) > 0.0, axis=-1)
    rest = psd(transform(residual, fs=fs))
    bins = np.arange(rest.shape[-1])
    away = np.abs(bins - np.round(frequency * duration_s)[:, None])
    usable = band_bins(n, fs=fs, low_hz=1.2 * cutoff_hz, high_hz=NYQUIST_SHARE * fs / 2.0)
    inside = (bins >= usable.start) & (bins < usable.stop)
    near = inside & (away <= _NEAR_BINS)
    span = max(_FAR_SPAN_BINS, round(half_span_hz(band_hz) * duration_s))
    far = inside & (away > _FAR_BINS) & (away <= span)
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
    per_bandwidth = 0.233 * np.pi * duration_s * power * duration_s / noise
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
