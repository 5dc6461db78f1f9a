"""Options of a link to a sensor: timeouts, pairing, backend, clocks. Nothing is connected here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

    from devices.link.radio import Backend

__all__ = ["LEAST_MTU", "HostClocks", "LinkOptions", "LinkTimeouts"]

#: MTU of every link that agreed on no larger one, bytes; BlueZ shows it where it knows none, too.
LEAST_MTU: Final = 23

#: Range of the random factor on each wait between reconnection attempts.
_JITTER: Final = (0.75, 1.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimeouts:
    """Timeouts and retry limits of a link; durations in s.

    Parameters
    ----------
    find_s : float
        Time to wait for the sensor's advertisement.
    settle_s : float
        Time to keep listening for other matches after the first one, when the sensor is selected
        by its kind or by a part of its name.
    connect_s : float
        Limit for connecting, service discovery included.
    step_s : float
        Limit for one read or write.
    silence_s : float
        Time without a packet after which the link is considered dead; extended automatically
        for sensors that send few packets.
    first_wait_s, longest_wait_s : float
        Wait before the second reconnection attempt, and the longest wait between two attempts;
        the wait doubles from one attempt to the next.
    give_up_s : float
        Time after which a lost sensor is given up.
    fruitful_s : float
        A connection that streamed this long was worth it; after shorter ones the waits go on
        growing.
    most_fruitless : int
        Number of shorter ones in a row after which a sensor is given up.
    stop_s, disconnect_s : float
        Limits for stopping the sensor and for disconnecting, which takes BlueZ 2 to 3 s.
    queue_s : float
        Longest time span of packets that wait for a slow reader; beyond it packets are dropped.
    attempts : int
        Number of attempts to connect and start when the source is opened.
    """

    find_s: float = 10.0
    settle_s: float = 2.0
    connect_s: float = 20.0
    step_s: float = 10.0
    silence_s: float = 4.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    give_up_s: float = 300.0
    fruitful_s: float = 5.0
    most_fruitless: int = 10
    stop_s: float = 5.0
    disconnect_s: float = 12.0
    queue_s: float = 300.0
    attempts: int = 3

    def backoff_s(self, rng: random.Random) -> Iterator[float]:
        """Yield the wait before each reconnection attempt, s, without end; the first is 0.

        Parameters
        ----------
        rng : random.Random
            Source of the jitter.

        Yields
        ------
        float
            Doubling from `first_wait_s` to `longest_wait_s`, with 25 % of jitter.
        """
        yield 0.0
        wait_s = self.first_wait_s
        while True:
            yield min(self.longest_wait_s, wait_s * rng.uniform(*_JITTER))
            wait_s = min(self.longest_wait_s, 2.0 * wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """How to reach a sensor.

    Parameters
    ----------
    pair : bool
        Whether to pair before connecting.
    timeouts : LinkTimeouts
        Timeouts and retry limits.
    backend : Backend or None
        Bluetooth backend; None for that of the operating system.
    """

    pair: bool = False
    timeouts: LinkTimeouts = field(default_factory=LinkTimeouts)
    backend: Backend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostClocks:
    """Clocks of the computer, each a function that returns the time in s.

    Parameters
    ----------
    monotonic : callable
        Monotonic clock for the arrival time of packets; a simulated sensor may speed it up.
    wall : callable
        Wall clock for the same packets, s since 1970-01-01 UTC.
    timer : callable
        Monotonic clock for timeouts; always in real time.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    timer: Callable[[], float] = time.monotonic
