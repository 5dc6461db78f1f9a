"""How Polar sensors are asked, started and stopped, and what their frames then are in SI.

The bytes of a frame are `devices.sensors.polar_frames`; which sensors there are is in the files
named after them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.sample_count import TimestampCount
from devices.profile import (
    Ask,
    Conversation,
    Read,
    Started,
    Step,
    StopConversation,
    StreamSettings,
    Subscribe,
)
from devices.sensors.polar_frames import ACCELERATION, decode_frame
from tremor.errors import InvalidInputError, SensorRefusedError
from tremor.units import ACCELERATION_UNIT_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = [
    "CONTROL",
    "DATA",
    "DEVICE_TIME",
    "OPTIONS",
    "SERVICE",
    "PolarDecoder",
    "PolarModel",
    "Reply",
    "factor_of",
    "features_of",
    "parse_reply",
    "parse_settings",
    "whole_reply",
]

SERVICE: Final = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"

DEVICE_TIME: Final = "ns stamp of the last sample of a packet"

OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"factor": "what a number of a difference frame is, as the sensor named it at the start"}
)

# Requests, and the one kind of measurement that is a mode.
_GET_SETTINGS: Final = 1
_START: Final = 2
_STOP: Final = 3
_GET_SDK_SETTINGS: Final = 4
_SDK_MODE: Final = 9

_REPLY: Final = 0xF0
_REPLY_HEADER: Final = 5
_FEATURES: Final = 0x0F
_KIND: Final = 0x3F

# Settings, by their number in a request.
_RATE: Final = 0
_RESOLUTION: Final = 1
_RANGE: Final = 2
_CHANNELS: Final = 4
_FACTOR: Final = 5
_WIDTHS: Final = MappingProxyType(
    {_RATE: "H", _RESOLUTION: "H", _RANGE: "H", 3: "I", _CHANNELS: "B", _FACTOR: "f"}
)

_DONE: Final = 0
_NO_SUCH_THING: Final = frozenset({1, 2, 3})
_ALREADY: Final = 6
_INVALID_STATE: Final = 12
_UPDATE: Final = "update its firmware with the Polar app"
_REFUSALS: Final = MappingProxyType(
    {
        1: f"it does not know this request; {_UPDATE}",
        2: f"it has no such measurement; {_UPDATE}",
        3: f"it does not support this; {_UPDATE}, or choose another rate or range",
        4: f"the request has the wrong length for it; {_UPDATE}",
        5: "it does not accept one of the settings; choose another rate or range",
        6: "it is in that state already; close the phone app that uses it, or switch it off and on",
        7: "it does not have this resolution; choose another rate or range",
        8: "it does not have this sampling rate; choose another one",
        9: "it does not have this range; choose another one",
        10: (
            "the Bluetooth link allows only short packets (invalid MTU), and it needs 232 bytes; "
            "use another Bluetooth adapter, or update the driver of this one"
        ),
        11: f"it does not have this number of channels; {_UPDATE}",
        12: "another measurement is running; close the app that uses it, or switch it off and on",
        13: "it is on its charger; take it off the charger",
        14: "its memory is full; empty it with the Polar app",
    }
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the control point answered.

    Parameters
    ----------
    request, kind, status : int
        What was asked, of which measurement, and how it went; 0 is well.
    more : bool
        Whether a further notification continues the parameters.
    parameters : bytes
        The rest.
    """

    request: int
    kind: int
    status: int
    more: bool
    parameters: bytes

    @property
    def refusal(self) -> str:
        """Give the reason of a refusal and what to do, in words; empty where there is none."""
        if self.status == _DONE:
            return ""
        reason = _REFUSALS.get(self.status, "it gives no known reason; switch it off and on")
        return f"{reason} (status {self.status})"


def parse_reply(data: bytes) -> Reply | None:
    """Read what the control point sent; None where that is not an answer.

    Parameters
    ----------
    data : bytes
        As received.

    Returns
    -------
    Reply or None
        Some answers end before the flag that tells of a further part, and are then whole.

    Examples
    --------
    >>> parse_reply(bytes.fromhex("f0 01 06 07 00")).refusal
    'it does not have this resolution; choose another rate or range (status 7)'
    """
    if len(data) < _REPLY_HEADER - 1 or data[0] != _REPLY:
        return None
    more = len(data) >= _REPLY_HEADER and data[_REPLY_HEADER - 1] != 0
    return Reply(data[1], data[2] & _KIND, data[3], more, bytes(data[_REPLY_HEADER:]))


def whole_reply(parts: Sequence[bytes]) -> bytes | None:
    """Join an answer that came in parts, each with a header of its own.

    Parameters
    ----------
    parts : sequence of bytes
        Answers so far, one at least.

    Returns
    -------
    bytes or None
        One answer; None where a further part is to come.
    """
    replies = [parse_reply(part) for part in parts]
    last = replies[-1]
    if last is None or (last.more and last.status == _DONE):
        return None
    parameters = b"".join(one.parameters for one in replies if one is not None)
    return bytes([_REPLY, last.request, last.kind, last.status, 0]) + parameters


def parse_settings(parameters: bytes) -> dict[int, tuple[float, ...]]:
    """Read a list of settings: number, count and values of each, of a width that it implies.

    Parameters
    ----------
    parameters : bytes
        Of an answer. Some firmware sends a byte or more after the last setting; from the first
        that is no setting on, the rest is left alone.

    Returns
    -------
    dict of int to tuple of float
        Values by number: 0 rate (Hz), 1 resolution (bit), 2 range (g), 4 channels, 5 factor.

    Examples
    --------
    >>> parse_settings(bytes.fromhex("00 01 3400 01 01 1000 02 01 0800 04 01 03"))
    {0: (52,), 1: (16,), 2: (8,), 4: (3,)}
    """
    settings: dict[int, tuple[float, ...]] = {}
    place = 0
    while place + 2 <= len(parameters):
        number, count = parameters[place], parameters[place + 1]
        if number not in _WIDTHS:
            break
        layout = struct.Struct(f"<{count}{_WIDTHS[number]}")
        if place + 2 + layout.size > len(parameters):
            break
        values = layout.unpack_from(parameters, place + 2)
        settings[number] = settings.get(number, ()) + values
        place += 2 + layout.size
    return settings


def features_of(data: bytes | None) -> frozenset[int] | None:
    """Read which measurements a sensor has; None where it does not say."""
    if not data or data[0] != _FEATURES or len(data) < 2:
        return None
    bits = int.from_bytes(data[1:], "little")
    return frozenset(kind for kind in range(bits.bit_length()) if bits >> kind & 1)


def factor_of(settings: StreamSettings) -> float | None:
    """Read the factor that a sensor named; None where it named none.

    Raises
    ------
    InvalidInputError
        Where it is no positive number.
    """
    text = settings.options.get("factor")
    if text is None:
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0.0 < factor < math.inf:
        raise InvalidInputError(f"factor is {text!r}; give the number that the sensor named")
    return factor


@dataclass(frozen=True, slots=True, kw_only=True)
class PolarModel:
    """What differs between sensors of one family.

    Parameters
    ----------
    name : str
        For messages.
    start_order : tuple of int
        Settings of a start request in the order of the vendor's examples.
    without_sdk_mode : frozenset of pairs, or None
        Rate (Hz) and range (g) that it has as it is; others need its SDK mode. None where it has
        no such mode.
    """

    name: str
    start_order: tuple[int, ...]
    without_sdk_mode: frozenset[tuple[float, float]] | None = None

    def start(self, settings: StreamSettings) -> Conversation:
        """Start the stream of acceleration.

        Parameters
        ----------
        settings : StreamSettings
            What is asked for.

        Yields
        ------
        Step
            Notifications come first: a request before them fails.

        Returns
        -------
        Started
            With the factor of the numbers to come among the options, where the sensor names one.
        """
        yield Subscribe(CONTROL)
        yield Subscribe(DATA)
        features = features_of((yield Read(CONTROL)))
        if features is not None and ACCELERATION not in features:
            raise SensorRefusedError(
                f"{self.name} says that it has no stream of acceleration; {_UPDATE}"
            )
        notes: tuple[str, ...] = ()
        in_sdk_mode = False
        if self._needs_sdk_mode(settings):
            in_sdk_mode = yield from self._enter_sdk_mode()
            if not in_sdk_mode:
                notes += ("the sensor has no SDK mode: it streams as it does for its own app",)
        offered = yield from self._offered(in_sdk_mode=in_sdk_mode)
        granted, differs = _choose(settings, offered)
        reply = yield from self._start_stream(_start_request(self.start_order, granted, offered))
        factor = parse_settings(reply.parameters).get(_FACTOR, ())
        if factor and 0.0 < factor[0] < math.inf:
            # Nine digits tell any 32-bit float from its neighbours.
            options = {**granted.options, "factor": f"{factor[0]:.9g}"}
            granted = replace(granted, options=MappingProxyType(options))
        return Started(settings=granted, notes=notes + differs)

    def stop(self, settings: StreamSettings) -> StopConversation:  # noqa: ARG002 - of every sensor
        """Stop the stream, and leave the SDK mode, in which there is no heart rate.

        Parameters
        ----------
        settings : StreamSettings
            Not needed.

        Yields
        ------
        Step
            Sent whether or not they are answered.
        """
        yield _ask(_STOP, ACCELERATION, "stop the accelerometer", optional=True)
        if self.without_sdk_mode is not None:
            yield _ask(_STOP, _SDK_MODE, "leave the SDK mode", optional=True)

    def _needs_sdk_mode(self, settings: StreamSettings) -> bool:
        if self.without_sdk_mode is None:
            return False
        return (settings.sampling_rate_hz, settings.range_g) not in self.without_sdk_mode

    def _enter_sdk_mode(self) -> Generator[Step, bytes | None, bool]:
        """Enter it; False where the sensor has none."""
        toggle = _ask(_START, _SDK_MODE, "enter the SDK mode")
        reply = _reply_of((yield toggle))
        if reply.status == _INVALID_STATE:
            # Left streaming by a run that was killed.
            yield _ask(_STOP, ACCELERATION, "stop the accelerometer")
            reply = _reply_of((yield toggle))
        if reply.status in _NO_SUCH_THING:
            return False
        if reply.status not in (_DONE, _ALREADY):
            raise self._refused("enter the SDK mode", reply)
        return True

    def _offered(
        self, *, in_sdk_mode: bool
    ) -> Generator[Step, bytes | None, dict[int, tuple[float, ...]]]:
        what = "list the settings of its accelerometer"
        if in_sdk_mode:
            reply = _reply_of((yield _ask(_GET_SDK_SETTINGS, ACCELERATION, what)))
            if reply.status == _DONE:
                return parse_settings(reply.parameters)
        reply = _reply_of((yield _ask(_GET_SETTINGS, ACCELERATION, what)))
        if reply.status != _DONE:
            raise self._refused(what, reply)
        return parse_settings(reply.parameters)

    def _start_stream(self, parameters: bytes) -> Generator[Step, bytes | None, Reply]:
        what = "start the accelerometer"
        start = _ask(_START, ACCELERATION, what, parameters)
        reply = _reply_of((yield start))
        if reply.status == _ALREADY:
            # Its stream has settings of its own, which a start does not change.
            yield _ask(_STOP, ACCELERATION, "stop the accelerometer")
            reply = _reply_of((yield start))
        if reply.status != _DONE:
            raise self._refused(what, reply)
        return reply

    def _refused(self, what: str, reply: Reply) -> SensorRefusedError:
        return SensorRefusedError(f"{self.name} did not {what}: {reply.refusal}")


class PolarDecoder:
    """Frames of acceleration to blocks.

    Parameters
    ----------
    settings : StreamSettings
        As granted. Where no factor was named, a count of the old difference frames is the range
        over 2**15.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._count = TimestampCount(settings.sampling_rate_hz, tick_s=1e-9, stamped="last")
        factor = factor_of(settings)
        range_g = settings.range_g or 8.0
        g, mg = ACCELERATION_UNIT_MS2["g"], ACCELERATION_UNIT_MS2["mg"]
        self._unit_ms2 = MappingProxyType(
            {
                0x80: g * (range_g / 2**15 if factor is None else factor),
                0x81: mg * (1.0 if factor is None else factor),
            }
        )

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification; as for `devices.profile.Decoder`."""
        if characteristic_uuid.lower() != DATA:
            return []
        frame = decode_frame(data)
        if frame.kind != ACCELERATION:
            return []
        n = len(frame.samples)
        place = self._count.locate(frame.stamp_ns, n, arrival_s)
        return [
            make_block(
                place.first_index,
                frame.samples,
                arrival_s,
                unit_ms2=self._unit_ms2.get(frame.frame_type, ACCELERATION_UNIT_MS2["mg"]),
                device_time_s=place.device_time_s,
            )
        ]

    def restart(self) -> None:
        """Begin a connection; its stamps tell the gap unless the sensor was switched off."""
        self._count.restart()

    @property
    def n_rejected(self) -> int:
        """Count nothing: a frame is used or refused as a whole."""
        return 0


def _ask(
    request: int, kind: int, what: str, parameters: bytes = b"", *, optional: bool = False
) -> Ask:
    # Firmware is known that answers the request for settings of the SDK mode as the plain one.
    answers = {request, _GET_SETTINGS} if request == _GET_SDK_SETTINGS else {request}

    def is_reply(data: bytes) -> bool:
        reply = parse_reply(data)
        return reply is not None and reply.kind == kind and reply.request in answers

    return Ask(
        CONTROL,
        bytes([request, kind]) + parameters,
        reply_on=CONTROL,
        is_reply=is_reply,
        purpose=what,
        timeout_s=2.0 if optional else 10.0,
        optional=optional,
        assemble=whole_reply,
    )


def _reply_of(data: bytes | None) -> Reply:
    reply = parse_reply(data or b"")
    if reply is None:
        raise SensorRefusedError(
            "the Polar sensor gave an answer that cannot be read; switch it off and on"
        )
    return reply


def _choose(
    settings: StreamSettings, offered: dict[int, tuple[float, ...]]
) -> tuple[StreamSettings, tuple[str, ...]]:
    """Take what is nearest to what is asked for, and say where it differs."""
    rate_hz = _nearest(settings.sampling_rate_hz, offered.get(_RATE, ()))
    range_g = None
    if settings.range_g is not None:
        range_g = _nearest(settings.range_g, offered.get(_RANGE, ()))
    differs: tuple[str, ...] = ()
    if rate_hz != settings.sampling_rate_hz:
        differs += (
            f"{settings.sampling_rate_hz:g} Hz is not offered; it samples at {rate_hz:g} Hz",
        )
    if range_g != settings.range_g:
        differs += (f"a range of {settings.range_g:g} g is not offered; it has {range_g:g} g",)
    options = {key: value for key, value in settings.options.items() if key != "factor"}
    granted = replace(
        settings,
        sampling_rate_hz=rate_hz,
        range_g=range_g,
        options=MappingProxyType(options),
    )
    return granted, differs


def _nearest(asked: float, offered: Sequence[float]) -> float:
    return float(min(offered, key=lambda one: abs(one - asked))) if offered else asked


def _start_request(
    order: Sequence[int], granted: StreamSettings, offered: dict[int, tuple[float, ...]]
) -> bytes:
    values: dict[int, float | None] = {
        _RATE: granted.sampling_rate_hz,
        _RESOLUTION: _nearest(16, offered.get(_RESOLUTION, ())),
        _RANGE: granted.range_g,
        # Those that offer it want it back, and the others do not know it.
        _CHANNELS: 3 if offered.get(_CHANNELS) else None,
    }
    return b"".join(
        struct.pack(f"<BB{_WIDTHS[number]}", number, 1, int(value))
        for number in order
        if (value := values[number]) is not None
    )
