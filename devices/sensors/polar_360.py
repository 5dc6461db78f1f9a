"""Polar 360: an optical band for wrist or calf.

Made from the rates and ranges that the maker's library names (polarofficial/polar-ble-sdk, number
603); no capture of its frames was at hand. They are those of a Verity Sense.
"""

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
    name="Polar 360",
    start_order=(Setting.RATE, Setting.RESOLUTION, Setting.RANGE, Setting.CHANNELS),
    without_sdk_mode=frozenset({(50.0, 8.0)}),
)


def _recognises(advertisement: Advertisement) -> bool:
    # All heart rate sensors of Polar share service and company identifier: the name decides.
    return advertisement.name.strip().lower().startswith("polar 360")


PROFILE: Final = SensorProfile(
    slug="polar-360",
    name="Polar 360",
    name_pattern="Polar 360 XXXXXXXX",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=(12.0, 25.0, 50.0, 100.0, 200.0, 400.0),
    default_rate_hz=100.0,
    ranges_g=(2.0, 4.0, 8.0, 16.0),
    default_range_g=8.0,
    has_gyro=False,
    device_time=DEVICE_TIME,
    default_loss_rule=LOSS_BY_TIME_STAMPS,
    data_characteristics=(DATA,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "Made from a description; nobody has recorded with one yet.",
        "Rates other than 50 Hz and ranges other than 8 g use its SDK mode, in which it measures "
        "no heart rate; it is left when the recording stops.",
        "It pairs with one computer or phone only: reset it before it is paired with another, and "
        "set it up once in the Polar app.",
        "Newer bands of Polar that have the same service can be tried with --profile polar-360.",
        "Close the phone app first: one host at a time gets the stream.",
    ),
    start=_MODEL.start,
    stop=_MODEL.stop,
    make_decoder=PolarDecoder,
    options=OPTIONS,
    check=parse_factor,
)
