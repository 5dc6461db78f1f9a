"""The clock of a capture: its true sampling rate, its gaps, and even spacing.

Stamps in, a rate with its standard deviation and the place of every row on an even grid out. The
nominal rate is never believed. Reading stamps out of files is `tremor.formats`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.clock.by_arrivals import place_by_count, tell_late
from tremor.clock.by_steps import core_period_s, place_by_steps
from tremor.clock.rate import (
    Blocks,
    account,
    fit_line,
    off_nominal,
    rate_sd_hz,
    wander_share,
)
from tremor.clock.resampling import LONGEST_BRIDGE_S, resample_evenly
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import Note, note
from tremor.recording import Floats, read_only

__all__ = ["TimeBase", "declared_timebase", "fit_timebase"]

Indices = npt.NDArray[np.int64]

#: Stamps may fall back by this much and are put in order; further is another recording.
_LARGEST_FALL_S: Final = 1.0
_FIRST_ROW_S: Final = 1.0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TimeBase:
    """The clock of a capture.

    Parameters
    ----------
    sampling_rate_hz : float
        True sampling rate, Hz.
    sampling_rate_sd_hz : float or None
        Standard deviation of it, Hz; None where there were no stamps to fit.
    rows : ndarray of int64, shape (k,)
        Rows of the capture that are kept, in order of time.
    index : ndarray of int64, shape (k,)
        Place of each kept row on the even grid; strictly increasing from 0. Jumps are gaps.
    uneven_time_s : ndarray, shape (k,), or None
        Times of the kept rows, s, where the rate truly wanders and the samples want resampling;
        None where they are evenly spaced.
    n_duplicates : int
        Rows dropped because they repeat another in time.
    n_backward : int
        Backward steps of the stamps that were put in order.
    warnings : tuple of Note
        What makes the clock weaker.
    history : tuple of str
        What was done, in order.
    """

    sampling_rate_hz: float
    sampling_rate_sd_hz: float | None
    rows: Indices
    index: Indices
    uneven_time_s: Floats | None = None
    n_duplicates: int = 0
    n_backward: int = 0
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", read_only(self.rows, np.int64))
        object.__setattr__(self, "index", read_only(self.index, np.int64))
        if self.uneven_time_s is not None:
            object.__setattr__(self, "uneven_time_s", read_only(self.uneven_time_s))

    def place(self, values: Floats) -> Floats:
        """Put the samples of the capture on the even grid.

        Parameters
        ----------
        values : ndarray, shape (n, k)
            One row for each row of the capture.

        Returns
        -------
        ndarray, shape (m, k)
            One row for each place of the grid; NaN where no sample is.
        """
        kept = values if len(self.rows) == len(values) and _is_count(self.rows) else None
        kept = values[self.rows] if kept is None else kept
        if self.uneven_time_s is not None:
            return resample_evenly(self.uneven_time_s, kept, sampling_rate_hz=self.sampling_rate_hz)
        if int(self.index[-1]) == len(kept) - 1:
            return kept
        grid = np.full((int(self.index[-1]) + 1, values.shape[1]), np.nan)
        grid[self.index] = kept
        return grid


def declared_timebase(n_rows: int, *, sampling_rate_hz: float) -> TimeBase:
    """Make the clock of a capture without stamps from a declared rate.

    Parameters
    ----------
    n_rows : int
        How many rows there are.
    sampling_rate_hz : float
        Declared sampling rate, Hz. Nothing in the capture can confirm it.

    Returns
    -------
    TimeBase
        Every row one period after the one before.

    Raises
    ------
    InvalidInputError
        Where the rate is not a positive number.
    InsufficientDataError
        Where there are fewer than two rows.
    """
    if not (np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0):
        raise InvalidInputError(
            f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
        )
    _require_rows(n_rows)
    rows = np.arange(n_rows, dtype=np.int64)
    rows.flags.writeable = False
    return TimeBase(
        sampling_rate_hz=float(sampling_rate_hz),
        sampling_rate_sd_hz=None,
        rows=rows,
        index=rows,
        history=(f"clock: no stamps, {sampling_rate_hz:g} Hz as declared",),
    )


def fit_timebase(
    stamps_s: Floats,
    *,
    repeats: npt.NDArray[np.bool_] | None = None,
    nominal_sampling_rate_hz: float | None = None,
    first_row_number: int = 0,
) -> TimeBase:
    """Fit the true sampling rate to all stamps and find the gaps.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each row relative to the first, s. Make it from exact integers where the file
        holds them: a float of 19 digits loses 200 ns.
    repeats : ndarray of bool, shape (n,), optional
        True where a row repeats the one before it in stamp and in values.
    nominal_sampling_rate_hz : float, optional
        Rate that the sensor claims, Hz; only compared with the fit.
    first_row_number : int
        What messages call the first row, such as its line in the file.

    Returns
    -------
    TimeBase
        Rate, its standard deviation, and the place of each row on the even grid.

    Raises
    ------
    InsufficientDataError
        Where fewer than two rows are there.
    InvalidInputError
        Where the stamps do not advance, or fall back by more than a second.

    Notes
    -----
    Two kinds of stamps are told apart. Where the steps are whole numbers of periods (within a
    quarter of one) each step tells how many samples are lost. Where they are not (rounding as
    coarse as the period, packets stamped on arrival) the rows are counted instead, and only a
    step of the earliest stamps that lasts is a hole: a stamp can be late and never early, and a
    short loss cannot be told from delay. Either way the rate is the least-squares slope over the
    place of the rows, with a phase of its own after each hole of a second or more, of all stamps
    or, where these stray less, of the earliest ones; its standard deviation comes from blocks of
    five seconds, since neighbouring errors are alike.

    Stamps that stray from the line by less than about half a sample are rounding and jitter: the
    samples are taken as evenly spaced. Where the local rate wanders the times are kept and
    `TimeBase.place` resamples. Half of the rows or more must be single steps for the period to be
    recognised.

    Examples
    --------
    A sensor that claims 100 Hz, runs at 101 Hz and stamps in whole milliseconds:

    >>> import numpy as np
    >>> stamps = np.round(np.arange(6000) / 101.0, 3)
    >>> clock = fit_timebase(stamps, nominal_sampling_rate_hz=100.0)
    >>> round(clock.sampling_rate_hz, 3)
    101.0
    >>> clock.warnings[0].code
    'RATE_OFF_NOMINAL'
    """
    stamps = np.asarray(stamps_s, dtype=np.float64)
    _require_rows(len(stamps))
    if not np.isfinite(stamps).all():
        row = int(np.flatnonzero(~np.isfinite(stamps))[0])
        raise InvalidInputError(f"the stamp of row {first_row_number + row} is not a number")
    history: list[str] = []
    warnings: list[Note] = []
    rows = np.arange(len(stamps), dtype=np.int64)

    n_first = _count_stray_first(stamps)
    if n_first:
        warnings.append(note("FIRST_ROW", away_s=abs(float(stamps[1] - stamps[0]))))
        rows, stamps = rows[n_first:], stamps[n_first:]
    n_backward, order = _order_of(stamps, rows, first_row_number)
    if n_backward:
        rows, stamps = rows[order], stamps[order]
        warnings.append(note("BACKWARD", n_steps=n_backward, limit_s=_LARGEST_FALL_S))
    if stamps[-1] <= stamps[0]:
        raise InvalidInputError(
            "the stamps do not advance: all rows carry the same time; "
            "leave the time column out and declare the sampling rate"
        )
    n_before = len(rows)
    if repeats is not None:
        keep = _without_repeats(stamps, np.asarray(repeats, dtype=np.bool_)[rows])
        if keep is not None:
            rows, stamps = rows[keep], stamps[keep]
    _require_rows(len(rows))

    index, kept = place_by_steps(stamps)
    counted = None
    if index is None:
        counted = place_by_count(stamps)
        index = counted.index
    elif kept is not None:
        rows, stamps, index = rows[kept], stamps[kept], index[kept]
    n_duplicates = n_before - len(rows)
    if n_duplicates:
        warnings.append(note("DUPLICATES", n_rows=n_duplicates))
    index = index - index[0]
    line = fit_line(stamps, index, counted=counted is not None)
    if counted is not None:
        warnings += tell_late(stamps, counted, line)
    period_s, blocks = line.period_s, line.blocks
    rate_hz = 1.0 / period_s
    sd_hz = rate_sd_hz(stamps, index, blocks, period_s)
    uneven = _uneven_time(stamps, index, blocks, period_s)
    if uneven is not None:
        if len(uneven.rows) < len(rows):
            rows, index = rows[uneven.rows], index[uneven.rows]
        rate_hz = _mean_rate_hz(uneven.time_s)
        warnings.append(note("RESAMPLED", spread_percent=100 * uneven.spread, rate_hz=rate_hz))
    warnings += off_nominal(rate_hz, nominal_sampling_rate_hz)
    history.append(account(rate_hz, sd_hz, len(rows), float(stamps[-1] - stamps[0])))
    return TimeBase(
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=sd_hz,
        rows=rows,
        index=index,
        uneven_time_s=None if uneven is None else uneven.time_s,
        n_duplicates=n_duplicates,
        n_backward=n_backward,
        warnings=tuple(warnings),
        history=tuple(history),
    )


def _require_rows(n_rows: int) -> None:
    if n_rows < 2:
        raise InsufficientDataError(f"{n_rows} row of samples; at least 2 are needed")


def _is_count(rows: Indices) -> bool:
    return bool(rows[0] == 0 and rows[-1] == len(rows) - 1)


def _count_stray_first(stamps: Floats) -> int:
    """Say whether the first row is a stray: far before, or after, the even rest."""
    if len(stamps) < 10:
        return 0
    steps = np.diff(stamps[:1000])
    usual = float(np.quantile(np.abs(steps[1:]), 0.9))
    return int(abs(steps[0]) > max(_FIRST_ROW_S, 20.0 * usual))


def _order_of(stamps: Floats, rows: Indices, first_row_number: int) -> tuple[int, Indices | slice]:
    backward = np.diff(stamps) < 0
    n_backward = int(np.count_nonzero(backward))
    if not n_backward:
        return 0, slice(None)
    fall_s = np.maximum.accumulate(stamps) - stamps
    if float(fall_s.max()) > _LARGEST_FALL_S:
        at = int(np.argmax(fall_s > _LARGEST_FALL_S))
        raise InvalidInputError(
            f"the stamps jump back by {fall_s[at]:.3g} s at row {first_row_number + rows[at]}; "
            "these are two recordings, or the wrong time column: split the file there, "
            "or name the columns with --columns"
        )
    if float(fall_s.max()) < core_period_s(np.diff(stamps)):
        return n_backward, slice(None)  # jitter of the stamps: the rows are in order
    return n_backward, np.argsort(stamps, kind="stable").astype(np.int64)


def _without_repeats(
    stamps: Floats, repeats: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_] | None:
    """Select the rows that repeat none, unless equal stamps are how this file rounds."""
    n_repeats = int(np.count_nonzero(repeats))
    if not n_repeats:
        return None
    n_equal = int(np.count_nonzero(np.diff(stamps) == 0))
    return ~repeats if n_repeats >= 0.9 * n_equal else None


@dataclass(frozen=True, slots=True)
class _Uneven:
    time_s: Floats
    rows: Indices
    spread: float


def _uneven_time(stamps: Floats, index: Indices, blocks: Blocks, period_s: float) -> _Uneven | None:
    """Give the times of the rows where the rate truly wanders."""
    spread = wander_share(blocks)
    if spread is None:
        return None
    time = stamps
    if blocks.scatter > 0.0:  # rounding or bursts on top: only the smooth part is the rate
        time = period_s * (index + np.interp(index, blocks.place, blocks.phase))
    good = np.concatenate(([True], time[1:] > np.maximum.accumulate(time)[:-1]))
    return _Uneven(time[good] - time[good][0], np.flatnonzero(good), spread)


def _mean_rate_hz(time_s: Floats) -> float:
    steps = np.diff(time_s)
    usual = steps <= max(LONGEST_BRIDGE_S, 1.5 * float(np.median(steps)))
    return float(np.count_nonzero(usual) / steps[usual].sum())
