"""Whether tremors of different frequencies take turns, or are there at the same time.

A window shows the stronger one of two. Where they take turns, windows in a row show the same one;
where both are there, which one is the stronger changes from window to window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.measures.pooled import PooledLine
from tremor.recording import Floats
from tremor.results.windows import WindowTable
from tremor.settings import EPISODES, TURNS

__all__ = ["FrequencyChange", "find_change", "shares_of_turns", "take_turns"]

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

#: Standard deviation of a normal variable over its mean absolute deviation.
_NORMAL_OVER_MEAN_DEVIATION: Final = 1.2533


def take_turns(which: Integers) -> bool:
    """Check whether tremors take turns.

    Parameters
    ----------
    which : ndarray of int, shape (n_windows,)
        The tremor that each window shows, in order of time.

    Returns
    -------
    bool
        False if there is only one, or if it changes as often as by chance.

    Examples
    --------
    >>> take_turns(np.repeat([0, 1, 0], 10)), take_turns(np.tile([0, 0, 1], 10))
    (True, False)
    """
    if len(which) < TURNS.least_windows:
        return False
    shares = np.bincount(which) / len(which)
    by_chance = (len(which) - 1) * (1.0 - float(np.square(shares).sum()))
    return bool(np.count_nonzero(np.diff(which)) < TURNS.most_changes * by_chance)


def shares_of_turns(
    line: PooledLine, table: WindowTable, members: Bools
) -> tuple[float, ...] | None:
    """Return the share of the time of each line of a fit, if the lines take turns.

    The segments of a fit are long, and one that holds a part of each line counts for both.

    Parameters
    ----------
    line : PooledLine
        With its further lines.
    table : WindowTable
        All windows, judged.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples were fitted.

    Returns
    -------
    tuple of float or None
        Of the line and of its further lines, 1 together; None if they are there at once, or if
        there is only one.
    """
    if not line.further:
        return None
    frequency_hz = table.estimates["frequency_hz"][members, 0]
    frequency_hz = frequency_hz[np.isfinite(frequency_hz)]
    lines = (line, *line.further)
    which = np.argmin([_away_hz(one, frequency_hz) for one in lines], axis=0)
    if not take_turns(which):
        return None
    return tuple((np.bincount(which, minlength=len(lines)) / len(which)).tolist())


def _away_hz(line: PooledLine, frequency_hz: Floats) -> Floats:
    """Return how far frequencies are from a line or the nearest of its harmonics, Hz."""
    orders = np.arange(1, line.fit.n_harmonics + 1)[:, None]
    return np.asarray(np.abs(frequency_hz - orders * (line.frequency_hz.value or 0.0)).min(axis=0))


@dataclass(frozen=True, slots=True)
class FrequencyChange:
    """A change from one tremor to another.

    Parameters
    ----------
    at_s : float
        Start of the first window after it, s from the start of the capture.
    before_hz, after_hz : float
        Frequencies of the two, Hz.
    """

    at_s: float
    before_hz: float
    after_hz: float


def find_change(start_s: Floats, frequency_hz: Floats) -> FrequencyChange | None:
    """Find where one tremor follows another.

    Parameters
    ----------
    start_s, frequency_hz : ndarray, shape (n_windows,)
        Windows with tremor in order of time: their starts, s, and frequencies, Hz.

    Returns
    -------
    FrequencyChange or None
        The first change. A frequency that drifts does not change in this sense, and neither do two
        tremors at once of which now one is the stronger and now the other.
    """
    n = len(frequency_hz)
    least = max(1, round(TURNS.least_share * n))
    if n < TURNS.least_windows or n < 2 * least:
        return None
    ordered = np.sort(frequency_hz)
    # The best parting of the sorted frequencies in two has most variance between them.
    count = np.arange(least, n - least + 1)
    below = np.cumsum(ordered)[count - 1]
    between = below**2 / count + (ordered.sum() - below) ** 2 / (n - count)
    cut = int(count[np.argmax(between)])
    low_hz, high_hz = float(np.median(ordered[:cut])), float(np.median(ordered[cut:]))
    scatter_hz = _NORMAL_OVER_MEAN_DEVIATION * float(
        np.mean(np.abs(ordered - np.where(np.arange(n) < cut, low_hz, high_hz)))
    )
    apart_hz = max(EPISODES.lines_apart_hz, TURNS.least_scatters * scatter_hz)
    which = (frequency_hz > 0.5 * (low_hz + high_hz)).astype(np.int64)
    n_high = int(which.sum())
    if high_hz - low_hz <= apart_hz or not least <= n_high <= n - least or not take_turns(which):
        return None
    at = int(np.flatnonzero(np.diff(which))[0])
    before_hz, after_hz = (low_hz, high_hz) if which[0] == 0 else (high_hz, low_hz)
    return FrequencyChange(float(start_s[at + 1]), before_hz, after_hz)
