"""What all tests share: fixtures, the profiles of hypothesis, and no network."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from rigs.fixtures import _bluetooth_pool, bluetooth

__all__ = ["_bluetooth_pool", "bluetooth", "fit_bytes", "shared_data"]

# As the program does, before numpy is imported: threads of BLAS stand still on a busy computer.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

# A job in the background of a script ignores Ctrl-C, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples that depend on neither the day nor the load of the machine in CI; new ones at the desk.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Only the fixture `bluetooth` leads to a bus, and never to that of this computer: a test that
# forgets the fixture must not search for the sensors of whoever runs it.
os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent/no-bus-in-tests"

#: Addresses that a test may reach all the same; only the fixture `loopback` adds one.
_ALLOWED_HOSTS = set()
_NETWORK_EVENTS = ("socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg")


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Raise where a test of this process reaches for the network; hook of `sys.addaudithook`."""
    if event == "socket.getaddrinfo":
        raise RuntimeError(f"a test asks for the address of {arguments[0]!r}: no network in tests")
    if event in _NETWORK_EVENTS:
        family = arguments[0].family
        # An event loop on Windows wakes itself over a pair of sockets of the loopback interface.
        local = socket.AF_INET if sys.platform == "win32" else socket.AF_UNIX
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
        if family != local and host not in _ALLOWED_HOSTS:
            raise RuntimeError(f"a test uses a socket of {family!r}: no network in tests")


sys.addaudithook(_refuse_network)


@pytest.fixture
def loopback():
    """Let a test reach 127.0.0.1, where the phones of the rigs are, and no other address."""
    _ALLOWED_HOSTS.add("127.0.0.1")
    yield
    _ALLOWED_HOSTS.clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real captures that stands beside the checkout and is not shipped with it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real captures is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def fit_bytes():
    """Return a function that encodes messages, each a name and its fields, as a FIT file.

    A field that is None holds the value that stands for "invalid".
    """
    return _fit_bytes


#: Of FIT, by its public description. Name of a message: number; of its fields: number, base type,
#: scale.
_FIT_MESSAGES = {
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
_FIT_TYPES = {
    "enum": (0x00, "B", 0xFF),
    "uint8": (0x02, "B", 0xFF),
    "sint8": (0x01, "b", 0x7F),
    "uint32": (0x86, "I", 0xFFFFFFFF),
    "sint32": (0x85, "i", 0x7FFFFFFF),
}
_FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)


def _fit_bytes(*messages):
    body = b"".join(_fit_definition(name, row) + _fit_data(name, row) for name, row in messages)
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    head = header + struct.pack("<H", _fit_checksum(header))
    return head + body + struct.pack("<H", _fit_checksum(head + body))


def _fit_definition(name, row):
    number, fields = _FIT_MESSAGES[name]
    packed = struct.pack("<BBBHB", 0x40, 0, 0, number, len(row))
    for key in row:
        field_number, kind, _ = fields[key]
        type_number, code, _ = _FIT_TYPES[kind]
        packed += struct.pack("<BBB", field_number, struct.calcsize(code), type_number)
    return packed


def _fit_data(name, row):
    packed = b"\x00"
    for key, value in row.items():
        _, kind, scale = _FIT_MESSAGES[name][1][key]
        _, code, invalid = _FIT_TYPES[kind]
        if isinstance(value, datetime):
            value = (value - _FIT_EPOCH).total_seconds()
        packed += struct.pack("<" + code, invalid if value is None else round(value * scale))
    return packed


def _fit_checksum(data):
    """CRC-16 of polynomial 0x8005, lowest bit first."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value
