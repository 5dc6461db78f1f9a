"""Listens on this computer, and with ``--lan`` in the local network, until it is told to stop."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import segno
import uvicorn

from tremor.app.desk import Desk
from tremor.app.guard import Access
from tremor.app.pages import application
from tremor.errors import InvalidInputError
from tremor.session.stopping import Stop, StoppedError, signals_stop

__all__ = ["lan_address", "qr_lines", "serve"]

_LOOPBACK: Final = "127.0.0.1"
#: An address of documentation: a socket is directed there, and nothing is sent.
_ELSEWHERE: Final = ("192.0.2.1", 9)
_LAST_ANSWERS_S: Final = 2
_LOGGER: Final = logging.getLogger("uvicorn.error")


def lan_address() -> str:
    """Return the address of this computer in the local network.

    Raises
    ------
    InvalidInputError
        If it is in none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        address = ""
        with suppress(OSError):
            probe.connect(_ELSEWHERE)
            address = str(probe.getsockname()[0])
    if not address or ip_address(address).is_loopback or ip_address(address).is_unspecified:
        raise InvalidInputError("this computer is in no network; join one, or leave --lan out")
    return address


def qr_lines(url: str) -> str:
    """Return an address as a picture of characters that a phone can read."""
    drawn = io.StringIO()
    segno.make(url, micro=False).terminal(out=drawn, compact=True)
    return drawn.getvalue()


def serve(
    root: Path,
    *,
    port: int,
    lan: str,
    on_ready: Callable[[Access], None],
    on_join: Callable[[Access], None],
) -> tuple[str, ...]:
    """Serve the page until a signal ends it; a recording that runs is saved first.

    Parameters
    ----------
    root : Path
        Folder in which recordings are made.
    port : int
        Port; 0 for any that is free.
    lan : str
        Address in the local network; empty for this computer alone.
    on_ready : callable
        Called when it listens.
    on_join : callable
        Called when another device has joined.

    Returns
    -------
    tuple of str
        What was saved of a recording that ended with it, a sentence for each sensor.

    Raises
    ------
    InvalidInputError
        If the port is taken.
    KeyboardInterrupt
        If Ctrl-C came again while a recording was being saved.
    """
    sockets = [_listening(_LOOPBACK, port)]
    port = sockets[0].getsockname()[1]
    if lan:
        sockets.append(_listening(lan, port))
    access = Access(port, lan=lan, on_join=lambda: on_join(access))
    try:
        return asyncio.run(_serve(root, access, sockets, on_ready))
    except asyncio.CancelledError as error:  # a second Ctrl-C, while the first is obeyed
        raise KeyboardInterrupt from error


def _listening(address: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
        one.listen()  # a browser that is early waits, and is not refused
    except OSError as error:
        one.close()
        raise InvalidInputError(
            f"port {port} of {address} cannot be used ({error.strerror}); give another with --port"
        ) from error
    return one


class _Server(uvicorn.Server):
    """A server that leaves signals to the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(
    root: Path,
    access: Access,
    sockets: list[socket.socket],
    on_ready: Callable[[Access], None],
) -> tuple[str, ...]:
    desk, stop = Desk(root), Stop()
    server = _Server(
        uvicorn.Config(
            application(desk, access),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
        )
    )
    _LOGGER.disabled = False
    with signals_stop(stop):
        serving = asyncio.create_task(server.serve(sockets=sockets))
        try:
            on_ready(access)
            with suppress(StoppedError):
                await stop.or_done(_forever(serving))
        finally:
            await desk.close()
            server.should_exit = True
            _LOGGER.disabled = True  # that what still waits is broken off is meant
            await serving
    return desk.run.saved_at_end


async def _forever(serving: asyncio.Task[None]) -> None:
    await asyncio.wait({serving})
