"""Places of samples by stamps of a sensor whose rate, and maybe whose unit of time, nobody told.

A sketch runs as fast as its loop; what is nominal is then a guess. The pace of the first stamps is
found out before `devices.counting` takes over.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Generic, TypeVar

from tremor.errors import PacketError

from .counting import Place, PlainCount, StampCount

__all__ = ["PacedStamps"]

#: The first step is believed at once where it is the nominal one to this share.
_AS_NOMINAL: Final = 0.05
#: Stamps that the pace is found out from otherwise.
_ENOUGH: Final = 11
#: Of those, steps that differ more from their median are losses or stalls, as a share.
_USUAL: Final = 0.5
#: Times that are no whole numbers are counted in this, s.
_FINE_TICK_S: Final = 1e-6
#: Loops of a sketch stamp this share of a sample early or late.
_JITTER: Final = 0.25

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[_Item]):
    item: _Item
    time: int | float
    n: int
    arrival_s: float


class PacedStamps(Generic[_Item]):
    """Gives stamped packets their places once their pace is known.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        A guess, Hz.
    units_s : sequence of float
        What one of the time may be, s.
    n_bits : int, optional
        Width of the time; found out without it.
    doubt_first : bool
        Whether the time of the first packet may have lost its beginning.

    Notes
    -----
    The first packet is placed at once. The second is too where its step is the nominal one; else
    packets are held until there are eleven, and the rate is that of their usual step.
    """

    def __init__(
        self,
        nominal_sampling_rate_hz: float,
        units_s: Sequence[float],
        *,
        n_bits: int | None = None,
        doubt_first: bool = False,
    ) -> None:
        self._nominal_hz = nominal_sampling_rate_hz
        self._units_s = tuple(units_s)
        self._n_bits = n_bits
        self._doubt_first = doubt_first
        self._plain = PlainCount(nominal_sampling_rate_hz)
        self._stamps: StampCount | None = None
        self._ticks_per_unit = 1.0
        self._base = 0
        self._waiting: list[_Waiting[_Item]] = []
        self._is_first_placed = False
        self._any = False
        self._is_timeless = False
        self.n_rejected = 0

    def restart(self) -> None:
        """The link was lost: the next packet may lie far ahead."""  # noqa: D401
        self._plain.restart()
        if self._stamps is not None:
            self._stamps.restart()
        else:
            self._waiting = []
            self._is_first_placed = False

    def add(
        self, item: _Item, time: int | float, n: int, arrival_s: float
    ) -> list[tuple[_Item, Place, float]]:
        """Take a packet.

        Parameters
        ----------
        item : object
            Given back with its place.
        time : int or float
            Stamp of its first sample.
        n : int
            Its samples.
        arrival_s : float
            s on the host's monotonic clock.

        Returns
        -------
        list of (item, Place, float)
            Those that have a place now, each with its arrival. Packets that came twice or out of
            order are left out, and counted in ``n_rejected``.
        """
        one = _Waiting(item, time, n, arrival_s)
        if self._is_timeless:
            return [self._placed_plain(one)]
        if self._stamps is not None:
            return self._placed([one])
        self._waiting.append(one)
        if not self._any:
            self._any = self._is_first_placed = True
            place = self._plain.place(n, arrival_s)
            return [(item, replace(place, device_time_s=self._first_times_s(time, n)), arrival_s)]
        pace = self._pace()
        if pace is not None:
            return self._begin(*pace)
        if len(self._waiting) < _ENOUGH:
            return []
        self._is_timeless = True
        waiting, self._waiting = self._waiting, []
        return [self._placed_plain(held) for held in waiting[self._is_first_placed :]]

    def _first_times_s(self, time: int | float, n: int) -> tuple[float, ...]:
        if self._doubt_first or len(self._units_s) > 1:
            return ()
        return tuple(time * self._units_s[0] + row / self._nominal_hz for row in range(n))

    def _placed_plain(self, one: _Waiting[_Item]) -> tuple[_Item, Place, float]:
        return one.item, self._plain.place(one.n, one.arrival_s), one.arrival_s

    def _pace(self) -> tuple[float, float] | None:
        """Give unit, s, and rate, Hz; None while they are not known."""
        steps = [(after.time - before.time) / before.n for before, after in pairwise(self._waiting)]
        if len(steps) == 1:
            for unit_s in self._units_s:
                if abs(steps[0] * unit_s * self._nominal_hz - 1.0) <= _AS_NOMINAL:
                    return unit_s, self._nominal_hz
        if len(self._waiting) < _ENOUGH:
            return None
        median = statistics.median(steps)
        if not median > 0.0:
            return None
        usual = [step for step in steps if abs(step - median) <= _USUAL * median]
        step = statistics.fmean(usual)
        unit_s = min(
            self._units_s, key=lambda unit_s: abs(math.log(step * unit_s * self._nominal_hz))
        )
        return unit_s, 1.0 / (step * unit_s)

    def _begin(self, unit_s: float, rate_hz: float) -> list[tuple[_Item, Place, float]]:
        waiting, self._waiting = self._waiting, []
        times = [one.time for one in waiting]
        is_whole = all(float(time).is_integer() for time in times)
        tick_s = unit_s if is_whole else _FINE_TICK_S
        self._ticks_per_unit = unit_s / tick_s
        fits_32 = is_whole and all(0 <= time < 2**32 for time in times)
        self._stamps = StampCount(
            rate_hz,
            tick_s=tick_s,
            stamped="first",
            n_bits=(self._n_bits if is_whole else None) or (32 if fits_32 else 64),
            noise_s=max(0.5 * tick_s, _JITTER / rate_hz),
        )
        if not self._is_first_placed:
            first = waiting[0]
            self._base = self._plain.place(first.n, first.arrival_s).first_index
            return self._placed(waiting)
        gap = (times[1] - times[0]) * unit_s * rate_hz / waiting[0].n
        if self._doubt_first and not 0.0 < gap <= _ENOUGH:
            self._base = waiting[0].n
        else:
            self._place(waiting[0])
        return self._placed(waiting[1:])

    def _placed(self, waiting: Sequence[_Waiting[_Item]]) -> list[tuple[_Item, Place, float]]:
        placed = []
        for one in waiting:
            try:
                place = self._place(one)
            except PacketError:
                self.n_rejected += 1
                continue
            first = place.first_index + self._base
            placed.append(
                (one.item, Place(first, place.n_lost, place.device_time_s), one.arrival_s)
            )
        return placed

    def _place(self, one: _Waiting[_Item]) -> Place:
        assert self._stamps is not None
        return self._stamps.place(round(one.time * self._ticks_per_unit), one.n, one.arrival_s)
