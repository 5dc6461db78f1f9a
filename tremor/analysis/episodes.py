"""Verdicts and episodes that depend on several windows.

Heartbeats and settling look back only, so that a stream can apply them; episodes look at all
windows. Single windows are judged in `tremor.analysis.judging`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.bursts import Bursts, bursts_of
from tremor.analysis.presence import Presence, find_presence
from tremor.analysis.rest import TIME_TOLERANCE_S
from tremor.analysis.verdict_rules import flank_rms_ms2, is_line_alone
from tremor.measures.envelope import heartbeat_limit
from tremor.recording import Floats
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import EPISODES, PRESENCE, AnalysisSettings

__all__ = [
    "EpisodeWindows",
    "apply_context",
    "apply_heartbeat",
    "apply_settling",
    "find_episodes",
    "still_gate_ms2",
]

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

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
    bursts : Bursts
        How often and how much of the time the tremor is there.
    provisional : bool
        Whether windows of a stream that are still to come may change it.
    """

    start_s: float
    end_s: float
    members: Bools
    bursts: Bursts = field(default_factory=lambda: Bursts(1, 1.0))
    provisional: bool = False


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
        alike &= table.segment[there] == table.segment[back:]
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
        ``settling``; so are those as near to the start of a segment or to a gap if their slow
        movement is still strong.
    """
    calm = table.where("tremor") | table.where("no_tremor")
    since_movement = table.start_s - _last(table, _is_movement(table, settings))
    broken = table.where("gap") | table.where("dead")
    since_start = table.start_s - np.maximum(_last(table, broken), _segment_start_s(table))
    limit_ms2 = np.full(len(table), settings.settling_low_rms_ms2)
    low_rms_ms2 = table.scores["low_rms_ms2"]
    with np.errstate(invalid="ignore"):
        # The flank of a strong line is no slow movement.
        limit_ms2 = np.where(
            is_line_alone(table.scores), np.fmax(limit_ms2, flank_rms_ms2(table.scores)), limit_ms2
        )
        placed = (low_rms_ms2 > limit_ms2) & (since_start < settings.settling_s)
    moved = since_movement < settings.settling_s
    table = _refuse(
        table,
        calm & placed & ~moved,
        reason="placing",
        score=low_rms_ms2,
        threshold=limit_ms2,
    )
    return _refuse(
        table,
        calm & moved,
        reason="settling",
        score=np.maximum(since_movement, 0.0),
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


def _is_movement(table: WindowTable, settings: AnalysisSettings) -> Bools:
    """Check which windows hold movement after which soft tissue rings."""
    moves = np.isin(table.reason, [REASON_NAMES.index(name) for name in _MOVEMENT_REASONS])
    low_rms_ms2, band_rms_ms2 = table.scores["low_rms_ms2"], table.scores["band_rms_ms2"]
    # The spectrum of a tremor is a comb by chance in 1 of 100 windows; gait moves slowly, too.
    with np.errstate(invalid="ignore"):
        beside_ms2 = np.clip(
            settings.least_beside_share * band_rms_ms2,
            settings.settling_low_rms_ms2,
            settings.most_low_rms_ms2,
        )
        is_comb = (table.reason == REASON_NAMES.index("gait")) & (low_rms_ms2 <= beside_ms2)
    return np.asarray(moves & ~is_comb)


def _last(table: WindowTable, marked: Bools) -> Floats:
    """Return the end of the last marked window of the segment up to each window, or else -inf."""
    last = np.maximum.accumulate(np.where(marked, np.arange(len(table)), -1))
    known = last >= np.searchsorted(table.segment, table.segment)
    return np.where(known, table.end_s[last], -np.inf)


def _segment_start_s(table: WindowTable) -> Floats:
    """Return the start of the segment of each window; 0 for those of the first one of the table."""
    first = np.searchsorted(table.segment, table.segment)
    return np.where(first > 0, table.start_s[first], 0.0)


def find_episodes(
    table: WindowTable, *, settings: AnalysisSettings, is_complete: bool = True
) -> tuple[EpisodeWindows, ...]:
    """Find the episodes of tremor.

    Parameters
    ----------
    table : WindowTable
        All windows in order of time, context applied; of a stream, those that are finished.
    settings : AnalysisSettings
        Band and thresholds.
    is_complete : bool
        Whether the capture ends with the table; if not, the last episodes are provisional.

    Returns
    -------
    tuple of EpisodeWindows
        In order of time. Tremor is there where the hidden Markov model of
        `tremor.analysis.presence` finds it likelier than not, and nearly sure at some time of the
        episode. An episode ends with it, with a movement, with the segment, and where the frequency
        changes; a tremor that comes and goes at one frequency is one episode. It is dropped if the
        median heartbeat score of all similar windows in and around it is above its limit.
    """
    if not len(table):
        return ()
    gate_ms2 = still_gate_ms2(table, settings=settings)
    presence = find_presence(table, still_gate_ms2=gate_ms2, settings=settings)
    strong = table.where("tremor") & (np.nan_to_num(table.scores["band_rms_ms2"]) >= gate_ms2)
    certain = strong | presence.is_burst
    lasting = strong | _may_continue(table, presence, settings)
    found = []
    for rows in _parted(table, presence, lasting | presence.is_burst, settings=settings):
        # Bursts alone may be fidgets, and so may what is hardly likelier than not.
        is_sure = presence.on[rows].max() >= EPISODES.least_probability
        if not (is_sure and strong[rows].any()):
            continue
        # Windows that continue it by hysteresis are neither its start nor its end.
        sure = np.flatnonzero(certain[rows])
        episode = _episode_of(table, presence, rows[sure[0] : sure[-1] + 1], lasting)
        if not _is_heartbeat(table, episode, presence.is_burst, settings=settings):
            found.append(episode)
    if is_complete or not found:
        return tuple(found)
    settled_s = table.end_s[-1] - EPISODES.settles_s
    return tuple(replace(one, provisional=one.end_s > settled_s) for one in found)


def _parted(
    table: WindowTable, presence: Presence, shows: Bools, *, settings: AnalysisSettings
) -> list[Rows]:
    """Return the windows with tremor of each episode."""
    rows = np.flatnonzero(shows & (presence.on > 0.5))
    if not rows.size:
        return []
    ends = np.cumsum(_is_movement(table, settings) | (presence.present < 0.5))
    resting = np.cumsum(table.reason == REASON_NAMES.index("weak"))
    apart_s = table.start_s[rows[1:]] - table.end_s[rows[:-1]]
    rests = (apart_s > EPISODES.longest_pause_s) & (np.diff(resting[rows]) > 0)
    apart = np.diff(table.segment[rows]) > 0
    cuts = np.flatnonzero((np.diff(ends[rows]) > 0) | rests | apart) + 1
    parts: list[Rows] = []
    for part in np.split(rows, cuts):
        parts += _parted_by_frequency(table, presence, part)
    return parts


def _parted_by_frequency(table: WindowTable, presence: Presence, rows: Rows) -> list[Rows]:
    """Return the windows in parts between which the frequency changes."""
    away_hz = np.abs(np.diff(presence.frequency_hz[rows]))
    first, *others = np.split(rows, np.flatnonzero(away_hz > EPISODES.part_hz) + 1)
    parts = [first]
    for piece in others:
        if len(parts) > 1 and _comes_back(table, presence, parts[-2], parts[-1], piece):
            parts[-2:] = [np.concatenate((*parts[-2:], piece))]
        elif _are_at_once(table, presence, parts[-1], piece):
            parts[-1] = np.concatenate((parts[-1], piece))
        else:
            parts.append(piece)
    return parts


def _comes_back(
    table: WindowTable, presence: Presence, one: Rows, between: Rows, other: Rows
) -> bool:
    """Check whether the frequency is that of before, after a short time at another one."""
    at_hz = presence.frequency_hz
    away_hz = abs(float(np.median(at_hz[one])) - float(np.median(at_hz[other])))
    brief = table.end_s[between[-1]] - table.start_s[between[0]] <= EPISODES.longest_pause_s
    return bool(brief and away_hz <= EPISODES.part_hz)


def _are_at_once(table: WindowTable, presence: Presence, one: Rows, other: Rows) -> bool:
    """Check whether two tremors alternate as the stronger one, and do not follow each other."""
    n_seen = n_other = 0
    for rows, there in ((one, other), (other, one)):
        inside = np.arange(rows[0], rows[-1] + 1)
        apart = (table.end_s[inside] <= table.start_s[there[0]] + TIME_TOLERANCE_S) | (
            table.start_s[inside] >= table.end_s[there[-1]] - TIME_TOLERANCE_S
        )
        peak_hz = table.scores["peak_hz"][inside[apart]]
        other_hz = np.median(presence.frequency_hz[there])
        n_seen += int(np.count_nonzero(np.isfinite(peak_hz)))
        n_other += int(np.count_nonzero(np.abs(peak_hz - other_hz) <= EPISODES.part_hz))
    return n_other >= EPISODES.at_once_share * max(n_seen, 1)


def _episode_of(
    table: WindowTable, presence: Presence, rows: Rows, lasting: Bools
) -> EpisodeWindows:
    """Return the episode of some windows, the first and the last of which are its limits."""
    members = np.zeros(len(table), dtype=np.bool_)
    # Windows of which a burst fills a part lower its level: they are for lack of others.
    whole, impact = lasting[rows], table.reason[rows] == REASON_NAMES.index("impact")
    chosen = whole if np.count_nonzero(whole) > 1 else ~impact
    members[rows[chosen] if chosen.any() else rows] = True
    span = slice(int(rows[0]), int(rows[-1]) + 1)
    return EpisodeWindows(
        float(table.start_s[span.start]),
        float(table.end_s[span.stop - 1]),
        members,
        bursts_of(table.select(span), members[span] | (presence.on[span] > 0.5)),
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


def _is_heartbeat(
    table: WindowTable, episode: EpisodeWindows, is_burst: Bools, *, settings: AnalysisSettings
) -> bool:
    """Check whether an episode is a run of heartbeats of which some windows passed for tremor.

    Windows around it at the same frequency, with at least half of its RMS, hold the same process:
    a heart does not stop, and the median over all of them is surer than that of the windows before.
    """
    # Not the whole table for every episode: a day has hundreds of them.
    segment = table.segment[np.argmax(episode.members)]
    first, end = np.searchsorted(table.segment, [segment, segment + 1]).tolist()
    around = slice(
        max(first, int(np.searchsorted(table.end_s, episode.start_s - EPISODES.around_s))),
        min(
            end,
            int(np.searchsorted(table.start_s, episode.end_s + EPISODES.around_s, side="right")),
        ),
    )
    members, start_s = episode.members[around], table.start_s[around]
    peaks_hz = table.scores["peak_hz"][around]
    levels_ms2 = table.scores["band_rms_ms2"][around]
    # A heart does not stop for seconds, but the start of a burst looks like a beat.
    score = np.where(is_burst[around], np.nan, table.scores["heartbeat_score"][around])
    peak_hz, rms_ms2 = np.median(peaks_hz[members]), np.median(levels_ms2[members])
    with np.errstate(invalid="ignore"):
        alike = (
            np.isfinite(score)
            & (np.abs(peaks_hz - peak_hz) <= EPISODES.stay_hz)
            & (levels_ms2 >= EPISODES.alike_share * rms_ms2)
        )
    # A heart does not stop: no heart is what is gone for a part of the time.
    inside = (start_s >= episode.start_s) & (table.end_s[around] <= episode.end_s)
    still = table.reason[around] == REASON_NAMES.index("weak")
    gone = still & (levels_ms2 * PRESENCE.rise <= rms_ms2)
    if np.count_nonzero(gone & inside) >= EPISODES.gone_share * np.count_nonzero(inside):
        return False
    # Members without a score are stronger than a heart can be, or members by hysteresis only.
    by_itself = members & (table.reason[around] == REASON_NAMES.index("line")) & ~is_burst[around]
    rows = np.flatnonzero(by_itself | alike)
    if not rows.size:
        return False
    # Of a heart, most windows are refused one by one; beside a tremor, it raises their median.
    is_mostly_line = np.count_nonzero(by_itself) > EPISODES.heartbeat_most_lines * rows.size
    if is_mostly_line and rows.size >= EPISODES.heartbeat_least:
        return False
    limit = _limit_of_median(rows.size, start_s[rows[-1]] - start_s[rows[0]], settings=settings)
    return bool(np.median(np.nan_to_num(score[rows])) > limit)


def _may_continue(table: WindowTable, presence: Presence, settings: AnalysisSettings) -> Bools:
    """Check which windows without tremor hold that of the windows around them."""
    scores, share = table.scores, EPISODES.stay_share
    with np.errstate(invalid="ignore"):
        return np.asarray(
            table.where("no_tremor")
            & (scores["band_rms_ms2"] > share * settings.least_rms_ms2)
            & (scores["peak_fraction"] > share * settings.least_peak_fraction)
            & (scores["peak_over_floor"] > share * settings.least_peak_over_floor)
            & (scores["valley_ratio"] > share * settings.least_valley_ratio)
            & (np.abs(scores["peak_hz"] - presence.frequency_hz) <= EPISODES.stay_hz)
        )
