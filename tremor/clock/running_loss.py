"""Losses that a stream does not report, found while it runs, in bounded memory and time.

The search itself is `tremor.clock.unreported_loss`, on the latest packets only.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.clock.unreported_loss import find_unreported_losses

__all__ = ["RunningLosses"]

#: Packets that are searched; when there are as many, the losses of the first half stay.
_MOST_PACKETS: Final = 2048
#: New packets over those searched before, at which they are searched again, and how many at least.
_NEW_SHARE: Final = 0.125
_LEAST_NEW: Final = 16


class RunningLosses:
    """Samples lost before each position of a stream, beyond those that its count shows.

    Parameters
    ----------
    nominal_sampling_rate_hz : float or None
        Rate that the sensor claims, Hz.
    """

    def __init__(self, nominal_sampling_rate_hz: float | None) -> None:
        self._nominal_hz = nominal_sampling_rate_hz
        self._first = np.zeros(_MOST_PACKETS, dtype=np.int64)
        self._last = np.zeros(_MOST_PACKETS, dtype=np.int64)
        self._time_s = np.zeros(_MOST_PACKETS)
        self._n = self._n_searched = 0
        #: Counts after which samples are lost, and how many: those that stay, and the latest ones.
        self._settled: tuple[Indices, Indices] = _no_losses()
        self._latest: tuple[Indices, Indices] = _no_losses()

    def add(self, first: int, last: int, arrival_s: float) -> None:
        """Add a packet by the count of its first and last sample and its arrival, s."""
        if self._n == _MOST_PACKETS:
            self._settle()
        self._first[self._n], self._last[self._n] = first, last
        self._time_s[self._n] = arrival_s
        self._n += 1

    def before(self, position: Floats) -> Floats:
        """Compute how many samples are lost before each position, shape of ``position``."""
        if self._n - self._n_searched >= max(_LEAST_NEW, _NEW_SHARE * self._n_searched):
            self._search()
        at = np.concatenate((self._settled[0], self._latest[0]))
        if not len(at):
            return np.zeros(len(position))
        lost = np.cumsum(np.concatenate(([0], self._settled[1], self._latest[1])))
        return np.asarray(lost[np.searchsorted(at, position, side="right")], dtype=np.float64)

    def _search(self) -> None:
        n = self._n_searched = self._n
        first = self._first[:n]
        lost = find_unreported_losses(
            first, self._last[:n], self._time_s[:n], nominal_sampling_rate_hz=self._nominal_hz
        ).before
        self._latest = first[lost > 0], lost[lost > 0]

    def _settle(self) -> None:
        """Keep the losses of the first half, and search only the second from now on."""
        self._search()
        half = self._n // 2
        at, lost = self._latest
        stays = at <= self._first[half]  # a loss before the first packet is never found
        old_at, old_lost = self._settled
        self._settled = np.concatenate((old_at, at[stays])), np.concatenate((old_lost, lost[stays]))
        self._latest = at[~stays], lost[~stays]
        for values in (self._first, self._last, self._time_s):
            values[: self._n - half] = values[half : self._n].copy()
        self._n = self._n_searched = self._n - half


def _no_losses() -> tuple[Indices, Indices]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
