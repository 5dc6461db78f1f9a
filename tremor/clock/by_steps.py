"""The place of each row on the even grid where each step of the stamps tells its periods.

Where it does not, rows are counted: `tremor.clock.by_arrivals`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.clock.rate import fit_period_s
from tremor.recording import Floats

__all__ = ["core_period_s", "place_by_steps", "single_step"]

Indices = npt.NDArray[np.int64]

#: A step of the stamps is a whole number of periods when it is this near to one (in periods).
_WHOLE_TOLERANCE: Final = 0.25
_WHOLE_SHARE: Final = 0.97
#: Rows that cannot be told in time, beyond which the stamps do not tick with the samples.
_COLLISION_SHARE: Final = 1e-3
_LEVEL_ROWS: Final = 9


def core_period_s(steps: Floats) -> float:
    """Give the mean of the steps that are near the median one, s."""
    if len(steps) > 400_000:
        starts = np.linspace(0, len(steps) - 8192, 48).astype(np.int64)
        steps = np.concatenate([steps[start : start + 8192] for start in starts])
    middle = float(np.median(steps))
    core = steps[(steps > 0.6 * middle) & (steps < 1.5 * middle)]
    return float(core.mean()) if core.size else middle


def single_step(period_s: float) -> tuple[float, float]:
    """Give the limits within which a step is one period, s."""
    return (1.0 - _WHOLE_TOLERANCE) * period_s, (1.0 + _WHOLE_TOLERANCE) * period_s


def place_by_steps(
    stamps: Floats,
) -> tuple[Indices | None, npt.NDArray[np.bool_] | None]:
    """Place the rows where each step tells its number of periods; None where it does not."""
    steps = np.diff(stamps)
    period_s = core_period_s(steps)
    if period_s <= 0:
        return None, None
    single = single_step(period_s)
    if single[0] < float(steps.min()) and float(steps.max()) < single[1]:
        return np.arange(len(stamps), dtype=np.int64), None
    whole, n_off = _whole_steps(steps, period_s)
    if n_off > (1.0 - _WHOLE_SHARE) * len(steps) or _is_bursts(whole, period_s):
        return None, None
    index = np.arange(len(stamps), dtype=np.int64)
    level = np.zeros(len(stamps), dtype=np.int64)
    np.cumsum(whole - 1, out=level[1:])
    if (whole <= 0).any():
        # A late row makes a long step and a short one: the level of the count comes back, and a
        # running median leaves only what stays.
        level = _running_median(level, np.flatnonzero(whole <= 0) + 1)
        n_falls = int(np.count_nonzero(np.diff(level) < 0))
        if n_falls > max(1.0, _COLLISION_SHARE * len(stamps)):
            return None, None
    index += level
    for _ in range(2):
        holes = np.flatnonzero(np.diff(index) != 1) + 1
        if not holes.size:
            break
        period_s = fit_period_s(stamps, index)
        found = np.rint(_level_shift(stamps, index, holes, period_s) / period_s).astype(np.int64)
        if not found.any():
            break
        change = np.zeros(len(index), dtype=np.int64)
        change[holes] = found
        index = index + np.cumsum(change)
    kept = np.concatenate(([True], index[1:] > np.maximum.accumulate(index)[:-1]))
    return index, None if kept.all() else kept


def _whole_steps(steps: Floats, period_s: float) -> tuple[Indices, int]:
    """Round the steps to periods, and count those that are not near a whole number above 0."""
    ratio = steps * (1.0 / period_s)
    nearest = np.rint(ratio)
    ratio -= nearest
    np.abs(ratio, out=ratio)
    # A long hole has no whole number of periods; it says nothing against the kind of stamp.
    off = ((ratio > _WHOLE_TOLERANCE) & (nearest < 20)) | (nearest < 1)
    return nearest.astype(np.int64), int(np.count_nonzero(off))


def _is_bursts(whole: Indices, period_s: float) -> bool:
    """Say whether pauses come so regularly, and so long, that they are the rhythm of packets."""
    pauses = whole[whole > 1]
    if len(pauses) < 8:
        return False
    run, pause = len(whole) / len(pauses), float(np.median(pauses))
    return pause > run and pause * period_s < 5.0


def _running_median(level: Indices, around: Indices) -> Indices:
    """Median over nine rows near the given rows; elsewhere the level as it is."""
    reach = _LEVEL_ROWS
    near = np.unique((around[:, None] + np.arange(-reach, reach + 1)).ravel())
    near = near[(near >= 0) & (near < len(level))]
    half = _LEVEL_ROWS // 2
    window = np.clip(near[:, None] + np.arange(-half, half + 1), 0, len(level) - 1)
    result = level.copy()
    result[near] = np.median(level[window], axis=1).astype(np.int64)
    return result


def _level_shift(stamps: Floats, index: Indices, holes: Indices, period_s: float) -> Floats:
    """Give by how much the phase is higher after each hole than before it, s."""
    reach = np.arange(_LEVEL_ROWS)
    after = np.minimum(holes[:, None] + reach, len(stamps) - 1)
    before = np.maximum(holes[:, None] - 1 - reach, 0)
    shift: Floats = np.median(stamps[after] - period_s * index[after], axis=1) - np.median(
        stamps[before] - period_s * index[before], axis=1
    )
    return shift
