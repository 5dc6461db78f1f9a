"""From windows to episodes: what needs the windows before and after.

Settling looks back only, so that a stream can apply it; episodes look at all windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings, heartbeat_limit

__all__ = [
    "CONTEXT_WINDOWS",
    "Stretch",
    "apply_context",
    "apply_heartbeat",
    "apply_settling",
    "find_stretches",
    "still_gate_ms2",
]

Bools = npt.NDArray[np.bool_]

#: How many windows, the present one included, tell a run of heartbeats.
CONTEXT_WINDOWS: Final = 5
#: Windows weaker than this share of another hold another process.
_ALIKE_SHARE: Final = 0.5
#: What leaves the soft tissue ringing: movement so strong that it is told by its strength.
_STIRRING: Final = ("moving", "gait")
#: Hysteresis: an episode goes on while a window reaches this share of the entry thresholds.
_STAY_SHARE: Final = 0.5
#: ... and its peak lies this near to that of the last window of the episode, Hz.
_STAY_HZ: Final = 1.5
#: Fewer weak windows than this do not tell the still floor of a recording.
_LEAST_FOR_FLOOR: Final = 5


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


def apply_context(table: WindowTable, *, settings: AnalysisSettings) -> WindowTable:
    """Judge windows again by what came before them.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time; either from the start of the capture, or with at least
        ``CONTEXT_WINDOWS`` windows and ``settling_s`` before those that count.
    settings : AnalysisSettings
        Thresholds.

    Returns
    -------
    WindowTable
        Some windows of tremor have become ``heartbeat`` or ``settling``.
    """
    return apply_settling(apply_heartbeat(table, settings=settings), settings=settings)


def apply_heartbeat(table: WindowTable, *, settings: AnalysisSettings) -> WindowTable:
    """Refuse windows that belong to a run of heartbeats.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time.
    settings : AnalysisSettings
        Length and limit.

    Returns
    -------
    WindowTable
        A window is judged by the median score of those of the last five that have one and are
        no weaker than half: the scatter of chance falls, the score of a heart does not.
    """
    score, rms_ms2 = table.scores["heartbeat_score"], table.scores["band_rms_ms2"]
    rows = np.flatnonzero(table.where("tremor") & np.isfinite(score))
    if not rows.size:
        return table
    # Where the line is gone for a part, its beginning or end would count as a beat.
    score = np.where(table.reason == REASON_NAMES.index("burst"), np.nan, score)
    recent = np.full((min(CONTEXT_WINDOWS, len(table)), len(table)), np.nan)
    for back in range(len(recent)):
        there = slice(0, len(table) - back)
        with np.errstate(invalid="ignore"):
            alike = rms_ms2[there] >= _ALIKE_SHARE * rms_ms2[back:]
        recent[back, back:] = np.where(alike, score[there], np.nan)
    seen = np.isfinite(recent[:, rows])
    earliest = len(recent) - 1 - np.argmax(seen[::-1], axis=0)
    limit, median = np.full(len(table), np.nan), np.full(len(table), np.nan)
    median[rows] = np.nanmedian(recent[:, rows], axis=0)
    limit[rows] = _limit_of_median(
        seen.sum(axis=0), table.start_s[rows] - table.start_s[rows - earliest], settings=settings
    )
    with np.errstate(invalid="ignore"):
        beating = median > limit
    return _refuse(table, beating, reason="heartbeats", score=median, threshold=limit)


def _limit_of_median(
    count: npt.ArrayLike, apart_s: npt.ArrayLike, *, settings: AnalysisSettings
) -> Floats:
    """Give the limit of the median score of some windows, the last so long after the first."""
    # Windows that overlap by more than half tell less that is new.
    halves = np.floor(2.0 * np.asarray(apart_s) / settings.window_s + 0.01)
    n_looks = np.maximum(np.minimum(1.0 + halves, count), 1.0)
    return heartbeat_limit(settings, length_s=settings.window_s, n_looks=n_looks)


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
    stirring = _is_stirring(table)
    since_movement = table.start_s - _last(table.end_s, stirring)
    broken = table.where("gap") | table.where("dead")
    since_start = table.start_s - np.maximum(_last(table.end_s, broken), 0.0)
    with np.errstate(invalid="ignore"):
        stirred = table.scores["low_rms_ms2"] > settings.settling_low_rms_ms2
    since = np.where(
        since_movement < settings.settling_s, since_movement, np.where(stirred, since_start, np.inf)
    )
    unsettled = calm & (since < settings.settling_s)
    return _refuse(
        table,
        unsettled,
        reason="settling",
        score=np.maximum(since, 0.0),
        threshold=np.full(len(table), settings.settling_s),
    )


def _refuse(
    table: WindowTable, refused: Bools, *, reason: str, score: Floats, threshold: Floats
) -> WindowTable:
    """Give windows another verdict and take their numbers away."""
    if not refused.any():
        return table

    def emptied(column: Floats) -> Floats:
        column = column.copy()
        column[refused] = np.nan
        return column

    return replace(
        table,
        reason=np.where(refused, REASON_NAMES.index(reason), table.reason),
        score=np.where(refused, score, table.score),
        threshold=np.where(refused, threshold, table.threshold),
        method=np.where(refused, 0, table.method),
        coherence=emptied(table.coherence),
        estimates={name: emptied(column) for name, column in table.estimates.items()},
    )


def _is_stirring(table: WindowTable) -> Bools:
    return np.isin(table.reason, [REASON_NAMES.index(name) for name in _STIRRING])


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
        ``episode_join_s``, and lasts at least ``episode_least_s``. It is none where the median
        heartbeat score of all that is alike in and around it is above its limit.
    """
    strong = table.where("tremor") & (
        np.nan_to_num(table.scores["band_rms_ms2"]) >= still_gate_ms2(table, settings=settings)
    )
    lasting = strong | _could_stay(table, settings=settings)
    stirred = _is_stirring(table)
    found = []
    members: list[int] = []
    for index in np.flatnonzero(lasting).tolist():
        if members and not _goes_on(table, members[-1], index, stirred, settings=settings):
            found.append(_close(table, members, strong))
            members = []
        if members or strong[index]:
            near = not members or strong[index] or _is_near(table, members[-1], index)
            if near:
                members.append(index)
    if members:
        found.append(_close(table, members, strong))
    is_tremor = table.where("tremor")
    judged = strong | table.where("no_tremor") | table.where("heartbeat") | table.where("impact")
    return tuple(
        stretch
        for stretch in found
        if stretch.end_s - stretch.start_s >= settings.episode_least_s - 1e-9
        and _is_dense(table, stretch, strong, judged, settings=settings)
        and not _is_beating(table, stretch, is_tremor, settings=settings)
    )


def still_gate_ms2(table: WindowTable, *, settings: AnalysisSettings) -> float:
    """Give the RMS that a window of an episode must reach, m/s^2.

    Parameters
    ----------
    table : WindowTable
        All windows of the recording.
    settings : AnalysisSettings
        The least gate, and the factor over the recording's own still floor.

    Returns
    -------
    float
        The gate follows the median of the windows that hold next to nothing, where there are
        enough of them.
    """
    still = table.scores["band_rms_ms2"][table.reason == REASON_NAMES.index("weak")]
    if len(still) < _LEAST_FOR_FLOOR:
        return settings.least_rms_ms2
    gate_ms2: float = settings.gate_over_still * float(np.median(still))
    return max(settings.least_rms_ms2, gate_ms2)


def _goes_on(
    table: WindowTable, last: int, index: int, stirred: Bools, *, settings: AnalysisSettings
) -> bool:
    near = table.start_s[index] - table.end_s[last] <= settings.episode_join_s
    return bool(near and not stirred[last + 1 : index].any())


def _is_near(table: WindowTable, last: int, index: int) -> bool:
    peak_hz = table.scores["peak_hz"]
    return bool(abs(peak_hz[index] - peak_hz[last]) <= _STAY_HZ)


def _is_dense(
    table: WindowTable,
    stretch: Stretch,
    strong: Bools,
    judged: Bools,
    *,
    settings: AnalysisSettings,
) -> bool:
    inside = slice(
        int(np.searchsorted(table.start_s, stretch.start_s - 1e-9)),
        int(np.searchsorted(table.end_s, stretch.end_s + 1e-9, side="right")),
    )
    n_strong = int(np.count_nonzero(strong[inside]))
    n_judged = max(1, int(np.count_nonzero(judged[inside])))
    return bool(n_strong > 1 and n_strong >= settings.episode_least_share * n_judged)


def _is_beating(
    table: WindowTable, stretch: Stretch, is_tremor: Bools, *, settings: AnalysisSettings
) -> bool:
    """Tell a run of heartbeats of which some windows were taken for tremor.

    Whatever lies around at the same frequency, no weaker than half, is the same process: a heart
    does not stop, and the median over all of it tells more than that of the windows before.
    """
    # Not the whole table for every stretch: a day has hundreds of them.
    around = slice(
        int(np.searchsorted(table.end_s, stretch.start_s - settings.episode_join_s)),
        int(np.searchsorted(table.start_s, stretch.end_s + settings.episode_join_s, side="right")),
    )
    members, start_s = stretch.members[around], table.start_s[around]
    peaks_hz = table.scores["peak_hz"][around]
    levels_ms2 = table.scores["band_rms_ms2"][around]
    is_burst = table.reason[around] == REASON_NAMES.index("burst")
    score = np.where(is_burst, np.nan, table.scores["heartbeat_score"][around])
    peak_hz, rms_ms2 = np.median(peaks_hz[members]), np.median(levels_ms2[members])
    with np.errstate(invalid="ignore"):
        alike = (
            np.isfinite(score)
            & (np.abs(peaks_hz - peak_hz) <= _STAY_HZ)
            & (levels_ms2 >= _ALIKE_SHARE * rms_ms2)
        )
    # Members without a score are stronger than a heart can be, or stayed by hysteresis.
    rows = np.flatnonzero((members & is_tremor[around]) | alike)
    limit = _limit_of_median(rows.size, start_s[rows[-1]] - start_s[rows[0]], settings=settings)
    return bool(np.median(np.nan_to_num(score[rows])) > limit)


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


def _close(table: WindowTable, members: list[int], strong: Bools) -> Stretch:
    # What merely stayed at the end is not tremor: the episode ends with its last strong window.
    last = max(index for index in members if strong[index])
    kept = np.zeros(len(table), dtype=np.bool_)
    kept[[index for index in members if index <= last]] = True
    return Stretch(float(table.start_s[members[0]]), float(table.end_s[last]), kept)
