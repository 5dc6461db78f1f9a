"""How far the clocks of two recordings differ, by the arrivals of their packets at one computer.

A packet can be late but never early. The least late ones of each recording therefore show how the
times that the recording gives its samples relate to the clock of the computer, which both share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from tremor.arrays import Floats
from tremor.estimate import Estimate
from tremor.results.comparison import ClockDifference
from tremor.settings import LEGS, RUNNING_CLOCK

__all__ = ["Lateness", "clock_difference"]

_NORMAL_QUANTILE: Final = 1.959964
_PPM: Final = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Lateness:
    """Arrivals of the packets of a recording.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Time of the last sample of each packet, s from the first sample of the recording.
    late_s : ndarray, shape (n,)
        How much later than the recording says of that sample the packet arrived, s.
    kind : str
        Kind of sensor, with what delays its samples: profile and rate.
    """

    time_s: Floats
    late_s: Floats
    kind: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """Least lateness as a line over time, with its uncertainty."""

    middle_s: float
    offset_s: float
    drift: float
    offset_sd_s: float
    drift_sd: float
    #: What of the wait for the radio can be hidden in it.
    hidden_s: float

    def at(self, time_s: float) -> float:
        return self.offset_s + self.drift * (time_s - self.middle_s)


def clock_difference(
    one: Lateness, other: Lateness, *, ahead_s: float, middle_s: float
) -> ClockDifference | None:
    """Measure how much the clock of one recording is ahead of that of another.

    Parameters
    ----------
    one, other : Lateness
        Their packets, whose arrivals are on one clock.
    ahead_s : float
        Time of the first sample of the other by the first recording, s.
    middle_s : float
        Time at which the difference is wanted, s from the start of the first recording.

    Returns
    -------
    ClockDifference or None
        None if one has too few packets.

    Notes
    -----
    The least lateness of each of eight blocks or more, as a line by least squares. What does not
    become less with time is the part of the delay that every packet has: the filter and the buffer
    of the firmware, and the wait for the radio where it is the same for all packets.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> time_s = np.arange(0.0, 300.0, 0.1)
    >>> def recorded(offset_s, drift):
    ...     waits_s = rng.uniform(0.0, 0.04, len(time_s))
    ...     return Lateness(time_s, offset_s + drift * time_s + waits_s, "polar-h10 200")
    >>> found = clock_difference(
    ...     recorded(0.030, 20e-6), recorded(0.010, 0.0), ahead_s=0.0, middle_s=150.0
    ... )
    >>> round(found.offset_s.value, 3), round(found.drift_ppm.value, -1)
    (0.023, 20.0)
    """
    lines = [_least_lateness(found) for found in (one, other)]
    if lines[0] is None or lines[1] is None:
        return None
    mine, theirs = lines[0], lines[1]
    # A clock whose packets seem to come later is behind.
    offset_s = mine.at(middle_s) - theirs.at(middle_s - ahead_s)
    sd_s = math.hypot(mine.offset_sd_s, theirs.offset_sd_s)
    sd_s = math.hypot(sd_s, (middle_s - mine.middle_s) * mine.drift_sd)
    sd_s = math.hypot(sd_s, (middle_s - ahead_s - theirs.middle_s) * theirs.drift_sd)
    is_same = one.kind == other.kind and one.kind != ""
    firmware_s = LEGS.same_kind_delay_s if is_same else LEGS.other_kind_delay_s
    unknown_s = firmware_s + max(mine.hidden_s, theirs.hidden_s)
    reach_s = _NORMAL_QUANTILE * sd_s + unknown_s
    drift_ppm = (mine.drift - theirs.drift) / _PPM
    drift_reach = _NORMAL_QUANTILE * math.hypot(mine.drift_sd, theirs.drift_sd) / _PPM
    return ClockDifference(
        offset_s=Estimate(offset_s, offset_s - reach_s, offset_s + reach_s, method="arrivals"),
        drift_ppm=Estimate(
            drift_ppm, drift_ppm - drift_reach, drift_ppm + drift_reach, method="arrivals"
        ),
        middle_s=middle_s,
        unknown_s=unknown_s,
    )


def _least_lateness(found: Lateness) -> _Line | None:
    """Fit a line to the least lateness of each block; None if there are too few packets."""
    if not len(found.time_s):
        return None
    time_s = found.time_s - found.time_s[0]
    n_blocks = max(int(LEGS.least_blocks), int(time_s[-1] / LEGS.block_s))
    block = np.minimum((time_s / max(time_s[-1], 1e-9) * n_blocks).astype(np.int64), n_blocks - 1)
    full = np.flatnonzero(np.bincount(block, minlength=n_blocks) >= LEGS.least_packets)
    if len(full) < LEGS.least_blocks:
        return None
    # Sorted by block, then by lateness: the first of each block is the least late.
    order = np.lexsort((found.late_s, block))
    first = order[np.searchsorted(block[order], full)]
    x, y = found.time_s[first], found.late_s[first]
    middle_s, offset_s = float(x.mean()), float(y.mean())
    x = x - middle_s
    drift = float(x @ y / (x @ x))
    residual = y - offset_s - drift * x
    sd_s = math.sqrt(float(residual @ residual) / (len(y) - 2))
    return _Line(
        middle_s=middle_s,
        offset_s=offset_s,
        drift=drift,
        offset_sd_s=sd_s / math.sqrt(len(y)),
        drift_sd=sd_s / math.sqrt(float(x @ x)),
        hidden_s=_hidden_wait_s(found.late_s - drift * (found.time_s - middle_s)),
    )


def _hidden_wait_s(late_s: Floats) -> float:
    """Return how long even the least late packet may have waited for the radio, s.

    Where packets and connection events keep step, the waits take a few values only, and the least
    of them is anything below the distance of two.
    """
    low_s, high_s = np.quantile(late_s, [0.0, LEGS.usual_share])
    if high_s - low_s < LEGS.shortest_interval_s:
        return RUNNING_CLOCK.connection_interval_s
    usual = np.sort(late_s[late_s <= high_s])
    return float(np.diff(usual).max())
