"""Simulated Xsens DOT."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.sensors import xsens_dot
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["XsensDot"]

_RATES: Final = (1, 4, 10, 12, 15, 20, 30, 60)
_RATE_AT: Final = 24


class XsensDot(SensorModel):
    """One sample per notification, time in us; it keeps measuring during a lost link."""

    slug = "xsens-dot"
    default_name = "Xsens DOT"
    manufacturer: ClassVar[Mapping[int, bytes]] = {0x0886: b"\x00"}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        xsens_dot.CONFIGURATION_SERVICE: ((xsens_dot.DEVICE_CONTROL, ("read", "write")),),
        xsens_dot.SERVICE: (
            (xsens_dot.CONTROL, ("read", "write")),
            (xsens_dot.MEDIUM, ("notify",)),
        ),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mode = 0
        self.output_rate_hz = 60

    def read(self, uuid: str) -> bytes:
        """Reply to a read of its state or its settings."""
        if uuid == xsens_dot.CONTROL:
            return bytes((1, self.started_s is not None, self.mode))
        if uuid == xsens_dot.DEVICE_CONTROL:
            return bytes(_RATE_AT) + struct.pack("<H", self.output_rate_hz) + bytes(6)
        return super().read(uuid)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start, stop, or set the output rate.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid == xsens_dot.DEVICE_CONTROL and len(data) >= _RATE_AT + 2:
            rate_hz = int.from_bytes(data[_RATE_AT : _RATE_AT + 2], "little")
            if rate_hz in _RATES and self.started_s is None:
                self.output_rate_hz = rate_hz
        elif uuid == xsens_dot.CONTROL and len(data) == 3:
            self.mode = data[2]
            if not data[1]:
                self.stop()
            elif self.started_s is None:
                self.sampling_rate_hz = float(self.output_rate_hz)
                self.start(now_s)
        else:
            raise AttError(WRITE_NOT_PERMITTED)

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return a notification for each sample."""
        rows = enumerate(self.movement(first, n))
        return [
            (
                xsens_dot.MEDIUM,
                struct.pack(
                    "<I6f12x",
                    round(1e6 * self.stamp_s(first + row)) % 2**32,
                    *(STANDARD_GRAVITY_MS2 * value for value in sample),
                    *(0.0,) * 3,
                ),
            )
            for row, sample in rows
        ]
