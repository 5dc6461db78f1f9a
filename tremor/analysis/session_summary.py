"""The summary of a session: how long it was judged, how much of that was tremor, and its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.analysis.beyond import beyond_note, hides_tremor, least_seen_ms2
from tremor.analysis.episodes import EpisodeWindows
from tremor.analysis.session_lines import SessionLine, tremor_lines
from tremor.dsp.windows import WindowGrid
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.results.analysis import Status, Summary
from tremor.results.cautions import BeyondBand
from tremor.results.estimates import estimates_of
from tremor.results.windows import WindowTable
from tremor.settings import EPISODES, AnalysisSettings

__all__ = ["duty_cycle_of", "status_of", "summarize"]

Bools = npt.NDArray[np.bool_]

#: Reasons for which there is no tremor in the result, and yet "no tremor" would say too much.
_UNSURE: Final = frozenset({"TREMOR_UNSURE", "TOO_BROAD"})


def summarize(
    table: WindowTable,
    episodes: Sequence[EpisodeWindows],
    tremors: Sequence[SessionLine],
    beyond: BeyondBand | None,
    *,
    settings: AnalysisSettings,
    grid: WindowGrid,
    refused: Note | None,
) -> Summary:
    """Summarize a session.

    Parameters
    ----------
    table : WindowTable
        All windows.
    episodes : sequence of EpisodeWindows
        Its episodes.
    tremors : sequence of SessionLine
        Their lines, that with the largest share first.
    beyond : BeyondBand or None
        Shaking outside the band.
    settings : AnalysisSettings
        Least time that must be judged.
    grid : WindowGrid
        The windows.
    refused : Note or None
        Why an episode was dropped, if one was.

    Returns
    -------
    Summary
        Without the strength at both ends of the rest, which is that of the recovery.
    """
    holds_tremor = _any_members(table, episodes)
    still_s = _covered_s(grid, table.where("tremor") | table.where("no_tremor") | holds_tremor)
    tremor_s = _covered_s(grid, holds_tremor)
    line = tremors[0].line if tremors else None
    reason = None
    if beyond is not None and not episodes and hides_tremor(beyond):
        reason = beyond_note(beyond, fs=grid.fs)
    elif still_s < settings.still_least_s:
        reason = _too_little_still(table, still_s, settings)
    elif line is None:
        reason = refused or _unsure(table) or note("NO_EPISODE")
    elif line.fit.agrees_with_windows is False:
        reason = line.fit.reason
    duty_cycle = duty_cycle_of(episodes)
    return Summary(
        tremor_detected=bool(episodes),
        still_s=still_s,
        tremor_s=tremor_s,
        occupancy=min(1.0, tremor_s / still_s) if still_s > 0 else None,
        **estimates_of(line, otherwise=Estimate.missing(reason or note("NO_EPISODE"))),
        reason=reason,
        least_seen_ms2=least_seen_ms2(table, settings=settings),
        intermittent=duty_cycle is not None,
        duty_cycle=duty_cycle,
        lines=tremor_lines(tremors),
        fit=line.fit if line else None,
    )


def status_of(summary: Summary, beyond: BeyondBand | None, *, settings: AnalysisSettings) -> Status:
    """Return the kind of a result.

    Parameters
    ----------
    summary : Summary
        As `summarize` returns it.
    beyond : BeyondBand or None
        Shaking outside the band.
    settings : AnalysisSettings
        Least time that must be judged.

    Returns
    -------
    {"measured", "no_tremor", "insufficient"}
        "no_tremor" only if a tremor would have been seen.
    """
    if summary.still_s < settings.still_least_s:
        return "insufficient"
    if summary.tremor_detected:
        return "measured"
    unsure = summary.reason is not None and summary.reason.code in _UNSURE
    return "insufficient" if unsure or hides_tremor(beyond) else "no_tremor"


def _covered_s(grid: WindowGrid, chosen: Bools) -> float:
    """Return the time that windows cover, overlaps counted once, s."""
    rows = np.flatnonzero(chosen)
    # Samples of different segments are apart, however near their numbers.
    begin = grid.begin(rows) + grid.segment(rows) * grid.n_window
    if begin.size == 0:
        return 0.0
    new = np.minimum(np.diff(begin, append=begin[-1] + grid.n_window), grid.n_window)
    return float(new.sum() / grid.fs)


def _unsure(table: WindowTable) -> Note | None:
    """Return that some windows look like tremor where they are a good part of all."""
    n_tremor = int(np.count_nonzero(table.where("tremor")))
    n_judged = n_tremor + int(np.count_nonzero(table.where("no_tremor") | table.where("heartbeat")))
    if n_tremor < EPISODES.unsure_share * max(1, n_judged):
        return None
    return note("TREMOR_UNSURE", n_tremor=n_tremor, n_judged=n_judged)


def _any_members(table: WindowTable, episodes: Sequence[EpisodeWindows]) -> Bools:
    found = np.zeros(len(table), dtype=np.bool_)
    for one in episodes:
        found |= one.members
    return found


def duty_cycle_of(episodes: Sequence[EpisodeWindows]) -> float | None:
    """Return the share of the time that bursts fill.

    Parameters
    ----------
    episodes : sequence of EpisodeWindows
        Episodes of a session.

    Returns
    -------
    float or None
        0 to 1; None if the tremor does not come and go for most of their time.
    """
    in_bursts = [one for one in episodes if one.bursts.is_intermittent]
    whole_s = sum(one.end_s - one.start_s for one in episodes)
    bursts_s = sum(one.end_s - one.start_s for one in in_bursts)
    if not in_bursts or 2.0 * bursts_s < whole_s:
        return None
    filled_s = sum((one.end_s - one.start_s) * one.bursts.duty_cycle for one in in_bursts)
    return filled_s / bursts_s


def _too_little_still(table: WindowTable, still_s: float, settings: AnalysisSettings) -> Note:
    """Return why there is no summary, with the commonest refusal and its score."""
    names, counts = np.unique(table.reason, return_counts=True)
    index = int(np.flatnonzero(table.reason == names[np.argmax(counts)])[0])
    window = table[index]
    return note(
        "TOO_LITTLE_STILL",
        still_s=still_s,
        least_s=settings.still_least_s,
        verdict=window.verdict,
        why=window.reason,
    )
