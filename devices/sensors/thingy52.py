"""Nordic Thingy:52: raw motion, one sample a notification, no time.

The layout is that of the vendor's firmware: acceleration as 6Q10, angular velocity as 11Q5.
"""

from __future__ import annotations

import struct
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tremor.errors import PacketError
from tremor.units import STANDARD_GRAVITY_MS2

from ..blocks import make_block
from ..counting import PlainCount
from ..profile import (
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

if TYPE_CHECKING:
    from tremor.recording import SampleBlock

__all__ = ["PROFILE", "Thingy52Decoder"]

_ADVERTISED: Final = "ef680100-9b35-4933-9b10-52ffa9740042"
_MOTION: Final = "ef680400-9b35-4933-9b10-52ffa9740042"
_CONFIG: Final = "ef680401-9b35-4933-9b10-52ffa9740042"
_RAW: Final = "ef680406-9b35-4933-9b10-52ffa9740042"
_BATTERY: Final = "00002a19-0000-1000-8000-00805f9b34fb"

_SIZE: Final = 18
_UNIT_MS2: Final = STANDARD_GRAVITY_MS2 / 1024.0
_UNIT_DEG_S: Final = 1.0 / 32.0
#: As the vendor's app sets them: intervals of steps, and of two compensations, ms.
_STEPS_MS, _COMPENSATION_MS, _COMPASS_MS = 500, 1000, 1000
_WAKE_ON_MOTION: Final = 1


def _recognises(advertisement: Advertisement) -> bool:
    return _ADVERTISED in advertisement.service_uuids or advertisement.name == "Thingy"


def _start(settings: StreamSettings) -> Conversation:
    rate_hz = round(settings.sampling_rate_hz)
    yield Write(
        _CONFIG,
        struct.pack("<4HB", _STEPS_MS, _COMPENSATION_MS, _COMPASS_MS, rate_hz, _WAKE_ON_MOTION),
    )
    yield Subscribe(_RAW)
    return Started(
        settings=settings,
        notes=("the full scale is 2 g: steps and knocks are clipped", "its true rate is measured"),
    )


def _stop(settings: StreamSettings) -> StopConversation:  # noqa: ARG001 - as for all sensors
    yield Unsubscribe(_RAW)


class Thingy52Decoder:
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
            18 bytes.
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
        if characteristic_uuid.lower() != _RAW:
            return []
        if len(data) != _SIZE:
            raise PacketError(f"a motion packet of {len(data)} bytes; Thingy:52 sends {_SIZE}")
        numbers = struct.unpack_from("<6h", data)
        return [
            make_block(
                self._count.place(1, arrival_s).first_index,
                [numbers[:3]],
                arrival_s,
                unit_ms2=_UNIT_MS2,
                angular_velocity=[numbers[3:]],
                unit_deg_s=_UNIT_DEG_S,
            )
        ]


PROFILE: Final = SensorProfile(
    slug="thingy52",
    name="Thingy:52",
    name_pattern="Thingy",
    services=(_ADVERTISED, _MOTION),
    recognises=_recognises,
    rates_hz=(25.0, 50.0, 100.0, 200.0),
    default_rate_hz=50.0,
    ranges_g=(2.0,),
    default_range_g=2.0,
    has_gyro=True,
    device_time="",
    loss="The sensor sends neither a counter nor a time: a loss cannot be told from a delay.",
    tells_loss=False,
    data_characteristics=(_RAW,),
    battery_characteristic=_BATTERY,
    remarks=(
        "The full scale is 2 g and cannot be changed: steps and knocks are clipped.",
        "About 50 to 70 Hz arrive even where 200 Hz is set, and samples may then repeat.",
        "Angular velocity comes with every sample.",
    ),
    start=_start,
    stop=_stop,
    make_decoder=Thingy52Decoder,
    options=MappingProxyType({}),
)
