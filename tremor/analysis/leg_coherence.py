"""Two legs that were measured at once: how far they move in step, and which of them leads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.clock_offset import Lateness, clock_difference
from tremor.estimate import Estimate
from tremor.notes import note
from tremor.recording import Floats, Recording, Segment
from tremor.results.comparison import ClockDifference, LegCoherence
from tremor.settings import LEGS

__all__ = ["coherence_of_legs"]

Complexes = npt.NDArray[np.complex128]

_NORMAL_QUANTILE: Final = 1.959964
#: Segments overlap by half under a Hann window: so many of them are as good as independent ones.
_INDEPENDENT_SHARE: Final = 0.947


def coherence_of_legs(
    one: Recording,
    other: Recording,
    *,
    frequency_hz: float,
    lateness: tuple[Lateness, Lateness] | None = None,
) -> LegCoherence | None:
    """Estimate the magnitude-squared coherence of two legs at a frequency.

    Parameters
    ----------
    one, other : Recording
        Both with the wall time of their first sample, on one clock.
    frequency_hz : float
        Frequency of the tremor, Hz.
    lateness : tuple of Lateness, optional
        Arrivals of the packets of both at one computer; without them no leg can be said to lead.

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

    The lag is the phase of the mean cross-spectrum, each leg along the direction of space in which
    it moves most, positive upwards. To its own error, the variance (1 - C) / (2 L C) of a phase at
    a coherence C, half the interval of the difference of the clocks is added.

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
    clocks = _clock_difference(lateness, one, other, ahead_s)
    if clocks is not None and clocks.offset_s.value is not None:
        ahead_s -= clocks.offset_s.value
    fs, overlap_s, spectra, means = one.sampling_rate_hz, 0.0, [], []
    n_window = round(LEGS.segment_s * fs)
    for mine, theirs in product(_on_wall_clock(one), _on_wall_clock(other)):
        both = _Shared(one, mine, other, theirs, ahead_s, clocks)
        begin_s, end_s = both.span_s
        overlap_s += max(0.0, end_s - begin_s)
        first, last = math.ceil(begin_s * fs), math.floor(end_s * fs)
        for start in range(first, last - n_window, n_window // 2):
            pair = both.read(start, n_window)
            if pair is not None:
                spectra.append(_fourier(pair, fs=fs, frequency_hz=frequency_hz))
                means.append([samples.mean(axis=0) for samples in pair])
    if overlap_s < LEGS.least_overlap_s:
        return None
    found = _coherence(np.array(spectra), frequency_hz=frequency_hz, overlap_s=overlap_s)
    if found.coherence.value is None:
        return replace(found, clocks=clocks)
    has_gravity = one.gravity == other.gravity == "included"
    up = np.mean(means, axis=0) if has_gravity else np.zeros((2, 3))
    return replace(found, clocks=clocks, lag_s=_lag_s(np.array(spectra), found, clocks, up))


def _clock_difference(
    lateness: tuple[Lateness, Lateness] | None, one: Recording, other: Recording, ahead_s: float
) -> ClockDifference | None:
    """Return the difference of the clocks in the middle of the time that both share."""
    if lateness is None:
        return None
    begin_s, end_s = max(0.0, ahead_s), min(one.duration_s, ahead_s + other.duration_s)
    return clock_difference(*lateness, ahead_s=ahead_s, middle_s=(begin_s + end_s) / 2.0)


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
    clocks: ClockDifference | None = None

    @property
    def span_s(self) -> tuple[float, float]:
        """Time that the two share, s from the start of the first recording."""
        mine, theirs = self.mine, self.theirs
        theirs_s = self.ahead_s + theirs.start_s
        end_s = theirs_s + (theirs.n_samples - 2.0) / self.other.sampling_rate_hz
        own_end_s = mine.start_s + mine.n_samples / self.one.sampling_rate_hz
        return max(mine.start_s, theirs_s), min(own_end_s, end_s)

    def _drifted_s(self, time_s: Floats) -> Floats | float:
        """Return how far the clock of the other has drifted at some times of the first, s."""
        if self.clocks is None or self.clocks.drift_ppm.value is None:
            return 0.0
        return 1e-6 * self.clocks.drift_ppm.value * (time_s - self.clocks.middle_s)

    def read(self, start: int, n: int) -> tuple[Floats, Floats] | None:
        """Return a piece of both legs at the times of the first; None if samples are missing."""
        from scipy.interpolate import CubicSpline

        one, other, mine, theirs = self.one, self.other, self.mine, self.theirs
        first = start - round(mine.start_s * one.sampling_rate_hz)
        time_s = (start + np.arange(n)) / one.sampling_rate_hz
        at = (time_s - self.ahead_s + self._drifted_s(time_s)) * other.sampling_rate_hz
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


def _lag_s(
    spectra: Complexes,
    found: LegCoherence,
    clocks: ClockDifference | None,
    up: Floats,
) -> Estimate:
    """Return by how much the second leg follows the first, s, or why that cannot be told.

    ``up`` is the mean acceleration of each leg, shape (2, 3); zero without gravity.
    """
    value = found.coherence.value
    assert value is not None
    if clocks is None:
        return Estimate.missing(note("CLOCKS_NOT_MEASURED"))
    if value <= found.chance_level:
        return Estimate.missing(note("LEGS_NOT_IN_STEP"))
    half_period_s = 0.5 / found.frequency_hz
    low_s, high_s = clocks.offset_s.low, clocks.offset_s.high
    assert low_s is not None
    assert high_s is not None
    clocks_s = (high_s - low_s) / 2.0
    if clocks_s >= half_period_s / 2.0:
        return Estimate.missing(
            note("CLOCKS_TOO_FAR_APART", clocks_ms=1e3 * clocks_s, most_ms=500.0 * half_period_s)
        )
    upward = [_upward(spectra[:, leg], up[leg]) for leg in range(2)]
    if upward[0] is None or upward[1] is None:
        return Estimate.missing(note("LEVEL_SHAKING"))
    cross = np.mean(upward[0] * np.conj(upward[1]))
    # A leg that follows has the phase of an earlier time.
    lag_s = float(np.angle(cross)) / (2.0 * math.pi * found.frequency_hz)
    power = np.mean(np.abs(upward[0]) ** 2) * np.mean(np.abs(upward[1]) ** 2)
    coherence = min(max(float(abs(cross) ** 2 / power), 1e-12), 1.0 - 1e-12)
    variance = (1.0 - coherence) / (2.0 * _INDEPENDENT_SHARE * len(spectra) * coherence)
    own_s = _NORMAL_QUANTILE * math.sqrt(variance) / (2.0 * math.pi * found.frequency_hz)
    reach_s = own_s + clocks_s
    if abs(lag_s) + reach_s > half_period_s:
        return Estimate.missing(note("LEGS_IN_TURN", half_period_ms=1e3 * half_period_s))
    return Estimate(lag_s, lag_s - reach_s, lag_s + reach_s, method="cross_phase")


def _upward(coefficients: Complexes, up: Floats) -> Complexes | None:
    """Project the coefficients onto the main direction of space, positive upwards.

    None where the direction is level, so that its sign is not known.
    """
    matrix = (coefficients.T @ coefficients.conj()).real
    direction = np.linalg.eigh(matrix)[1][:, -1]
    upright = float(direction @ up)
    if abs(upright) <= LEGS.least_upright * float(np.linalg.norm(up)):
        return None
    return np.asarray(coefficients @ (direction * math.copysign(1.0, upright)))
