"""A receiver of pushed messages at one address: what is not such a message is refused."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from devices.network.http import Head, HttpError, read_body, read_head
from tremor.errors import LinkError

__all__ = ["LONGEST_MESSAGE", "HttpReceiver", "own_address"]

#: Longest message, bytes: seconds of all sensors of a phone. A record of a packet log holds it.
LONGEST_MESSAGE: Final = 1 << 20
_MOST_CONNECTIONS: Final = 8
_TIMEOUT_S: Final = 10.0
#: Types of content: that of a message, and those that a client states where it is told none.
_KINDS: Final = (
    "application/json",
    "text/plain",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
)
#: Texts of answers, where more than the phrase of the status helps whoever reads them.
_PAGES: Final[Mapping[int, str]] = MappingProxyType(
    {
        HTTPStatus.METHOD_NOT_ALLOWED: "The phone reaches this computer. Enter this address as "
        "Push URL in Sensor Logger, and begin a recording there.",
    }
)
#: An address that belongs to nobody (RFC 5737): where to it is routed shows the own address.
_NOWHERE: Final = ("192.0.2.1", 9)


def own_address() -> str:
    """Find the address of this computer in its network; nothing is sent.

    Returns
    -------
    str
        Address.

    Raises
    ------
    LinkError
        If it is in no network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
            return str(probe.getsockname()[0])
        except OSError as error:
            raise LinkError(
                "this computer is in no network, so that a phone cannot reach it; join the Wi-Fi "
                "of the phone, or give the address, as sensor-logger:HOST:PORT"
            ) from error


class HttpReceiver:
    """Receives bodies by POST.

    Parameters
    ----------
    host : str
        Address of this computer at which to listen; of the network, and not all of them.
    port : int
        Port; 0 for any that is free.
    on_body : callable
        Called with each body; returns the status of the answer.
    on_refused : callable, optional
        Called with the status of each request that was answered by none of 200.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        on_body: Callable[[bytes], int],
        on_refused: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._host = host
        self._port = port
        self._on_body = on_body
        self._on_refused = on_refused
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Address and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        LinkError
            If the address cannot be listened at.
        """
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why = f"port {self._port} is in use; give another, as sensor-logger:PORT"
            elif error.errno == errno.EACCES:
                why = f"port {self._port} is not allowed; give one above 1024"
            else:
                why = f"{error.strerror or error}; give an address of this computer"
            raise LinkError(f"{self.address} cannot be listened at: {why}") from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        waiting = tuple(self._open)
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status = await self._status_of(reader, writer)
                if status != HTTPStatus.OK:
                    self._on_refused(status)
                phrase = HTTPStatus(status).phrase
                body = f"{_PAGES.get(status, phrase)}\n".encode()
                lines = (
                    f"HTTP/1.1 {status} {phrase}",
                    "Content-Type: text/plain",
                    f"Content-Length: {len(body)}",
                    "Connection: close",
                )
                writer.write("\r\n".join((*lines, "", "")).encode("ascii") + body)
                await writer.drain()
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # whoever asked is gone, or took too long, or the receiver closes
        finally:
            self._open.discard(task)
            with suppress(OSError):
                writer.close()

    async def _status_of(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        if len(self._open) > _MOST_CONNECTIONS:
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            head = await read_head(reader)
            refused = _refusal(head)
            if refused is not None:
                return refused
            if head.fields.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await read_body(reader, head, longest=LONGEST_MESSAGE, until_end=False)
        except HttpError as error:
            return error.status
        return self._on_body(body)


def _refusal(head: Head) -> int | None:
    """Return the status by which a request is refused by its head alone."""
    if head.first[0] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED
    # A web page names its origin, and the app does not: no page may push through a browser.
    if "origin" in head.fields:
        return HTTPStatus.FORBIDDEN
    kind = head.fields.get("content-type", _KINDS[0]).partition(";")[0].strip().lower()
    return None if kind in _KINDS else HTTPStatus.UNSUPPORTED_MEDIA_TYPE
