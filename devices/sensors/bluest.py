"""Boards of STMicroelectronics that speak BlueST: SensorTile, BlueCoin, Nucleo and others.

A characteristic of BlueST holds a time of 16 bits and its quantities in the order of their bits;
this one has acceleration (mg), angular velocity (0.1 deg/s) and magnetic field. The firmware counts
time in steps of 8 ms. Made from the maker's manual UM2496 and its firmware; no board was at hand.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from devices.decoding.packet_decoder import PacketDecoder
from devices.decoding.packet_layout import parse_layout
from devices.profile import (
    LOSS_BY_TIME_STAMPS,
    Advertisement,
    Conversation,
    Decoder,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
)

__all__ = ["DATA", "LAYOUT", "PROFILE", "SERVICE"]

SERVICE: Final = "00000000-0001-11e1-9ab4-0002a5d5c51b"
#: Acceleration, angular velocity and magnetic field are bits 23, 22 and 21 of its first part.
DATA: Final = "00e00000-0001-11e1-ac36-0002a5d5c51b"
LAYOUT: Final = "u16 t *8 ms, i16 ax ay az mg, i16 gx gy gz /10 deg/s, skip 6"

#: Names of the maker's firmware carry its version, such as AM1V330.
_NAME: Final = re.compile(r"AM\dV\d{3}")


def _recognises(advertisement: Advertisement) -> bool:
    # The manufacturer data of the first version of BlueST begin with a version and a kind of board
    # in place of a company identifier, so that they tell nothing for sure.
    return SERVICE in advertisement.service_uuids or bool(_NAME.fullmatch(advertisement.name))


def _start(settings: StreamSettings) -> Conversation:
    yield Subscribe(DATA)
    return Started(
        settings=settings,
        notes=(
            "rate and range are those of its firmware; "
            f"{settings.sampling_rate_hz:g} Hz is assumed until it is measured",
        ),
    )


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - the signature of all sensors
    yield Unsubscribe(DATA)


def _make_decoder(settings: StreamSettings) -> Decoder:
    return PacketDecoder(parse_layout(LAYOUT), DATA, settings.sampling_rate_hz)


PROFILE: Final = SensorProfile(
    slug="bluest",
    name="STMicro BlueST",
    name_pattern="AM1VXXX, or any with the BlueST service",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(),
    default_rate_hz=20.0,
    ranges_g=(),
    default_range_g=None,
    has_gyro=True,
    device_time="8 ms stamp of the sample",
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA,),
    remarks=(
        "Made from a description; nobody has recorded with one yet.",
        "The usual firmware sends 20 Hz: tremor above 10 Hz cannot be seen. Another one may send "
        "more, which is measured.",
        "Angular velocity comes with every sample.",
        "Its names differ from firmware to firmware; --profile bluest takes any other board.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=_make_decoder,
    options=MappingProxyType({}),
)
