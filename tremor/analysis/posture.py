"""Postures of a rest: stretches in which gravity keeps its direction in the sensor.

How much of a tremor reaches the sensor depends on how the leg lies. Where gravity turns, a change
of strength says nothing about recovery.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.results.cautions import Caution
from tremor.results.recovery import Recovery
from tremor.settings import POSTURES

__all__ = ["Postures", "Turn", "find_postures", "posture_cautions"]

Integers = npt.NDArray[np.int64]


class Turn(NamedTuple):
    """A change of posture: its time, s, and its angle, degrees."""

    at_s: float
    angle_deg: float


class Postures(NamedTuple):
    """Postures of the windows of a rest.

    Parameters
    ----------
    number : ndarray of int, shape (n_windows,)
        0 for the first posture; one that returns has its number again.
    turns : tuple of Turn
        In order of time.
    """

    number: Integers
    turns: tuple[Turn, ...]


def find_postures(start_s: Floats, gravity: Floats) -> Postures:
    """Find where gravity turns.

    Parameters
    ----------
    start_s : ndarray, shape (n_windows,)
        Starts of the still windows of a rest, s, rising.
    gravity : ndarray, shape (n_windows, 3)
        Mean acceleration of each, m/s^2.

    Returns
    -------
    Postures
        One if gravity keeps its direction.

    Notes
    -----
    A turn is the largest angle between the mean directions of the three windows before and after,
    if it is above 12 degrees and above six times the usual angle between neighbours. A slow sagging
    is none until it reaches 30 degrees.
    """
    n = len(start_s)
    direction = gravity / np.maximum(np.linalg.norm(gravity, axis=1, keepdims=True), 1e-9)
    if n < 2:
        return Postures(np.zeros(n, dtype=np.int64), ())
    limit_deg = max(
        POSTURES.least_turn_deg,
        POSTURES.over_unsteadiness * float(np.median(_angle_deg(direction[:-1], direction[1:]))),
    )
    edges = _with_sagging(direction, _sudden_turns(direction, limit_deg))
    stretches = np.split(np.arange(n), edges)
    means = [_mean_direction(direction[stretch]) for stretch in stretches]
    number, known = np.zeros(n, dtype=np.int64), [means[0]]
    turns, now = [], 0
    for stretch, before, mean in zip(stretches[1:], means, means[1:], strict=False):
        away = [float(_angle_deg(mean, one)) for one in known]
        then, now = now, int(np.argmin(away))
        if away[now] > limit_deg / 2.0:
            now = len(known)
            known.append(mean)
        number[stretch] = now
        if now != then:
            turns.append(Turn(float(start_s[stretch[0]]), float(_angle_deg(before, mean))))
    return Postures(number, tuple(turns))


def _angle_deg(one: Floats, other: Floats) -> Floats:
    cosine = np.clip(np.sum(one * other, axis=-1), -1.0, 1.0)
    return np.asarray(np.degrees(np.arccos(cosine)))


def _mean_direction(directions: Floats) -> Floats:
    mean = directions.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _sudden_turns(direction: Floats, limit_deg: float) -> list[int]:
    """Return the windows that begin after a turn."""
    n, reach = len(direction), POSTURES.windows_beside
    total = np.concatenate([np.zeros((1, 3)), np.cumsum(direction, axis=0)])
    at = np.arange(1, n)
    before = total[at] - total[np.maximum(at - reach, 0)]
    after = total[np.minimum(at + reach, n)] - total[at]
    unit_before, unit_after = (
        side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
        for side in (before, after)
    )
    angle = _angle_deg(unit_before, unit_after)
    found: list[int] = []
    for index in np.argsort(-angle, kind="stable").tolist():
        if angle[index] <= limit_deg:
            break
        if all(abs(at[index] - other) > reach for other in found):
            found.append(int(at[index]))
    return sorted(found)


def _with_sagging(direction: Floats, edges: list[int]) -> list[int]:
    """Add the windows at which a slow turn has become a large one."""
    found = []
    for begin, end in zip([0, *edges], [*edges, len(direction)], strict=True):
        first = begin
        while True:
            start = _mean_direction(direction[first : first + POSTURES.windows_beside])
            far = _angle_deg(direction[first:end], start) > POSTURES.sagging_deg
            if not far.any():
                break
            first += int(np.argmax(far))
            if first < end - 1:
                found.append(first)
            else:
                break
    return sorted({*edges, *found})


def posture_cautions(recovery: Recovery) -> tuple[Caution, ...]:
    """Return a caution for every change of posture within the rest.

    Parameters
    ----------
    recovery : Recovery
        With its remarks.

    Returns
    -------
    tuple of Caution
        ``posture_change`` from its time to the end of the rest, in order of time.
    """
    return tuple(
        Caution(
            code="posture_change",
            about=("recovery", "strength"),
            strength=min(1.0, one.values["angle_deg"] / POSTURES.full_turn_deg),
            statement=one,
            start_s=recovery.rest_start_s + one.values["at_s"],
            end_s=recovery.rest_start_s + recovery.rest_s,
        )
        for one in recovery.remark
        if one.code == "POSTURE_TURNED"
    )
