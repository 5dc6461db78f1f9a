"""The clock of simulated sensors: many times real time, and held while their readers are behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Final

__all__ = ["MOST_WAITING", "STEP_S", "PacedClock", "paced_clock"]

#: How far the clock may run ahead of the sensor that delivered least, s of its own time.
STEP_S: Final = 1.0
#: For how long a sensor that does not deliver holds the clock, s of real time. After a longer stall
#: of the computer what is late arrives in a burst, as that of a real sensor does.
_HOLD_S: Final = 1.0
#: Longest such burst, s of the clock's own time; it never jumps further between two looks.
_LONGEST_JUMP_S: Final = 120.0
#: Packets that may wait for the reader of a sensor before it delivers more.
MOST_WAITING: Final = 256


class PacedClock:
    """Monotonic clock that several simulated sensors share.

    Parameters
    ----------
    speed : float
        Speed, times real time, at which it runs unless it is held.
    now : callable
        Monotonic clock of the host, s.

    Examples
    --------
    >>> host = iter([0.0, 0.0, 0.1, 0.2, 0.3])
    >>> clock = PacedClock(20.0, now=lambda: next(host))
    >>> clock.time_s()
    0.0
    >>> clock.time_s()
    2.0
    >>> clock.allow("sensor")
    >>> clock.time_s()
    3.0
    """

    def __init__(self, speed: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._now = now
        self._origin_s = self._looked_s = now()
        self._time_s = 0.0
        #: For each sensor, how far the clock may run, and until when that holds on the host's.
        self._limits: dict[object, tuple[float, float]] = {}

    def time_s(self) -> float:
        """Return the time of the simulation, s."""
        looked_s = self._now()
        ahead_s = min(self.speed * (looked_s - self._looked_s), _LONGEST_JUMP_S)
        limits = [
            limit_s + (0.0 if looked_s < until_s else _LONGEST_JUMP_S)
            for limit_s, until_s in self._limits.values()
        ]
        self._looked_s = looked_s
        self._time_s = max(self._time_s, min([self._time_s + ahead_s, *limits]))
        return self._time_s

    def host_s(self) -> float:
        """Return the time as a program stamps it, s, which begins at that of the host."""
        return self._origin_s + self.time_s()

    def radio_s(self) -> float:
        """Return the time as a model takes it, which multiplies it by its speed, s."""
        return self.time_s() / self.speed

    def allow(self, sensor: object) -> None:
        """Let the clock run on for a step: a sensor has delivered what was due."""
        self._limits[sensor] = (self._time_s + STEP_S, self._now() + _HOLD_S)

    def hold(self, sensor: object) -> None:
        """Hold the clock: the reader of a sensor is behind."""
        self._limits[sensor] = (self._time_s, self._now() + _HOLD_S)

    def release(self, sensor: object) -> None:
        """Let the clock run without regard to a sensor, which delivers no more."""
        self._limits.pop(sensor, None)


@cache
def paced_clock(speed: float) -> PacedClock:
    """Return the clock that all simulated sensors of a speed share."""
    return PacedClock(speed)
