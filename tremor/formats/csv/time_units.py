"""The unit of numeric time stamps, and whether the sampling rate that follows is possible.

The rate decides between readings: a number is a date only where the unit that makes it one also
gives a rate that an accelerometer has. Cells to numbers is `tremor.formats.csv.stamps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.settings import STAMP_UNITS
from tremor.units import TIME_UNIT_S

__all__ = [
    "UnitOfTime",
    "compact_date_format",
    "guess_unit",
    "is_date",
    "is_possible_rate",
    "restart_span",
    "typical_step",
    "units_of_possible_rate",
]

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]

#: Dates without separators, by their number of digits.
_COMPACT_DATES: Final = {14: "%Y%m%d%H%M%S", 17: "%Y%m%d%H%M%S%f"}


@dataclass(frozen=True, slots=True)
class UnitOfTime:
    """Unit of time that numbers show.

    Parameters
    ----------
    unit : str
        ``s``, ``ms``, ``us`` or ``ns``; empty if none fits.
    is_date : bool
        Whether a plausible date shows it, not the rate alone.
    why_not : str
        Phrase about what the numbers are instead; empty if nothing is known.
    """

    unit: str
    is_date: bool = False
    why_not: str = ""


def typical_step(numbers: Numbers) -> float:
    """Compute the step from row to row, whatever gaps, packets and repeated stamps there are.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        Stamps in any unit, in the order of the rows.

    Returns
    -------
    float
        Median over blocks of rows of the mean step, in the unit of the stamps; 0 of one row.

    Examples
    --------
    >>> typical_step(np.array([0, 10, 20, 30, 5000, 5010, 5020]))
    10.0
    """
    with np.errstate(all="ignore"):  # numbers may be infinite
        elapsed = (numbers - numbers[0]).astype(np.float64)
    n_steps = len(elapsed) - 1
    if n_steps < 1:
        return 0.0
    n_rows = max(1, min(STAMP_UNITS.block_rows, n_steps // STAMP_UNITS.least_blocks))
    with np.errstate(all="ignore"):
        step = float(np.median(np.diff(elapsed[::n_rows]))) / n_rows
    return step if step > 0.0 else float(elapsed[-1]) / n_steps


def is_possible_rate(step_s: float) -> bool:
    """Check whether some accelerometer samples with this period, s."""
    slowest_hz, fastest_hz = STAMP_UNITS.possible_rate_hz
    return step_s > 0.0 and slowest_hz < 1.0 / step_s <= fastest_hz


def units_of_possible_rate(step: float) -> tuple[str, ...]:
    """Return the units in which a step is a possible sampling period."""
    return tuple(unit for unit, unit_s in TIME_UNIT_S.items() if is_possible_rate(step * unit_s))


def is_date(seconds: float) -> bool:
    """Check whether s since 1970 are in a year in which a capture can have been made."""
    return STAMP_UNITS.date_range_s[0] <= seconds <= STAMP_UNITS.date_range_s[1]


def guess_unit(numbers: Numbers) -> UnitOfTime:
    """Guess the unit of numeric stamps from a plausible date, else from the rate.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        Stamps of the first rows.

    Returns
    -------
    UnitOfTime
        With an empty unit if none fits.

    Examples
    --------
    >>> guess_unit(1_200_000_000 + 10_000 * np.arange(50)).unit  # microseconds since power-on
    'us'
    """
    start, step = float(numbers[0].item()), typical_step(numbers)
    for unit, unit_s in TIME_UNIT_S.items():
        if is_date(start * unit_s) and (step <= 0.0 or is_possible_rate(step * unit_s)):
            return UnitOfTime(unit, is_date=True)
    is_whole = bool(np.isfinite(numbers).all() and (numbers == np.round(numbers)).all())
    if (
        is_whole
        and len(numbers) > 1
        and np.mean(np.diff(numbers) == 1) >= STAMP_UNITS.least_counting
    ):
        return UnitOfTime("", why_not="they rise by one from row to row, as a row counter does")
    slowest_hz, fastest_hz = STAMP_UNITS.guessed_rate_hz
    if is_whole:
        # Ticks of an unknown length are whole numbers too.
        fastest_hz = STAMP_UNITS.most_guessed_whole_hz
    for unit, unit_s in TIME_UNIT_S.items():
        step_s = step * unit_s  # of the smallest steps there are, nothing remains
        if step_s > 0.0 and slowest_hz <= 1.0 / step_s <= fastest_hz:
            return UnitOfTime(unit)
    return UnitOfTime("")


def compact_date_format(numbers: Numbers) -> str:
    """Return the `strptime` format of dates without separators; empty if they are none.

    Examples
    --------
    >>> compact_date_format(np.array([20240605120030000, 20240605120030010]))
    '%Y%m%d%H%M%S%f'
    """
    try:
        ends = [str(int(numbers[at])) for at in (0, -1)]
        text_format = _COMPACT_DATES.get(len(ends[0]), "")
        moments = [datetime.strptime(end, text_format).timestamp() for end in ends]
    except (ValueError, OverflowError):
        return ""
    return text_format if text_format and all(map(is_date, moments)) else ""


def restart_span(numbers: Numbers) -> float | None:
    """Return what stamps reach before they start again, again and again; None if they do not.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        Stamps of the first rows.

    Returns
    -------
    float or None
        Highest stamp over lowest, in the unit of the stamps.

    Examples
    --------
    >>> restart_span(np.tile(np.arange(0, 1000, 10), 4))
    990.0
    """
    with np.errstate(all="ignore"):
        steps = np.diff((numbers - numbers[0]).astype(np.float64))
    falls = -steps[steps < 0.0]
    span = float(numbers.max() - numbers.min())
    if len(falls) < STAMP_UNITS.least_restarts or falls.min() < STAMP_UNITS.least_fall * span:
        return None
    return span
