"""What a decoder returns, and the way from there to a table of samples.

The decoders themselves are listed in `tremor.formats.decoders.catalog`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from tremor.counted import counted
from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError, InsufficientDataError
from tremor.formats.csv.format_records import Seen
from tremor.formats.csv.time_units import is_date, is_possible_rate, restart_span, typical_step
from tremor.formats.table import DeclaredFacts, Table, mark_lost
from tremor.notes import Note, note
from tremor.recording import AXES, Floats, Gravity, Marker, Placement, Recording, SensorInfo

__all__ = ["DecodedCapture", "Description", "TimedText", "table_of", "with_texts"]

#: Fewer stamps show no rate.
_LEAST_STAMPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a format that is no table of text, before a capture of it is seen.

    Parameters
    ----------
    told_by : str
        What tells its files apart.
    time : str
        Where the time of its samples comes from.
    units : tuple of str
        Units of acceleration that it has by itself; empty if the samples tell.
    gravity : str
        Whether gravity is in its samples.
    seen : {"real file", "description"}
        What the decoder was made from.
    example : str
        What a file of it begins with, or its name.
    remark : str
        What to know or to give, a sentence.
    """

    told_by: str
    time: str
    units: tuple[str, ...]
    gravity: str
    seen: Seen
    example: str
    remark: str


@dataclass(frozen=True, slots=True)
class TimedText:
    """Words that the runner wrote at a moment.

    Parameters
    ----------
    epoch_s : float
        Moment, s since 1970.
    text : str
        The words.
    """

    epoch_s: float
    text: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DecodedCapture:
    """Samples of a capture, and what it declares beside them.

    Parameters
    ----------
    values : ndarray, shape (n, 3)
        Samples in the unit of the capture; NaN where lost.
    stamps_s : ndarray, shape (n,), or None
        Time stamps, s from any zero; None where the capture has only a rate.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970; None if it is unknown.
    zone_known : bool
        Whether that wall time is UTC.
    unit, unit_without_gravity, gravity, nominal_sampling_rate_hz, started_at, sensor, placement
        As in `tremor.formats.table.DeclaredFacts`.
    texts : tuple of TimedText
        What the runner wrote.
    time_unit : ReadingDecision or None
        Unit of the stamps in the capture, and how it was told; None if its stamps have none.
    warnings : tuple of Note
        What makes the capture weaker.
    history : tuple of str
        Processing steps.
    """

    values: Floats
    stamps_s: Floats | None
    epoch_s: float | None = None
    zone_known: bool = True
    unit: str = ""
    unit_without_gravity: str = ""
    gravity: Gravity | None = None
    nominal_sampling_rate_hz: float | None = None
    started_at: datetime | None = None
    sensor: SensorInfo | None = None
    placement: Placement | None = None
    texts: tuple[TimedText, ...] = ()
    time_unit: ReadingDecision | None = None
    warnings: tuple[Note, ...] = ()
    history: tuple[str, ...] = ()


def table_of(decoded: DecodedCapture, name: str) -> tuple[Table, DeclaredFacts]:
    """Make a table of decoded samples, and list what the capture declares.

    Parameters
    ----------
    decoded : DecodedCapture
        Result of a decoder.
    name : str
        Name of the capture in messages.

    Returns
    -------
    Table
        To be closed after use.
    DeclaredFacts
        As far as the capture declares them.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two samples.
    CaptureReadError
        If the stamps are no numbers, or of a rate that no accelerometer has.
    """
    values = np.array(decoded.values, dtype=np.float64).reshape(-1, len(AXES))
    mark_lost(values)
    n_usable = len(values) - int(np.isnan(values[:, 0]).sum())
    if n_usable < 2:
        raise InsufficientDataError(
            f"{name} holds {counted(n_usable, 'usable sample')}; at least 2 are needed"
        )
    stamps_s = decoded.stamps_s
    if stamps_s is not None:
        _refuse_stamps(stamps_s, name)
        stamps_s = stamps_s - stamps_s[0]
    table = Table.of_arrays(values, stamps_s)
    if decoded.epoch_s is not None and is_date(decoded.epoch_s):
        table.epoch_s, table.zone_known = decoded.epoch_s, decoded.zone_known
    if decoded.time_unit is not None:
        table.decisions.append(decoded.time_unit)
    table.warnings.extend(decoded.warnings)
    if n_usable < len(values):
        lost = int(np.flatnonzero(np.isnan(values[:, 0]))[0])
        table.warnings.append(
            note("LOST_SAMPLES", n_rows=len(values) - n_usable, first_row=lost + 1)
        )
    table.history.extend(decoded.history)
    # One argument for each fact that a decoder may find.
    facts = DeclaredFacts(
        name=name,
        unit=decoded.unit,
        unit_in_file=decoded.unit,
        unit_without_gravity=decoded.unit_without_gravity,
        gravity=decoded.gravity,
        nominal_sampling_rate_hz=decoded.nominal_sampling_rate_hz,
        started_at=decoded.started_at,
        sensor=decoded.sensor,
        placement=decoded.placement,
    )
    return table, facts


def with_texts(recording: Recording, texts: Iterable[TimedText]) -> Recording:
    """Return a recording with texts as markers, if its wall time is known.

    Parameters
    ----------
    recording : Recording
        Its markers are kept.
    texts : iterable of TimedText
        Those outside of the recording are left out.

    Returns
    -------
    Recording
        The markers are in order of time.
    """
    if recording.started_at is None:
        return recording
    start_s = recording.started_at.timestamp()
    markers = [
        Marker(one.epoch_s - start_s, "marker", one.text)
        for one in texts
        if 0.0 <= one.epoch_s - start_s <= recording.duration_s
    ]
    if not markers:
        return recording
    ordered = sorted((*recording.markers, *markers), key=lambda one: one.time_s)
    return replace(recording, markers=tuple(ordered))


def _refuse_stamps(stamps_s: Floats, name: str) -> None:
    if not np.isfinite(stamps_s).all():
        row = int(np.argmin(np.isfinite(stamps_s))) + 1
        raise CaptureReadError(f"sample {row} of {name} has no time stamp; export it again")
    if len(stamps_s) < _LEAST_STAMPS:
        return
    step_s = typical_step(stamps_s)
    if restart_span(stamps_s) is not None:
        raise CaptureReadError(
            f"the stamps of {name} start again and again, as if several sensors were in it; export "
            "each by itself"
        )
    if not is_possible_rate(step_s):
        rate = f"{1.0 / step_s:.6g} Hz" if step_s > 0.0 else "no rising time"
        raise CaptureReadError(
            f"the stamps of {name} would make a sampling rate of {rate}, which no accelerometer "
            "has; export it again as CSV, and give the rate with --sampling-rate"
        )
