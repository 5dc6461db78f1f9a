"""Whether a tremor comes and goes in bursts, and for how much of the time it is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import ENVELOPE, PRESENCE

__all__ = ["Bursts", "bursts_of"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bursts:
    """How the windows of an episode are filled.

    Parameters
    ----------
    count : int
        Number of bursts, the pauses between them counted and one added.
    duty_cycle : float
        Share of the time that the tremor fills, 0 to 1.
    filled : float
        Share of the windows with tremor that it fills, 0 to 1.
    """

    count: int
    duty_cycle: float
    filled: float = 1.0

    @property
    def is_intermittent(self) -> bool:
        """Whether there are pauses enough, and long enough, to call the tremor intermittent."""
        return self.count >= PRESENCE.least_bursts and self.duty_cycle <= PRESENCE.most_duty_cycle


def bursts_of(table: WindowTable, on: Bools) -> Bursts:
    """Count the bursts of an episode.

    Parameters
    ----------
    table : WindowTable
        The windows of the episode, from the first with tremor to the last.
    on : ndarray of bool, shape (n_windows,)
        Windows with tremor, or a part of it.

    Returns
    -------
    Bursts
        A pause is a time in which the leg is at rest, at a fraction of the level before and after.
    """
    rms_ms2 = np.nan_to_num(table.scores["band_rms_ms2"])
    resting = (table.reason == REASON_NAMES.index("weak")) & ~on
    run = np.cumsum(np.diff(on.astype(np.int64), prepend=1) != 0)
    level, lowest = np.zeros(run[-1] + 1), np.full(run[-1] + 1, np.inf)
    np.maximum.at(level, run, np.where(on, rms_ms2, 0.0))
    np.minimum.at(lowest, run[resting], rms_ms2[resting])
    between = np.minimum(level[:-2], level[2:])
    pauses = np.count_nonzero(PRESENCE.rise * lowest[1:-1] <= between)
    filled = _filled(table, on, resting)
    known = np.isfinite(filled)
    is_line = known & (table.reason == REASON_NAMES.index("line"))
    count, duty_cycle = 1 + int(pauses), float(filled[known].mean()) if known.any() else 1.0
    return Bursts(
        count=count,
        duty_cycle=duty_cycle,
        filled=_without_edges(table, filled[is_line], count, duty_cycle) if is_line.any() else 1.0,
    )


def _without_edges(table: WindowTable, filled: Floats, count: int, duty_cycle: float) -> float:
    """Return the mean share of windows that bursts fill, without what their edges seem to add."""
    window_s = float(table.end_s[0] - table.start_s[0])
    burst_s = duty_cycle * float(table.end_s[-1] - table.start_s[0]) / count
    # A window holds both edges of a burst that is shorter, else one of them.
    n_edges = 2.0 if burst_s < window_s else 1.0
    added = np.minimum(1.0 - filled, n_edges * PRESENCE.edge_s / window_s)
    return float(np.mean(filled - np.where(filled < 1.0, added, 0.0)))


def _filled(table: WindowTable, on: Bools, resting: Bools) -> Floats:
    """Return the share of each window that the tremor fills, NaN where it is not known."""
    quiet = table.scores["quiet_share"] - ENVELOPE.quiet_by_chance
    filled = 1.0 - np.maximum(quiet, 0.0) / (1.0 - ENVELOPE.quiet_by_chance)
    # A burst that fills less than half of a window is what was faded out of it.
    in_part = table.where("impact") & np.isfinite(table.scores["burst_hz"])
    filled = np.where(in_part, table.scores["blanked_share"], filled)
    filled = np.where(resting, 0.0, np.where(on, filled, np.nan))
    return _by_level(filled, table.scores["band_rms_ms2"], on)


def _by_level(filled: Floats, rms_ms2: Floats, on: Bools) -> Floats:
    """Return the shares, those that are not known from the power of the window."""
    power = np.square(np.nan_to_num(rms_ms2))
    known = on & np.isfinite(filled) & (filled > 0.0) & (power > 0.0)
    if not known.any():
        return filled
    full = float(np.median(power[known] / filled[known]))
    return np.where(on & ~np.isfinite(filled), np.clip(power / full, 0.0, 1.0), filled)
