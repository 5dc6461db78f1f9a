"""The segments of a capture: evenly spaced samples between long gaps, and their times.

A long gap holds no samples: the samples of all segments are kept one after the other. Here, and
only here, the number of a sample becomes a time. Where a capture is cut is found by
`tremor.clock.cutting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.errors import InvalidInputError
from tremor.settings import SEGMENTS

__all__ = [
    "Segment",
    "in_segments",
    "is_long_gap",
    "is_possible_gap",
    "require_order",
    "sample_of",
    "sample_places",
    "sample_times",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Evenly spaced samples; short runs of lost ones are among them, long ones are not.

    Parameters
    ----------
    start_s : float
        Time of its first sample, s from the start of the capture.
    first_sample : int
        Number of its first sample among those of all segments.
    n_samples : int
        Number of its samples, those that are lost within it included.
    clock_set_by_s : float
        By how much the clock was set before it, s; 0 where it was not. If it was, the time since
        the segment before is not known, and this one is put right behind it.
    """

    start_s: float
    first_sample: int
    n_samples: int
    clock_set_by_s: float = 0.0

    @property
    def end_sample(self) -> int:
        """Return the number after that of its last sample."""
        return self.first_sample + self.n_samples


def require_order(segments: Sequence[Segment], *, sampling_rate_hz: float) -> None:
    """Check that segments follow each other in samples and in time.

    Parameters
    ----------
    segments : sequence of Segment
        Of a capture.
    sampling_rate_hz : float
        Hz.

    Raises
    ------
    InvalidInputError
        If one begins before the end of that before it, or samples between them belong to none.
    """
    end_s, end_sample = 0.0, 0
    for number, one in enumerate(segments):
        is_late_enough = one.start_s >= end_s - 0.5 / sampling_rate_hz
        if one.first_sample != end_sample or one.n_samples < 0 or not is_late_enough:
            raise InvalidInputError(
                f"segment {number} begins with sample {one.first_sample} at {one.start_s:g} s, and "
                f"the one before ends with sample {end_sample} at {end_s:g} s; order them by time"
            )
        end_sample = one.end_sample
        end_s = one.start_s + one.n_samples / sampling_rate_hz


def is_long_gap(n_lost: int, *, sampling_rate_hz: float) -> bool:
    """Check whether a run of lost samples parts two segments.

    Parameters
    ----------
    n_lost : int
        Its length in samples.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    bool
        False for a shorter one, which is kept as lost samples.
    """
    return n_lost > SEGMENTS.longest_hole_s * sampling_rate_hz


def is_possible_gap(n_lost: int, *, sampling_rate_hz: float) -> bool:
    """Check whether a capture can have a gap of this length.

    Parameters
    ----------
    n_lost : int
        Its length in samples.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    bool
        False if the clock, or the count, was set in between.
    """
    return n_lost <= SEGMENTS.longest_gap_s * sampling_rate_hz


def sample_places(
    segments: Sequence[Segment], samples: Indices, *, sampling_rate_hz: float
) -> Indices:
    """Return the places of samples on the even grid of a capture, in which gaps count.

    Parameters
    ----------
    segments : sequence of Segment
        Of the capture; none where it is one.
    samples : ndarray of int, shape (n,)
        Numbers of samples.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    ndarray of int, shape (n,)
        Sampling periods from the first sample of the capture.

    Examples
    --------
    >>> parts = (
    ...     Segment(start_s=0.0, first_sample=0, n_samples=200),
    ...     Segment(start_s=90.0, first_sample=200, n_samples=50),
    ... )
    >>> sample_places(parts, np.array([0, 199, 200, 249]), sampling_rate_hz=100.0).tolist()
    [0, 199, 9000, 9049]
    """
    if len(segments) < 2:
        return samples
    first, place = _starts(segments, sampling_rate_hz)
    number = np.searchsorted(first, samples, side="right") - 1
    return np.asarray(samples + (place - first)[number])


def sample_times(
    segments: Sequence[Segment], begin: int, end: int, *, sampling_rate_hz: float
) -> Floats:
    """Return the times of consecutive samples.

    Parameters
    ----------
    segments : sequence of Segment
        Of the capture; none where it is one.
    begin, end : int
        Number of the first sample, and the one after the last.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    ndarray, shape (end - begin,)
        s from the start of the capture.
    """
    samples = np.arange(begin, end)
    places = sample_places(segments, samples, sampling_rate_hz=sampling_rate_hz)
    return np.asarray(places / sampling_rate_hz)


def in_segments(segments: Sequence[Segment], places: Indices, *, sampling_rate_hz: float) -> Bools:
    """Check which places of the even grid hold a sample, if only a lost one.

    Parameters
    ----------
    segments : sequence of Segment
        Of the capture; none where it is one.
    places : ndarray of int, shape (n,)
        As `sample_places` returns them.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    ndarray of bool, shape (n,)
        False in the long gaps.
    """
    if len(segments) < 2:
        return np.ones(len(places), dtype=np.bool_)
    _, place = _starts(segments, sampling_rate_hz)
    length = np.array([one.n_samples for one in segments])
    number = np.searchsorted(place, places, side="right") - 1
    return np.asarray(places - place[number] < length[number])


def sample_of(segments: Sequence[Segment], places: Indices, *, sampling_rate_hz: float) -> Indices:
    """Return the samples at places of the even grid.

    Parameters
    ----------
    segments : sequence of Segment
        Of the capture; none where it is one.
    places : ndarray of int, shape (n,)
        As `sample_places` returns them; none lies in a long gap.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    ndarray of int, shape (n,)
        Numbers of samples.
    """
    if len(segments) < 2:
        return places
    first, place = _starts(segments, sampling_rate_hz)
    number = np.searchsorted(place, places, side="right") - 1
    return np.asarray(places - (place - first)[number])


def _starts(segments: Sequence[Segment], sampling_rate_hz: float) -> tuple[Indices, Indices]:
    """Return number and place of the first sample of each segment."""
    first = np.array([one.first_sample for one in segments], dtype=np.int64)
    start_s = np.array([one.start_s for one in segments])
    return first, np.rint(start_s * sampling_rate_hz).astype(np.int64)
