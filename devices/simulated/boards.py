"""Simulated MetaMotion, Xsens DOT, Thingy:52 and micro:bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE
from devices.sensors import metamotion, microbit, thingy52, xsens_dot
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["MetaMotion", "MicroBit", "Thingy52", "XsensDot"]

_META_RANGES: Final = {0x03: 2.0, 0x05: 4.0, 0x08: 8.0, 0x0C: 16.0}
_META_TICKS_PER_S: Final = 32768.0 / 48.0

_DOT_RATES: Final = (1, 4, 10, 12, 15, 20, 30, 60)
_DOT_RATE_AT: Final = 24

_MICROBIT_PERIODS_MS: Final = (1, 2, 5, 10, 20, 80, 160, 640)


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
        """Handle a command; settings are not checked."""
        if uuid != metamotion.COMMAND or len(data) < 2:
            raise AttError(WRITE_NOT_PERMITTED)
        if data == b"\x03\x80":
            self.reply(metamotion.NOTIFY, b"\x03\x80\x01\x01")
        elif data[:2] == b"\x03\x03" and len(data) == 4 and data[3] in _META_RANGES:
            self.sampling_rate_hz = 12.5 * 2.0 ** ((data[2] & 0x0F) - 5)
            self.range_g = _META_RANGES[data[3]]
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
        ticks = int(self.stamp_s(index) * _META_TICKS_PER_S)
        number = ticks if self.accounter == "time" else index
        return b"\x09\x03\x00" + struct.pack("<I", number % 2**32)


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
            return bytes(_DOT_RATE_AT) + struct.pack("<H", self.output_rate_hz) + bytes(6)
        return super().read(uuid)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start, stop, or set the output rate."""
        if uuid == xsens_dot.DEVICE_CONTROL and len(data) >= _DOT_RATE_AT + 2:
            rate_hz = int.from_bytes(data[_DOT_RATE_AT : _DOT_RATE_AT + 2], "little")
            if rate_hz in _DOT_RATES and self.started_s is None:
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
        """Set the sampling rate."""
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
        """Set the period."""
        if uuid != microbit.PERIOD or len(data) != 2:
            raise AttError(WRITE_NOT_PERMITTED)
        asked_ms = int.from_bytes(data, "little")
        self.period_ms = min(_MICROBIT_PERIODS_MS, key=lambda one: abs(one - asked_ms))

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
