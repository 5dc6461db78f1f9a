"""Sample positions where stamps come in bursts, late or coarsely rounded: rows are counted.

A stamp can be late and never early. A single late stamp is no evidence of loss; a lost packet
shifts all later stamps for good. Losses are therefore lasting upward shifts of the level, the
earliest phase of the stamps. Stamps whose steps are whole periods are for `tremor.clock.by_steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.clock.rate import (
    StampLine,
    block_means,
    block_minima,
    covered_s,
    fit_stamps,
    require_period_s,
)
from tremor.notes import Note, note
from tremor.settings import LATE_STAMPS

__all__ = ["CountedPositions", "late_stamp_notes", "positions_by_count"]

#: Rows of the shortest run whose duration gives a first period, and of the shortest that suffices.
_FIRST_RUN_ROWS: Final = 16
_MIN_RUN_ROWS: Final = 64
_MAX_ROUNDS: Final = 3
#: Rows of a long capture that are examined for lateness.
_EXAMINED_ROWS: Final = 50_000


@dataclass(frozen=True, eq=False, slots=True)
class CountedPositions:
    """Sample positions of rows that were counted.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    least_loss_s : float
        Shorter losses than this cannot be distinguished from delay, s.
    """

    index: Indices
    least_loss_s: float


def positions_by_count(stamps: Floats) -> CountedPositions:
    """Count the rows, and insert losses only where the level of the stamps shifts for good.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.

    Returns
    -------
    CountedPositions
        The positions, and the shortest loss that could be detected.

    Raises
    ------
    InvalidInputError
        If the stamps determine no period.

    Notes
    -----
    A rise of the level is a loss where it exceeds chance: several times the usual change of the
    earliest stamps of two seconds, and several times the falls of the level, the earliest stamp of
    twenty seconds, which no loss can cause. The gap is the longest step between the last row that
    is too early to follow it and the first row on the new level. Positions and period are estimated
    in turn.
    """
    rows = np.arange(len(stamps), dtype=np.int64)
    index, least_loss_s = rows, 0.0
    period_s = _median_slope_s(stamps, rows, require_period_s(_period_from_runs_s(stamps)))
    require_period_s(period_s)
    for _ in range(_MAX_ROUNDS):
        phase_s = stamps - period_s * rows
        levels = _Levels(phase_s, period_s)
        least_loss_s = max(levels.noise_s, _shortest_loss_s(stamps, period_s))
        found = rows + np.cumsum(_lost_samples(stamps, phase_s, levels, period_s, least_loss_s))
        converged = np.array_equal(found, index)
        index = found
        period_s = fit_stamps(stamps, index, may_be_late=True).period_s
        if converged:
            break
    return CountedPositions(index, least_loss_s)


def late_stamp_notes(stamps: Floats, positions: CountedPositions, line: StampLine) -> list[Note]:
    """Warn where stamps are so late that short losses cannot be detected.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    positions : CountedPositions
        The sample positions of the rows.
    line : StampLine
        The line fitted to them.

    Returns
    -------
    list of Note
        Empty where the stamps are never late by much.
    """
    if not line.through_earliest:
        return []
    some = slice(None, None, max(1, len(stamps) // _EXAMINED_ROWS))
    position = positions.index[some]
    earliest = np.interp(position, line.blocks.position, line.blocks.phase)
    delay = stamps[some] / line.period_s - position - earliest
    late_s = line.period_s * float(np.quantile(delay, LATE_STAMPS.late_share))
    least_s = max(LATE_STAMPS.late_s, LATE_STAMPS.late_periods * line.period_s)
    if not least_s <= late_s < np.inf:
        return []
    return [
        note(
            "LATE_STAMPS",
            share=LATE_STAMPS.late_share,
            late_s=late_s,
            least_loss_s=positions.least_loss_s,
        )
    ]


def _shortest_loss_s(stamps: Floats, period_s: float) -> float:
    """Estimate the shortest possible loss: a sample, or a burst where stamps come in bursts."""
    least_s = LATE_STAMPS.least_periods * period_s
    steps = np.diff(stamps)
    pauses = steps[steps > LATE_STAMPS.pause_periods * period_s]
    in_bursts_s = float(steps.sum() - pauses.sum())
    most_in_bursts_s = LATE_STAMPS.most_time_in_bursts * len(stamps) * period_s
    if not pauses.size or in_bursts_s >= most_in_bursts_s:
        return least_s
    return max(least_s, LATE_STAMPS.least_pause_share * float(np.median(pauses)))


class _Levels:
    """The earliest phase before and after each cell of rows.

    Parameters
    ----------
    phase_s : ndarray, shape (n,)
        Stamps less the count times the period, s.
    period_s : float
        Sampling period, s.
    """

    def __init__(self, phase_s: Floats, period_s: float) -> None:
        self.cell_rows = max(1, round(LATE_STAMPS.cell_s / period_s))
        minima_s = np.minimum.reduceat(phase_s, np.arange(0, len(phase_s), self.cell_rows))
        cell_s = self.cell_rows * period_s
        self.n_cells = max(1, round(LATE_STAMPS.level_s / cell_s))
        ahead = _forward_minimum(minima_s, self.n_cells)
        behind = _forward_minimum(minima_s[::-1], self.n_cells)[::-1]
        #: Rise of the level at the beginning of each cell but the first, s.
        self.rise_s: Floats = ahead[1:] - behind[:-1]
        #: What a rise must exceed, s.
        self.noise_s = self._noise_s(minima_s, max(1, round(LATE_STAMPS.reliable_s / cell_s)))

    def _noise_s(self, minima_s: Floats, reliable: int) -> float:
        """Estimate chance changes of the level; losses only raise it, so its falls are chance."""
        inner = self.rise_s[reliable:-reliable]
        fall_s = -float(np.quantile(inner, LATE_STAMPS.fall_quantile)) if inner.size else 0.0
        cut = len(minima_s) // reliable * reliable
        early = minima_s[:cut].reshape(-1, reliable).min(axis=1)
        median_s = float(np.median(np.abs(np.diff(early)))) if len(early) > 1 else 0.0
        return max(LATE_STAMPS.least_over_fall * fall_s, LATE_STAMPS.least_over_median * median_s)


def _forward_minimum(values: Floats, length: int) -> Floats:
    """Compute the running minimum of each value and those that follow it, shorter at the end."""
    least = np.append(values, np.full(length - 1, np.inf))
    span = 1
    while span < length:  # the minimum over twice the span from that of its halves
        shift = min(span, length - span)
        least[:-shift] = np.minimum(least[:-shift], least[shift:])
        span += shift
    return least[: len(values)]


def _lost_samples(
    stamps: Floats, phase_s: Floats, levels: _Levels, period_s: float, least_s: float
) -> Indices:
    """Compute how many samples are lost before each row."""
    n, size = len(phase_s), levels.cell_rows
    reach = levels.n_cells * size
    reliable = max(1, round(LATE_STAMPS.reliable_s / period_s))
    lost = np.zeros(n, dtype=np.int64)
    tolerance_s = LATE_STAMPS.gap_tolerance * least_s
    min_step_s = LATE_STAMPS.gap_step_share * least_s
    last_loss = 0
    for cell in np.flatnonzero(levels.rise_s > least_s) + 1:
        row = int(cell) * size
        if row <= last_loss or not _rise_s(phase_s, row, last_loss, reach) > least_s:
            continue
        first = max(last_loss + 1, row - size)
        end = min(row + reliable, n)
        at = _first_row_after_gap(stamps, phase_s, first, end, reach, tolerance_s)
        rise_s = _rise_s(phase_s, at, last_loss, reach)
        n_lost = round(rise_s / period_s)
        # The fewer rows follow, the later even the earliest of them may be.
        missing_s = max(0.0, LATE_STAMPS.reliable_s - (n - at) * period_s)
        step_s = float(stamps[at] - stamps[at - 1])
        if n_lost > 0 and rise_s > least_s + missing_s and step_s > min_step_s:
            lost[at], last_loss = n_lost, at
    return lost


def _rise_s(phase_s: Floats, row: int, last_loss: int, reach: int) -> float:
    """Compute the rise of the level at a row, from the rows since the last loss, s."""
    before_s = phase_s[max(last_loss, row - reach) : row].min()
    return float(phase_s[row : row + reach].min() - before_s)


def _first_row_after_gap(
    stamps: Floats, phase_s: Floats, first: int, end: int, reach: int, tolerance_s: float
) -> int:
    """Find the row with the longest step between the old level and the new one.

    The last rows before a gap may all be late, which looks like a smaller gap before them. A row
    below the level that is reached two seconds later is still before the gap.
    """
    after = phase_s[end : end + reach]
    level_s = float((after if after.size else phase_s[first:end]).min())
    before = np.flatnonzero(phase_s[first:end] < level_s - tolerance_s)
    begin = first + int(before[-1]) + 1 if before.size else first
    on_level = np.flatnonzero(phase_s[begin:end] <= level_s + tolerance_s)
    stop = begin + int(on_level[0]) + 1 if on_level.size else end
    if begin >= stop:
        return min(begin, len(stamps) - 1)
    return begin + int(np.argmax(stamps[begin:stop] - stamps[begin - 1 : stop - 1]))


def _median_slope_s(stamps: Floats, rows: Indices, period_s: float) -> float:
    """Compute the median slope from the earliest stamp of a block to that of the next, s."""
    means = block_means(stamps, rows, period_s)
    minima = block_minima(stamps, rows, means, period_s)
    if len(minima.position) < 3:
        return period_s
    slopes = np.diff(minima.phase) / np.diff(minima.position)
    return period_s * (1.0 + float(np.median(slopes)))


def _period_from_runs_s(stamps: Floats) -> float:
    """Estimate the period from the time spans of long runs of rows, s."""
    n = len(stamps)
    best, best_spread = covered_s(stamps) / (n - 1), np.inf
    low_quantile, high_quantile = LATE_STAMPS.period_quantiles
    length = _FIRST_RUN_ROWS
    while 4 * length <= n:
        stride = max(1, length // 4)
        ends = stamps[length::stride]
        spans = ends - stamps[: n - length : stride][: len(ends)]
        low, median, high = np.quantile(spans, (low_quantile, 0.5, high_quantile))
        spread = (high - low) / median if median > 0 else np.inf
        if spread < best_spread:
            core = spans[(spans >= low) & (spans <= high)]
            best, best_spread = float(core.mean()) / length, float(spread)
        if spread <= LATE_STAMPS.most_period_spread and length >= _MIN_RUN_ROWS:
            break
        length *= 2
    return float(best)
