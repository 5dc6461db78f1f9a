"""What each sensor would send for samples that are given: the other way round than a decoder.

One entry a profile. Laws run over all of them; a new sensor adds its entry here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from devices.decoding.uuids import HEART_RATE_SERVICE, assigned_uuid
from devices.profile import Advertisement
from tremor.units import STANDARD_GRAVITY_MS2

PMD_CONTROL = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
PMD_DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
WITMOTION_DATA = "0000ffe4-0000-1000-8000-00805f9a34fb"
MOVESENSE_NOTIFY = "34800002-7185-4d5d-b431-630e7050e8f0"
NUS_DATA = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
METAMOTION_NOTIFY = "326a9006-85cb-9195-d9dd-464cfbbae75a"
DOT_CONTROL = "15172001-4947-11e9-8646-d663bd873d93"
DOT_DEVICE_CONTROL = "15171002-4947-11e9-8646-d663bd873d93"
DOT_MEDIUM = "15172003-4947-11e9-8646-d663bd873d93"
THINGY_RAW = "ef680406-9b35-4933-9b10-52ffa9740042"
MICROBIT_DATA = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
MICROBIT_PERIOD = "e95dfb24-251d-470a-a062-fa1922dfa9a8"

#: Device clocks stand at this when the first sample is taken, s.
BOOT_S = 100.0

Row = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Example:
    """A sensor of one kind.

    ``encode`` makes one notification of rows (m/s^2) and the time of the first of them (s) at a
    rate (Hz). ``answers`` is what it says when it is started and stopped with its defaults: by
    bytes written, or by characteristic read. ``full_scale_g`` is that of its defaults.
    """

    advertisements: tuple[Advertisement, ...]
    characteristic: str
    n_rows: int
    encode: Callable[[Sequence[Row], float, float], bytes]
    full_scale_g: float
    resolution_ms2: float
    answers: Mapping[bytes | str, bytes | None] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def _g(row: Row, scale: float, n_bits: int = 16) -> tuple[int, ...]:
    """Give a row in g times a scale, as whole numbers that stay within their bits."""
    most = (1 << n_bits - 1) - 1
    return tuple(
        max(-most - 1, min(most, round(one / STANDARD_GRAVITY_MS2 * scale))) for one in row
    )


def _last_ns(first_s: float, n: int, rate_hz: float) -> int:
    return round((BOOT_S + first_s + (n - 1) / rate_hz) * 1e9)


def _polar_plain(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
    head = struct.pack("<BQB", 2, _last_ns(first_s, len(rows), rate_hz), 0x01)
    return head + b"".join(struct.pack("<3h", *_g(row, 1000.0)) for row in rows)


def differences_of(rows: Sequence[Sequence[int]], *, most_in_block: int = 20) -> bytes:
    """Encode samples as a reference and blocks of differences, each as narrow as it can be."""
    data = b"".join(one.to_bytes(2, "little", signed=True) for one in rows[0])
    for start in range(1, len(rows), most_in_block):
        block = rows[start : start + most_in_block]
        before = rows[start - 1 : start - 1 + len(block)]
        steps = [
            now - then
            for one, last in zip(block, before, strict=True)
            for now, then in zip(one, last, strict=True)
        ]
        bits = max(max(step, -step - 1).bit_length() for step in steps) + 1
        fields = sum((step & (1 << bits) - 1) << bits * row for row, step in enumerate(steps))
        n_bytes = -(-bits * len(steps) // 8)
        data += bytes([bits, len(block)]) + fields.to_bytes(n_bytes, "little")
    return data


def _polar_differences(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
    head = struct.pack("<BQB", 2, _last_ns(first_s, len(rows), rate_hz), 0x81)
    return head + differences_of([_g(row, 1000.0) for row in rows])


def _witmotion(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    return b"".join(
        b"\x55\x61" + struct.pack("<9h", *_g(row, 32768.0 / 16.0), 1, -2, 3, 100, 200, 300)
        for row in rows
    )


def _movesense(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    stamp_ms = int((BOOT_S + first_s) * 1e3)
    floats = b"".join(struct.pack("<3f", *row) for row in rows)
    return bytes([2, 1]) + struct.pack("<I", stamp_ms) + floats


def _line(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    (row,) = rows
    numbers = ",".join(f"{one / STANDARD_GRAVITY_MS2:.5f}" for one in row)
    return f"{round((BOOT_S + first_s) * 1e3)},{numbers}\r\n".encode()


def _metamotion(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    (row,) = rows
    tick = int((BOOT_S + first_s) * 32768.0 / 48.0)
    return b"\x09\x03\x00" + struct.pack("<I3h", tick, *_g(row, 32768.0 / 8.0))


def _dot(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    (row,) = rows
    return struct.pack("<I3f3f12x", round((BOOT_S + first_s) * 1e6), *row, 1.0, -2.0, 3.0)


def _thingy(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    (row,) = rows
    return struct.pack("<9h", *_g(row, 1024.0), 1, -2, 3, 4, 5, 6)


def _microbit(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
    (row,) = rows
    return struct.pack("<3h", *_g(row, 1000.0))


def _named(*names: str, services: tuple[str, ...] = (), company: int | None = None):
    companies = () if company is None else (company,)
    return tuple(Advertisement(name, services, companies) for name in names)


_MG = STANDARD_GRAVITY_MS2 / 1000.0
_POLAR_STOP = {b"\x03\x02": bytes.fromhex("f003020000")}


def _simulated(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
    counts = [one for row in rows for one in _g(row, 32768.0 / 8.0)]
    stamp_us = round((BOOT_S + first_s) * 1e6)
    head = struct.pack("<IQB", round(first_s * rate_hz), stamp_us, len(rows))
    return head + struct.pack(f"<{len(counts)}h", *counts)


EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "simulated": Example(
            advertisements=_named(
                "Simulated leg", services=("7e570001-6c65-6720-7472-656d6f720000",)
            ),
            characteristic="7e570003-6c65-6720-7472-656d6f720000",
            n_rows=13,
            encode=_simulated,
            full_scale_g=8.0,
            resolution_ms2=8.0 * STANDARD_GRAVITY_MS2 / 32768.0,
            answers={
                b"\x01" + struct.pack("<ff", 104.0, 8.0): b"\xaa\x01",
                b"\x00": b"\xaa\x00",
            },
        ),
        "polar-verity-sense": Example(
            advertisements=_named(
                "Polar Sense 0A1B2C3D",
                "Polar OH1 0A1B2C3D",
                services=(HEART_RATE_SERVICE,),
                company=0x6B,
            ),
            characteristic=PMD_DATA,
            n_rows=36,
            encode=_polar_differences,
            full_scale_g=8.0,
            resolution_ms2=_MG,
            answers={
                PMD_CONTROL: bytes.fromhex("0f6e02"),
                b"\x02\x09": bytes.fromhex("f002090000"),
                b"\x04\x02": bytes.fromhex(
                    "f004020000 00051a003400 6800d000a001 01011000 0204020004000800 1000 040103"
                ),
                bytes.fromhex("0202000168000101100002010800040103"): bytes.fromhex("f002020000"),
                **_POLAR_STOP,
                b"\x03\x09": bytes.fromhex("f003090000"),
            },
        ),
        "polar-h10": Example(
            advertisements=_named(
                "Polar H10 0A1B2C3D", services=(HEART_RATE_SERVICE,), company=0x6B
            ),
            characteristic=PMD_DATA,
            n_rows=36,
            encode=_polar_plain,
            full_scale_g=8.0,
            resolution_ms2=_MG,
            answers={
                PMD_CONTROL: bytes.fromhex("0f05"),
                b"\x01\x02": bytes.fromhex(
                    "f001020000 0004 1900 3200 6400 c800 0101 1000 0203 0200 0400 0800"
                ),
                bytes.fromhex("0202020108000001c80001011000"): bytes.fromhex("f00202000001"),
                **_POLAR_STOP,
            },
        ),
        "witmotion": Example(
            advertisements=(
                *_named("WT901BLE68", "WT9011DCL-BT50", services=()),
                *_named("", services=("0000ffe5-0000-1000-8000-00805f9a34fb",)),
            ),
            characteristic=WITMOTION_DATA,
            n_rows=4,
            encode=_witmotion,
            full_scale_g=16.0,
            resolution_ms2=16.0 * STANDARD_GRAVITY_MS2 / 32768.0,
            answers={
                bytes.fromhex("ffaa270300"): bytes.fromhex("55710300 0900") + bytes(14),
                bytes.fromhex("ffaa276400"): bytes.fromhex("55716400 8001") + bytes(14),
            },
        ),
        "movesense": Example(
            advertisements=(
                *_named("Movesense 210330000123", company=0x9F),
                *_named("", services=(assigned_uuid(0xFDF3),)),
            ),
            characteristic=MOVESENSE_NOTIFY,
            n_rows=8,
            encode=_movesense,
            full_scale_g=16.0,
            resolution_ms2=1e-4,
            answers={
                b"\x01\x01/Meas/Acc/104": bytes.fromhex("0101c800"),
                b"\x02\x01": bytes.fromhex("0101c800"),
            },
        ),
        "nordic-uart": Example(
            advertisements=_named(
                "Calf-IMU", "", "Puck.js 1a2b", services=("6e400001-b5a3-f393-e0a9-e50e24dcca9e",)
            ),
            characteristic=NUS_DATA,
            n_rows=1,
            encode=_line,
            full_scale_g=16.0,
            resolution_ms2=1e-4,
        ),
        "metamotion": Example(
            advertisements=(
                *_named("MetaWear"),
                *_named("my leg", services=("326a9000-85cb-9195-d9dd-464cfbbae75a",)),
            ),
            characteristic=METAMOTION_NOTIFY,
            n_rows=1,
            encode=_metamotion,
            full_scale_g=8.0,
            resolution_ms2=8.0 * STANDARD_GRAVITY_MS2 / 32768.0,
            answers={
                b"\x03\x80": bytes.fromhex("03800101"),
                bytes.fromhex("09020304ffa0113103"): bytes.fromhex("090200"),
            },
        ),
        "xsens-dot": Example(
            advertisements=_named("Xsens DOT", "Movella DOT", "", company=0x0886),
            characteristic=DOT_MEDIUM,
            n_rows=1,
            encode=_dot,
            full_scale_g=16.0,
            resolution_ms2=1e-4,
            answers={
                DOT_CONTROL: b"\x01\x01\x15",
                DOT_DEVICE_CONTROL: bytes(24) + struct.pack("<H", 60) + bytes(6),
            },
        ),
        "thingy52": Example(
            advertisements=_named("Thingy", services=("ef680100-9b35-4933-9b10-52ffa9740042",)),
            characteristic=THINGY_RAW,
            n_rows=1,
            encode=_thingy,
            full_scale_g=2.0,
            resolution_ms2=STANDARD_GRAVITY_MS2 / 1024.0,
        ),
        "microbit": Example(
            advertisements=_named("BBC micro:bit [zuvov]"),
            characteristic=MICROBIT_DATA,
            n_rows=1,
            encode=_microbit,
            full_scale_g=2.0,
            resolution_ms2=_MG,
            answers={MICROBIT_PERIOD: b"\x14\x00"},
        ),
    }
)
