"""Simulated micro:bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.sensors import microbit
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["MicroBit"]

_PERIODS_MS: Final = (1, 2, 5, 10, 20, 80, 160, 640)


class MicroBit(SensorModel):
    """One sample per notification in mg, at the supported period nearest to the requested one."""

    slug = "microbit"
    default_name = "BBC micro:bit [zuvov]"
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        microbit.SERVICE: (
            (microbit.DATA, ("read", "notify")),
            (microbit.PERIOD, ("read", "write")),
        ),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.period_ms = 20

    def read(self, uuid: str) -> bytes:
        """Reply to a read of the period."""
        if uuid == microbit.PERIOD:
            return self.period_ms.to_bytes(2, "little")
        return super().read(uuid)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:  # noqa: ARG002
        """Set the period.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != microbit.PERIOD or len(data) != 2:
            raise AttError(WRITE_NOT_PERMITTED)
        asked_ms = int.from_bytes(data, "little")
        self.period_ms = min(_PERIODS_MS, key=lambda one: abs(one - asked_ms))

    def subscription_changed(self, now_s: float) -> None:
        """Stream while notifications are enabled."""
        if microbit.DATA in self.subscribed and self.started_s is None:
            if self.first_started_s is None:
                self.sampling_rate_hz = 1000.0 / self.period_ms
            self.start(now_s)
        elif microbit.DATA not in self.subscribed:
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return a notification for each sample."""
        counts = self.counts(first, n, per_g=1000.0, most=2047)
        return [
            (microbit.DATA, struct.pack("<3h", *counts[3 * row : 3 * row + 3])) for row in range(n)
        ]
