"""The place of each row where stamps come in bursts, late or coarse: rows are counted."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.rate import fit_period_s
from tremor.recording import Floats

__all__ = ["place_by_count"]

Indices = npt.NDArray[np.int64]

_SPREAD_LIMIT: Final = 0.05


def place_by_count(stamps: Floats) -> Indices:
    """Place the rows by counting them; only shifts of the stamps that last are holes."""
    n = len(stamps)
    period_s = _block_period_s(stamps)
    steps = np.diff(stamps)
    index = np.arange(n, dtype=np.int64)
    for _ in range(2):
        candidates = np.flatnonzero(steps > 2.5 * period_s) + 1
        if not candidates.size:
            break
        burst = n / len(candidates)
        run = max(8, min(1 << 14, 2 * round(burst)))
        least_s = 2.5 * period_s
        pause_s = float(np.median(steps[candidates - 1]))
        # In bursts nearly all of the time passes in the pauses between them.
        if float((stamps[-1] - stamps[0]) - steps[candidates - 1].sum()) < 0.5 * n * period_s:
            least_s = max(least_s, 0.75 * pause_s)
        phase_s = stamps - period_s * np.arange(n)
        index = np.arange(n) + _lasting_shifts(phase_s, candidates, run, least_s, period_s)
        period_s = fit_period_s(stamps, index)
    return index


def _lasting_shifts(
    phase_s: Floats, candidates: Indices, run: int, least_s: float, period_s: float
) -> Indices:
    """Sum the lost samples up to each row.

    Late stamps only ever add to the phase, so its least value over a run of rows is its level.
    """
    n = len(phase_s)
    jumps = np.zeros(n, dtype=np.int64)
    last = 0
    big = candidates[(phase_s[candidates] - phase_s[candidates - 1]) > least_s]
    # A hole raises the level of all that follows: what is not above all of the run before it
    # cannot be one, which leaves few rows for the loop.
    for at in big[_least_after(phase_s, big, run) > _least_before(phase_s, big, run) + least_s]:
        before = float(phase_s[max(last, at - run) : at].min())
        after = float(phase_s[at : min(n, at + run)].min())
        lost = round((after - before) / period_s)
        # A packet cut short at the end never comes down to its level.
        cut_s = max(0, run // 2 - (n - at)) * period_s
        if after - before > least_s + cut_s and lost > 0:
            jumps[at], last = lost, int(at)
    return np.cumsum(jumps)


def _least_after(phase_s: Floats, at: Indices, run: int) -> Floats:
    ends = np.minimum(at + run, len(phase_s) - 1)
    return _reduce_runs(phase_s, at, np.maximum(ends, at + 1))


def _least_before(phase_s: Floats, at: Indices, run: int) -> Floats:
    return _reduce_runs(phase_s, np.maximum(at - run, 0), at)


def _reduce_runs(values: Floats, starts: Indices, ends: Indices) -> Floats:
    if not starts.size:
        return np.zeros(0)
    pairs = np.column_stack((starts, ends)).ravel()
    padded = np.append(values, np.inf)
    least: Floats = np.minimum.reduceat(padded, pairs)[0::2]
    return least


def _block_period_s(stamps: Floats) -> float:
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
