"""BBC micro:bit: accelerometer service, in mg, at irregular times."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from devices.decoding.single_sample import SingleSampleDecoder, SingleSamplePacket
from devices.profile import (
    LOSS_NOT_DETECTABLE,
    Advertisement,
    Conversation,
    Read,
    SensorProfile,
    Started,
    StopConversation,
    StreamSettings,
    Subscribe,
    Unsubscribe,
    Write,
)
from tremor.errors import SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["DATA", "PERIOD", "PROFILE", "SERVICE"]

SERVICE: Final = "e95d0753-251d-470a-a062-fa1922dfa9a8"
DATA: Final = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
PERIOD: Final = "e95dfb24-251d-470a-a062-fa1922dfa9a8"

_PACKET: Final = SingleSamplePacket(
    sensor="micro:bit",
    characteristic=DATA,
    n_bytes=6,
    unit_ms2=STANDARD_GRAVITY_MS2 / 1000.0,
)
#: Documented periods that work: 0 and 1 ms stop the board (lancaster-university/microbit-dal,
#: number 300), and 2 and 5 ms are not kept.
_PERIODS_MS: Final = (160, 80, 20, 10)


def _recognises(advertisement: Advertisement) -> bool:
    return advertisement.name.startswith("BBC micro:bit") or (
        SERVICE in advertisement.service_uuids
    )


def _start(settings: StreamSettings) -> Conversation:
    asked_ms = round(1000.0 / settings.sampling_rate_hz)
    yield Write(PERIOD, asked_ms.to_bytes(2, "little"))
    reply = yield Read(PERIOD)
    period_ms = int.from_bytes(reply or b"", "little")
    if len(reply or b"") != 2 or period_ms == 0:
        raise SensorRefusedError(
            f"micro:bit keeps no period of {asked_ms} ms; flash a program with the accelerometer "
            "service, and reset the board"
        )
    yield Subscribe(DATA)
    notes = ["its times are uneven; its true rate is measured"]
    if period_ms != asked_ms:
        notes.append(f"micro:bit chose a period of {period_ms} ms instead of {asked_ms} ms")
    return Started(
        settings=replace(settings, sampling_rate_hz=1000.0 / period_ms), notes=tuple(notes)
    )


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - the signature of all sensors
    yield Unsubscribe(DATA)


PROFILE: Final = SensorProfile(
    slug="microbit",
    name="micro:bit",
    name_pattern="BBC micro:bit [xxxxx]",
    services=(SERVICE,),
    recognises=_recognises,
    rates_hz=tuple(1000.0 / period_ms for period_ms in _PERIODS_MS),
    default_rate_hz=50.0,
    ranges_g=(2.0,),
    default_range_g=2.0,
    has_gyro=False,
    device_time="",
    default_loss_rule=LOSS_NOT_DETECTABLE,
    data_characteristics=(DATA,),
    remarks=(
        "Samples come at uneven times, in bursts: it is fit for teaching and for first trials.",
        "The full scale is 2 g unless its program sets another: steps and knocks are clipped.",
        "Its program must have the accelerometer service; without pairing is simplest.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=partial(SingleSampleDecoder, _PACKET),
    options=MappingProxyType({}),
)
