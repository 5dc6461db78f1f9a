"""The rows of a capture in the order of sampling: that of the file, whatever the stamps say.

A clock that is set while a capture runs moves all stamps that follow, and a buffer that is written
twice repeats stamps and samples. Here the stamps are made continuous again, and rows that are no
samples of their own are left out. Rates and gaps are `tremor.clock.timebase`; counters that wrap
are `tremor.formats.csv.wraps`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.clock.by_steps import come_evenly, core_step_s
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.notes import Note, note
from tremor.settings import STAMP_ORDER

__all__ = ["OrderedRows", "order_rows", "repeated_rows"]

#: Rows whose steps show whether the first row is far from the rest.
_FIRST_ROWS: Final = 1000
#: Rows of a block whose mean step is one of those that the median is taken of.
_BLOCK_ROWS: Final = 100
_LEAST_BLOCKS: Final = 20
#: Different stamps in a block, at least.
_BLOCK_STEPS: Final = 20


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OrderedRows:
    """The rows of a capture that are samples, with stamps that run on.

    Parameters
    ----------
    rows : ndarray of int64, shape (k,)
        Their numbers, in the order of sampling.
    stamps_s : ndarray, shape (k,)
        Their stamps, s, without the steps by which the clock was set.
    breaks : ndarray of int64, shape (m,)
        Positions in ``rows`` before which the clock was set: what passed there is not known to
        a fraction of a period.
    n_repeats : int
        Number of rows left out because they repeat another.
    notes : tuple of Note
        Warnings.
    """

    rows: Indices
    stamps_s: Floats
    breaks: Indices
    n_repeats: int = 0
    notes: tuple[Note, ...] = ()

    def without(self, left_out: Bools) -> OrderedRows:
        """Return the rows but for some, before any break is known."""
        kept = ~left_out
        return replace(self, rows=self.rows[kept], stamps_s=self.stamps_s[kept])


def order_rows(
    stamps_s: Floats,
    *,
    repeats: Bools | None = None,
    first_row_number: int = 0,
    clock_start_s: float | None = None,
) -> OrderedRows:
    """Select the rows that are samples, and take the steps of a clock that was set out of stamps.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each row relative to the first, s.
    repeats : ndarray of bool, shape (n,), optional
        Result of `repeated_rows`.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.
    clock_start_s : float, optional
        What the clock showed at the first row, s; None if that is a date. Only a clock that is no
        date starts again from zero.

    Returns
    -------
    OrderedRows
        In the order of the file, but for blocks of rows that fill a hole in the stamps exactly.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two rows.
    InvalidInputError
        If a stamp is not a number, or if the stamps do not advance, start again, or fall back by
        more than a clock is set.

    Examples
    --------
    A clock that is set back by 0.3 s while 50 samples are taken each second:

    >>> stamps_s = np.arange(400) / 50.0
    >>> stamps_s[200:] -= 0.3
    >>> ordered = order_rows(stamps_s)
    >>> bool(np.allclose(ordered.stamps_s, np.arange(400) / 50.0)), ordered.breaks.tolist()
    (True, [200])
    """
    stamps = np.asarray(stamps_s, dtype=np.float64)
    if len(stamps) < 2:
        raise InsufficientDataError(f"{len(stamps)} row of samples; at least 2 are needed")
    if not np.isfinite(stamps).all():
        row = int(np.flatnonzero(~np.isfinite(stamps))[0])
        raise InvalidInputError(f"the stamp of row {first_row_number + row} is not a number")
    nothing = np.zeros(0, dtype=np.int64)
    ordered = OrderedRows(
        rows=np.arange(len(stamps), dtype=np.int64), stamps_s=stamps, breaks=nothing
    )
    if repeats is not None:
        ordered = _without_repeats(ordered, np.asarray(repeats, dtype=np.bool_))
    ordered = _without_stray_stamps(ordered, first_row_number)
    if len(ordered.rows) < 2:
        raise InsufficientDataError(f"{len(ordered.rows)} row of samples; at least 2 are needed")
    if (np.diff(ordered.stamps_s) < 0.0).any() or not _is_regular(ordered.stamps_s):
        ordered = _without_set_backs(ordered, first_row_number, clock_start_s)
    if ordered.stamps_s[-1] <= ordered.stamps_s[0]:
        raise InvalidInputError(
            "the stamps do not advance: all rows carry the same time; "
            "leave the time column out and declare the sampling rate"
        )
    return ordered


def _is_regular(stamps: Floats) -> bool:
    """Check whether no step is so short that the clock may have been set back within it."""
    steps = np.diff(stamps)
    return float(steps.min()) > STAMP_ORDER.least_shift_periods * core_step_s(steps)


# --- rows left out -----------------------------------------------------------------------------


def repeated_rows(stamps_s: Floats, values: Floats) -> Bools:
    """Find rows that repeat another in stamp and values.

    Parameters
    ----------
    stamps_s : ndarray, shape (n,)
        Stamp of each row, s, in the order of the file.
    values : ndarray, shape (n, k)
        Its samples; NaN repeats NaN.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for a row like the one before it, and for each row of a block that is written again:
        it begins with a backward step, and goes on where the first copy ended.

    Examples
    --------
    >>> stamps_s = np.array([0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0])
    >>> repeated_rows(stamps_s, stamps_s[:, None] ** 2).astype(int).tolist()
    [0, 0, 0, 0, 1, 1, 0]
    """
    repeated = np.zeros(len(stamps_s), dtype=np.bool_)
    equal = np.flatnonzero(np.diff(stamps_s) == 0) + 1
    if equal.size:
        repeated[equal] = _are_equal(values[equal], values[equal - 1])
    done = 0
    for row in (np.flatnonzero(np.diff(stamps_s) < 0) + 1)[: STAMP_ORDER.most_blocks]:
        if row < done:
            continue
        begin = max(0, int(row) - STAMP_ORDER.block_rows)
        for first in np.flatnonzero(stamps_s[begin:row] == stamps_s[row])[::-1] + begin:
            n_rows = _n_alike(stamps_s, values, int(first), int(row))
            if n_rows > 1:
                done = int(row) + n_rows
                repeated[row:done] = True
                break
    return repeated


def _are_equal(some: Floats, others: Floats) -> Bools:
    return np.asarray(((some == others) | (np.isnan(some) & np.isnan(others))).all(axis=1))


def _n_alike(stamps: Floats, values: Floats, first: int, second: int) -> int:
    """Count the rows that a block has in common with its copy; 0 if the copy does not end so."""
    length = min(second - first, len(stamps) - second)
    one, other = slice(first, first + length), slice(second, second + length)
    alike = (stamps[one] == stamps[other]) & _are_equal(values[one], values[other])
    n_rows = length if alike.all() else int(np.argmin(alike))
    end = second + n_rows
    if first == 0 and end == len(stamps):
        return 0  # the same recording twice
    # What follows is new, or another copy; the same time with other samples is a clock set back.
    goes_on = (
        end == len(stamps) or stamps[end] > stamps[second - 1] or stamps[end] < stamps[end - 1]
    )
    return n_rows if goes_on else 0


def _without_repeats(ordered: OrderedRows, repeats: Bools) -> OrderedRows:
    """Leave repeats out; equal stamps that are due to rounding are no repeats."""
    repeats = repeats[ordered.rows]
    equal = np.concatenate(([False], np.diff(ordered.stamps_s) == 0))
    n_equal = int(np.count_nonzero(equal))
    if np.count_nonzero(repeats & equal) < STAMP_ORDER.least_repeats_share * n_equal:
        repeats = repeats & ~equal
    n_repeats = int(np.count_nonzero(repeats))
    return replace(ordered.without(repeats), n_repeats=n_repeats) if n_repeats else ordered


def _without_stray_stamps(ordered: OrderedRows, first_row_number: int) -> OrderedRows:
    """Leave out single rows whose stamps are far from those on both sides."""
    stamps = ordered.stamps_s
    if len(stamps) < STAMP_ORDER.first_step_least_rows:
        return ordered
    notes = list(ordered.notes)
    steps = np.diff(stamps)
    usual_s = float(np.quantile(np.abs(steps[1:_FIRST_ROWS]), STAMP_ORDER.usual_step_quantile))
    limit_s = max(STAMP_ORDER.first_step_s, STAMP_ORDER.first_step_over_usual * usual_s)
    far = np.flatnonzero(np.abs(steps) > limit_s)
    if not far.size or far.size > STAMP_ORDER.most_stray_share * len(stamps) + 2:
        return ordered
    stray = np.zeros(len(stamps), dtype=np.bool_)
    if far[0] == 0 and not _n_stray(stamps, 1, usual_s):
        notes.append(note("FIRST_ROW", away_s=abs(float(steps[0]))))
        stray[0] = True
    away_s, inner = 0.0, np.zeros(len(stamps), dtype=np.bool_)
    for row in far + 1:
        is_known = inner[row] or inner[row - 1] or stray[row - 1]
        n_rows = 0 if is_known else _n_stray(stamps, int(row), usual_s)
        if n_rows:
            inner[row : row + n_rows] = True
            away_s = max(away_s, abs(float(stamps[row] - stamps[row - 1])))
    if inner.any():
        first_row = first_row_number + int(ordered.rows[int(np.argmax(inner))])
        n_rows = int(np.count_nonzero(inner))
        notes.append(note("STRAY_STAMPS", n_rows=n_rows, first_row=first_row, away_s=away_s))
    stray |= inner
    return replace(ordered.without(stray) if stray.any() else ordered, notes=tuple(notes))


def _n_stray(stamps: Floats, row: int, usual_s: float) -> int:
    """Count the rows from a far one on before the stamps go on as if they were not there."""
    for n_rows in range(1, STAMP_ORDER.most_stray_rows + 1):
        after = row + n_rows
        if after >= len(stamps):
            # A last row may follow a gap; one further away than any is not of this recording.
            ahead_s = stamps[row] - stamps[row - 1]
            return n_rows if n_rows == 1 and not 0.0 < ahead_s < STAMP_ORDER.most_set_back_s else 0
        most_s = STAMP_ORDER.stray_steps * (n_rows + 1) * usual_s
        if 0.0 < stamps[after] - stamps[row - 1] <= most_s:
            return n_rows
    return 0


# --- a clock that is set ------------------------------------------------------------------------


def _without_set_backs(
    ordered: OrderedRows, first_row_number: int, clock_start_s: float | None
) -> OrderedRows:
    """Close the steps of a clock that was set back; rows keep their order."""
    stamps = ordered.stamps_s
    moved = _blocks_in_a_hole(stamps)
    if moved is not None:
        n_steps = int(np.count_nonzero(np.diff(stamps) < 0))
        said = note("BACKWARD", n_steps=n_steps)
        return replace(
            ordered,
            rows=ordered.rows[moved],
            stamps_s=stamps[moved],
            notes=(*ordered.notes, said),
        )
    clock = _Clock.of(stamps)
    shifts = clock.set_backs(stamps)
    if not shifts:
        return _note_late(ordered)
    _refuse_restarts(ordered, shifts, first_row_number, clock_start_s)
    breaks = sorted(set(shifts) | set(clock.returns(stamps, shifts)))
    continued = clock.closed(stamps, breaks)
    at = min(shifts)
    said = note(
        "CLOCK_SET_BACK",
        n_steps=len(shifts),
        most_s=max(shifts.values()),
        first_row=first_row_number + int(ordered.rows[at]),
        at_s=float(continued[at] - continued[0]),
    )
    return replace(
        ordered,
        stamps_s=continued,
        breaks=np.array(breaks, dtype=np.int64),
        notes=(*ordered.notes, said),
    )


def _note_late(ordered: OrderedRows) -> OrderedRows:
    """Note stamps that go back and come back; the rows keep their order."""
    steps = np.diff(ordered.stamps_s)
    back = steps < 0.0
    if not back.any():
        return ordered
    most_s = -float(steps.min())
    said = note("STAMPS_GO_BACK", n_steps=int(np.count_nonzero(back)), most_s=most_s)
    return replace(ordered, notes=(*ordered.notes, said))


def _blocks_in_a_hole(stamps: Floats) -> Indices | None:
    """Return the order in time if it is a regular one: packets that were written out of order.

    The stamps of a clock that was set back are there twice, or lie between others.
    """
    steps = np.diff(stamps)
    period_s = core_step_s(steps)
    if period_s <= 0.0 or -float(steps.min()) < period_s:
        return None
    order = np.argsort(stamps, kind="stable").astype(np.int64)
    moved = np.flatnonzero(order != np.arange(len(order)))
    around = np.diff(stamps[order[max(0, moved[0] - 1) : moved[-1] + 2]])
    if float(around.min()) < STAMP_ORDER.least_hole_step * period_s:
        return None
    # The holes that the rows left are filled: none of the long steps is left.
    longest_s = STAMP_ORDER.stray_steps * period_s
    n_long = int(np.count_nonzero(np.abs(steps) > longest_s))
    n_left = int(np.count_nonzero(np.diff(stamps[order]) > longest_s))
    return order if n_left <= n_long // 3 - 1 else None


def _refuse_restarts(
    ordered: OrderedRows,
    shifts: dict[int, float],
    first_row_number: int,
    clock_start_s: float | None,
) -> None:
    """Refuse stamps that fall further than a clock is set, or to where a clock starts.

    Raises
    ------
    InvalidInputError
        If they do.
    """
    stamps = ordered.stamps_s
    for row, fall_s in shifts.items():
        reached_s, landed_s = float(stamps[row - 1]), float(stamps[row])
        starts_again = fall_s > STAMP_ORDER.restart_s and abs(landed_s) <= STAMP_ORDER.restart_s
        if clock_start_s is not None and fall_s > STAMP_ORDER.restart_s:
            shown_s = landed_s + clock_start_s
            starts_again |= (
                0.0 <= shown_s <= min(STAMP_ORDER.boot_s, 0.5 * (reached_s + clock_start_s))
            )
        if starts_again or fall_s > STAMP_ORDER.most_set_back_s:
            number = first_row_number + int(ordered.rows[row])
            raise InvalidInputError(
                f"the stamps jump back by {fall_s:.3g} s at row {number}; "
                "these are two recordings, or the wrong time column: split the file there, "
                "or name the columns with --columns"
            )


def _mean_step_s(stamps: Floats) -> float:
    """Return the mean step, s: the median over blocks of rows that hold many different stamps."""
    steps = np.diff(stamps)
    ahead = steps[steps > 0.0]
    usual_s = float(np.median(ahead)) if ahead.size else 0.0
    n_rows = max(1, min(_BLOCK_ROWS, len(steps) // _LEAST_BLOCKS))
    while True:
        elapsed_s = float(np.median(np.diff(stamps[::n_rows])))
        if elapsed_s >= _BLOCK_STEPS * usual_s or 2 * n_rows > len(steps) // _LEAST_BLOCKS:
            return elapsed_s / n_rows
        n_rows *= 2


@dataclass(frozen=True, eq=False, slots=True)
class _Clock:
    """The usual step of the stamps, and how many rows show their level.

    Parameters
    ----------
    period_s : float
        Mean step from row to row, s.
    in_bursts : bool
        Whether most steps are no single periods.
    n_rows : int
        Rows on either side of a step whose median phase is the level of the stamps.
    """

    period_s: float
    in_bursts: bool
    n_rows: int

    @classmethod
    def of(cls, stamps: Floats) -> _Clock:
        """Estimate them from all steps."""
        steps = np.diff(stamps)
        core_s = core_step_s(steps)
        mean_s = _mean_step_s(stamps)
        limit_s = STAMP_ORDER.least_shift_periods * core_s
        in_bursts = core_s <= 0.0 or (
            float(np.mean(np.abs(steps - core_s) > limit_s)) > STAMP_ORDER.most_odd_steps
        )
        period_s = mean_s if in_bursts and mean_s > 0.0 else core_s
        if period_s <= 0.0:
            return cls(0.0, True, 1)
        n_rows = max(9, round(STAMP_ORDER.level_s / period_s)) if in_bursts else 9
        return cls(period_s, in_bursts, n_rows)

    def set_backs(self, stamps: Floats) -> dict[int, float]:
        """Return the rows at which the level of the stamps falls for good, and by how much, s."""
        if self.period_s <= 0.0:
            return {}
        steps = np.diff(stamps)
        short_s = 0.0
        if not self.in_bursts:  # less a rounding error: steps may be half a period exactly
            short_s = (STAMP_ORDER.least_shift_periods - 0.01) * self.period_s
        candidates = np.flatnonzero(steps < short_s) + 1
        if come_evenly(candidates[steps[candidates - 1] >= 0.0]):
            candidates = candidates[steps[candidates - 1] < 0.0]
        found: dict[int, float] = {}
        for row in candidates[: STAMP_ORDER.most_blocks]:
            before, after = self._phases(stamps, int(row), max(found, default=0))
            fall_s = float(np.median(before) - np.median(after))
            least_s = STAMP_ORDER.least_shift_periods * self.period_s
            if self.in_bursts:
                low, high = np.quantile(before, (0.1, 0.9))
                least_s = max(least_s, STAMP_ORDER.burst_share * float(high - low))
            step_s = float(steps[row - 1])
            if fall_s > least_s and self.period_s - step_s > STAMP_ORDER.own_share * fall_s:
                found[int(row)] = max(fall_s, -step_s)
        short = [row for row in found if steps[row - 1] >= 0.0]
        if len(short) > max(STAMP_ORDER.few_shifts, STAMP_ORDER.most_shift_share * len(stamps)):
            # No clock is set that often by so little: the sensor now and then samples twice.
            return {row: fall_s for row, fall_s in found.items() if steps[row - 1] < 0.0}
        return found

    def returns(self, stamps: Floats, shifts: dict[int, float]) -> list[int]:
        """Return the rows at which the clock is set on by as much as it was set back before."""
        steps = np.diff(stamps)
        ahead = np.flatnonzero(steps > STAMP_ORDER.stray_steps * self.period_s) + 1
        rows: list[int] = []
        for row, fall_s in shifts.items():
            near = ahead[steps[ahead - 1] > 0.5 * fall_s]
            # Set on first and back later: from the row before that step to this one.
            first = near[near < row]
            elapsed_s = stamps[row] - stamps[first - 1]
            rows += self._fitting(first, elapsed_s, row - first + 1)[-1:]
            # Set back here and on again later.
            later = near[near > row]
            elapsed_s = stamps[later] - stamps[row - 1]
            rows += self._fitting(later, elapsed_s, later - row + 1)[:1]
        return rows

    def _fitting(self, rows: Indices, elapsed_s: Floats, n_steps: Indices) -> list[int]:
        """Return the rows between which as much time passed as the number of rows takes."""
        expected_s = self.period_s * n_steps
        tolerance_s = (
            STAMP_ORDER.stray_steps * self.period_s + STAMP_ORDER.return_share * expected_s
        )
        return [int(row) for row in rows[np.abs(elapsed_s - expected_s) <= tolerance_s]]

    def closed(self, stamps: Floats, breaks: list[int]) -> Floats:
        """Return the stamps with a single period at each break, by the level on either side."""
        continued = stamps.copy()
        for number, row in enumerate(breaks):
            begin = breaks[number - 1] if number else 0
            end = breaks[number + 1] if number + 1 < len(breaks) else len(stamps)
            before, after = self._phases(continued, row, begin, end)
            continued[row:] += float(np.median(before) - np.median(after))
        return continued

    def _phases(
        self, stamps: Floats, row: int, begin: int, end: int | None = None
    ) -> tuple[Floats, Floats]:
        """Return the stamps less the count times the period, before and after a row, s."""
        first = max(begin, row - self.n_rows)
        last = min(len(stamps) if end is None else end, row + self.n_rows)
        phase = stamps[first:last] - self.period_s * np.arange(last - first)
        return phase[: row - first], phase[row - first :]
