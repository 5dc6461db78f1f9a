"""Simulated Polar H10 and Verity Sense: measurement service, raw and compressed frames."""

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
from devices.sensors.polar_control import CONTROL, DATA, SERVICE, Command, Setting, Status
from devices.sensors.polar_frames import ACCELERATION, SDK_MODE
from devices.simulated.model import WRITE_NOT_PERMITTED, AttError, Characteristic, SensorModel

__all__ = ["PolarH10", "PolarVeritySense", "delta_frame"]

_COMPANY: Final = 0x006B

_CCCD_MISSING: Final = 0xFD
_MG_PER_G: Final = 1000.0


def delta_frame(counts: Sequence[int]) -> bytes:
    """Compress samples of three axes: a reference sample, then blocks of differences.

    Parameters
    ----------
    counts : sequence of int
        x y z x y z ..., each within 16 bits.

    Returns
    -------
    bytes
        Payload of the frame; blocks of up to 64 samples, with the smallest sufficient width.

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
        for offset, step in enumerate(block):
            number |= (step & ((1 << n_bits) - 1)) << (offset * n_bits)
        n_bytes = -(-n_bits * len(block) // 8)
        frame += bytes([n_bits, len(block) // 3]) + number.to_bytes(n_bytes, "little")
    return frame


class _Polar(SensorModel):
    """Control point of both sensors."""

    advertised: ClassVar[tuple[str, ...]] = (HEART_RATE_SERVICE,)
    manufacturer: ClassVar[Mapping[int, bytes]] = {_COMPANY: bytes.fromhex("720897c9c8000000")}
    table: ClassVar[Mapping[str, Sequence[Characteristic]]] = {
        HEART_RATE_SERVICE: ((HEART_RATE_MEASUREMENT, ("notify",)),),
        BATTERY_SERVICE: ((BATTERY_LEVEL, ("read", "notify")),),
        SERVICE: ((CONTROL, ("read", "write", "indicate")), (DATA, ("notify",))),
    }
    features: ClassVar[bytes]
    #: Sampling rates, Hz, and full scales, g, in normal and in SDK mode.
    offers: ClassVar[tuple[tuple[int, ...], tuple[int, ...]]]
    sdk_offers: ClassVar[tuple[tuple[int, ...], tuple[int, ...]] | None] = None
    has_channels: ClassVar[bool] = False
    #: Time of its first sample, ns since 2000-01-01.
    begin_ns: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.in_sdk_mode = False

    def read(self, uuid: str) -> bytes:
        """Reply to a read; the control point has the features."""
        return self.features if uuid == CONTROL else super().read(uuid)

    def handle_write(self, uuid: str, data: bytes, now_s: float) -> None:
        """Handle a request to the control point."""
        if uuid != CONTROL or len(data) < 2:
            raise AttError(WRITE_NOT_PERMITTED)
        if not {CONTROL, DATA} <= self.subscribed:
            raise AttError(_CCCD_MISSING)
        op, kind = data[0], data[1]
        status, rest = self._answer(op, kind, data[2:], now_s)
        more = b"\x00" + rest if status == Status.SUCCESS else b""
        self.reply(CONTROL, bytes((0xF0, op, kind, status)) + more)

    def _answer(self, op: int, kind: int, parameters: bytes, now_s: float) -> tuple[int, bytes]:
        if kind == SDK_MODE and self.sdk_offers is not None:
            return self._switch_sdk_mode(op)
        if kind != ACCELERATION:
            return Status.UNKNOWN_MEASUREMENT, b""
        if op == Command.GET_SETTINGS:
            return Status.SUCCESS, self._menu(*self._offers())
        if op == Command.GET_SDK_SETTINGS and self.sdk_offers is not None:
            return Status.SUCCESS, self._menu(*self.sdk_offers)
        if op == Command.START:
            return self._begin(parameters, now_s)
        if op == Command.STOP:
            self.stop()
            return Status.SUCCESS, b""
        return Status.UNKNOWN_REQUEST, b""

    def _offers(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self.sdk_offers if self.in_sdk_mode and self.sdk_offers else self.offers

    def _switch_sdk_mode(self, op: int) -> tuple[int, bytes]:
        if self.started_s is not None:
            return Status.INVALID_STATE, b""
        wanted = op == Command.START
        if wanted == self.in_sdk_mode:
            return Status.ALREADY_IN_STATE, b""
        self.in_sdk_mode = wanted
        return Status.SUCCESS, b""

    def _menu(self, rates: tuple[int, ...], ranges: tuple[int, ...]) -> bytes:
        entries = [(Setting.RATE, rates), (Setting.RESOLUTION, (16,)), (Setting.RANGE, ranges)]
        menu = b"".join(
            bytes((kind, len(values))) + struct.pack(f"<{len(values)}H", *values)
            for kind, values in entries
        )
        return menu + (bytes((Setting.CHANNELS, 1, 3)) if self.has_channels else b"")

    def _begin(self, parameters: bytes, now_s: float) -> tuple[int, bytes]:
        if self.started_s is not None:
            return Status.ALREADY_IN_STATE, b""
        chosen = _parse_settings(parameters)
        rates, ranges = self._offers()
        if chosen.get(Setting.RATE) not in rates:
            return Status.INVALID_RATE, b""
        if chosen.get(Setting.RANGE) not in ranges:
            return Status.INVALID_RANGE, b""
        self.sampling_rate_hz = float(chosen[Setting.RATE])
        self.range_g = float(chosen[Setting.RANGE])
        self.start(now_s)
        return Status.SUCCESS, b""

    def header(self, last: int, frame_type: int) -> bytes:
        """Return the header of a frame, with the time of its last sample."""
        stamp_ns = self.begin_ns + round(self.stamp_s(last) * 1e9)
        return struct.pack("<BQB", ACCELERATION, stamp_ns, frame_type)


class PolarH10(_Polar):
    """Chest strap; raw frames of 36 samples, 16 bits, mg."""

    slug = "polar-h10"
    default_name = "Polar H10 1A2B3C4D"
    features = bytes.fromhex("0f05") + bytes(15)
    offers = ((25, 50, 100, 200), (2, 4, 8))
    begin_ns = 599_616_000_000_000_000
    n_samples = 36

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one frame."""
        counts = self.counts(first, n, per_g=_MG_PER_G, most=round(self.range_g * _MG_PER_G))
        samples = struct.pack(f"<{3 * n}h", *counts)
        return [(DATA, self.header(first + n - 1, 0x01) + samples)]


class PolarVeritySense(_Polar):
    """Optical armband; compressed frames, mg; rates other than 52 Hz need the SDK mode."""

    slug = "polar-verity-sense"
    default_name = "Polar Sense 9F8E7D6C"
    features = bytes.fromhex("0f6e02") + bytes(14)
    offers = ((52,), (8,))
    sdk_offers = ((26, 52, 104, 208, 416), (2, 4, 8, 16))
    has_channels = True
    begin_ns = 700_000_000_000_000_000
    n_samples = 40

    def packets(self, first: int, n: int) -> list[tuple[str, bytes]]:
        """Return one frame."""
        counts = self.counts(first, n, per_g=_MG_PER_G, most=round(self.range_g * _MG_PER_G))
        return [(DATA, self.header(first + n - 1, 0x81) + delta_frame(counts))]


def _parse_settings(parameters: bytes) -> dict[int, int]:
    """Parse the settings of a start request."""
    found, offset = {}, 0
    while offset + 2 < len(parameters):
        kind, width = parameters[offset], 1 if parameters[offset] == Setting.CHANNELS else 2
        found[kind] = int.from_bytes(parameters[offset + 2 : offset + 2 + width], "little")
        offset += 2 + width * parameters[offset + 1]
    return found
