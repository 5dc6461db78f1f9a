"""What a recording says of the stream that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tremor.recording import SensorInfo
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["StreamDescription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDescription:
    """A sensor and its settings as granted; with it the packets can be decoded again.

    Parameters
    ----------
    sensor : SensorInfo
        Name and profile. Its range is told from ``range_g`` where it has none.
    serial : str
        Number of this very sensor; never an address.
    sampling_rate_hz : float or None
        Nominal rate, Hz.
    range_g : float or None
        Full scale, g.
    gyro : bool
        Whether angular velocity comes, too.
    options : mapping of str to str
        What only the profile knows.
    notes : tuple of str
        What the sensor or the link had to say, a sentence each.
    device_time : str
        How samples are stamped, a phrase; empty where they are not.
    loss : str
        How a loss is told, a sentence.
    tells_loss : bool
        Whether a loss can be told from a delay.
    """

    sensor: SensorInfo = field(default_factory=SensorInfo)
    serial: str = ""
    sampling_rate_hz: float | None = None
    range_g: float | None = None
    gyro: bool = False
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    device_time: str = ""
    loss: str = ""
    tells_loss: bool = False

    def __post_init__(self) -> None:
        if self.sensor.range_ms2 is None and self.range_g is not None:
            ranged = replace(self.sensor, range_ms2=self.range_g * STANDARD_GRAVITY_MS2)
            object.__setattr__(self, "sensor", ranged)

    def settings(self) -> dict[str, object]:
        """Give what a decoder is made of."""
        return {
            "sampling_rate_hz": self.sampling_rate_hz,
            "range_g": self.range_g,
            "gyro": self.gyro,
            "options": dict(self.options),
        }

    def said(self) -> dict[str, object]:
        """Give the keys of the manifest."""
        return {
            "sensor": {
                "name": self.sensor.name,
                "profile": self.sensor.profile,
                "serial": self.serial,
                "range_ms2": self.sensor.range_ms2,
            },
            "settings": self.settings(),
            "notes": list(self.notes),
            "device_time": self.device_time,
            "loss": self.loss,
            "tells_loss": self.tells_loss,
        }
