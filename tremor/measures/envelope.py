"""What the envelope of a line tells: what drives it, and whether it is there all along.

Tremor is a resonance that is pushed all the time. A muscle that rings with the heart is pushed by
its beats, and a movement comes and goes. Each function takes windows and gives the numbers that a
verdict compares with its threshold; the thresholds are `tremor.settings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.recording import Floats

__all__ = ["LONGEST_BEAT_S", "Heartbeat", "Quiet", "heartbeat", "quiet", "slow_correlation"]

Complexes = npt.NDArray[np.complex128]
Indices = npt.NDArray[np.int64]

#: Rate of the envelopes, Hz, whatever that of the samples.
_RATE_HZ: Final = 25.0
#: The ends of an analytic signal ring for so long, s.
_EDGE_S: Final = 0.2

#: Intervals between heartbeats, s: 43 to 200 a minute.
LONGEST_BEAT_S: Final = 1.4
_BEAT_S: Final = (0.3, LONGEST_BEAT_S)
#: A lag of the autocorrelation longer than this share of the window has too few products.
_MOST_LAG_SHARE: Final = 0.5
#: The line is followed as far as this on either side of its peak, Hz: a push rises within 0.1 s ...
_LINE_HALF_WIDTH_HZ: Final = 6.0
#: ... and faded out over this, Hz.
_LINE_FADE_HZ: Final = 1.0
#: The direction of the line is that of what lies this near to its peak, Hz.
_DIRECTION_HZ: Final = 1.5
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

#: The line itself is what lies this near to its peak, Hz; slower movement lies in this band, Hz.
_NARROW_HZ: Final = 1.5
_SLOW_HZ: Final = (0.5, 2.5)
#: A line is as good as gone where its power is below this share of its mean.
_QUIET: Final = 0.1


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
    """Give the complex envelope of the line along its direction, and its rate, Hz."""
    length_s = moving.shape[-1] / fs
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
    return _to_time(along, offset, length_s=length_s)


def _to_time(bins: Complexes, places: Indices, *, length_s: float) -> tuple[Complexes, float]:
    """Give what some bins of a spectrum are in time, ends left out, and the rate, Hz.

    Up to a constant; the rate does not depend on that of the samples.
    """
    n_out = round(_RATE_HZ * length_s)
    one_sided = np.zeros((*bins.shape[:-1], n_out), dtype=np.complex128)
    one_sided[..., places % n_out] = bins
    rate_hz = n_out / length_s
    edge = max(1, round(_EDGE_S * rate_hz))
    return np.fft.ifft(one_sided, axis=-1)[..., edge:-edge], rate_hz


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


@dataclass(frozen=True, eq=False, slots=True)
class Quiet:
    """How long the power of a line is below a tenth of its mean.

    Parameters
    ----------
    share : ndarray, shape (n_windows,)
        Share of the time: 0.095 on average for a Gaussian process, 0.5 and more for a movement
        shorter than the window.
    longest_s : ndarray, shape (n_windows,)
        Longest time without a break, s. Between two beats it is no longer than `LONGEST_BEAT_S`.
    """

    share: Floats
    longest_s: Floats


def quiet(moving: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]) -> Quiet:
    """Tell for how much of a window its line is as good as gone.

    Parameters
    ----------
    moving : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part and impacts, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Where the line is, Hz.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    Quiet
        Of each window.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(1000) / 100.0
    >>> shift = np.exp(-(((t - 4.0) / 0.7) ** 2)) * np.sin(2 * np.pi * 4.5 * t)
    >>> windows = np.stack([np.sin(2 * np.pi * 8 * t), shift])[:, None] * np.ones((3, 1))
    >>> found = quiet(windows, np.array([8.0, 4.5]), fs=100.0, band_hz=(3.0, 15.0))
    >>> found.share.round(1).tolist(), found.longest_s.round(0).tolist()
    ([0.0, 0.8], [0.0, 5.0])
    """
    power, rate_hz = _line_power(moving, peak_hz, fs=fs, band_hz=band_hz)
    is_quiet = power < _QUIET * power.mean(axis=-1, keepdims=True)
    place = np.arange(1, power.shape[-1] + 1)
    since = place - np.maximum.accumulate(np.where(is_quiet, 0, place), axis=-1)
    return Quiet(share=is_quiet.mean(axis=-1), longest_s=since.max(axis=-1) / rate_hz)


def slow_correlation(
    moving: Floats,
    windows: Floats,
    peak_hz: Floats,
    *,
    fs: float,
    band_hz: tuple[float, float],
) -> Floats:
    """Tell whether a line comes and goes together with slower movement.

    Parameters
    ----------
    moving, peak_hz, fs, band_hz
        As for `quiet`.
    windows : ndarray, shape (n_windows, 3, n_samples)
        The windows with their slow part, m/s^2.

    Returns
    -------
    ndarray, shape (n_windows,)
        Correlation of the envelope of the line with that of the movement at 0.5-2.5 Hz: 0 on
        average for tremor on a leg that sways.
    """
    n = windows.shape[-1]
    slow = band_bins(n, fs=fs, low_hz=_SLOW_HZ[0], high_hz=_SLOW_HZ[1])
    # A tilt makes a jump from the end to the start, which would look like movement at both.
    ends = max(1, round(_EDGE_S * fs))
    jump = windows[..., -ends:].mean(axis=-1) - windows[..., :ends].mean(axis=-1)
    ramp = np.fft.rfft(np.linspace(-0.5, 0.5, n))[slow]
    bins = np.fft.rfft(windows, axis=-1)[..., slow] - jump[..., None] * ramp
    other = _square(_to_time(bins, np.arange(slow.start, slow.stop), length_s=n / fs)[0])
    line, _ = _line_power(moving, peak_hz, fs=fs, band_hz=band_hz)
    return _correlation(np.sqrt(line), np.sqrt(other.sum(axis=1)))


def _line_power(
    moving: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> tuple[Floats, float]:
    """Give the power envelope of what lies near a peak, up to a constant, and its rate, Hz."""
    length_s = moving.shape[-1] / fs
    half = round(_NARROW_HZ * length_s)
    offset = np.arange(-half, half + 1)
    at = np.round(peak_hz * length_s).astype(np.int64)[:, None] + offset
    spectrum = np.fft.rfft(moving, axis=-1)
    band = band_bins(moving.shape[-1], fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    inside = (at >= band.start) & (at < band.stop)
    at = np.clip(at, 0, spectrum.shape[-1] - 1)
    bins = np.take_along_axis(spectrum, at[:, None, :], axis=-1) * inside[:, None, :]
    line, rate_hz = _to_time(bins, offset, length_s=length_s)
    return _square(line).sum(axis=1), rate_hz


def _correlation(one: Floats, other: Floats) -> Floats:
    one = one - one.mean(axis=-1, keepdims=True)
    other = other - other.mean(axis=-1, keepdims=True)
    scale = np.sqrt(np.square(one).sum(axis=-1) * np.square(other).sum(axis=-1))
    return np.asarray((one * other).sum(axis=-1) / np.maximum(scale, 1e-300))
