"""Shared by tests of phones over the loopback interface."""

from __future__ import annotations

import time

import pytest

from devices.link.options import HostClocks, LinkTimeouts
from tremor.packets import LinkEvent

#: Short waits of a phone that is 60 times as fast.
QUICK = LinkTimeouts(
    step_s=0.4,
    silence_s=0.5,
    first_wait_s=0.1,
    longest_wait_s=0.3,
    give_up_s=60.0,
    stop_s=5.0,
    queue_s=1e5,
    attempts=1,
)


class FastClock:
    """Clock of the host and of a phone, many times real time."""

    def __init__(self, speed):
        self._speed, self._began_s = speed, time.monotonic()

    def phone_s(self):
        """Return the time since the beginning, s."""
        return (time.monotonic() - self._began_s) * self._speed

    @property
    def host(self):
        return HostClocks(monotonic=lambda: 1000.0 + self.phone_s())


@pytest.fixture
def taken():
    return Taken()


class Taken:
    """Everything that was tapped."""

    def __init__(self):
        self.items = []

    def __call__(self, item):
        self.items.append(item)

    @property
    def kinds(self):
        return [one.kind for one in self.items if isinstance(one, LinkEvent)]
