"""Simulated WitMotion, Movesense, Nordic UART, and the simulated sensor of this project."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.boards import NUS_DATA, NUS_SERVICE, NUS_WRITE
from devices.decoding.uuids import BATTERY_LEVEL, BATTERY_SERVICE, assigned_uuid
from devices.sensors import movesense, witmotion
from devices.sensors import simulated as own
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["Movesense", "NordicUart", "OwnSensor", "WitMotion"]

_WIT_RATES: Final = {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0B: 200.0}
_WIT_RATE, _WIT_BATTERY, _WIT_READ = 0x03, 0x64, 0x27
_WIT_PER_G: Final = 32768.0 / 16.0


class WitMotion(SensorModel):
    """Frames of 20 bytes, 8 in a notification, while notifications are enabled."""

    slug = "witmotion"
    default_name = "WT901BLE68"
    advertised = (witmotion.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        witmotion.SERVICE: (
            (witmotion.DATA, ("notify",)),
            (witmotion.COMMAND, ("write", "write-without-response")),
        ),
    }
    n_samples = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        self.registers = {_WIT_RATE: 0x06, _WIT_BATTERY: 402}
        self.is_unlocked = False
        self.sampling_rate_hz = _WIT_RATES[self.registers[_WIT_RATE]]

    def subscription_changed(self, now_s: float) -> None:
        """Stream while notifications are enabled."""
        if witmotion.DATA in self.subscribed and self.started_s is None:
            self.start(now_s)
        elif witmotion.DATA not in self.subscribed:
            self.stop()

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a command."""
        if uuid != witmotion.COMMAND or len(data) != 5 or data[:2] != b"\xff\xaa":
            raise AttError(WRITE_NOT_PERMITTED)
        register, value = data[2], int.from_bytes(data[3:], "little")
        if register == 0x69:
            self.is_unlocked = value == 0xB588
        elif register == _WIT_READ:
            known = self.registers.get(value, 0)
            reply = struct.pack("<HHH12x", 0x7155, value, known)
            self.reply(witmotion.DATA, reply + bytes(20 - len(reply)))
        elif register == _WIT_RATE and self.is_unlocked and value in _WIT_RATES:
            self.registers[_WIT_RATE] = value
            self._set_rate(_WIT_RATES[value], now_s)

    def _set_rate(self, rate_hz: float, now_s: float) -> None:
        if rate_hz != self.sampling_rate_hz and self.started_s is not None:
            # The index restarts with the rate: the frames do not show when it changed.
            self.sampling_rate_hz = rate_hz
            self.first_started_s = self.started_s = now_s
            self.next_index = 0
            self.sent.clear()
            self.lost.clear()

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one notification of frames."""
        counts = self.counts(first, n, per_g=_WIT_PER_G)
        frames = (
            struct.pack("<2s9h", b"\x55\x61", *counts[3 * row : 3 * row + 3], *(0,) * 6)
            for row in range(n)
        )
        return [(witmotion.DATA, b"".join(frames))]


class Movesense(SensorModel):
    """Supports subscriptions to ``/Meas/Acc/<rate>`` and ``/Meas/IMU6/<rate>``."""

    slug = "movesense"
    default_name = "Movesense 214530002123"
    advertised = (assigned_uuid(0xFDF3),)
    manufacturer: ClassVar[Mapping[int, bytes]] = {0x009F: b"\x00"}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        movesense.SERVICE: (
            (movesense.WRITE, ("write", "write-without-response")),
            (movesense.NOTIFY, ("notify",)),
        ),
    }
    n_samples = 8
    _RATES: ClassVar[tuple[int, ...]] = (13, 26, 52, 104, 208, 416, 833, 1666)
    #: Longest payload of a notification; a longer one is sent in two parts.
    _MAX_BYTES: ClassVar[int] = 158

    def __post_init__(self) -> None:
        super().__post_init__()
        self.reference = 0
        self.has_gyro = False

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Subscribe or unsubscribe."""
        if uuid != movesense.WRITE or len(data) < 2:
            raise AttError(WRITE_NOT_PERMITTED)
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
        self.reply(movesense.NOTIFY, struct.pack("<BBH", 1, reference, status))

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one packet, in two parts if it is long."""
        values = [STANDARD_GRAVITY_MS2 * value for row in self.movement(first, n) for value in row]
        values += [0.0] * (3 * n if self.has_gyro else 0)
        stamp_ms = round(1000.0 * self.stamp_s(first)) % 2**32
        payload = struct.pack(f"<I{len(values)}f", stamp_ms, *values)
        parts = (payload[: self._MAX_BYTES], payload[self._MAX_BYTES :])
        return [
            (movesense.NOTIFY, bytes((kind, self.reference)) + part)
            for kind, part in zip((2, 3), parts, strict=True)
            if part
        ]


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


class OwnSensor(SensorModel):
    """Sensor of `devices.sensors.simulated`, with sample index and time."""

    slug = "simulated"
    default_name = "Simulated leg"
    advertised = (own.SERVICE,)
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        own.SERVICE: ((own.CONTROL, ("write", "indicate")), (own.DATA, ("notify",))),
    }
    n_samples = 13

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Start or stop the stream."""
        if uuid != own.CONTROL:
            raise AttError(WRITE_NOT_PERMITTED)
        request = own.read_request(data)
        if request is None:
            self.stop()
        elif self.started_s is None:
            self.sampling_rate_hz, self.range_g = request
            self.start(now_s)
        self.reply(own.CONTROL, own.OK + data[:1])

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one packet."""
        counts = self.counts(first, n, per_g=32768.0 / self.range_g)
        return [(own.DATA, own.packet(first, round(1e6 * self.stamp_s(first)), counts))]
