"""Rows without a header: whether the first ones are those of a known format.

A row is no proof of its format as a header is, so it is verified before it is claimed: width,
cells that are ignored, steps of time, and samples about 1 g long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tremor.formats.csv.cells import is_number
from tremor.formats.csv.format_records import CaptureFormat, Matched, Rows
from tremor.formats.csv.head import MOST_LINES_BEFORE, Head, rows_of
from tremor.formats.csv.headers import parse_columns
from tremor.formats.csv.time_units import guess_unit, is_possible_rate, typical_step
from tremor.formats.csv.widths import width_of
from tremor.recording import Floats
from tremor.settings import ROW_LAYOUTS
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2, TIME_UNIT_S

__all__ = ["match_rows"]

_MORE: Final = "..."


def match_rows(
    entry: CaptureFormat, rows: Rows, head: Head, delimiter: str, *, verified: bool = True
) -> tuple[Matched, int] | None:
    """Find the first row of a layout without a header.

    Parameters
    ----------
    entry : CaptureFormat
        The format.
    rows : Rows
        One of its layouts.
    head : Head
        The first lines of a table.
    delimiter : str
        Separator of cells.
    verified : bool
        Whether the samples must be about 1 g long, and the stamps possible; not if the user names
        the format.

    Returns
    -------
    Matched
        Its columns.
    int
        Number of lines before the first row of samples.
    """
    names = [name for name in rows.columns.split(",") if name != _MORE]
    matched = parse_columns(",".join(names))
    assert isinstance(matched, Matched), matched
    first = _first_row(entry, rows, matched, head, delimiter, n_columns=len(names))
    if first is None:
        return None
    n_before = first + rows.n_head_rows
    cells = rows_of(head.lines[n_before:], delimiter, comment=entry.comment)
    fitting = [row for row in cells if _fits(row, rows, matched, len(names))]
    if len(fitting) < ROW_LAYOUTS.least_rows:
        return None
    if len(fitting) < ROW_LAYOUTS.least_fitting * len(cells):
        return None
    # A signature tells a format apart by itself.
    doubted = verified and not entry.signature
    if doubted and not (_has_possible_stamps(matched, fitting) and _is_1_g(matched, fitting)):
        return None
    clocks = () if matched.time is None else ((matched.time, rows.time),)
    unit = matched.time_unit or rows.time.unit
    known = replace(matched, clocks=clocks, time_unit=unit, sources=rows.sources)
    return replace(known, gravity=rows.gravity), n_before


def _first_row(
    entry: CaptureFormat,
    rows: Rows,
    matched: Matched,
    head: Head,
    delimiter: str,
    *,
    n_columns: int,
) -> int | None:
    """Return the number of the first line that is a row; None if a line before it is no remark."""
    for number, line in enumerate(head.lines[:MOST_LINES_BEFORE]):
        found = rows_of([line], delimiter, comment=entry.comment)
        if not found:
            continue
        if _fits(found[0], rows, matched, n_columns):
            return number
        if not entry.signature:
            return None
    return None


def _fits(row: Sequence[str], rows: Rows, matched: Matched, n_columns: int) -> bool:
    """Check width and cells of a row."""
    width = width_of(list(row))
    if width < n_columns or (width > n_columns and not rows.columns.endswith(_MORE)):
        return False
    if not all(is_number(row[column]) for column in matched.axes):
        return False
    if matched.time is not None and matched.time_unit and not is_number(row[matched.time]):
        return False
    return all(re.fullmatch(pattern, row[column].strip()) for column, pattern in rows.cells)


def _numbers(rows: Sequence[Sequence[str]], column: int) -> Floats:
    return np.array([float(row[column].replace(",", ".")) for row in rows])


def _has_possible_stamps(matched: Matched, rows: Sequence[Sequence[str]]) -> bool:
    """Check whether the stamps rise as those of a sensor do; text is checked by its pattern."""
    if matched.time is None or not all(is_number(row[matched.time]) for row in rows):
        return True
    stamps = _numbers(rows, matched.time)
    if np.mean(np.diff(stamps) >= 0.0) < ROW_LAYOUTS.least_rising:
        return False
    unit = matched.time_unit or guess_unit(stamps).unit
    return bool(unit) and is_possible_rate(typical_step(stamps) * TIME_UNIT_S[unit])


def _is_1_g(matched: Matched, rows: Sequence[Sequence[str]]) -> bool:
    """Check whether the samples are about as long as gravity in their unit."""
    samples = np.column_stack([_numbers(rows, column) for column in matched.axes])
    length = np.median(np.linalg.norm(samples, axis=1))
    length_g = float(length) * ACCELERATION_UNIT_MS2[matched.unit] / STANDARD_GRAVITY_MS2
    least, most = ROW_LAYOUTS.length_g
    return least < length_g < most
