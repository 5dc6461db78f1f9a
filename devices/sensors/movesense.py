"""Movesense sensors (HR+, Active, Medical) by their GATT service for sensor data."""

from __future__ import annotations

import math
import struct
from collections.abc import Generator
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from devices.decoding.blocks import make_block
from devices.decoding.limits import LIMIT_16_G_MS2, LIMIT_2000_DEG_S
from devices.decoding.sample_count import TimestampCount
from devices.decoding.uuids import BATTERY_LEVEL, assigned_uuid
from devices.profile import (
    LOSS_BY_TIME_STAMPS,
    Advertisement,
    Ask,
    Conversation,
    SensorProfile,
    Started,
    Step,
    StopConversation,
    StreamSettings,
    Subscribe,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = [
    "NOTIFY",
    "PROFILE",
    "SERVICE",
    "WRITE",
    "SampleGroups",
    "decode_payload",
    "status_of",
    "subscribe_request",
    "unsubscribe_request",
]

SERVICE: Final = "34802252-7185-4d5d-b431-630e7050e8f0"
WRITE: Final = "34800001-7185-4d5d-b431-630e7050e8f0"
NOTIFY: Final = "34800002-7185-4d5d-b431-630e7050e8f0"
#: Services that the Bluetooth SIG assigned to the maker.
_ADVERTISED: Final = frozenset({assigned_uuid(0xFDF3), assigned_uuid(0xFE06)})

_SUBSCRIBE: Final = 1
_UNSUBSCRIBE: Final = 2

_REPLY: Final = 1
_DATA: Final = 2
_SECOND_PART: Final = 3
_HEADER: Final = 2

Triple: TypeAlias = tuple[float, float, float]
#: Quantities of a payload in order, each with ``n`` samples.
SampleGroups: TypeAlias = tuple[tuple[Triple, ...], ...]

_STAMP: Final = struct.Struct("<I")
_TRIPLE: Final = struct.Struct("<3f")
#: Number of quantities that a resource sends; acceleration is always the first.
_N_GROUPS: Final = MappingProxyType({"Acc": 1, "IMU6": 2, "IMU9": 3})
#: Largest plausible values, in the order of the quantities.
_LIMITS: Final = (LIMIT_16_G_MS2, LIMIT_2000_DEG_S, math.inf)
#: A payload that does not fit one notification comes in two; a shorter first part is truncated.
_MIN_FIRST_PART: Final = 100

_REFUSALS: Final = MappingProxyType(
    {
        400: "it does not understand the request; update its firmware",
        403: "it does not allow this; close the phone app that uses it",
        404: "its firmware has no such measurement at this rate; choose another rate",
        409: "another host uses it; close the phone app, or take its battery out and put it back",
        413: "the rate is too high for it; choose a lower one",
        503: "it is busy; close the phone app, or take its battery out and put it back",
        507: "all its subscriptions are taken; take its battery out and put it back",
    }
)


def subscribe_request(reference: int, path: str) -> bytes:
    """Return the request that starts a measurement.

    Parameters
    ----------
    reference : int
        Number that its packets will carry, 1 to 255.
    path : str
        Resource, such as ``/Meas/Acc/104``.

    Returns
    -------
    bytes
        Value to write.

    Examples
    --------
    >>> subscribe_request(1, "/Meas/Acc/104").hex()
    '01012f4d6561732f4163632f313034'
    """
    return bytes([_SUBSCRIBE, reference]) + path.encode("ascii")


def unsubscribe_request(reference: int) -> bytes:
    """Return the request that ends a measurement."""
    return bytes([_UNSUBSCRIBE, reference])


def status_of(reply: bytes) -> int | None:
    """Parse the status of a reply; 200 to 299 are success.

    Parameters
    ----------
    reply : bytes
        Reply as received, with its header.

    Returns
    -------
    int or None
        Status; None if there is none. Some firmware sends it in big-endian order.

    Examples
    --------
    >>> status_of(bytes.fromhex("0101 c800")), status_of(bytes.fromhex("0101 01fb"))
    (200, 507)
    """
    if len(reply) < _HEADER + 2:
        return None
    field = reply[_HEADER : _HEADER + 2]
    readings = (int.from_bytes(field, "little"), int.from_bytes(field, "big"))
    return next((status for status in readings if 100 <= status < 600), readings[0])


def decode_payload(payload: bytes, n_groups: int) -> tuple[int, SampleGroups]:
    """Decode the payload of a packet, both parts joined.

    Parameters
    ----------
    payload : bytes
        Time stamp and quantities: all samples of acceleration, then all of angular velocity, and
        so on.
    n_groups : int
        Number of quantities: 1 for acceleration, 2 with angular velocity, 3 with magnetic field.

    Returns
    -------
    stamp_ms : int
        Time of the first sample, ms.
    groups : tuple of tuple, shape (n_groups, n, 3)
        Samples of each quantity, m/s^2, deg/s and uT.

    Raises
    ------
    PacketError
        If the payload is truncated, or a value is out of range.
    """
    if not _is_whole(payload, n_groups):
        raise PacketError(
            f"{len(payload)} bytes are no stamp and whole samples of {n_groups} groups; the "
            f"Movesense packet is cut"
        )
    (stamp_ms,) = _STAMP.unpack_from(payload)
    triples = [(x, y, z) for x, y, z in _TRIPLE.iter_unpack(payload[_STAMP.size :])]
    n = len(triples) // n_groups
    groups = tuple(tuple(triples[row * n : (row + 1) * n]) for row in range(n_groups))
    for group, limit in zip(groups, _LIMITS, strict=False):
        if not all(math.isfinite(one) and abs(one) <= limit for triple in group for one in triple):
            raise PacketError("a Movesense packet holds what it cannot measure; it is damaged")
    return stamp_ms, groups


def _is_whole(payload: bytes, n_groups: int) -> bool:
    n_bytes = len(payload) - _STAMP.size
    return n_bytes > 0 and n_bytes % (_TRIPLE.size * n_groups) == 0


def _recognises(advertisement: Advertisement) -> bool:
    name = advertisement.name.strip().lower()
    # Watches of the same company share services and company identifier.
    return name.startswith("movesense") or (
        not name and not _ADVERTISED.isdisjoint(advertisement.service_uuids)
    )


def _path_of(settings: StreamSettings) -> str:
    resource = "IMU6" if settings.gyro else "Acc"
    return settings.options.get("path", f"/Meas/{resource}/{settings.sampling_rate_hz:g}")


def _groups_of(settings: StreamSettings) -> int:
    path = _path_of(settings)
    parts = path.split("/")
    if len(parts) < 3 or parts[2] not in _N_GROUPS:
        raise InvalidInputError(
            f"{path} sends no acceleration; choose /Meas/Acc, /Meas/IMU6 or /Meas/IMU9 and a rate"
        )
    return _N_GROUPS[parts[2]]


def _reference_of(settings: StreamSettings) -> int | None:
    """Return the number that packets carry; None to accept any."""
    text = settings.options.get("reference")
    if text is None:
        return None
    if not (text.isdecimal() and len(text) <= 3 and 0 < int(text) < 256):
        raise InvalidInputError(f"reference is {text!r}; give a number from 1 to 255")
    return int(text)


def _check(settings: StreamSettings) -> None:
    _groups_of(settings)
    _reference_of(settings)


def _ask(data: bytes, what: str, *, optional: bool = False) -> Ask:
    reference = data[1]
    return Ask(
        WRITE,
        data,
        reply_on=NOTIFY,
        is_reply=lambda reply: reply[:_HEADER] == bytes([_REPLY, reference]),
        purpose=what,
        timeout_s=2.0 if optional else 10.0,
        optional=optional,
    )


def _start(settings: StreamSettings) -> Conversation:
    path = _path_of(settings)
    # Any number except 0 is allowed. A number for each kind of measurement identifies a
    # subscription that was left by a killed run.
    reference = _groups_of(settings)
    yield Subscribe(NOTIFY)
    status = yield from _subscribe(reference, path)
    if not _is_success(status):
        # A run that was killed may have left its subscription.
        yield _ask(unsubscribe_request(reference), "end a stream", optional=True)
        status = yield from _subscribe(reference, path)
    if not _is_success(status):
        reason = _REFUSALS.get(status or 0, "it gives no known reason; update its firmware")
        raise SensorRefusedError(f"the Movesense sensor did not send {path}: {reason} ({status})")
    options = {**settings.options, "path": path, "reference": f"{reference}"}
    return Started(settings=replace(settings, options=MappingProxyType(options)))


def _subscribe(reference: int, path: str) -> Generator[Step, bytes | None, int | None]:
    reply = yield _ask(subscribe_request(reference, path), f"send {path}")
    return status_of(reply or b"")


def _is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _stop(settings: StreamSettings) -> StopConversation:
    # Without it the sensor stays busy until its battery is removed.
    yield _ask(unsubscribe_request(_groups_of(settings)), "end its stream", optional=True)


class _Decoder:
    """Joins the parts of a packet, and locates its samples by its time stamp."""

    def __init__(self, settings: StreamSettings) -> None:
        self._n_groups = _groups_of(settings)
        self._gyro = settings.gyro and self._n_groups > 1
        self._reference = _reference_of(settings)
        self._count = TimestampCount(
            settings.sampling_rate_hz, tick_s=1e-3, stamped="first", n_bits=32
        )
        #: First part of a packet whose second part is to come, with its header.
        self._first_part: bytes | None = None
        #: Whether a second part follows even if the first one consists of whole samples.
        self._is_split = False
        self._n_rejected = 0

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification, see `devices.profile.Decoder`."""
        if characteristic_uuid.lower() != NOTIFY:
            return []
        if len(data) < _HEADER:
            raise PacketError(f"a Movesense packet of {len(data)} bytes ends within its header")
        kind, reference = data[0], data[1]
        if kind == _REPLY or self._reference not in (None, reference):
            return []
        if kind == _DATA:
            return self._feed_first(data, arrival_s)
        if kind == _SECOND_PART:
            return self._feed_second(data, arrival_s)
        raise PacketError(f"no Movesense packet begins with {kind:#04x}")

    def restart(self, began_s: float | None = None) -> None:
        """Discard a first part; the time stamps show the gap unless the sensor was switched off."""
        self._first_part = None
        self._count.restart(began_s)

    @property
    def n_rejected(self) -> int:
        """Number of first parts without a second part."""
        return self._n_rejected

    def _feed_first(self, data: bytes, arrival_s: float) -> list[SampleBlock]:
        if self._first_part is not None:
            self._first_part, self._is_split = None, False
            self._n_rejected += 1
        payload = data[_HEADER:]
        whole = _is_whole(payload, self._n_groups)
        if whole and not self._is_split:
            return self._decode(payload, arrival_s)
        if len(payload) < _MIN_FIRST_PART:
            return self._decode(payload, arrival_s)  # raises an error unless it is complete
        self._first_part = bytes(data)
        return []

    def _feed_second(self, data: bytes, arrival_s: float) -> list[SampleBlock]:
        first, self._first_part = self._first_part, None
        if first is None or first[1] != data[1]:
            # The first part consisted of whole samples and was decoded as a packet.
            self._is_split = True
            raise PacketError("the second part of a Movesense packet came without its first part")
        return self._decode(first[_HEADER:] + data[_HEADER:], arrival_s)

    def _decode(self, payload: bytes, arrival_s: float) -> list[SampleBlock]:
        stamp_ms, groups = decode_payload(payload, self._n_groups)
        position = self._count.locate(stamp_ms, len(groups[0]), arrival_s)
        return [
            make_block(
                position.first_index,
                groups[0],
                arrival_s,
                unit_ms2=1.0,
                angular_velocity=groups[1] if self._gyro else None,
                device_time_s=position.device_time_s,
            )
        ]


PROFILE: Final = SensorProfile(
    slug="movesense",
    name="Movesense",
    name_pattern="Movesense <serial>",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(13.0, 26.0, 52.0, 104.0, 208.0, 416.0, 833.0, 1666.0),
    default_rate_hz=104.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=True,
    device_time="ms stamp of the first sample of a packet",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(NOTIFY,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "It needs firmware 2.3 or newer, or the sample firmware for GATT sensor data.",
        "Its range is left as it is set: this service does not change it.",
        "Rates above 208 Hz load the radio; watch the loss.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=_Decoder,
    options=MappingProxyType(
        {
            "path": "the measurement: /Meas/Acc, /Meas/IMU6 or /Meas/IMU9 and a rate",
            "reference": "number that its packets bear, 1 to 255",
        }
    ),
    check=_check,
)
