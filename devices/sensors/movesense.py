"""Movesense sensors (HR+, Active, Medical) by their GATT service for sensor data."""

from __future__ import annotations

import math
import struct
from collections.abc import Generator
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from devices.decoding.blocks import make_block
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
    "Measured",
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
#: Groups of a payload in order, each ``n`` triples.
Measured: TypeAlias = tuple[tuple[Triple, ...], ...]

_STAMP: Final = struct.Struct("<I")
_TRIPLE: Final = struct.Struct("<3f")
#: How many groups a resource sends; acceleration is always the first.
_GROUPS: Final = MappingProxyType({"Acc": 1, "IMU6": 2, "IMU9": 3})
#: Beyond these it is no measurement: 16 g and 2000 deg/s, and a quarter for calibration.
_MOST_MS2: Final = 1.25 * 16 * 9.80665
_MOST_DEG_S: Final = 1.25 * 2000.0
_MOST: Final = (_MOST_MS2, _MOST_DEG_S, math.inf)
#: A payload is parted where it does not fit a notification; one that is shorter was cut.
_LEAST_FIRST_PART: Final = 100

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
    """Give the bytes that ask for a measurement.

    Parameters
    ----------
    reference : int
        Number that its packets will bear, 1 to 255.
    path : str
        The measurement, such as ``/Meas/Acc/104``.

    Returns
    -------
    bytes
        To write.

    Examples
    --------
    >>> subscribe_request(1, "/Meas/Acc/104").hex()
    '01012f4d6561732f4163632f313034'
    """
    return bytes([_SUBSCRIBE, reference]) + path.encode("ascii")


def unsubscribe_request(reference: int) -> bytes:
    """Give the bytes that end a measurement."""
    return bytes([_UNSUBSCRIBE, reference])


def status_of(reply: bytes) -> int | None:
    """Read the status of an answer: 200 and its like are well.

    Parameters
    ----------
    reply : bytes
        As received, with its header.

    Returns
    -------
    int or None
        None where there is none. Firmware is known that sends it with its high byte first.

    Examples
    --------
    >>> status_of(bytes.fromhex("0101 c800")), status_of(bytes.fromhex("0101 01fb"))
    (200, 507)
    """
    if len(reply) < _HEADER + 2:
        return None
    field = reply[_HEADER : _HEADER + 2]
    orders = (int.from_bytes(field, "little"), int.from_bytes(field, "big"))
    return next((status for status in orders if 100 <= status < 600), orders[0])


def decode_payload(payload: bytes, n_groups: int) -> tuple[int, Measured]:
    """Decode what follows the header of a packet, both parts of it joined.

    Parameters
    ----------
    payload : bytes
        Stamp and groups: all samples of acceleration, then all of angular velocity, and so on.
    n_groups : int
        1 for acceleration, 2 with angular velocity, 3 with the magnetic field.

    Returns
    -------
    tuple of int and tuple
        Stamp of the first sample, ms, and each group's samples, m/s^2, deg/s and uT.

    Raises
    ------
    PacketError
        Where it is cut, or holds what a sensor cannot measure.
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
    for group, most in zip(groups, _MOST, strict=False):
        if not all(math.isfinite(one) and abs(one) <= most for triple in group for one in triple):
            raise PacketError("a Movesense packet holds what it cannot measure; it is damaged")
    return stamp_ms, groups


def _is_whole(payload: bytes, n_groups: int) -> bool:
    n_bytes = len(payload) - _STAMP.size
    return n_bytes > 0 and n_bytes % (_TRIPLE.size * n_groups) == 0


def _recognises(advertisement: Advertisement) -> bool:
    name = advertisement.name.strip().lower()
    # Watches of the same company share its services and its identifier.
    return name.startswith("movesense") or (
        not name and not _ADVERTISED.isdisjoint(advertisement.service_uuids)
    )


def _path_of(settings: StreamSettings) -> str:
    resource = "IMU6" if settings.gyro else "Acc"
    return settings.options.get("path", f"/Meas/{resource}/{settings.sampling_rate_hz:g}")


def _groups_of(settings: StreamSettings) -> int:
    path = _path_of(settings)
    parts = path.split("/")
    if len(parts) < 3 or parts[2] not in _GROUPS:
        raise InvalidInputError(
            f"{path} sends no acceleration; choose /Meas/Acc, /Meas/IMU6 or /Meas/IMU9 and a rate"
        )
    return _GROUPS[parts[2]]


def _reference_of(settings: StreamSettings) -> int | None:
    """Give the number that packets bear; None where any will do."""
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
    # Any number but 0 would do; another one for each kind tells what a killed run left behind.
    reference = _groups_of(settings)
    yield Subscribe(NOTIFY)
    status = yield from _subscribe(reference, path)
    if not _is_well(status):
        # Its subscription may be left from a run that was killed.
        yield _ask(unsubscribe_request(reference), "end a stream", optional=True)
        status = yield from _subscribe(reference, path)
    if not _is_well(status):
        reason = _REFUSALS.get(status or 0, "it gives no known reason; update its firmware")
        raise SensorRefusedError(f"the Movesense sensor did not send {path}: {reason} ({status})")
    options = {**settings.options, "path": path, "reference": f"{reference}"}
    return Started(settings=replace(settings, options=MappingProxyType(options)))


def _subscribe(reference: int, path: str) -> Generator[Step, bytes | None, int | None]:
    reply = yield _ask(subscribe_request(reference, path), f"send {path}")
    return status_of(reply or b"")


def _is_well(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def _stop(settings: StreamSettings) -> StopConversation:
    # Without it the sensor stays busy and has to be reset by its battery.
    yield _ask(unsubscribe_request(_groups_of(settings)), "end its stream", optional=True)


class _Decoder:
    """Joins the parts of a packet, and places its samples by its stamp."""

    def __init__(self, settings: StreamSettings) -> None:
        self._n_groups = _groups_of(settings)
        self._gyro = settings.gyro and self._n_groups > 1
        self._reference = _reference_of(settings)
        self._count = TimestampCount(
            settings.sampling_rate_hz, tick_s=1e-3, stamped="first", n_bits=32
        )
        #: A first part that waits for the second one, with its reference.
        self._first: bytes | None = None
        #: Whether even a packet of whole samples is followed by a second part.
        self._parted = False
        self._n_rejected = 0

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode one notification; as for `devices.profile.Decoder`."""
        if characteristic_uuid.lower() != NOTIFY:
            return []
        if len(data) < _HEADER:
            raise PacketError(f"a Movesense packet of {len(data)} bytes ends within its header")
        kind, reference = data[0], data[1]
        if kind == _REPLY or self._reference not in (None, reference):
            return []
        if kind == _DATA:
            return self._take_data(data, arrival_s)
        if kind == _SECOND_PART:
            return self._take_second(data, arrival_s)
        raise PacketError(f"no Movesense packet begins with {kind:#04x}")

    def restart(self) -> None:
        """Forget a first part; its stamps tell the gap unless the sensor was switched off."""
        self._first = None
        self._count.restart()

    @property
    def n_rejected(self) -> int:
        """Count first parts whose second part did not come."""
        return self._n_rejected

    def _take_data(self, data: bytes, arrival_s: float) -> list[SampleBlock]:
        if self._first is not None:
            self._first, self._parted = None, False
            self._n_rejected += 1
        payload = data[_HEADER:]
        whole = _is_whole(payload, self._n_groups)
        if whole and not self._parted:
            return self._decode(payload, arrival_s)
        if len(payload) < _LEAST_FIRST_PART:
            return self._decode(payload, arrival_s)  # which refuses it, unless it is whole
        self._first = bytes(data)
        return []

    def _take_second(self, data: bytes, arrival_s: float) -> list[SampleBlock]:
        first, self._first = self._first, None
        if first is None or first[1] != data[1]:
            # The first part may have been taken for a packet, as it held whole samples.
            self._parted = True
            raise PacketError("the second part of a Movesense packet came without its first part")
        return self._decode(first[_HEADER:] + data[_HEADER:], arrival_s)

    def _decode(self, payload: bytes, arrival_s: float) -> list[SampleBlock]:
        stamp_ms, groups = decode_payload(payload, self._n_groups)
        place = self._count.locate(stamp_ms, len(groups[0]), arrival_s)
        return [
            make_block(
                place.first_index,
                groups[0],
                arrival_s,
                unit_ms2=1.0,
                angular_velocity=groups[1] if self._gyro else None,
                device_time_s=place.device_time_s,
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
