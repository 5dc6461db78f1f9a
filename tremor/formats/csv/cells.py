"""One line of a table: cut into cells, and shown in a message. No file is opened here."""

from __future__ import annotations

import csv
import re

__all__ = ["is_number", "quoted", "split_line"]


def split_line(line: str, delimiter: str) -> list[str]:
    """Cut a line into its cells, quotes taken off; of an empty line there are none."""
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def is_number(cell: str) -> bool:
    """Say whether a cell is a number, its decimal sign a point or a comma."""
    return bool(re.fullmatch(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*", cell))


def quoted(text: str, most: int = 60) -> str:
    """Give a text in quotes for a message, in one line, cut to so many characters."""
    text = " ".join(text.split())
    return repr(text if len(text) <= most else text[: most - 3] + "...")
