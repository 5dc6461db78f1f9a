"""Simulated Polar H10 and Verity Sense: the measurement service, raw and compressed frames."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from devices.decoding.uuids import (
    BATTERY_LEVEL,
    BATTERY_SERVICE,
    HEART_RATE_MEASUREMENT,
    HEART_RATE_SERVICE,
)
from devices.simulated.model import (
    AttError,
    Characteristic,
    SensorModel,
)

__all__ = ["PolarH10", "PolarVeritySense", "delta_frame"]

_PMD: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
_CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
_DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
_COMPANY: Final = 0x006B

_ACCELERATION, _SDK_MODE = 2, 9
_SETTINGS, _START, _STOP, _SDK_SETTINGS = 1, 2, 3, 4
_RATE, _RESOLUTION, _RANGE, _CHANNELS = 0, 1, 2, 4
#: Status of a reply: done, not such a type, already so, not such a rate or range, not now.
_OK, _NO_OP, _NO_TYPE, _ALREADY, _NO_RATE, _NO_RANGE, _NOT_NOW = 0, 1, 2, 6, 8, 9, 12
_CCCD_MISSING: Final = 0xFD
_NOT_WRITABLE: Final = 0x03
_MG_PER_G: Final = 1000.0


def delta_frame(counts: Sequence[int]) -> bytes:
    """Compress samples of three axes: the first as it is, then blocks of differences.

    Parameters
    ----------
    counts : sequence of int
        x y z x y z ..., each within 16 bits.

    Returns
    -------
    bytes
        What follows the header of the frame; blocks hold up to 64 samples, each as wide as it
        must be.

    Examples
    --------
    >>> delta_frame([1, 2, 3, 2, 1, 3]).hex()
    '01000200030002010d'
    """
    frame = struct.pack("<3h", *counts[:3])
    steps = [now - before for now, before in zip(counts[3:], counts, strict=False)]
    for first in range(0, len(steps), 3 * 64):
        block = steps[first : first + 3 * 64]
        n_bits = max(max(step, -step - 1).bit_length() for step in block) + 1
        number = 0
        for place, step in enumerate(block):
            number |= (step & ((1 << n_bits) - 1)) << (place * n_bits)
        n_bytes = -(-n_bits * len(block) // 8)
        frame += bytes([n_bits, len(block) // 3]) + number.to_bytes(n_bytes, "little")
    return frame


class _Polar(SensorModel):
    """What both sensors say on the control point."""

    advertised: ClassVar[tuple[str, ...]] = (HEART_RATE_SERVICE,)
    manufacturer: ClassVar[Mapping[int, bytes]] = {_COMPANY: bytes.fromhex("720897c9c8000000")}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        HEART_RATE_SERVICE: ((HEART_RATE_MEASUREMENT, ("notify",)),),
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        _PMD: ((_CONTROL, ("read", "write", "indicate")), (_DATA, ("notify",))),
    }
    features: ClassVar[bytes]
    #: Rates and ranges as they are, and in SDK mode.
    offers: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    sdk_offers: ClassVar[tuple[tuple[int, ...], tuple[int, ...]] | None] = None
    has_channels: ClassVar[bool] = False
    #: Stamp of its first sample, ns since 2000.
    begin_ns: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.in_sdk_mode = False

    def read(self, uuid: str) -> bytes:
        """Answer a read; the control point gives the features."""
        return self.features if uuid == _CONTROL else super().read(uuid)

    def take(self, uuid: str, data: bytes, now_s: float) -> None:
        """Do what is written to the control point."""
        if uuid != _CONTROL or len(data) < 2:
            raise AttError(_NOT_WRITABLE)
        if not {_CONTROL, _DATA} <= self.subscribed:
            raise AttError(_CCCD_MISSING)
        op, kind = data[0], data[1]
        status, rest = self._answer(op, kind, data[2:], now_s)
        more = b"\x00" + rest if status == _OK else b""
        self.reply(_CONTROL, bytes((0xF0, op, kind, status)) + more)

    def _answer(self, op: int, kind: int, asked: bytes, now_s: float) -> tuple[int, bytes]:
        if kind == _SDK_MODE and self.sdk_offers is not None:
            return self._switch_sdk_mode(op)
        if kind != _ACCELERATION:
            return _NO_TYPE, b""
        if op == _SETTINGS:
            return _OK, self._menu(*self._offers())
        if op == _SDK_SETTINGS and self.sdk_offers is not None:
            return _OK, self._menu(*self.sdk_offers)
        if op == _START:
            return self._begin(asked, now_s)
        if op == _STOP:
            self.stop()
            return _OK, b""
        return _NO_OP, b""

    def _offers(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self.sdk_offers if self.in_sdk_mode and self.sdk_offers else self.offers

    def _switch_sdk_mode(self, op: int) -> tuple[int, bytes]:
        if self.started_s is not None:
            return _NOT_NOW, b""
        wanted = op == _START
        if wanted == self.in_sdk_mode:
            return _ALREADY, b""
        self.in_sdk_mode = wanted
        return _OK, b""

    def _menu(self, rates: tuple[int, ...], ranges: tuple[int, ...]) -> bytes:
        entries = [(_RATE, rates), (_RESOLUTION, (16,)), (_RANGE, ranges)]
        menu = b"".join(
            bytes((kind, len(values))) + struct.pack(f"<{len(values)}H", *values)
            for kind, values in entries
        )
        return menu + (bytes((_CHANNELS, 1, 3)) if self.has_channels else b"")

    def _begin(self, asked: bytes, now_s: float) -> tuple[int, bytes]:
        if self.started_s is not None:
            return _ALREADY, b""
        chosen = _settings_in(asked)
        rates, ranges = self._offers()
        if chosen.get(_RATE) not in rates:
            return _NO_RATE, b""
        if chosen.get(_RANGE) not in ranges:
            return _NO_RANGE, b""
        self.sampling_rate_hz = float(chosen[_RATE])
        self.range_g = float(chosen[_RANGE])
        self.start(now_s)
        return _OK, b""

    def header(self, last: int, frame_type: int) -> bytes:
        """Give the header of a frame: its stamp is that of its last sample."""
        stamp_ns = self.begin_ns + round(self.stamp_s(last) * 1e9)
        return struct.pack("<BQB", _ACCELERATION, stamp_ns, frame_type)


class PolarH10(_Polar):
    """A chest strap; raw frames of 36 samples, 16 bits, mg."""

    slug = "polar-h10"
    default_name = "Polar H10 1A2B3C4D"
    features = bytes.fromhex("0f05") + bytes(15)
    offers = ((25, 50, 100, 200), (2, 4, 8))
    begin_ns = 599_616_000_000_000_000
    n_samples = 36

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one frame."""
        counts = self.counts(first, n, per_g=_MG_PER_G, most=round(self.range_g * _MG_PER_G))
        samples = struct.pack(f"<{3 * n}h", *counts)
        return [(_DATA, self.header(first + n - 1, 0x01) + samples)]


class PolarVeritySense(_Polar):
    """An optical armband; compressed frames, mg; rates other than 52 Hz in its SDK mode."""

    slug = "polar-verity-sense"
    default_name = "Polar Sense 9F8E7D6C"
    features = bytes.fromhex("0f6e02") + bytes(14)
    offers = ((52,), (8,))
    sdk_offers = ((26, 52, 104, 208, 416), (2, 4, 8, 16))
    has_channels = True
    begin_ns = 700_000_000_000_000_000
    n_samples = 40

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Give one frame."""
        counts = self.counts(first, n, per_g=_MG_PER_G, most=round(self.range_g * _MG_PER_G))
        return [(_DATA, self.header(first + n - 1, 0x81) + delta_frame(counts))]


def _settings_in(asked: bytes) -> dict[int, int]:
    """Read type, count, value ... of a start request."""
    found, place = {}, 0
    while place + 2 < len(asked):
        kind, width = asked[place], 1 if asked[place] == _CHANNELS else 2
        found[kind] = int.from_bytes(asked[place + 2 : place + 2 + width], "little")
        place += 2 + width * asked[place + 1]
    return found
