"""A capture file in, a recording out: locate, sniff, read the rows, fit the clock.

`tremor.formats.csv.dialects` holds the formats; `locating` and `sniffing` find the capture and its
format, `parsing`, `rows` and `stamps` turn its text into numbers, `meaning` and `preamble` tell
what these are. Nothing is analysed here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final, get_args

import numpy as np

from tremor.clock.even import EvenClock
from tremor.clock.timebase import TimeBase, fit_timebase
from tremor.errors import CaptureReadError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.preamble import (
    gravity_said,
    nominal_rate_hz,
    placement_said,
    sensor_said,
    start_of,
)
from tremor.formats.csv.rows import Table, read_table
from tremor.formats.csv.sniffing import Sniffed, sniff_file
from tremor.formats.csv.units_and_gravity import add_gravity, choose_unit, known_unit, tell_gravity
from tremor.formats.folder.salvage import is_recorded, read_recorded
from tremor.formats.locating import locate
from tremor.formats.parquet import is_parquet, read_recording_parquet
from tremor.integrity import find_rails, find_scale_correction_in
from tremor.notes import note
from tremor.parallel import beside
from tremor.recording import AXES, Gravity, Placement, Recording, Source, gaps_of
from tremor.storage import StoredSamples
from tremor.units import ACCELERATION_UNIT_MS2

__all__ = ["Sniffed", "open_capture", "read", "sniff"]

#: The digest of so long a file is worth a process.
_LONG_BYTES: Final = 32_000_000


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
    ) as recording:
        return recording.in_memory()


def open_capture(
    path: str | os.PathLike[str],
    *,
    columns: str | None = None,
    unit: str | None = None,
    sampling_rate_hz: float | None = None,
    gravity: Gravity | None = None,
    placement: Placement | str | None = None,
    progress: Callable[[float], object] | None = None,
) -> Recording:
    """Open a capture of any length in little memory.

    Parameters
    ----------
    path : path
        A file, a zip archive, or a recording folder.
    columns, unit, sampling_rate_hz, gravity, placement
        As in `read`.
    progress : callable, optional
        Told the share of a long file that is read.

    Returns
    -------
    Recording
        Its samples on disk if they are many; to be closed after use, best with ``with``.

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
    unit = known_unit(unit)
    if gravity is not None and gravity not in get_args(Gravity):
        raise InvalidInputError(f"gravity is {gravity!r}; give included or removed")
    if sampling_rate_hz is not None and not (
        np.isfinite(sampling_rate_hz) and sampling_rate_hz > 0
    ):
        raise InvalidInputError(
            f"sampling rate is {sampling_rate_hz} Hz; give a positive number of hertz"
        )
    if is_parquet(path):
        if columns or unit:
            raise InvalidInputError("a Parquet recording says its columns itself; leave them out")
        return read_recording_parquet(path, gravity=gravity, placement=placement)
    capture = locate(Path(path))
    found = sniff_file(capture, columns)
    with _hashing(capture) as digest:
        if is_recorded(found):
            table = read_recorded(capture, found)
        else:
            table = read_table(capture, found, progress=progress)
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


def _hashing(capture: CaptureFile) -> AbstractContextManager[Callable[[], str]]:
    """Give what tells the SHA-256, which of a long file is begun at once."""
    if capture.path.is_file() and capture.path.stat().st_size >= _LONG_BYTES:
        return beside(capture.sha256)
    return nullcontext(capture.sha256)


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
    return sniff_file(locate(Path(path)), columns)


def _finish(
    capture: CaptureFile,
    found: Sniffed,
    table: Table,
    *,
    unit: str | None,
    sampling_rate_hz: float | None,
    gravity: Gravity | None,
    placement: Placement | str | None,
    digest: Callable[[], str],
) -> Recording:
    """Tell unit, gravity and clock of a table, and put it on its grid."""
    history = [f"read {capture.name} as {found.format.slug}", *table.history]
    warnings = table.warnings
    gravity = gravity or gravity_said(found) or found.columns.gravity or capture.gravity
    if capture.added is not None and found.format.slug == "sensor-logger":
        history.append(add_gravity(table, capture.added))
        gravity = "included"

    unit_in, told_by = choose_unit(unit, found, table, capture, gravity)
    if told_by is not None:
        warnings.append(note("UNIT_FROM_GRAVITY", unit=unit_in, median_norm=told_by))
        gravity = gravity or "included"
    history.append(f"acceleration from {unit_in}" + (" (told by gravity)" * (told_by is not None)))
    unit_ms2 = 1.0 if unit_in == "m/s^2" else ACCELERATION_UNIT_MS2[unit_in]
    if gravity is None:
        gravity = tell_gravity(table, unit_ms2)
        history.append(f"gravity {gravity}, told from the samples")

    nominal_hz = nominal_rate_hz(found, capture)
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
        warnings.append(note("RATE_DECLARED", rate_hz=rate_hz))
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


def _names(found: Sniffed) -> str:
    return f"columns {quoted(', '.join(found.names))}" if found.names else "no header"


def _fit_clock(
    table: Table, found: Sniffed, capture: CaptureFile, nominal_hz: float | None
) -> TimeBase:
    time, values = table.time_s(), table.values.read(0, len(table.values))
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


def _place(table: Table, clock: TimeBase) -> None:
    """Put the rows on the even grid."""
    n_rows = len(table.values)
    if clock.uneven_time_s is None and len(clock.rows) == n_rows == int(clock.index[-1]) + 1:
        return
    table.replace_values(clock.place(table.values.read(0, n_rows)))


def _assemble(
    capture: CaptureFile,
    found: Sniffed,
    table: Table,
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
    digest: Callable[[], str],
) -> Recording:
    warnings, seen = table.warnings, table.extremes
    gaps = gaps_of(seen.lost_mask(), sampling_rate_hz=rate_hz) if seen.n_lost else ()
    if gaps:
        longest = max(gaps, key=lambda gap: gap.duration_s)
        warnings.append(
            note(
                "GAPS",
                n_gaps=len(gaps),
                n_lost=seen.n_lost,
                longest_s=longest.duration_s,
                longest_at_s=longest.start_s,
            )
        )
        history.append(f"lost samples kept as missing: {seen.n_lost}, gaps: {len(gaps)}")
    sensor = sensor_said(found)
    constant, zero = seen.constant(), seen.zero()
    single_axis = int(zero.sum()) == len(AXES) - 1
    # The two other columns of an instrument with a single axis are no broken sensor.
    dead = () if single_axis and constant.sum() == zero.sum() else np.flatnonzero(constant)
    dead_axes = tuple(AXES[axis] for axis in dead)
    if dead_axes:
        warnings.append(note("DEAD_AXIS", axes=dead_axes))
    if single_axis:
        warnings.append(note("SINGLE_AXIS"))
    pieces = table.pieces(unit_ms2)
    scale = None
    if gravity == "included":
        scale = find_scale_correction_in(pieces, sampling_rate_hz=rate_hz)
        if scale is not None:
            history.append(f"scale correction {scale:.4f} found in the still seconds")
    started_at = start_of(found, table, first_s)
    if isinstance(placement, str):
        placement = Placement.from_text(placement)
    rails = find_rails(
        pieces,
        range_ms2=sensor.range_ms2 if sensor else None,
        limits_ms2=(seen.low * unit_ms2, seen.high * unit_ms2),
    )
    if table.stamps is not None:
        table.stamps.close()
    return Recording(
        samples=StoredSamples(table.values, unit_ms2, rails),
        sampling_rate_hz=rate_hz,
        sampling_rate_sd_hz=rate_sd_hz,
        nominal_sampling_rate_hz=nominal_hz,
        started_at=started_at,
        sensor=sensor,
        placement=placement or placement_said(found),
        gaps=gaps,
        dead_axes=dead_axes,
        gravity=gravity,
        unit_in=unit_in,
        scale_correction=1.0 if scale is None else scale,
        warnings=tuple(warnings),
        history=tuple(history),
        source=Source(capture.path.name, digest(), found.format.slug),
    )
