"""BBC micro:bit: its accelerometer service, thousandths of g, at uneven times."""

from __future__ import annotations

import struct
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tremor.errors import PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

from ..blocks import make_block
from ..counting import PlainCount
from ..profile import (
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

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PROFILE", "MicrobitDecoder"]

_SERVICE: Final = "e95d0753-251d-470a-a062-fa1922dfa9a8"
_DATA: Final = "e95dca4b-251d-470a-a062-fa1922dfa9a8"
_PERIOD: Final = "e95dfb24-251d-470a-a062-fa1922dfa9a8"

_SIZE: Final = 6
_UNIT_MS2: Final = STANDARD_GRAVITY_MS2 / 1000.0
#: Of the documented periods those that work: 0 and 1 ms stop the board (lancaster-university/
#: microbit-dal, number 300), 2 and 5 ms are not kept.
_PERIODS_MS: Final = (160, 80, 20, 10)


def _recognises(advertisement: Advertisement) -> bool:
    return advertisement.name.startswith("BBC micro:bit") or (
        _SERVICE in advertisement.service_uuids
    )


def _start(settings: StreamSettings) -> Conversation:
    asked_ms = round(1000.0 / settings.sampling_rate_hz)
    yield Write(_PERIOD, asked_ms.to_bytes(2, "little"))
    reply = yield Read(_PERIOD)
    period_ms = int.from_bytes(reply or b"", "little")
    if len(reply or b"") != 2 or period_ms == 0:
        raise SensorRefusedError(
            f"micro:bit keeps no period of {asked_ms} ms; flash a program with the accelerometer "
            "service, and reset the board"
        )
    yield Subscribe(_DATA)
    notes = ["its times are uneven; its true rate is measured"]
    if period_ms != asked_ms:
        notes.append(f"micro:bit chose a period of {period_ms} ms instead of {asked_ms} ms")
    return Started(
        settings=replace(settings, sampling_rate_hz=1000.0 / period_ms), notes=tuple(notes)
    )


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - as for all sensors
    yield Unsubscribe(_DATA)


class MicrobitDecoder:
    """Notifications to blocks of one sample.

    Parameters
    ----------
    settings : StreamSettings
        As granted; the rate is used over lost links only.
    """

    def __init__(self, settings: StreamSettings) -> None:
        self._count = PlainCount(settings.sampling_rate_hz)

    @property
    def n_rejected(self) -> int:
        """Nothing is left out silently: a cut packet is an error."""
        return 0

    def restart(self) -> None:
        """Count on by the host's clock."""
        self._count.restart()

    def feed(self, characteristic_uuid: str, data: bytes, arrival_s: float) -> list[SampleBlock]:
        """Decode a notification.

        Parameters
        ----------
        characteristic_uuid : str
            Where it came from.
        data : bytes
            6 bytes.
        arrival_s : float
            s on a monotonic clock.

        Returns
        -------
        list of SampleBlock
            One, of one sample.

        Raises
        ------
        PacketError
            Where the length is another.
        """
        if characteristic_uuid.lower() != _DATA:
            return []
        if len(data) != _SIZE:
            raise PacketError(f"a sample of {len(data)} bytes; micro:bit sends {_SIZE}")
        place = self._count.place(1, arrival_s)
        sample = struct.unpack("<3h", data)
        return [make_block(place.first_index, [sample], arrival_s, unit_ms2=_UNIT_MS2)]


PROFILE: Final = SensorProfile(
    slug="microbit",
    name="micro:bit",
    name_pattern="BBC micro:bit [xxxxx]",
    services=(_SERVICE,),
    recognises=_recognises,
    rates_hz=tuple(1000.0 / period_ms for period_ms in _PERIODS_MS),
    default_rate_hz=50.0,
    ranges_g=(2.0,),
    default_range_g=2.0,
    has_gyro=False,
    device_time="",
    loss="The sensor sends neither a counter nor a time: a loss cannot be told from a delay.",
    tells_loss=False,
    data_characteristics=(_DATA,),
    remarks=(
        "Samples come at uneven times, in bursts: it is fit for teaching and for first trials.",
        "The full scale is 2 g unless its program sets another: steps and knocks are clipped.",
        "Its program must have the accelerometer service; without pairing is simplest.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=MicrobitDecoder,
    options=MappingProxyType({}),
)
