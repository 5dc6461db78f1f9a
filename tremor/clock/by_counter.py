"""Sample positions from a counter of samples or packets, which shows losses that stamps do not.

The counter may run over. Positions from stamps are `tremor.clock.by_steps` and
`tremor.clock.by_arrivals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.errors import InvalidInputError
from tremor.settings import COUNTERS

__all__ = ["CounterPositions", "looks_like_a_counter", "positions_by_counter"]

_BITS: Final = (8, 12, 16, 24, 32)


@dataclass(frozen=True, eq=False, slots=True)
class CounterPositions:
    """Sample positions that a counter gave.

    Parameters
    ----------
    index : ndarray of int64, shape (k,)
        Sample position of each row that is kept, from 0, strictly increasing.
    kept : ndarray of bool, shape (n,)
        False for a row with the number of the one before.
    """

    index: Indices
    kept: Bools


def looks_like_a_counter(numbers: Floats) -> bool:
    """Check whether numbers rise by one from row to row, or from packet to packet.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        Of the first rows.

    Examples
    --------
    >>> looks_like_a_counter(np.array([253.0, 254.0, 255.0, 0.0, 1.0, 4.0, 5.0, 6.0, 7.0]))
    True
    >>> looks_like_a_counter(np.array([0.0, 8.0, 16.0, 24.0]))
    False
    """
    if len(numbers) < COUNTERS.least_rows or not np.array_equal(numbers, np.round(numbers)):
        return False
    steps = np.diff(numbers)
    moved = steps[steps != 0.0]
    if not moved.size or float(np.mean(moved < 0.0)) > COUNTERS.most_falls:
        return False
    return bool(np.mean(moved == 1.0) >= COUNTERS.least_ones and numbers.min() >= 0.0)


def positions_by_counter(numbers: Floats, *, first_row_number: int = 0) -> CounterPositions:
    """Find the sample positions of rows by their counter.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        What the counter says in each row.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.

    Returns
    -------
    CounterPositions
        A counter of packets counts the rows that all packets but a few have.

    Raises
    ------
    InvalidInputError
        If the counter starts again or jumps by more than a recording may lose.

    Examples
    --------
    >>> positions_by_counter(np.array([254.0, 255.0, 0.0, 3.0])).index.tolist()
    [0, 1, 2, 5]
    """
    count = _unwrapped(numbers, first_row_number)
    steps = np.diff(count)
    begins = np.flatnonzero(np.concatenate(([True], steps != 0)))
    rows_each = np.diff(np.append(begins, len(count)))
    usual = int(np.median(rows_each))
    within = np.arange(len(count)) - np.repeat(begins, rows_each)
    kept = within < usual
    index = (count * usual + within)[kept]
    index = index - index[0]
    most = COUNTERS.most_lost_share * len(count) + COUNTERS.most_lost_rows
    if int(index[-1]) > most:
        row = first_row_number + int(np.argmax(steps)) + 1
        raise InvalidInputError(
            f"the counter of samples jumps by {int(steps.max())} at row {row}; "
            "these are two recordings, or it counts something else: split the file there, or "
            "leave that column out with --columns"
        )
    return CounterPositions(index.astype(np.int64), kept)


def _unwrapped(numbers: Floats, first_row_number: int) -> Indices:
    """Continue a counter over its ends."""
    count = np.round(numbers).astype(np.int64)
    steps = np.diff(count)
    falls = np.flatnonzero(steps < 0)
    if not falls.size:
        return count
    top, bottom = int(count.max()), int(count.min())
    span = next((2**bits for bits in _BITS if 2**bits > top), 0)
    # Some start again at a round number, from 0 or 1.
    from_top = (count[falls] == top) & (count[falls + 1] == bottom)
    if len(falls) > 1 and from_top.mean() > COUNTERS.least_from_top:
        span = top - bottom + 1
    lost = steps[falls] + span
    bad = (lost < 1) | (lost > COUNTERS.most_lost_of_span * span)
    if bad.any():
        row = first_row_number + int(falls[np.argmax(bad)]) + 1
        raise InvalidInputError(
            f"the counter of samples falls back by {-int(steps[falls[np.argmax(bad)]])} at row "
            f"{row}; these are two recordings, or it counts something else: split the file there, "
            "or leave that column out with --columns"
        )
    wraps = np.zeros(len(count), dtype=np.int64)
    wraps[falls + 1] = span
    return np.asarray(count + np.cumsum(wraps))
