"""The place of each row where stamps come in bursts, late or coarse: rows are counted.

A late stamp says nothing of loss, and a lost packet makes all that follow late for good: losses are
steps of the earliest stamps that last. Stamps that tell each step are for `tremor.clock.by_steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.clock.rate import Line, block_earliest, block_means, fit_line
from tremor.notes import Note, note
from tremor.recording import Floats

__all__ = ["Counted", "place_by_count", "tell_late"]

Indices = npt.NDArray[np.int64]

#: Runs of rows whose spans of time tell the period are made longer until they are this alike.
_SPREAD_LIMIT: Final = 0.002
#: The level of the stamps before and after a row is the earliest of so much time. Stalls of radio
#: links last seconds; a crystal strays by 2 ms in that time.
_LEVEL_S: Final = 20.0
#: Levels are made of the earliest stamps of cells of so much time.
_CELL_S: Final = 0.25
#: After less time than this even the earliest may still be late.
_SURE_S: Final = 2.0
#: A step of the level is a loss beyond so many times what 5 % of all rows fall by, ...
_TIMES_FALL: Final = 4.0
#: ... what the earliest of two seconds usually stray by, ...
_TIMES_USUAL: Final = 3.0
#: ... so many periods, and this share of the pause between bursts: packets are lost whole.
_LEAST_PERIODS: Final = 1.5
_LEAST_PAUSE: Final = 0.75
_ROUNDS: Final = 3
#: Stamps are late where this share of them is within no less than so much, and so many periods, of
#: the earliest.
_USUALLY: Final = 0.95
_LATE_S: Final = 0.03
_LATE_PERIODS: Final = 2.5
_FEW_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Counted:
    """Places of rows that were counted.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Place of each row on the even grid.
    least_loss_s : float
        Shorter losses than this cannot be told from delay, s.
    """

    index: Indices
    least_loss_s: float


def place_by_count(stamps: Floats) -> Counted:
    """Place the rows by counting them; only steps of the earliest stamps that last are losses.

    A step lasts where it is above all chance: above what the earliest stamps of two seconds stray
    by, and those of twenty seconds fall by, which no loss can make them do. The hole is put where
    the longest step is between the last row that is too early to follow it and the first row of
    the new level.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.

    Returns
    -------
    Counted
        The places, and which losses are too short to be told.
    """
    rows = np.arange(len(stamps), dtype=np.int64)
    index, least_s = rows, 0.0
    period_s = _typical_period_s(stamps, rows, _run_period_s(stamps))
    for _ in range(_ROUNDS):
        phase_s = stamps - period_s * rows
        levels = _Levels(phase_s, period_s)
        least_s = max(levels.noise_s, _least_packet_s(stamps, period_s))
        found = rows + np.cumsum(_losses(stamps, phase_s, levels, period_s, least_s))
        done = np.array_equal(found, index)
        index = found
        period_s = fit_line(stamps, index, counted=True).period_s
        if done:
            break
    return Counted(index, least_s)


def tell_late(stamps: Floats, placed: Counted, line: Line) -> list[Note]:
    """Warn where stamps are so late that short losses cannot be told.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.
    placed : Counted
        The places of the rows.
    line : Line
        The line over them.

    Returns
    -------
    list of Note
        Empty where the stamps are never late by much.
    """
    if not line.by_earliest:
        return []
    few = slice(None, None, max(1, len(stamps) // _FEW_ROWS))
    place = placed.index[few]
    earliest = np.interp(place, line.blocks.place, line.blocks.phase)
    late_s = line.period_s * float(
        np.quantile(stamps[few] / line.period_s - place - earliest, _USUALLY)
    )
    if late_s < max(_LATE_S, _LATE_PERIODS * line.period_s):
        return []
    return [note("LATE_STAMPS", share=_USUALLY, late_s=late_s, least_loss_s=placed.least_loss_s)]


def _least_packet_s(stamps: Floats, period_s: float) -> float:
    """Give the least that can be lost: in bursts, where nearly all time passes between them."""
    least_s = _LEAST_PERIODS * period_s
    steps = np.diff(stamps)
    pauses = steps[steps > 2.5 * period_s]
    if not pauses.size or float(steps.sum() - pauses.sum()) >= 0.5 * len(stamps) * period_s:
        return least_s
    return max(least_s, _LEAST_PAUSE * float(np.median(pauses)))


class _Levels:
    """The earliest phase before and after each cell of rows."""

    def __init__(self, phase_s: Floats, period_s: float) -> None:
        self.size = max(1, round(_CELL_S / period_s))
        self.low_s = np.minimum.reduceat(phase_s, np.arange(0, len(phase_s), self.size))
        cell_s = self.size * period_s
        self.reach = max(1, round(_LEVEL_S / cell_s))
        sure = max(1, round(_SURE_S / cell_s))
        ahead = _least_ahead(self.low_s, self.reach)
        behind = _least_ahead(self.low_s[::-1], self.reach)[::-1]
        #: By how much the level rises at the beginning of each cell but the first.
        self.rise_s: Floats = ahead[1:] - behind[:-1]
        self.noise_s = self._noise_s(sure)

    def _noise_s(self, sure: int) -> float:
        """Give what a step must exceed: losses only rise, so the falls are chance."""
        inner = self.rise_s[sure:-sure]
        fall_s = -float(np.quantile(inner, 0.05)) if inner.size else 0.0
        cut = len(self.low_s) // sure * sure
        early = self.low_s[:cut].reshape(-1, sure).min(axis=1)
        usual_s = float(np.median(np.abs(np.diff(early)))) if len(early) > 1 else 0.0
        return max(_TIMES_FALL * fall_s, _TIMES_USUAL * usual_s)


def _least_ahead(low_s: Floats, reach: int) -> Floats:
    """Give the least of each value and those that follow it, so many in all."""
    least = np.append(low_s, np.full(reach - 1, np.inf))
    span = 1
    while span < reach:  # the least of twice as many from that of two halves
        shift = min(span, reach - span)
        least[:-shift] = np.minimum(least[:-shift], least[shift:])
        span += shift
    return least[: len(low_s)]


def _losses(
    stamps: Floats, phase_s: Floats, levels: _Levels, period_s: float, least_s: float
) -> Indices:
    """Give how many samples are lost before each row."""
    n, size = len(phase_s), levels.size
    reach = levels.reach * size
    sure = max(1, round(_SURE_S / period_s))
    lost = np.zeros(n, dtype=np.int64)
    last = 0
    for cell in np.flatnonzero(levels.rise_s > least_s) + 1:
        row = int(cell) * size
        if row <= last or not _risen(phase_s, row, last, reach) > least_s:
            continue
        first = max(last + 1, row - size)
        at = _hole_at(stamps, phase_s, first, min(row + sure, n), reach, 0.5 * least_s)
        risen_s = _risen(phase_s, at, last, reach)
        n_lost = round(risen_s / period_s)
        short_s = max(0.0, _SURE_S - (n - at) * period_s)
        step_s = float(stamps[at] - stamps[at - 1])
        if n_lost > 0 and risen_s > least_s + short_s and step_s > least_s / 3.0:
            lost[at], last = n_lost, at
    return lost


def _risen(phase_s: Floats, row: int, last: int, reach: int) -> float:
    """Give by how much the level is higher from a row on than before it, s."""
    before_s = phase_s[max(last, row - reach) : row].min()
    return float(phase_s[row : row + reach].min() - before_s)


def _hole_at(
    stamps: Floats, phase_s: Floats, first: int, end: int, reach: int, around_s: float
) -> int:
    """Find the row after a hole: that of the longest step between the old level and the new one.

    The last rows before a hole may all be late, which looks like a smaller hole before it. What is
    below the level that is reached two seconds later still is before the hole.
    """
    after = phase_s[end : end + reach]
    level_s = float((after if after.size else phase_s[first:end]).min())
    before = np.flatnonzero(phase_s[first:end] < level_s - around_s)
    begin = first + int(before[-1]) + 1 if before.size else first
    there = np.flatnonzero(phase_s[begin:end] <= level_s + around_s)
    stop = begin + int(there[0]) + 1 if there.size else end
    if begin >= stop:
        return min(begin, len(stamps) - 1)
    return begin + int(np.argmax(stamps[begin:stop] - stamps[begin - 1 : stop - 1]))


def _typical_period_s(stamps: Floats, rows: Indices, period_s: float) -> float:
    """Give the median slope from the earliest stamp of a block to that of the next, s."""
    means = block_means(stamps, rows, period_s)
    early = block_earliest(stamps, rows, means, period_s)
    if len(early.place) < 3:
        return period_s
    return period_s * (1.0 + float(np.median(np.diff(early.phase) / np.diff(early.place))))


def _run_period_s(stamps: Floats) -> float:
    """Estimate the period from the time that long runs of rows take, s."""
    n = len(stamps)
    best, best_spread = (stamps[-1] - stamps[0]) / (n - 1), np.inf
    length = 16
    while 4 * length <= n:
        spans = stamps[length :: max(1, length // 4)]
        spans = spans - stamps[: n - length : max(1, length // 4)][: len(spans)]
        low, middle, high = np.quantile(spans, (0.1, 0.5, 0.9))
        spread = (high - low) / middle if middle > 0 else np.inf
        if spread < best_spread:
            core = spans[(spans >= low) & (spans <= high)]
            best, best_spread = float(core.mean()) / length, float(spread)
        if spread <= _SPREAD_LIMIT and length >= 64:
            break
        length *= 2
    return float(best)
