"""Xsens DOT, now Movella DOT: one sample per packet, with a time stamp in microseconds."""

from __future__ import annotations

import math
import struct
from collections.abc import Generator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from devices.decoding.blocks import make_block
from devices.decoding.limits import LIMIT_16_G_MS2, LIMIT_2000_DEG_S
from devices.decoding.sample_count import TimestampCount
from devices.profile import (
    LOSS_BY_TIME_STAMPS,
    Advertisement,
    Conversation,
    Pause,
    Read,
    SensorProfile,
    Started,
    Step,
    StopConversation,
    StreamSettings,
    Subscribe,
    Write,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = [
    "CONFIGURATION_SERVICE",
    "CONTROL",
    "DEVICE_CONTROL",
    "MEDIUM",
    "PROFILE",
    "SERVICE",
    "SHORT",
    "decode_payload",
    "measure_request",
]

SERVICE: Final = "15172000-4947-11e9-8646-d663bd873d93"
CONTROL: Final = "15172001-4947-11e9-8646-d663bd873d93"
MEDIUM: Final = "15172003-4947-11e9-8646-d663bd873d93"
SHORT: Final = "15172004-4947-11e9-8646-d663bd873d93"
CONFIGURATION_SERVICE: Final = "15171000-4947-11e9-8646-d663bd873d93"
DEVICE_CONTROL: Final = "15171002-4947-11e9-8646-d663bd873d93"
_BATTERY: Final = "15173001-4947-11e9-8646-d663bd873d93"
_COMPANY: Final = 0x0886

Triple: TypeAlias = tuple[float, float, float]

#: Device control: flag of a write that changes the output rate, and position of the rate.
_VISIT_OUTPUT_RATE: Final = 0x10
_OUTPUT_RATE: Final = struct.Struct("<24xH")
_SETTLE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class _Mode:
    """Payload of a measurement mode: where it comes from, and its length without padding."""

    characteristic: str
    n_bytes: int
    n_padded_bytes: int
    has_gyro: bool


#: Modes with acceleration that a host can decode; the default is that of the rate quantities.
_MODES: Final = MappingProxyType(
    {
        21: _Mode(MEDIUM, 28, 40, has_gyro=True),
        20: _Mode(MEDIUM, 34, 40, has_gyro=True),
        6: _Mode(SHORT, 16, 20, has_gyro=False),
    }
)
_DEFAULT_MODE: Final = 21
_STAMP: Final = struct.Struct("<I")
_TRIPLE: Final = struct.Struct("<3f")


def measure_request(mode: int, *, on: bool) -> bytes:
    """Return the request that starts or stops a measurement.

    Parameters
    ----------
    mode : int
        Number of the payload.
    on : bool
        Whether to start.

    Returns
    -------
    bytes
        Value to write to the measurement control.

    Examples
    --------
    >>> measure_request(21, on=True).hex()
    '010115'
    """
    return bytes([1, on, mode])


def decode_payload(data: bytes, mode: int) -> tuple[int, Triple, Triple | None]:
    """Decode a packet.

    Parameters
    ----------
    data : bytes
        Packet as received, with padding.
    mode : int
        20 or 21, acceleration and angular velocity, with and without magnetic field; or 6,
        acceleration without gravity along the axes of the earth.

    Returns
    -------
    stamp_us : int
        Time of the sample, us.
    acceleration_ms2 : tuple of float, shape (3,)
        m/s^2.
    angular_velocity_deg_s : tuple of float, shape (3,), or None
        deg/s.

    Raises
    ------
    PacketError
        If the packet is truncated, or a value is out of range.
    """
    payload = _MODES[mode]
    if not payload.n_bytes <= len(data) <= payload.n_padded_bytes:
        raise PacketError(
            f"a DOT packet of mode {mode} has {payload.n_bytes} to {payload.n_padded_bytes} bytes "
            f"and not {len(data)}"
        )
    (stamp_us,) = _STAMP.unpack_from(data)
    acceleration = _triple(data, 4, LIMIT_16_G_MS2)
    return stamp_us, acceleration, _triple(data, 16, LIMIT_2000_DEG_S) if payload.has_gyro else None


def _triple(data: bytes, offset: int, limit: float) -> Triple:
    x, y, z = _TRIPLE.unpack_from(data, offset)
    if not all(math.isfinite(one) and abs(one) <= limit for one in (x, y, z)):
        raise PacketError("a DOT packet holds what it cannot measure; it is damaged")
    return x, y, z


def _mode_of(settings: StreamSettings) -> int:
    text = settings.options.get("mode", f"{_DEFAULT_MODE}")
    if text not in {f"{mode}" for mode in _MODES}:
        modes = ", ".join(f"{mode}" for mode in _MODES)
        raise InvalidInputError(f"mode {text} of a DOT cannot be decoded; choose one of {modes}")
    return int(text)


def _recognises(advertisement: Advertisement) -> bool:
    name = advertisement.name.strip().lower()
    if name:
        return name.startswith(("xsens dot", "movella dot"))
    return _COMPANY in advertisement.manufacturer_ids


def _start(settings: StreamSettings) -> Conversation:
    mode = _mode_of(settings)
    notes: tuple[str, ...] = ()
    # After a lost link the sensor keeps measuring, and then it accepts no settings.
    yield from _stop_if_measuring()
    rate_hz = yield from _set_rate(round(settings.sampling_rate_hz))
    if rate_hz is None:
        notes += ("its output rate could not be read; the true rate is measured",)
    elif rate_hz != settings.sampling_rate_hz:
        notes += (
            f"{settings.sampling_rate_hz:g} Hz was not taken; its output rate is {rate_hz:g} Hz",
        )
    yield Subscribe(_MODES[mode].characteristic)
    yield Write(CONTROL, measure_request(mode, on=True))
    state = yield Read(CONTROL)
    if state is not None and len(state) >= 3 and (state[1] != 1 or state[2] != mode):
        raise SensorRefusedError(
            f"the DOT did not start mode {mode}; end its recording or synchronisation in its own "
            f"app, or switch it off and on"
        )
    granted = replace(
        settings,
        sampling_rate_hz=settings.sampling_rate_hz if rate_hz is None else rate_hz,
        options=MappingProxyType({**settings.options, "mode": f"{mode}"}),
    )
    return Started(settings=granted, notes=notes)


def _stop_if_measuring() -> Generator[Step, bytes | None, None]:
    state = yield Read(CONTROL)
    if state is not None and len(state) >= 3 and state[1] == 1:
        yield Write(CONTROL, measure_request(state[2], on=False))
        yield Pause(_SETTLE_S)


def _set_rate(rate_hz: int) -> Generator[Step, bytes | None, float | None]:
    """Set the output rate; return the actual one, Hz, or None if it cannot be read.

    Yields
    ------
    Step
        Read, write if it differs, and read again.
    """
    before = yield Read(DEVICE_CONTROL, optional=True)
    if before is None or len(before) < _OUTPUT_RATE.size:
        return None
    if _OUTPUT_RATE.unpack_from(before)[0] == rate_hz:
        return float(rate_hz)
    wanted = bytearray(before)
    wanted[0] = _VISIT_OUTPUT_RATE
    wanted[_OUTPUT_RATE.size - 2 : _OUTPUT_RATE.size] = rate_hz.to_bytes(2, "little")
    yield Write(DEVICE_CONTROL, bytes(wanted))
    yield Pause(_SETTLE_S)
    after = yield Read(DEVICE_CONTROL)
    if after is None or len(after) < _OUTPUT_RATE.size:
        return None
    return float(_OUTPUT_RATE.unpack_from(after)[0])


def _stop(settings: StreamSettings) -> StopConversation:
    yield Write(CONTROL, measure_request(_mode_of(settings), on=False))


class _Decoder:
    """Decoder of DOT packets, one sample each."""

    def __init__(self, settings: StreamSettings) -> None:
        mode = _mode_of(settings)
        # Mode 6 is the only short payload with acceleration.
        self._mode_of = {MEDIUM: _DEFAULT_MODE, SHORT: 6, _MODES[mode].characteristic: mode}
        self._gyro = settings.gyro
        self._count = TimestampCount(
            settings.sampling_rate_hz, tick_s=1e-6, stamped="first", n_bits=32
        )

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification, see `devices.profile.Decoder`."""
        mode = self._mode_of.get(characteristic_uuid.lower())
        if mode is None:
            return []
        stamp_us, acceleration, angular_velocity = decode_payload(data, mode)
        position = self._count.locate(stamp_us, 1, arrival_s)
        angular = [angular_velocity] if self._gyro and angular_velocity is not None else None
        return [
            make_block(
                position.first_index,
                [acceleration],
                arrival_s,
                unit_ms2=1.0,
                angular_velocity=angular,
                device_time_s=position.device_time_s,
            )
        ]

    def restart(self, began_s: float | None = None) -> None:
        """Begin a connection; the time stamps show the gap unless the sensor was switched off."""
        self._count.restart(began_s)

    @property
    def n_rejected(self) -> int:
        """Always 0: an invalid packet raises an error."""
        return 0


PROFILE: Final = SensorProfile(
    slug="xsens-dot",
    name="Xsens DOT",
    name_pattern="Xsens DOT, Movella DOT",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(1.0, 4.0, 10.0, 12.0, 15.0, 20.0, 30.0, 60.0),
    default_rate_hz=60.0,
    ranges_g=(16.0,),
    default_range_g=16.0,
    has_gyro=True,
    device_time="us stamp of each sample",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(MEDIUM, SHORT),
    battery_characteristic=_BATTERY,
    remarks=(
        "Its highest live rate is 60 Hz, which suffices for tremor to 15 Hz or so.",
        "On Windows it may have to be paired in the system's settings first.",
        "It goes on measuring after a lost link; a start ends that first.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
    gravity_by_options=lambda options: options.get("mode") != "6",
    options=MappingProxyType(
        {
            "mode": (
                "of the payload: 21 acceleration and angular velocity, 20 with magnetic field, "
                "6 acceleration without gravity; default 21"
            )
        }
    ),
    check=_mode_of,
)
