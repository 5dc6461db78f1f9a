"""Shared by tests that read the sensors of the rigs."""

from __future__ import annotations

import asyncio

from rigs.models import GRAVITY_MG, index_of

from devices.link.options import LinkTimeouts
from tremor.packets import LinkEvent, Packet
from tremor.units import STANDARD_GRAVITY_MS2

#: Short waits, and limits that no busy machine reaches; tests of a limit set it themselves.
QUICK = LinkTimeouts(
    find_s=30.0,
    settle_s=0.1,
    connect_s=30.0,
    step_s=20.0,
    silence_s=10.0,
    first_wait_s=0.1,
    longest_wait_s=0.5,
    give_up_s=120.0,
    stop_s=20.0,
    disconnect_s=30.0,
)


class Taken:
    """Everything that came out of a source."""

    def __init__(self):
        self.items = []
        self.blocks = []

    def tap(self, item):
        self.items.append(item)

    @property
    def events(self):
        """Events, without reads and writes."""
        return [
            item
            for item in self.items
            if isinstance(item, LinkEvent) and item.kind not in ("wrote", "read")
        ]

    @property
    def kinds(self):
        return [event.kind for event in self.events]

    @property
    def packets(self):
        return [item for item in self.items if isinstance(item, Packet)]

    @property
    def indices(self):
        """Index that is encoded in each sample."""
        return indices_of(self.blocks)

    @property
    def positions(self):
        """Index of each sample by the decoder."""
        return [block.first_index + i for block in self.blocks for i in range(_n(block))]


def _n(block):
    return len(block.acceleration_ms2)


def indices_of(blocks):
    found = []
    for block in blocks:
        rows = block.acceleration_ms2 / STANDARD_GRAVITY_MS2 * GRAVITY_MG
        found += [index_of(x, y) for x, y, _ in rows]
    return found


async def wait_until(condition, *, timeout_s=60.0):
    """Wait for a condition."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def read(source, taken, *, n=1, until=None, timeout_s=120.0):
    """Read ``n`` more samples, or until a condition holds."""
    async with asyncio.timeout(timeout_s):
        done = 0
        async for block in source:
            taken.blocks.append(block)
            done += _n(block)
            if until() if until is not None else done >= n:
                return
