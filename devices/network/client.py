"""Requests to a phone: one connection for each, since keeping one open breaks some of them."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress
from typing import Final

from devices.network.http import HttpError, read_body, read_head
from tremor.errors import LinkError, SensorNotFoundError, SensorRefusedError

__all__ = ["HttpClient"]

#: Longest answer, bytes: minutes at 400 Hz after a drop-out. A record of a packet log holds it.
_LONGEST: Final = 15 << 20
_OK: Final = 200
_REMEDY: Final = (
    "is it in the same Wi-Fi as this computer, its screen on, and remote access allowed in the "
    "app's menu? The app shows the address to give"
)


class HttpClient:
    """Asks one host.

    Parameters
    ----------
    host : str
        Name or address.
    port : int
        Port.
    timeout_s : float
        Limit for a request, s.
    """

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s

    @property
    def address(self) -> str:
        """Host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    async def get(self, path: str, *, more_s: float = 0.0) -> bytes:
        """Request a path.

        Parameters
        ----------
        path : str
            With its query, percent-encoded.
        more_s : float
            What is added to the limit, s.

        Returns
        -------
        bytes
            Body of the answer.

        Raises
        ------
        SensorNotFoundError
            If nobody answers there.
        SensorRefusedError
            If the status is not 200.
        LinkError
            If the answer cannot be read.
        """
        limit_s = self._timeout_s + more_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._get(path)
        except TimeoutError as error:
            raise SensorNotFoundError(
                f"the phone at {self.address} did not answer within {limit_s:.0f} s; {_REMEDY}"
            ) from error
        except HttpError as error:
            raise LinkError(
                f"what answers at {self.address} cannot be read ({error}); is it the phone? "
                "The app shows the address to give"
            ) from error
        except OSError as error:
            if isinstance(error, LinkError):
                raise
            raise SensorNotFoundError(
                f"the phone at {self.address} is not reached ({_reason(error)}); {_REMEDY}"
            ) from error

    async def _get(self, path: str) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            lines = (
                f"GET {path} HTTP/1.1",
                f"Host: {self.address}",
                "Accept: application/json",
                "Connection: close",
            )
            writer.write("\r\n".join((*lines, "", "")).encode("ascii"))
            await writer.drain()
            head = await read_head(reader)
            body = await read_body(reader, head, longest=_LONGEST, until_end=True)
        finally:
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                writer.transport.abort()
        status = head.first[1]
        if status != str(_OK):
            raise SensorRefusedError(
                f"{self.address} answers with status {status} to {path.partition('?')[0]}; is it "
                "the app on the phone? It shows the address to give"
            )
        return body


def _reason(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "nothing listens at that port"
    return error.strerror or str(error) or type(error).__name__
