"""No test reaches the network; those of phones reach the loopback interface."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

import devices
import tremor

#: Who opens a connection, and who listens: nobody else does.
OPENERS = {"devices/network/client.py", "devices/network/receiver.py", "tremor/app/server.py"}
OPENING = re.compile(
    r"\b(open_connection|start_server|create_connection|create_server|create_datagram_endpoint"
    r"|socket\.socket|urlopen|HTTPConnection)\b"
)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
@pytest.mark.skipif(sys.platform == "win32", reason="an event loop needs the loopback interface")
def test_sockets_of_the_internet_are_refused(family, address, kind):
    with socket.socket(family, kind) as one, pytest.raises(RuntimeError, match="no network"):
        one.connect((address, 9))


def test_names_are_not_looked_up():
    with pytest.raises(RuntimeError, match="'localhost'"):
        socket.getaddrinfo("localhost", 80)


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")],
)
def test_phones_are_on_the_loopback_interface_alone(family, address):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as one:
        one.connect(server.getsockname())
    with socket.socket(family) as one, pytest.raises(RuntimeError, match="no network"):
        one.connect((address, 9))


@pytest.mark.usefixtures("loopback")
def test_all_interfaces_at_once_are_refused():
    with socket.socket() as one, pytest.raises(RuntimeError, match="no network"):
        one.bind(("0.0.0.0", 0))


def test_connections_are_opened_for_phones_and_for_the_page_alone():
    found = {
        path.relative_to(Path(package.__file__).parents[1]).as_posix()
        for package in (devices, tremor)
        for path in Path(package.__file__).parent.rglob("*.py")
        if OPENING.search(path.read_text(encoding="utf-8"))
    }
    assert found == OPENERS
