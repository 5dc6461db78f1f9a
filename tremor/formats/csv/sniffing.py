"""Format, header, encoding, delimiter and decimal sign of a text table, from its first 64 kB.

The first lines are `tremor.formats.csv.head`, the format that claims them is found by
`tremor.formats.csv.claims`, and here it becomes the layout that the rows are read by. Samples are
not read here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final, cast

from tremor.errors import CaptureNotRecognisedError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import BLANKS, is_number, quoted
from tremor.formats.csv.claims import Claim, find_claim, is_row
from tremor.formats.csv.dialects import ANY_HEADER, DECLARED, FORMATS
from tremor.formats.csv.format_records import CaptureFormat, FileName, Matched, TimeUnit
from tremor.formats.csv.head import Head, keys_of, read_head, rows_of
from tremor.formats.csv.headers import parse_columns
from tremor.formats.csv.options import LayoutOptions
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.sources import choose_source
from tremor.formats.csv.time_column import choose_time_column, find_counter
from tremor.formats.csv.widths import (
    DECIMAL_COMMAS,
    has_decimal_commas,
    refuse_other_width,
    width_of,
)
from tremor.notes import Note

__all__ = ["HOW_TO_DECLARE", "TableLayout", "sniff_file"]

#: Lines in which the first row of declared columns is searched.
_DECLARED_LINES: Final = 300
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
        ``key: value`` lines of the preamble, and what the patterns of the format find in it.
    member : str
        Name of the capture in messages.
    passed_over : Note or None
        Columns of time that were not chosen, and why; None if there are none.
    source : tuple of (int, str) or None
        Column that names devices, and the one whose rows are read; None to read all.
    said : LayoutOptions
        What the user said of it.
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
    source: tuple[int, str] | None = None
    said: LayoutOptions = field(default_factory=LayoutOptions)


def sniff_file(capture: CaptureFile, options: LayoutOptions | None = None) -> TableLayout:
    """Recognise the format of a capture from its first 64 kB.

    Parameters
    ----------
    capture : CaptureFile
        Where its bytes are.
    options : LayoutOptions, optional
        What the user says of it; everything is found without it.

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
        If the options are not usable.
    """
    said = options or LayoutOptions()
    head = read_head(capture)
    if said.columns is not None:
        claim = _declared_claim(capture, head, said)
    else:
        claim = _found_claim(capture, head, said)
    return _layout(capture, head, claim, said)


def _found_claim(capture: CaptureFile, head: Head, said: LayoutOptions) -> Claim:
    only = None if said.format is None else _format_named(said.format)
    found = find_claim(head, _file_name(capture), said, only=only)
    if isinstance(found, Claim):
        if not found.format.declares_facts and found.names:
            # What a power cut left of the native format is told apart row by row.
            refuse_other_width(capture, list(found.names), found.rows)
        return found
    seen = found or f"the first line is {quoted(head.lines[0])}"
    if only is not None:
        example = f", which begins like {quoted(only.example[0], 90)}" if only.example else ""
        raise CaptureNotRecognisedError(
            f"{capture.name} is not of the format {only.slug}{example}: {seen}; leave out --format "
            f"or {HOW_TO_DECLARE}"
        )
    raise CaptureNotRecognisedError(
        f"{capture.name} is not recognised: {seen}; tremor formats lists what can be read; "
        f"{HOW_TO_DECLARE}"
    )


def _format_named(name: str) -> CaptureFormat:
    by_name = {key.lower(): one for one in FORMATS for key in (one.name, one.slug)}
    found = by_name.get(name.strip().lower())
    if found is DECLARED:
        raise InvalidInputError(f"the format {name!r} needs --columns; say what the columns are")
    if found is not None:
        return found
    near = get_close_matches(name.strip().lower(), by_name, n=1)
    hint = f"did you mean {by_name[near[0]].slug}?" if near else "tremor formats lists them"
    raise InvalidInputError(f"there is no format {name!r}; {hint}")


def _file_name(capture: CaptureFile) -> str:
    """Return the name of the file itself, also of a member of an archive."""
    return capture.name.rpartition(":")[2].rpartition("/")[2]


def _layout(capture: CaptureFile, head: Head, claim: Claim, said: LayoutOptions) -> TableLayout:
    filled = _with_filled_times(claim.columns, claim.rows)
    matched, passed_over = choose_time_column(filled, claim.names, claim.rows)
    matched = replace(matched, counter=find_counter(matched, claim.names, claim.rows))
    meaning = _meaning_of_name(capture, claim.format)
    facts = _facts_above(claim, head.above(claim.n_lines_before)) | _rate_named(meaning, capture)
    if meaning.gravity is not None:
        matched = replace(matched, gravity=meaning.gravity)
    if not matched.unit and "unit" in facts:
        matched = replace(matched, unit=unit_named(facts["unit"]))
    if said.time_unit is not None:
        if matched.time is None:
            raise InvalidInputError(
                f"{capture.name} has no time column for --time-unit; name it with --columns"
            )
        matched = replace(matched, time_unit=cast("TimeUnit", said.time_unit))
    # One argument for each property of the text; all are known only here.
    layout = TableLayout(
        format=claim.format,
        columns=matched,
        names=claim.names,
        delimiter=claim.delimiter,
        decimal=said.decimal or _decimal_of(claim.rows, matched),
        encoding=head.encoding,
        n_lines_before=claim.n_lines_before,
        n_fields=max(width_of(list(claim.names)), *(len(row) for row in claim.rows)),
        keys=keys_of(head.lines) | facts,
        member=capture.name,
        passed_over=passed_over,
        said=said,
    )
    chosen = choose_source(
        capture,
        layout.names,
        head.lines[layout.n_lines_before :],
        delimiter=layout.delimiter,
        encoding=layout.encoding,
        columns=matched,
        source=said.source,
    )
    return replace(layout, source=chosen)


def _with_filled_times(matched: Matched, rows: Sequence[Sequence[str]]) -> Matched:
    """Leave out the columns of time that are empty in all of the first rows."""
    columns = {column for column, _ in matched.times}
    columns |= set() if matched.time is None else {matched.time}
    filled = {
        column
        for column in columns
        if any(column < len(row) and row[column].strip() for row in rows)
    }
    if filled == columns:
        return matched
    times = tuple(one for one in matched.times if one[0] in filled)
    time, time_unit = times[0] if times else (None, matched.time_unit)
    return replace(matched, times=times, time=time, time_unit=time_unit)


def _meaning_of_name(capture: CaptureFile, entry: CaptureFormat) -> FileName:
    """Return what the name of a file says of it; a file of another quantity is refused."""
    name = _file_name(capture)
    for meaning in entry.file_names:
        if re.search(meaning.pattern, name, re.IGNORECASE):
            if meaning.quantity:
                raise CaptureNotRecognisedError(
                    f"{capture.name} is a file of {entry.name} that holds {meaning.quantity} by "
                    "its name, no acceleration; name the file of the accelerometer"
                )
            return meaning
    return FileName("")


def _rate_named(meaning: FileName, capture: CaptureFile) -> dict[str, str]:
    """Return the nominal rate that the name of a file states, if its format says where."""
    found = re.search(meaning.pattern, _file_name(capture), re.IGNORECASE)
    rate_hz = found.groupdict().get("rate_hz") if found else None
    return {"rate_hz": rate_hz} if rate_hz else {}


def _facts_above(claim: Claim, text: str) -> dict[str, str]:
    """Return what the patterns of a format, then those of all, find in the lines above its rows."""
    facts: dict[str, str] = {}
    for pattern in (*claim.preamble, *claim.format.preamble, *ANY_HEADER.preamble):
        found = re.search(pattern, text)
        for key, value in found.groupdict().items() if found else ():
            if value:
                facts.setdefault(key, value)
    return facts


def _decimal_of(rows: Sequence[Sequence[str]], matched: Matched) -> str:
    """Return the decimal sign: a comma if a number holds one; text of a date may hold it, too."""
    columns = (*matched.axes, *(() if matched.time is None else (matched.time,)))
    cells = [row[column] for row in rows for column in columns if column < len(row)]
    return "," if any("," in cell and is_number(cell) for cell in cells) else "."


def _declared_claim(capture: CaptureFile, head: Head, said: LayoutOptions) -> Claim:
    """Return the rows in which numbers are where the user declares them."""
    columns = said.columns or ""
    declared = parse_columns(columns)
    if isinstance(declared, str):
        raise InvalidInputError(
            f"--columns {columns}: {declared}; name x, y and z once each, time or time_s, time_ms, "
            "time_us, time_ns at most once, counter for a number that counts the samples, and _ "
            "for the rest"
        )
    if said.format is not None:
        raise InvalidInputError("--columns and --format exclude each other; leave one of them out")
    n_declared = len(columns.split(","))
    most = 0
    for delimiter in said.delimiter or DECLARED.delimiters + BLANKS:
        numbered = [
            (number, cells[0])
            for number, line in enumerate(head.lines[:_DECLARED_LINES])
            if (cells := rows_of([line], delimiter))
        ]
        rows = [one for one in numbered if len(one[1]) >= n_declared and is_row(one[1], declared)]
        most = max([most, *(len(row) for _, row in numbered)])
        if not rows or len(rows) < 0.5 * len(numbered[-200:]):
            continue
        entry = _format_of_head_rows(head)
        if entry is not None:
            rows = rows[entry.rows[0].n_head_rows :]
        cells = [row for _, row in rows]
        if delimiter == "," and has_decimal_commas(cells):
            raise CaptureNotRecognisedError(
                f"{capture.name} does not fit --columns {columns}: {DECIMAL_COMMAS}"
            )
        above = numbered[0][1]
        named = rows and rows[0][0] > 0 and not is_row(above, declared)
        names = tuple(above) if named else ()
        preamble = () if entry is None else entry.preamble
        return Claim(DECLARED, declared, names, delimiter, rows[0][0], cells, preamble)
    raise CaptureNotRecognisedError(
        f"{capture.name} does not fit --columns {columns}: {n_declared} columns with numbers are "
        f"declared, lines have {most}, the first is {quoted(head.lines[0])}; {HOW_TO_DECLARE}"
    )


def _format_of_head_rows(head: Head) -> CaptureFormat | None:
    """Return the format whose rows of numbers above the samples a table begins with."""
    for entry in FORMATS:
        if any(rows.n_head_rows for rows in entry.rows) and re.search(
            entry.signature, head.signature
        ):
            return entry
    return None
