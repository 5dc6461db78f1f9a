"""Packets that waited while the computer stood still, and arrive in a burst afterwards.

Their arrivals are those of the computer and not of the sensor: no rate and no loss is read from
them. The same rule serves a stream and a file, packet by packet.
"""

from __future__ import annotations

import math

import numpy as np

from tremor.arrays import Bools, Floats, Indices
from tremor.settings import STALLS

__all__ = ["StallFilter", "waited_in_stall"]


class StallFilter:
    """Recognises packets that arrive after a stall and have not caught up yet.

    Parameters
    ----------
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz; by default the mean of what arrived before the silence.

    Notes
    -----
    A silence begins it. While the lateness, arrival less count times period, falls far faster than
    any error of the period lets it fall, packets catch up; when it has not fallen for half a
    second, they are in time again. Where nothing was late, but lost, that is after half a second.

    Examples
    --------
    A packet of ten samples a tenth of a second; the computer stands still for 5 s:

    >>> stall = StallFilter(100.0)
    >>> arrivals_s = [0.1 * n if n <= 30 or n > 80 else 8.0 + 1e-3 * (n - 30) for n in range(120)]
    >>> waited = [stall.add(10 * n, arrivals_s[n]) for n in range(120)]
    >>> waited.index(True), 120 - waited[::-1].index(True)
    (31, 86)
    """

    def __init__(self, nominal_sampling_rate_hz: float | None) -> None:
        self._nominal_s = None if nominal_sampling_rate_hz is None else 1 / nominal_sampling_rate_hz
        self._first: tuple[int, float] | None = None
        self._last: tuple[int, float] | None = None
        self._period_s = 0.0
        #: Begin of the burst and its longest duration, and the least lateness with its arrival, s.
        self._burst: tuple[float, float] | None = None
        self._least_s = self._least_at_s = math.inf

    def add(self, last_index: int, arrival_s: float) -> bool:
        """Add a packet; return whether it may have waited in a stall.

        Parameters
        ----------
        last_index : int
            Count of its last sample.
        arrival_s : float
            Arrival, s, in order.

        Returns
        -------
        bool
            True where its arrival says nothing of the sensor.
        """
        first, last = self._first, self._last
        self._last = last_index, arrival_s
        if first is None or last is None:
            self._first = self._last
            return False
        silence_s = arrival_s - last[1]
        if self._burst is None:
            self._period_s = self._nominal_s or (last[1] - first[1]) / max(1, last[0] - first[0])
        packet_s = (last_index - last[0]) * self._period_s
        if silence_s >= max(STALLS.silence_s, STALLS.silence_packets * packet_s):
            self._burst = arrival_s, arrival_s + STALLS.longest_burst * silence_s
            self._least_s = math.inf
        if self._burst is None:
            return False
        late_s = arrival_s - self._period_s * (last_index - first[0])
        since_s = arrival_s - self._least_at_s
        if late_s < self._least_s - STALLS.least_fall_s - STALLS.least_fall_share * since_s:
            self._least_s, self._least_at_s = late_s, arrival_s
            since_s = 0.0
        if since_s >= max(STALLS.settled_s, packet_s) or arrival_s > self._burst[1]:
            self._burst = None
            return False
        return True


def waited_in_stall(
    last: Indices, time_s: Floats, *, nominal_sampling_rate_hz: float | None
) -> Bools:
    """Mark the packets that may have waited in a stall.

    Parameters
    ----------
    last : ndarray of int64, shape (n,)
        Count of the last sample of each packet.
    time_s : ndarray, shape (n,)
        Arrival of each, s, in order.
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz.

    Returns
    -------
    ndarray of bool, shape (n,)
        As `StallFilter.add`.
    """
    if not (np.diff(time_s) >= STALLS.silence_s).any():
        return np.zeros(len(time_s), dtype=bool)
    stall = StallFilter(nominal_sampling_rate_hz)
    rows = zip(last.tolist(), time_s.tolist(), strict=True)
    return np.array([stall.add(count, arrival_s) for count, arrival_s in rows], dtype=bool)
