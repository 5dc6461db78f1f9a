"""Rests of a recording: still windows, and the movements that separate them.

The decay over a rest is in `tremor.analysis.decay`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

__all__ = [
    "TIME_TOLERANCE_S",
    "Rest",
    "find_movements",
    "find_rest_start",
    "first_rest_start",
    "is_still",
    "rests_together",
]

Bools = npt.NDArray[np.bool_]

_STILL: Final = ("tremor", "no_tremor", "heartbeat")
_MOVEMENT: Final = ("moving", "gait", "impact")
#: Shaking outside the band on a leg that stays where it is does not part rests.
_BEYOND_BAND: Final = REASON_NAMES.index("beyond_band")
#: Times are compared with this tolerance, s: windows start at multiples of a sample.
TIME_TOLERANCE_S: Final = 1e-9


def find_rest_start(table: WindowTable, *, settings: AnalysisSettings) -> float | None:
    """Find the time at which the runner comes to rest.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    settings : AnalysisSettings
        Length of the windows, and of movements that end a rest.

    Returns
    -------
    float or None
        s from the start of the capture: the end of the movement before the longest rest, searched
        after the run if the capture holds one (60 s of movement or more). Movements shorter than
        20 s interrupt a rest and do not restart it. 0 if the capture starts at rest; None if no
        window is still.
    """
    still = is_still(table)
    if not still.any():
        return None
    movements = find_movements(table, settings=settings)
    edges = [(0.0, 0.0), *movements, (math.inf, math.inf)]
    rests = []
    for (begin_s, after_s), (until_s, _) in pairwise(edges):
        first, end = np.searchsorted(table.start_s, [after_s - TIME_TOLERANCE_S, until_s])
        rests.append((int(np.count_nonzero(still[first:end])), after_s, after_s - begin_s))
    after_run = [index for index, rest in enumerate(rests) if rest[2] >= settings.run_least_s]
    least = settings.recovery_least_rest_s / settings.step_s
    candidates = [rest for rest in rests[after_run[0] :] if rest[0] >= least] if after_run else []
    return max(candidates or rests, key=lambda rest: rest[0])[1]


def is_still(table: WindowTable) -> Bools:
    """Check in which windows the leg is still, but for tremor and heartbeat.

    Parameters
    ----------
    table : WindowTable
        Windows with their verdicts.

    Returns
    -------
    ndarray of bool, shape (n_windows,)
        True if the leg is still.
    """
    return table.where(*_STILL)


def find_movements(table: WindowTable, *, settings: AnalysisSettings) -> list[tuple[float, float]]:
    """Find the movements that separate one rest from another.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    settings : AnalysisSettings
        Shortest movement, and the level from which a clipped window is one.

    Returns
    -------
    list of (start_s, end_s)
        s from the start of the capture, in order. The end is the start of the first window without
        movement. A movement before the first still window is one however short.
    """
    moving = table.where(*_MOVEMENT) & (table.reason != _BEYOND_BAND)
    if "low_rms_ms2" in table.scores:  # a foot strike that clips is a movement, too
        with np.errstate(invalid="ignore"):
            strong = table.scores["low_rms_ms2"] > settings.most_low_rms_ms2
        moving |= table.where("clipped") & strong
    still = is_still(table)
    # A window moves until the next one begins.
    until_s = np.minimum(table.end_s, np.append(table.start_s[1:], np.inf))
    start_s, end_s = table.start_s[moving], until_s[moving]
    parts = start_s[1:] - end_s[:-1] >= settings.movement_join_s
    found = list(
        zip(
            start_s[np.append(True, parts)[: len(start_s)]].tolist(),
            end_s[np.append(parts, True)[: len(end_s)]].tolist(),
            strict=True,
        )
    )
    first_still_s = float(table.start_s[still][0]) if still.any() else math.inf

    def separates(start_s: float, end_s: float) -> bool:
        if start_s <= first_still_s:
            return True
        if end_s - start_s < settings.rest_break_s:
            return False
        within = moving[_started_in(table, start_s, end_s)]
        return 2 * int(np.count_nonzero(within)) >= len(within)

    return [movement for movement in found if separates(*movement)]


class Rest(NamedTuple):
    """A rest: from the end of one movement to the start of the next, s."""

    start_s: float
    end_s: float


def rests_together(
    table: WindowTable, rest_start_s: float, *, settings: AnalysisSettings
) -> tuple[Rest, ...]:
    """Find the rests that make one recovery, from one of them on.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    rest_start_s : float
        Start of the first one, s from the start of the capture.
    settings : AnalysisSettings
        Longest movement between them, and what is running.

    Returns
    -------
    tuple of Rest
        In order of time. A movement of over three minutes ends the recovery, and so does running.
    """
    after = [
        movement
        for movement in find_movements(table, settings=settings)
        if movement[0] > rest_start_s
    ]
    rests, start_s = [], rest_start_s
    for movement in after:
        rests.append(Rest(start_s, movement[0]))
        start_s = movement[1]
        if not _is_break(table, movement, settings):
            return tuple(rests)
    return (*rests, Rest(start_s, math.inf))


def first_rest_start(
    table: WindowTable, rest_start_s: float, *, settings: AnalysisSettings
) -> float:
    """Find the start of the first of the rests that one of them belongs to.

    Parameters
    ----------
    table : WindowTable
        All windows of a recording, settling applied.
    rest_start_s : float
        As `find_rest_start` returns it, s from the start of the capture.
    settings : AnalysisSettings
        As for `rests_together`.

    Returns
    -------
    float
        s from the start of the capture. Rests without tremor before the others are not of the
        recovery: the sensor may have lain on a table.
    """
    before = [
        movement
        for movement in find_movements(table, settings=settings)
        if movement[1] <= rest_start_s + TIME_TOLERANCE_S
    ]
    is_tremor = table.where("tremor")
    starts_s = [0.0, *(end_s for _, end_s in before)]
    first_s = rest_start_s
    for movement, start_s in zip(reversed(before), reversed(starts_s[:-1]), strict=True):
        first, end = np.searchsorted(table.start_s, [start_s - TIME_TOLERANCE_S, movement[0]])
        n_tremor = np.count_nonzero(is_tremor[first:end])
        if n_tremor < settings.recovery_least_tremor_windows:
            break
        if not _is_break(table, movement, settings):
            break
        first_s = start_s
    return first_s


def _started_in(table: WindowTable, start_s: float, end_s: float) -> slice:
    """Return the rows of the windows that begin in a time; a day has hundreds of movements."""
    edges_s = np.array([start_s, end_s]) - TIME_TOLERANCE_S
    return slice(*np.searchsorted(table.start_s, edges_s).tolist())


def _is_break(
    table: WindowTable, movement: tuple[float, float], settings: AnalysisSettings
) -> bool:
    """Check whether a movement interrupts a recovery, and does not tire the leg anew."""
    start_s, end_s = movement
    if end_s - start_s > settings.rest_join_s:
        return False
    if "low_rms_ms2" not in table.scores:
        return False
    inside = table.select(_started_in(table, start_s, end_s))
    # A clipped window has no level: it is stronger than the sensor can tell.
    if inside.where("clipped").any():
        return False
    level = np.hypot(inside.scores["low_rms_ms2"], inside.scores["band_rms_ms2"])
    level = level[np.isfinite(level)]
    return bool(level.size) and float(np.median(level)) < settings.running_least_rms_ms2
