"""No test reaches the network."""

from __future__ import annotations

import socket
import sys

import pytest


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
