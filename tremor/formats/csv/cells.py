"""Cells of one line of a text table, and texts in messages. No file is opened here."""

from __future__ import annotations

import csv
import re
from typing import Final

__all__ = ["BLANKS", "is_number", "quoted", "split_line"]


#: Delimiter of cells that any number of blanks separates.
BLANKS: Final = " "


def split_line(line: str, delimiter: str) -> list[str]:
    """Split a line into cells without their quotes; an empty line has none."""
    if delimiter == BLANKS:
        return line.split()
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def is_number(cell: str) -> bool:
    """Check whether a cell is a number, with a decimal point or comma."""
    return bool(re.fullmatch(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*", cell))


def quoted(text: str, most: int = 60) -> str:
    """Return a text in quotes for a message: one line, shortened to ``most`` characters."""
    text = " ".join(text.split())
    return repr(text if len(text) <= most else text[: most - 3] + "...")
