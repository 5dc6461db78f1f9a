"""The table of readers, and the way of a capture from its path to a `Recording`.

A reader claims a path and opens it. A text table is located, sniffed, parsed, and assembled to a
recording; each step is in a module of its own, and `_open_table` lists them. Nothing is analysed
here, and tables in memory are `tremor.formats.data_frame`.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from numbers import Real
from pathlib import Path
from typing import Final, TypeAlias, get_args

from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.formats.assembly import assemble
from tremor.formats.bids_reading import (
    BIDS_SLUG,
    is_bids_motion,
    motion_file_of,
    read_bids_motion,
)
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.companions import add_companions
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.layout_decisions import note_layout
from tremor.formats.csv.options import LayoutOptions
from tremor.formats.csv.preamble import declared_facts, declared_markers
from tremor.formats.csv.rows import read_rows
from tremor.formats.csv.sniffing import TableLayout, sniff_file
from tremor.formats.csv.units_and_gravity import add_gravity, known_unit
from tremor.formats.decoders.activity_monitors import decode_monitor, monitor_of
from tremor.formats.decoders.axis_files import axis_format_of, decode_axis_files
from tremor.formats.decoders.catalog import Decoder, decoder_of
from tremor.formats.decoders.decoding import DecodedCapture, table_of, with_texts
from tremor.formats.folder.markers import read_markers
from tremor.formats.folder.salvage import is_of_recorder, note_damage, salvage_rows
from tremor.formats.locating import locate
from tremor.formats.parquet import is_parquet, read_recording_parquet
from tremor.formats.table import DeclaredFacts, Table
from tremor.formats.verification import verified
from tremor.parallel import in_background
from tremor.printable import printable
from tremor.recording import Gravity, Placement, Recording, Source
from tremor.settings import STAMP_UNITS

__all__ = ["READERS", "ReadOptions", "Reader", "TableLayout", "open_capture", "sniff"]

#: The digest of a longer file is worth a process.
_LONG_BYTES: Final = 32_000_000


#: Options that are facts of the capture.
_FACTS: Final = ("unit", "sampling_rate_hz", "gravity", "placement")
#: Options that are about tables of text.
_OF_TABLES: Final = ("columns", "time_unit", "delimiter", "decimal", "format")
#: Longest path in a message.
_LONGEST_SHOWN: Final = 300

Progress: TypeAlias = Callable[[float], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the user declares of a capture; it takes precedence over the capture.

    Parameters
    ----------
    columns : str, optional
        Columns of a file that no format claims, such as ``time_ns,x,y,z,_``.
    unit : str, optional
        Unit of acceleration.
    sampling_rate_hz : float, optional
        Rate of samples without stamps, Hz; with stamps only their nominal rate.
    gravity : {"included", "removed"}, optional
        Whether the samples include gravity.
    placement : Placement or str, optional
        Such as ``left-calf``.
    time_unit : {"s", "ms", "us", "ns", "text"}, optional
        Unit of the time stamps.
    delimiter : str, optional
        What separates the cells of a table, such as ``;`` or ``tab``.
    decimal : {".", ","}, optional
        Decimal sign.
    format : str, optional
        Name of the format, as ``tremor formats`` lists it.
    source : str, optional
        One of several devices in a table, or of several captures in an archive or a folder.

    Raises
    ------
    InvalidInputError
        If an option is not usable.

    Examples
    --------
    >>> ReadOptions(unit="m/s2", placement="left-calf").unit
    'm/s^2'
    """

    columns: str | None = None
    unit: str | None = None
    sampling_rate_hz: float | None = None
    gravity: Gravity | None = None
    placement: Placement | str | None = None
    time_unit: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    format: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        _ = self.layout
        if not isinstance(self.unit, str | None):
            raise InvalidInputError(f"unit is a {type(self.unit).__name__}; give text")
        object.__setattr__(self, "unit", known_unit(self.unit))
        if self.gravity is not None and self.gravity not in get_args(Gravity):
            raise InvalidInputError(f"gravity is {self.gravity!r}; give included or removed")
        if not isinstance(self.placement, Placement | str | None):
            raise InvalidInputError(
                f"placement is a {type(self.placement).__name__}; give a Placement or text such as "
                "left-calf"
            )
        rate_hz = self.sampling_rate_hz
        if rate_hz is not None and not _is_possible(rate_hz):
            slowest_hz, fastest_hz = STAMP_UNITS.possible_rate_hz
            raise InvalidInputError(
                f"sampling rate is {rate_hz!r}; give {slowest_hz:g} to {fastest_hz:g} Hz"
            )

    @property
    def layout(self) -> LayoutOptions:
        """Return those that are about the layout of a table, checked."""
        names = (one.name for one in fields(LayoutOptions))
        return LayoutOptions(**{name: getattr(self, name) for name in names})

    @property
    def as_said(self) -> str:
        """Return the options that are given, as a command says them; empty if there are none."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        words: list[str] = []
        for name, value in said.items():
            if value is None:
                continue
            option = name.removesuffix("_hz").replace("_", "-")
            text = f"{value:.10g}" if isinstance(value, Real) else str(value)
            words.append(f"--{option} {shlex.quote(text)}")
        return " ".join(words)

    def over(self, facts: DeclaredFacts) -> DeclaredFacts:
        """Return what a capture declares, with these options in its place where they are given."""
        said = {name for name in _FACTS if getattr(self, name) is not None}
        return replace(
            facts,
            unit=self.unit or facts.unit,
            sampling_rate_hz=self.sampling_rate_hz,
            gravity=self.gravity or facts.gravity,
            placement=self._placement or facts.placement,
            said=facts.said | said,
        )

    def applied_to(self, recording: Recording) -> Recording:
        """Return a recording with gravity and placement of these options where they are given."""
        return replace(
            recording,
            gravity=self.gravity or recording.gravity,
            placement=self._placement or recording.placement,
        )

    @property
    def _placement(self) -> Placement | None:
        placement = self.placement
        return Placement.from_text(placement) if isinstance(placement, str) else placement


def _is_possible(rate_hz: object) -> bool:
    """Check whether a rate is that of an accelerometer, Hz; a number of numpy may be one, too."""
    slowest_hz, fastest_hz = STAMP_UNITS.possible_rate_hz
    if isinstance(rate_hz, bool):
        return False
    return isinstance(rate_hz, Real) and slowest_hz <= float(rate_hz) <= fastest_hz


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of capture that can be read.

    Parameters
    ----------
    name : str
        Name for people.
    claims : callable
        Takes a path, which may not exist; returns whether this reader opens it.
    opens : callable
        Takes path, options, and a function to report progress to, or None; returns the recording,
        to be closed after use.
    """

    name: str
    claims: Callable[[Path], bool]
    opens: Callable[[Path, ReadOptions, Progress | None], Recording]


def open_capture(
    path: str | os.PathLike[str],
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Recording:
    """Open a capture of any length in little memory.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    options : ReadOptions, optional
        What the user declares of the capture.
    progress : callable, optional
        Called with the share of a long file that is read.

    Returns
    -------
    Recording
        Its samples are on disk if they are many; to be closed after use, best with ``with``.

    Raises
    ------
    CaptureReadError
        If it is damaged, and otherwise as in `read`.

    Notes
    -----
    What needs all samples (unit and gravity by the median, rails, scale correction) is computed
    chunk by chunk and is exact. A long capture whose rows are not one period apart, or that gets
    its gravity from another file, is put on its grid in memory.
    """
    checked = _existing(path)
    reader = next(reader for reader in READERS if reader.claims(checked))
    return reader.opens(checked, options or ReadOptions(), progress)


def _existing(path: object) -> Path:
    """Return the path of something that exists, whatever was passed as a path."""
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(text, str):
        raise InvalidInputError(
            f"{type(path).__name__} is no path; give that of a file, a zip archive or a recording "
            "folder as text or Path; arrays and DataFrames are for tremor.analyze"
        )
    if not text:
        raise InvalidInputError("the path is empty; give that of a file or a recording folder")
    found = Path(text)
    try:
        exists = found.exists()
    except PermissionError as error:
        raise CaptureReadError(f"{text} cannot be opened: permission denied") from error
    except OSError:  # a name that no file can have
        exists = False
    if not exists:
        shown = text if text.isprintable() and len(text) < _LONGEST_SHOWN else quoted(text)
        raise CaptureNotFoundError(f"{shown} does not exist; check the name")
    if not (found.is_file() or found.is_dir()):  # before a look into a pipe that nobody writes to
        raise CaptureReadError(f"{text} is not a regular file; copy the capture to one")
    return found


def sniff(path: str | os.PathLike[str], *, columns: str | None = None) -> TableLayout:
    """Recognise the format of a text table from its first 64 kB.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns : str, optional
        Declared columns, as in `read`.

    Returns
    -------
    TableLayout
        Format and columns.

    Raises
    ------
    CaptureNotFoundError, CaptureNotRecognisedError, CaptureReadError
        As in `read`.
    """
    return sniff_file(locate(Path(path)), LayoutOptions(columns=columns))


def _open_capture(path: Path, options: ReadOptions, progress: Progress | None) -> Recording:
    """Open a file, a member of a zip archive, or the samples of a folder."""
    capture = locate(path, source=options.source)
    decoder = decoder_of(capture)
    if decoder is not None:
        return _open_decoded(capture, decoder, options)
    return _open_table(capture, options, progress)


def _open_decoded(capture: CaptureFile, decoder: Decoder, options: ReadOptions) -> Recording:
    """Open a capture that is no table of text."""
    _refuse_layout(options, capture.name, decoder.name, decoder.slug)
    source = Source(printable(capture.path.name), capture.sha256(), decoder.slug, options.as_said)
    return _recording(decoder.decode(capture), source, options, capture.name)


def _open_axis_files(path: Path, options: ReadOptions, _: Progress | None) -> Recording:
    entry = axis_format_of(path)
    assert entry is not None
    _refuse_layout(options, path.name, entry.name, entry.slug)
    decoded, files = decode_axis_files(path, entry, source=options.source)
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    source = Source(path.name, digest.hexdigest(), entry.slug, options.as_said)
    return _recording(decoded, source, options, ", ".join(file.name for file in files))


def _open_bids(path: Path, options: ReadOptions, _: Progress | None) -> Recording:
    _refuse_layout(options, path.name, "a BIDS dataset", BIDS_SLUG)
    file = motion_file_of(path, source=options.source)
    found = read_bids_motion(file)
    if isinstance(found, Recording):
        return _verified(options.applied_to(found), options)
    capture = CaptureFile(file, file.name, opener_of(file))
    source = Source(file.name, capture.sha256(), BIDS_SLUG, options.as_said)
    return _recording(found, source, options, file.name)


def _open_monitor(path: Path, options: ReadOptions, _: Progress | None) -> Recording:
    kind = monitor_of(path)
    assert kind is not None
    _refuse_layout(options, path.name, kind.name, kind.slug)
    capture = CaptureFile(path, path.name, opener_of(path))
    decoded = decode_monitor(path, kind)
    source = Source(path.name, capture.sha256(), kind.slug, options.as_said)
    return _recording(decoded, source, options, path.name)


def _refuse_layout(options: ReadOptions, name: str, kind: str, slug: str) -> None:
    """Raise if the user says what a table of text is like, of something that is none."""
    said = [one for one in _OF_TABLES if getattr(options, one) not in (None, slug)]
    if said:
        given = ", ".join("--" + one.replace("_", "-") for one in said)
        raise InvalidInputError(f"{name} is {kind}, which is no table of text; leave out {given}")


def _recording(
    decoded: DecodedCapture, source: Source, options: ReadOptions, name: str
) -> Recording:
    """Make a recording of what a decoder returned."""
    table, facts = table_of(decoded, name)
    table.history.insert(0, f"read {name} as {source.format}")
    table.decide("format", source.format, "told")
    _note_options(table, options)
    return with_texts(_assembled(table, options.over(facts), source), decoded.texts)


def _open_table(capture: CaptureFile, options: ReadOptions, progress: Progress | None) -> Recording:
    """Open a table of text."""
    layout = sniff_file(capture, options.layout)
    with _digesting(capture) as digest:
        if is_of_recorder(layout):
            table = salvage_rows(capture, layout)
        else:
            table = read_rows(capture, layout, progress=progress)
            with _closing_on_error(table, capture.name):
                note_damage(table, capture)
        table.history.insert(0, f"read {capture.name} as {layout.format.slug}")
        note_layout(table, layout, capture)
        _note_options(table, options)
        declared = declared_facts(layout, capture)
        with _closing_on_error(table, capture.name):
            declared, texts = add_companions(table, declared, capture, layout.format)
        facts = options.over(declared)
        if capture.added is not None and layout.format.added_member:
            with _closing_on_error(table, capture.name):
                is_added = add_gravity(table, capture.added)
            if is_added:
                unit = facts.unit or layout.format.unit_without_gravity
                facts = replace(facts, gravity="included", unit=unit)
        markers = declared_markers(layout, table.clock_start_s or 0.0)
        source = Source(printable(capture.path.name), digest(), layout.format.slug, options.as_said)
        recording = with_texts(
            _assembled(table, facts, source, is_of_recorder=is_of_recorder(layout)), texts
        )
    if is_of_recorder(layout) and capture.path.is_dir():
        markers = read_markers(capture.path, started_at=recording.started_at)
    return replace(recording, markers=markers) if markers else recording


def _note_options(table: Table, options: ReadOptions) -> None:
    if options.as_said:
        table.history.insert(1, f"told: {options.as_said}")


def _assembled(
    table: Table, facts: DeclaredFacts, source: Source, *, is_of_recorder: bool = False
) -> Recording:
    with _closing_on_error(table, facts.name):
        return assemble(table, facts, source=source, is_of_recorder=is_of_recorder)


@contextmanager
def _closing_on_error(table: Table, name: str) -> Iterator[None]:
    """Close a table that no recording takes over; what its stamps lack is said of the capture."""
    try:
        yield
    except InvalidInputError as error:
        table.close()
        raise CaptureReadError(f"{name}: {error}") from error
    except BaseException:
        table.close()
        raise


def _digesting(capture: CaptureFile) -> AbstractContextManager[Callable[[], str]]:
    """Yield a function that returns the SHA-256; that of a long file is begun at once."""
    if capture.path.is_file() and capture.path.stat().st_size >= _LONG_BYTES:
        return in_background(capture.sha256)
    return nullcontext(capture.sha256)


def _open_parquet(path: Path, options: ReadOptions, _: Progress | None) -> Recording:
    if options.unit or options.layout != LayoutOptions():
        raise InvalidInputError("a Parquet recording says its columns itself; leave them out")
    return _verified(options.applied_to(read_recording_parquet(path)), options)


def _verified(recording: Recording, options: ReadOptions) -> Recording:
    """Hold a recording that was written with its facts against its samples."""
    recording = verified(recording, is_said=options.gravity is not None)
    if recording.source is None:
        return recording
    return replace(recording, source=replace(recording.source, options=options.as_said))


#: The first reader that claims a path opens it.
READERS: Final[tuple[Reader, ...]] = (
    Reader("Parquet, written by tremor convert", is_parquet, _open_parquet),
    Reader(
        "Axivity CWA, GENEActiv .bin, ActiGraph GT3X (with the extra monitors)",
        lambda path: monitor_of(path) is not None,
        _open_monitor,
    ),
    Reader("BIDS dataset of the modality motion", is_bids_motion, _open_bids),
    Reader(
        "one file for each axis (EmotiBit)",
        lambda path: axis_format_of(path) is not None,
        _open_axis_files,
    ),
    Reader("text table, zip archive or recording folder", lambda _: True, _open_capture),
)
