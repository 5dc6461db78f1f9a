"""What is said or named of unit and gravity, held against what the samples show.

The samples are read by `tremor.gravity`. A claim that they contradict is a warning that names both
readings; where they show nothing, that is said, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tremor.arrays import single_chunk
from tremor.decisions import How
from tremor.formats.table import DeclaredFacts
from tremor.gravity import GravityReading, chunked_gravity_evidence, read_gravity
from tremor.notes import Note, note
from tremor.recording import Gravity, Recording
from tremor.settings import GRAVITY
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

__all__ = ["SettledGravity", "settle_gravity", "unit_warnings", "verified"]

#: What a reading says of gravity; nothing where it is in doubt.
_SHOWN: Final[Mapping[str, Gravity]] = {
    "included": "included",
    "other unit": "included",
    "removed": "removed",
}
#: Readings that neither confirm a unit nor contradict it.
_UNIT_NOT_SHOWN: Final = frozenset({"removed", "one axis"})


@dataclass(frozen=True, slots=True)
class SettledGravity:
    """Whether gravity is in the samples, and how that was decided.

    Parameters
    ----------
    gravity : {"included", "removed"}
        What it is taken to be.
    how : {"said", "named", "told", "guessed"}
        How that was reached.
    why : Note or None
        The grounds, where the samples decided.
    warnings : tuple of Note
        What speaks against it, or that nothing shows it.
    """

    gravity: Gravity
    how: How
    why: Note | None = None
    warnings: tuple[Note, ...] = ()


def unit_warnings(
    unit: str, reading: GravityReading, facts: DeclaredFacts, *, length: float, peak: float
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
    peak : float
        Highest absolute value of an axis, in that unit.

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
    low, high = GRAVITY.correction_range
    if reading.shows == "included" and reading.is_at_rest and not low <= 1 / reading.share <= high:
        found.append(note("SCALE_NOT_CORRECTED", share=reading.share))
    peak_g = peak * ACCELERATION_UNIT_MS2[unit] / STANDARD_GRAVITY_MS2
    if GRAVITY.most_peak_g < peak_g < float("inf"):
        found.append(note("UNIT_IMPOSSIBLE", unit=unit, peak_g=peak_g))
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


def settle_gravity(reading: GravityReading, facts: DeclaredFacts) -> SettledGravity:
    """Decide whether gravity is in the samples: what is said, else what they show, else named.

    Parameters
    ----------
    reading : GravityReading
        What the samples show.
    facts : DeclaredFacts
        What is declared.

    Returns
    -------
    SettledGravity
        With warnings where samples and declaration differ, or the samples show nothing.
    """
    shown = _SHOWN.get(reading.shows)
    declared, how = facts.gravity, facts.how("gravity")
    why = None
    if math.isfinite(reading.share):  # there may be too few rows for a mean vector
        why = note("MEAN_VECTOR_G", share=reading.share, at_rest=reading.is_at_rest)
    if declared is None:
        # Where the samples do not show it, the nearer of the two.
        nearer: Gravity = "included" if reading.share >= GRAVITY.most_deviation else "removed"
        found = SettledGravity(shown or nearer, "told" if shown else "guessed", why)
        return found if shown else replace(found, warnings=_unclear(reading, nearer))
    if shown is None or shown == declared:
        between = reading.shows == "between"
        return SettledGravity(declared, how, None, _unclear(reading, declared) if between else ())
    if how == "said":
        against = note("GRAVITY_SAID_AGAINST", declared=declared, share=reading.share)
        return SettledGravity(declared, how, None, (against,))
    if shown == "included":
        against = note("GRAVITY_PRESENT", share=reading.share)
    else:
        against = note("GRAVITY_ABSENT", share=reading.share)
    return SettledGravity(shown, "told", why, (against,))


def _unclear(reading: GravityReading, gravity: Gravity) -> tuple[Note, ...]:
    """Return the warning that the samples do not show whether gravity is in them."""
    if reading.shows == "one axis":  # that is said of the unit
        return ()
    share = reading.share if math.isfinite(reading.share) else None  # of too few rows for one
    values = {"share": share, "gravity": gravity}
    if reading.shows == "between":
        return (note("GRAVITY_BETWEEN", **values),)
    return (note("GRAVITY_NOT_SHOWN", **values),)


def verified(recording: Recording, *, is_said: bool = False) -> Recording:
    """Hold a recording that did not come from a table against its own samples.

    Parameters
    ----------
    recording : Recording
        In memory, m/s^2.
    is_said : bool
        Whether its gravity is said by the user.

    Returns
    -------
    Recording
        With further warnings where unit or gravity are contradicted; those that it has already, and
        that the samples cannot confirm its unit, are not added.
    """
    samples = recording.acceleration_ms2
    low, high = GRAVITY.segment_range_rows
    rows = round(min(max(recording.sampling_rate_hz, low), high))
    seen = chunked_gravity_evidence(single_chunk(samples), segment_rows=rows)
    finite = samples[np.isfinite(samples[:, 0])]
    is_single_axis = int((finite == 0.0).all(axis=0).sum()) == samples.shape[1] - 1
    reading = read_gravity(seen, "m/s^2", is_single_axis=is_single_axis)
    said = {"gravity"} if is_said else set()
    decided = {one.about: one.how for one in recording.decisions}
    said |= {about for about, how in decided.items() if how == "said"}
    facts = DeclaredFacts(name="", gravity=recording.gravity, said=frozenset(said))
    peak = float(np.abs(finite).max(initial=0.0))
    settled = settle_gravity(reading, facts)
    known = {one.code for one in recording.warnings} | {"UNIT_NOT_SHOWN"}
    found = (
        *unit_warnings("m/s^2", reading, facts, length=seen.constant, peak=peak),
        *settled.warnings,
    )
    added = tuple(one for one in found if one.code not in known)
    if not added:
        return recording
    return replace(recording, gravity=settled.gravity, warnings=(*recording.warnings, *added))
