"""The packet log of a recording, ``packets.bin``: all packets and events of the link, unchanged.

Records are encoded and decoded here; `tremor.recorder` writes them.

**Format, version 1.** The file begins with ``TREMORPK`` and its version as ``u16``. Records
follow, all little-endian:

======  =======  ==============================================================================
offset  type     meaning
======  =======  ==============================================================================
0       4 bytes  ``F5 54 52 50``, start of a record
4       u32      length of the body
8       u32      CRC-32 of the body
12      u8       kind: 1 packet, 2 event of the link, 3 settings of the stream
13      f64      host's monotonic clock, s
21      f64      host's wall clock, s since 1970-01-01 UTC
29      u8       length of a text: UUID of the characteristic, or kind of the event; UTF-8
30      ...      the text, then the bytes of the packet, the detail of the event (UTF-8), or the
                 settings (JSON)
======  =======  ==============================================================================

Records are only appended. Of damaged bytes only their own record is lost: the next one is found by
its first four bytes and its checksum.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.files import require_regular
from tremor.packets import LinkEvent, Packet

__all__ = [
    "FILE_HEAD",
    "LogRecord",
    "PacketLog",
    "StreamGranted",
    "encode_record",
    "read_packet_log",
]

_MAGIC: Final = b"TREMORPK"
_VERSION: Final = 1
#: First bytes of the file.
FILE_HEAD: Final = _MAGIC + struct.pack("<H", _VERSION)
_MARK: Final = b"\xf5TRP"
_HEAD: Final = struct.Struct("<4sII")
_BODY: Final = struct.Struct("<BddB")
_PACKET, _EVENT, _SETTINGS = 1, 2, 3
#: Longest body. A notification has at most some hundred bytes, but after a drop-out a phone sends
#: minutes at once.
_LONGEST_BODY: Final = 1 << 24
_LONGEST_TEXT: Final = 255
#: No clock shows a time so far from its zero, s: 3000 years.
_MOST_TIME_S: Final = 1e11


@dataclass(frozen=True, slots=True)
class StreamGranted:
    """Settings that a sensor granted, by which the packets that follow are decoded.

    Parameters
    ----------
    arrival_s, wall_s : float
        Times, as in `tremor.packets.Packet`.
    profile : str
        Slug of the sensor profile.
    settings : mapping
        ``sampling_rate_hz``, ``range_g``, ``gyro`` and ``options``, as the profile knows them.
    """

    arrival_s: float
    wall_s: float
    profile: str
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


LogRecord: TypeAlias = Packet | LinkEvent | StreamGranted


@dataclass(frozen=True, slots=True)
class PacketLog:
    """Content of a packet log.

    Parameters
    ----------
    records : tuple
        All intact records, in the order of the file.
    n_bytes_left_out : int
        Bytes that belong to no intact record: a truncated end, or damage.
    damaged_at : int or None
        Position of the first of them in the file; None if there are none.
    """

    records: tuple[LogRecord, ...]
    n_bytes_left_out: int
    damaged_at: int | None


def encode_record(record: LogRecord) -> bytes:
    """Encode a record.

    Parameters
    ----------
    record : Packet, LinkEvent or StreamGranted
        What to encode.

    Returns
    -------
    bytes
        To be appended to the file.

    Raises
    ------
    InvalidInputError
        If a text or the data is too long for the format.
    """
    match record:
        case Packet(characteristic=text, data=data):
            kind, content = _PACKET, data
        case LinkEvent(kind=text, detail=detail):
            kind, content = _EVENT, detail.encode()
        case StreamGranted(profile=text, settings=settings):
            kind, content = _SETTINGS, json.dumps(dict(settings), sort_keys=True).encode()
    name = text.encode()
    if len(name) > _LONGEST_TEXT:
        raise InvalidInputError(f"{text[:40]}... has {len(name)} bytes; {_LONGEST_TEXT} at most")
    body = _BODY.pack(kind, record.arrival_s, record.wall_s, len(name)) + name + content
    if len(body) > _LONGEST_BODY:
        raise InvalidInputError(f"a packet has {len(content)} bytes; {_LONGEST_BODY} at most")
    return _HEAD.pack(_MARK, len(body), zlib.crc32(body)) + body


def read_packet_log(path: str | os.PathLike[str]) -> PacketLog:
    """Read all intact records of a packet log.

    Parameters
    ----------
    path : path
        ``packets.bin`` of a recording.

    Returns
    -------
    PacketLog
        Records, and the number of bytes that belong to none.

    Raises
    ------
    CaptureNotFoundError
        If the file does not exist.
    CaptureReadError
        If it is not a packet log, or of a later version.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "packets.bin"
    >>> packet = Packet(12.5, 1.7e9, "2a37", bytes(20))
    >>> _ = path.write_bytes(FILE_HEAD + 2 * encode_record(packet) + encode_record(packet)[:-3])
    >>> log = read_packet_log(path)
    >>> len(log.records), log.records[0] == packet, log.n_bytes_left_out
    (2, True, 51)
    >>> folder.cleanup()
    """
    path = Path(path)
    try:
        require_regular(path)
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CaptureNotFoundError(f"{path} does not exist; check the name") from error
    except OSError as error:
        raise CaptureReadError(
            f"{path} cannot be opened ({error.strerror}); name the packets.bin of a recording"
        ) from error
    if content[: len(FILE_HEAD)] != FILE_HEAD:
        if FILE_HEAD.startswith(content[: len(FILE_HEAD)]):  # killed during the first write
            return PacketLog((), len(content), 0 if content else None)
        _refuse(path, content)
    records: list[LogRecord] = []
    n_whole = len(FILE_HEAD)
    damaged_at: int | None = None
    at = len(FILE_HEAD)
    for begin, end, record in _intact_records(content):
        if begin != at and damaged_at is None:
            damaged_at = at
        records.append(record)
        n_whole += end - begin
        at = end
    if at != len(content) and damaged_at is None:
        damaged_at = at
    return PacketLog(tuple(records), len(content) - n_whole, damaged_at)


def _refuse(path: Path, content: bytes) -> None:
    if content.startswith(_MAGIC):
        (version,) = struct.unpack_from("<H", content, len(_MAGIC))
        raise CaptureReadError(
            f"{path} is a packet log of version {version} and {_VERSION} is known; update the tool"
        )
    raise CaptureReadError(f"{path} is not a packet log; name the packets.bin of a recording")


def _intact_records(content: bytes) -> Iterator[tuple[int, int, LogRecord]]:
    """Yield begin, end and content of each record whose checksum matches."""
    at = len(FILE_HEAD)
    while (at := content.find(_MARK, at)) >= 0:
        end = _end_of(content, at)
        record = None if end is None else _decode(content[at + _HEAD.size : end])
        if end is None or record is None:
            at += 1
            continue
        yield at, end, record
        at = end


def _end_of(content: bytes, at: int) -> int | None:
    begin = at + _HEAD.size
    if begin > len(content):
        return None
    _, length, crc = _HEAD.unpack_from(content, at)
    end: int = begin + length
    if length > _LONGEST_BODY or end > len(content) or zlib.crc32(content[begin:end]) != crc:
        return None
    return end


def _decode(body: bytes) -> LogRecord | None:
    """Decode the body of a record; None if this version does not know its kind."""
    if len(body) < _BODY.size:
        return None
    kind, arrival_s, wall_s, n_name = _BODY.unpack_from(body)
    if not (math.fabs(arrival_s) < _MOST_TIME_S and 0.0 <= wall_s < _MOST_TIME_S):
        return None
    try:
        name = body[_BODY.size : _BODY.size + n_name].decode()
        content = body[_BODY.size + n_name :]
        if kind == _PACKET:
            return Packet(arrival_s, wall_s, name, content)
        if kind == _EVENT:
            return LinkEvent(arrival_s, wall_s, name, content.decode())
        if kind == _SETTINGS:
            settings = MappingProxyType(json.loads(content))
            return StreamGranted(arrival_s, wall_s, name, settings)
    except (ValueError, TypeError, RecursionError):
        return None
    return None
