"""Simulated MetaMotion, Xsens DOT, Thingy:52 and micro:bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE
from devices.simulated.model import AttError, Characteristic, SensorModel

__all__ = ["MetaMotion", "MicroBit", "Thingy52", "XsensDot"]

_NOT_WRITABLE: Final = 0x03
_MS2_PER_G: Final = 9.80665

_METAWEAR: Final = "326a9000-85cb-9195-d9dd-464cfbbae75a"
_META_COMMAND: Final = "326a9001-85cb-9195-d9dd-464cfbbae75a"
_META_NOTIFY: Final = "326a9006-85cb-9195-d9dd-464cfbbae75a"
_META_RANGES: Final = {0x03: 2.0, 0x05: 4.0, 0x08: 8.0, 0x0C: 16.0}
_META_TICKS_PER_S: Final = 32768.0 / 48.0

_DOT: Final = "15172000-4947-11e9-8646-d663bd873d93"
_DOT_CONTROL: Final = "15172001-4947-11e9-8646-d663bd873d93"
_DOT_MEDIUM: Final = "15172003-4947-11e9-8646-d663bd873d93"
_DOT_CONFIG: Final = "15171000-4947-11e9-8646-d663bd873d93"
_DOT_DEVICE: Final = "15171002-4947-11e9-8646-d663bd873d93"
_DOT_RATES: Final = (1, 4, 10, 12, 15, 20, 30, 60)
_DOT_RATE_AT: Final = 24

_THINGY: Final = "ef680100-9b35-4933-9b10-52ffa9740042"
_THINGY_MOTION: Final = "ef680400-9b35-4933-9b10-52ffa9740042"
_THINGY_CONFIG: Final = "ef680401-9b35-4933-9b10-52ffa9740042"
_THINGY_RAW: Final = "ef680406-9b35-4933-9b10-52ffa9740042"

_MICROBIT: Final = "e95d0753-251d-470a-a062-fa1922dfa9a8"
_MICROBIT_DATA: Final = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
_MICROBIT_PERIOD: Final = "e95dfb24-251d-470a-a062-fa1922dfa9a8"
_MICROBIT_PERIODS_MS: Final = (1, 2, 5, 10, 20, 80, 160, 640)


class MetaMotion(SensorModel):
    """A board with a BMI160: single samples with a time or a count before them, or packed ones."""

    slug = "metamotion"
    default_name = "MetaWear"
    advertised = (_METAWEAR,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        _METAWEAR: (
            (_META_COMMAND, ("write", "write-without-response")),
            (_META_NOTIFY, ("notify",)),
        ),
    }
    n_samples = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.accounter = ""
        self.is_packed = False

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what a command asks for; settings are taken as they come."""
        if uuid != _META_COMMAND or len(data) < 2:
            raise AttError(_NOT_WRITABLE)
        if data == b"\x03\x80":
            self.reply(_META_NOTIFY, b"\x03\x80\x01\x01")
        elif data[:2] == b"\x03\x03" and len(data) == 4 and data[3] in _META_RANGES:
            self.sampling_rate_hz = 12.5 * 2.0 ** ((data[2] & 0x0F) - 5)
            self.range_g = _META_RANGES[data[3]]
        elif data[:7] == bytes.fromhex("09020304ffa011"):
            self.accounter = {0x31: "time", 0x30: "count"}.get(data[7], "")
            self.reply(_META_NOTIFY, b"\x09\x02\x00")
        elif data == b"\x09\x08":
            self.accounter = ""
        elif data[:2] == b"\x03\x1c":
            self.is_packed = data[2:] == b"\x01"
        elif data == b"\x03\x01\x01" and self.started_s is None:
            self.start(now_s)
        elif data == b"\x03\x01\x00":
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one packed notification, or one for each sample."""
        counts = self.counts(first, n, per_g=32768.0 / self.range_g)
        if self.is_packed and not self.accounter:
            return [(_META_NOTIFY, struct.pack(f"<2s{3 * n}h", b"\x03\x1c", *counts))]
        return [
            (_META_NOTIFY, self._before(first + row) + struct.pack("<3h", *counts[3 * row :][:3]))
            for row in range(n)
        ]

    def _before(self, index: int) -> bytes:
        if not self.accounter:
            return b"\x03\x04"
        ticks = int(self.stamp_s(index) * _META_TICKS_PER_S)
        number = ticks if self.accounter == "time" else index
        return b"\x09\x03\x00" + struct.pack("<I", number % 2**32)


class XsensDot(SensorModel):
    """One sample a notification with a stamp in us; it goes on measuring over a lost link."""

    slug = "xsens-dot"
    default_name = "Xsens DOT"
    manufacturer: ClassVar[Mapping[int, bytes]] = {0x0886: b"\x00"}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        _DOT_CONFIG: ((_DOT_DEVICE, ("read", "write")),),
        _DOT: ((_DOT_CONTROL, ("read", "write")), (_DOT_MEDIUM, ("notify",))),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mode = 0
        self.output_rate_hz = 60

    def read(self, uuid: str) -> bytes:
        """Answer a read: what it does, or its settings."""
        if uuid == _DOT_CONTROL:
            return bytes((1, self.started_s is not None, self.mode))
        if uuid == _DOT_DEVICE:
            return bytes(_DOT_RATE_AT) + struct.pack("<H", self.output_rate_hz) + bytes(6)
        return super().read(uuid)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start, stop, or take an output rate."""
        if uuid == _DOT_DEVICE and len(data) >= _DOT_RATE_AT + 2:
            rate_hz = int.from_bytes(data[_DOT_RATE_AT : _DOT_RATE_AT + 2], "little")
            if rate_hz in _DOT_RATES and self.started_s is None:
                self.output_rate_hz = rate_hz
        elif uuid == _DOT_CONTROL and len(data) == 3:
            self.mode = data[2]
            if not data[1]:
                self.stop()
            elif self.started_s is None:
                self.sampling_rate_hz = float(self.output_rate_hz)
                self.start(now_s)
        else:
            raise AttError(_NOT_WRITABLE)

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give a notification for each sample."""
        rows = enumerate(self.movement(first, n))
        return [
            (
                _DOT_MEDIUM,
                struct.pack(
                    "<I6f12x",
                    round(1e6 * self.stamp_s(first + row)) % 2**32,
                    *(_MS2_PER_G * value for value in sample),
                    *(0.0,) * 3,
                ),
            )
            for row, sample in rows
        ]


class Thingy52(SensorModel):
    """One sample a notification, full scale 2 g, while somebody listens."""

    slug = "thingy52"
    default_name = "Thingy"
    advertised = (_THINGY,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        _THINGY_MOTION: ((_THINGY_CONFIG, ("read", "write")), (_THINGY_RAW, ("notify",))),
    }

    def subscription_changed(self, now_s: float) -> None:
        """Stream while somebody listens."""
        if _THINGY_RAW in self.subscribed and self.started_s is None:
            self.start(now_s)
        elif _THINGY_RAW not in self.subscribed:
            self.stop()

    def take(self, uuid: str, data: bytes, now_s: float) -> None:  # noqa: ARG002
        """Take the settings."""
        if uuid != _THINGY_CONFIG or len(data) != 9:
            raise AttError(_NOT_WRITABLE)
        if self.first_started_s is None:
            self.sampling_rate_hz = float(struct.unpack_from("<H", data, 6)[0])

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give a notification for each sample."""
        counts = self.counts(first, n, per_g=1024.0, most=2047)
        return [
            (_THINGY_RAW, struct.pack("<9h", *counts[3 * row : 3 * row + 3], *(0,) * 6))
            for row in range(n)
        ]


class MicroBit(SensorModel):
    """One sample a notification in mg, at a period that it keeps as near as it can."""

    slug = "microbit"
    default_name = "BBC micro:bit [zuvov]"
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        _MICROBIT: ((_MICROBIT_DATA, ("read", "notify")), (_MICROBIT_PERIOD, ("read", "write"))),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.period_ms = 20

    def read(self, uuid: str) -> bytes:
        """Answer a read: the period that it keeps."""
        if uuid == _MICROBIT_PERIOD:
            return self.period_ms.to_bytes(2, "little")
        return super().read(uuid)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:  # noqa: ARG002
        """Take a period."""
        if uuid != _MICROBIT_PERIOD or len(data) != 2:
            raise AttError(_NOT_WRITABLE)
        asked_ms = int.from_bytes(data, "little")
        self.period_ms = min(_MICROBIT_PERIODS_MS, key=lambda one: abs(one - asked_ms))

    def subscription_changed(self, now_s: float) -> None:
        """Stream while somebody listens."""
        if _MICROBIT_DATA in self.subscribed and self.started_s is None:
            if self.first_started_s is None:
                self.sampling_rate_hz = 1000.0 / self.period_ms
            self.start(now_s)
        elif _MICROBIT_DATA not in self.subscribed:
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give a notification for each sample."""
        counts = self.counts(first, n, per_g=1000.0, most=2047)
        return [
            (_MICROBIT_DATA, struct.pack("<3h", *counts[3 * row : 3 * row + 3])) for row in range(n)
        ]
