"""Scores of the envelope of a line: what excites it, and whether it is present throughout.

Tremor is a resonance under permanent excitation. A muscle may ring with every heartbeat instead,
and a movement comes and goes. Each function takes windows and returns the numbers that a verdict
compares with their thresholds in `tremor.settings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.recording import Floats
from tremor.settings import ENVELOPE, HEARTBEAT, AnalysisSettings

__all__ = [
    "Heartbeat",
    "QuietTime",
    "heartbeat",
    "heartbeat_limit",
    "quiet_time",
    "slow_correlation",
]

Complexes = npt.NDArray[np.complex128]
Indices = npt.NDArray[np.int64]

#: Kurtosis of the excitation of a complex Gaussian process: mean fourth power of its modulus over
#: the squared mean square.
_GAUSSIAN_KURTOSIS: Final = 2.0
#: Lags are computed up to this factor beyond the longest interval, so that a maximum there shows.
_LAG_MARGIN: Final = 1.1


@dataclass(frozen=True, eq=False, slots=True)
class Heartbeat:
    """How much a line looks like the ringing of a muscle with every heartbeat.

    Parameters
    ----------
    score : ndarray, shape (n_windows,)
        ``periodicity`` plus half the logarithm of ``kurtosis`` over 2, each at most 1; less, down
        to 0, if the envelope hardly varies. On average 0.22 for tremor and 0.73 for ringing in
        windows of 4 s, 0.10 and 0.75 in windows of 10 s.
    periodicity : ndarray, shape (n_windows,)
        Highest autocorrelation of the strength of the excitation at the interval of a heartbeat.
    kurtosis : ndarray, shape (n_windows,)
        Mean fourth power of the excitation over its squared mean square: 2 for tremor.
    interval_s : ndarray, shape (n_windows,)
        Interval at which the excitation repeats, s.
    """

    score: Floats
    periodicity: Floats
    kurtosis: Floats
    interval_s: Floats


def heartbeat(
    high_passed: Floats,
    peak_hz: Floats,
    *,
    most_hz: Floats | float = np.inf,
    fs: float,
    band_hz: tuple[float, float],
) -> Heartbeat:
    """Score how much a line is excited by the heart.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Peak of the line, Hz.
    most_hz : ndarray, shape (n_windows,), or float
        Highest frequency of each line, Hz: below a second harmonic, which would beat with it.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    Heartbeat
        Score and its parts, of each window.

    Notes
    -----
    Tremor and ringing are both a driven resonance: line and envelope look alike, most of all when
    a fast heart strikes a muscle that still rings. Their excitation differs. The complex envelope
    ``z`` of the line, along its own direction, is predicted from 0.12 s before by least squares;
    the residual ``z(t) - a z(t - 0.12 s)`` is the excitation. That of tremor, a stationary
    Gaussian process, is permanent, has no memory beyond that lag, and is Gaussian. That of the
    heart is impulsive, at intervals that change little from one beat to the next: its strength is
    periodic and has a high kurtosis. The strength is normalised by its running mean over 3 s, so
    that waxing and waning does not enter.

    A tone with weak ringing beside it is excited by the heart alone: for this reason the variation
    of the whole envelope weights the score.

    References
    ----------
    Makhoul J. Linear prediction: a tutorial review. Proc IEEE 1975;63:561-580.
    doi:10.1109/PROC.1975.9792 (the excitation of a resonance as its prediction residual).

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
    line, rate_hz = _line_envelope(high_passed, peak_hz, fs=fs, low_hz=band_hz[0], most_hz=most_hz)
    lag = max(1, round(HEARTBEAT.prediction_lag_s * rate_hz))
    now, before = line[:, lag:], line[:, :-lag]
    # By name: numpy would multiply into a large nameless array, and round in another way.
    conjugate = before.conj()
    predictor = (now * conjugate).sum(axis=-1) / np.maximum(_square(before).sum(axis=-1), 1e-300)
    power = _square(now - predictor[:, None] * before)
    n_mean = round(HEARTBEAT.normalisation_s * rate_hz)
    power = power / np.maximum(_running_mean(power, n_mean), 1e-300)
    kurtosis = np.square(power).mean(axis=-1) / np.maximum(np.square(power.mean(axis=-1)), 1e-300)
    periodicity, interval_s = _periodicity(np.sqrt(power), rate_hz=rate_hz)
    peaked = HEARTBEAT.kurtosis_weight * np.log(np.maximum(kurtosis, 1.0) / _GAUSSIAN_KURTOSIS)
    most = HEARTBEAT.most_of_one_mark
    marks = np.minimum(periodicity, most) + np.minimum(peaked, most)
    return Heartbeat(
        score=marks * _variation_weight(np.sqrt(_square(line))),
        periodicity=periodicity,
        kurtosis=kurtosis,
        interval_s=interval_s,
    )


def heartbeat_limit(
    settings: AnalysisSettings, *, length_s: npt.ArrayLike, n_windows: npt.ArrayLike
) -> Floats:
    """Return the limit of the median heartbeat score of several windows.

    Parameters
    ----------
    settings : AnalysisSettings
        The limit for one window of 4 s.
    length_s : array_like, shape (...)
        Length of the windows, s.
    n_windows : array_like, shape (...)
        Number of windows; those that overlap by half count as one each.

    Returns
    -------
    ndarray, shape (...)
        About 1 % of tremor lies above it for every length and number.

    Notes
    -----
    The score holds the highest autocorrelation of many lags, so that its mean falls with the
    scatter: as the root of the length.

    Examples
    --------
    >>> limit = heartbeat_limit(AnalysisSettings(), length_s=[4.0, 10.0], n_windows=[1, 5])
    >>> [round(float(one), 2) for one in limit]
    [0.51, 0.24]
    """
    share = HEARTBEAT.share_of_many
    by_length = (ENVELOPE.reference_s / np.asarray(length_s, dtype=np.float64)) ** 0.5
    number = np.asarray(n_windows, dtype=np.float64)
    by_number = share + (1.0 - share) * number**HEARTBEAT.limit_exponent
    return np.asarray(settings.most_heartbeat_score * by_length * by_number)


def _square(z: Complexes) -> Floats:
    return np.asarray(np.square(z.real) + np.square(z.imag))


def _running_mean(series: Floats, n_values: int) -> Floats:
    """Average over the n values around each, fewer at the ends, shape (K, n)."""
    n = series.shape[-1]
    total = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=-1)
    first = np.maximum(np.arange(n) - n_values // 2, 0)
    last = np.minimum(np.arange(n) + n_values // 2 + 1, n)
    return np.asarray((total[:, last] - total[:, first]) / (last - first))


def _line_envelope(
    high_passed: Floats, peak_hz: Floats, *, fs: float, low_hz: float, most_hz: Floats | float
) -> tuple[Complexes, float]:
    """Return the complex envelope of the line along its direction, and its sampling rate, Hz."""
    length_s = high_passed.shape[-1] / fs
    spectrum = np.fft.rfft(high_passed, axis=-1)
    half = round(HEARTBEAT.line_half_width_hz * length_s)
    offset = np.arange(-half, half + 1)
    peak = np.round(peak_hz * length_s).astype(np.int64)[:, None]
    at = peak + offset
    first = np.maximum(peak - half, int(np.ceil(low_hz * length_s)))
    highest = np.minimum(np.multiply(most_hz, length_s), spectrum.shape[-1] - 2.0)
    last = np.minimum(peak + half, np.reshape(highest.astype(np.int64), (-1, 1)))
    inside = np.minimum(at - first, last - at) + 1.0
    faded = np.clip(inside / (HEARTBEAT.line_fade_hz * length_s), 0.0, 1.0)
    weight = 0.5 - 0.5 * np.cos(np.pi * faded)
    at = np.clip(at, 0, spectrum.shape[-1] - 1)
    bins = np.take_along_axis(spectrum, at[:, None, :], axis=-1)
    is_near = np.abs(offset) <= HEARTBEAT.direction_half_width_hz * length_s
    near = np.ascontiguousarray(bins[..., is_near])
    cross = (near[:, :, None] * near[:, None].conj()).real.sum(axis=-1)
    direction = np.linalg.eigh(cross)[1][..., -1]
    along = (bins * direction[:, :, None]).sum(axis=1) * weight
    return _to_time(along, offset, length_s=length_s)


def _to_time(bins: Complexes, index: Indices, *, length_s: float) -> tuple[Complexes, float]:
    """Return the analytic signal of some bins, its ends cut off, and its sampling rate, Hz.

    Up to a constant factor. The rate does not depend on that of the samples.
    """
    n_out = round(ENVELOPE.rate_hz * length_s)
    one_sided = np.zeros((*bins.shape[:-1], n_out), dtype=np.complex128)
    one_sided[..., index % n_out] = bins
    rate_hz = n_out / length_s
    edge = max(1, round(ENVELOPE.edge_s * rate_hz))
    return np.fft.ifft(one_sided, axis=-1)[..., edge:-edge], rate_hz


def _periodicity(strength: Floats, *, rate_hz: float) -> tuple[Floats, Floats]:
    """Find the highest autocorrelation at a heartbeat's interval, and that interval, s."""
    n = strength.shape[-1]
    shortest_s, longest_s = HEARTBEAT.interval_s
    most_s = min(longest_s * _LAG_MARGIN, HEARTBEAT.most_lag_share * n / rate_hz)
    n_lags = int(most_s * rate_hz) + 2
    centred = strength - strength.mean(axis=-1, keepdims=True)
    padded = np.fft.rfft(centred, n=2 * n, axis=-1)
    products = np.fft.irfft(_square(padded), n=2 * n, axis=-1)
    covariance = products[:, :n_lags] / (n - np.arange(n_lags))
    correlation = covariance / np.maximum(covariance[:, :1], 1e-300)
    first = int(np.ceil(shortest_s * rate_hz))
    last = min(n_lags - 1, int(longest_s * rate_hz) + 1)
    inner = correlation[:, first:last]
    is_top = (inner >= correlation[:, first - 1 : last - 1]) & (
        inner >= correlation[:, first + 1 : last + 1]
    )
    at = np.argmax(np.where(is_top, inner, -np.inf), axis=-1)
    highest = np.take_along_axis(inner, at[:, None], axis=-1)[:, 0]
    return np.where(is_top.any(axis=-1), highest, 0.0), (first + at) / rate_hz


def _variation_weight(amplitude: Floats) -> Floats:
    """Weight an envelope by its variation, 0 to 1, shape (K,): a steady tone has none."""
    variation = amplitude.std(axis=-1) / np.maximum(amplitude.mean(axis=-1), 1e-300)
    low, high = HEARTBEAT.variation
    return np.asarray(np.clip((variation - low) / (high - low), 0.0, 1.0))


@dataclass(frozen=True, eq=False, slots=True)
class QuietTime:
    """Time for which the power of a line is below a tenth of its mean.

    Parameters
    ----------
    share : ndarray, shape (n_windows,)
        Share of the window: 0.095 on average for a Gaussian process, 0.5 and more for a movement
        shorter than the window.
    longest_s : ndarray, shape (n_windows,)
        Longest such time without a break, s. Between two heartbeats it is no longer than their
        interval.
    """

    share: Floats
    longest_s: Floats


def quiet_time(
    high_passed: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> QuietTime:
    """Measure for how much of a window its line is absent.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part and impacts, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Peak of the line, Hz.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    QuietTime
        Share and longest time, of each window.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(1000) / 100.0
    >>> shift = np.exp(-(((t - 4.0) / 0.7) ** 2)) * np.sin(2 * np.pi * 4.5 * t)
    >>> windows = np.stack([np.sin(2 * np.pi * 8 * t), shift])[:, None] * np.ones((3, 1))
    >>> found = quiet_time(windows, np.array([8.0, 4.5]), fs=100.0, band_hz=(3.0, 15.0))
    >>> found.share.round(1).tolist(), found.longest_s.round(0).tolist()
    ([0.0, 0.8], [0.0, 5.0])
    """
    power, rate_hz = _line_power(high_passed, peak_hz, fs=fs, band_hz=band_hz)
    is_quiet = power < ENVELOPE.quiet_power_share * power.mean(axis=-1, keepdims=True)
    index = np.arange(1, power.shape[-1] + 1)
    since = index - np.maximum.accumulate(np.where(is_quiet, 0, index), axis=-1)
    return QuietTime(share=is_quiet.mean(axis=-1), longest_s=since.max(axis=-1) / rate_hz)


def slow_correlation(
    high_passed: Floats,
    windows: Floats,
    peak_hz: Floats,
    *,
    fs: float,
    band_hz: tuple[float, float],
) -> Floats:
    """Correlate the envelope of a line with that of slower movement.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part and impacts, m/s^2.
    windows : ndarray, shape (n_windows, 3, n_samples)
        The windows with their slow part, m/s^2.
    peak_hz, fs, band_hz
        As for `quiet_time`.

    Returns
    -------
    ndarray, shape (n_windows,)
        Correlation with the envelope of movement at 0.5-2.5 Hz: 0 on average for tremor on a leg
        that sways.
    """
    n = windows.shape[-1]
    slow = band_bins(n, fs=fs, low_hz=ENVELOPE.slow_band_hz[0], high_hz=ENVELOPE.slow_band_hz[1])
    # A tilt makes a jump from the end to the start, which would look like movement at both ends.
    ends = max(1, round(ENVELOPE.edge_s * fs))
    jump = windows[..., -ends:].mean(axis=-1) - windows[..., :ends].mean(axis=-1)
    ramp = np.fft.rfft(np.linspace(-0.5, 0.5, n))[slow]
    bins = np.fft.rfft(windows, axis=-1)[..., slow] - jump[..., None] * ramp
    other = _square(_to_time(bins, np.arange(slow.start, slow.stop), length_s=n / fs)[0])
    line, _ = _line_power(high_passed, peak_hz, fs=fs, band_hz=band_hz)
    return _correlation(np.sqrt(line), np.sqrt(other.sum(axis=1)))


def _line_power(
    high_passed: Floats, peak_hz: Floats, *, fs: float, band_hz: tuple[float, float]
) -> tuple[Floats, float]:
    """Return the power envelope around a peak, up to a factor, and its sampling rate, Hz."""
    length_s = high_passed.shape[-1] / fs
    half = round(ENVELOPE.line_half_width_hz * length_s)
    offset = np.arange(-half, half + 1)
    at = np.round(peak_hz * length_s).astype(np.int64)[:, None] + offset
    spectrum = np.fft.rfft(high_passed, axis=-1)
    band = band_bins(high_passed.shape[-1], fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
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
