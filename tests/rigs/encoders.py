"""Encoders: samples to the notification of a sensor, the inverse of a decoder.

The format of most packets is declared in the captures of a sensor: ``head`` and ``sample`` are
lists of parts, and ``line`` is a line of text. A part is ``hex``, or a number by its `struct`
``code`` and ``value``:

- ``first_time`` and ``last_time`` of the samples, with ``unit_s``
- ``index`` of the first sample, and the ``n`` of the samples
- in a sample ``acceleration``, three numbers with ``per_g`` or ``per_ms2``

A format that cannot be declared names an ``encoder`` of `ENCODERS`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from tremor.units import STANDARD_GRAVITY_MS2

#: Time of device clocks when the first sample is taken, s.
BOOT_S = 100.0

Row: TypeAlias = tuple[float, float, float]
#: Samples, m/s^2, time of the first one, s, and sampling rate, Hz, to a notification.
Encoder: TypeAlias = Callable[[Sequence[Row], float, float], bytes]


def encoder_of(declared: Mapping[str, Any]) -> Encoder:
    """Return the encoder of a declared format."""
    if "encoder" in declared:
        return ENCODERS[declared["encoder"]]
    if "line" in declared:
        return _line_encoder(declared["line"])

    def encode(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
        values: Mapping[str, Any] = _head_values(len(rows), first_s, rate_hz)
        data = b"".join(_encode_part(part, values) for part in declared.get("head", ()))
        for row in rows:
            data += b"".join(
                _encode_part(part, {"acceleration": row}) for part in declared["sample"]
            )
        return data

    return encode


def _head_values(n: int, first_s: float, rate_hz: float) -> dict[str, float]:
    return {
        "first_time": BOOT_S + first_s,
        "last_time": BOOT_S + first_s + (n - 1) / rate_hz,
        "index": round(first_s * rate_hz),
        "n": n,
    }


def _encode_part(part: Mapping[str, Any], values: Mapping[str, Any]) -> bytes:
    if "hex" in part:
        return bytes.fromhex(part["hex"])
    code, value = part["code"], values[part["value"]]
    if part["value"] == "acceleration":
        return struct.pack(f"<3{code}", *_scaled(value, part))
    if "unit_s" in part:
        # A clock shows the last tick, apart from a rounding error of this computation.
        value = math.floor(value / part["unit_s"] + 1e-6) % (1 << 8 * struct.calcsize(code))
    return struct.pack(f"<{code}", value)


def _scaled(row: Row, part: Mapping[str, Any]) -> list[float]:
    scale = part["per_ms2"] if "per_ms2" in part else part["per_g"] / STANDARD_GRAVITY_MS2
    if part["code"] in "fd":
        return [one * scale for one in row]
    limit = 1 << 8 * struct.calcsize(part["code"]) - 1
    return [max(-limit, min(limit - 1, round(one * scale))) for one in row]


def _line_encoder(line: str) -> Encoder:
    def encode(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:  # noqa: ARG001
        ((x, y, z),) = (tuple(one / STANDARD_GRAVITY_MS2 for one in row) for row in rows)
        return line.format(t_ms=round((BOOT_S + first_s) * 1e3), x=x, y=y, z=z).encode()

    return encode


def encode_deltas(rows: Sequence[Sequence[int]], *, most_in_block: int = 20) -> bytes:
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


def _polar_deltas(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
    last_s = BOOT_S + first_s + (len(rows) - 1) / rate_hz
    head = struct.pack("<BQB", 2, round(last_s * 1e9), 0x81)
    return head + encode_deltas([_scaled(row, {"code": "h", "per_g": 1000.0}) for row in rows])


def _muse(rows: Sequence[Row], first_s: float, rate_hz: float) -> bytes:
    number = round(first_s * rate_hz / len(rows)) % 2**16
    counts = [one for row in rows for one in _scaled(row, {"code": "h", "per_g": 16384.0})]
    return struct.pack(f">H{len(counts)}h", number, *counts)


ENCODERS: Mapping[str, Encoder] = MappingProxyType({"muse": _muse, "polar_deltas": _polar_deltas})
