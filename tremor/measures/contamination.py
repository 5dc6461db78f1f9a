"""What looks like tremor and is not: gait, impacts, the heartbeat.

Each function takes windows and gives the number that a verdict compares with its threshold; the
thresholds are `tremor.analysis.settings`. Clipping and dead axes are `tremor.integrity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins, hann_psd, smooth
from tremor.recording import Floats

__all__ = [
    "Blanked",
    "Heartbeat",
    "blank_impacts",
    "gait_comb",
    "half_disagreement_hz",
    "heartbeat",
]

Complexes = npt.NDArray[np.complex128]
Indices = npt.NDArray[np.int64]

#: Stride and step rates, Hz: from a slow stroll to a sprint, and stamping as fast as one can.
_GAIT_HZ: Final = (0.45, 5.2)
_GAIT_STEP_HZ: Final = 0.05
#: A comb needs so many periods in the window to be told from a slope ...
_LEAST_PERIODS: Final = 3.0
#: ... and has so many teeth, the first being the rate itself.
_TEETH: Final = 8
_LEAST_TEETH: Final = 4
#: No tooth counts for more than this many decades: a single strong line is not a comb.
_MOST_DECADES: Final = 1.0

#: Heel strikes and knocks are shorter than this; the norm is averaged over it.
_IMPACT_S: Final = 0.1
#: An impact is faded out and in over this time on each side.
_FADE_S: Final = 0.2

#: Intervals between heartbeats, s: 43 to 200 a minute.
_BEAT_S: Final = (0.3, 1.4)
#: A lag of the autocorrelation longer than this share of the window has too few products.
_MOST_LAG_SHARE: Final = 0.5
#: The line is followed as far as this on either side of its peak, Hz: a push rises within 0.1 s ...
_LINE_HALF_WIDTH_HZ: Final = 6.0
#: ... faded out over this, Hz, and sampled at this rate, Hz.
_LINE_FADE_HZ: Final = 1.0
_LINE_RATE_HZ: Final = 25.0
#: The direction of the line is that of what lies this near to its peak, Hz.
_DIRECTION_HZ: Final = 1.5
#: The ends of an analytic signal ring for so long, s.
_EDGE_S: Final = 0.2
#: What is new in the line is what it was not this long ago, s.
_PUSH_LAG_S: Final = 0.12
#: Pushes are taken over their mean over this time, s: a few beats, and less than waxing takes.
_WAXING_S: Final = 3.0
#: Weight of the logarithm of the spikiness beside the return: that of a logistic regression
#: between ringing and tremor, 0.54-0.66 for windows of 4-10 s.
_SPIKE_WEIGHT: Final = 0.5
#: Mean fourth power over squared mean square of the pushes of a Gaussian process.
_GAUSSIAN_SPIKINESS: Final = 2.0
#: Coefficient of variation of the envelope: a heart that rings has 0.32 or more, tremor 0.29-0.65,
#: a steady tone under 0.05. From the first to the second the marks come to count.
_SWING: Final = (0.08, 0.16)
#: Neither mark of the heartbeat alone may speak louder than this.
_MOST_OF_ONE_MARK: Final = 1.0


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
        next, each at most 1, at the rate that makes it largest. Walking and running 0.8-1.0,
        stamping 0.64-1.0, tremor 0.3-0.7; NaN where the window is too short for any rate.
    """
    logs = np.log10(np.maximum(hann_psd(windows, fs=fs), 1e-300))
    at, between, weight = _teeth(windows.shape[-1], fs)
    if len(at) == 0:
        return np.full(len(windows), np.nan)
    decades = np.clip(logs[:, at] - logs[:, between], -_MOST_DECADES, _MOST_DECADES)
    # Contiguous, so that a window alone adds up in the same order as among others.
    return np.asarray(np.ascontiguousarray(decades * weight).sum(axis=-1).max(axis=-1))


@lru_cache(maxsize=16)
def _teeth(n_samples: int, fs: float) -> tuple[Indices, Indices, Floats]:
    """Give the bins of teeth and of gaps and the weights of the teeth, (n_rates, _TEETH) each."""
    width_hz, harmonic = fs / n_samples, np.arange(1, _TEETH + 1)
    rates_hz = np.arange(max(_GAIT_HZ[0], _LEAST_PERIODS * width_hz), _GAIT_HZ[1], _GAIT_STEP_HZ)
    teeth = np.minimum(_TEETH, 0.45 * fs / rates_hz - 0.5).astype(np.int64)
    rates_hz, teeth = rates_hz[teeth >= _LEAST_TEETH, None], teeth[teeth >= _LEAST_TEETH, None]
    weight = np.where(harmonic <= teeth, 1.0 / teeth, 0.0)
    last = n_samples // 2
    at = np.minimum(np.round(harmonic * rates_hz / width_hz), last).astype(np.int64)
    between = np.minimum(np.round((harmonic + 0.5) * rates_hz / width_hz), last).astype(np.int64)
    return at, between, weight


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
    norm = np.sqrt(smooth(np.square(moving).sum(axis=1), max(1, round(_IMPACT_S * fs))))
    median = np.maximum(np.median(norm, axis=-1), 1e-300)
    hit = norm > over_median * median[:, None]
    samples = moving
    share = np.zeros(len(moving))
    rows = np.flatnonzero(hit.any(axis=1))
    if rows.size:
        fade = max(1, round(_FADE_S * fs))
        # Half a cosine from zero at a hit to one beyond the fade: only the nearest hit counts.
        distance = np.minimum(_since_hit(hit[rows]), _since_hit(hit[rows, ::-1])[:, ::-1])
        weight = 0.5 - 0.5 * np.cos(np.pi * np.minimum(distance, fade + 1) / (fade + 1))
        kept = np.square(weight).mean(axis=-1)
        samples = moving.copy()
        samples[rows] *= (weight / np.sqrt(np.maximum(kept, 1e-6))[:, None])[:, None, :]
        share[rows] = 1.0 - kept
    return Blanked(samples=samples, crest=norm.max(axis=-1) / median, blanked_share=share)


def _since_hit(hit: npt.NDArray[np.bool_]) -> Indices:
    """Count the samples since the last hit, shape as given; many where there was none yet."""
    n = hit.shape[-1]
    place = np.arange(n)
    return np.asarray(place - np.maximum.accumulate(np.where(hit, place, -n), axis=-1))


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


@dataclass(frozen=True, eq=False, slots=True)
class Heartbeat:
    """How much a line is that of a muscle that rings with every beat of the heart.

    Parameters
    ----------
    score : ndarray, shape (n_windows,)
        ``returning`` plus half the logarithm of ``spikiness`` over 2, each at most 1; less, down
        to 0, where the envelope hardly swings at all. On average 0.22 for tremor and 0.73 for
        ringing in windows of 4 s, 0.10 and 0.75 in windows of 10 s.
    returning : ndarray, shape (n_windows,)
        Highest autocorrelation of the strength of the pushes at the interval of a beat.
    spikiness : ndarray, shape (n_windows,)
        Mean fourth power of the pushes over their squared mean square: 2 for tremor.
    interval_s : ndarray, shape (n_windows,)
        Interval at which the pushes return, s.
    """

    score: Floats
    returning: Floats
    spikiness: Floats
    interval_s: Floats


def heartbeat(
    moving: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> Heartbeat:
    """Tell the ringing of a muscle with the heart from tremor, by what drives the line.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Where the line is, Hz.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    Heartbeat
        Of each window.

    Notes
    -----
    Both are a resonance that something drives: the line and its envelope look alike, most of all
    where a fast heart strikes a muscle that still rings. What drives them differs. The complex
    envelope ``z`` of the line, along its own direction, is predicted from 0.12 s before by least
    squares; the push is what is left, ``z(t) - a z(t - 0.12 s)``. Tremor, a stationary Gaussian
    process, is pushed all the time: its pushes have no memory beyond that lag and are as strong
    as chance makes them. A heart pushes for a moment, at intervals that change little from one
    beat to the next. The strength of the pushes then returns after a beat, and is spiky. It is
    taken over its running mean over 3 s, so that waxing and waning does not enter.

    A tone with a weak ringing beside it has pushes of the heart alone: hence the swing of the
    whole envelope.

    References
    ----------
    Makhoul J. Linear prediction: a tutorial review. Proc IEEE 1975;63:561-580.
    doi:10.1109/PROC.1975.9792 (the excitation of a resonance as what cannot be predicted).

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(1000) / 100.0
    >>> ring = np.exp(-(t % 0.8) / 0.15) * np.sin(2 * np.pi * 8 * (t % 0.8))
    >>> windows = ring * np.array([0.1, 0.0, 0.0])[None, :, None]
    >>> found = heartbeat(windows, np.array([8.0]), fs=100.0, band_hz=(3.0, 15.0))
    >>> bool(found.score[0] > 1.0), round(float(found.interval_s[0]), 1)
    (True, 0.8)
    """
    line, rate_hz = _line_envelope(moving, peak_hz, fs=fs, low_hz=band_hz[0])
    lag = max(1, round(_PUSH_LAG_S * rate_hz))
    now, before = line[:, lag:], line[:, :-lag]
    follows = (now * before.conj()).sum(axis=-1) / np.maximum(_square(before).sum(axis=-1), 1e-300)
    power = _square(now - follows[:, None] * before)
    power = power / np.maximum(_running_mean(power, round(_WAXING_S * rate_hz)), 1e-300)
    spikiness = np.square(power).mean(axis=-1) / np.maximum(np.square(power.mean(axis=-1)), 1e-300)
    returning, interval_s = _return(np.sqrt(power), rate_hz=rate_hz)
    spiky = _SPIKE_WEIGHT * np.log(np.maximum(spikiness, 1.0) / _GAUSSIAN_SPIKINESS)
    marks = np.minimum(returning, _MOST_OF_ONE_MARK) + np.minimum(spiky, _MOST_OF_ONE_MARK)
    return Heartbeat(
        score=marks * _swing(np.sqrt(_square(line))),
        returning=returning,
        spikiness=spikiness,
        interval_s=interval_s,
    )


def _square(z: Complexes) -> Floats:
    return np.asarray(np.square(z.real) + np.square(z.imag))


def _running_mean(series: Floats, n_values: int) -> Floats:
    """Average over what there is of so many values around each, shape (K, n)."""
    n = series.shape[-1]
    total = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=-1)
    first = np.maximum(np.arange(n) - n_values // 2, 0)
    last = np.minimum(np.arange(n) + n_values // 2 + 1, n)
    return np.asarray((total[:, last] - total[:, first]) / (last - first))


def _line_envelope(
    moving: Floats, peak_hz: Floats, *, fs: float, low_hz: float
) -> tuple[Complexes, float]:
    """Give the complex envelope of the line along its direction, its ends left out, and its rate.

    Its values are those of the window up to a constant; its rate does not depend on the sampling
    rate, and so neither does what follows from it.
    """
    n = moving.shape[-1]
    length_s = n / fs
    spectrum = np.fft.rfft(moving, axis=-1)
    half = round(_LINE_HALF_WIDTH_HZ * length_s)
    offset = np.arange(-half, half + 1)
    peak = np.round(peak_hz * length_s).astype(np.int64)[:, None]
    at = peak + offset
    first = np.maximum(peak - half, int(np.ceil(low_hz * length_s)))
    last = np.minimum(peak + half, spectrum.shape[-1] - 2)
    inside = np.minimum(at - first, last - at) + 1.0
    weight = 0.5 - 0.5 * np.cos(np.pi * np.clip(inside / (_LINE_FADE_HZ * length_s), 0.0, 1.0))
    at = np.clip(at, 0, spectrum.shape[-1] - 1)
    bins = np.take_along_axis(spectrum, at[:, None, :], axis=-1)
    near = np.ascontiguousarray(bins[..., np.abs(offset) <= _DIRECTION_HZ * length_s])
    cross = (near[:, :, None] * near[:, None].conj()).real.sum(axis=-1)
    direction = np.linalg.eigh(cross)[1][..., -1]
    along = (bins * direction[:, :, None]).sum(axis=1) * weight
    n_out = round(_LINE_RATE_HZ * length_s)
    one_sided = np.zeros((len(moving), n_out), dtype=np.complex128)
    one_sided[:, offset % n_out] = along
    rate_hz = n_out / length_s
    edge = max(1, round(_EDGE_S * rate_hz))
    return np.fft.ifft(one_sided, axis=-1)[:, edge:-edge], rate_hz


def _return(strength: Floats, *, rate_hz: float) -> tuple[Floats, Floats]:
    """Find the highest return at a beat's interval: (autocorrelation, interval in s), each (K,)."""
    n = strength.shape[-1]
    n_lags = int(min(_BEAT_S[1] * 1.1, _MOST_LAG_SHARE * n / rate_hz) * rate_hz) + 2
    centred = strength - strength.mean(axis=-1, keepdims=True)
    padded = np.fft.rfft(centred, n=2 * n, axis=-1)
    products = np.fft.irfft(_square(padded), n=2 * n, axis=-1)
    covariance = products[:, :n_lags] / (n - np.arange(n_lags))
    correlation = covariance / np.maximum(covariance[:, :1], 1e-300)
    first = int(np.ceil(_BEAT_S[0] * rate_hz))
    last = min(n_lags - 1, int(_BEAT_S[1] * rate_hz) + 1)
    inner = correlation[:, first:last]
    is_top = (inner >= correlation[:, first - 1 : last - 1]) & (
        inner >= correlation[:, first + 1 : last + 1]
    )
    at = np.argmax(np.where(is_top, inner, -np.inf), axis=-1)
    highest = np.take_along_axis(inner, at[:, None], axis=-1)[:, 0]
    return np.where(is_top.any(axis=-1), highest, 0.0), (first + at) / rate_hz


def _swing(amplitude: Floats) -> Floats:
    """Tell whether an envelope swings, 0 to 1, shape (K,): that of a steady tone does not."""
    variation = amplitude.std(axis=-1) / np.maximum(amplitude.mean(axis=-1), 1e-300)
    low, high = _SWING
    return np.asarray(np.clip((variation - low) / (high - low), 0.0, 1.0))
