"""A capture file in, a recording out: sniff the format, parse the table, fit the clock.

The formats themselves are the table in `tremor.formats.table`. Nothing is analysed here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, get_args

import numpy as np
import numpy.typing as npt

from tremor.dsp.timebase import TimeBase, declared_timebase, fit_timebase
from tremor.errors import (
    CaptureNotFoundError,
    CaptureNotRecognisedError,
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
)
from tremor.formats.table import (
    FORMATS,
    REFUSALS,
    UNIT_NAMES,
    CaptureFormat,
    Matched,
    match_any_header,
    match_header,
    parse_columns,
)
from tremor.integrity import (
    find_clipped,
    find_dead_axes,
    find_scale_correction,
    median_norm_ms2,
)
from tremor.recording import (
    AXES,
    CaptureWarning,
    Floats,
    Gravity,
    Placement,
    Recording,
    SensorInfo,
    Source,
    gaps_of,
)
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2, TIME_UNIT_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Sniffed", "read", "sniff"]

_HEAD_BYTES: Final = 64 * 1024
_CHUNK_ROWS: Final = 500_000
_DELIMITERS: Final = (",", ";", "\t", "|")
#: How near gravity must come for a unit to be told by it (running raises the median a little).
_UNIT_TOLERANCE: Final = 0.2
_UNITS_TOLD_BY_GRAVITY: Final = ("m/s^2", "g", "mg")
#: Plausible sampling rates, by which an unnamed unit of time is told.
_PLAUSIBLE_RATE_HZ: Final = (4.0, 4000.0)
_EPOCH_S: Final = (1.0e9, 4.2e9)
_TEXT_TIMES: Final = ("%Y-%m-%d %H:%M:%S:%f", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S")
_MONTH_FIRST: Final = ("%m/%d/%Y %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S")
_DAY_FIRST: Final = ("%d/%m/%Y %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S")
_TIME_OF_DAY: Final = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}([.,]\d+)?\s*")
_DAY_S: Final = 86400.0
_DECLARE: Final = (
    "declare what the columns are, such as --columns time_s,x,y,z (time_ms, time_us, time_ns or "
    "time for text; x_g or x_mg with a unit; _ to ignore one)"
)


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the first 64 kB of a capture tell.

    Parameters
    ----------
    format : CaptureFormat
        The format that claims it.
    columns : Matched
        Which columns hold what.
    names : tuple of str
        Names of the columns; empty without a header.
    delimiter, decimal : str
        How numbers are parted and written.
    encoding : str
        Of the text.
    n_lines_before : int
        Lines before the first row of samples.
    n_fields : int
        Fields of the longest line seen.
    keys : dict
        ``key: value`` lines of the preamble.
    member : str
        Name of the file inside of an archive or a folder; empty where the capture is one file.
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


@dataclass(frozen=True, slots=True)
class _Capture:
    """Where the bytes are: a file, or a member of an archive or a folder."""

    path: Path
    name: str
    open: Callable[[], BinaryIO]
    format: CaptureFormat | None = None
    gravity: Gravity | None = None
    added: _Capture | None = None


@dataclass(slots=True)
class _Table:
    """What the rows held, before the clock is fitted."""

    time: npt.NDArray[np.float64] | None
    epoch_s: float | None
    zone_known: bool
    values: Floats
    repeats: npt.NDArray[np.bool_] | None
    warnings: list[CaptureWarning]
    history: list[str]


def read(
    path: str | os.PathLike[str],
    *,
    columns: str | None = None,
    unit: str | None = None,
    sampling_rate_hz: float | None = None,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
) -> Recording:
    """Read a capture.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns : str, optional
        What the columns are, such as ``time_ns,x,y,z,_``, where no format claims the file.
    unit : str, optional
        Unit of acceleration; counts before what the file says.
    sampling_rate_hz : float, optional
        Rate of a file without a time column, Hz; for a file with one only a nominal rate.
    gravity : {"included", "removed"}, optional
        Counts before what the file says.
    placement : Placement or str, optional
        Counts before what the file says.

    Returns
    -------
    Recording
        m/s^2 on an even grid; lost samples are rows of NaN. The scale correction is found and
        not applied.

    Raises
    ------
    CaptureNotFoundError
        Where the file does not exist.
    CaptureNotRecognisedError
        Where no format claims it.
    CaptureReadError
        Where it is claimed and its rows cannot be read.
    InsufficientDataError
        Where it holds fewer than two samples.
    InvalidInputError
        Where an option is not usable.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "still.csv"
    >>> rows = "".join(f"{i / 101:.6f},0,0,9.81" + chr(10) for i in range(300))
    >>> _ = path.write_text("time_s,x,y,z" + chr(10) + rows)
    >>> recording = read(path)
    >>> round(recording.sampling_rate_hz, 2), recording.unit_in
    (101.0, 'm/s^2')
    >>> folder.cleanup()
    """
    unit = _check_unit(unit)
    if gravity is not None and gravity not in get_args(Gravity):
        raise InvalidInputError(f"gravity is {gravity!r}; give included or removed")
    if sampling_rate_hz is not None and not (
        np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0
    ):
        raise InvalidInputError(
            f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
        )
    capture = _locate(Path(path))
    found = _sniff(capture, columns)
    table = _read_table(capture, found)
    history = [f"read {capture.name} as {found.format.slug}", *table.history]
    warnings = table.warnings
    gravity = gravity or _gravity_key(found) or found.columns.gravity or capture.gravity
    if capture.added is not None and found.format.slug == "sensor-logger":
        history.append(_add_gravity(table, capture.added))
        gravity = "included"

    values = table.values
    unit_in, told_by_gravity = _choose_unit(unit, found, values, capture, gravity)
    norm = median_norm_ms2(values)
    if told_by_gravity:
        warnings.append(
            CaptureWarning(
                "UNIT_FROM_GRAVITY",
                f"no unit is named; {unit_in} is told from the median |a| of {norm:.4g}; "
                "give --unit where that is wrong",
            )
        )
        gravity = gravity or "included"
    history.append(f"acceleration from {unit_in}" + (" (told by gravity)" * told_by_gravity))
    if unit_in != "m/s^2":
        values *= ACCELERATION_UNIT_MS2[unit_in]
    if gravity is None:
        gravity = _tell_gravity(values)
        history.append(f"gravity {gravity}, told from the samples")

    nominal_hz = _nominal_rate_hz(found, capture)
    if table.time is None:
        rate_hz = sampling_rate_hz or nominal_hz
        if rate_hz is None:
            raise CaptureReadError(
                f"{capture.name} has no time column ({_names(found)}); "
                "give its sampling rate with --sampling-rate"
            )
        clock = declared_timebase(len(values), sampling_rate_hz=rate_hz)
        warnings.append(
            CaptureWarning(
                "RATE_DECLARED",
                f"the capture has no time stamps: {rate_hz:g} Hz is taken as declared, and 1 % of "
                "rate is 1 % of frequency",
            )
        )
    else:
        clock = _fit_clock(table, found, capture, nominal_hz or sampling_rate_hz)
    return _assemble(
        capture,
        found,
        table,
        clock,
        values,
        unit_in=unit_in,
        gravity=gravity,
        nominal_hz=nominal_hz or (sampling_rate_hz if table.time is not None else None),
        placement=placement,
        warnings=[*warnings, *clock.warnings],
        history=[*history, *clock.history],
    )


def sniff(path: str | os.PathLike[str], *, columns: str | None = None) -> Sniffed:
    """Tell the format of a capture from its first 64 kB.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns : str, optional
        What the columns are, as in `read`.

    Returns
    -------
    Sniffed
        The format and its columns.

    Raises
    ------
    CaptureNotFoundError, CaptureNotRecognisedError, CaptureReadError
        As in `read`.
    """
    return _sniff(_locate(Path(path)), columns)


# --- where the bytes are -----------------------------------------------------------------------


def _locate(path: Path) -> _Capture:
    if not path.exists():
        raise CaptureNotFoundError(f"{path} does not exist; check the name")
    if path.is_dir():
        files = {child.name: child for child in sorted(path.iterdir()) if child.is_file()}
        openers = {name: _opener(child) for name, child in files.items()}
        chosen = _choose_member(path, openers)
        if chosen is None:
            raise CaptureNotRecognisedError(
                f"{path} is a folder without {', '.join(_member_names())}; name the capture in it"
            )
        return chosen
    if not path.is_file():
        raise CaptureReadError(f"{path} is not a regular file; copy the capture to one")
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise CaptureReadError(
            f"{path} cannot be opened ({error.strerror}); check its permissions"
        ) from error
    if not magic:
        raise CaptureReadError(f"{path} is empty; record or export it again")
    if magic == b"PK\x03\x04":
        return _locate_in_zip(path)
    return _with_siblings(_Capture(path, path.name, _opener(path)))


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _locate_in_zip(path: Path) -> _Capture:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise CaptureReadError(f"{path} is a damaged zip archive; export it again") from error

    def member(name: str) -> Callable[[], BinaryIO]:
        def open_member() -> BinaryIO:
            with zipfile.ZipFile(path) as archive:
                return io.BytesIO(archive.read(name))

        return open_member

    chosen = _choose_member(path, {Path(name).name: member(name) for name in names})
    if chosen is not None:
        return chosen
    tables = [name for name in names if name.lower().endswith((".csv", ".txt"))]
    if len(tables) == 1:
        return _Capture(path, f"{path.name}:{tables[0]}", member(tables[0]))
    seen = ", ".join(names[:6]) or "nothing"
    raise CaptureNotRecognisedError(
        f"{path} is an archive that holds {seen}, and none of {', '.join(_member_names())}; "
        "unpack it and name the capture"
    )


def _member_names() -> list[str]:
    return list(dict.fromkeys(name for entry in FORMATS for name, _ in entry.members))


def _choose_member(path: Path, openers: dict[str, Callable[[], BinaryIO]]) -> _Capture | None:
    """Choose the best member whose own format claims it."""
    for entry in FORMATS:
        for name, gravity in entry.members:
            if name not in openers:
                continue
            capture = _Capture(path, f"{path.name}:{name}", openers[name], entry, gravity)
            try:
                found = _sniff(capture, None)
            except CaptureReadError:
                continue
            if found.format is entry:
                return replace(capture, added=_find_added(path, entry, gravity, openers))
    return None


def _find_added(
    path: Path,
    entry: CaptureFormat,
    gravity: Gravity | None,
    openers: dict[str, Callable[[], BinaryIO]],
) -> _Capture | None:
    name = entry.added_member
    if gravity != "removed" or name not in openers:
        return None
    return _Capture(path, f"{path.name}:{name}", openers[name], entry)


def _with_siblings(capture: _Capture) -> _Capture:
    """Tell what a file of a known name holds, and find gravity beside it."""
    for entry in FORMATS:
        for name, gravity in entry.members:
            if name != capture.name or gravity is None:
                continue
            try:
                found = _sniff(capture, None)
            except CaptureReadError:
                return capture
            if found.format is entry:
                beside = capture.path.with_name(entry.added_member or name)
                openers = {beside.name: _opener(beside)} if beside.is_file() else {}
                added = _find_added(beside, entry, gravity, openers)
                return replace(capture, gravity=gravity, added=added)
    return capture


# --- which format ------------------------------------------------------------------------------


def _sniff(capture: _Capture, columns: str | None) -> Sniffed:
    with capture.open() as stream:
        head = stream.read(_HEAD_BYTES)
    if not head.strip():
        raise CaptureReadError(f"{capture.name} is empty; record or export it again")
    text, encoding = _decode(head, capture)
    lines = text.splitlines()
    if len(head) == _HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # the last one may be cut
    first = "\n".join(lines[:40])
    for refusal in REFUSALS:
        if re.search(refusal.pattern, first):
            raise CaptureNotRecognisedError(f"{capture.name} {refusal.reason}")
    if columns is not None:
        return _sniff_declared(capture, columns, lines, encoding)
    keys = _keys_of(lines)
    missing = ""
    for delimiter in _DELIMITERS:
        for number, names in _header_lines(lines, delimiter):
            claim = _claim(lines, names)
            if isinstance(claim, str):
                missing = missing or f"{claim} in the header {_clip(','.join(names))}"
                continue
            entry, matched = claim
            rows, n_before, units = _after_header(lines, number, delimiter, matched)
            if not rows:
                continue
            if units and not matched.unit:
                named = {UNIT_NAMES.get(units[c].strip().lower(), "") for c in matched.axes}
                matched = replace(matched, unit=named.pop() if len(named) == 1 else "")
            return Sniffed(
                format=entry,
                columns=matched,
                names=tuple(names),
                delimiter=delimiter,
                decimal=_decimal_of(rows, delimiter, matched),
                encoding=encoding,
                n_lines_before=n_before,
                n_fields=max(len(names), *(len(row) for row in rows)),
                keys=keys,
                member=capture.name,
            )
    seen = missing or f"the first line is {_clip(lines[0])}"
    known = ", ".join(entry.slug for entry in FORMATS if entry.slug != "declared-columns")
    raise CaptureNotRecognisedError(
        f"{capture.name} is not recognised: {seen}; known formats: {known}; {_DECLARE}"
    )


def _decode(head: bytes, capture: _Capture) -> tuple[str, str]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="ignore"), "utf-16"
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


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])


def _header_lines(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give the lines that could be a header: at least three named fields, few of them numbers."""
    for number, line in enumerate(lines[:100]):
        if delimiter not in line or line.startswith("#"):
            continue
        try:
            names = _split(line, delimiter)
        except csv.Error:
            continue
        named = [name for name in names if name.strip() and not _is_number(name)]
        if len(named) >= len(AXES) and len(named) >= 0.8 * len([n for n in names if n.strip()]):
            yield number, names


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
    generic = next(entry for entry in FORMATS if entry.slug == "headed-csv")
    return generic, found


def _after_header(
    lines: list[str], header: int, delimiter: str, matched: Matched
) -> tuple[list[list[str]], int, list[str]]:
    """Find the first rows of samples, how many lines are before them, and a row of units."""
    units: list[str] = []
    for number in range(header + 1, min(header + 4, len(lines))):
        if not lines[number].strip():
            continue
        fields = _split(lines[number], delimiter)
        if _is_row(fields, matched):
            rows = [
                _split(line, delimiter) for line in lines[number : number + 200] if line.strip()
            ]
            return rows, number, units
        if max(matched.axes) < len(fields):
            units = fields
    return [], 0, []


def _is_row(fields: list[str], matched: Matched) -> bool:
    if max(matched.axes) >= len(fields):
        return False
    cells = [fields[column].strip() for column in matched.axes]
    return all(_is_number(cell) or cell.lower() in {"", "nan", "na"} for cell in cells)


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*", cell))


def _decimal_of(rows: list[list[str]], delimiter: str, matched: Matched) -> str:
    if delimiter == ",":
        return "."
    cells = [row[column] for row in rows for column in matched.axes if column < len(row)]
    return "," if any("," in cell for cell in cells) else "."


def _sniff_declared(capture: _Capture, columns: str, lines: list[str], encoding: str) -> Sniffed:
    declared = parse_columns(columns)
    if isinstance(declared, str):
        raise InvalidInputError(
            f"--columns {columns}: {declared}; name x, y and z once each, time or time_s, time_ms, "
            "time_us, time_ns at most once, and _ for the rest"
        )
    n_declared = len(columns.split(","))
    entry = next(entry for entry in FORMATS if entry.slug == "declared-columns")
    widths = []
    for delimiter in _DELIMITERS:
        split = [(n, _split(line, delimiter)) for n, line in enumerate(lines[:300]) if line.strip()]
        if not split:
            continue
        rows = [(n, row) for n, row in split if len(row) >= n_declared and _is_row(row, declared)]
        widths.append(max(len(row) for _, row in split))
        if not rows or len(rows) < 0.5 * len(split[-200:]):
            continue
        n_before = rows[0][0]
        named = split[0][1] if n_before > 0 else []
        cells = [row for _, row in rows]
        return Sniffed(
            format=entry,
            columns=declared,
            names=tuple(named),
            delimiter=delimiter,
            decimal=_decimal_of(cells, delimiter, declared),
            encoding=encoding,
            n_lines_before=n_before,
            n_fields=max(len(row) for row in cells),
            keys=_keys_of(lines),
            member=capture.name,
        )
    raise CaptureNotRecognisedError(
        f"{capture.name} does not fit --columns {columns}: {n_declared} columns with numbers are "
        f"declared, lines have {max(widths, default=0)}, the first is {_clip(lines[0])}; {_DECLARE}"
    )


def _clip(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def _names(found: Sniffed) -> str:
    return f"columns {_clip(', '.join(found.names))}" if found.names else "no header"


# --- the rows ----------------------------------------------------------------------------------


def _read_table(capture: _Capture, found: Sniffed) -> _Table:
    """Read the rows in chunks; the text of a chunk is forgotten before the next is read."""
    matched = found.columns
    times: list[npt.NDArray[np.float64]] = []
    parts: list[Floats] = []
    table = _Table(None, None, False, np.empty((0, 0)), None, [], [])
    clock: _Stamps | None = None
    n_rows = n_headers = n_timeless = 0
    try:
        for frame in _chunks(capture, found):
            keep, headers = _repeated_headers(frame, found)
            n_headers += headers
            first_line = found.n_lines_before + 1 + n_rows
            n_rows += len(frame)
            if headers:
                frame = frame[keep]
            values = np.column_stack(
                [_numbers(frame[column], first_line, found) for column in matched.axes]
            )
            for axis, column in enumerate(matched.added):
                values[:, axis] += _numbers(frame[column], first_line, found)
            if matched.time is not None:
                cells = frame[matched.time]
                there = cells.notna().to_numpy()
                if not there.all():
                    n_timeless += int(np.count_nonzero(~there))
                    cells, values = cells[there], values[there]
                if not len(cells):
                    continue
                if clock is None:
                    clock = _Stamps.of(cells, found, capture)
                times.append(clock.seconds(cells, first_line))
            parts.append(values)
    except UnicodeDecodeError as error:
        raise CaptureReadError(
            f"{capture.name} is damaged: {_clip(str(error))}; export it again"
        ) from error
    n_samples = sum(len(part) for part in parts)
    if n_samples < 2:
        raise InsufficientDataError(
            f"{capture.name} holds {n_samples} row of samples; at least 2 are needed"
        )
    table.values = _three_axes(np.concatenate(parts))
    parts.clear()
    if clock is not None:
        table.time = clock.unwrapped(np.concatenate(times))
        table.epoch_s, table.zone_known = clock.epoch_s, clock.zone_known
        table.history.append(f"time from {clock.unit}")
    if n_headers:
        table.warnings.append(
            CaptureWarning("REPEATED_HEADER", f"{n_headers} rows repeat the header; left out")
        )
    if n_timeless:
        table.warnings.append(
            CaptureWarning("NO_STAMP", f"{n_timeless} rows have no time stamp; left out")
        )
    _note_lost(table, found)
    if table.time is not None:
        equal = (np.diff(table.time) == 0) & (np.diff(table.values, axis=0) == 0).all(axis=1)
        if equal.any():
            table.repeats = np.concatenate(([False], equal))
        _refuse_held(table, capture)
    return table


def _chunks(capture: _Capture, found: Sniffed) -> Iterator[pd.DataFrame]:
    import pandas as pd

    matched = found.columns
    timed = () if matched.time is None else (matched.time,)
    wanted = sorted({*timed, *matched.axes, *matched.added})
    with capture.open() as stream:
        try:
            yield from pd.read_csv(
                stream,
                sep=found.delimiter,
                decimal=found.decimal,
                header=None,
                names=list(range(found.n_fields)),
                usecols=wanted,
                index_col=False,
                skiprows=found.n_lines_before,
                skip_blank_lines=True,
                skipinitialspace=True,
                comment="#",
                encoding=found.encoding,
                encoding_errors="replace",
                chunksize=_CHUNK_ROWS,
                low_memory=False,
                engine="c",
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise CaptureReadError(
                f"{capture.name} cannot be read as a table: {_clip(str(error), 120)}; "
                "repair that line or export it again"
            ) from error


def _repeated_headers(frame: pd.DataFrame, found: Sniffed) -> tuple[npt.NDArray[np.bool_], int]:
    """Find rows whose time or axis cell is the name of its column (loggers that start again)."""
    repeated = np.zeros(len(frame), dtype=np.bool_)
    for column in (int(name) for name in frame.columns):
        cells = frame[column]
        if cells.dtype.kind in "iuf":
            continue
        name = found.names[column].strip() if column < len(found.names) else ""
        if name:
            text = cells.astype(str).str.strip().str.strip('"').str.lower()
            # Some write only the first word of it ("Time").
            names = {name.lower(), re.split(r"[ (_\[]", name.lower())[0]} - {""}
            repeated |= text.isin(names).to_numpy(dtype=np.bool_)
    return ~repeated, int(np.count_nonzero(repeated))


def _numbers(cells: pd.Series, first_line: int, found: Sniffed) -> Floats:
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy(dtype=np.float64)
    text = cells.astype("string").str.strip()
    if found.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce")
    wrong = (numbers.isna() & text.notna() & (text != "")).to_numpy(dtype=np.bool_)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        row = first_line + int(cells.index[at] - cells.index[0])
        raise CaptureReadError(
            f"line {row} of {found.member} has {_clip(str(text.iloc[at]), 30)} where a number is "
            "needed; repair the line or take it out"
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def _three_axes(values: Floats) -> Floats:
    if values.shape[1] == len(AXES):
        return values
    whole = np.zeros((len(values), len(AXES)))
    whole[:, 0] = values[:, 0]
    whole[np.isnan(values[:, 0])] = np.nan
    return whole


def _note_lost(table: _Table, found: Sniffed) -> None:
    infinite = np.isinf(table.values)
    if infinite.any():
        table.values[infinite] = np.nan
    lost: npt.NDArray[np.bool_] = np.asarray(np.isnan(table.values).any(axis=1), np.bool_)
    n_lost = int(np.count_nonzero(lost))
    if n_lost:
        table.values[lost] = np.nan
        first = found.n_lines_before + 1 + int(np.argmax(lost))
        table.warnings.append(
            CaptureWarning(
                "LOST_CELLS",
                f"{n_lost} rows have a cell without a number, the first in line {first}; "
                "they count as lost samples",
            )
        )
    if len(lost) - n_lost < 2:
        raise InsufficientDataError(
            f"{found.member} holds {len(lost) - n_lost} usable samples; at least 2 are needed"
        )


def _refuse_held(table: _Table, capture: _Capture) -> None:
    """Refuse rows that hold the values of a slower sensor: their rate would be a wrong one."""
    values = table.values[:100_000]
    values = values[np.isfinite(values[:, 0])]
    changed = np.flatnonzero((np.diff(values, axis=0) != 0).any(axis=1)) + 1
    if len(changed) < 8:
        return
    runs = np.diff(changed)
    if runs.mean() > 1.8 and runs.std() < 0.35 * runs.mean():
        raise CaptureNotRecognisedError(
            f"{capture.name} repeats each acceleration over {runs.mean():.1f} rows on average: the "
            "rows follow the clock of another, faster sensor; export the accelerometer by itself"
        )


# --- stamps ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Stamps:
    """How the cells of the time column become seconds from the first."""

    unit: str
    zero: int | float
    epoch_s: float | None
    zone_known: bool
    text_format: str = ""
    capture_name: str = ""

    @classmethod
    def of(cls, cells: pd.Series, found: Sniffed, capture: _Capture) -> _Stamps:
        unit: str = found.columns.time_unit
        some = cells.iloc[:2000]
        if not _is_number(str(some.iloc[0])):
            return cls._of_text(cells, found, capture)
        first = _as_numbers(some[[_is_number(str(cell)) for cell in some]])
        assert first is not None
        if not unit or unit == "text":
            unit = _tell_time_unit(first, capture)
        zero = first[0].item()
        epoch_s = zero * TIME_UNIT_S[unit]
        is_epoch = _EPOCH_S[0] <= epoch_s <= _EPOCH_S[1] and not found.keys.get("started_at")
        return cls(unit, zero, epoch_s if is_epoch else None, is_epoch, "", capture.name)

    @classmethod
    def _of_text(cls, cells: pd.Series, found: Sniffed, capture: _Capture) -> _Stamps:
        first = str(cells.iloc[0]).strip()
        if _TIME_OF_DAY.fullmatch(first):
            return cls("time of day", 0, None, False, "", capture.name)
        stamps = cls("text", 0, None, False, _text_format(first, found), capture.name)
        zero = stamps._text_ns(cells.iloc[:1], found.n_lines_before + 1)[0]
        stamps.zero = int(zero)
        stamps.zone_known = bool(re.search(r"(Z|[+-]\d\d:?\d\d)$", first))
        stamps.epoch_s = int(zero) / 1e9
        return stamps

    def seconds(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.float64]:
        """Give the stamps of a chunk, s from the first of the capture, from exact integers."""
        if self.unit == "text":
            elapsed_ns = self._text_ns(cells, first_line) - int(self.zero)
            return np.asarray(elapsed_ns / 1e9, dtype=np.float64)
        if self.unit == "time of day":
            return self._day_seconds(cells, first_line)
        numbers = _as_numbers(cells)
        if numbers is None:
            raise self._complaint(cells, first_line)
        relative = np.asarray(numbers - np.asarray(self.zero, dtype=numbers.dtype), np.float64)
        # Dividing keeps decimal stamps exact where multiplying by 1e-9 would not.
        divisor = round(1.0 / TIME_UNIT_S[self.unit])
        return np.asarray(relative / divisor, np.float64) if divisor > 1 else relative

    def unwrapped(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Carry the time of day over midnight."""
        if self.unit != "time of day":
            return seconds
        days = np.concatenate(([0], np.cumsum(np.diff(seconds) < -0.5 * _DAY_S)))
        return np.asarray(seconds - seconds[0] + days * _DAY_S, np.float64)

    def _day_seconds(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.float64]:
        import pandas as pd

        text = cells.astype("string").str.strip().str.replace(",", ".", regex=False)
        delta = pd.to_timedelta(text, errors="coerce")
        nanoseconds = delta.to_numpy().astype("timedelta64[ns]")
        bad = np.isnat(nanoseconds)
        if bad.any():
            raise self._complaint(cells[bad], first_line + int(np.argmax(bad)))
        seconds: npt.NDArray[np.float64] = nanoseconds.astype(np.int64) / 1e9
        return seconds

    def _text_ns(self, cells: pd.Series, first_line: int) -> npt.NDArray[np.int64]:
        import pandas as pd

        text = cells.astype("string").str.strip()
        moments = pd.to_datetime(
            text, format=self.text_format or "ISO8601", utc=True, errors="coerce"
        )
        bad = moments.isna().to_numpy(dtype=np.bool_)
        if bad.any():
            raise self._complaint(cells[bad], first_line + int(np.argmax(bad)))
        return moments.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)

    def _complaint(self, cells: pd.Series, line: int) -> CaptureReadError:
        import pandas as pd

        numbers = pd.to_numeric(cells.astype("string"), errors="coerce")
        bad = cells[numbers.isna()]
        shown = bad.iloc[0] if len(bad) else cells.iloc[0]
        if len(bad) and self.unit in TIME_UNIT_S:
            line += int(bad.index[0] - cells.index[0])
        return CaptureReadError(
            f"line {line} of {self.capture_name} has {_clip(str(shown), 40)} where a time "
            f"({self.unit}) is needed; repair the line, or name the time column with --columns"
        )


def _as_numbers(cells: pd.Series) -> npt.NDArray[np.int64] | npt.NDArray[np.float64] | None:
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy()
    text = cells.astype("string").str.strip()
    numbers = pd.to_numeric(text, errors="coerce")
    if numbers.isna().any():
        numbers = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")
    if numbers.isna().any():
        return None
    kind = np.int64 if numbers.dtype.kind in "iu" else np.float64
    return numbers.to_numpy(dtype=kind)


def _text_format(first: str, found: Sniffed) -> str:
    """Choose how dates are written; an American and a European one differ only by the file."""
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]", first) and not re.search(r":\d{2}:\d{3}$", first):
        return ""
    european = any("dd/mm" in key.lower() for key in (*found.keys, *found.keys.values()))
    dated = (*_DAY_FIRST, *_MONTH_FIRST) if european else (*_MONTH_FIRST, *_DAY_FIRST)
    for text_format in (*_TEXT_TIMES, *dated):
        try:
            datetime.strptime(first, text_format)
        except ValueError:
            continue
        return text_format
    return ""


def _tell_time_unit(first: npt.NDArray[np.generic], capture: _Capture) -> str:
    """Tell the unit of numeric stamps from a date they can mean, else from a plausible rate."""
    start = float(first[0].item())
    for unit in ("s", "ms", "us", "ns"):
        if _EPOCH_S[0] <= start * TIME_UNIT_S[unit] <= _EPOCH_S[1]:
            return unit
    numbers = (first - first[0]).astype(np.float64)
    span, n = float(numbers[-1] - numbers[0]), len(numbers)
    for unit in ("s", "ms", "us", "ns"):
        scaled = span * TIME_UNIT_S[unit]
        if scaled > 0 and _PLAUSIBLE_RATE_HZ[0] <= (n - 1) / scaled <= _PLAUSIBLE_RATE_HZ[1]:
            return unit
    raise CaptureReadError(
        f"the unit of time of {capture.name} cannot be told: {n} stamps span {span:g}; {_DECLARE}"
    )


def _fit_clock(
    table: _Table, found: Sniffed, capture: _Capture, nominal_hz: float | None
) -> TimeBase:
    assert table.time is not None
    try:
        return fit_timebase(
            table.time,
            repeats=table.repeats,
            nominal_sampling_rate_hz=nominal_hz,
            first_row_number=found.n_lines_before + 1,
        )
    except InvalidInputError as error:
        raise CaptureReadError(f"{capture.name}: {error}") from error


# --- unit, gravity, and the rest ---------------------------------------------------------------


def _check_unit(unit: str | None) -> str | None:
    if unit is None:
        return None
    known = UNIT_NAMES.get(unit.strip().lower().replace(" ", ""))
    if known is None:
        raise InvalidInputError(
            f"unit {unit!r} is not known; give one of {', '.join(ACCELERATION_UNIT_MS2)}"
        )
    return known


def _choose_unit(
    unit: str | None, found: Sniffed, values: Floats, capture: _Capture, gravity: Gravity | None
) -> tuple[str, bool]:
    if unit or found.columns.unit:
        return unit or found.columns.unit, False
    if found.format.slug == "sensor-logger" and gravity != "included":
        return "m/s^2", False
    norm = median_norm_ms2(values)
    for name in _UNITS_TOLD_BY_GRAVITY:
        share = norm * ACCELERATION_UNIT_MS2[name] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= _UNIT_TOLERANCE:
            return name, True
    raise CaptureReadError(
        f"the unit of {capture.name} cannot be told: none is named and the median |a| is "
        f"{norm:.4g}, near neither 9.81 m/s^2, 1 g nor 1000 mg; give it with --unit"
    )


def _tell_gravity(values_ms2: Floats) -> Gravity:
    """Gravity is there where |a| is near it, or where the mean vector is half of it or more."""
    norm = median_norm_ms2(values_ms2)
    mean = float(np.linalg.norm(np.nanmean(values_ms2, axis=0)))
    near = abs(norm / STANDARD_GRAVITY_MS2 - 1.0) < _UNIT_TOLERANCE
    return "included" if near or mean > 0.5 * STANDARD_GRAVITY_MS2 else "removed"


def _gravity_key(found: Sniffed) -> Gravity | None:
    said = found.keys.get("gravity", "").lower() if found.format.slug == "tremor-csv" else ""
    for known in get_args(Gravity):
        if said == known:
            return known  # type: ignore[no-any-return]
    return None


def _add_gravity(table: _Table, added: _Capture) -> str:
    other = _read_table(added, _sniff(added, None))
    assert table.time is not None
    assert other.time is not None
    if len(other.time) == len(table.time) and np.array_equal(other.time, table.time):
        table.values += other.values
        return f"gravity of {added.name} added row by row"
    shift_s = (table.epoch_s or 0.0) - (other.epoch_s or 0.0)
    for axis in range(len(AXES)):
        table.values[:, axis] += np.interp(table.time + shift_s, other.time, other.values[:, axis])
    return f"gravity of {added.name} added by time"


def _nominal_rate_hz(found: Sniffed, capture: _Capture) -> float | None:
    said = found.keys.get("nominal_sampling_rate_hz", "")
    named = re.search(r"(\d+(?:\.\d+)?)Hz", capture.path.name)
    for text in (said, named[1] if named else ""):
        try:
            rate_hz = float(text)
        except ValueError:
            continue
        if np.isfinite(rate_hz) and rate_hz > 0:
            return rate_hz
    return None


def _sensor_of(found: Sniffed) -> SensorInfo | None:
    if found.format.slug != "tremor-csv":
        return None
    name, profile = found.keys.get("sensor", ""), found.keys.get("sensor_profile", "")
    try:
        range_ms2 = float(found.keys.get("sensor_range_ms2", ""))
    except ValueError:
        range_ms2 = float("nan")
    if not (name or profile or np.isfinite(range_ms2)):
        return None
    return SensorInfo(name, profile, range_ms2 if np.isfinite(range_ms2) else None)


def _started_at(found: Sniffed, table: _Table, clock: TimeBase) -> datetime | None:
    first_s = 0.0
    if table.time is not None:
        first_s = float(table.time[clock.rows[0]])
    said = found.keys.get("started_at") if found.format.slug == "tremor-csv" else None
    if said:
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            return None
        return moment + timedelta(seconds=first_s) if moment.tzinfo else None
    if table.epoch_s is None:
        return None
    if not table.zone_known:
        table.warnings.append(
            CaptureWarning(
                "TIME_ZONE_UNKNOWN",
                "the stamps have no time zone, so the wall time of the start is left out",
            )
        )
        return None
    return datetime.fromtimestamp(table.epoch_s + first_s, tz=UTC)


def _hash_of(capture: _Capture) -> str:
    digest = hashlib.sha256()
    path = capture.path
    with path.open("rb") if path.is_file() else capture.open() as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _assemble(
    capture: _Capture,
    found: Sniffed,
    table: _Table,
    clock: TimeBase,
    values: Floats,
    *,
    unit_in: str,
    gravity: Gravity,
    nominal_hz: float | None,
    placement: Placement | str | None,
    warnings: list[CaptureWarning],
    history: list[str],
) -> Recording:
    rate_hz = clock.sampling_rate_hz
    samples = clock.place(values)
    lost = np.isnan(samples[:, 0])
    gaps = gaps_of(lost, sampling_rate_hz=rate_hz)
    if gaps:
        n_lost = sum(gap.n_lost for gap in gaps)
        longest = max(gaps, key=lambda gap: gap.duration_s)
        warnings.append(
            CaptureWarning(
                "GAPS",
                f"{len(gaps)} gaps, {n_lost} samples lost, the longest {longest.duration_s:.3g} s "
                f"at {longest.start_s:.3g} s",
            )
        )
        history.append(f"{n_lost} lost samples in {len(gaps)} gaps kept as missing")
    sensor = _sensor_of(found)
    dead = tuple(AXES[axis] for axis in find_dead_axes(samples))
    if dead:
        warnings.append(
            CaptureWarning("DEAD_AXIS", f"axis {', '.join(dead)} never moves; check the sensor")
        )
    if int(np.count_nonzero((samples[~lost] == 0.0).all(axis=0))) == len(AXES) - 1:
        warnings.append(
            CaptureWarning(
                "SINGLE_AXIS",
                "only one axis was measured: the amplitude is that along it, "
                "and at most that of the whole motion",
            )
        )
    scale = None
    if gravity == "included":
        scale = find_scale_correction(samples, sampling_rate_hz=rate_hz)
        if scale is not None:
            history.append(f"scale correction {scale:.4f} found in the still seconds")
    started_at = _started_at(found, table, clock)
    warnings.extend(w for w in table.warnings if w not in warnings)
    if isinstance(placement, str):
        placement = Placement.from_text(placement)
    said = found.keys.get("placement") if found.format.slug == "tremor-csv" else None
    samples.flags.writeable = False
    return Recording(
        acceleration_ms2=samples,
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=clock.sampling_rate_sd_hz,
        nominal_sampling_rate_hz=nominal_hz,
        started_at=started_at,
        sensor=sensor,
        placement=placement or (Placement.from_text(said) if said else None),
        gaps=gaps,
        clipped=find_clipped(samples, range_ms2=sensor.range_ms2 if sensor else None),
        dead_axes=dead,
        gravity=gravity,
        unit_in=unit_in,
        scale_correction=1.0 if scale is None else scale,
        warnings=tuple(warnings),
        history=tuple(history),
        source=Source(capture.path.name, _hash_of(capture), found.format.slug),
    )
