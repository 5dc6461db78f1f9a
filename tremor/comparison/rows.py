"""A leg in a session as it is compared, and in what two of them are unlike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.results.analysis import Analysis
from tremor.results.comparison import SessionRow
from tremor.settings import COMPARISON

__all__ = ["row_of", "turned_deg", "unlike"]


def row_of(analysis: Analysis) -> SessionRow:
    """Return what is compared of a result.

    Parameters
    ----------
    analysis : Analysis
        Of one leg.

    Returns
    -------
    SessionRow
        With the estimates of its summary and its recovery.
    """
    summary, recovery = analysis.summary, analysis.recovery
    half_life = Estimate.missing(note("NOT_SAVED")) if recovery is None else recovery.half_life_s
    return SessionRow(
        name=analysis.source.name,
        sha256=analysis.source.sha256,
        started_at=analysis.recording.started_at,
        placement=analysis.recording.placement,
        status=analysis.status,
        initial_rms_ms2=summary.initial_rms_ms2,
        final_rms_ms2=summary.final_rms_ms2,
        rms_ms2=summary.rms_ms2,
        frequency_hz=summary.frequency_hz,
        half_life_s=half_life,
    )


def unlike(analyses: Sequence[Analysis], *, sides_differ: bool) -> tuple[Note, ...]:
    """Find in what results are unlike, so that a comparison would say little.

    Parameters
    ----------
    analyses : sequence of Analysis
        At least two; each is held against the first.
    sides_differ : bool
        Whether they are of a left and a right leg, whose side and posture need not agree.

    Returns
    -------
    tuple of Note
        Empty if they are alike. What is not known, such as a placement, is not held against them.
    """
    first = analyses[0]
    return tuple(
        one
        for other in analyses[1:]
        for one in (
            *_of_placement(first, other, sides_differ=sides_differ),
            *_of_protocol(first, other),
            *(() if sides_differ else _of_posture(first, other)),
        )
    )


def _of_placement(one: Analysis, other: Analysis, *, sides_differ: bool) -> tuple[Note, ...]:
    before, after = one.recording.placement, other.recording.placement
    if before is None or after is None:
        return ()
    alike = before.site == after.site and (sides_differ or before.side == after.side)
    if alike:
        return ()
    return (
        note(
            "UNLIKE_PLACEMENT",
            first=one.source.name,
            other=other.source.name,
            before=str(before),
            after=str(after),
        ),
    )


def _of_protocol(one: Analysis, other: Analysis) -> tuple[Note, ...]:
    """Compare the band and the gravity of the samples, which decide what is measured."""
    found = []
    names = {"first": one.source.name, "other": other.source.name}
    bands = [(a.settings.band_low_hz, a.settings.band_high_hz) for a in (one, other)]
    if bands[0] != bands[1]:
        (low_hz, high_hz), (other_low_hz, other_high_hz) = bands
        found.append(
            note(
                "UNLIKE_BAND",
                **names,
                low_hz=low_hz,
                high_hz=high_hz,
                other_low_hz=other_low_hz,
                other_high_hz=other_high_hz,
            )
        )
    return tuple(found)


def _of_posture(one: Analysis, other: Analysis) -> tuple[Note, ...]:
    angle_deg = turned_deg(one, other)
    if angle_deg is None or angle_deg <= COMPARISON.most_turned_deg:
        return ()
    return (
        note(
            "UNLIKE_POSTURE",
            first=one.source.name,
            other=other.source.name,
            angle_deg=angle_deg,
        ),
    )


def turned_deg(one: Analysis, other: Analysis) -> float | None:
    """Return the angle between the directions of gravity in two sensors at rest, degrees.

    Parameters
    ----------
    one, other : Analysis
        Two results.

    Returns
    -------
    float or None
        None unless both know the direction.
    """
    directions = [
        analysis.recovery.gravity_direction
        for analysis in (one, other)
        if analysis.recovery is not None and analysis.recovery.gravity_direction
    ]
    if len(directions) < 2:
        return None
    cosine = float(np.dot(directions[0], directions[1]))
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
