"""Verdicts and episodes that depend on several windows.

Heartbeats and settling look back only, so that a stream can apply them; episodes look at all
windows. Single windows are judged in `tremor.analysis.judging`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.rest import TIME_TOLERANCE_S
from tremor.measures.envelope import heartbeat_limit
from tremor.recording import Floats
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import EPISODES, AnalysisSettings

__all__ = [
    "EpisodeWindows",
    "apply_context",
    "apply_heartbeat",
    "apply_settling",
    "find_episodes",
    "still_gate_ms2",
]

Bools = npt.NDArray[np.bool_]

#: Reasons of movement so strong that soft tissue rings after it.
_MOVEMENT_REASONS: Final = ("moving", "gait")


@dataclass(frozen=True, eq=False, slots=True)
class EpisodeWindows:
    """An episode: its limits and the windows that belong to it.

    Parameters
    ----------
    start_s, end_s : float
        Limits, s from the start of the capture.
    members : ndarray of bool, shape (n_windows,)
        Windows whose samples hold the tremor.
    """

    start_s: float
    end_s: float
    members: Bools


def apply_context(table: WindowTable, *, settings: AnalysisSettings) -> WindowTable:
    """Judge windows again by those before them.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time; either from the start of the capture, or with at least
        ``EPISODES.heartbeat_windows`` windows and ``settling_s`` before those that matter.
    settings : AnalysisSettings
        Thresholds.

    Returns
    -------
    WindowTable
        Some windows of tremor are ``heartbeat`` or ``settling`` now.
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
        A window is judged by the median score of the last five windows, as far as they have one
        and at least half of its RMS: scatter by chance averages out, the score of a heart does
        not.
    """
    score, rms_ms2 = table.scores["heartbeat_score"], table.scores["band_rms_ms2"]
    rows = np.flatnonzero(table.where("tremor") & np.isfinite(score))
    if not rows.size:
        return table
    # If the line is absent for a part, its start or end would look like a heartbeat.
    score = np.where(table.reason == REASON_NAMES.index("burst"), np.nan, score)
    recent = np.full((min(EPISODES.heartbeat_windows, len(table)), len(table)), np.nan)
    for back in range(len(recent)):
        there = slice(0, len(table) - back)
        with np.errstate(invalid="ignore"):
            alike = rms_ms2[there] >= EPISODES.alike_share * rms_ms2[back:]
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
    """Return the limit of the median score of windows, the last ``apart_s`` after the first."""
    # Windows that overlap by more than half add less than one.
    halves = np.floor(2.0 * np.asarray(apart_s) / settings.window_s + 0.01)
    n_windows = np.maximum(np.minimum(1.0 + halves, count), 1.0)
    return heartbeat_limit(settings, length_s=settings.window_s, n_windows=n_windows)


def apply_settling(table: WindowTable, *, settings: AnalysisSettings) -> WindowTable:
    """Refuse windows in which the leg still settles.

    Parameters
    ----------
    table : WindowTable
        Windows in order of time, from the start of the capture.
    settings : AnalysisSettings
        Settling time.

    Returns
    -------
    WindowTable
        Windows that start less than ``settling_s`` after the end of a moving one are
        ``settling``; so are those as near to the start of the capture or to a gap if their slow
        movement is still strong.
    """
    calm = table.where("tremor") | table.where("no_tremor")
    since_movement = table.start_s - _last(table.end_s, _is_movement(table))
    broken = table.where("gap") | table.where("dead")
    since_start = table.start_s - np.maximum(_last(table.end_s, broken), 0.0)
    with np.errstate(invalid="ignore"):
        is_slow = table.scores["low_rms_ms2"] > settings.settling_low_rms_ms2
    since = np.where(
        since_movement < settings.settling_s, since_movement, np.where(is_slow, since_start, np.inf)
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
    """Return the table with another verdict, and no estimates, for some windows."""
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
        polarisation=emptied(table.polarisation),
        estimates={name: emptied(column) for name, column in table.estimates.items()},
    )


def _is_movement(table: WindowTable) -> Bools:
    return np.isin(table.reason, [REASON_NAMES.index(name) for name in _MOVEMENT_REASONS])


def _last(end_s: Floats, marked: Bools) -> Floats:
    """Return the end of the last marked window up to each window; -inf before the first."""
    return np.maximum.accumulate(np.where(marked, end_s, -np.inf))


def find_episodes(table: WindowTable, *, settings: AnalysisSettings) -> tuple[EpisodeWindows, ...]:
    """Join windows of tremor to episodes.

    Parameters
    ----------
    table : WindowTable
        All windows in order of time, context applied.
    settings : AnalysisSettings
        Longest interruption and shortest episode.

    Returns
    -------
    tuple of EpisodeWindows
        In order of time. An episode begins with a window of tremor, goes on over windows that
        reach half of the thresholds at about the same frequency, survives interruptions up to
        ``episode_join_s``, and lasts at least ``episode_least_s``. It is dropped if the median
        heartbeat score of all similar windows in and around it is above its limit.
    """
    strong = table.where("tremor") & (
        np.nan_to_num(table.scores["band_rms_ms2"]) >= still_gate_ms2(table, settings=settings)
    )
    lasting = strong | _may_continue(table, settings=settings)
    is_movement = _is_movement(table)
    found = []
    members: list[int] = []
    for index in np.flatnonzero(lasting).tolist():
        if members and not _continues(table, members[-1], index, is_movement, settings=settings):
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
        episode
        for episode in found
        if episode.end_s - episode.start_s >= settings.episode_least_s - TIME_TOLERANCE_S
        and _is_dense(table, episode, strong, judged, settings=settings)
        and not _is_heartbeat(table, episode, is_tremor, settings=settings)
    )


def still_gate_ms2(table: WindowTable, *, settings: AnalysisSettings) -> float:
    """Return the RMS that a window of an episode must reach.

    Parameters
    ----------
    table : WindowTable
        All windows of the recording.
    settings : AnalysisSettings
        The lowest gate, and the factor over the recording's own still floor.

    Returns
    -------
    float
        m/s^2. The gate follows the median RMS of the weak windows, if there are enough of them.
    """
    still = table.scores["band_rms_ms2"][table.reason == REASON_NAMES.index("weak")]
    if len(still) < EPISODES.least_for_floor:
        return settings.least_rms_ms2
    gate_ms2: float = settings.gate_over_still * float(np.median(still))
    return max(settings.least_rms_ms2, gate_ms2)


def _continues(
    table: WindowTable, last: int, index: int, is_movement: Bools, *, settings: AnalysisSettings
) -> bool:
    near = table.start_s[index] - table.end_s[last] <= settings.episode_join_s
    return bool(near and not is_movement[last + 1 : index].any())


def _is_near(table: WindowTable, last: int, index: int) -> bool:
    peak_hz = table.scores["peak_hz"]
    return bool(abs(peak_hz[index] - peak_hz[last]) <= EPISODES.stay_hz)


def _is_dense(
    table: WindowTable,
    episode: EpisodeWindows,
    strong: Bools,
    judged: Bools,
    *,
    settings: AnalysisSettings,
) -> bool:
    inside = slice(
        int(np.searchsorted(table.start_s, episode.start_s - TIME_TOLERANCE_S)),
        int(np.searchsorted(table.end_s, episode.end_s + TIME_TOLERANCE_S, side="right")),
    )
    n_strong = int(np.count_nonzero(strong[inside]))
    n_judged = max(1, int(np.count_nonzero(judged[inside])))
    return bool(n_strong > 1 and n_strong >= settings.episode_least_share * n_judged)


def _is_heartbeat(
    table: WindowTable, episode: EpisodeWindows, is_tremor: Bools, *, settings: AnalysisSettings
) -> bool:
    """Check whether an episode is a run of heartbeats of which some windows passed for tremor.

    Windows around it at the same frequency, with at least half of its RMS, hold the same process:
    a heart does not stop, and the median over all of them is surer than that of the windows before.
    """
    # Not the whole table for every episode: a day has hundreds of them.
    around = slice(
        int(np.searchsorted(table.end_s, episode.start_s - settings.episode_join_s)),
        int(np.searchsorted(table.start_s, episode.end_s + settings.episode_join_s, side="right")),
    )
    members, start_s = episode.members[around], table.start_s[around]
    peaks_hz = table.scores["peak_hz"][around]
    levels_ms2 = table.scores["band_rms_ms2"][around]
    is_burst = table.reason[around] == REASON_NAMES.index("burst")
    score = np.where(is_burst, np.nan, table.scores["heartbeat_score"][around])
    peak_hz, rms_ms2 = np.median(peaks_hz[members]), np.median(levels_ms2[members])
    with np.errstate(invalid="ignore"):
        alike = (
            np.isfinite(score)
            & (np.abs(peaks_hz - peak_hz) <= EPISODES.stay_hz)
            & (levels_ms2 >= EPISODES.alike_share * rms_ms2)
        )
    # Members without a score are stronger than a heart can be, or members by hysteresis only.
    rows = np.flatnonzero((members & is_tremor[around]) | alike)
    limit = _limit_of_median(rows.size, start_s[rows[-1]] - start_s[rows[0]], settings=settings)
    return bool(np.median(np.nan_to_num(score[rows])) > limit)


def _may_continue(table: WindowTable, *, settings: AnalysisSettings) -> Bools:
    """Check which windows without tremor may be part of an episode that goes on."""
    scores, share = table.scores, EPISODES.stay_share
    with np.errstate(invalid="ignore"):
        return np.asarray(
            table.where("no_tremor")
            & (scores["band_rms_ms2"] > share * settings.least_rms_ms2)
            & (scores["peak_fraction"] > share * settings.least_peak_fraction)
            & (scores["peak_over_floor"] > share * settings.least_peak_over_floor)
            & (scores["valley_ratio"] > share * settings.least_valley_ratio)
        )


def _close(table: WindowTable, members: list[int], strong: Bools) -> EpisodeWindows:
    # Windows that continue it by hysteresis are not its end: that is the last strong window.
    last = max(index for index in members if strong[index])
    kept = np.zeros(len(table), dtype=np.bool_)
    kept[[index for index in members if index <= last]] = True
    return EpisodeWindows(float(table.start_s[members[0]]), float(table.end_s[last]), kept)
