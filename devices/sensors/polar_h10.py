"""Polar H10: a chest strap."""

from __future__ import annotations

from typing import Final

from devices.decoding.uuids import BATTERY_LEVEL
from devices.profile import LOSS_BY_TIME_STAMPS, Advertisement, SensorProfile
from devices.sensors.polar_control import DATA, SERVICE, Setting
from devices.sensors.polar_stream import (
    DEVICE_TIME,
    OPTIONS,
    PolarDecoder,
    PolarModel,
    parse_factor,
)

__all__ = ["PROFILE"]

_MODEL: Final = PolarModel(
    name="Polar H10", start_order=(Setting.RANGE, Setting.RATE, Setting.RESOLUTION)
)


def _recognises(advertisement: Advertisement) -> bool:
    # All heart rate sensors of Polar share service and company identifier: the name decides.
    return advertisement.name.strip().lower().startswith("polar h10")


PROFILE: Final = SensorProfile(
    slug="polar-h10",
    name="Polar H10",
    name_pattern="Polar H10 XXXXXXXX",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    default_rate_hz=200.0,
    ranges_g=(2.0, 4.0, 8.0),
    default_range_g=8.0,
    has_gyro=False,
    device_time=DEVICE_TIME,
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "It drops the link about 45 s after its electrodes leave the skin; whether it stays on "
        "when strapped to a leg is not known.",
        "Its strap is too long for a calf.",
        "It keeps streaming and drains its battery unless it is stopped, which every recording "
        "does.",
        "Newer firmware may ask to be paired.",
        "Close the phone app first: one host at a time gets the stream.",
    ),
    start=_MODEL.start,
    stop=_MODEL.stop,
    make_decoder=PolarDecoder,
    options=OPTIONS,
    check=parse_factor,
)
