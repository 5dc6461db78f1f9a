"""What a text table declares beside its samples, such as unit, sensor and time of the start.

Declarations are ``# key: value`` lines before the table, names of columns, and the name of the
file. How the user overrides them is `tremor.formats.readers.ReadOptions`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, get_args

import numpy as np

from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.dialects import DECLARED
from tremor.formats.csv.native import parse_native_markers
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.csv.time_units import is_date, is_possible_rate
from tremor.formats.table import DeclaredFacts
from tremor.recording import Gravity, Marker, Placement, SensorInfo
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["declared_facts", "declared_markers"]

#: Up to here a number of hertz in the name of a file may be the frequency of its tremor.
_LEAST_NAMED_HZ: Final = 20.0


def declared_facts(layout: TableLayout, capture: CaptureFile) -> DeclaredFacts:
    """Gather what a text table declares.

    Parameters
    ----------
    layout : TableLayout
        Its format, header and preamble.
    capture : CaptureFile
        Its name may hold gravity and nominal rate.

    Returns
    -------
    DeclaredFacts
        What cannot be understood counts as not declared.
    """
    placement = _value(layout, "placement")
    is_said = layout.format is DECLARED
    nominal_hz, rate_in_file_name = _nominal_rate_hz(layout, capture)
    # One argument for each fact: here, and only here, those of a text table are gathered.
    return DeclaredFacts(
        name=capture.name,
        columns=layout.names,
        first_row_number=layout.n_lines_before + 1,
        unit=layout.columns.unit,
        unit_in_file="" if is_said else layout.columns.unit,
        unit_without_gravity=layout.format.unit_without_gravity,
        gravity=_gravity(layout) or layout.columns.gravity or capture.gravity,
        nominal_sampling_rate_hz=nominal_hz,
        rate_in_file_name=rate_in_file_name,
        started_at=_started_at(layout),
        sensor=_sensor(layout),
        placement=Placement.from_text(placement) if placement else None,
        said=frozenset({"unit"} if is_said else ()),
    )


def declared_markers(layout: TableLayout, clock_start_s: float) -> tuple[Marker, ...]:
    """Return the markers that a text table declares.

    Parameters
    ----------
    layout : TableLayout
        Its preamble.
    clock_start_s : float
        What its clock showed at the first sample, s.

    Returns
    -------
    tuple of Marker
        From the first sample.
    """
    markers = parse_native_markers(_value(layout, "markers"))
    return tuple(replace(one, time_s=one.time_s - clock_start_s) for one in markers)


def _value(layout: TableLayout, key: str) -> str:
    return layout.keys.get(key, "") if layout.format.declares_facts else ""


def _gravity(layout: TableLayout) -> Gravity | None:
    declared = _value(layout, "gravity").lower()
    for known in get_args(Gravity):
        if declared == known:
            return known  # type: ignore[no-any-return]
    return None


def _sensor(layout: TableLayout) -> SensorInfo | None:
    name, profile = _value(layout, "sensor"), _value(layout, "sensor_profile")
    range_ms2 = _number(_value(layout, "sensor_range_ms2"))
    range_ms2 = range_ms2 or _number(layout.keys.get("range_g", "")) * STANDARD_GRAVITY_MS2
    if not (name or profile or range_ms2 > 0.0):
        return None
    return SensorInfo(name, profile, range_ms2 if range_ms2 > 0.0 else None)


def _nominal_rate_hz(layout: TableLayout, capture: CaptureFile) -> tuple[float | None, bool]:
    """Return the declared rate, and whether the file name declares it; stamps go before a name."""
    period_ms = _number(layout.keys.get("period_ms", ""))
    places = [
        (layout.keys.get("nominal_sampling_rate_hz", ""), 0.0, False),
        (layout.keys.get("rate_hz", ""), 0.0, False),
        (f"{1000.0 / period_ms}" if period_ms > 0.0 else "", 0.0, False),
        (f"{1000.0 * _number(layout.keys.get('rate_khz', ''))}", 0.0, False),
    ]
    named = re.search(r"(\d+(?:\.\d+)?)Hz", capture.path.name)
    if named and layout.columns.time is None:
        places.append((named[1], _LEAST_NAMED_HZ, True))
    for text, least_hz, in_name in places:
        rate_hz = _number(text)
        if rate_hz > least_hz and is_possible_rate(1.0 / rate_hz):
            return rate_hz, in_name
    return None, False


def _number(text: str) -> float:
    """Return a number with a decimal point or comma; 0 if it is none."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return 0.0
    return number if np.isfinite(number) else 0.0


def _started_at(layout: TableLayout) -> datetime | None:
    text = _value(layout, "started_at")
    if not text and layout.columns.time is None:  # stamps may say it themselves
        started_s = _number(layout.keys.get("start_s", ""))
        if is_date(started_s):
            return datetime.fromtimestamp(started_s, tz=UTC)
        text = layout.keys.get("start", "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
