"""Where a capture is cut: long gaps part it into segments, and a clock that was set does, too.

Segments and their times are `tremor.segments`; the positions of rows come from
`tremor.clock.timebase`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.segments import Segment, is_possible_gap
from tremor.settings import SEGMENTS

__all__ = ["Stretches", "stretches_of_places", "stretches_of_times"]


@dataclass(frozen=True, eq=False, slots=True)
class Stretches:
    """Rows between long gaps.

    Parameters
    ----------
    rows : ndarray of int64, shape (n + 1,)
        First row of each stretch, and the number of rows.
    begin : ndarray of int64, shape (n,)
        Place of the first sample of each on the even grid of the stamps.
    n_samples : ndarray of int64, shape (n,)
        Samples of each, those that are lost within it included.
    """

    rows: Indices
    begin: Indices
    n_samples: Indices

    def segments(self, *, sampling_rate_hz: float) -> tuple[Segment, ...]:
        """Return the segments that the stretches make.

        Parameters
        ----------
        sampling_rate_hz : float
            Hz.

        Returns
        -------
        tuple of Segment
            In order of time. After a gap that no capture can have, the clock was set: the segment
            is put right behind the one before it.
        """
        found: list[Segment] = []
        place = first = end = 0
        for begin, length in zip(self.begin.tolist(), self.n_samples.tolist(), strict=True):
            n_lost, set_by_s = begin - end, 0.0
            if is_possible_gap(n_lost, sampling_rate_hz=sampling_rate_hz):
                place += n_lost
            else:
                set_by_s = n_lost / sampling_rate_hz
            found.append(
                Segment(
                    start_s=place / sampling_rate_hz,
                    first_sample=first,
                    n_samples=length,
                    clock_set_by_s=set_by_s,
                )
            )
            place, first, end = place + length, first + length, begin + length
        return tuple(found)


def stretches_of_places(place: Indices, *, sampling_rate_hz: float) -> Stretches:
    """Cut rows that are evenly spaced.

    Parameters
    ----------
    place : ndarray of int64, shape (n,)
        Place of each row on the even grid, strictly increasing from 0.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    Stretches
        At least one.

    Examples
    --------
    >>> found = stretches_of_places(np.array([0, 1, 5, 9000, 9001]), sampling_rate_hz=100.0)
    >>> found.rows.tolist(), found.n_samples.tolist()
    ([0, 3, 5], [6, 2])
    """
    rows = _edges(np.diff(place) - 1, sampling_rate_hz)
    begin, last = place[rows[:-1]], place[rows[1:] - 1]
    return Stretches(rows, begin, last - begin + 1)


def stretches_of_times(time_s: Floats, *, sampling_rate_hz: float) -> Stretches:
    """Cut rows that are resampled onto an even grid.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Time of each row, strictly increasing from 0, s.
    sampling_rate_hz : float
        Rate of the grid, Hz.

    Returns
    -------
    Stretches
        At least one; the samples of each are those that
        `tremor.clock.resampling.resample_evenly` makes of its rows.
    """
    rows = _edges(np.rint(np.diff(time_s) * sampling_rate_hz) - 1.0, sampling_rate_hz)
    first_s, last_s = time_s[rows[:-1]], time_s[rows[1:] - 1]
    n_samples = ((last_s - first_s) * sampling_rate_hz + 1e-6).astype(np.int64) + 1
    return Stretches(rows, np.rint(first_s * sampling_rate_hz).astype(np.int64), n_samples)


def _edges(n_lost: Floats | Indices, sampling_rate_hz: float) -> Indices:
    """Return the first row of each stretch, and the number of rows."""
    cuts = np.flatnonzero(n_lost > SEGMENTS.longest_hole_s * sampling_rate_hz) + 1
    return np.concatenate(([0], cuts, [len(n_lost) + 1])).astype(np.int64)
