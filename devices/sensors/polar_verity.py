"""Polar Verity Sense and the OH1 before it: an optical armband that fits a calf."""

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

_NAMES: Final = ("polar sense", "polar verity sense", "polar oh1")
_MODEL: Final = PolarModel(
    name="Polar Verity Sense",
    start_order=(Setting.RATE, Setting.RESOLUTION, Setting.RANGE, Setting.CHANNELS),
    without_sdk_mode=frozenset({(52.0, 8.0), (50.0, 8.0)}),
)


def _recognises(advertisement: Advertisement) -> bool:
    # All heart rate sensors of Polar share service and company identifier: the name decides.
    return advertisement.name.strip().lower().startswith(_NAMES)


PROFILE: Final = SensorProfile(
    slug="polar-verity-sense",
    name="Polar Verity Sense",
    name_pattern="Polar Sense XXXXXXXX, Polar OH1 XXXXXXXX",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(26.0, 50.0, 52.0, 104.0, 208.0, 416.0),
    default_rate_hz=104.0,
    ranges_g=(2.0, 4.0, 8.0, 16.0),
    default_range_g=8.0,
    has_gyro=False,
    device_time=DEVICE_TIME,
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "Rates other than 52 Hz and ranges other than 8 g use its SDK mode, in which it measures "
        "no heart rate; it is left when the recording stops.",
        "An OH1 has 50 Hz and 8 g only, and a Verity Sense with firmware before 1.1.5 has 52 Hz "
        "and 8 g only.",
        "Its angular velocity is a stream with time stamps of its own and is not recorded.",
        "Close the phone app first: one host at a time gets the stream.",
    ),
    start=_MODEL.start,
    stop=_MODEL.stop,
    make_decoder=PolarDecoder,
    options=OPTIONS,
    check=parse_factor,
)
