"""Two legs that were measured at once: how far they move in step at the frequency of the tremor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.estimate import Estimate
from tremor.notes import note
from tremor.recording import Floats, Recording, Segment
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
    Pieces of 4 s that overlap by half, without those in which either has a lost sample; each leg
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
    # Time of the first sample of the other on the clock of the first.
    ahead_s = (other.started_at - one.started_at).total_seconds()
    fs, overlap_s, spectra = one.sampling_rate_hz, 0.0, []
    n_window = round(LEGS.segment_s * fs)
    for mine, theirs in product(_on_wall_clock(one), _on_wall_clock(other)):
        both = _Shared(one, mine, other, theirs, ahead_s)
        begin_s, end_s = both.span_s
        overlap_s += max(0.0, end_s - begin_s)
        first, last = math.ceil(begin_s * fs), math.floor(end_s * fs)
        for start in range(first, last - n_window, n_window // 2):
            pair = both.read(start, n_window)
            if pair is not None:
                spectra.append(_fourier(pair, fs=fs, frequency_hz=frequency_hz))
    if overlap_s < LEGS.least_overlap_s:
        return None
    return _coherence(np.array(spectra), frequency_hz=frequency_hz, overlap_s=overlap_s)


def _on_wall_clock(recording: Recording) -> tuple[Segment, ...]:
    """Return the segments after the clock was last set: the wall time of others is not known."""
    segments = recording.segments
    last = max((at for at, one in enumerate(segments) if one.clock_set_by_s), default=0)
    return segments[last:]


@dataclass(frozen=True, eq=False, slots=True)
class _Shared:
    """A segment of each leg, and the time of the first sample of the other on the first's clock."""

    one: Recording
    mine: Segment
    other: Recording
    theirs: Segment
    ahead_s: float

    @property
    def span_s(self) -> tuple[float, float]:
        """Time that the two share, s from the start of the first recording."""
        mine, theirs = self.mine, self.theirs
        theirs_s = self.ahead_s + theirs.start_s
        end_s = theirs_s + (theirs.n_samples - 2.0) / self.other.sampling_rate_hz
        own_end_s = mine.start_s + mine.n_samples / self.one.sampling_rate_hz
        return max(mine.start_s, theirs_s), min(own_end_s, end_s)

    def read(self, start: int, n: int) -> tuple[Floats, Floats] | None:
        """Return a piece of both legs at the times of the first; None if samples are missing."""
        from scipy.interpolate import CubicSpline

        one, other, mine, theirs = self.one, self.other, self.mine, self.theirs
        first = start - round(mine.start_s * one.sampling_rate_hz)
        at = ((start + np.arange(n)) / one.sampling_rate_hz - self.ahead_s) * other.sampling_rate_hz
        at -= round(theirs.start_s * other.sampling_rate_hz)
        begin = max(math.floor(at[0]) - 2, 0)
        end = min(math.ceil(at[-1]) + 3, theirs.n_samples)
        own = one.samples.read(mine.first_sample + first, mine.first_sample + first + n)
        near = other.samples.read(theirs.first_sample + begin, theirs.first_sample + end)
        if not (np.isfinite(own).all() and np.isfinite(near).all()):
            return None
        return own, np.asarray(CubicSpline(np.arange(begin, end), near)(at))


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
