"""Sample indices from time stamps whose sampling rate, and possibly unit of time, are unknown.

A sketch runs as fast as its loop, so its nominal rate is a guess. The rate of the first time
stamps is measured before `devices.decoding.sample_count` takes over.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Generic, TypeVar

from devices.decoding.sample_count import SamplePosition, TimestampCount, UnstampedCount, unwrap
from tremor.errors import PacketError

__all__ = ["FINE_TICK_S", "UnknownRateCount"]

#: Tick for times that are not integers, s.
FINE_TICK_S: Final = 1e-6

#: The first step is accepted at once if it equals the nominal one within this tolerance, relative.
_NOMINAL_TOLERANCE: Final = 0.05
#: Otherwise the rate is measured from this number of time stamps.
_N_TO_MEASURE: Final = 11
#: Steps that differ more from their median are losses or stalls, relative.
_STEP_TOLERANCE: Final = 0.5
#: Standard deviation of the time stamps of a sketch, as a share of a sample.
_LOOP_JITTER: Final = 0.25

#: A time in text that is further ahead of all earlier ones by the clock of the host, or further
#: back, was merged from the digits of two lines, s.
_MAX_AHEAD_S: Final = 2.0
#: This many of them in a row are a clock that was reset.
_N_TO_RESET: Final = 5

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class _Stamped(Generic[_Item]):
    item: _Item
    time: int | float
    n: int
    arrival_s: float


class UnknownRateCount(Generic[_Item]):
    """Sample index of a sensor that stamps its packets at an unknown rate.

    Parameters
    ----------
    nominal_sampling_rate_hz : float
        Guess of the sampling rate, Hz.
    units_s : sequence of float
        Possible units of the time, s.
    n_bits : int, optional
        Width of the time stamp; found from the first ones by default.
    is_text : bool
        Whether times are text: the first one may lack its beginning, and any may lack digits in
        its middle, which is detected by the clock of the host.

    Attributes
    ----------
    n_rejected : int
        Packets that were discarded as repeated, out of order or damaged.

    Notes
    -----
    The first packet is located at once, and so is the second if its step is the nominal one.
    Otherwise packets are held back until there are eleven; the rate is that of their usual step.
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
        self._filter: _TimestampFilter | None = None
        self._unstamped = UnstampedCount(nominal_sampling_rate_hz)
        self._stamped: TimestampCount | None = None
        self._ticks_per_unit = 1.0
        self._first_index = 0
        self._held: list[_Stamped[_Item]] = []
        self._is_first_located = False
        self._has_packet = False
        self._ignores_times = False
        self.n_rejected = 0

    def restart(self, began_s: float | None = None) -> None:
        """Note that the link was lost: the next packet may be far ahead."""
        self._unstamped.restart(began_s)
        if self._filter is not None:
            self._filter.restart()
        if self._stamped is not None:
            self._stamped.restart(began_s)
        else:
            self._held = []
            self._is_first_located = False

    def add(
        self, item: _Item, time: int | float, n: int, arrival_s: float
    ) -> list[tuple[_Item, SamplePosition, float]]:
        """Add a packet.

        Parameters
        ----------
        item : object
            Returned with its position.
        time : int or float
            Time of its first sample, in one of the units.
        n : int
            Number of its samples.
        arrival_s : float
            Arrival time on the monotonic clock of the host, s.

        Returns
        -------
        list of (item, SamplePosition, float)
            Packets that are located now, with their arrival times. Repeated and out-of-order
            packets are discarded and counted in ``n_rejected``.
        """
        packet = _Stamped(item, time, n, arrival_s)
        if self._ignores_times:
            return [self._locate_by_arrival(packet)]
        if self._stamped is not None:
            return self._locate_all([packet])
        self._held.append(packet)
        if not self._has_packet:
            self._has_packet = self._is_first_located = True
            position = self._unstamped.locate(n, arrival_s)
            times_s = self._first_times_s(time, n)
            return [(item, replace(position, device_time_s=times_s), arrival_s)]
        measured = self._measure()
        if measured is not None:
            return self._begin(*measured)
        if len(self._held) < _N_TO_MEASURE:
            return []
        self._ignores_times = True
        held, self._held = self._held, []
        return [self._locate_by_arrival(one) for one in held[self._is_first_located :]]

    def _first_times_s(self, time: int | float, n: int) -> tuple[float, ...]:
        if self._is_text or len(self._units_s) > 1:
            return ()
        return tuple(time * self._units_s[0] + row / self._nominal_hz for row in range(n))

    def _locate_by_arrival(self, packet: _Stamped[_Item]) -> tuple[_Item, SamplePosition, float]:
        position = self._unstamped.locate(packet.n, packet.arrival_s)
        return packet.item, position, packet.arrival_s

    def _measure(self) -> tuple[float, float] | None:
        """Return unit, s, and sampling rate, Hz; None if there are not enough packets."""
        steps = [(after.time - before.time) / before.n for before, after in pairwise(self._held)]
        if len(steps) == 1:
            for unit_s in self._units_s:
                if abs(steps[0] * unit_s * self._nominal_hz - 1.0) <= _NOMINAL_TOLERANCE:
                    return unit_s, self._nominal_hz
        if len(self._held) < _N_TO_MEASURE:
            return None
        median = statistics.median_low(steps)
        if not median > 0.0:
            return None
        # A whole number of coarse ticks is one tick more or less than the step that it stands for.
        tick = 1.0 / max(one.n for one in self._held) if self._in_whole_ticks() else 0.0
        reach = max(_STEP_TOLERANCE * median, tick)
        step = statistics.fmean(step for step in steps if abs(step - median) <= reach)
        unit_s = min(
            self._units_s, key=lambda unit_s: abs(math.log(step * unit_s * self._nominal_hz))
        )
        return unit_s, 1.0 / (step * unit_s)

    def _in_whole_ticks(self) -> bool:
        return all(float(one.time).is_integer() for one in self._held)

    def _begin(self, unit_s: float, rate_hz: float) -> list[tuple[_Item, SamplePosition, float]]:
        """Use the time stamps from now on, and locate the packets that were held back."""
        is_integer = self._in_whole_ticks()
        held, self._held = self._held, []
        times = [one.time for one in held]
        tick_s = unit_s if is_integer else FINE_TICK_S
        self._ticks_per_unit = unit_s / tick_s
        fits_32_bits = is_integer and all(0 <= time < 2**32 for time in times)
        n_bits = (self._n_bits if is_integer else None) or (32 if fits_32_bits else 64)
        if self._is_text:
            self._filter = _TimestampFilter(tick_s, n_bits)
        self._stamped = TimestampCount(
            rate_hz,
            tick_s=tick_s,
            stamped="first",
            n_bits=n_bits,
            noise_s=max(0.5 * tick_s, _LOOP_JITTER / rate_hz),
        )
        if not self._is_first_located:
            first = held[0]
            self._first_index = self._unstamped.locate(first.n, first.arrival_s).first_index
            return self._locate_all(held)
        n_steps = (times[1] - times[0]) * unit_s * rate_hz / held[0].n
        if self._is_text and not 0.0 < n_steps <= _N_TO_MEASURE:
            # The first time lacks its beginning: the count starts at the second packet.
            self._first_index = held[0].n
        else:
            self._locate(held[0])
        return self._locate_all(held[1:])

    def _locate_all(
        self, packets: Sequence[_Stamped[_Item]]
    ) -> list[tuple[_Item, SamplePosition, float]]:
        located = []
        for packet in packets:
            try:
                position = self._locate(packet)
            except PacketError:
                self.n_rejected += 1
                continue
            position = replace(position, first_index=position.first_index + self._first_index)
            located.append((packet.item, position, packet.arrival_s))
        return located

    def _locate(self, packet: _Stamped[_Item]) -> SamplePosition:
        assert self._stamped is not None
        ticks = round(packet.time * self._ticks_per_unit)
        if self._filter is not None and not self._filter.accepts(ticks, packet.arrival_s):
            raise PacketError(f"a line has the time {packet.time}, which its arrival contradicts")
        return self._stamped.locate(ticks, packet.n, packet.arrival_s)


class _TimestampFilter:
    """Rejects times that contradict the clock of the host: a line can be late, never early."""

    def __init__(self, tick_s: float, n_bits: int) -> None:
        self._tick_s = tick_s
        self._n_bits = n_bits
        self.restart()

    def restart(self) -> None:
        self._last: tuple[int, float] | None = None
        self._max_ahead_s = -math.inf
        self._n_rejected_in_row = 0

    def accepts(self, ticks: int, arrival_s: float) -> bool:
        """Check a time; after several rejections in a row, take it as that of a reset clock."""
        unwrapped = ticks
        if self._last is not None:
            last, last_arrival_s = self._last
            elapsed_s = max(0.0, arrival_s - last_arrival_s)
            unwrapped = unwrap(ticks, self._n_bits, last + elapsed_s / self._tick_s)
            is_back = (unwrapped - last) * self._tick_s < -_MAX_AHEAD_S
            is_ahead = unwrapped * self._tick_s - arrival_s > self._max_ahead_s + _MAX_AHEAD_S
            if is_back or is_ahead:
                self._n_rejected_in_row += 1
                if self._n_rejected_in_row < _N_TO_RESET:
                    return False
                self._max_ahead_s = -math.inf
        self._n_rejected_in_row = 0
        self._last = unwrapped, arrival_s
        self._max_ahead_s = max(self._max_ahead_s, unwrapped * self._tick_s - arrival_s)
        return True
