"""Simulated Thingy:52."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE
from devices.sensors import thingy52
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["Thingy52"]


class Thingy52(SensorModel):
    """One sample per notification, full scale 2 g, while notifications are enabled."""

    slug = "thingy52"
    default_name = "Thingy"
    advertised = (thingy52.ADVERTISED_SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        thingy52.MOTION_SERVICE: (
            (thingy52.CONFIG, ("read", "write")),
            (thingy52.RAW_DATA, ("notify",)),
        ),
    }

    def subscription_changed(self, now_s: float) -> None:
        """Stream while notifications are enabled."""
        if thingy52.RAW_DATA in self.subscribed and self.started_s is None:
            self.start(now_s)
        elif thingy52.RAW_DATA not in self.subscribed:
            self.stop()

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:  # noqa: ARG002
        """Set the sampling rate.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != thingy52.CONFIG or len(data) != 9:
            raise AttError(WRITE_NOT_PERMITTED)
        if self.first_started_s is None:
            self.sampling_rate_hz = float(struct.unpack_from("<H", data, 6)[0])

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return a notification for each sample."""
        counts = self.counts(first, n, per_g=1024.0, most=2047)
        return [
            (thingy52.RAW_DATA, struct.pack("<9h", *counts[3 * row : 3 * row + 3], *(0,) * 6))
            for row in range(n)
        ]
