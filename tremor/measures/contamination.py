"""What looks like tremor and is not: gait, impacts, the heartbeat.

Each function takes windows and gives the number that a verdict compares with its threshold; the
thresholds are `tremor.analysis.settings`. Clipping and dead axes are `tremor.integrity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins, hann_psd, smooth
from tremor.recording import Floats

__all__ = [
    "Beats",
    "Blanked",
    "blank_impacts",
    "envelope_autocorrelation",
    "find_beats",
    "gait_comb",
    "half_disagreement_hz",
]

#: Stride and step rates, Hz: from a slow stroll to a sprint, and stamping on the spot.
_GAIT_HZ: Final = (0.45, 3.6)
_GAIT_STEP_HZ: Final = 0.05
#: A comb needs so many periods in the window to be told from a slope ...
_LEAST_PERIODS: Final = 3.0
#: ... and has so many teeth, the first being the rate itself.
_TEETH: Final = 8
_LEAST_TEETH: Final = 6

#: Heel strikes and knocks are shorter than this; the norm is averaged over it.
_IMPACT_S: Final = 0.1
#: An impact is faded out and in over this time on each side.
_FADE_S: Final = 0.2

#: Intervals between heartbeats, s: 52 to 182 a minute.
_BEAT_S: Final = (0.33, 1.15)
#: A lag of the autocorrelation longer than this share of the window has too few products.
_MOST_LAG_SHARE: Final = 0.5


def gait_comb(windows: Floats, *, fs: float) -> Floats:
    """Tell how much the spectrum is a comb of harmonics of one stride or step rate.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, 3, n_samples)
        m/s^2, time along the last axis.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n_windows,)
        Mean over the first harmonics of log10 of the PSD at the tooth over that half-way to the
        next, at the rate that makes it largest. Walking 1.2-2.5, running 1.9-3.8, tremor 0.4-0.8;
        NaN where the window is too short for any rate.
    """
    n = windows.shape[-1]
    width_hz = fs / n
    density = np.maximum(hann_psd(windows, fs=fs), 1e-300)
    logs = np.log10(density)
    best = np.full(len(windows), np.nan)
    top_hz = 0.45 * fs
    for rate_hz in np.arange(max(_GAIT_HZ[0], _LEAST_PERIODS / (n / fs)), *_span()):
        teeth = int(min(_TEETH, top_hz / rate_hz - 0.5))
        if teeth < _LEAST_TEETH:
            continue
        harmonic = np.arange(1, teeth + 1)
        at = np.round(harmonic * rate_hz / width_hz).astype(np.int64)
        between = np.round((harmonic + 0.5) * rate_hz / width_hz).astype(np.int64)
        best = np.fmax(best, (logs[:, at] - logs[:, between]).mean(axis=-1))
    return best


def _span() -> tuple[float, float]:
    return _GAIT_HZ[1], _GAIT_STEP_HZ


@dataclass(frozen=True, eq=False, slots=True)
class Blanked:
    """Windows with their impacts faded out.

    Parameters
    ----------
    samples : ndarray, shape (n_windows, 3, n_samples)
        m/s^2, scaled so that the mean square of what is left stands for the whole window.
    crest : ndarray, shape (n_windows,)
        Largest short-time norm over the median one, before.
    blanked_share : ndarray, shape (n_windows,)
        Share of the window that was taken out.
    """

    samples: Floats
    crest: Floats
    blanked_share: Floats


def blank_impacts(moving: Floats, *, fs: float, over_median: float) -> Blanked:
    """Fade out the moments in which the norm stands far above its median.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    fs : float
        Sampling rate, Hz.
    over_median : float
        Moments whose norm over 0.1 s exceeds so many times the median of the window go.

    Returns
    -------
    Blanked
        Windows without an impact come back bit for bit.
    """
    n = moving.shape[-1]
    norm = np.sqrt(smooth(np.square(moving).sum(axis=1), max(1, round(_IMPACT_S * fs))))
    median = np.maximum(np.median(norm, axis=-1), 1e-300)
    hit = norm > over_median * median[:, None]
    samples = moving
    share = np.zeros(len(moving))
    rows = np.flatnonzero(hit.any(axis=1))
    if rows.size:
        fade = max(1, round(_FADE_S * fs))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / (fade + 1))
        kernel = np.concatenate([ramp, [1.0], ramp[::-1]])
        weight = np.ones((rows.size, n))
        # The weight falls to zero at each hit along half a cosine: the widest fade wins.
        for offset, height in zip(range(-fade, fade + 1), kernel, strict=True):
            shifted = np.zeros((rows.size, n), dtype=np.bool_)
            here = slice(max(0, offset), n + min(0, offset))
            there = slice(max(0, -offset), n - max(0, offset))
            shifted[:, here] = hit[rows][:, there]
            weight = np.where(shifted, np.minimum(weight, 1.0 - height), weight)
        kept = np.square(weight).mean(axis=-1)
        samples = moving.copy()
        samples[rows] *= (weight / np.sqrt(np.maximum(kept, 1e-6))[:, None])[:, None, :]
        share[rows] = 1.0 - kept
    return Blanked(samples=samples, crest=norm.max(axis=-1) / median, blanked_share=share)


def half_disagreement_hz(
    moving: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> Floats:
    """Tell how far the peak of the better half of a window lies from that of the whole, Hz.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Peak of the whole window, Hz.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    ndarray, shape (n_windows,)
        A line shows in one half at least; a single event shows another spectrum in each.
    """
    half = moving.shape[-1] // 2
    band = band_bins(half, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    away = []
    for part in (moving[..., :half], moving[..., -half:]):
        smoothed = smooth(hann_psd(part, fs=fs), round(0.75 * half / fs))
        top = band.start + np.argmax(smoothed[:, band], axis=-1)
        away.append(np.abs(top * fs / half - peak_hz))
    return np.asarray(np.minimum(*away))


def envelope_autocorrelation(moving: Floats, *, fs: float, band_hz: tuple[float, float]) -> Floats:
    """Correlate the power envelope of the band with itself.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Hz.

    Returns
    -------
    ndarray, shape (n_windows, n_lags)
        At lags 0, 1/fs, 2/fs, ... up to the longest beat and half of the window; 1 at lag 0.

    Notes
    -----
    The envelope is the squared modulus of the analytic signal, summed over the axes: the same for
    every orientation.
    """
    n = moving.shape[-1]
    spectrum = np.fft.rfft(moving, axis=-1)
    band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    one_sided = np.zeros((*moving.shape[:-1], n), dtype=np.complex128)
    one_sided[..., band] = spectrum[..., band]
    analytic = np.fft.ifft(one_sided, axis=-1)
    envelope = np.square(analytic.real).sum(axis=1) + np.square(analytic.imag).sum(axis=1)
    envelope -= envelope.mean(axis=-1, keepdims=True)
    n_lags = int(min(_BEAT_S[1] * 1.1, _MOST_LAG_SHARE * n / fs) * fs) + 2
    padded = np.fft.rfft(envelope, n=2 * n, axis=-1)
    products = np.fft.irfft(np.square(np.abs(padded)), n=2 * n, axis=-1)[:, :n_lags]
    covariance = products / (n - np.arange(n_lags))
    return np.asarray(covariance / np.maximum(covariance[:, :1], 1e-300))


@dataclass(frozen=True, eq=False, slots=True)
class Beats:
    """The strongest repetition of envelopes at the interval of a heartbeat.

    Parameters
    ----------
    correlation : ndarray, shape (n_windows,)
        Autocorrelation at that interval.
    rise : ndarray, shape (n_windows,)
        How far it stands above the lowest autocorrelation before.
    interval_s : ndarray, shape (n_windows,)
        s.
    """

    correlation: Floats
    rise: Floats
    interval_s: Floats


def find_beats(autocorrelation: Floats, *, fs: float) -> Beats:
    """Find the repetition of envelopes at the interval of a heartbeat.

    Parameters
    ----------
    autocorrelation : ndarray, shape (n_windows, n_lags)
        As `envelope_autocorrelation` gives it, or a mean of those of neighbouring windows.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    Beats
        Zero correlation and rise where there is no maximum at such an interval.

    Notes
    -----
    A muscle that rings with every beat has an envelope that falls and comes back; the envelope of
    tremor wanders, its autocorrelation falls and stays low.
    """
    first = int(np.ceil(_BEAT_S[0] * fs))
    last = min(autocorrelation.shape[-1] - 1, int(_BEAT_S[1] * fs) + 1)
    inner = autocorrelation[:, first:last]
    is_top = (inner >= autocorrelation[:, first - 1 : last - 1]) & (
        inner >= autocorrelation[:, first + 1 : last + 1]
    )
    lowest = np.minimum.accumulate(autocorrelation, axis=-1)[:, first:last]
    height: npt.NDArray[np.float64] = np.where(is_top, inner, -np.inf)
    at = np.argmax(height, axis=-1)[:, None]
    found = np.isfinite(np.take_along_axis(height, at, axis=-1)[:, 0])
    correlation = np.take_along_axis(inner, at, axis=-1)[:, 0]
    rise = correlation - np.take_along_axis(lowest, at, axis=-1)[:, 0]
    return Beats(
        correlation=np.where(found, correlation, 0.0),
        rise=np.where(found, rise, 0.0),
        interval_s=(first + at[:, 0]) / fs,
    )
