"""From windows to episodes: what needs the windows before and after.

Settling looks back only, so that a stream can apply it; episodes look at all windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.results import REASON_NAMES, WindowTable
from tremor.analysis.settings import AnalysisSettings
from tremor.recording import Floats

__all__ = ["Stretch", "apply_settling", "find_stretches"]

Bools = npt.NDArray[np.bool_]

#: Verdicts that leave the soft tissue ringing.
_STIRRING: Final = ("moving", "gait")
#: Hysteresis: an episode goes on while a window reaches this share of the entry thresholds.
_STAY_SHARE: Final = 0.5
#: ... and its peak lies this near to that of the last window of the episode, Hz.
_STAY_HZ: Final = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """An episode: its limits and the windows that belong to it.

    Parameters
    ----------
    start_s, end_s : float
        s from the start of the capture.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples hold the tremor.
    """

    start_s: float
    end_s: float
    members: Bools


def apply_settling(table: WindowTable, *, settings: AnalysisSettings) -> WindowTable:
    """Refuse windows in which the leg still settles.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time, from the start of the capture.
    settings : AnalysisSettings
        How long the leg settles.

    Returns
    -------
    WindowTable
        Windows that start less than ``settling_s`` after the end of a moving one are
        ``settling``; so are those as near to the start of the capture or to a gap whose slow
        movement is still strong.
    """
    calm = table.where("tremor") | table.where("no_tremor")
    stirring = np.any([table.where(verdict) for verdict in _STIRRING], axis=0)
    since_movement = table.start_s - _last(table.end_s, stirring)
    broken = table.where("gap") | table.where("dead")
    since_start = table.start_s - np.maximum(_last(table.end_s, broken), 0.0)
    with np.errstate(invalid="ignore"):
        stirred = table.scores["low_rms_ms2"] > settings.settling_low_rms_ms2
    since = np.where(
        since_movement < settings.settling_s, since_movement, np.where(stirred, since_start, np.inf)
    )
    unsettled = calm & (since < settings.settling_s)
    if not unsettled.any():
        return table
    reason, score = table.reason.copy(), table.score.copy()
    threshold, method = table.threshold.copy(), table.method.copy()
    reason[unsettled] = REASON_NAMES.index("settling")
    score[unsettled] = np.maximum(since[unsettled], 0.0)
    threshold[unsettled] = settings.settling_s
    method[unsettled] = 0
    emptied = {}
    for name in ("frequency_hz", "bandwidth_hz", "rms_ms2", "displacement_pp_mm", "coherence"):
        column = getattr(table, name).copy()
        column[unsettled] = np.nan
        emptied[name] = column
    return replace(table, reason=reason, score=score, threshold=threshold, method=method, **emptied)


def _last(end_s: Floats, marked: Bools) -> Floats:
    """Give the end of the last marked window up to each window; minus infinity before the first."""
    return np.maximum.accumulate(np.where(marked, end_s, -np.inf))


def find_stretches(table: WindowTable, *, settings: AnalysisSettings) -> tuple[Stretch, ...]:
    """Join windows of tremor to episodes.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time, settling applied.
    settings : AnalysisSettings
        How far apart windows may lie, and how long an episode is at least.

    Returns
    -------
    tuple of Stretch
        In order of time. An episode begins with a window of tremor, goes on over windows that
        reach half of the thresholds at about the same frequency, survives interruptions up to
        ``episode_join_s``, and lasts at least ``episode_least_s``.
    """
    strong = table.where("tremor")
    found = []
    members = np.zeros(len(table), dtype=np.bool_)
    start = end = -1
    for index in np.flatnonzero(strong | _could_stay(table, settings=settings)):
        goes_on = start >= 0 and (
            table.start_s[index] - table.end_s[end] <= settings.episode_join_s
            and not _stirred_between(table, end, int(index))
        )
        if not goes_on:
            if start >= 0:
                found.append(_close(table, members, start, end))
            members = np.zeros(len(table), dtype=np.bool_)
            start = -1
        if start < 0 and not strong[index]:
            continue
        if start < 0:
            start = int(index)
        elif not strong[index] and (
            abs(table.scores["peak_hz"][index] - table.scores["peak_hz"][end]) > _STAY_HZ
        ):
            continue
        members[index] = True
        end = int(index)
    if start >= 0:
        found.append(_close(table, members, start, end))
    return tuple(
        stretch
        for stretch in found
        if stretch.end_s - stretch.start_s >= settings.episode_least_s - 1e-9
        and np.count_nonzero(stretch.members & strong) > 1
    )


def _could_stay(table: WindowTable, *, settings: AnalysisSettings) -> Bools:
    scores = table.scores
    with np.errstate(invalid="ignore"):
        return np.asarray(
            table.where("no_tremor")
            & (scores["band_rms_ms2"] > _STAY_SHARE * settings.least_rms_ms2)
            & (scores["peak_fraction"] > _STAY_SHARE * settings.least_peak_fraction)
            & (scores["peak_over_floor"] > _STAY_SHARE * settings.least_peak_over_floor)
            & (scores["valley_ratio"] > _STAY_SHARE * settings.least_valley_ratio)
        )


def _stirred_between(table: WindowTable, end: int, index: int) -> bool:
    between = table.verdict[end + 1 : index]
    return bool(np.isin(between, _STIRRING).any())


def _close(table: WindowTable, members: Bools, start: int, end: int) -> Stretch:
    kept = members.copy()
    # What merely stayed at the end is not tremor: the episode ends with its last strong window.
    last = int(np.flatnonzero(kept & table.where("tremor"))[-1])
    kept[last + 1 : end + 1] = False
    return Stretch(float(table.start_s[start]), float(table.end_s[last]), kept)
