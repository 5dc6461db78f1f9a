"""What the numbers of a table mean: their unit, and whether gravity is in them.

Said by the user or the file, else told from the samples; a file that holds gravity apart has it
added.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.errors import CaptureReadError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.dialects import UNIT_NAMES
from tremor.formats.csv.rows import Table, clear_lost, read_table
from tremor.formats.csv.sniffing import Sniffed, sniff_file
from tremor.integrity import median_norm_in
from tremor.recording import AXES, Gravity
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

__all__ = ["add_gravity", "choose_unit", "known_unit", "tell_gravity"]

#: How near gravity must come for a unit to be told by it (running raises the median a little).
_UNIT_TOLERANCE: Final = 0.2
_UNITS_TOLD_BY_GRAVITY: Final = ("m/s^2", "g", "mg")


def known_unit(unit: str | None) -> str | None:
    """Give the unit of acceleration by the name that this project uses; None stays None."""
    if unit is None:
        return None
    known = UNIT_NAMES.get(unit.strip().lower().replace(" ", ""))
    if known is None:
        raise InvalidInputError(
            f"unit {unit!r} is not known; give one of {', '.join(ACCELERATION_UNIT_MS2)}"
        )
    return known


def choose_unit(
    unit: str | None, found: Sniffed, table: Table, capture: CaptureFile, gravity: Gravity | None
) -> tuple[str, float | None]:
    """Give the unit, and the median |a| where that told it."""
    if unit or found.columns.unit:
        return unit or found.columns.unit, None
    if found.format.slug == "sensor-logger" and gravity != "included":
        return "m/s^2", None
    norm = median_norm_in(table.pieces())
    for name in _UNITS_TOLD_BY_GRAVITY:
        share = norm * ACCELERATION_UNIT_MS2[name] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= _UNIT_TOLERANCE:
            return name, norm
    raise CaptureReadError(
        f"the unit of {capture.name} cannot be told: none is named and the median |a| is "
        f"{norm:.4g}, near neither 9.81 m/s^2, 1 g nor 1000 mg; give it with --unit"
    )


def tell_gravity(table: Table, unit_ms2: float) -> Gravity:
    """Gravity is there where |a| is near it, or where the mean vector is half of it or more."""
    seen = table.extremes
    mean = float(np.linalg.norm(unit_ms2 * seen.total / (seen.n_rows - seen.n_lost)))
    if mean > 0.5 * STANDARD_GRAVITY_MS2:
        return "included"
    norm = median_norm_in(table.pieces(unit_ms2))
    return "included" if abs(norm / STANDARD_GRAVITY_MS2 - 1.0) < _UNIT_TOLERANCE else "removed"


def add_gravity(table: Table, added: CaptureFile) -> str:
    """Add the samples of a file that holds gravity apart, and say how."""
    other = read_table(added, sniff_file(added, None))
    assert table.stamps is not None
    assert other.stamps is not None
    values = table.values.read(0, len(table.values))
    time, other_time = table.time_s(), other.time_s()
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
    clear_lost(values)
    table.replace_values(values)
    return f"gravity of {added.name} added {how}"
