"""Messages of HTTP/1.1 as far as phones need them: a head of bounded size, and a body of such."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Head", "HttpError", "read_body", "read_head"]

#: Longest head and longest line of a chunk, bytes.
_LONGEST_HEAD: Final = 16_384
_LONGEST_LINE: Final = 1_024


class HttpError(Exception):
    """A message is not HTTP, or larger than is allowed.

    Parameters
    ----------
    status : int
        Status by which a server refuses it.
    reason : str
        A clause.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """Head of a message.

    Parameters
    ----------
    first : tuple of str
        The three parts of the first line.
    fields : mapping of str to str
        Header fields by their name in lower case.
    """

    first: tuple[str, str, str]
    fields: Mapping[str, str]


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read a head.

    Parameters
    ----------
    reader : asyncio.StreamReader
        Where from.

    Returns
    -------
    Head
        First line and fields.

    Raises
    ------
    HttpError
        If it is none, or too long.
    """
    try:
        data = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise HttpError(431, "its head is too long") from error
    except asyncio.IncompleteReadError as error:
        raise HttpError(400, "it ended within its head") from error
    if len(data) > _LONGEST_HEAD:
        raise HttpError(431, "its head is too long")
    first, *lines = data.decode("latin-1").strip().split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or not ("HTTP/1." in parts[0] or "HTTP/1." in parts[-1]):
        raise HttpError(400, "it is not HTTP")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise HttpError(400, "a line of its head is no field")
        fields[name.strip().lower()] = value.strip()
    return Head((parts[0], parts[1], parts[2] if len(parts) > 2 else ""), fields)


async def read_body(
    reader: asyncio.StreamReader, head: Head, *, longest: int, until_end: bool
) -> bytes:
    """Read a body.

    Parameters
    ----------
    reader : asyncio.StreamReader
        Where from, after the head.
    head : Head
        Its head.
    longest : int
        Most bytes.
    until_end : bool
        Whether a body without a length ends with the connection, as that of an answer.

    Returns
    -------
    bytes
        The body.

    Raises
    ------
    HttpError
        If it is too long, has no length, or ends too early.
    """
    try:
        if "chunked" in head.fields.get("transfer-encoding", "").lower():
            return await _read_chunks(reader, longest)
        text = head.fields.get("content-length")
        if text is None and until_end:
            return await _read_to_end(reader, longest)
        if text is None:
            raise HttpError(411, "it does not say its length")
        if not (text.isascii() and text.isdigit()):
            raise HttpError(400, "its length is no number")
        if len(text) > 18 or int(text) > longest:
            raise HttpError(413, f"it is longer than {longest} bytes")
        return await reader.readexactly(int(text))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise HttpError(400, "it ended within its body") from error


async def _read_to_end(reader: asyncio.StreamReader, longest: int) -> bytes:
    body = bytearray()
    while part := await reader.read(65_536):
        body += part
        if len(body) > longest:
            raise HttpError(413, f"it is longer than {longest} bytes")
    return bytes(body)


async def _read_chunks(reader: asyncio.StreamReader, longest: int) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        digits = line[:_LONGEST_LINE].split(b";")[0].strip()
        try:
            size = int(digits, 16)
        except ValueError as error:
            raise HttpError(400, "a chunk has no length") from error
        if size < 0 or len(body) + size > longest:
            raise HttpError(413, f"it is longer than {longest} bytes")
        if not size:
            while (await reader.readuntil(b"\r\n")).strip():
                pass
            return bytes(body)
        body += await reader.readexactly(size)
        await reader.readexactly(2)
