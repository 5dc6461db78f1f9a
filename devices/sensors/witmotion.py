"""WitMotion WT901BLE, WT901BLECL5.0, BWT901BLE5.0 and WT9011DCL.

A stream of frames of 20 bytes, or of 28 with a calendar time, without checksum or counter, which
runs as soon as notifications are enabled. Sources: the vendor's protocol manuals, and captures.
"""

from __future__ import annotations

import math
import re
import statistics
import struct
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.framing import Frame, Framer
from devices.decoding.sample_count import UnstampedCount
from devices.profile import (
    LOSS_NOT_DETECTABLE,
    Advertisement,
    Ask,
    Conversation,
    Pause,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["COMMAND", "DATA", "OPTIONS", "PROFILE", "SERVICE", "WitMotionDecoder"]

# The vendor's own base UUID: it ends in 805f9a34fb, that of the Bluetooth SIG in 805f9b34fb.
SERVICE: Final = "0000ffe5-0000-1000-8000-00805f9a34fb"
DATA: Final = "0000ffe4-0000-1000-8000-00805f9a34fb"
COMMAND: Final = "0000ffe9-0000-1000-8000-00805f9a34fb"

_HEADER: Final = b"\x55\x61"
_REPLY: Final = b"\x55\x71"
_REPLY_SIZE: Final = 20
_SHORT, _LONG = 20, 28

_RANGE_G: Final = 16.0
_UNIT_MS2: Final = _RANGE_G * STANDARD_GRAVITY_MS2 / 32768.0
_UNIT_DEG_S: Final = 2000.0 / 32768.0
_G_LSB: Final = 32768.0 / _RANGE_G

#: Plausible median of |a| of frames, g: aligned with a notification, or found inside of one.
#: Frames at a wrong offset contain the header, which reads as 12 g, or are almost zero.
_PLAUSIBLE_G: Final = {True: (0.03, 28.0), False: (0.3, 8.0)}

_UNLOCK: Final = b"\xff\xaa\x69\x88\xb5"
_SAVE: Final = b"\xff\xaa\x00\x00\x00"
_RATE_REGISTER: Final = 0x03
_BATTERY_REGISTER: Final = 0x64
#: The vendor's older manual has 0x0A for 200 Hz; four sources and the serial protocol have 0x0B.
_RATE_CODES: Final = {10.0: 0x06, 20.0: 0x07, 50.0: 0x08, 100.0: 0x09, 200.0: 0x0B}
#: Shortest interval between commands, s; a command that follows faster is lost.
_WRITE_INTERVAL_S: Final = 0.1

OPTIONS: Final = MappingProxyType({"save": "yes keeps the rate when it is switched off"})
_REPLY_TIMEOUT_S: Final = 1.5


def _recognises(advertisement: Advertisement) -> bool:
    name = advertisement.name.upper()
    if name.startswith("WTVB"):  # a vibration sensor with the same service and header
        return False
    return SERVICE in advertisement.service_uuids or re.match(r"B?WT\d", name) is not None


def _check(settings: StreamSettings) -> None:
    save = settings.options.get("save", "no")
    if save not in ("yes", "no"):
        raise InvalidInputError(f"save is {save!r}; give yes or no")


def _write_register(register: int, value: int) -> bytes:
    return bytes((0xFF, 0xAA, register)) + value.to_bytes(2, "little")


def _read_register(register: int, what: str) -> Ask:
    wanted = _REPLY + register.to_bytes(2, "little")
    return Ask(
        COMMAND,
        _write_register(0x27, register),
        DATA,
        lambda data: len(data) >= data.find(wanted) + 6 and wanted in data,
        what,
        timeout_s=_REPLY_TIMEOUT_S,
        optional=True,
    )


def _value_in(reply: bytes | None, register: int) -> int | None:
    """Parse the register in a reply, which may share its notification with frames."""
    if reply is None:
        return None
    start = reply.find(_REPLY + register.to_bytes(2, "little"))
    return int.from_bytes(reply[start + 4 : start + 6], "little") if start >= 0 else None


def _start(settings: StreamSettings) -> Conversation:
    yield Subscribe(DATA)
    yield Write(COMMAND, _UNLOCK)
    yield Pause(_WRITE_INTERVAL_S)
    yield Write(COMMAND, _write_register(_RATE_REGISTER, _RATE_CODES[settings.sampling_rate_hz]))
    yield Pause(_WRITE_INTERVAL_S)
    if settings.options.get("save") == "yes":
        yield Write(COMMAND, _SAVE)
        yield Pause(_WRITE_INTERVAL_S)
    code = _value_in((yield _read_register(_RATE_REGISTER, "read the rate")), _RATE_REGISTER)
    yield Pause(_WRITE_INTERVAL_S)
    battery = yield _read_register(_BATTERY_REGISTER, "read the battery")
    granted, note = _granted(settings, code)
    return Started(settings=granted, notes=(note, *_battery_note(battery)))


def _granted(settings: StreamSettings, code: int | None) -> tuple[StreamSettings, str]:
    asked_hz = settings.sampling_rate_hz
    rates = {one: rate_hz for rate_hz, one in _RATE_CODES.items()}
    if code is None:
        return settings, f"the sensor does not confirm {asked_hz:g} Hz; its rate is measured"
    rate_hz = rates.get(code)
    if rate_hz is None:
        return settings, f"the sensor reports an unknown rate, code {code}; its rate is measured"
    if rate_hz != asked_hz:
        note = f"the sensor stays at {rate_hz:g} Hz, {asked_hz:g} Hz was asked for"
        return replace(settings, sampling_rate_hz=rate_hz), note
    return settings, f"the sensor is set to {rate_hz:g} Hz; its true rate is measured"


def _battery_note(reply: bytes | None) -> tuple[str, ...]:
    value = _value_in(reply, _BATTERY_REGISTER)
    if not value:
        return ()
    return (f"battery {value / 100.0:.2f} V; 3.96 V and more is full, 3.40 V is empty",)


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - the signature of all sensors
    yield Unsubscribe(DATA)


def _frame_time(frame: bytes) -> datetime | None:
    """Parse the calendar time of a long frame; None if the clock was never set."""
    year, month, day, hour, minute, second, millisecond = struct.unpack("<6BH", frame[_SHORT:])
    try:
        return datetime(
            2000 + year, month, day, hour, minute, second, 1000 * millisecond, tzinfo=UTC
        )
    except ValueError:
        return None


def _can_be_time(frame: bytes) -> bool:
    # Month and day are 0 in a clock that was never set.
    limits = (99, 12, 31, 23, 59, 59, 999)
    return all(
        value <= limit
        for value, limit in zip(struct.unpack("<6BH", frame[_SHORT:]), limits, strict=True)
    )


def _magnitude_g(frame: bytes) -> float:
    return math.hypot(*struct.unpack_from("<3h", frame, 2)) / _G_LSB


def _plausible(frames: Sequence[bytes], aligned: bool) -> bool:
    min_g, max_g = _PLAUSIBLE_G[aligned]
    if not min_g <= statistics.median(map(_magnitude_g, frames)) <= max_g:
        return False
    return len(frames[0]) == _SHORT or all(map(_can_be_time, frames))


def _is_vibration_sensor(data: bytes) -> bool:
    starts = range(0, len(data), _LONG)
    if not data or len(data) % _LONG or data.count(_HEADER) != len(starts):
        return False
    if not all(data.startswith(_HEADER, at) for at in starts):
        return False
    return not any(_can_be_time(data[at : at + _LONG]) for at in starts)


class WitMotionDecoder:
    """Decoder of WitMotion frames.

    Parameters
    ----------
    settings : StreamSettings
        Granted settings; the sampling rate only matters for the gap of a lost link.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._count = UnstampedCount(settings.sampling_rate_hz)
        self._framer = Framer(_HEADER, (_SHORT, _LONG), _plausible, replies={_REPLY: _REPLY_SIZE})
        self._last_time_s = -math.inf

    @property
    def n_rejected(self) -> int:
        """Number of bytes that belong to no frame."""
        return self._framer.n_skipped_bytes

    def restart(self, began_s: float | None = None) -> None:
        """Discard a partial frame; continue by the clock of the host."""
        self._framer.restart()
        self._count.restart(began_s)
        self._last_time_s = -math.inf

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Characteristic that sent it.
        data : bytes
            Any part of the stream.
        arrival_s : float
            Arrival time on a monotonic clock, s.

        Returns
        -------
        list of SampleBlock
            One block for each run of frames between damaged bytes.

        Raises
        ------
        PacketError
            If the frames are those of a vibration sensor of the same maker.
        """
        if characteristic_uuid.lower() != DATA:
            return []
        if self._framer.size is None and _is_vibration_sensor(data):
            raise PacketError(
                "these are frames of a vibration sensor (WTVB01), which measures no acceleration "
                "of a leg; use a WT901BLE or WT9011DCL"
            )
        return [self._block(run, arrival_s) for run in _contiguous_runs(self._framer.feed(data))]

    def _block(self, frames: Sequence[Frame], arrival_s: float) -> SampleBlock:
        # Bytes outside of frames prove that at least this many samples are missing.
        n_damaged = -(-frames[0].n_skipped // len(frames[0].data))
        n = len(frames)
        position = self._count.locate(n_damaged + n, arrival_s)
        values = [struct.unpack_from("<6h", frame.data, 2) for frame in frames]
        return make_block(
            position.first_index + n_damaged,
            [row[:3] for row in values],
            arrival_s,
            unit_ms2=_UNIT_MS2,
            angular_velocity=[row[3:] for row in values],
            unit_deg_s=_UNIT_DEG_S,
            device_time_s=self._times_s(frames),
        )

    def _times_s(self, frames: Sequence[Frame]) -> list[float] | None:
        if len(frames[0].data) != _LONG:
            return None
        times = [_frame_time(frame.data) for frame in frames]
        seconds = [time.timestamp() for time in times if time is not None]
        if len(seconds) < len(times):
            return None
        steps = zip([self._last_time_s, *seconds], seconds, strict=False)
        self._last_time_s = seconds[-1]
        # A clock that is stopped or was set back is not used.
        return seconds if all(before < after for before, after in steps) else None


def _contiguous_runs(frames: Sequence[Frame]) -> Generator[list[Frame], None, None]:
    run: list[Frame] = []
    for frame in frames:
        if run and (frame.n_skipped or len(frame.data) != len(run[0].data)):
            yield run
            run = []
        run.append(frame)
    if run:
        yield run


PROFILE: Final = SensorProfile(
    slug="witmotion",
    name="WitMotion",
    name_pattern="WT901BLE.., WT9011DCL-..",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=tuple(_RATE_CODES),
    default_rate_hz=100.0,
    ranges_g=(_RANGE_G,),
    default_range_g=_RANGE_G,
    has_gyro=True,
    device_time="",
    default_loss_rule=LOSS_NOT_DETECTABLE,
    data_characteristics=(DATA,),
    remarks=(
        "The full scale is 16 g and stays so.",
        "Angular velocity comes with every sample, and is exactly 0 at rest: the sensor zeroes it.",
        "The rate is set for this recording and forgotten when the sensor is switched off; the "
        "option save=yes keeps it.",
        "The sensor confirms little; its true rate is measured, 198.9 Hz for 200 Hz in one log.",
        "Frames of 28 bytes carry the sensor's own clock, which is used where it runs.",
        "The vibration sensor WTVB01 looks alike and is refused.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=WitMotionDecoder,
    options=OPTIONS,
    check=_check,
)
