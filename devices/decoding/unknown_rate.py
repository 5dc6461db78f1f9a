"""Places of samples by stamps of a sensor whose rate, and maybe whose unit of time, nobody told.

A sketch runs as fast as its loop; what is nominal is then a guess. The pace of the first stamps is
found out before `devices.decoding.sample_count` takes over.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Generic, TypeVar

from devices.decoding.sample_count import Place, PlainCount, StampCount, unwrap
from tremor.errors import PacketError

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

#: A time of text that is this far ahead of all before, by the host's clock, or this far back, is
#: made of the digits of two lines, s.
_MOST_AHEAD_S: Final = 2.0
#: So many of them in a row are another clock.
_ANOTHER_CLOCK: Final = 5

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
    is_text : bool
        Whether times are digits of text: the first may have lost its beginning, and any may have
        lost its middle, which the host's clock tells.

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
        is_text: bool = False,
    ) -> None:
        self._nominal_hz = nominal_sampling_rate_hz
        self._units_s = tuple(units_s)
        self._n_bits = n_bits
        self._is_text = is_text
        self._believed: _Believed | None = None
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
        if self._believed is not None:
            self._believed.restart()
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
        if self._is_text or len(self._units_s) > 1:
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
        median = statistics.median_low(steps)
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
        n_bits = (self._n_bits if is_whole else None) or (32 if fits_32 else 64)
        if self._is_text:
            self._believed = _Believed(tick_s, n_bits)
        self._stamps = StampCount(
            rate_hz,
            tick_s=tick_s,
            stamped="first",
            n_bits=n_bits,
            noise_s=max(0.5 * tick_s, _JITTER / rate_hz),
        )
        if not self._is_first_placed:
            first = waiting[0]
            self._base = self._plain.place(first.n, first.arrival_s).first_index
            return self._placed(waiting)
        gap = (times[1] - times[0]) * unit_s * rate_hz / waiting[0].n
        if self._is_text and not 0.0 < gap <= _ENOUGH:
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
        ticks = round(one.time * self._ticks_per_unit)
        if self._believed is not None and not self._believed.takes(ticks, one.arrival_s):
            raise PacketError(f"a line has the time {one.time}, which its arrival contradicts")
        return self._stamps.place(ticks, one.n, one.arrival_s)


class _Believed:
    """Which times can be, by the host's clock: a line can be late, and not early."""

    def __init__(self, tick_s: float, n_bits: int) -> None:
        self._tick_s = tick_s
        self._n_bits = n_bits
        self.restart()

    def restart(self) -> None:
        self._last: tuple[int, float] | None = None
        self._most_ahead_s = -math.inf
        self._n_odd = 0

    def takes(self, ticks: int, arrival_s: float) -> bool:
        unwrapped = ticks
        if self._last is not None:
            last, last_arrival_s = self._last
            elapsed_s = max(0.0, arrival_s - last_arrival_s)
            unwrapped = unwrap(ticks, self._n_bits, last + elapsed_s / self._tick_s)
            is_back = (unwrapped - last) * self._tick_s < -_MOST_AHEAD_S
            is_ahead = unwrapped * self._tick_s - arrival_s > self._most_ahead_s + _MOST_AHEAD_S
            if is_back or is_ahead:
                self._n_odd += 1
                if self._n_odd < _ANOTHER_CLOCK:
                    return False
                self._most_ahead_s = -math.inf
        self._n_odd = 0
        self._last = unwrapped, arrival_s
        self._most_ahead_s = max(self._most_ahead_s, unwrapped * self._tick_s - arrival_s)
        return True
