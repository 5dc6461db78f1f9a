"""Scores of what looks like tremor and is not: gait, impacts and single events.

Each function takes windows and returns the number that a verdict compares with its threshold in
`tremor.settings`. Scores of the envelope of a line, the heartbeat among them, are in
`tremor.measures.envelope`; clipping and dead axes are in `tremor.integrity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins, hann_psd, smooth
from tremor.recording import Floats
from tremor.settings import GAIT_COMB, IMPACTS, PEAK, SPECTRUM

__all__ = [
    "Blanked",
    "blank_impacts",
    "gait_comb",
    "half_disagreement_hz",
    "stride_signs",
]

Indices = npt.NDArray[np.int64]


def gait_comb(density: Floats, *, n_samples: int, fs: float) -> Floats:
    """Score how much the spectrum is a comb of harmonics of one stride or step rate.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n_windows,)
        Mean over the first harmonics of log10 of the PSD at a harmonic over that half-way to the
        next, each at most 1, at the rate that makes it largest. Walking and running score
        0.8-1.0, stamping 0.64-1.0, tremor 0.3-0.7; NaN if the window is too short for any rate.
    """
    combs = _comb_bins(n_samples, fs)
    if not combs:
        return np.full(len(density), np.nan)
    # Bins first, so that a bin of all windows is one run of memory.
    highest = max(int(gaps[-1]) for _, gaps in combs)
    bins = np.array(density[:, : highest + 1].T, order="C")
    logs = np.log10(np.maximum(bins, 1e-300, out=bins), out=bins)
    most, best = GAIT_COMB.most_decades, np.full(len(density), -np.inf)
    for teeth, gaps in combs:
        decades = logs[teeth]
        decades -= logs[gaps]
        np.maximum(np.minimum(decades, most, out=decades), -most, out=decades)
        # Row by row: numpy would sum those of one window in another order.
        score = decades[0]
        for row in decades[1:]:
            score += row
        score /= len(teeth)
        np.maximum(best, score, out=best)
    return best


def stride_signs(
    density: Floats, peak_hz: Floats, *, n_samples: int, fs: float, band_hz: tuple[float, float]
) -> dict[str, Floats]:
    """Measure what accompanies the line of a stride, a step or a stamp, and not that of a tremor.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz.
    peak_hz : ndarray, shape (n_windows,)
        Highest peak in the band, Hz.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``subharmonic_ratio``, the highest PSD below the flank of the line, where strides and steps
        have their fundamental, over that of the line; ``overtone_share``, the power above its
        second harmonic, where strikes have theirs, over that in the band; NaN where the samples
        do not reach so high.
    """
    width_hz, last = fs / n_samples, n_samples // 2
    bins = np.arange(last + 1)
    low_hz, high_hz = PEAK.low_band_hz
    below = np.minimum(high_hz, GAIT_COMB.flank_share * peak_hz)[:, None]
    slow = (bins * width_hz >= low_hz) & (bins * width_hz <= below)
    peak = np.round(peak_hz / width_hz).astype(np.int64)[:, None]
    near = np.clip(peak + np.arange(-1, 2), 0, last)
    top = np.take_along_axis(density, near, axis=1).max(axis=1)
    total = np.cumsum(density, axis=1)
    ends = np.minimum(
        np.round(GAIT_COMB.overtones_from * peak_hz / width_hz).astype(np.int64), last
    )
    highest = int(SPECTRUM.nyquist_share / 2.0 * n_samples)
    above = total[:, highest] - np.take_along_axis(total, ends[:, None], axis=1)[:, 0]
    band = band_bins(n_samples, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    inside = total[:, band.stop - 1] - total[:, band.start - 1]
    tiny = np.finfo(np.float64).tiny
    return {
        "subharmonic_ratio": np.where(slow, density, 0.0).max(axis=1) / np.maximum(top, tiny),
        # A sensor too slow to hold overtones does not tell a stamp from a tremor.
        "overtone_share": np.where(
            highest * width_hz >= GAIT_COMB.least_reach * peak_hz,
            np.maximum(above, 0.0) / np.maximum(inside, tiny),
            np.nan,
        ),
    }


@lru_cache(maxsize=16)
def _comb_bins(n_samples: int, fs: float) -> list[tuple[Indices, Indices]]:
    """Return the bins of the teeth of the comb of each rate, and of the gap after each tooth."""
    width_hz, harmonic = fs / n_samples, np.arange(1, GAIT_COMB.teeth + 1)
    lowest_hz, highest_hz = GAIT_COMB.rates_hz
    lowest_hz = max(lowest_hz, GAIT_COMB.least_periods * width_hz)
    rates_hz = np.arange(lowest_hz, highest_hz, GAIT_COMB.rate_step_hz)
    below_nyquist = SPECTRUM.nyquist_share / 2.0 * fs / rates_hz - 0.5
    teeth = np.minimum(GAIT_COMB.teeth, below_nyquist).astype(np.int64)
    enough = teeth >= GAIT_COMB.least_teeth
    rates_hz, teeth = rates_hz[enough, None], teeth[enough]
    last = n_samples // 2
    at = np.minimum(np.round(harmonic * rates_hz / width_hz), last).astype(np.int64)
    between = np.minimum(np.round((harmonic + 0.5) * rates_hz / width_hz), last).astype(np.int64)
    return [
        (of_teeth[:count], of_gaps[:count])
        for of_teeth, of_gaps, count in zip(at, between, teeth.tolist(), strict=True)
    ]


@dataclass(frozen=True, eq=False, slots=True)
class Blanked:
    """Windows with their impacts faded out.

    Parameters
    ----------
    samples : ndarray, shape (n_windows, 3, n_samples)
        Acceleration, m/s^2, scaled so that the mean square of the remainder holds for the whole
        window.
    crest : ndarray, shape (n_windows,)
        Largest short-time norm over the median one, before blanking.
    blanked_share : ndarray, shape (n_windows,)
        Share of the window that was faded out.
    longest_s : ndarray, shape (n_windows,)
        Longest time above the limit without a break, s.
    """

    samples: Floats
    crest: Floats
    blanked_share: Floats
    longest_s: Floats


def blank_impacts(high_passed: Floats, *, fs: float, over_median: float) -> Blanked:
    """Fade out the moments in which the norm lies far above its median.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    fs : float
        Sampling rate, Hz.
    over_median : float
        Moments are faded out whose norm over 0.1 s exceeds this multiple of its median.

    Returns
    -------
    Blanked
        Windows without an impact are returned bit for bit.
    """
    norm = np.sqrt(smooth(np.square(high_passed).sum(axis=1), max(1, round(IMPACTS.norm_s * fs))))
    median = np.maximum(np.median(norm, axis=-1), 1e-300)
    hit = norm > over_median * median[:, None]
    samples = high_passed
    share, longest_s = np.zeros(len(high_passed)), np.zeros(len(high_passed))
    rows = np.flatnonzero(hit.any(axis=1))
    if rows.size:
        fade = max(1, round(IMPACTS.fade_s * fs))
        # Half a cosine, from zero at a hit to one beyond the fade: only the nearest hit matters.
        distance = np.minimum(_since_hit(hit[rows]), _since_hit(hit[rows, ::-1])[:, ::-1])
        weight = 0.5 - 0.5 * np.cos(np.pi * np.minimum(distance, fade + 1) / (fade + 1))
        kept = np.square(weight).mean(axis=-1)
        samples = high_passed.copy()
        samples[rows] *= (weight / np.sqrt(np.maximum(kept, 1e-6))[:, None])[:, None, :]
        share[rows] = 1.0 - kept
        # The norm of a line may fall below the limit for as long as it is averaged.
        near = max(1, round(0.5 * IMPACTS.norm_s * fs))
        run = _since_hit(distance > near)
        longest_s[rows] = np.maximum(run.max(axis=-1) - 2 * near, 1) / fs
    return Blanked(
        samples=samples,
        crest=norm.max(axis=-1) / median,
        blanked_share=share,
        longest_s=longest_s,
    )


def _since_hit(hit: npt.NDArray[np.bool_]) -> Indices:
    """Count the samples since the last hit, shape as given; n or more before the first."""
    n = hit.shape[-1]
    index = np.arange(n)
    return np.asarray(index - np.maximum.accumulate(np.where(hit, index, -n), axis=-1))


def half_disagreement_hz(
    high_passed: Floats,
    peak_hz: Floats,
    *,
    has_second: npt.NDArray[np.bool_],
    fs: float,
    band_hz: tuple[float, float],
) -> Floats:
    """Measure the distance from the peak of a window to the closer of the peaks of its halves.

    Parameters
    ----------
    high_passed : ndarray, shape (n_windows, 3, n_samples)
        Windows without their slow part, m/s^2.
    peak_hz : ndarray, shape (n_windows,)
        Peak of the whole window, Hz.
    has_second : ndarray of bool, shape (n_windows,)
        Whether it has a second harmonic, which may be the higher one in either half.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    ndarray, shape (n_windows,)
        Smaller of the two distances, Hz. A line shows in at least one half; a single event has
        another spectrum in each.
    """
    half = high_passed.shape[-1] // 2
    band = band_bins(half, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    away = []
    for part in (high_passed[..., :half], high_passed[..., -half:]):
        smoothed = smooth(hann_psd(part, fs=fs), round(PEAK.smoothing_hz * half / fs))
        top = band.start + np.argmax(smoothed[:, band], axis=-1)
        top_hz = top * fs / half
        away.append(np.abs(top_hz - peak_hz))
        away.append(np.where(has_second, np.abs(top_hz - 2.0 * peak_hz), np.inf))
    return np.asarray(np.min(away, axis=0))
