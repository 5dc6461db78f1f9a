"""Simulated sketch over the Nordic UART service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from devices.decoding.boards import NUS_DATA, NUS_SERVICE, NUS_WRITE
from devices.simulated.model import Characteristic, SensorModel

__all__ = ["NordicUart"]


class NordicUart(SensorModel):
    """Sketch that prints ``t_ms,ax,ay,az`` in g, split into full notifications."""

    slug = "nordic-uart"
    default_name = "Calf-IMU"
    advertised = (NUS_SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        NUS_SERVICE: ((NUS_WRITE, ("write", "write-without-response")), (NUS_DATA, ("notify",))),
    }
    _MAX_BYTES: ClassVar[int] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self._buffer = b""

    def subscription_changed(self, now_s: float) -> None:
        """Print while notifications are enabled."""
        if NUS_DATA in self.subscribed and self.started_s is None:
            self._buffer = b""
            self.start(now_s)
        elif NUS_DATA not in self.subscribed:
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return the full notifications."""
        for row, (x, y, z) in enumerate(self.movement(first, n)):
            stamp_ms = round(1000.0 * self.stamp_s(first + row))
            self._buffer += f"{stamp_ms},{x:.4f},{y:.4f},{z:.4f}\r\n".encode()
        items = []
        while len(self._buffer) >= self._MAX_BYTES:
            items.append((NUS_DATA, self._buffer[: self._MAX_BYTES]))
            self._buffer = self._buffer[self._MAX_BYTES :]
        return items
