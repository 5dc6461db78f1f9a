"""Files that apps write beside a capture: start, pauses, device, notes of the runner.

Which formats have which companions is in their table, `tremor.formats.csv.dialects`; a companion
that is of another time, or cannot be read, is said and not used.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import BinaryIO, Final

import msgspec
import numpy as np

from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import is_number
from tremor.formats.csv.format_records import CaptureFormat
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.time_units import is_date, is_possible_rate
from tremor.formats.decoders.decoding import TimedText
from tremor.formats.table import DeclaredFacts, Table
from tremor.notes import note
from tremor.recording import SensorInfo
from tremor.settings import COMPANIONS

__all__ = ["COMPANION_READERS", "CompanionFacts", "add_companions"]

#: What a companion raises that is damaged, encrypted or of another shape.
_DAMAGE: Final = (
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
    csv.Error,
    msgspec.MsgspecError,
    OSError,
    RuntimeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionFacts:
    """What a companion says of its capture.

    Parameters
    ----------
    runs : tuple of (float, float)
        Of each time that recording was started: its time on the clock of the stamps, s, and its
        wall time, s since 1970.
    ends_s : float or None
        When the last run was stopped, on the clock of the stamps, s; None if it is not said.
    epoch_s : float or None
        Wall time of the start, s since 1970, of a capture whose stamps may hold it, too.
    zone_known : bool
        Whether that wall time is UTC.
    sensor : str
        Name of the device; empty if it is not said.
    rate_hz : float or None
        Sampling rate that was set, Hz.
    unit : str
        Unit of acceleration; empty if it is not said.
    texts : tuple of TimedText
        What the runner wrote.
    """

    runs: tuple[tuple[float, float], ...] = ()
    ends_s: float | None = None
    epoch_s: float | None = None
    zone_known: bool = True
    sensor: str = ""
    rate_hz: float | None = None
    unit: str = ""
    texts: tuple[TimedText, ...] = ()


def add_companions(
    table: Table, facts: DeclaredFacts, capture: CaptureFile, entry: CaptureFormat
) -> tuple[DeclaredFacts, tuple[TimedText, ...]]:
    """Add what the companions of a capture say.

    Parameters
    ----------
    table : Table
        Its stamps become wall time where the recording was paused; steps and warnings are appended.
    facts : DeclaredFacts
        What the capture declares itself.
    capture : CaptureFile
        Where its companions are looked for.
    entry : CaptureFormat
        Its companions.

    Returns
    -------
    DeclaredFacts
        What the capture itself does not declare is taken from the companions.
    tuple of TimedText
        What the runner wrote.
    """
    texts: list[TimedText] = []
    for companion in entry.described_by:
        named = re.fullmatch(companion.of, capture.member_name)
        file = named.expand(companion.file) if named else ""
        opener = capture.beside(file) if file else None
        if opener is None:
            continue
        try:
            found = COMPANION_READERS[companion.kind](_text_of(opener))
        except _DAMAGE:
            table.warnings.append(note("COMPANION_UNUSED", file=file, why="damaged"))
            continue
        if not _is_of(found, table):
            table.warnings.append(note("COMPANION_UNUSED", file=file, why="other time"))
            continue
        if found == CompanionFacts():
            continue
        facts = _with_facts(found, table, facts)
        texts += found.texts
        table.history.append(f"{file} read beside the capture")
    return facts, tuple(texts)


def _text_of(opener: Callable[[], BinaryIO]) -> str:
    with opener() as stream:
        data = stream.read(COMPANIONS.most_bytes + 1)
    if len(data) > COMPANIONS.most_bytes:
        raise ValueError("too long for a companion")
    return data.decode("utf-8-sig")


def _is_of(found: CompanionFacts, table: Table) -> bool:
    """Check whether a companion is of the time of the capture."""
    if found.runs and table.stamps is not None:
        slack_s = COMPANIONS.most_apart_s
        first_s, last_s = table.first_stamp_s(), table.first_stamp_s(len(table.stamps) - 1)
        zero_s = table.clock_start_s or 0.0
        begins, ends_s = found.runs[0][0], found.ends_s
        if zero_s + first_s < begins - slack_s or zero_s + last_s < found.runs[-1][0] - slack_s:
            return False
        return ends_s is None or abs(zero_s + last_s - ends_s) <= slack_s
    if found.epoch_s is not None and table.epoch_s is not None:
        return abs(found.epoch_s - table.epoch_s) <= COMPANIONS.most_apart_s
    return True


def _with_facts(found: CompanionFacts, table: Table, facts: DeclaredFacts) -> DeclaredFacts:
    started_at = facts.started_at
    if found.runs and table.stamps is not None and table.epoch_s is None and started_at is None:
        _put_on_wall_time(table, found)
        # Stamps count from the first of them, and the runs from their own zero.
        started_at = datetime.fromtimestamp(
            found.runs[0][1] + (table.clock_start_s or 0.0) - found.runs[0][0], tz=UTC
        )
    elif found.epoch_s is not None and table.epoch_s is None and started_at is None:
        table.epoch_s, table.zone_known = found.epoch_s, found.zone_known
    return replace(
        facts,
        started_at=started_at,
        unit=facts.unit or found.unit,
        unit_in_file=facts.unit_in_file or found.unit,
        nominal_sampling_rate_hz=facts.nominal_sampling_rate_hz or found.rate_hz,
        sensor=facts.sensor or (SensorInfo(found.sensor) if found.sensor else None),
    )


def _put_on_wall_time(table: Table, found: CompanionFacts) -> None:
    """Move the stamps after each pause by its duration."""
    begin_s, wall_s = (np.array(part) for part in zip(*found.runs, strict=True))
    pauses_s = np.diff(wall_s - begin_s)
    n_pauses = int((pauses_s > 0.0).sum())
    if not n_pauses:
        return
    stamps_s = table.time_s()
    run = np.searchsorted(begin_s[1:], (table.clock_start_s or 0.0) + stamps_s, side="right")
    table.replace_stamps(stamps_s + np.concatenate(([0.0], np.cumsum(pauses_s)))[run])
    table.warnings.append(note("PAUSED", n_pauses=n_pauses, total_s=float(pauses_s.sum())))


def _rows(text: str) -> list[list[str]]:
    """Return the rows of a small table, whichever of the usual delimiters separates its cells."""
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]


def _number(cell: str) -> float:
    """Return a number with a decimal point or comma; raise ValueError if it is none."""
    if not is_number(cell):
        raise ValueError(cell)
    return float(cell.replace(",", "."))


def _phyphox_times(text: str) -> CompanionFacts:
    """Read ``meta/time.csv``: an event, its time in the experiment, and its wall time."""
    events = [(row[0].strip().upper(), _number(row[1]), _number(row[2])) for row in _rows(text)[1:]]
    runs: list[tuple[float, float]] = []
    ahead_s = 0.0
    for before, (event, at_s, wall_s) in pairwise([("", -math.inf, 0.0), *events]):
        if at_s < before[1] or not is_date(wall_s):
            raise ValueError("events do not follow each other")
        if event == "START" and runs:
            # From event to event: between them both clocks may run apart.
            pause_s = (wall_s - before[2]) - (at_s - before[1])
            if pause_s < -COMPANIONS.least_pause_s:
                raise ValueError("wall times do not follow each other")
            ahead_s += pause_s if pause_s > COMPANIONS.least_pause_s else 0.0
            runs.append((at_s, at_s + ahead_s))
        elif event == "START":
            ahead_s = wall_s - at_s
            runs.append((at_s, wall_s))
    if not runs:
        raise ValueError("no start")
    last, at_s, _ = events[-1]
    return CompanionFacts(runs=tuple(runs), ends_s=at_s if last == "PAUSE" else None)


def _phyphox_device(text: str) -> CompanionFacts:
    """Read ``meta/device.csv``: names of properties and their values."""
    said = {row[0].strip(): row[1].strip() for row in _rows(text) if len(row) > 1}
    device = " ".join(
        dict.fromkeys(said.get(name, "") for name in ("deviceBrand", "deviceModel"))
    ).strip()
    chip = said.get("accelerometer Name", "")
    return CompanionFacts(sensor=f"{device} ({chip})" if device and chip else device or chip)


def _sensor_logger_metadata(text: str) -> CompanionFacts:
    """Read ``Metadata.csv``: one row of facts under their names."""
    names, values, *_ = _rows(text)
    said = {name.strip(): value.strip() for name, value in zip(names, values, strict=False)}
    epoch_s = _number(said["recording epoch time"]) / 1e3
    return CompanionFacts(
        epoch_s=epoch_s,
        sensor=said.get("device name", ""),
        rate_hz=_asked_rate_hz(said.get("sensors", ""), said.get("sampleRateMs", "")),
    )


def _asked_rate_hz(sensors: str, periods_ms: str) -> float | None:
    """Return the rate of the accelerometer that was asked for; one period is that of all."""
    names, periods = sensors.split("|"), periods_ms.split("|")
    at = names.index("Accelerometer") if "Accelerometer" in names else 0
    period = periods[at] if len(periods) == len(names) else periods[0]
    period_s = _number(period) / 1e3 if is_number(period) else 0.0
    return 1.0 / period_s if is_possible_rate(period_s) else None


def _sensor_logger_annotations(text: str) -> CompanionFacts:
    """Read ``Annotation.csv``: ns since 1970, and the words of the runner."""
    names, *rows = _rows(text)
    time, words = names.index("time"), names.index("text")
    texts = [
        TimedText(int(row[time]) / 1e9, row[words].strip())
        for row in rows
        if len(row) > max(time, words) and row[words].strip()
    ]
    return CompanionFacts(texts=tuple(texts))


class _FarosMetadata(msgspec.Struct):
    """``meta.json`` of Faros, as far as it is used."""

    sample_freqs: dict[str, float]
    units: dict[str, str] = {}
    start_time: str | None = None


def _faros_metadata(text: str) -> CompanionFacts:
    """Read ``meta.json``: rates and units of the sensors, and the local time of the start."""
    said = msgspec.json.decode(text, type=_FarosMetadata)
    period_s = 1.0 / said.sample_freqs["ACC"]
    moment = datetime.fromisoformat(said.start_time) if said.start_time else None
    return CompanionFacts(
        epoch_s=None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).timestamp(),
        zone_known=moment is not None and moment.tzinfo is not None,
        sensor="Faros",
        rate_hz=1.0 / period_s if is_possible_rate(period_s) else None,
        unit=unit_named(said.units.get("ACC", "")),
    )


#: How each kind of companion is read; raises an error of `_DAMAGE` if it is of another shape.
COMPANION_READERS: Final[Mapping[str, Callable[[str], CompanionFacts]]] = MappingProxyType(
    {
        "phyphox-times": _phyphox_times,
        "phyphox-device": _phyphox_device,
        "sensor-logger-metadata": _sensor_logger_metadata,
        "sensor-logger-annotations": _sensor_logger_annotations,
        "faros-metadata": _faros_metadata,
    }
)
