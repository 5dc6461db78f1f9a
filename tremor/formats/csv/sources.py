"""Rows of two devices in one table: their samples alternate, and no rate is that of either."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from tremor.errors import CaptureNotRecognisedError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import is_number, quoted, split_line
from tremor.formats.csv.format_records import Matched

__all__ = ["choose_source"]

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


def choose_source(
    capture: CaptureFile,
    names: Sequence[str],
    lines: list[str],
    *,
    delimiter: str,
    encoding: str,
    columns: Matched,
    source: str | None = None,
) -> tuple[int, str] | None:
    """Find the column that names several devices or sensors, and choose one of them.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are; it is looked at here and there.
    names : sequence of str
        Names of the columns; empty without a header.
    lines : list of str
        The first rows as text.
    delimiter, encoding : str
        As in `tremor.formats.csv.sniffing.TableLayout`.
    columns : Matched
        Columns of time and acceleration, which name no source, and those that are known to.
    source : str, optional
        The one to choose.

    Returns
    -------
    tuple of (int, str) or None
        The column and what its cells hold in the rows to read; None to read all rows.

    Raises
    ------
    CaptureNotRecognisedError
        If there are several, and none is chosen; their names are in the message.
    InvalidInputError
        If there is no source of that name.
    """
    used = {columns.time, columns.counter, *columns.axes, *columns.added}
    if names and source is None and used.issuperset(range(len(names))):
        return None
    rows = list(_split(lines, delimiter))
    n_columns = len(names) or max((len(row) for row in rows), default=0)
    free = [column for column in range(n_columns) if column not in used]
    named = [one for one in free if one in columns.sources or _is_named(names, one)]
    looked_further = bool(named) or source is not None
    if looked_further and capture.is_a_file and encoding != "utf-16":
        rows += _split(_further_lines(capture, encoding), delimiter)
    found = {column: _cells(rows, column, names) for column in (*named, *free)}
    if source is not None:
        return _chosen(capture, names, found, source)
    for column, cells in found.items():
        different = list(dict.fromkeys(cells))
        if not 1 < len(different) <= min(_MOST_SOURCES, len(cells) // 2):
            continue
        n_changes = sum(one != other for one, other in pairwise(cells))
        takes_turns = len(cells) >= _LEAST_ROWS and n_changes > _LEAST_CHANGES * len(cells)
        if column in named or (takes_turns and not any(is_number(cell) for cell in different)):
            raise CaptureNotRecognisedError(
                f"{capture.name} holds rows of several sources: {_called(names, column)} says "
                f"{_listed(different)}; choose one with --source, such as --source "
                f"{shlex.quote(different[0][:30])}"
            )
    return None


def _is_named(names: Sequence[str], column: int) -> bool:
    """Check whether the name of a column says that it tells devices or sensors apart."""
    return column < len(names) and bool(_NAMED.fullmatch(names[column].strip().lower()[:60]))


def _cells(rows: list[list[str]], column: int, names: Sequence[str]) -> list[str]:
    """Return the cells of a column that hold something else than its name."""
    name = names[column].strip() if column < len(names) else ""
    cells = (row[column].strip() for row in rows if column < len(row))
    return [cell for cell in cells if cell and cell != name]


def _chosen(
    capture: CaptureFile, names: Sequence[str], found: dict[int, list[str]], source: str
) -> tuple[int, str] | None:
    wanted = source.strip().lower()
    for column, cells in found.items():
        for cell in dict.fromkeys(cells):
            if cell.lower() == wanted:
                return column, cell
    # It may have chosen among the columns of the header, or the members of an archive.
    if any(wanted in name.lower() for name in (*names, capture.name.partition(":")[2])):
        return None
    seen = [
        f"{_called(names, column)} says {_listed(different)}"
        for column, cells in found.items()
        if 1 < len(different := list(dict.fromkeys(cells))) <= _MOST_SOURCES
    ]
    raise InvalidInputError(
        f"there is no source {source!r} in {capture.name}: "
        + ("; ".join(seen[:3]) or "no column tells several sources apart; leave out --source")
    )


def _called(names: Sequence[str], column: int) -> str:
    return f"column {quoted(names[column]) if column < len(names) else column + 1}"


def _listed(different: list[str]) -> str:
    return ", ".join(quoted(cell, 30) for cell in different[:6])


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
