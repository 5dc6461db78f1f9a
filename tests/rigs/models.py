"""Sensors without a radio: bytes in, bytes out; every sample carries its own index.

A model knows its GATT table, what it answers to a write, and which notifications are due at a
moment. How they travel is not known here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from devices.decoding.uuids import (
    BATTERY_LEVEL,
    BATTERY_SERVICE,
    GENERIC_ATTRIBUTE_SERVICE,
    HEART_RATE_MEASUREMENT,
    HEART_RATE_SERVICE,
)

PMD = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
PMD_DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
NUS = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
NUS_RX = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
NUS_TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"

#: x holds the index below this, y how often it went over.
INDEX_SPAN = 1000
GRAVITY_MG = 1000


class AttError(Exception):
    """An error code of the attribute protocol."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NoAnswer(Exception):  # noqa: N818 - nothing went wrong that anybody would be told of
    """The write is never answered."""


def counts_of(index: int) -> tuple[int, int, int]:
    """Return the three values that encode an index, mg."""
    return index % INDEX_SPAN, index // INDEX_SPAN, GRAVITY_MG


def index_of(x: float, y: float) -> int:
    """Read an index back from numbers, mg."""
    return round(x) + INDEX_SPAN * round(y)


@dataclass
class Sensor:
    """What all of them have in common.

    ``speed`` is how much faster than real its time goes. The attributes below it are faults.
    """

    name: str = "Sensor"
    address: str = "C0:00:00:00:00:01"
    rssi: int = -58
    manufacturer: dict[int, bytes] = field(default_factory=dict)
    advertised: tuple[str, ...] = ()
    #: Service: (characteristic, flags) ...
    table: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=dict)
    sampling_rate_hz: float = 100.0
    speed: float = 1.0
    silent: bool = False
    needs_pairing: bool = False
    #: Next notifications of the stream that are lost on the way.
    to_lose: int = 0
    #: One in so many is lost; 0 for none.
    lose_every: int = 0
    #: Write (hex) or its first byte: reply (hex) instead of the true one; "" for none at all.
    replies: dict[str, str] = field(default_factory=dict)
    #: Characteristic: error code of a write to it.
    write_errors: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subscribed: set[str] = set()
        self.paired = False
        #: Its clock and the index of its samples begin when it is first started, and go on.
        self.zero_s: float | None = None
        self.streaming = False
        self.n_notified = 0
        self.first_sent = 0  # index of the next sample to send
        self.waiting: list[tuple[str, bytes]] = []
        self.log: list[tuple[str, str]] = []

    @property
    def is_in_reach(self) -> bool:
        return True

    def breaks(self) -> bool:
        """Check whether the sensor itself breaks the link now."""
        return False

    def linked(self, now_s: float) -> None:
        """Take a new link."""

    def truth(self) -> dict[str, list]:
        """Return what was sent and what was lost, each as first index and number."""
        return {}

    def read(self, uuid: str) -> bytes:
        if uuid == BATTERY_LEVEL:
            return b"\x51"
        raise AttError(0x02)

    def write(self, uuid: str, data: bytes, now_s: float) -> None:
        self.log.append((uuid, data.hex()))
        if self.needs_pairing and not self.paired:
            raise NoAnswer
        if uuid in self.write_errors:
            raise AttError(self.write_errors[uuid])
        for key in (data.hex(), data[:1].hex()):
            if key in self.replies:
                if self.replies[key]:
                    self.waiting.append((self.reply_on(uuid), bytes.fromhex(self.replies[key])))
                return
        self.take(uuid, data, now_s)

    def reply_on(self, uuid: str) -> str:
        return uuid

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what a write asks for."""

    def notify(self, uuid: str, on: bool, now_s: float) -> None:  # noqa: ARG002
        (self.subscribed.add if on else self.subscribed.discard)(uuid)

    def start(self, now_s: float) -> None:
        if self.zero_s is None:
            self.zero_s = now_s
        self.streaming = True
        self.first_sent = self.n_sampled(now_s)

    def n_sampled(self, now_s: float) -> int:
        if self.zero_s is None:
            return 0
        return int((now_s - self.zero_s) * self.speed * self.sampling_rate_hz)

    def due(self, now_s: float) -> list[tuple[str, bytes]]:
        """Return the notifications that are due; those without a subscription are discarded."""
        items, self.waiting = self.waiting, []
        for item in self.stream(now_s) if self.streaming else ():
            if self.silent:
                continue
            self.n_notified += 1
            if self.lose_every and self.n_notified % self.lose_every == 0:
                continue
            if self.to_lose > 0:
                self.to_lose -= 1
                continue
            items.append(item)
        return [(uuid, data) for uuid, data in items if uuid in self.subscribed]

    def stream(self, now_s: float) -> list[tuple[str, bytes]]:
        raise NotImplementedError


class H10(Sensor):
    """A chest strap of the Polar measurement service: 36 samples a notification, ns stamps.

    It goes on measuring when the link is lost, and answers a second start with "already in state".
    """

    N_SAMPLES = 36
    FEATURES = bytes.fromhex("0f05000000000000000000000000000000")
    SETTINGS = "f00102000000041900320064 00c800 0001 0110 00 0203 0200 0400 0800".replace(" ", "")
    EPOCH_NS = 599_616_000_000_000_000
    RATES = (25, 50, 100, 200)
    RANGES = (2, 4, 8)

    def __init__(self, **fields) -> None:
        fields = {
            "name": "Polar H10 1A2B3C4D",
            "address": "A0:9E:1A:00:00:01",
            "manufacturer": {0x006B: b"\x72\x08\x97\xc9\xc8\x00\x00\x00"},
            "advertised": (HEART_RATE_SERVICE,),
            "table": {
                GENERIC_ATTRIBUTE_SERVICE: (),
                HEART_RATE_SERVICE: ((HEART_RATE_MEASUREMENT, ("notify",)),),
                BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
                PMD: (
                    (PMD_CONTROL, ("read", "write", "indicate")),
                    (PMD_DATA, ("notify",)),
                ),
            },
            "sampling_rate_hz": 200.0,
            **fields,
        }
        super().__init__(**fields)

    def read(self, uuid: str) -> bytes:
        return self.FEATURES if uuid == PMD_CONTROL else super().read(uuid)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        if uuid != PMD_CONTROL:
            raise AttError(0x03)
        if not {PMD_CONTROL, PMD_DATA} <= self.subscribed:
            raise AttError(0xFD)
        reply = self.answer(data, now_s)
        self.waiting.append((PMD_CONTROL, reply))

    def answer(self, data: bytes, now_s: float) -> bytes:
        op, kind = data[0], data[1] if len(data) > 1 else 0xFF

        def status(code: int, rest: bytes = b"") -> bytes:
            return bytes((0xF0, op, kind, code)) + (b"\x00" + rest if code == 0 else b"")

        if kind != 2:
            return status(2)
        if op == 1:
            return bytes.fromhex(self.SETTINGS)
        if op == 2:
            wanted = self.asked(data[2:])
            if self.streaming:
                return status(6)
            if wanted.get(0) not in self.RATES:
                return status(8)
            if wanted.get(2) not in self.RANGES:
                return status(9)
            self.sampling_rate_hz = float(wanted[0])
            self.start(now_s)
            return status(0, b"\x01")
        if op == 3:
            self.streaming = False
            return status(0)
        return status(1)

    @staticmethod
    def asked(data: bytes) -> dict[int, int]:
        values, place = {}, 0
        while place + 2 < len(data):
            kind, width = data[place], 1 if data[place] == 4 else 2
            values[kind] = int.from_bytes(data[place + 2 : place + 2 + width], "little")
            place += 2 + width
        return values

    def stream(self, now_s: float) -> list[tuple[str, bytes]]:
        items = []
        while self.first_sent + self.N_SAMPLES <= self.n_sampled(now_s):
            last = self.first_sent + self.N_SAMPLES - 1
            stamp = self.EPOCH_NS + round(last / self.sampling_rate_hz * 1e9)
            rows = (struct.pack("<3h", *counts_of(i)) for i in range(self.first_sent, last + 1))
            items.append((PMD_DATA, struct.pack("<BQB", 2, stamp, 1) + b"".join(rows)))
            self.first_sent = last + 1
        return items


class Uart(Sensor):
    """A sketch that prints ``t_ms,ax,ay,az`` (g) over the Nordic UART service, 20 bytes at most.

    It prints while somebody listens; lines are cut wherever a notification is full.
    """

    CHUNK = 20

    def __init__(self, **fields) -> None:
        fields = {
            "name": "Calf-IMU",
            "address": "C1:22:33:44:55:66",
            "advertised": (NUS,),
            "table": {
                GENERIC_ATTRIBUTE_SERVICE: (),
                NUS: (
                    (NUS_RX, ("write", "write-without-response")),
                    (NUS_TX, ("notify",)),
                ),
            },
            "sampling_rate_hz": 100.0,
            **fields,
        }
        super().__init__(**fields)
        self.text = b""

    def notify(self, uuid: str, on: bool, now_s: float) -> None:
        super().notify(uuid, on, now_s)
        if uuid == NUS_TX:
            self.text = b""
            self.streaming = False
            if on:
                self.start(now_s)

    def stream(self, now_s: float) -> list[tuple[str, bytes]]:
        for index in range(self.first_sent, self.n_sampled(now_s)):
            self.first_sent = index + 1
            x, y, z = (number / GRAVITY_MG for number in counts_of(index))
            time_ms = round(1000.0 * index / self.sampling_rate_hz)
            self.text += f"{time_ms},{x:.3f},{y:.3f},{z:.3f}\r\n".encode()
        items = []
        while len(self.text) >= self.CHUNK:
            items.append((NUS_TX, self.text[: self.CHUNK]))
            self.text = self.text[self.CHUNK :]
        return items


#: By the word that tests use.
MODELS = {"h10": H10, "uart": Uart}
