"""What a capture says of itself beside its samples: gravity, nominal rate, sensor, start.

From the ``# key: value`` lines before the table, from the name of the file, and from its stamps.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import numpy as np

from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.rows import Table
from tremor.formats.csv.sniffing import Sniffed
from tremor.notes import note
from tremor.recording import Gravity, Placement, SensorInfo

__all__ = ["gravity_said", "nominal_rate_hz", "placement_said", "sensor_said", "start_of"]


def gravity_said(found: Sniffed) -> Gravity | None:
    """Give whether gravity is in the samples, as the preamble says."""
    said = found.keys.get("gravity", "").lower() if found.format.slug == "tremor-csv" else ""
    for known in get_args(Gravity):
        if said == known:
            return known  # type: ignore[no-any-return]
    return None


def nominal_rate_hz(found: Sniffed, capture: CaptureFile) -> float | None:
    """Give the rate that the sensor claims, from the preamble or the name of the file, Hz."""
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


def sensor_said(found: Sniffed) -> SensorInfo | None:
    """Give what the preamble says of the sensor."""
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


def start_of(found: Sniffed, table: Table, first_s: float) -> datetime | None:
    """Give the wall time of the first sample; a stamp without a zone tells none, and is noted."""
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
        table.warnings.append(note("TIME_ZONE_UNKNOWN"))
        return None
    return datetime.fromtimestamp(table.epoch_s + first_s, tz=UTC)


def placement_said(found: Sniffed) -> Placement | None:
    """Give where the sensor was worn, as the preamble says."""
    said = found.keys.get("placement") if found.format.slug == "tremor-csv" else None
    return Placement.from_text(said) if said else None
