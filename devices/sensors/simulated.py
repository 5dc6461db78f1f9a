"""Protocol of the simulated sensor of this project: packets with sample index and time stamp.

What it measures, and which faults it has, is `devices.simulated`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from devices.decoding.blocks import make_block
from devices.decoding.uuids import BATTERY_LEVEL
from devices.profile import (
    Advertisement,
    Ask,
    Conversation,
    LossRule,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
)
from tremor.errors import PacketError
from tremor.units import STANDARD_GRAVITY_MS2

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["CONTROL", "DATA", "OK", "OPTIONS", "PROFILE", "SERVICE", "packet", "read_request"]

SERVICE: Final = "7e570001-6c65-6720-7472-656d6f720000"
CONTROL: Final = "7e570002-6c65-6720-7472-656d6f720000"
DATA: Final = "7e570003-6c65-6720-7472-656d6f720000"

OK: Final = b"\xaa"
_START, _STOP = b"\x01", b"\x00"
_REQUEST: Final = struct.Struct("<ff")
#: Index of the first sample, stamp of it in us, number of samples.
_HEADER: Final = struct.Struct("<IQB")
_SAMPLE: Final = struct.Struct("<3h")


def read_request(data: bytes) -> tuple[float, float] | None:
    """Parse sampling rate (Hz) and full scale (g) of a start request; None for a stop request."""
    if data[:1] != _START or len(data) != 1 + _REQUEST.size:
        return None
    rate_hz, range_g = _REQUEST.unpack(data[1:])
    return rate_hz, range_g


def packet(first_index: int, stamp_us: int, counts: Sequence[int]) -> bytes:
    """Encode a packet of integers x y z x y z ..., full scale 32768."""
    head = _HEADER.pack(first_index % 2**32, stamp_us, len(counts) // 3)
    return head + struct.pack(f"<{len(counts)}h", *counts)


def _start(settings: StreamSettings) -> Conversation:
    yield Subscribe(CONTROL)
    yield Subscribe(DATA)
    request = _START + _REQUEST.pack(settings.sampling_rate_hz, settings.range_g or 8.0)
    yield _ask(request, "start")
    return Started(settings=settings)


def _stop(_: StreamSettings) -> StopConversation:
    yield _ask(_STOP, "stop", optional=True)


def _ask(request: bytes, what: str, *, optional: bool = False) -> Ask:
    def is_reply(reply: bytes) -> bool:
        return reply == OK + request[:1]

    return Ask(CONTROL, request, CONTROL, is_reply, what, timeout_s=3.0, optional=optional)


#: Options of ``--sensor simulated``: meaning and allowed values.
OPTIONS: Final = MappingProxyType(
    {
        "scene": "what the leg does, a scene of tremor simulate such as post_run; fading",
        "seed": "a whole number: another leg; 0, of a second sensor 1",
        "length": "s of the scene before it starts anew; 480",
        "like": "slug of the sensor to imitate; simulated",
        "rate_error": "true rate over the claimed one, less one; 0.004",
        "loss": "share of packets that are lost, such as 0.02 or 2%; 0",
        "disconnects": "moments at which the link breaks, s, such as 60;120",
        "away": "s out of reach after each of them; 2",
        "silent": "s after which it is connected and says nothing",
        "speed": "how many times as fast as real time, up to 1000000; 1",
    }
)


class _Decoder:
    def __init__(self, settings: StreamSettings) -> None:
        self._unit_ms2 = (settings.range_g or 8.0) * STANDARD_GRAVITY_MS2 / 32768.0
        self._count = _IndexCount(settings.sampling_rate_hz)

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification, see `devices.profile.Decoder`."""
        if characteristic_uuid.lower() != DATA:
            return []
        n_bytes = len(data) - _HEADER.size
        if n_bytes <= 0 or n_bytes != _SAMPLE.size * data[_HEADER.size - 1]:
            raise PacketError(
                f"{len(data)} bytes are no whole packet of the simulated sensor; it is cut"
            )
        index, stamp_us, n = _HEADER.unpack_from(data)
        first_index = self._count.locate(index, n)
        period_s = self._count.period_s(index, stamp_us)
        return [
            make_block(
                first_index,
                list(_SAMPLE.iter_unpack(data[_HEADER.size :])),
                arrival_s,
                unit_ms2=self._unit_ms2,
                device_time_s=[1e-6 * stamp_us + row * period_s for row in range(n)],
            )
        ]

    def restart(self, began_s: float | None = None) -> None:
        """Continue after a lost link: the sensor keeps counting meanwhile."""

    @property
    def n_rejected(self) -> int:
        """Always 0: an invalid packet raises an error."""
        return 0


class _IndexCount:
    """Sample index as sent with each packet, and the sampling period by its time stamps."""

    def __init__(self, nominal_sampling_rate_hz: float) -> None:
        self._period_s = 1.0 / nominal_sampling_rate_hz
        self._first: tuple[int, int] | None = None
        self._last = -1

    def locate(self, index: int, n: int) -> int:
        if index <= self._last:
            raise PacketError(f"sample {index} came twice or late; the packet is left out")
        self._last = index + n - 1
        return index

    def period_s(self, index: int, stamp_us: int) -> float:
        """Return the sampling period, s; the nominal one until the second time stamp."""
        if self._first is None:
            self._first = (index, stamp_us)
        elif index > self._first[0] and stamp_us > self._first[1]:
            self._period_s = 1e-6 * (stamp_us - self._first[1]) / (index - self._first[0])
        return self._period_s


def _recognises(advertisement: Advertisement) -> bool:
    return SERVICE in advertisement.service_uuids


PROFILE: Final = SensorProfile(
    slug="simulated",
    name="Simulated leg",
    name_pattern="Simulated leg",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(25.0, 50.0, 52.0, 100.0, 104.0, 200.0, 208.0, 416.0),
    default_rate_hz=104.0,
    ranges_g=(2.0, 4.0, 8.0, 16.0),
    default_range_g=8.0,
    has_gyro=False,
    device_time="us stamp of the first sample of a packet",
    default_loss_rule=LossRule(
        detects_loss=True,
        loss="Every packet carries the index of its first sample: a loss is known exactly.",
    ),
    data_characteristics=(DATA,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "It needs no hardware: --sensor simulated rehearses a whole session.",
        "Its leg, what sensor it imitates and what goes wrong are options.",
    ),
    options=OPTIONS,
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
)
