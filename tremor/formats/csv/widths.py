"""Rows of a table are as wide as its header; others are refused, for their cells are shifted."""

from __future__ import annotations

import csv
import re
from collections import Counter
from typing import Final

import numpy as np

from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import is_number, quoted, split_line

__all__ = [
    "DECIMAL_COMMAS",
    "has_decimal_commas",
    "refuse_other_width",
    "refuse_wide_lines",
    "width_of",
]

_LINE_END: Final = ord("\n")
#: In so many cells for each row does a fraction begin with a zero.
_LEAST_FRACTIONS: Final = 0.05
#: In so many rows have the fractions the same numbers of digits.
_LEAST_ALIKE: Final = 0.9
DECIMAL_COMMAS: Final = (
    "its numbers seem to have decimal commas while commas separate the cells; export it with "
    "decimal points, or with semicolons between the cells"
)


def width_of(cells: list[str]) -> int:
    """Return the number of cells up to the last one that is not empty."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def refuse_other_width(capture: CaptureFile, names: list[str], rows: list[list[str]]) -> None:
    """Raise if the first rows have more or fewer cells than the header has names.

    Parameters
    ----------
    capture : CaptureFile
        Its name is in the message.
    names : list of str
        Cells of the header; empty ones at its end name nothing.
    rows : list of list of str
        Cells of the first rows; empty ones at their ends hold nothing.

    Raises
    ------
    CaptureNotRecognisedError
        If a row has more cells, or all have fewer.
    """
    n_names = width_of(names)
    widths = [width_of(row) for row in rows]
    n_wide = sum(width > n_names for width in widths)
    if n_wide:
        usual = Counter(width for width in widths if width > n_names).most_common(1)[0][0]
        raise CaptureNotRecognisedError(
            f"{capture.name} has {usual} cells in its rows and {n_names} names in its header, so "
            f"that no cell is known by its name: {_why(rows, n_names)}"
        )
    # Cells that are empty count here: a column may be empty for a while.
    most = max(len(row) for row in rows)
    if most < n_names:
        raise CaptureNotRecognisedError(
            f"{capture.name} has {most} cells in its rows and {n_names} names in its header, so "
            "that no cell is known by its name; mend the header, or declare what the columns are, "
            "such as --columns time_s,x,y,z"
        )


def _why(rows: list[list[str]], n_names: int) -> str:
    """Return the likely cause of rows that are too wide, and the remedy."""
    if width_of(rows[0]) > n_names + 1 and has_decimal_commas(rows):
        return DECIMAL_COMMAS
    return (
        "a column has no name; add its name to the header, or declare what the columns are, such "
        "as --columns time_s,_,x,y,z"
    )


def has_decimal_commas(rows: list[list[str]]) -> bool:
    """Check whether cells, split at commas, are the halves of numbers with decimal commas.

    Parameters
    ----------
    rows : list of list of str
        Cells of the first rows.

    Returns
    -------
    bool
        Whether no number has a point, and zeros stand before the digits of some, as only in a
        fraction, or short and long cells take turns.

    Examples
    --------
    >>> has_decimal_commas([["0", "1986", "0", "0312"], ["0", "2051", "0", "0309"]])
    True
    """
    numbers = [cell.strip() for row in rows for cell in row if is_number(cell)]
    whole = [cell for cell in numbers if re.fullmatch(r"[-+]?\d+", cell)]
    if len(whole) <= 0.9 * len(numbers):
        return False
    n_with_zero = sum(bool(re.fullmatch(r"0\d+", cell)) for cell in whole)
    # The halves of x, y and z, if they are the last columns.
    halves = Counter(
        tuple(len(cell.strip()) for cell in row[-5::2])
        for row in rows
        if re.fullmatch(r"([-+]?\d{1,2},\d{3,9}(,|$)){3}", ",".join(c.strip() for c in row[-6:]))
    )
    n_alike = max(halves.values(), default=0)
    return n_with_zero > _LEAST_FRACTIONS * len(rows) or n_alike > _LEAST_ALIKE * len(rows)


def refuse_wide_lines(capture: CaptureFile, text: bytes, *, delimiter: str, most: int) -> None:
    """Raise if a line has more cells than the table; empty ones at its end do not count.

    Parameters
    ----------
    capture : CaptureFile
        Its name is in the message.
    text : bytes
        Whole rows of a table of ASCII delimiters.
    delimiter : str
        Separator of cells.
    most : int
        Number of cells of a row.

    Raises
    ------
    CaptureReadError
        If a line has more.
    """
    end = _LINE_END if b"\n" in text else ord("\r")
    codes = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(codes == end)
    at = np.searchsorted(np.flatnonzero(codes == ord(delimiter)), ends)
    n_each = np.diff(at, prepend=0)
    for line_number in np.flatnonzero(n_each > most - 1):
        start = int(ends[line_number - 1]) + 1 if line_number else 0
        line = text[start : int(ends[line_number])].decode("utf-8", errors="replace")
        if line.lstrip().startswith("#"):
            continue
        try:
            n_cells = width_of(split_line(line.split("#")[0], delimiter))
        except csv.Error:
            continue
        if n_cells > most:
            raise CaptureReadError(
                f"{capture.name} has {n_cells} cells in the line {quoted(line)}, where its table "
                f"has {most}, so that they are shifted; repair that line or take it out"
            )
