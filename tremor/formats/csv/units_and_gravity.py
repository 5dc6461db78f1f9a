"""Unit of the samples of a table, and whether they include gravity.

What is said by the user or named by the capture is held against the samples (`tremor.gravity`);
what is neither is told by them. A capture whose gravity is in a file of its own has it added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.decisions import How
from tremor.errors import CaptureReadError, InsufficientDataError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.rows import read_rows
from tremor.formats.csv.sniffing import sniff_file
from tremor.formats.table import DeclaredFacts, Table, mark_lost
from tremor.formats.verification import settle_gravity, unit_warnings
from tremor.gravity import (
    GravityEvidence,
    chunked_gravity_evidence,
    read_gravity,
    unit_by_gravity,
)
from tremor.notes import note
from tremor.recording import AXES, Gravity
from tremor.settings import GRAVITY
from tremor.units import ACCELERATION_UNIT_MS2

__all__ = [
    "UnitAndGravity",
    "add_gravity",
    "find_unit_and_gravity",
    "known_unit",
]

_GUESSED_UNITS: Final = ("m/s^2", "g", "mg")
#: Stamps of two files that are the same, and how far the last row may be beyond the other file.
_SAME_S: Final = 1e-4
_EDGE_S: Final = 1.0
#: Rows that show the rate, and the steps between blocks of them.
_FIRST_ROWS: Final = 20_000
_LEAST_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class UnitAndGravity:
    """Unit of the samples, and whether they include gravity.

    Parameters
    ----------
    unit_in : str
        Name of the unit.
    unit_ms2 : float
        Its size, m/s^2.
    gravity : {"included", "removed"}
        Whether gravity is in the samples.
    """

    unit_in: str
    unit_ms2: float
    gravity: Gravity


def known_unit(unit: str | None) -> str | None:
    """Return the standard name of a unit of acceleration; None stays None.

    Parameters
    ----------
    unit : str or None
        Such as ``m/s2``.

    Returns
    -------
    str or None
        Such as ``m/s^2``.

    Raises
    ------
    InvalidInputError
        If the unit is unknown.
    """
    if unit is None:
        return None
    known = unit_named(unit)
    if not known:
        raise InvalidInputError(
            f"unit {unit!r} is not known; give one of {', '.join(ACCELERATION_UNIT_MS2)}"
        )
    return known


def add_gravity(table: Table, added: CaptureFile) -> bool:
    """Add gravity that is in a file of its own, if that is of the same time.

    Parameters
    ----------
    table : Table
        Samples without gravity, with stamps; they are replaced by the sums, and the step is
        appended to its history, or a warning that the file is of another time.
    added : CaptureFile
        The samples of gravity, in the same unit.

    Returns
    -------
    bool
        Whether it was added.

    Raises
    ------
    CaptureReadError
        If that file cannot be read.
    """
    other = read_rows(added, sniff_file(added, None))
    assert table.stamps is not None
    assert other.stamps is not None
    shift_s = (table.epoch_s or 0.0) - (other.epoch_s or 0.0)
    time, other_time = table.time_s() + shift_s, other.time_s()
    gravity = other.samples()
    other.close()
    covered = (time >= other_time[0] - _EDGE_S) & (time <= other_time[-1] + _EDGE_S)
    if covered.mean() < GRAVITY.least_overlap:
        table.warnings.append(note("GRAVITY_FILE_ELSEWHERE", file=added.name))
        return False
    values = table.samples()
    if len(time) == len(other_time) and np.allclose(time, other_time, rtol=0.0, atol=_SAME_S):
        values += gravity
        how = "row by row"
    else:
        for axis in range(len(AXES)):
            values[:, axis] += np.interp(time, other_time, gravity[:, axis])
        values[~covered] = np.nan
        how = "by time"
    mark_lost(values)
    table.replace_values(values)
    table.history.append(f"gravity of {added.name} added {how}")
    return True


def find_unit_and_gravity(table: Table, facts: DeclaredFacts) -> UnitAndGravity:
    """Determine unit and gravity, and hold what is declared of them against the samples.

    Parameters
    ----------
    table : Table
        The samples; decisions and warnings are appended to it.
    facts : DeclaredFacts
        Unit and gravity as far as they are declared.

    Returns
    -------
    UnitAndGravity
        The samples of the table stay in their unit.

    Raises
    ------
    CaptureReadError
        If the unit is neither declared nor evident from gravity.
    """
    seen = chunked_gravity_evidence(table.chunks(), segment_rows=_rows_of_a_second(table, facts))
    unit_in = _find_unit(table, facts, seen)
    reading = read_gravity(seen, unit_in, is_single_axis=table.statistics.is_single_axis())
    if facts.gravity == "removed" and reading.share <= GRAVITY.most_left_g:
        reading = replace(reading, shows="removed", unit="", factor=None)
    table.warnings += unit_warnings(
        unit_in, reading, facts, length=seen.constant, peak=table.statistics.peak
    )
    settled = settle_gravity(reading, facts)
    table.warnings += settled.warnings
    table.decide("gravity", settled.gravity, settled.how, settled.why)
    return UnitAndGravity(unit_in, ACCELERATION_UNIT_MS2[unit_in], settled.gravity)


def _rows_of_a_second(table: Table, facts: DeclaredFacts) -> int:
    """Return about how many rows a second has, from the first stamps or the declared rate."""
    rate_hz = facts.sampling_rate_hz or facts.nominal_sampling_rate_hz or GRAVITY.segment_rows
    if table.stamps is not None:
        some = table.stamps.read(0, min(len(table.stamps), _FIRST_ROWS))[:, 0]
        # Over blocks, because stamps of packets are equal or late.
        step = max(1, min(GRAVITY.segment_rows, (len(some) - 1) // _LEAST_STEPS))
        block_s = float(np.median(np.diff(some[::step])))
        rate_hz = step / block_s if block_s > 0.0 else rate_hz
    low, high = GRAVITY.segment_range_rows
    return round(min(max(rate_hz, low), high))


def _find_unit(table: Table, facts: DeclaredFacts, seen: GravityEvidence) -> str:
    """Return the unit that is declared, else that in which gravity is 1 g long."""
    if facts.unit:
        table.decide("unit", facts.unit, facts.how("unit"))
        return facts.unit
    if facts.unit_without_gravity and facts.gravity != "included":
        table.decide("unit", facts.unit_without_gravity, "named", note("OF_THE_FORMAT"))
        return facts.unit_without_gravity
    unit = unit_by_gravity(seen.constant, _GUESSED_UNITS)
    if math.isnan(seen.moving):
        raise InsufficientDataError(f"{facts.name} holds no usable samples; record again")
    if unit is None or seen.ratio < GRAVITY.least_moving:
        raise CaptureReadError(_why_no_unit(seen, facts.name))
    values = {"length": seen.constant, "unit": unit, "at_rest": seen.is_steady}
    table.warnings.append(note("UNIT_FROM_GRAVITY", **values))
    how: How = "told" if seen.is_steady else "guessed"
    table.decide("unit", unit, how, note("MEAN_VECTOR", **values))
    return unit


def _why_no_unit(seen: GravityEvidence, name: str) -> str:
    if seen.is_steady:
        near = unit_by_gravity(seen.constant, ACCELERATION_UNIT_MS2)
        fits = f"; it would be 1 g in {near}" if near else ""
        return (
            f"the unit of {name} cannot be determined: none is named, and the mean vector at rest "
            f"is {seen.constant:.3g} long, near neither 9.81 m/s^2, 1 g nor 1000 mg, as if gravity "
            f"were removed or the numbers were counts{fits}; give it with --unit"
        )
    return (
        f"the unit of {name} cannot be determined: none is named, and the mean vector, "
        f"{seen.moving:.3g} long, does not stand out from movement of {seen.moving_spread:.3g} "
        "about it, as if gravity were removed; give it with --unit"
    )
