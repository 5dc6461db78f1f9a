"""Rows that hold no sample but something in its place: codes, zeros, and the last value again.

They become lost samples. Values at the rail of a sensor are samples that are clipped, and stay:
`tremor.integrity`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Bools, Floats
from tremor.formats.table import AxisStatistics, Table
from tremor.notes import Note, note
from tremor.recording import AXES
from tremor.settings import FILLINGS
from tremor.storage import RowStore

__all__ = ["mark_fillings"]

#: Numbers of 16 and 32 bits that stand for none; they are rails, too.
_LIMITS: Final = frozenset(
    {32767.0, -32768.0, 32768.0, 65535.0, 2.0**31 - 1, -(2.0**31), 2.0**32 - 1, 2.0**31}
)
_NINES: Final = re.compile(r"-?9{2,}(\.[90]*)?")
#: Rows of each chunk that are compared with those before them.
_CHUNK_ROWS: Final = 100_000
#: Rows on whose values the resolution and the constant part are judged.
_SOME_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class _Run:
    """Equal rows that follow each other: ``begin`` to ``end``."""

    begin: int
    end: int
    is_zero: bool


def mark_fillings(table: Table, *, period_s: float | None, first_row_number: int = 0) -> None:
    """Mark rows as lost that hold a code, a long stretch of zeros, or a value held for long.

    Parameters
    ----------
    table : Table
        Samples in the unit of the capture; its warnings are extended.
    period_s : float or None
        Usual step from row to row, s; None if it is not known.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.

    Notes
    -----
    A code is 999 and the like, or a limit of 16 or 32 bits, that all axes show at once; a rail is
    reached by one axis at a time. A sensor never reads zero on all axes for long while gravity is
    in its samples. One whose values differ from row to row never holds all three for a second;
    at rest a coarse one may, and there few values are different before or after.
    """
    codes = _find_codes(table)
    runs = _find_runs(table, period_s)
    if not codes and not runs:
        return
    store = RowStore(len(AXES), in_memory_rows=len(table.values))
    statistics = AxisStatistics()
    at = 0
    for chunk in table.values.chunks(1.0, 1):
        for value, is_whole in codes:
            chunk[_holds(chunk, value, is_whole, _measured(table))] = np.nan
        for run in runs:
            chunk[max(0, run.begin - at) : max(0, run.end - at)] = np.nan
        statistics.extend(AxisStatistics.of(chunk))
        store.append(chunk)
        at += len(chunk)
    table.warnings += _notes(table, codes, runs, first_row_number)
    table.values.close()
    table.values, table.statistics = store, statistics


def _notes(
    table: Table, codes: list[tuple[float, bool]], runs: list[_Run], first_row_number: int
) -> list[Note]:
    said = []
    for value, is_whole in codes:
        n_rows, first = 0, 0
        at = 0
        for chunk in table.values.chunks(1.0, 1):
            rows = np.flatnonzero(_holds(chunk, value, is_whole, _measured(table)))
            if rows.size and not n_rows:
                first = at + int(rows[0])
            n_rows += rows.size
            at += len(chunk)
        said.append(
            note("CODES_LOST", value=value, n_rows=n_rows, first_row=first_row_number + first)
        )
    zeros = [run for run in runs if run.is_zero]
    held = [run for run in runs if not run.is_zero]
    if zeros:
        said.append(note("ZEROS_LOST", **_counted(zeros, first_row_number)))
    if held:
        said.append(note("HELD_LOST", **_counted(held, first_row_number)))
    return said


def _counted(runs: list[_Run], first_row_number: int) -> dict[str, int]:
    """Return rows and stretches of runs, and the number of their first row in the capture."""
    return {
        "n_rows": sum(run.end - run.begin for run in runs),
        "n_runs": len(runs),
        "first_row": first_row_number + runs[0].begin,
    }


# --- codes -------------------------------------------------------------------------------------


def _measured(table: Table) -> Bools:
    """Return which axes are not zero throughout, shape (3,)."""
    measured = ~table.statistics.zero()
    return measured if measured.any() else np.ones(len(AXES), dtype=np.bool_)


def _holds(rows: Floats, value: float, is_whole: bool, measured: Bools) -> Bools:
    """Return which rows hold a code, on all axes or on any."""
    found = rows[:, measured] == value
    return np.asarray(found.all(axis=1) if is_whole else found.any(axis=1))


def _find_codes(table: Table) -> list[tuple[float, bool]]:
    """Return the codes for no sample, and whether they count on all axes at once only.

    A code lies far beyond the samples, so that it is an extreme.
    """
    limits = [*table.statistics.minimum, *table.statistics.maximum]
    suspects = sorted({float(value) for value in limits if _may_be_code(float(value))})
    measured = _measured(table)
    codes: list[tuple[float, bool]] = []
    for value in suspects:
        n_whole = n_part = 0
        most_other = 0.0
        for chunk in table.values.chunks(1.0, 1):
            found = chunk[:, measured] == value
            whole = found.all(axis=1)
            n_whole += int(np.count_nonzero(whole))
            n_part += int(np.count_nonzero(found.any(axis=1) & ~whole))
            others = np.where(np.isin(chunk, suspects), 0.0, chunk)
            most_other = max(most_other, float(np.nanmax(np.abs(others), initial=0.0)))
        is_apart = most_other * FILLINGS.least_code_over_samples <= abs(value)
        is_rail = value in _LIMITS
        several = int(measured.sum()) > 1
        is_approached = is_rail and (most_other * FILLINGS.least_limit_over_samples > abs(value))
        on_all = n_part <= FILLINGS.most_code_on_some_axes * n_whole
        if several and n_whole and on_all and not is_approached:
            codes.append((value, True))
        elif not is_rail and is_apart and n_whole + n_part < len(table.values) / 2:
            codes.append((value, False))
    return codes


def _may_be_code(value: float) -> bool:
    if not np.isfinite(value):
        return False
    is_nines = abs(value) >= FILLINGS.least_code and bool(_NINES.fullmatch(f"{value:.10g}"))
    return value in _LIMITS or is_nines


# --- zeros and held values ----------------------------------------------------------------------


def _find_runs(table: Table, period_s: float | None) -> list[_Run]:
    """Return the stretches of zeros and of held values that are no samples."""
    least_rows = FILLINGS.least_held_rows
    if period_s:
        least_rows = max(least_rows, round(FILLINGS.least_held_s / period_s))
    runs = _equal_rows(table, min(FILLINGS.least_zero_rows, least_rows))
    runs = [run for run in runs if run.is_zero or run.end - run.begin >= least_rows]
    if not runs:
        return []
    look = _Look.of(table, runs)
    return [run for run in runs if look.is_filling(table, run, least_rows)]


def _equal_rows(table: Table, least_rows: int) -> list[_Run]:
    """Return the runs of equal rows of at least a length."""
    runs: list[_Run] = []
    begin, last, at = 0, None, 0
    for chunk in table.values.chunks(1.0, 1):
        changed = (chunk[1:, 0] != chunk[:-1, 0]) | (chunk[1:, 1] != chunk[:-1, 1])
        changed |= chunk[1:, 2] != chunk[:-1, 2]
        starts = at + 1 + np.flatnonzero(changed)
        if last is None or not np.array_equal(last, chunk[0]):
            starts = np.append(at, starts) if last is not None else starts
        edges = np.concatenate(([begin], starts))
        for first in np.flatnonzero(np.diff(edges) >= least_rows):
            runs.append(_run(table, int(edges[first]), int(edges[first + 1])))
        begin, last, at = int(edges[-1]), chunk[-1], at + len(chunk)
    if at - begin >= least_rows:
        runs.append(_run(table, begin, at))
    return runs


def _run(table: Table, begin: int, end: int) -> _Run:
    return _Run(begin, end, not table.values.read(begin, begin + 1).any())


@dataclass(frozen=True, slots=True)
class _Look:
    """What the other samples of a capture look like.

    Parameters
    ----------
    has_gravity : bool
        Whether they have a constant part like gravity.
    is_fine : bool
        Whether their resolution is so fine that their noise shows.
    """

    has_gravity: bool
    is_fine: bool

    @classmethod
    def of(cls, table: Table, runs: list[_Run]) -> _Look:
        """Judge by samples from all over the capture that are in no run."""
        n_rows = len(table.values)
        length = min(n_rows, _SOME_ROWS // 10)
        parts = []
        for start in np.linspace(0, n_rows - length, 10).astype(np.int64):
            part = table.values.read(int(start), int(start) + length)
            for run in (run for run in runs if run.is_zero):
                part[max(0, run.begin - start) : max(0, run.end - start)] = np.nan
            parts.append(part[np.isfinite(part).all(axis=1)])
        rows = np.concatenate(parts)
        if len(rows) < FILLINGS.neighbours:
            return cls(False, False)
        means = [float(np.linalg.norm(part.mean(axis=0))) for part in parts if len(part)]
        usual = float(np.median(np.linalg.norm(rows, axis=1)))
        has_gravity = float(np.median(means)) > FILLINGS.least_constant_share * usual > 0.0
        steps = [np.diff(np.unique(rows[:, axis])) for axis in range(rows.shape[1])]
        finest = min((float(np.min(step)) for step in steps if step.size), default=np.inf)
        return cls(has_gravity, has_gravity and finest <= FILLINGS.fine_share * usual)

    def is_filling(self, table: Table, run: _Run, least_rows: int) -> bool:
        """Check whether a run of equal rows is none of samples."""
        if run.is_zero and self.has_gravity:
            return True
        if run.end - run.begin < least_rows:
            return False
        n_rows = FILLINGS.neighbours
        before = table.values.read(max(0, run.begin - n_rows), run.begin)
        after = table.values.read(run.end, run.end + n_rows)
        moving = [
            len(side) == n_rows and len(np.unique(side, axis=0)) >= FILLINGS.least_different
            for side in (before, after)
        ]
        return any(moving) if self.is_fine else all(moving)
