"""Stream of Polar sensors: how it is started and stopped, and its frames in SI units.

The bytes of requests and replies are `devices.sensors.polar_control`, those of the frames
`devices.sensors.polar_frames`; the models are in the files named after them.
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
    Conversation,
    Read,
    Started,
    Step,
    StopConversation,
    StreamSettings,
    Subscribe,
)
from devices.sensors.polar_control import (
    CONTROL,
    DATA,
    UPDATE_FIRMWARE,
    VALUE_CODES,
    Command,
    Reply,
    Setting,
    Status,
    ask,
    parse_features,
    parse_settings,
    require_reply,
)
from devices.sensors.polar_frames import ACCELERATION, SDK_MODE, decode_frame
from tremor.errors import InvalidInputError, SensorRefusedError
from tremor.units import ACCELERATION_UNIT_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["DEVICE_TIME", "OPTIONS", "PolarDecoder", "PolarModel", "parse_factor"]

DEVICE_TIME: Final = "ns stamp of the last sample of a packet"
OPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {"factor": "scale of compressed frames, as the sensor reports it at the start"}
)
_UNSUPPORTED: Final = frozenset(
    {Status.UNKNOWN_REQUEST, Status.UNKNOWN_MEASUREMENT, Status.NOT_SUPPORTED}
)


def parse_factor(settings: StreamSettings) -> float | None:
    """Parse the scale of difference frames, as reported by the sensor.

    Parameters
    ----------
    settings : StreamSettings
        Settings with the option ``factor``.

    Returns
    -------
    float or None
        One count, in the unit of the frame; None if the sensor reported no factor.

    Raises
    ------
    InvalidInputError
        If it is not a positive number.
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
    """Model of a Polar sensor.

    Parameters
    ----------
    name : str
        Name for messages.
    start_order : tuple of Setting
        Settings of a start request, in the order of the vendor's examples.
    without_sdk_mode : frozenset of tuple of float, or None
        Pairs of sampling rate (Hz) and full scale (g) that do not need the SDK mode; None if the
        model has no SDK mode.
    """

    name: str
    start_order: tuple[Setting, ...]
    without_sdk_mode: frozenset[tuple[float, float]] | None = None

    def start(self, settings: StreamSettings) -> Conversation:
        """Start the stream of acceleration.

        Parameters
        ----------
        settings : StreamSettings
            Requested settings.

        Returns
        -------
        Started
            With the factor of the samples as an option, if the sensor reports one.

        Yields
        ------
        Step
            Subscriptions first: a request before them fails.

        Raises
        ------
        SensorRefusedError
            If the sensor refuses a request.
        """
        yield Subscribe(CONTROL)
        yield Subscribe(DATA)
        features = parse_features((yield Read(CONTROL)))
        if features is not None and ACCELERATION not in features:
            raise SensorRefusedError(
                f"{self.name} says that it has no stream of acceleration; {UPDATE_FIRMWARE}"
            )
        notes: tuple[str, ...] = ()
        in_sdk_mode = False
        if self._needs_sdk_mode(settings):
            in_sdk_mode = yield from self._enter_sdk_mode()
            if not in_sdk_mode:
                notes += ("the sensor has no SDK mode: it streams as it does for its own app",)
        offered = yield from self._offered(in_sdk_mode=in_sdk_mode)
        granted, choice_notes = _choose(settings, offered)
        reply = yield from self._start_stream(_start_request(self.start_order, granted, offered))
        factor = parse_settings(reply.parameters).get(Setting.FACTOR, ())
        if factor and 0.0 < factor[0] < math.inf:
            # Nine digits identify a 32-bit float.
            options = {**granted.options, "factor": f"{factor[0]:.9g}"}
            granted = replace(granted, options=MappingProxyType(options))
        return Started(settings=granted, notes=notes + choice_notes)

    def stop(self, settings: StreamSettings) -> StopConversation:  # noqa: ARG002 - the signature of all sensors
        """Stop the stream, and leave the SDK mode, in which there is no heart rate.

        Parameters
        ----------
        settings : StreamSettings
            Not used.

        Yields
        ------
        Step
            Requests without waiting for a required reply.
        """
        yield ask(Command.STOP, ACCELERATION, "stop the accelerometer", optional=True)
        if self.without_sdk_mode is not None:
            yield ask(Command.STOP, SDK_MODE, "leave the SDK mode", optional=True)

    def _needs_sdk_mode(self, settings: StreamSettings) -> bool:
        if self.without_sdk_mode is None:
            return False
        return (settings.sampling_rate_hz, settings.range_g) not in self.without_sdk_mode

    def _enter_sdk_mode(self) -> Generator[Step, bytes | None, bool]:
        """Enter the SDK mode; return False if the sensor has none."""
        toggle = ask(Command.START, SDK_MODE, "enter the SDK mode")
        reply = require_reply((yield toggle))
        if reply.status == Status.INVALID_STATE:
            # A run that was killed left it streaming.
            yield ask(Command.STOP, ACCELERATION, "stop the accelerometer")
            reply = require_reply((yield toggle))
        if reply.status in _UNSUPPORTED:
            return False
        if reply.status not in (Status.SUCCESS, Status.ALREADY_IN_STATE):
            raise self._refused("enter the SDK mode", reply)
        return True

    def _offered(
        self, *, in_sdk_mode: bool
    ) -> Generator[Step, bytes | None, dict[int, tuple[float, ...]]]:
        purpose = "list the settings of its accelerometer"
        if in_sdk_mode:
            reply = require_reply((yield ask(Command.GET_SDK_SETTINGS, ACCELERATION, purpose)))
            if reply.status == Status.SUCCESS:
                return parse_settings(reply.parameters)
        reply = require_reply((yield ask(Command.GET_SETTINGS, ACCELERATION, purpose)))
        if reply.status != Status.SUCCESS:
            raise self._refused(purpose, reply)
        return parse_settings(reply.parameters)

    def _start_stream(self, parameters: bytes) -> Generator[Step, bytes | None, Reply]:
        purpose = "start the accelerometer"
        start = ask(Command.START, ACCELERATION, purpose, parameters)
        reply = require_reply((yield start))
        if reply.status == Status.ALREADY_IN_STATE:
            # It streams with other settings, and a start does not change them.
            yield ask(Command.STOP, ACCELERATION, "stop the accelerometer")
            reply = require_reply((yield start))
        if reply.status != Status.SUCCESS:
            raise self._refused(purpose, reply)
        return reply

    def _refused(self, purpose: str, reply: Reply) -> SensorRefusedError:
        return SensorRefusedError(f"{self.name} did not {purpose}: {reply.refusal}")


class PolarDecoder:
    """Decoder of Polar frames of acceleration.

    Parameters
    ----------
    settings : StreamSettings
        Granted settings. Without a factor, one count of the old difference frames is the full
        scale over 2**15.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._count = TimestampCount(settings.sampling_rate_hz, tick_s=1e-9, stamped="last")
        factor = parse_factor(settings)
        range_g = settings.range_g or 8.0
        g, mg = ACCELERATION_UNIT_MS2["g"], ACCELERATION_UNIT_MS2["mg"]
        self._unit_ms2 = MappingProxyType(
            {
                0x80: g * (range_g / 2**15 if factor is None else factor),
                0x81: mg * (1.0 if factor is None else factor),
            }
        )

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification, see `devices.profile.Decoder`."""
        if characteristic_uuid.lower() != DATA:
            return []
        frame = decode_frame(data)
        if frame.kind != ACCELERATION:
            return []
        n = len(frame.samples)
        position = self._count.locate(frame.stamp_ns, n, arrival_s)
        return [
            make_block(
                position.first_index,
                frame.samples,
                arrival_s,
                unit_ms2=self._unit_ms2.get(frame.frame_type, ACCELERATION_UNIT_MS2["mg"]),
                device_time_s=position.device_time_s,
            )
        ]

    def restart(self, began_s: float | None = None) -> None:
        """Begin a connection; the time stamps show the gap unless the sensor was switched off."""
        self._count.restart(began_s)

    @property
    def n_rejected(self) -> int:
        """Always 0: an invalid frame raises an error."""
        return 0


def _choose(
    settings: StreamSettings, offered: dict[int, tuple[float, ...]]
) -> tuple[StreamSettings, tuple[str, ...]]:
    """Choose the nearest offered settings; return them with notes on the differences."""
    rate_hz = _nearest(settings.sampling_rate_hz, offered.get(Setting.RATE, ()))
    range_g = None
    if settings.range_g is not None:
        range_g = _nearest(settings.range_g, offered.get(Setting.RANGE, ()))
    notes: tuple[str, ...] = ()
    if rate_hz != settings.sampling_rate_hz:
        notes += (f"{settings.sampling_rate_hz:g} Hz is not offered; it samples at {rate_hz:g} Hz",)
    if range_g != settings.range_g:
        notes += (f"a range of {settings.range_g:g} g is not offered; it has {range_g:g} g",)
    options = {key: value for key, value in settings.options.items() if key != "factor"}
    granted = replace(
        settings,
        sampling_rate_hz=rate_hz,
        range_g=range_g,
        options=MappingProxyType(options),
    )
    return granted, notes


def _nearest(requested: float, offered: Sequence[float]) -> float:
    return float(min(offered, key=lambda one: abs(one - requested))) if offered else requested


def _start_request(
    order: Sequence[int], granted: StreamSettings, offered: dict[int, tuple[float, ...]]
) -> bytes:
    values: dict[int, float | None] = {
        Setting.RATE: granted.sampling_rate_hz,
        Setting.RESOLUTION: _nearest(16, offered.get(Setting.RESOLUTION, ())),
        Setting.RANGE: granted.range_g,
        # A sensor that offers it requires it in the request; the others do not know it.
        Setting.CHANNELS: 3 if offered.get(Setting.CHANNELS) else None,
    }
    return b"".join(
        struct.pack(f"<BB{VALUE_CODES[number]}", number, 1, int(value))
        for number in order
        if (value := values[number]) is not None
    )
