"""Polar's control point: requests, replies and settings as bytes.

The conversation that uses them is `devices.sensors.polar_stream`; the data frames are
`devices.sensors.polar_frames`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from devices.profile import Ask
from tremor.errors import SensorRefusedError

__all__ = [
    "CONTROL",
    "DATA",
    "SERVICE",
    "UPDATE_FIRMWARE",
    "VALUE_CODES",
    "Command",
    "Reply",
    "Setting",
    "Status",
    "ask",
    "join_replies",
    "parse_features",
    "parse_reply",
    "parse_settings",
    "require_reply",
]

SERVICE: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"


class Command(IntEnum):
    """Number of a command in a request."""

    GET_SETTINGS = 1
    START = 2
    STOP = 3
    GET_SDK_SETTINGS = 4


class Status(IntEnum):
    """Status of a reply; `Reply.refusal` describes all of them."""

    SUCCESS = 0
    UNKNOWN_REQUEST = 1
    UNKNOWN_MEASUREMENT = 2
    NOT_SUPPORTED = 3
    ALREADY_IN_STATE = 6
    INVALID_RATE = 8
    INVALID_RANGE = 9
    INVALID_STATE = 12


class Setting(IntEnum):
    """Number of a setting in a request or reply."""

    RATE = 0
    RESOLUTION = 1
    RANGE = 2
    RANGE_MILLIUNIT = 3
    CHANNELS = 4
    FACTOR = 5


_REPLY: Final = 0xF0
_REPLY_HEADER_SIZE: Final = 5
_FEATURES: Final = 0x0F
#: Bits of the kind of measurement; the upper ones encode where it is recorded.
_KIND_MASK: Final = 0x3F

#: `struct` code of the values of each setting.
VALUE_CODES: Final[Mapping[int, str]] = MappingProxyType(
    {
        Setting.RATE: "H",
        Setting.RESOLUTION: "H",
        Setting.RANGE: "H",
        Setting.RANGE_MILLIUNIT: "I",
        Setting.CHANNELS: "B",
        Setting.FACTOR: "f",
    }
)

UPDATE_FIRMWARE: Final = "update its firmware with the Polar app"
#: Reason of a refusal and its remedy, by status.
_REFUSALS: Final = MappingProxyType(
    {
        1: f"it does not know this request; {UPDATE_FIRMWARE}",
        2: f"it has no such measurement; {UPDATE_FIRMWARE}",
        3: f"it does not support this; {UPDATE_FIRMWARE}, or choose another rate or range",
        4: f"the request has the wrong length for it; {UPDATE_FIRMWARE}",
        5: "it does not accept one of the settings; choose another rate or range",
        6: "it is in that state already; close the phone app that uses it, or switch it off and on",
        7: "it does not have this resolution; choose another rate or range",
        8: "it does not have this sampling rate; choose another one",
        9: "it does not have this range; choose another one",
        10: (
            "the Bluetooth link allows only short packets (invalid MTU), and it needs 232 bytes; "
            "use another Bluetooth adapter, or update the driver of this one"
        ),
        11: f"it does not have this number of channels; {UPDATE_FIRMWARE}",
        12: "another measurement is running; close the app that uses it, or switch it off and on",
        13: "it is on its charger; take it off the charger",
        14: "its memory is full; empty it with the Polar app",
    }
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply of the control point.

    Parameters
    ----------
    request, kind, status : int
        Number of the request, kind of measurement, and status; 0 is success.
    more : bool
        Whether another notification continues the parameters.
    parameters : bytes
        Parameters of the reply.
    """

    request: int
    kind: int
    status: int
    more: bool
    parameters: bytes

    @property
    def refusal(self) -> str:
        """Reason of a refusal and its remedy; empty if there is none."""
        if self.status == Status.SUCCESS:
            return ""
        reason = _REFUSALS.get(self.status, "it gives no known reason; switch it off and on")
        return f"{reason} (status {self.status})"


def parse_reply(data: bytes) -> Reply | None:
    """Parse a value of the control point.

    Parameters
    ----------
    data : bytes
        Notification as received.

    Returns
    -------
    Reply or None
        None if it is not a reply. A reply that ends before the flag ``more`` is complete.

    Examples
    --------
    >>> parse_reply(bytes.fromhex("f0 01 06 07 00")).refusal
    'it does not have this resolution; choose another rate or range (status 7)'
    """
    if len(data) < _REPLY_HEADER_SIZE - 1 or data[0] != _REPLY:
        return None
    more = len(data) >= _REPLY_HEADER_SIZE and data[_REPLY_HEADER_SIZE - 1] != 0
    return Reply(data[1], data[2] & _KIND_MASK, data[3], more, bytes(data[_REPLY_HEADER_SIZE:]))


def join_replies(parts: Sequence[bytes]) -> bytes | None:
    """Join a reply that was sent in several parts, each with a header of its own.

    Parameters
    ----------
    parts : sequence of bytes
        Parts so far, at least one.

    Returns
    -------
    bytes or None
        Complete reply; None if another part is to come.
    """
    replies = [parse_reply(part) for part in parts]
    last = replies[-1]
    if last is None or (last.more and last.status == Status.SUCCESS):
        return None
    parameters = b"".join(one.parameters for one in replies if one is not None)
    return bytes([_REPLY, last.request, last.kind, last.status, 0]) + parameters


def parse_settings(parameters: bytes) -> dict[int, tuple[float, ...]]:
    """Parse a list of settings, each with its number, the count of its values, and the values.

    Parameters
    ----------
    parameters : bytes
        Parameters of a reply. Some firmware sends further bytes after the last setting, which
        are ignored.

    Returns
    -------
    dict of int to tuple of float
        Values by `Setting`: rate (Hz), resolution (bit), range (g), channels, factor.

    Examples
    --------
    >>> parse_settings(bytes.fromhex("00 01 3400 01 01 1000 02 01 0800 04 01 03"))
    {0: (52,), 1: (16,), 2: (8,), 4: (3,)}
    """
    settings: dict[int, tuple[float, ...]] = {}
    offset = 0
    while offset + 2 <= len(parameters):
        number, count = parameters[offset], parameters[offset + 1]
        if number not in VALUE_CODES:
            break
        layout = struct.Struct(f"<{count}{VALUE_CODES[number]}")
        if offset + 2 + layout.size > len(parameters):
            break
        values = layout.unpack_from(parameters, offset + 2)
        settings[number] = settings.get(number, ()) + values
        offset += 2 + layout.size
    return settings


def parse_features(data: bytes | None) -> frozenset[int] | None:
    """Parse the kinds of measurement that a sensor supports.

    Parameters
    ----------
    data : bytes or None
        Value that was read from the control point.

    Returns
    -------
    frozenset of int or None
        Kinds of measurement; None if the sensor does not report them.
    """
    if not data or data[0] != _FEATURES or len(data) < 2:
        return None
    bits = int.from_bytes(data[1:], "little")
    return frozenset(kind for kind in range(bits.bit_length()) if bits >> kind & 1)


def ask(
    command: Command, kind: int, purpose: str, parameters: bytes = b"", *, optional: bool = False
) -> Ask:
    """Return the step that sends a request and waits for its reply.

    Parameters
    ----------
    command : Command
        What to do.
    kind : int
        Kind of measurement.
    purpose : str
        What is asked for, for messages.
    parameters : bytes
        Parameters of the request.
    optional : bool
        Whether the sensor may leave it unanswered.

    Returns
    -------
    Ask
        The step.
    """
    commands = {command}
    if command is Command.GET_SDK_SETTINGS:
        # Some firmware replies as to the request for the normal settings.
        commands.add(Command.GET_SETTINGS)

    def is_reply(data: bytes) -> bool:
        reply = parse_reply(data)
        return reply is not None and reply.kind == kind and reply.request in commands

    return Ask(
        CONTROL,
        bytes([command, kind]) + parameters,
        reply_on=CONTROL,
        is_reply=is_reply,
        purpose=purpose,
        timeout_s=2.0 if optional else 10.0,
        optional=optional,
        assemble=join_replies,
    )


def require_reply(data: bytes | None) -> Reply:
    """Parse a reply that must be there.

    Parameters
    ----------
    data : bytes or None
        Complete reply.

    Returns
    -------
    Reply
        The reply.

    Raises
    ------
    SensorRefusedError
        If it cannot be parsed.
    """
    reply = parse_reply(data or b"")
    if reply is None:
        raise SensorRefusedError(
            "the Polar sensor gave an answer that cannot be read; switch it off and on"
        )
    return reply
