"""What looks like tremor and is not: gait and impacts.

Each function takes windows and gives the number that a verdict compares with its threshold; the
thresholds are `tremor.settings`. What the envelope of the line tells, the heartbeat among
it, is `tremor.measures.envelope`; clipping and dead axes are `tremor.integrity`.
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
    "blank_impacts",
    "gait_comb",
    "half_disagreement_hz",
]

Indices = npt.NDArray[np.int64]

#: Stride and step rates, Hz: from a slow stroll to a sprint, and stamping as fast as one can.
_GAIT_HZ: Final = (0.45, 5.2)
_GAIT_STEP_HZ: Final = 0.05
#: A comb needs so many periods in the window to be told from a slope ...
_LEAST_PERIODS: Final = 3.0
#: ... and has so many teeth, the first being the rate itself; of four, chance makes a comb.
_TEETH: Final = 8
_LEAST_TEETH: Final = 5
#: No tooth counts for more than this many decades: a single strong line is not a comb.
_MOST_DECADES: Final = 1.0

#: Heel strikes and knocks are shorter than this; the norm is averaged over it.
_IMPACT_S: Final = 0.1
#: An impact is faded out and in over this time on each side.
_FADE_S: Final = 0.2


def gait_comb(density: Floats, *, n_samples: int, fs: float) -> Floats:
    """Tell how much the spectrum is a comb of harmonics of one stride or step rate.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` gives it.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n_windows,)
        Mean over the first harmonics of log10 of the PSD at the tooth over that half-way to the
        next, each at most 1, at the rate that makes it largest. Walking and running 0.8-1.0,
        stamping 0.64-1.0, tremor 0.3-0.7; NaN where the window is too short for any rate.
    """
    logs = np.log10(np.maximum(density, 1e-300))
    at, between, weight = _teeth(n_samples, fs)
    if len(at) == 0:
        return np.full(len(density), np.nan)
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
