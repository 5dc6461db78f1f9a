"""Sample positions from the steps of the stamps, where each step is a whole number of periods.

Stamps that come in bursts, late or coarsely rounded are for `tremor.clock.by_arrivals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.clock.rate import fit_period_s
from tremor.settings import WHOLE_STEPS

__all__ = [
    "StepPositions",
    "come_evenly",
    "core_step_s",
    "positions_by_steps",
    "single_step_limits_s",
]

#: Steps of a capture of more rows than this are sampled in runs from all over it.
_MANY_STEPS: Final = 400_000
_N_RUNS: Final = 48
_RUN_STEPS: Final = 8192


@dataclass(frozen=True, eq=False, slots=True)
class StepPositions:
    """Sample positions that the steps of the stamps gave.

    Parameters
    ----------
    index : ndarray of int64, shape (n,)
        Sample position of each row.
    kept : ndarray of bool, shape (n,), or None
        False where a row has the position of one before it; None where all rows are kept.
    """

    index: Indices
    kept: Bools | None = None


def core_step_s(steps: Floats) -> float:
    """Compute the mean of the steps from 0.6 to 1.5 times the median one.

    Parameters
    ----------
    steps : ndarray, shape (n,)
        Differences of neighbouring stamps, s.

    Returns
    -------
    float
        A first sampling period, s, if half of the steps or more are single periods.
    """
    if len(steps) > _MANY_STEPS:
        starts = np.linspace(0, len(steps) - _RUN_STEPS, _N_RUNS).astype(np.int64)
        steps = np.concatenate([steps[start : start + _RUN_STEPS] for start in starts])
    median = float(np.median(steps))
    low, high = WHOLE_STEPS.single_step_range
    core = steps[(steps > low * median) & (steps < high * median)]
    return float(core.mean()) if core.size else median


def single_step_limits_s(period_s: float) -> tuple[float, float]:
    """Return the shortest and the longest step that is a single period, s."""
    return (1.0 - WHOLE_STEPS.tolerance) * period_s, (1.0 + WHOLE_STEPS.tolerance) * period_s


def positions_by_steps(stamps: Floats) -> StepPositions | None:
    """Find the sample positions of rows whose steps are whole numbers of periods.

    Parameters
    ----------
    stamps : ndarray, shape (n,)
        Stamp of each row, s, in order.

    Returns
    -------
    StepPositions or None
        None where too few steps are whole numbers of periods, or where the long ones are pauses
        between bursts.
    """
    steps = np.diff(stamps)
    period_s = core_step_s(steps)
    if period_s <= 0:
        return None
    shortest_s, longest_s = single_step_limits_s(period_s)
    if shortest_s < float(steps.min()) and float(steps.max()) < longest_s:
        return StepPositions(np.arange(len(stamps), dtype=np.int64))
    periods, n_off = _round_steps(steps, period_s)
    if n_off > (1.0 - WHOLE_STEPS.least_share) * len(steps) or _are_bursts(periods, period_s):
        return None
    if come_evenly(np.flatnonzero(periods != 1)):
        return None
    index = _accumulate(periods)
    if index is None:
        return None
    index = _refine_gaps(stamps, index)
    kept = np.concatenate(([True], index[1:] > np.maximum.accumulate(index)[:-1]))
    return StepPositions(index, None if kept.all() else kept)


def _round_steps(steps: Floats, period_s: float) -> tuple[Indices, int]:
    """Round the steps to whole periods, and count those not near a positive whole number."""
    ratio = steps * (1.0 / period_s)
    nearest = np.rint(ratio)
    ratio -= nearest
    np.abs(ratio, out=ratio)
    off = ((ratio > WHOLE_STEPS.tolerance) & (nearest < WHOLE_STEPS.long_step)) | (nearest < 1)
    return nearest.astype(np.int64), int(np.count_nonzero(off))


def _are_bursts(periods: Indices, period_s: float) -> bool:
    """Check whether the long steps are pauses between bursts, in which no sample is lost.

    A burst of n samples that is stamped on arrival is followed by a pause of about n periods. Lost
    samples leave shorter gaps between longer runs.
    """
    pauses = periods[periods > 1]
    if len(pauses) < WHOLE_STEPS.least_pauses:
        return False
    burst, pause = len(periods) / len(pauses), float(np.median(pauses))
    return pause > burst and pause * period_s < WHOLE_STEPS.most_pause_s


def come_evenly(rows: Indices) -> bool:
    """Check whether odd steps come at regular intervals, as no loss does.

    They do where stamps are rounded to nearly the period, and slip by one now and then.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows with odd steps, in order.

    Returns
    -------
    bool
        Whether their distances hardly differ.

    Examples
    --------
    >>> come_evenly(np.array([140, 283, 426, 568, 711, 854, 996, 1139, 1282]))
    True
    """
    if len(rows) <= WHOLE_STEPS.least_slips:
        return False
    distance = np.diff(rows)
    # Jitter makes a slip twice, or back and forth.
    apart = distance[distance > WHOLE_STEPS.slip_together * float(np.quantile(distance, 0.9))]
    spread = float(np.quantile(apart, 0.9) - np.quantile(apart, 0.1))
    # Whole rows: of an even distance between two numbers, both occur.
    is_even = spread <= max(1.0, WHOLE_STEPS.most_slip_spread * float(np.median(apart)))
    return len(apart) > WHOLE_STEPS.least_slips and is_even


def _accumulate(periods: Indices) -> Indices | None:
    """Sum the steps to sample positions; None where too many rows would share one."""
    n_rows = len(periods) + 1
    n_lost = np.zeros(n_rows, dtype=np.int64)
    np.cumsum(periods - 1, out=n_lost[1:])
    if (periods <= 0).any():
        # A late row makes a long step and then a short one, and the sum comes back: a running
        # median leaves only what lasts.
        n_lost = _running_median(n_lost, np.flatnonzero(periods <= 0) + 1)
        n_falls = int(np.count_nonzero(np.diff(n_lost) < 0))
        if n_falls > max(1.0, WHOLE_STEPS.most_shared_positions * n_rows):
            return None
    return np.arange(n_rows, dtype=np.int64) + n_lost


def _running_median(values: Indices, around: Indices) -> Indices:
    """Replace the values near the given rows by their running median."""
    reach = WHOLE_STEPS.level_rows
    near = np.unique((around[:, None] + np.arange(-reach, reach + 1)).ravel())
    near = near[(near >= 0) & (near < len(values))]
    half = WHOLE_STEPS.level_rows // 2
    window = np.clip(near[:, None] + np.arange(-half, half + 1), 0, len(values) - 1)
    result = values.copy()
    result[near] = np.median(values[window], axis=1).astype(np.int64)
    return result


def _refine_gaps(stamps: Floats, index: Indices) -> Indices:
    """Correct the lengths of gaps by the phase on either side, with the fitted period."""
    for _ in range(2):
        gaps = np.flatnonzero(np.diff(index) != 1) + 1
        if not gaps.size:
            break
        period_s = fit_period_s(stamps, index)
        shift_s = _level_shift_s(stamps, index, gaps, period_s)
        correction = np.rint(shift_s / period_s).astype(np.int64)
        if not correction.any():
            break
        change = np.zeros(len(index), dtype=np.int64)
        change[gaps] = correction
        index = index + np.cumsum(change)
    return index


def _level_shift_s(stamps: Floats, index: Indices, gaps: Indices, period_s: float) -> Floats:
    """Compute by how much the median phase is higher after each gap than before it, s."""
    reach = np.arange(WHOLE_STEPS.level_rows)
    after = np.minimum(gaps[:, None] + reach, len(stamps) - 1)
    before = np.maximum(gaps[:, None] - 1 - reach, 0)
    shift_s: Floats = np.median(stamps[after] - period_s * index[after], axis=1) - np.median(
        stamps[before] - period_s * index[before], axis=1
    )
    return shift_s
