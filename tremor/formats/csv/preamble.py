"""What a text table declares beside its samples: gravity, nominal rate, sensor, placement, start.

Declarations are ``# key: value`` lines before the table, the name of the file, and the stamps.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import numpy as np

from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.table import Table
from tremor.notes import note
from tremor.recording import Gravity, Placement, SensorInfo

__all__ = [
    "declared_gravity",
    "declared_placement",
    "declared_sensor",
    "nominal_rate_hz",
    "start_time",
]


def _declared(layout: TableLayout, key: str) -> str:
    return layout.keys.get(key, "") if layout.format.declares_facts else ""


def declared_gravity(layout: TableLayout) -> Gravity | None:
    """Return whether the samples include gravity; None if it is not declared."""
    declared = _declared(layout, "gravity").lower()
    for known in get_args(Gravity):
        if declared == known:
            return known  # type: ignore[no-any-return]
    return None


def declared_placement(layout: TableLayout) -> Placement | None:
    """Return where the sensor was worn; None if it is not declared."""
    declared = _declared(layout, "placement")
    return Placement.from_text(declared) if declared else None


def declared_sensor(layout: TableLayout) -> SensorInfo | None:
    """Return the sensor; None if nothing of it is declared."""
    name, profile = _declared(layout, "sensor"), _declared(layout, "sensor_profile")
    try:
        range_ms2 = float(_declared(layout, "sensor_range_ms2"))
    except ValueError:
        range_ms2 = float("nan")
    if not (name or profile or np.isfinite(range_ms2)):
        return None
    return SensorInfo(name, profile, range_ms2 if np.isfinite(range_ms2) else None)


def nominal_rate_hz(layout: TableLayout, capture: CaptureFile) -> float | None:
    """Return the nominal sampling rate, from the preamble or the name of the file, Hz."""
    named = re.search(r"(\d+(?:\.\d+)?)Hz", capture.path.name)
    for text in (layout.keys.get("nominal_sampling_rate_hz", ""), named[1] if named else ""):
        try:
            rate_hz = float(text)
        except ValueError:
            continue
        if np.isfinite(rate_hz) and rate_hz > 0:
            return rate_hz
    return None


def start_time(layout: TableLayout, table: Table, first_stamp_s: float) -> datetime | None:
    """Return the wall time of the first sample.

    Parameters
    ----------
    layout : TableLayout
        Its declared start is the wall time of second 0.
    table : Table
        Wall time of its stamps; a warning is added if their time zone is unknown.
    first_stamp_s : float
        Stamp of the first sample, s.

    Returns
    -------
    datetime or None
        With its time zone; None if it is unknown.
    """
    declared = _declared(layout, "started_at")
    if declared:
        try:
            moment = datetime.fromisoformat(declared)
        except ValueError:
            return None
        return moment + timedelta(seconds=first_stamp_s) if moment.tzinfo else None
    if table.epoch_s is None:
        return None
    if not table.zone_known:
        table.warnings.append(note("TIME_ZONE_UNKNOWN"))
        return None
    return datetime.fromtimestamp(table.epoch_s + first_stamp_s, tz=UTC)
