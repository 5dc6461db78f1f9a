"""In what two results are unlike, so that a comparison of them would say little."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from tremor.measures.band import usable_band
from tremor.notes import Note, note
from tremor.results.analysis import Analysis
from tremor.settings import COMPARISON

__all__ = ["turned_deg", "unlike"]

#: What the first and the other result are called, under these keys.
_Names: TypeAlias = dict[str, str]
_BAND: Final = ("band_low_hz", "band_high_hz")


def unlike(
    analyses: Sequence[Analysis], *, sides_differ: bool, names: Sequence[str] | None = None
) -> tuple[Note, ...]:
    """Find in what results are unlike, so that a comparison would say little.

    Parameters
    ----------
    analyses : sequence of Analysis
        At least two; each is held against the first.
    sides_differ : bool
        Whether they are of a left and a right leg, whose side and posture need not agree.
    names : sequence of str, optional
        What to call them, in the same order; the names of their files without it.

    Returns
    -------
    tuple of Note
        Empty if they are alike. What is not known, such as a placement, is not held against them.
    """
    called = [one.source.name for one in analyses] if names is None else names
    checks = _OF_TWO_LEGS if sides_differ else _OF_ONE_LEG
    found = (
        check(analyses[0], other, {"first": called[0], "other": name})
        for other, name in zip(analyses[1:], called[1:], strict=True)
        for check in checks
    )
    return tuple(one for one in found if one is not None)


def _of_placement(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    before, after = one.recording.placement, other.recording.placement
    if before is None or after is None or before == after:
        return None
    return note("UNLIKE_PLACEMENT", **names, before=str(before), after=str(after))


def _of_site(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    """Compare the places alone, of legs whose sides differ."""
    before, after = one.recording.placement, other.recording.placement
    if before is None or after is None or before.site == after.site:
        return None
    return note("UNLIKE_PLACEMENT", **names, before=str(before), after=str(after))


def _of_gravity(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    """Compare whether gravity is in the samples: what takes it out also changes slow tremor."""
    before, after = one.recording.gravity, other.recording.gravity
    if before == after:
        return None
    return note("UNLIKE_GRAVITY", **names, before=before, after=after)


def _of_band(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    """Compare the bands as far as the sampling rates reach."""
    (low_hz, high_hz), (other_low_hz, other_high_hz) = _band_hz(one), _band_hz(other)
    allowed = COMPARISON.most_band_difference_hz
    if max(abs(low_hz - other_low_hz), abs(high_hz - other_high_hz)) <= allowed:
        return None
    return note(
        "UNLIKE_BAND",
        **names,
        low_hz=low_hz,
        high_hz=high_hz,
        other_low_hz=other_low_hz,
        other_high_hz=other_high_hz,
    )


def _band_hz(analysis: Analysis) -> tuple[float, float]:
    settings = analysis.settings
    band_hz = (settings.band_low_hz, settings.band_high_hz)
    if analysis.status == "insufficient":  # the rate may not reach a band at all
        return band_hz
    return usable_band(band_hz, fs=analysis.recording.sampling_rate_hz)


def _of_settings(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    """Compare all other settings: the length of the windows, their step, and what decides."""
    changed = [
        item.name
        for item in dataclasses.fields(one.settings)
        if item.name not in _BAND
        and getattr(one.settings, item.name) != getattr(other.settings, item.name)
    ]
    if not changed:
        return None
    before, after = (
        ", ".join(f"{name} = {getattr(each.settings, name):g}" for name in changed)
        for each in (one, other)
    )
    return note("UNLIKE_SETTINGS", **names, before=before, after=after)


def _of_duration(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    """Compare how long the leg rested: the end of a longer rest is further down its course."""
    before, after = _rest_s(one), _rest_s(other)
    if min(before, after) <= 0.0 or max(before, after) <= COMPARISON.most_rest_ratio * min(
        before, after
    ):
        return None
    return note("UNLIKE_DURATION", **names, before_s=before, after_s=after)


def _rest_s(analysis: Analysis) -> float:
    """Return the time from the start of the rest to the end of the capture, s."""
    began_s = 0.0 if analysis.recovery is None else analysis.recovery.rest_start_s
    return analysis.recording.duration_s - began_s


def _of_since_stop(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    before, after = one.minutes_since_stop, other.minutes_since_stop
    if before is None or after is None:
        return None
    if abs(after - before) <= COMPARISON.most_since_stop_apart_min:
        return None
    return note("UNLIKE_SINCE_STOP", **names, before_min=before, after_min=after)


def _of_posture(one: Analysis, other: Analysis, names: _Names) -> Note | None:
    angle_deg = turned_deg(one, other)
    if angle_deg is None or angle_deg <= COMPARISON.most_turned_deg:
        return None
    return note("UNLIKE_POSTURE", **names, angle_deg=angle_deg)


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


_Check: TypeAlias = Callable[[Analysis, Analysis, _Names], Note | None]
_OF_MEASUREMENT: Final[tuple[_Check, ...]] = (
    _of_gravity,
    _of_band,
    _of_settings,
    _of_duration,
    _of_since_stop,
)
_OF_ONE_LEG: Final[tuple[_Check, ...]] = (_of_placement, *_OF_MEASUREMENT, _of_posture)
_OF_TWO_LEGS: Final[tuple[_Check, ...]] = (_of_site, *_OF_MEASUREMENT)
