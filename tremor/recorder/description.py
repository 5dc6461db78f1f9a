"""The stream that is recorded: sensor and settings, as the manifest describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tremor.recording import Gravity, SensorInfo
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["StreamDescription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDescription:
    """A sensor and the settings that it granted; with it the packets can be decoded again.

    Parameters
    ----------
    sensor : SensorInfo
        Name and profile. Its range is ``range_g`` unless it has one.
    serial : str
        Serial number; never an address.
    sampling_rate_hz : float or None
        Nominal sampling rate, Hz.
    range_g : float or None
        Full scale, g.
    gyro : bool
        Whether angular velocity is measured, too.
    options : mapping of str to str
        Options of the sensor profile.
    notes : tuple of str
        Remarks of the sensor or the link, a sentence each.
    device_time : str
        How samples are stamped, a phrase; empty if they are not.
    loss : str
        How a loss is detected, a sentence.
    detects_loss : bool
        Whether a loss can be distinguished from a delay.
    gravity : {"included", "removed"}
        Whether the samples include gravity.
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
    detects_loss: bool = False
    gravity: Gravity = "included"

    def __post_init__(self) -> None:
        if self.sensor.range_ms2 is None and self.range_g is not None:
            ranged = replace(self.sensor, range_ms2=self.range_g * STANDARD_GRAVITY_MS2)
            object.__setattr__(self, "sensor", ranged)

    def settings(self) -> dict[str, object]:
        """Return the settings of a decoder."""
        return {
            "sampling_rate_hz": self.sampling_rate_hz,
            "range_g": self.range_g,
            "gyro": self.gyro,
            "options": dict(self.options),
        }

    def to_manifest(self) -> dict[str, object]:
        """Return the keys of the manifest that describe the stream."""
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
            "tells_loss": self.detects_loss,
        }
