"""Which format of the table claims a text table, by its first lines.

A named format claims by its header, or by rows that were verified; only what none of them claims is
any table with a header. Exactly one claims: the tests hold the table to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.csv.cells import BLANKS, is_number, quoted, split_line
from tremor.formats.csv.dialects import ANY_HEADER, FORMATS
from tremor.formats.csv.format_records import CaptureFormat, Matched
from tremor.formats.csv.head import Head, header_lines, rows_of
from tremor.formats.csv.headers import TIME_UNIT_NAMES, foreign_axes, match_any_header, match_header
from tremor.formats.csv.options import LayoutOptions
from tremor.formats.csv.quantities import foreign_quantity, unit_named
from tremor.formats.csv.row_layouts import match_rows
from tremor.settings import TABLE_BOUNDS

__all__ = ["Claim", "claim_of", "find_claim", "is_row"]

#: Rows that are looked at.
_FIRST_ROWS: Final = 200
_IN_BRACKETS: Final = re.compile(r"^[(\[](.*)[)\]]$")
#: Lines below a header in which the first row is searched.
_MOST_LINES_BELOW: Final = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """What a format makes of the first lines of a table.

    Parameters
    ----------
    format : CaptureFormat
        The format.
    columns : Matched
        Its columns.
    names : tuple of str
        Names of all columns; empty without a header.
    delimiter : str
        Separator of cells.
    n_lines_before : int
        Number of lines before the first row of samples.
    rows : list of list of str
        Cells of the first rows.
    preamble : tuple of str
        Patterns of another format that wrote the lines above; empty if there is none.
    """

    format: CaptureFormat
    columns: Matched
    names: tuple[str, ...]
    delimiter: str
    n_lines_before: int
    rows: list[list[str]]
    preamble: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    """The first lines, their possible headers by delimiter, and why none was claimed so far."""

    head: Head
    name: str
    options: LayoutOptions
    headers: dict[str, list[tuple[int, list[str]]]] = field(default_factory=dict)
    missing: str = ""

    def headers_of(self, delimiter: str) -> list[tuple[int, list[str]]]:
        if delimiter not in self.headers:
            found = list(header_lines(self.head.lines, delimiter))
            most = max((len(names) for _, names in found), default=0)
            if most > TABLE_BOUNDS.most_columns:
                raise CaptureNotRecognisedError(
                    f"{self.name} has {most} columns, and at most {TABLE_BOUNDS.most_columns} are "
                    "read; export the accelerometer by itself"
                )
            self.headers[delimiter] = found
        return self.headers[delimiter]

    def delimiters(self, usual: str) -> str:
        return self.options.delimiter or usual


def find_claim(
    head: Head, name: str, options: LayoutOptions, *, only: CaptureFormat | None = None
) -> Claim | str:
    """Find the format that claims a table.

    Parameters
    ----------
    head : Head
        Its first lines.
    name : str
        Its name, for what names of files mean and for messages.
    options : LayoutOptions
        What the user says.
    only : CaptureFormat, optional
        The format that the user names; all are tried without it.

    Returns
    -------
    Claim or str
        A phrase about what is missing if none claims it.

    Raises
    ------
    CaptureNotRecognisedError
        If its axes are of another quantity.
    """
    search = _Search(head, name, options)
    for entry in (only,) if only else FORMATS:
        if entry.generic:
            continue
        claim = _claimed(search, entry, verified=only is None)
        if claim is not None:
            return claim
    if only is None or only is ANY_HEADER:
        claim = _claimed_by_any_header(search)
        if claim is not None:
            return claim
    return search.missing


def claim_of(entry: CaptureFormat, head: Head, name: str) -> Claim | None:
    """Return the claim of one format, whatever others claim; of a generic one there is none."""
    if entry.generic:
        return None
    return _claimed(_Search(head, name, LayoutOptions()), entry, verified=True)


def _claimed(search: _Search, entry: CaptureFormat, *, verified: bool) -> Claim | None:
    if entry.file_name and not re.search(entry.file_name, search.name):
        return None
    if entry.signature and not re.search(entry.signature, search.head.signature):
        return None
    for delimiter in search.delimiters(entry.delimiters):
        for number, names in search.headers_of(delimiter) if entry.columns else ():
            matched = match_header(entry, names)
            if matched is None:
                continue
            claim = _with_rows(search, entry, matched, delimiter, number, names)
            if claim is not None:
                return claim
        for rows in entry.rows:
            found = match_rows(entry, rows, search.head, delimiter, verified=verified)
            if found is not None:
                matched, n_before = found
                lines = search.head.lines[n_before : n_before + _FIRST_ROWS]
                cells = rows_of(lines, delimiter, comment=entry.comment)
                return Claim(entry, matched, (), delimiter, n_before, cells)
    return None


def _claimed_by_any_header(search: _Search) -> Claim | None:
    for delimiter in search.delimiters(ANY_HEADER.delimiters + BLANKS):
        for number, names in search.headers_of(delimiter):
            matched = match_any_header(names, source=search.options.source)
            if isinstance(matched, Matched):
                claim = _with_rows(search, ANY_HEADER, matched, delimiter, number, names)
                if claim is not None:
                    return claim
            elif delimiter != BLANKS:  # any sentence has words between blanks
                _refuse_foreign_axes(search.name, names)
                seen = f"{matched} in the header {quoted(','.join(names))}"
                search.missing = search.missing or seen
    return None


def _with_rows(
    search: _Search,
    entry: CaptureFormat,
    matched: Matched,
    delimiter: str,
    number: int,
    names: Sequence[str],
) -> Claim | None:
    """Return the claim of a header with its rows; None, and why, if there are none below it."""
    lines = search.head.lines
    units: list[str] = []
    for at in range(number + 1, min(number + _MOST_LINES_BELOW, len(lines))):
        if not lines[at].strip():
            continue
        cells = split_line(lines[at], delimiter)
        if is_row(cells, matched):
            if units:
                matched = _with_units_below(search.name, units, matched)
            rows = rows_of(lines[at : at + _FIRST_ROWS], delimiter, comment=entry.comment)
            return Claim(entry, matched, tuple(names), delimiter, at, rows)
        if max(matched.axes) < len(cells):
            units = cells
    if any(line.strip() for line in lines[number + 1 :]):
        search.missing = search.missing or (
            f"the columns of the axes hold no numbers below the header {quoted(','.join(names))}"
        )
    return None


def is_row(cells: Sequence[str], matched: Matched) -> bool:
    """Check whether the cells of the axes are numbers, or empty."""
    if max(matched.axes) >= len(cells):
        return False
    found = [cells[column].strip() for column in matched.axes]
    return all(is_number(cell) or cell.lower() in {"", "nan", "na", "n/a"} for cell in found)


def _refuse_foreign_axes(name: str, names: Sequence[str]) -> None:
    """Raise if the axes of a header without acceleration are of another quantity."""
    foreign = foreign_axes(names)
    if foreign is not None:
        raise CaptureNotRecognisedError(
            f"{name} holds no acceleration that can be read: {foreign}; export the accelerometer "
            "in m/s^2 or g"
        )


def _with_units_below(name: str, units: list[str], matched: Matched) -> Matched:
    """Take the units that the row below the header names where the header names none."""
    bare = [_IN_BRACKETS.sub(r"\1", cell.strip()[:40]).strip() for cell in units]
    named = {column: TIME_UNIT_NAMES.get(cell.lower(), "") for column, cell in enumerate(bare)}
    times = tuple((column, unit or named.get(column, "")) for column, unit in matched.times)
    of_time = dict(times).get(-1 if matched.time is None else matched.time, matched.time_unit)
    unit = matched.unit or _unit_below(name, [bare[column] for column in matched.axes])
    return replace(matched, times=times, time_unit=matched.time_unit or of_time, unit=unit)


def _unit_below(name: str, cells: list[str]) -> str:
    """Return the unit that cells name for all axes; empty if they name none."""
    for cell in cells:
        quantity = foreign_quantity(cell)
        if quantity is not None:
            raise CaptureNotRecognisedError(
                f"{name} holds no acceleration that can be read: the row below its header says "
                f"{quoted(cell)}, {quantity}; export the accelerometer in m/s^2 or g"
            )
    named = {unit_named(cell) for cell in cells}
    return named.pop() if len(named) == 1 else ""


def several_claims(head: Head, name: str) -> Iterator[Claim]:
    """Yield the claims of all formats that are not generic."""
    for entry in FORMATS:
        claim = claim_of(entry, head, name)
        if claim is not None:
            yield claim
