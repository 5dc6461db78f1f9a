"""Two legs that were measured at once: how far they move in step at the frequency of the tremor."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.estimate import Estimate
from tremor.notes import note
from tremor.recording import Floats, Recording
from tremor.results.comparison import LegCoherence
from tremor.settings import LEGS

__all__ = ["coherence_of_legs"]

Complexes = npt.NDArray[np.complex128]

_NORMAL_QUANTILE: Final = 1.959964
#: Segments overlap by half under a Hann window: so many of them are as good as independent ones.
_INDEPENDENT_SHARE: Final = 0.947


def coherence_of_legs(
    one: Recording, other: Recording, *, frequency_hz: float
) -> LegCoherence | None:
    """Estimate the magnitude-squared coherence of two legs at a frequency.

    Parameters
    ----------
    one, other : Recording
        Both with the wall time of their first sample, on one clock.
    frequency_hz : float
        Frequency of the tremor, Hz.

    Returns
    -------
    LegCoherence or None
        None if the two do not share 20 s.

    Notes
    -----
    Segments of 4 s that overlap by half, without those in which either has a lost sample; each leg
    is seen along the direction in which it moves most at the frequency, and the other recording is
    interpolated to the times of the first. The interval is that of Fisher's transform of the
    coherence, the level of chance 1 - 0.05^(1 / (L - 1)) with L independent segments.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> rng = np.random.default_rng(0)
    >>> t = np.arange(6000) / 100.0
    >>> def leg(shake):
    ...     moved = [0, 0, 9.81] + 0.3 * shake[:, None] * [0.6, 0.8, 0.0]
    ...     return Recording.from_arrays(
    ...         moved + rng.normal(0, 0.01, (6000, 3)),
    ...         sampling_rate_hz=100.0,
    ...         started_at=datetime(2026, 5, 3, tzinfo=timezone.utc),
    ...     )
    >>> shake = np.sin(2 * np.pi * 8.0 * t)
    >>> round(coherence_of_legs(leg(shake), leg(shake), frequency_hz=8.0).coherence.value, 2)
    1.0
    """
    if one.started_at is None or other.started_at is None:
        return None
    fs = one.sampling_rate_hz
    # Time of the first sample of the other on the clock of the first.
    ahead_s = (other.started_at - one.started_at).total_seconds()
    begin_s = max(0.0, ahead_s)
    end_s = min(one.duration_s, ahead_s + other.duration_s - 2.0 / other.sampling_rate_hz)
    overlap_s = end_s - begin_s
    if overlap_s < LEGS.least_overlap_s:
        return None
    first, last = math.ceil(begin_s * fs), math.floor(end_s * fs)
    n_segment = round(LEGS.segment_s * fs)
    spectra = []
    for start in range(first, last - n_segment, n_segment // 2):
        pair = _segment(one, other, start, n_segment, ahead_s=ahead_s)
        if pair is not None:
            spectra.append(_fourier(pair, fs=fs, frequency_hz=frequency_hz))
    return _coherence(np.array(spectra), frequency_hz=frequency_hz, overlap_s=overlap_s)


def _segment(
    one: Recording, other: Recording, start: int, n: int, *, ahead_s: float
) -> tuple[Floats, Floats] | None:
    """Return a segment of both legs at the times of the first; None if samples are missing."""
    from scipy.interpolate import CubicSpline

    at = ((start + np.arange(n)) / one.sampling_rate_hz - ahead_s) * other.sampling_rate_hz
    begin = max(math.floor(at[0]) - 2, 0)
    end = min(math.ceil(at[-1]) + 3, len(other.samples))
    first, second = one.samples.read(start, start + n), other.samples.read(begin, end)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return None
    return first, np.asarray(CubicSpline(np.arange(begin, end), second)(at))


def _fourier(pair: tuple[Floats, Floats], *, fs: float, frequency_hz: float) -> Complexes:
    """Return the Fourier coefficients of both legs at a frequency, shape (2, 3)."""
    n = len(pair[0])
    window = np.hanning(n + 1)[:n]
    wave = window * np.exp(-2j * np.pi * frequency_hz / fs * np.arange(n))
    return np.stack([wave @ (samples - samples.mean(axis=0)) for samples in pair])


def _coherence(spectra: Complexes, *, frequency_hz: float, overlap_s: float) -> LegCoherence:
    n_independent = _INDEPENDENT_SHARE * len(spectra)
    if len(spectra) < LEGS.least_segments:
        coherence = Estimate.missing(
            note("TOO_FEW_SEGMENTS", n_segments=len(spectra), least=int(LEGS.least_segments))
        )
        return LegCoherence(
            frequency_hz=frequency_hz, coherence=coherence, chance_level=1.0, overlap_s=overlap_s
        )
    one, other = (_along_main_direction(spectra[:, leg]) for leg in range(2))
    cross = abs(np.mean(one * np.conj(other))) ** 2
    value = float(cross / (np.mean(np.abs(one) ** 2) * np.mean(np.abs(other) ** 2)))
    value = min(value, 1.0 - 1e-12)
    middle = math.atanh(math.sqrt(value))
    reach = _NORMAL_QUANTILE / math.sqrt(2.0 * n_independent - 2.0)
    low, high = (math.tanh(max(middle + sign * reach, 0.0)) ** 2 for sign in (-1.0, 1.0))
    return LegCoherence(
        frequency_hz=frequency_hz,
        coherence=Estimate(value, low, high, method="welch_fisher"),
        chance_level=1.0 - 0.05 ** (1.0 / (n_independent - 1.0)),
        overlap_s=overlap_s,
    )


def _along_main_direction(coefficients: Complexes) -> Complexes:
    """Project the coefficients of three axes, (n, 3), onto the direction with the most power."""
    matrix = coefficients.T @ coefficients.conj()
    return np.asarray(coefficients @ np.linalg.eigh(matrix)[1][:, -1].conj())
