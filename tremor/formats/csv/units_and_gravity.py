"""Unit of the samples of a table, and whether they include gravity.

What is said by the user or named by the capture is held against the samples (`tremor.gravity`);
what is neither is told by them. A capture whose gravity is in a file of its own has it added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.decisions import How
from tremor.errors import CaptureReadError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.rows import read_rows
from tremor.formats.csv.sniffing import sniff_file
from tremor.formats.table import DeclaredFacts, Table, mark_lost
from tremor.gravity import (
    GravityEvidence,
    GravityReading,
    chunked_gravity_evidence,
    read_gravity,
    unit_by_gravity,
)
from tremor.notes import Note, note
from tremor.recording import AXES, Gravity
from tremor.settings import GRAVITY
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

__all__ = [
    "UnitAndGravity",
    "add_gravity",
    "find_unit_and_gravity",
    "known_unit",
    "unit_warnings",
]

_GUESSED_UNITS: Final = ("m/s^2", "g", "mg")
#: What a reading says of gravity; nothing where it is in doubt.
_SHOWN: Final[Mapping[str, Gravity]] = {
    "included": "included",
    "other unit": "included",
    "removed": "removed",
}
#: Readings that neither confirm a unit nor contradict it.
_UNIT_NOT_SHOWN: Final = frozenset({"removed", "one axis"})
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
    reading = read_gravity(seen, unit_in)
    if table.statistics.is_single_axis():
        reading = _of_one_axis(reading)
    table.warnings += unit_warnings(unit_in, reading, facts, length=seen.constant)
    gravity = _find_gravity(table, facts, reading)
    unit_ms2 = 1.0 if unit_in == "m/s^2" else ACCELERATION_UNIT_MS2[unit_in]
    table.warnings += _peak_warnings(table, unit_in, unit_ms2)
    return UnitAndGravity(unit_in, unit_ms2, gravity)


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


def unit_warnings(
    unit: str, reading: GravityReading, facts: DeclaredFacts, *, length: float
) -> list[Note]:
    """Return warnings of a unit that the samples contradict, or cannot confirm.

    Parameters
    ----------
    unit : str
        The unit that the samples are taken to be in.
    reading : GravityReading
        What they show in it.
    facts : DeclaredFacts
        Who declares it, and what the file names.
    length : float
        Length of the mean vector, in that unit.

    Returns
    -------
    list of Note
        Empty where the samples confirm it.
    """
    found: list[Note] = []
    in_file = facts.unit_in_file
    if in_file and unit != in_file and reading.shows != "included":
        found.append(note("UNIT_AGAINST_FILE", unit=unit, in_file=in_file))
    if reading.shows == "other unit":
        found.append(_contradiction(unit, reading, facts.how("unit"), length))
    elif reading.shows in _UNIT_NOT_SHOWN:
        found.append(note("UNIT_NOT_SHOWN", unit=unit, why=reading.shows))
    return found


def _contradiction(unit: str, reading: GravityReading, how: How, length: float) -> Note:
    """Return the warning of a unit in which gravity is not 1 g long."""
    if reading.unit:
        factor = ACCELERATION_UNIT_MS2[reading.unit] / ACCELERATION_UNIT_MS2[unit]
        return note(
            "UNIT_CONTRADICTED", unit=unit, how=how, length=length, fits=reading.unit, factor=factor
        )
    factor = reading.factor or reading.share
    size = "large" if factor > 1.0 else "small"
    return note(
        "UNIT_FACTOR",
        unit=unit,
        how=how,
        length=length,
        size=size,
        factor=max(factor, 1.0 / factor),
    )


def _of_one_axis(reading: GravityReading) -> GravityReading:
    """Return what one axis shows: the part of gravity along it is anything up to 1 g."""
    most = 1.0 + GRAVITY.named_tolerance
    if reading.share > most:
        return reading
    return replace(reading, shows="one axis", unit="", factor=None)


def _find_gravity(table: Table, facts: DeclaredFacts, reading: GravityReading) -> Gravity:
    """Return whether gravity is in the samples: what is said, else what they show, else named."""
    shown = _SHOWN.get(reading.shows)
    declared, how = facts.gravity, facts.how("gravity")
    why = note("MEAN_VECTOR_G", share=reading.share, at_rest=reading.is_at_rest)
    if declared is None:
        # Where the samples do not show it, the nearer of the two.
        gravity = shown or ("included" if reading.share >= GRAVITY.most_deviation else "removed")
        table.decide("gravity", gravity, "told" if shown else "guessed", why)
        if shown is None and reading.shows != "one axis":
            table.warnings.append(_unclear(reading, gravity, "guessed"))
        return gravity
    if shown is None and reading.shows == "between":
        table.warnings.append(_unclear(reading, declared, how))
    if shown is None or shown == declared:
        table.decide("gravity", declared, how)
        return declared
    if how == "said":
        table.decide("gravity", declared, how)
        table.warnings.append(note("GRAVITY_SAID_AGAINST", declared=declared, share=reading.share))
        return declared
    code = "GRAVITY_PRESENT" if shown == "included" else "GRAVITY_ABSENT"
    table.decide("gravity", shown, "told", why)
    table.warnings.append(note(code, share=reading.share))
    return shown


def _unclear(reading: GravityReading, gravity: Gravity, how: How) -> Note:
    """Return the warning that the samples do not show whether gravity is in them."""
    code = "GRAVITY_BETWEEN" if reading.shows == "between" else "GRAVITY_NOT_SHOWN"
    return note(code, share=reading.share, gravity=gravity, how=how)


def _peak_warnings(table: Table, unit: str, unit_ms2: float) -> list[Note]:
    """Return a warning of samples that no sensor measures."""
    seen = table.statistics
    peak = float(max(np.abs(seen.minimum).max(), np.abs(seen.maximum).max()))
    peak_g = peak * unit_ms2 / STANDARD_GRAVITY_MS2
    if not np.isfinite(peak_g) or peak_g <= GRAVITY.most_peak_g:
        return []
    return [note("UNIT_IMPOSSIBLE", unit=unit, peak_g=peak_g)]
