"""A last line that was cut: a number that lost its last digits is wrong, and looks right.

Lines in the middle that are too short or too long are `tremor.formats.csv.rows` and
`tremor.formats.csv.widths`.
"""

from __future__ import annotations

import csv
import re
from typing import Final

import numpy as np

from tremor.formats.csv.cells import is_number, split_line
from tremor.formats.csv.sniffing import TableLayout

__all__ = ["without_cut_line"]

_TAIL_BYTES: Final = 64 * 1024
#: Lines whose cells show how numbers are written.
_N_LINES: Final = 200


def without_cut_line(text: bytes, layout: TableLayout) -> bytes:
    """Return a text without a last line that may be cut.

    Parameters
    ----------
    text : bytes
        The end of a table, UTF-16 as UTF-8.
    layout : TableLayout
        Which columns hold what.

    Returns
    -------
    bytes
        The text itself if its last line is whole.

    Notes
    -----
    A line that does not end is whole if it has all cells, and the last that is used as many
    decimals as in all lines before, or at least as many digits as most. One without an axis is a
    lost sample as it is.
    """
    if text.endswith((b"\n", b"\r")) or layout.format.declares_facts:
        return text
    tail = text[-_TAIL_BYTES:]
    lines = tail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    rows = [_cells(line, layout) for line in lines[-_N_LINES - 1 :]]
    before = [row for row in rows[:-1] if row]
    if len(before) < 2 or not lines[-1].strip() or _is_whole(rows[-1], before, layout):
        return text
    return text[: len(text) - len(lines[-1])]


def _cells(line: bytes, layout: TableLayout) -> list[str]:
    try:
        encoding = "utf-8" if layout.encoding == "utf-16" else layout.encoding
        cells = split_line(line.decode(encoding, errors="replace"), layout.delimiter)
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]


def _is_whole(last: list[str], before: list[list[str]], layout: TableLayout) -> bool:
    columns = layout.columns
    all_used = {columns.time, columns.counter, *columns.axes, *columns.added}
    used = sorted(column for column in all_used if column is not None)
    column = used[-1]
    there = [last[one] for one in used if one < len(last) and last[one]]
    if not there or not (is_number(there[-1]) or columns.time == used[-1]):
        return False
    clocks = [clock for clock in (columns.time, columns.counter) if clock is not None]
    if max(columns.axes) >= len(last):
        # The sample is lost in any case, and its time is known if that stands whole before it.
        return max(clocks, default=-1) < len(last) - 1
    if column >= len(last):
        return False
    if column < len(last) - 1:
        return True  # what may be cut is not used
    cells = [row[column] for row in before if column < len(row)]
    n_decimals = {_n_decimals(cell) for cell in cells}
    if len(n_decimals) == 1 and n_decimals != {0}:
        return _n_decimals(last[column]) in n_decimals
    if n_decimals == {0}:
        return False
    return len(last[column]) >= float(np.median([len(cell) for cell in cells]))


def _n_decimals(cell: str) -> int:
    """Return the number of digits after the point; an exponent counts as they do."""
    found = re.search(r"[.,](\d*(?:[eE][-+]?\d*)?)", cell)
    return len(found[1]) if found else 0
