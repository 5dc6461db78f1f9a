"""Format, header, encoding, delimiter and decimal sign of a text table, from its first 64 kB.

The formats are the table in `tremor.formats.csv.dialects`. Samples are not read here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from tremor.errors import CaptureNotRecognisedError, CaptureReadError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import BLANKS, is_number, quoted, split_line
from tremor.formats.csv.dialects import (
    ANY_HEADER,
    DECLARED,
    FORMATS,
    REFUSALS,
    CaptureFormat,
    Matched,
    foreign_axes,
    match_any_header,
    match_header,
    parse_columns,
)
from tremor.formats.csv.native import FIRST_LINE
from tremor.formats.csv.quantities import foreign_quantity, unit_named
from tremor.formats.csv.sources import refuse_several_sources
from tremor.formats.csv.time_column import choose_time_column
from tremor.formats.csv.widths import (
    DECIMAL_COMMAS,
    has_decimal_commas,
    refuse_other_width,
    width_of,
)
from tremor.formats.foreign import refuse_bytes
from tremor.notes import Note
from tremor.recording import AXES

__all__ = ["HOW_TO_DECLARE", "TableLayout", "sniff_file"]

_HEAD_BYTES: Final = 64 * 1024
_DELIMITERS: Final = (",", ";", "\t", "|")
#: No sample of an Empatica E4 is so great, and no start of a recording of one so early.
_LEAST_EPOCH_S: Final = 1e9
_MOST_EMPATICA_HZ: Final = 64.0
HOW_TO_DECLARE: Final = (
    "declare what the columns are, such as --columns time_s,x,y,z (time_ms, time_us, time_ns or "
    "time for text; x_g or x_mg with a unit; _ to ignore one)"
)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Layout of a text table.

    Parameters
    ----------
    format : CaptureFormat
        Its format.
    columns : Matched
        Columns of time and acceleration.
    names : tuple of str
        Names of all columns; empty without a header.
    delimiter, decimal : str
        Separator of cells, and decimal sign.
    encoding : str
        Encoding of the text.
    n_lines_before : int
        Number of lines before the first row of samples.
    n_fields : int
        Number of cells in the longest line seen.
    keys : dict
        ``key: value`` lines of the preamble.
    member : str
        Name of the capture in messages.
    passed_over : Note or None
        Columns of time that were not chosen, and why; None if there are none.
    """

    format: CaptureFormat
    columns: Matched
    names: tuple[str, ...]
    delimiter: str
    decimal: str
    encoding: str
    n_lines_before: int
    n_fields: int
    keys: dict[str, str] = field(default_factory=dict)
    member: str = ""
    passed_over: Note | None = None


def sniff_file(capture: CaptureFile, columns: str | None) -> TableLayout:
    """Recognise the format of a capture from its first 64 kB.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are.
    columns : str or None
        Declared columns, such as ``time_ns,x,y,z,_``; None to find them by the header.

    Returns
    -------
    TableLayout
        Format and columns.

    Raises
    ------
    CaptureNotRecognisedError
        If no format claims it.
    CaptureReadError
        If it is empty.
    InvalidInputError
        If ``columns`` is not usable.
    """
    lines, encoding = _first_lines(capture)
    if columns is not None:
        return _declared_layout(capture, columns, lines, encoding)
    keys = _keys_of(lines)
    missing = ""
    for delimiter in _DELIMITERS:
        for number, names in _header_lines(lines, delimiter):
            claim = _claim(lines, names)
            if isinstance(claim, str):
                _refuse_foreign_axes(capture, names)
                missing = missing or f"{claim} in the header {quoted(','.join(names))}"
                continue
            entry, matched = claim
            rows, n_before, units = _after_header(lines, number, delimiter, matched)
            if not rows:
                missing = missing or _without_rows(lines, number, names)
                continue
            if units and not matched.unit:
                matched = replace(matched, unit=_unit_below(capture, units, matched))
            if not entry.declares_facts:  # what a power cut left is told apart row by row
                refuse_other_width(capture, names, rows)
            matched, passed_over = choose_time_column(matched, names, rows)
            # One argument for each property of the text; all are known only here.
            layout = TableLayout(
                format=entry,
                columns=matched,
                names=tuple(names),
                delimiter=delimiter,
                decimal=_decimal_of(rows, matched),
                encoding=encoding,
                n_lines_before=n_before,
                n_fields=max(width_of(names), *(len(row) for row in rows)),
                keys=keys,
                member=capture.name,
                passed_over=passed_over,
            )
            _refuse_sources(capture, layout, lines)
            return layout
    seen = missing or f"the first line is {quoted(lines[0])}"
    known = ", ".join(entry.slug for entry in FORMATS if entry is not DECLARED)
    raise CaptureNotRecognisedError(
        f"{capture.name} is not recognised: {seen}; known formats: {known}; {HOW_TO_DECLARE}"
    )


def _first_lines(capture: CaptureFile) -> tuple[list[str], str]:
    """Return the first lines of a text table and its encoding; other files are refused."""
    with capture.open() as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip():
        raise CaptureReadError(f"{capture.name} is empty; record or export it again")
    foreign = refuse_bytes(head)
    if foreign is not None:
        raise CaptureNotRecognisedError(f"{capture.name} {foreign}")
    text, encoding = _decode(head, capture)
    lines = text.splitlines()
    if len(head) == _HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # the last one may be truncated
    first = "\n".join(lines[:40])
    for refusal in REFUSALS:
        if re.search(refusal.pattern, first):
            raise CaptureNotRecognisedError(f"{capture.name} {refusal.reason}")
    return lines, encoding


def _decode(head: bytes, capture: CaptureFile) -> tuple[str, str]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore"), "utf-16"
    if head.startswith(FIRST_LINE.encode()):
        head = head.replace(b"\x00", b"")  # a power cut leaves zeros in the place of the last rows
    control = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 32)))
    if b"\x00" in head or control > 0.01 * len(head):
        raise CaptureNotRecognisedError(
            f"{capture.name} is binary, not a table of text (first bytes {head[:8].hex(' ')}); "
            "export it as CSV"
        )
    try:
        return head.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4 and len(head) == _HEAD_BYTES:
            return head.decode("utf-8-sig", errors="ignore"), "utf-8-sig"
    try:
        return head.decode("gbk"), "gbk"
    except UnicodeDecodeError:
        return head.decode("latin-1"), "latin-1"


def _keys_of(lines: list[str]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for line in lines[:100]:
        found = re.fullmatch(r"#\s*([\w ]+?)\s*:\s*(.+?)[\s,;]*", line)
        if found:
            keys[found[1]] = found[2]
        raw = re.search(r"Created By ActiGraph .* at (\d+) Hz\b", line)
        if raw:
            keys["nominal_sampling_rate_hz"] = raw[1]
            keys["date format"] = line
    return keys


def _header_lines(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield lines that could be a header: three or more names, few of them numbers."""
    for number, line in enumerate(lines[:100]):
        if delimiter not in line:
            continue
        if line.startswith("#"):
            if not _is_above_numbers(lines, number, delimiter):
                continue
            line = line.lstrip("# ")
        try:
            names = split_line(line, delimiter)
        except csv.Error:
            continue
        named = [name for name in names if name.strip() and not is_number(name)]
        if len(named) >= len(AXES) and len(named) >= 0.8 * len([n for n in names if n.strip()]):
            yield number, names


def _is_above_numbers(lines: list[str], number: int, delimiter: str) -> bool:
    """Check whether the next line has as many cells as a line, and all are numbers."""
    if number + 1 >= len(lines):
        return False
    cells = lines[number + 1].split(delimiter)
    return len(cells) == lines[number].count(delimiter) + 1 and all(map(is_number, cells))


def _claim(lines: list[str], names: list[str]) -> tuple[CaptureFormat, Matched] | str:
    for entry in FORMATS:
        if entry.generic or (entry.first_line and not re.fullmatch(entry.first_line, lines[0])):
            continue
        matched = match_header(entry, names)
        if matched is not None:
            return entry, matched
    found = match_any_header(names)
    if isinstance(found, str):
        return found
    return ANY_HEADER, found


def _after_header(
    lines: list[str], header: int, delimiter: str, matched: Matched
) -> tuple[list[list[str]], int, list[str]]:
    """Return the first rows of samples, the number of lines before them, and a row of units."""
    units: list[str] = []
    for number in range(header + 1, min(header + 4, len(lines))):
        if not lines[number].strip():
            continue
        fields = split_line(lines[number], delimiter)
        if _is_row(fields, matched):
            rows = [
                split_line(line, delimiter) for line in lines[number : number + 200] if line.strip()
            ]
            return rows, number, units
        if max(matched.axes) < len(fields):
            units = fields
    return [], 0, []


def _without_rows(lines: list[str], header: int, names: list[str]) -> str:
    """Return a phrase about a header without samples below it; empty at the end of the text."""
    if not any(line.strip() for line in lines[header + 1 :]):
        return ""
    return f"the columns of the axes hold no numbers below the header {quoted(','.join(names))}"


def _is_empatica_head(rows: list[list[str]]) -> bool:
    """Check for the start of the recording and its rate, each three times, above the samples."""
    if len(rows) < 4 or any(len({cell.strip() for cell in row}) > 1 for row in rows[:2]):
        return False
    if not all(is_number(row[0]) for row in rows[:2]):
        return False
    started_s, rate_hz = (float(row[0].replace(",", ".")) for row in rows[:2])
    return started_s > _LEAST_EPOCH_S and 1.0 <= rate_hz <= _MOST_EMPATICA_HZ


def _refuse_sources(capture: CaptureFile, layout: TableLayout, lines: list[str]) -> None:
    """Raise if the rows are those of several devices."""
    refuse_several_sources(
        capture,
        list(layout.names),
        lines[layout.n_lines_before :],
        delimiter=layout.delimiter,
        encoding=layout.encoding,
        used={layout.columns.time, *layout.columns.axes, *layout.columns.added},
    )


def _refuse_foreign_axes(capture: CaptureFile, names: list[str]) -> None:
    """Raise if the axes of a header without acceleration are of another quantity."""
    foreign = foreign_axes(names)
    if foreign is not None:
        raise CaptureNotRecognisedError(
            f"{capture.name} holds no acceleration that can be read: {foreign}; export the "
            "accelerometer in m/s^2 or g"
        )


def _unit_below(capture: CaptureFile, units: list[str], matched: Matched) -> str:
    """Return the unit that the row below the header names for all axes; empty if it names none."""
    cells = [re.sub(r"^\((.*)\)$", r"\1", units[column].strip()) for column in matched.axes]
    for cell in cells:
        quantity = foreign_quantity(cell)
        if quantity is not None:
            raise CaptureNotRecognisedError(
                f"{capture.name} holds no acceleration that can be read: the row below its header "
                f"says {quoted(cell)}, {quantity}; export the accelerometer in m/s^2 or g"
            )
    named = {unit_named(cell) for cell in cells}
    return named.pop() if len(named) == 1 else ""


def _is_row(fields: list[str], matched: Matched) -> bool:
    if max(matched.axes) >= len(fields):
        return False
    cells = [fields[column].strip() for column in matched.axes]
    return all(is_number(cell) or cell.lower() in {"", "nan", "na"} for cell in cells)


def _decimal_of(rows: list[list[str]], matched: Matched) -> str:
    # Within commas, one is in a cell only if that is in quotes.
    cells = [row[column] for row in rows for column in matched.axes if column < len(row)]
    return "," if any("," in cell for cell in cells) else "."


def _declared_layout(
    capture: CaptureFile, columns: str, lines: list[str], encoding: str
) -> TableLayout:
    declared = parse_columns(columns)
    if isinstance(declared, str):
        raise InvalidInputError(
            f"--columns {columns}: {declared}; name x, y and z once each, time or time_s, time_ms, "
            "time_us, time_ns at most once, and _ for the rest"
        )
    n_declared = len(columns.split(","))
    widths = []
    for delimiter in (*_DELIMITERS, BLANKS):
        split = [
            (n, split_line(line, delimiter)) for n, line in enumerate(lines[:300]) if line.strip()
        ]
        if not split:
            continue
        rows = [(n, row) for n, row in split if len(row) >= n_declared and _is_row(row, declared)]
        widths.append(max(len(row) for _, row in split))
        if not rows or len(rows) < 0.5 * len(split[-200:]):
            continue
        keys = _keys_of(lines)
        if declared.time is None and _is_empatica_head([row for _, row in rows]):
            keys["nominal_sampling_rate_hz"] = rows[1][1][0]
            rows = rows[2:]
        n_before = rows[0][0]
        named = split[0][1] if n_before > 0 and not _is_row(split[0][1], declared) else []
        cells = [row for _, row in rows]
        if delimiter == "," and has_decimal_commas(cells):
            raise CaptureNotRecognisedError(
                f"{capture.name} does not fit --columns {columns}: {DECIMAL_COMMAS}"
            )
        # As in `sniff_file`.
        layout = TableLayout(
            format=DECLARED,
            columns=declared,
            names=tuple(named),
            delimiter=delimiter,
            decimal=_decimal_of(cells, declared),
            encoding=encoding,
            n_lines_before=n_before,
            n_fields=max(len(row) for row in cells),
            keys=keys,
            member=capture.name,
        )
        _refuse_sources(capture, layout, lines)
        return layout
    raise CaptureNotRecognisedError(
        f"{capture.name} does not fit --columns {columns}: {n_declared} columns with numbers are "
        f"declared, lines have {max(widths, default=0)}, the first is {quoted(lines[0])}; "
        f"{HOW_TO_DECLARE}"
    )
