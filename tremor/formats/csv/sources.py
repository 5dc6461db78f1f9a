"""Rows of two devices in one table: their samples alternate, and no rate is that of either."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Final

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import is_number, quoted, split_line

__all__ = ["refuse_several_sources"]

#: Names of columns that say which device or sensor a row is of.
_NAMED: Final = re.compile(
    r"(device|sensor|node|imu|source|tracker|board|logger|module|mote|mac|serial|watch|phone)"
    r"[ _-]*(id|name|no|nr|number|address|serial|mac|label|type)?|mac|address|id|name|uuid"
)
#: More different cells count or measure something.
_MOST_SOURCES: Final = 16
#: In any other column of text, cells change so often only between sources that take turns.
_LEAST_CHANGES: Final = 0.5
_LEAST_ROWS: Final = 20
#: A long file is looked at in so many places, each this long.
_N_PLACES: Final = 16
_PLACE_BYTES: Final = 16 * 1024


def refuse_several_sources(
    capture: CaptureFile,
    names: list[str],
    lines: list[str],
    *,
    delimiter: str,
    encoding: str,
    used: Collection[int | None],
) -> None:
    """Raise if a column names several devices or sensors.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are; it is looked at here and there.
    names : list of str
        Names of the columns.
    lines : list of str
        The first rows as text.
    delimiter, encoding : str
        As in `tremor.formats.csv.sniffing.TableLayout`.
    used : collection of int
        Columns of time, if there is one, and acceleration.

    Raises
    ------
    CaptureNotRecognisedError
        If there are several; their names are in the message.
    """
    free = [column for column in range(len(names)) if column not in used and names[column].strip()]
    if not free:
        return
    rows = list(_split(lines, delimiter))
    named = [column for column in free if _NAMED.fullmatch(names[column].strip().lower())]
    if named and capture.is_a_file and encoding != "utf-16":
        rows += _split(_further_lines(capture, encoding), delimiter)
    for column in free:
        cells = [row[column].strip() for row in rows if column < len(row)]
        cells = [cell for cell in cells if cell and cell != names[column].strip()]
        different = list(dict.fromkeys(cells))
        if not 1 < len(different) <= min(_MOST_SOURCES, len(cells) // 2):
            continue
        n_changes = sum(one != other for one, other in pairwise(cells))
        takes_turns = len(cells) >= _LEAST_ROWS and n_changes > _LEAST_CHANGES * len(cells)
        if column in named or (takes_turns and not any(is_number(cell) for cell in different)):
            shown = ", ".join(quoted(cell, 30) for cell in different[:6])
            raise CaptureNotRecognisedError(
                f"{capture.name} holds rows of several sources: column {quoted(names[column])} "
                f"says {shown}; write the rows of each to a file of its own"
            )


def _split(lines: Iterable[str], delimiter: str) -> Iterable[list[str]]:
    for line in lines:
        if line.strip() and not line.startswith("#"):
            try:
                yield split_line(line, delimiter)
            except csv.Error:
                continue


def _further_lines(capture: CaptureFile, encoding: str) -> list[str]:
    """Return whole lines from evenly spaced places of a file, the last at its end."""
    size = capture.path.stat().st_size
    lines: list[str] = []
    with capture.open() as stream:
        for place in range(1, _N_PLACES + 1):
            start = size * place // _N_PLACES - _PLACE_BYTES
            if start <= 0:
                continue
            stream.seek(start)
            text = stream.read(_PLACE_BYTES).decode(encoding, errors="replace")
            lines += text.splitlines()[1:-1]
    return lines
