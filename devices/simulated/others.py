"""Simulated WitMotion, Movesense, Nordic UART, and a sensor of this project's own."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE, assigned_uuid
from devices.sensors import simulated as own
from devices.simulated.model import (
    AttError,
    Characteristic,
    SensorModel,
)

__all__ = ["Movesense", "NordicUart", "OwnSensor", "WitMotion"]

_NOT_WRITABLE: Final = 0x03
_MS2_PER_G: Final = 9.80665

_WIT_SERVICE: Final = "0000ffe5-0000-1000-8000-00805f9a34fb"
_WIT_DATA: Final = "0000ffe4-0000-1000-8000-00805f9a34fb"
_WIT_COMMAND: Final = "0000ffe9-0000-1000-8000-00805f9a34fb"
_WIT_RATES: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0B: 200.0}
_WIT_RATE, _WIT_BATTERY, _WIT_READ = 0x03, 0x64, 0x27
_WIT_PER_G: Final = 32768.0 / 16.0

_MOVESENSE: Final = "34802252-7185-4d5d-b431-630e7050e8f0"
_MOVESENSE_WRITE: Final = "34800001-7185-4d5d-b431-630e7050e8f0"
_MOVESENSE_NOTIFY: Final = "34800002-7185-4d5d-b431-630e7050e8f0"

_NUS: Final = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
_NUS_RX: Final = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
_NUS_TX: Final = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


class WitMotion(SensorModel):
    """Streams frames of 20 bytes, 8 in a notification, as soon as somebody listens."""

    slug = "witmotion"
    default_name = "WT901BLE68"
    advertised = (_WIT_SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        _WIT_SERVICE: (
            (_WIT_DATA, ("notify",)),
            (_WIT_COMMAND, ("write", "write-without-response")),
        ),
    }
    n_samples = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.registers = {_WIT_RATE: 0x06, _WIT_BATTERY: 402}
        self.is_unlocked = False
        self.sampling_rate_hz = _WIT_RATES[self.registers[_WIT_RATE]]

    def subscription_changed(self, now_s: float) -> None:
        """Stream while somebody listens."""
        if _WIT_DATA in self.subscribed and self.started_s is None:
            self.start(now_s)
        elif _WIT_DATA not in self.subscribed:
            self.stop()

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what is written to the command characteristic."""
        if uuid != _WIT_COMMAND or len(data) != 5 or data[:2] != b"\xff\xaa":
            raise AttError(_NOT_WRITABLE)
        register, value = data[2], int.from_bytes(data[3:], "little")
        if register == 0x69:
            self.is_unlocked = value == 0xB588
        elif register == _WIT_READ:
            known = self.registers.get(value, 0)
            reply = struct.pack("<HHH12x", 0x7155, value, known)
            self.reply(_WIT_DATA, reply + bytes(20 - len(reply)))
        elif register == _WIT_RATE and self.is_unlocked and value in _WIT_RATES:
            self.registers[_WIT_RATE] = value
            self._take_rate(_WIT_RATES[value], now_s)

    def _take_rate(self, rate_hz: float, now_s: float) -> None:
        if rate_hz != self.sampling_rate_hz and self.started_s is not None:
            # The count begins anew with the rate: nothing tells them apart in the frames.
            self.sampling_rate_hz = rate_hz
            self.first_started_s = self.started_s = now_s
            self.next_index = 0
            self.sent.clear()
            self.lost.clear()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one notification of frames."""
        counts = self.counts(first, n, per_g=_WIT_PER_G)
        frames = (
            struct.pack("<2s9h", b"\x55\x61", *counts[3 * row : 3 * row + 3], *(0,) * 6)
            for row in range(n)
        )
        return [(_WIT_DATA, b"".join(frames))]


class Movesense(SensorModel):
    """Answers subscriptions to ``/Meas/Acc/<rate>`` and ``/Meas/IMU6/<rate>``."""

    slug = "movesense"
    default_name = "Movesense 214530002123"
    advertised = (assigned_uuid(0xFDF3),)
    manufacturer: ClassVar[Mapping[int, bytes]] = {0x009F: b"\x00"}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        _MOVESENSE: (
            (_MOVESENSE_WRITE, ("write", "write-without-response")),
            (_MOVESENSE_NOTIFY, ("notify",)),
        ),
    }
    n_samples = 8
    _RATES: ClassVar[tuple[int, ...]] = (13, 26, 52, 104, 208, 416, 833, 1666)
    #: A payload that is longer is sent in two parts.
    _MOST_BYTES: ClassVar[int] = 158

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reference = 0
        self.has_gyro = False

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Subscribe or unsubscribe."""
        if uuid != _MOVESENSE_WRITE or len(data) < 2:
            raise AttError(_NOT_WRITABLE)
        command, reference = data[0], data[1]
        status = 200
        if command == 1:
            _, measurement, what, rate = (data[2:].decode("ascii", "replace") + "///").split("/")[
                :4
            ]
            is_known = measurement == "Meas" and what in ("Acc", "IMU6") and rate.isdigit()
            if not is_known or int(rate) not in self._RATES:
                status = 404
            elif self.started_s is not None:
                status = 507
            else:
                self.reference, self.has_gyro = reference, what == "IMU6"
                self.sampling_rate_hz = float(rate)
                self.start(now_s)
        elif command == 2:
            self.stop()
        self.reply(_MOVESENSE_NOTIFY, struct.pack("<BBH", 1, reference, status))

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one packet, in two parts where it is long."""
        values = [_MS2_PER_G * value for row in self.movement(first, n) for value in row]
        values += [0.0] * (3 * n if self.has_gyro else 0)
        stamp_ms = round(1000.0 * self.stamp_s(first)) % 2**32
        payload = struct.pack(f"<I{len(values)}f", stamp_ms, *values)
        parts = (payload[: self._MOST_BYTES], payload[self._MOST_BYTES :])
        return [
            (_MOVESENSE_NOTIFY, bytes((kind, self.reference)) + part)
            for kind, part in zip((2, 3), parts, strict=True)
            if part
        ]


class NordicUart(SensorModel):
    """A sketch that prints ``t_ms,ax,ay,az`` in g, cut wherever a notification is full."""

    slug = "nordic-uart"
    default_name = "Calf-IMU"
    advertised = (_NUS,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        _NUS: ((_NUS_RX, ("write", "write-without-response")), (_NUS_TX, ("notify",))),
    }
    _MOST_BYTES: ClassVar[int] = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        self._waiting = b""

    def subscription_changed(self, now_s: float) -> None:
        """Print while somebody listens."""
        if _NUS_TX in self.subscribed and self.started_s is None:
            self._waiting = b""
            self.start(now_s)
        elif _NUS_TX not in self.subscribed:
            self.stop()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give what is full now."""
        for row, (x, y, z) in enumerate(self.movement(first, n)):
            stamp_ms = round(1000.0 * self.stamp_s(first + row))
            self._waiting += f"{stamp_ms},{x:.4f},{y:.4f},{z:.4f}\r\n".encode()
        items = []
        while len(self._waiting) >= self._MOST_BYTES:
            items.append((_NUS_TX, self._waiting[: self._MOST_BYTES]))
            self._waiting = self._waiting[self._MOST_BYTES :]
        return items


class OwnSensor(SensorModel):
    """The sensor of `devices.sensors.simulated`, with counter and stamps."""

    slug = "simulated"
    default_name = "Simulated leg"
    advertised = (own.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        own.SERVICE: ((own.CONTROL, ("write", "indicate")), (own.DATA, ("notify",))),
    }
    n_samples = 13

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start or stop."""
        if uuid != own.CONTROL:
            raise AttError(_NOT_WRITABLE)
        request = own.read_request(data)
        if request is None:
            self.stop()
        elif self.started_s is None:
            self.sampling_rate_hz, self.range_g = request
            self.start(now_s)
        self.reply(own.CONTROL, own.OK + data[:1])

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one packet."""
        counts = self.counts(first, n, per_g=32768.0 / self.range_g)
        return [(own.DATA, own.packet(first, round(1e6 * self.stamp_s(first)), counts))]
