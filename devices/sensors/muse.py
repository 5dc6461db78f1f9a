"""Muse headbands of 2016 and later (Muse, Muse 2, Muse S): their accelerometer.

A packet is a number and three samples, big-endian. Made from the public clients
alexandrebarachant/muse-lsl and urish/muse-js; no headband was at hand.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from devices.decoding.packet_decoder import PacketDecoder
from devices.decoding.packet_layout import parse_layout
from devices.decoding.uuids import assigned_uuid
from devices.profile import (
    Advertisement,
    Conversation,
    Decoder,
    LossRule,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)

__all__ = ["ACCELERATION", "CONTROL", "LAYOUT", "PROFILE", "SERVICE"]

SERVICE: Final = assigned_uuid(0xFE8D)
CONTROL: Final = "273e0001-4c4d-454d-96be-f03bac821358"
ACCELERATION: Final = "273e000a-4c4d-454d-96be-f03bac821358"
LAYOUT: Final = "big, u16 n, | i16 ax ay az /16384 g"

#: Preset that streams the accelerometer; start; stop.
_PRESET, _START, _STOP = "p21", "d", "h"


def _recognises(advertisement: Advertisement) -> bool:
    return SERVICE in advertisement.service_uuids or advertisement.name.startswith(
        ("Muse-", "MuseS-")
    )


def _command(text: str) -> Write:
    line = f"{text}\n".encode("ascii")
    return Write(CONTROL, bytes((len(line),)) + line, response=False)


def _start(settings: StreamSettings) -> Conversation:
    yield Subscribe(CONTROL)
    yield _command(_PRESET)
    yield Subscribe(ACCELERATION)
    yield _command(_START)
    return Started(settings=settings, notes=("the full scale is 2 g: knocks are clipped",))


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - the signature of all sensors
    yield _command(_STOP)
    yield Unsubscribe(ACCELERATION)


def _make_decoder(settings: StreamSettings) -> Decoder:
    return PacketDecoder(parse_layout(LAYOUT), ACCELERATION, settings.sampling_rate_hz)


PROFILE: Final = SensorProfile(
    slug="muse",
    name="Muse headband",
    name_pattern="Muse-XXXX, MuseS-XXXX",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(52.0,),
    default_rate_hz=52.0,
    ranges_g=(2.0,),
    default_range_g=2.0,
    has_gyro=False,
    device_time="",
    default_loss_rule=LossRule(
        detects_loss=True, loss="Lost packets are counted by the number that each carries."
    ),
    data_characteristics=(ACCELERATION,),
    remarks=(
        "Made from a description; nobody has recorded with one yet.",
        "The full scale is 2 g and cannot be changed: steps and knocks are clipped.",
        "Its angular velocity comes in packets of its own, without a common time, and is not "
        "recorded.",
        "The Muse S Athena sends another format and is not read.",
        "It is made for the head; on a leg it needs a strap of its own.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=_make_decoder,
    options=MappingProxyType({}),
)
