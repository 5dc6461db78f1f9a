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
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast, get_args

import numpy as np
import numpy.typing as npt

from tremor.dsp.timebase import EvenClock, RunningClock, TimeBase, fit_timebase
from tremor.errors import (
    CaptureNotFoundError,
    CaptureNotRecognisedError,
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
)
from tremor.formats.capture import Capture, pieces_of
from tremor.formats.spool import Spool
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
from tremor.integrity import Pieces, find_rails, find_scale_correction_in, median_norm_in
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

__all__ = ["Sniffed", "open_capture", "read", "sniff"]

_HEAD_BYTES: Final = 64 * 1024
_CHUNK_ROWS: Final = 250_000
#: Blocks of text that are parsed at the same time as others.
_BLOCK_BYTES: Final = 4 * 1024 * 1024
_PARSERS: Final = 2
_HELD_ROWS: Final = 100_000
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

    values: Spool
    stamps: Spool | None
    clock: RunningClock
    epoch_s: float | None
    zone_known: bool
    extremes: _Extremes
    warnings: list[CaptureWarning]
    history: list[str]

    @property
    def first_s(self) -> float:
        return 0.0 if self.stamps is None else float(self.stamps.read(0, 1)[0, 0])

    def close(self) -> None:
        self.values.close()
        if self.stamps is not None:
            self.stamps.close()


@dataclass(slots=True)
class _Extremes:
    """Least and greatest number and sum of each axis, and which rows are lost."""

    low: Floats = field(default_factory=lambda: np.full(len(AXES), np.inf))
    high: Floats = field(default_factory=lambda: np.full(len(AXES), -np.inf))
    total: Floats = field(default_factory=lambda: np.zeros(len(AXES)))
    n_rows: int = 0
    lost: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, values: Floats) -> None:
        """Take the next rows; a row of NaN is lost."""
        low, high = _limits(values)
        lost = np.isnan(values[:, 0]) if np.isnan(low).any() else np.zeros(0, np.bool_)
        n_before, self.n_rows = self.n_rows, self.n_rows + len(values)
        if lost.any():
            self.lost.append(n_before + np.flatnonzero(lost))
            values = values[~lost]
            if not len(values):
                return
            low, high = _limits(values)
        np.minimum(self.low, low, out=self.low)
        np.maximum(self.high, high, out=self.high)
        self.total += [values[:, axis].sum() for axis in range(len(AXES))]

    @property
    def n_lost(self) -> int:
        return sum(len(part) for part in self.lost)

    def lost_mask(self) -> npt.NDArray[np.bool_]:
        """Tell of each row whether it is lost."""
        mask = np.zeros(self.n_rows, dtype=np.bool_)
        for part in self.lost:
            mask[part] = True
        return mask

    def constant(self) -> npt.NDArray[np.bool_]:
        """Tell which axes hold one value throughout."""
        return np.asarray(self.low == self.high)

    def zero(self) -> npt.NDArray[np.bool_]:
        """Tell which axes are zero throughout."""
        return np.asarray((self.low == 0.0) & (self.high == 0.0))


def _limits(values: Floats) -> tuple[Floats, Floats]:
    """Give least and greatest of each column, NaN where one is NaN."""
    columns = [values[:, axis] for axis in range(values.shape[1])]
    return np.array([c.min() for c in columns]), np.array([c.max() for c in columns])


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
    with open_capture(
        path,
        columns=columns,
        unit=unit,
        sampling_rate_hz=sampling_rate_hz,
        gravity=gravity,
        placement=placement,
    ) as capture:
        return capture.to_recording()


def open_capture(
    path: str | os.PathLike[str],
    *,
    columns: str | None = None,
    unit: str | None = None,
    sampling_rate_hz: float | None = None,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
) -> Capture:
    """Read a capture of any length in little memory.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns, unit, sampling_rate_hz, gravity, placement
        As in `read`.

    Returns
    -------
    Capture
        The samples in pieces; to be closed after use.

    Raises
    ------
    TremorError
        As in `read`.

    Notes
    -----
    What needs all samples (unit and gravity told by the median, rails, scale correction) is
    gathered in pieces and is exact. A long capture whose rows are not one period apart, or that
    gets its gravity from another file, is put on its grid in memory.
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
    with ThreadPoolExecutor(1) as hasher:
        digest = hasher.submit(_hash_of, capture)
        table = _read_table(capture, found)
        try:
            return _finish(
                capture,
                found,
                table,
                unit=unit,
                sampling_rate_hz=sampling_rate_hz,
                gravity=gravity,
                placement=placement,
                digest=digest,
            )
        except BaseException:
            table.close()
            raise


def _finish(
    capture: _Capture,
    found: Sniffed,
    table: _Table,
    *,
    unit: str | None,
    sampling_rate_hz: float | None,
    gravity: Gravity | None,
    placement: Placement | str | None,
    digest: Future[str],
) -> Capture:
    """Tell unit, gravity and clock of a table, and put it on its grid."""
    history = [f"read {capture.name} as {found.format.slug}", *table.history]
    warnings = table.warnings
    gravity = gravity or _gravity_key(found) or found.columns.gravity or capture.gravity
    if capture.added is not None and found.format.slug == "sensor-logger":
        history.append(_add_gravity(table, capture.added))
        gravity = "included"

    unit_in, told_by = _choose_unit(unit, found, table, capture, gravity)
    if told_by is not None:
        warnings.append(
            CaptureWarning(
                "UNIT_FROM_GRAVITY",
                f"no unit is named; {unit_in} is told from the median |a| of {told_by:.4g}; "
                "give --unit where that is wrong",
            )
        )
        gravity = gravity or "included"
    history.append(f"acceleration from {unit_in}" + (" (told by gravity)" * (told_by is not None)))
    unit_ms2 = 1.0 if unit_in == "m/s^2" else ACCELERATION_UNIT_MS2[unit_in]
    if gravity is None:
        gravity = _tell_gravity(table, unit_ms2)
        history.append(f"gravity {gravity}, told from the samples")

    nominal_hz = _nominal_rate_hz(found, capture)
    first_s = table.first_s
    clock: EvenClock | TimeBase | float
    if table.stamps is None:
        rate_hz = sampling_rate_hz or nominal_hz
        if rate_hz is None:
            raise CaptureReadError(
                f"{capture.name} has no time column ({_names(found)}); "
                "give its sampling rate with --sampling-rate"
            )
        clock = rate_hz
        warnings.append(
            CaptureWarning(
                "RATE_DECLARED",
                f"the capture has no time stamps: {rate_hz:g} Hz is taken as declared, and 1 % of "
                "rate is 1 % of frequency",
            )
        )
        history.append(f"clock: no stamps, {rate_hz:g} Hz as declared")
    else:
        nominal_hz = nominal_hz or sampling_rate_hz
        clock = table.clock.fit(nominal_sampling_rate_hz=nominal_hz) or _fit_clock(
            table, found, capture, nominal_hz
        )
        if isinstance(clock, TimeBase):
            first_s = float(table.stamps.read(int(clock.rows[0]), int(clock.rows[0]) + 1)[0, 0])
            _place(table, clock)
        warnings.extend(clock.warnings)
        history.extend(clock.history)
    return _assemble(
        capture,
        found,
        table,
        unit_in=unit_in,
        unit_ms2=unit_ms2,
        gravity=gravity,
        rate_hz=clock if isinstance(clock, float | int) else clock.sampling_rate_hz,
        rate_sd_hz=None if isinstance(clock, float | int) else clock.sampling_rate_sd_hz,
        nominal_hz=nominal_hz,
        first_s=first_s,
        placement=placement,
        history=history,
        digest=digest,
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
                # The member stays readable when the archive is closed, and is read as it goes.
                return cast("BinaryIO", archive.open(name))

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
    timed = found.columns.time is not None
    table = _Table(
        values=Spool(len(AXES)),
        stamps=Spool(1) if timed else None,
        clock=RunningClock(),
        epoch_s=None,
        zone_known=False,
        extremes=_Extremes(),
        warnings=[],
        history=[],
    )
    try:
        _fill(table, capture, found)
    except UnicodeDecodeError as error:
        table.close()
        raise CaptureReadError(
            f"{capture.name} is damaged: {_clip(str(error))}; export it again"
        ) from error
    except BaseException:
        table.close()
        raise
    return table


def _fill(table: _Table, capture: _Capture, found: Sniffed) -> None:
    matched = found.columns
    clock: _Stamps | None = None
    n_rows = n_headers = n_timeless = 0
    for frame in _chunks(capture, found):
        keep, headers = _repeated_headers(frame, found)
        n_headers += headers
        first_line = found.n_lines_before + 1 + n_rows
        n_rows += len(frame)
        if headers:
            frame = frame[keep]
        columns = [_numbers(frame[column], first_line, found) for column in matched.axes]
        for axis, column in enumerate(matched.added):
            columns[axis] = columns[axis] + _numbers(frame[column], first_line, found)
        there = None
        if matched.time is not None:
            cells = frame[matched.time]
            if cells.dtype.kind not in "iu" and cells.hasnans:
                there = cells.notna().to_numpy()
                n_timeless += int(np.count_nonzero(~there))
                cells = cells[there]
            if not len(cells):
                continue
            if clock is None:
                clock = _Stamps.of(cells, found, capture)
            seconds = clock.unwrapped(clock.seconds(cells, first_line))
            table.clock.add(seconds)
            assert table.stamps is not None
            table.stamps.append(seconds[:, None])
        values = _three_axes(columns)
        if there is not None:
            values = values[there]
        _clear_lost(values)
        if len(values):
            table.extremes.add(values)
            table.values.append(values)
    n_samples = len(table.values)
    if n_samples < 2:
        raise InsufficientDataError(
            f"{capture.name} holds {n_samples} row of samples; at least 2 are needed"
        )
    if clock is not None:
        table.epoch_s, table.zone_known = clock.epoch_s, clock.zone_known
        table.history.append(f"time from {clock.unit}")
    if n_headers:
        table.warnings.append(
            CaptureWarning("REPEATED_HEADER", f"{n_headers} rows repeat the header; left out")
        )
    if n_timeless:
        table.warnings.append(
            CaptureWarning("NO_STAMP", f"rows without a time stamp: {n_timeless}; left out")
        )
    _note_lost(table, found)
    if clock is not None:
        _refuse_held(table, capture)


def _chunks(capture: _Capture, found: Sniffed) -> Iterator[pd.DataFrame]:
    import pandas as pd

    try:
        if found.encoding == "utf-16":
            with capture.open() as stream:
                frames = _frames(stream, found, skip=found.n_lines_before, rows=_CHUNK_ROWS)
                yield from cast("Iterator[pd.DataFrame]", frames)
        else:
            yield from _parsed_together(capture, found)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CaptureReadError(
            f"{capture.name} cannot be read as a table: {_clip(str(error), 120)}; "
            "repair that line or export it again"
        ) from error


def _parsed_together(capture: _Capture, found: Sniffed) -> Iterator[pd.DataFrame]:
    """Parse blocks of lines in threads, and give them in order."""

    def parse(block: bytes, is_first: bool) -> pd.DataFrame:
        skip = found.n_lines_before if is_first else 0
        return cast("pd.DataFrame", _frames(io.BytesIO(block), found, skip=skip, rows=None))

    waiting: deque[Future[pd.DataFrame]] = deque()
    with ThreadPoolExecutor(_PARSERS) as parsers, capture.open() as stream:
        for number, block in enumerate(_blocks(stream)):
            waiting.append(parsers.submit(parse, block, number == 0))
            if len(waiting) > _PARSERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Cut a file into blocks that end with a line, and never within quotes."""
    held: list[bytes] = []
    n_quotes = 0
    while piece := stream.read(_BLOCK_BYTES):
        at = piece.rfind(b"\n") + 1
        n_within = piece.count(b'"', 0, at)
        if not at or (n_quotes + n_within) % 2:
            held.append(piece)
            n_quotes += piece.count(b'"')
            continue
        yield b"".join([*held, piece[:at]])
        held = [piece[at:]]
        n_quotes = piece.count(b'"', at)
    rest = b"".join(held)
    if rest.strip():
        yield rest


def _frames(
    stream: BinaryIO, found: Sniffed, *, skip: int, rows: int | None
) -> pd.DataFrame | Iterable[pd.DataFrame]:
    import pandas as pd

    matched = found.columns
    timed = () if matched.time is None else (matched.time,)
    parsed: pd.DataFrame | Iterable[pd.DataFrame] = pd.read_csv(
        stream,
        sep=found.delimiter,
        decimal=found.decimal,
        header=None,
        names=list(range(found.n_fields)),
        usecols=sorted({*timed, *matched.axes, *matched.added}),
        index_col=False,
        skiprows=skip,
        skip_blank_lines=True,
        skipinitialspace=True,
        comment="#",
        encoding=found.encoding,
        encoding_errors="replace",
        chunksize=rows,
        low_memory=False,
        engine="c",
    )
    return parsed


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


def _three_axes(columns: list[Floats]) -> Floats:
    values = np.zeros((len(columns[0]), len(AXES)))
    for axis, column in enumerate(columns):
        values[:, axis] = column
    return values


def _clear_lost(values: Floats) -> None:
    """Make whole rows NaN where a cell holds no number."""
    with np.errstate(invalid="ignore"):
        sums = values[:, 0] + values[:, 1] + values[:, 2]
    if not np.isfinite(sums.sum()):
        values[~np.isfinite(values).all(axis=1)] = np.nan


def _note_lost(table: _Table, found: Sniffed) -> None:
    n_lost = table.extremes.n_lost
    if n_lost:
        first = found.n_lines_before + 1 + int(table.extremes.lost[0][0])
        table.warnings.append(
            CaptureWarning(
                "LOST_CELLS",
                f"rows with a cell that is no number: {n_lost}, the first in line {first}; "
                "they count as lost samples",
            )
        )
    n_there = len(table.values) - n_lost
    if n_there < 2:
        raise InsufficientDataError(
            f"{found.member} holds {n_there} usable samples; at least 2 are needed"
        )


def _refuse_held(table: _Table, capture: _Capture) -> None:
    """Refuse rows that hold the values of a slower sensor: their rate would be a wrong one."""
    values = table.values.read(0, _HELD_ROWS)
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
    day_zero_s: float | None = None
    last_s: float = 0.0
    days: int = 0

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
        """Carry the time of day over midnight, from one chunk to the next."""
        if self.unit != "time of day":
            return seconds
        if self.day_zero_s is None:
            self.day_zero_s = self.last_s = float(seconds[0])
        days = self.days + np.cumsum(np.diff(seconds, prepend=self.last_s) < -0.5 * _DAY_S)
        self.last_s, self.days = float(seconds[-1]), int(days[-1])
        return np.asarray(seconds - self.day_zero_s + days * _DAY_S, np.float64)

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
    time, values = _whole_time(table), table.values.read(0, len(table.values))
    equal = (np.diff(time) == 0) & (np.diff(values, axis=0) == 0).all(axis=1)
    del values
    try:
        return fit_timebase(
            time,
            repeats=np.concatenate(([False], equal)) if equal.any() else None,
            nominal_sampling_rate_hz=nominal_hz,
            first_row_number=found.n_lines_before + 1,
        )
    except InvalidInputError as error:
        raise CaptureReadError(f"{capture.name}: {error}") from error


def _whole_time(table: _Table) -> npt.NDArray[np.float64]:
    assert table.stamps is not None
    return table.stamps.read(0, len(table.stamps))[:, 0]


def _place(table: _Table, clock: TimeBase) -> None:
    """Put the rows on the even grid."""
    n_rows = len(table.values)
    if clock.uneven_time_s is None and len(clock.rows) == n_rows == int(clock.index[-1]) + 1:
        return
    _replace(table, clock.place(table.values.read(0, n_rows)))


def _replace(table: _Table, values: Floats) -> None:
    table.values.close()
    table.values = Spool(len(AXES), in_memory_rows=len(values))
    table.values.append(values)
    table.extremes = _Extremes()
    table.extremes.add(values)


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
    unit: str | None, found: Sniffed, table: _Table, capture: _Capture, gravity: Gravity | None
) -> tuple[str, float | None]:
    """Give the unit, and the median |a| where that told it."""
    if unit or found.columns.unit:
        return unit or found.columns.unit, None
    if found.format.slug == "sensor-logger" and gravity != "included":
        return "m/s^2", None
    norm = median_norm_in(_pieces(table))
    for name in _UNITS_TOLD_BY_GRAVITY:
        share = norm * ACCELERATION_UNIT_MS2[name] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= _UNIT_TOLERANCE:
            return name, norm
    raise CaptureReadError(
        f"the unit of {capture.name} cannot be told: none is named and the median |a| is "
        f"{norm:.4g}, near neither 9.81 m/s^2, 1 g nor 1000 mg; give it with --unit"
    )


def _pieces(table: _Table, unit_ms2: float = 1.0) -> Pieces:
    return lambda multiple: pieces_of(table.values, unit_ms2, multiple)


def _tell_gravity(table: _Table, unit_ms2: float) -> Gravity:
    """Gravity is there where |a| is near it, or where the mean vector is half of it or more."""
    seen = table.extremes
    mean = float(np.linalg.norm(unit_ms2 * seen.total / (seen.n_rows - seen.n_lost)))
    if mean > 0.5 * STANDARD_GRAVITY_MS2:
        return "included"
    norm = median_norm_in(_pieces(table, unit_ms2))
    return "included" if abs(norm / STANDARD_GRAVITY_MS2 - 1.0) < _UNIT_TOLERANCE else "removed"


def _gravity_key(found: Sniffed) -> Gravity | None:
    said = found.keys.get("gravity", "").lower() if found.format.slug == "tremor-csv" else ""
    for known in get_args(Gravity):
        if said == known:
            return known  # type: ignore[no-any-return]
    return None


def _add_gravity(table: _Table, added: _Capture) -> str:
    other = _read_table(added, _sniff(added, None))
    assert table.stamps is not None
    assert other.stamps is not None
    values = table.values.read(0, len(table.values))
    time, other_time = _whole_time(table), _whole_time(other)
    gravity = other.values.read(0, len(other.values))
    other.close()
    if np.array_equal(other_time, time):
        values += gravity
        how = "row by row"
    else:
        shift_s = (table.epoch_s or 0.0) - (other.epoch_s or 0.0)
        for axis in range(len(AXES)):
            values[:, axis] += np.interp(time + shift_s, other_time, gravity[:, axis])
        how = "by time"
    _clear_lost(values)
    _replace(table, values)
    return f"gravity of {added.name} added {how}"


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


def _started_at(found: Sniffed, table: _Table, first_s: float) -> datetime | None:
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
    *,
    unit_in: str,
    unit_ms2: float,
    gravity: Gravity,
    rate_hz: float,
    rate_sd_hz: float | None,
    nominal_hz: float | None,
    first_s: float,
    placement: Placement | str | None,
    history: list[str],
    digest: Future[str],
) -> Capture:
    warnings, seen = table.warnings, table.extremes
    gaps = gaps_of(seen.lost_mask(), sampling_rate_hz=rate_hz) if seen.n_lost else ()
    if gaps:
        longest = max(gaps, key=lambda gap: gap.duration_s)
        warnings.append(
            CaptureWarning(
                "GAPS",
                f"gaps: {len(gaps)}, samples lost: {seen.n_lost}, the longest "
                f"{longest.duration_s:.3g} s at {longest.start_s:.3g} s",
            )
        )
        history.append(f"{seen.n_lost} lost samples in {len(gaps)} gaps kept as missing")
    sensor = _sensor_of(found)
    constant, zero = seen.constant(), seen.zero()
    single_axis = int(zero.sum()) == len(AXES) - 1
    # The two other columns of an instrument with a single axis are no broken sensor.
    dead = () if single_axis and constant.sum() == zero.sum() else np.flatnonzero(constant)
    dead_axes = tuple(AXES[axis] for axis in dead)
    if dead_axes:
        warnings.append(
            CaptureWarning(
                "DEAD_AXIS", f"axis {', '.join(dead_axes)} never moves; check the sensor"
            )
        )
    if single_axis:
        warnings.append(
            CaptureWarning(
                "SINGLE_AXIS",
                "only one axis was measured: the amplitude is that along it, "
                "and at most that of the whole motion",
            )
        )
    pieces = _pieces(table, unit_ms2)
    scale = None
    if gravity == "included":
        scale = find_scale_correction_in(pieces, sampling_rate_hz=rate_hz)
        if scale is not None:
            history.append(f"scale correction {scale:.4f} found in the still seconds")
    started_at = _started_at(found, table, first_s)
    if isinstance(placement, str):
        placement = Placement.from_text(placement)
    said = found.keys.get("placement") if found.format.slug == "tremor-csv" else None
    rails = find_rails(pieces, range_ms2=sensor.range_ms2 if sensor else None)
    if table.stamps is not None:
        table.stamps.close()
    return Capture(
        spool=table.values,
        unit_ms2=unit_ms2,
        rails=rails,
        n_lost=seen.n_lost,
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=rate_sd_hz,
        nominal_sampling_rate_hz=nominal_hz,
        started_at=started_at,
        sensor=sensor,
        placement=placement or (Placement.from_text(said) if said else None),
        gaps=gaps,
        dead_axes=dead_axes,
        gravity=gravity,
        unit_in=unit_in,
        scale_correction=1.0 if scale is None else scale,
        warnings=tuple(warnings),
        history=tuple(history),
        source=Source(capture.path.name, digest.result(), found.format.slug),
    )
