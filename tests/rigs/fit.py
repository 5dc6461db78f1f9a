"""Files of sports watches in FIT form, as far as tests need them."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

__all__ = ["fit_bytes"]

#: Of FIT, by its public description. Name of a message: number; of its fields: number, base type,
#: scale.
_MESSAGES = {
    "file_id": (0, {"type": (0, "enum", 1)}),
    "session": (
        18,
        {
            "timestamp": (253, "uint32", 1),
            "start_time": (2, "uint32", 1),
            "start_position_lat": (3, "sint32", 1),
            "start_position_long": (4, "sint32", 1),
            "sport": (5, "enum", 1),
            "total_elapsed_time": (7, "uint32", 1000),
            "total_timer_time": (8, "uint32", 1000),
            "total_distance": (9, "uint32", 100),
            "avg_heart_rate": (16, "uint8", 1),
            "max_heart_rate": (17, "uint8", 1),
            "avg_temperature": (57, "sint8", 1),
            "max_temperature": (58, "sint8", 1),
        },
    ),
    "record": (
        20,
        {
            "timestamp": (253, "uint32", 1),
            "position_lat": (0, "sint32", 1),
            "position_long": (1, "sint32", 1),
            "heart_rate": (3, "uint8", 1),
            "distance": (5, "uint32", 100),
            "temperature": (13, "sint8", 1),
        },
    ),
    "event": (
        21,
        {"timestamp": (253, "uint32", 1), "event": (0, "enum", 1), "event_type": (1, "enum", 1)},
    ),
    "sport": (12, {"sport": (0, "enum", 1)}),
}
#: Base type: number, code of `struct`, value that stands for "invalid".
_TYPES = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "sint8": (0x01, "b", 0x7F),
    "uint32": (0x86, "I", 0xFFFFFFFF),
    "sint32": (0x85, "i", 0x7FFFFFFF),
}
_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)


def fit_bytes(*messages):
    """Encode messages, each a name and its fields, as a FIT file.

    A field that is None holds the value that stands for "invalid".
    """
    body = b"".join(_definition(name, row) + _data(name, row) for name, row in messages)
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    head = header + struct.pack("<H", _checksum(header))
    return head + body + struct.pack("<H", _checksum(head + body))


def _definition(name, row):
    number, fields = _MESSAGES[name]
    packed = struct.pack("<BBBHB", 0x40, 0, 0, number, len(row))
    for key in row:
        field_number, kind, _ = fields[key]
        type_number, code, _ = _TYPES[kind]
        packed += struct.pack("<BBB", field_number, struct.calcsize(code), type_number)
    return packed


def _data(name, row):
    packed = b"\x00"
    for key, value in row.items():
        _, kind, scale = _MESSAGES[name][1][key]
        _, code, invalid = _TYPES[kind]
        if isinstance(value, datetime):
            value = (value - _EPOCH).total_seconds()
        packed += struct.pack("<" + code, invalid if value is None else round(value * scale))
    return packed


def _checksum(data):
    """CRC-16 of polynomial 0x8005, lowest bit first."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value
