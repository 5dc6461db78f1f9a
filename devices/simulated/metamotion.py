"""Simulated MetaMotion board with a BMI160."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE
from devices.sensors import metamotion
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["MetaMotion"]

_RANGES: Final = {0x03: 2.0, 0x05: 4.0, 0x08: 8.0, 0x0C: 16.0}
_TICKS_PER_S: Final = 32768.0 / 48.0


class MetaMotion(SensorModel):
    """Board with a BMI160: single samples, prefixed with time or count, or three in a packet."""

    slug = "metamotion"
    default_name = "MetaWear"
    advertised = (metamotion.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        metamotion.SERVICE: (
            (metamotion.COMMAND, ("write", "write-without-response")),
            (metamotion.NOTIFY, ("notify",)),
        ),
    }
    n_samples = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.accounter = ""
        self.is_packed = False

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a command; settings are not checked.

        Raises
        ------
        AttError
            If the sensor does not take the write.
        """
        if uuid != metamotion.COMMAND or len(data) < 2:
            raise AttError(WRITE_NOT_PERMITTED)
        if data == b"\x03\x80":
            self.reply(metamotion.NOTIFY, b"\x03\x80\x01\x01")
        elif data[:2] == b"\x03\x03" and len(data) == 4 and data[3] in _RANGES:
            self.sampling_rate_hz = 12.5 * 2.0 ** ((data[2] & 0x0F) - 5)
            self.range_g = _RANGES[data[3]]
        elif data[:7] == bytes.fromhex("09020304ffa011"):
            self.accounter = {0x31: "time", 0x30: "count"}.get(data[7], "")
            self.reply(metamotion.NOTIFY, b"\x09\x02\x00")
        elif data == b"\x09\x08":
            self.accounter = ""
        elif data[:2] == b"\x03\x1c":
            self.is_packed = data[2:] == b"\x01"
        elif data == b"\x03\x01\x01" and self.started_s is None:
            self.start(now_s)
        elif data == b"\x03\x01\x00":
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one notification of three samples, or one for each sample."""
        counts = self.counts(first, n, per_g=32768.0 / self.range_g)
        if self.is_packed and not self.accounter:
            return [(metamotion.NOTIFY, struct.pack(f"<2s{3 * n}h", b"\x03\x1c", *counts))]
        return [
            (
                metamotion.NOTIFY,
                self._header(first + row) + struct.pack("<3h", *counts[3 * row :][:3]),
            )
            for row in range(n)
        ]

    def _header(self, index: int) -> bytes:
        if not self.accounter:
            return b"\x03\x04"
        ticks = int(self.stamp_s(index) * _TICKS_PER_S)
        number = ticks if self.accounter == "time" else index
        return b"\x09\x03\x00" + struct.pack("<I", number % 2**32)
