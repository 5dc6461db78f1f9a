"""Unit of the samples of a table, and whether they include gravity.

Both are declared, else found from the samples. A capture whose gravity is in a file of its own has
it added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.errors import CaptureReadError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.quantities import unit_named
from tremor.formats.csv.rows import read_rows
from tremor.formats.csv.sniffing import sniff_file
from tremor.formats.table import DeclaredFacts, Table, mark_lost
from tremor.integrity import chunked_gravity_evidence
from tremor.notes import note
from tremor.recording import AXES, Gravity
from tremor.settings import GRAVITY
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

__all__ = [
    "UnitAndGravity",
    "add_gravity",
    "find_unit_and_gravity",
    "known_unit",
    "unit_by_gravity",
]

_GUESSED_UNITS: Final = ("m/s^2", "g", "mg")


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


def add_gravity(table: Table, added: CaptureFile) -> None:
    """Add gravity that is in a file of its own.

    Parameters
    ----------
    table : Table
        Samples without gravity, with stamps; they are replaced by the sums, and the step is
        appended to its history.
    added : CaptureFile
        The samples of gravity, in the same unit.

    Raises
    ------
    CaptureReadError
        If that file cannot be read.
    """
    other = read_rows(added, sniff_file(added, None))
    assert table.stamps is not None
    assert other.stamps is not None
    values, gravity = table.samples(), other.samples()
    time, other_time = table.time_s(), other.time_s()
    other.close()
    if np.array_equal(other_time, time):
        values += gravity
        how = "row by row"
    else:
        shift_s = (table.epoch_s or 0.0) - (other.epoch_s or 0.0)
        for axis in range(len(AXES)):
            values[:, axis] += np.interp(time + shift_s, other_time, gravity[:, axis])
        how = "by time"
    mark_lost(values)
    table.replace_values(values)
    table.history.append(f"gravity of {added.name} added {how}")


def find_unit_and_gravity(table: Table, facts: DeclaredFacts) -> UnitAndGravity:
    """Determine unit and gravity.

    Parameters
    ----------
    table : Table
        The samples; steps and warnings are appended to it.
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
    gravity, unit_in = facts.gravity, facts.unit
    if unit_in:
        table.decide("unit", unit_in, facts.how("unit"))
    elif facts.unit_without_gravity and gravity != "included":
        unit_in = facts.unit_without_gravity
        table.decide("unit", unit_in, "named", note("OF_THE_FORMAT"))
    else:
        unit_in, length = _guess_unit(table, facts.name)
        table.warnings.append(note("UNIT_FROM_GRAVITY", unit=unit_in, length=length))
        table.decide("unit", unit_in, "told", note("AT_REST", length=length, unit=unit_in))
        gravity = gravity or "included"
    unit_ms2 = 1.0 if unit_in == "m/s^2" else ACCELERATION_UNIT_MS2[unit_in]
    if gravity is None:
        gravity = _find_gravity(table, unit_ms2)
        table.decide("gravity", gravity, "told")
    else:
        table.decide("gravity", gravity, "told" if facts.gravity is None else facts.how("gravity"))
    return UnitAndGravity(unit_in, unit_ms2, gravity)


def _guess_unit(table: Table, name: str) -> tuple[str, float]:
    """Return the unit in which the mean vector at rest is 1 g long, and its length."""
    seen = chunked_gravity_evidence(table.chunks())
    unit = unit_by_gravity(seen.constant, _GUESSED_UNITS)
    if unit is not None:
        return unit, seen.constant
    raise CaptureReadError(
        f"the unit of {name} cannot be determined: none is named, and the mean vector at rest is "
        f"{seen.constant:.3g} long, near neither 9.81 m/s^2, 1 g nor 1000 mg, as if gravity were "
        "removed or the numbers were counts; give it with --unit"
    )


def unit_by_gravity(length: float, units: Iterable[str]) -> str | None:
    """Return the unit in which a length is near 1 g; None if it is so in none.

    Parameters
    ----------
    length : float
        Length of the mean vector at rest in the unknown unit.
    units : iterable of str
        Units to try.

    Returns
    -------
    str or None
        The first that fits.

    Examples
    --------
    >>> unit_by_gravity(1003.0, ("m/s^2", "g", "mg"))
    'mg'
    """
    for unit in units:
        share = length * ACCELERATION_UNIT_MS2[unit] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= GRAVITY.unit_tolerance:
            return unit
    return None


def _find_gravity(table: Table, unit_ms2: float) -> Gravity:
    seen = table.statistics
    mean = float(np.linalg.norm(unit_ms2 * seen.total / (seen.n_rows - seen.n_lost)))
    if abs(mean / STANDARD_GRAVITY_MS2 - 1.0) < GRAVITY.most_deviation:
        return "included"  # known without another pass over the samples
    is_included = chunked_gravity_evidence(table.chunks(unit_ms2)).is_included()
    return "included" if is_included else "removed"
