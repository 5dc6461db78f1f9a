"""Nordic Thingy:52: raw motion, one sample per notification, without time.

Format of the vendor's firmware: acceleration as 6Q10, angular velocity as 11Q5.
"""

from __future__ import annotations

import struct
from functools import partial
from types import MappingProxyType
from typing import Final

from devices.decoding.single_sample import SingleSampleDecoder, SingleSamplePacket
from devices.decoding.uuids import BATTERY_LEVEL
from devices.profile import (
    LOSS_NOT_DETECTABLE,
    Advertisement,
    Conversation,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["ADVERTISED_SERVICE", "CONFIG", "MOTION_SERVICE", "PROFILE", "RAW_DATA"]

ADVERTISED_SERVICE: Final = "ef680100-9b35-4933-9b10-52ffa9740042"
MOTION_SERVICE: Final = "ef680400-9b35-4933-9b10-52ffa9740042"
CONFIG: Final = "ef680401-9b35-4933-9b10-52ffa9740042"
RAW_DATA: Final = "ef680406-9b35-4933-9b10-52ffa9740042"

#: The last 6 of the 18 bytes are the magnetic field.
_PACKET: Final = SingleSamplePacket(
    sensor="Thingy:52",
    characteristic=RAW_DATA,
    n_bytes=18,
    unit_ms2=STANDARD_GRAVITY_MS2 / 1024.0,
    unit_deg_s=1.0 / 32.0,
)
#: Settings of the vendor's app: intervals of step counter and of two compensations, ms.
_STEPS_MS, _COMPENSATION_MS, _COMPASS_MS = 500, 1000, 1000
_WAKE_ON_MOTION: Final = 1


def _recognises(advertisement: Advertisement) -> bool:
    return ADVERTISED_SERVICE in advertisement.service_uuids or advertisement.name == "Thingy"


def _start(settings: StreamSettings) -> Conversation:
    rate_hz = round(settings.sampling_rate_hz)
    yield Write(
        CONFIG,
        struct.pack("<4HB", _STEPS_MS, _COMPENSATION_MS, _COMPASS_MS, rate_hz, _WAKE_ON_MOTION),
    )
    yield Subscribe(RAW_DATA)
    return Started(
        settings=settings,
        notes=("the full scale is 2 g: steps and knocks are clipped", "its true rate is measured"),
    )


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - the signature of all sensors
    yield Unsubscribe(RAW_DATA)


PROFILE: Final = SensorProfile(
    slug="thingy52",
    name="Thingy:52",
    name_pattern="Thingy",
    services=(ADVERTISED_SERVICE, MOTION_SERVICE),
    recognises=_recognises,
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    default_rate_hz=50.0,
    ranges_g=(2.0,),
    default_range_g=2.0,
    has_gyro=True,
    device_time="",
    default_loss_rule=LOSS_NOT_DETECTABLE,
    data_characteristics=(RAW_DATA,),
    battery_characteristic=BATTERY_LEVEL,
    remarks=(
        "The full scale is 2 g and cannot be changed: steps and knocks are clipped.",
        "About 50 to 70 Hz arrive even where 200 Hz is set, and samples may then repeat.",
        "Angular velocity comes with every sample.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=partial(SingleSampleDecoder, _PACKET),
    options=MappingProxyType({}),
)
