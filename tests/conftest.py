"""What all tests share: fixtures, the profiles of hypothesis, and no network."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from rigs.fit import fit_bytes as fit_bytes_of
from rigs.fixtures import _bluetooth_pool, bluetooth

__all__ = ["_bluetooth_pool", "bluetooth", "fit_bytes", "shared_data"]

# As the program does, before numpy is imported: threads of BLAS stand still on a busy computer.
for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

# A job in the background of a script ignores Ctrl-C, and one under nohup the end of its terminal;
# so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

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


# Thousands of tests are collected, and stay: a search for garbage need not look at them again.
gc.disable()


def pytest_collection_finish() -> None:
    """Leave out of every collection of garbage what is there before the first test."""
    # With its first example, hypothesis looks for who holds its random numbers, and would not see.
    settings(max_examples=1, database=None)(given(strategies.none())(lambda _: None))()
    gc.enable()
    gc.freeze()


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
    """Return a function that encodes messages as a FIT file."""
    return fit_bytes_of
