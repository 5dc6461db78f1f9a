"""What `devices.open_source` was asked to open; opening it is `devices.sources`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.link.options import LinkOptions
    from devices.profile import RequestedSettings, SensorProfile
    from tremor.packets import LinkEvent, Packet

__all__ = ["Request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Arguments of `devices.open_source`, grouped by who needs them.

    Parameters
    ----------
    sensor : str
        Slug, address, name, path, or one of the forms ``simulated:...`` and ``replay:...``.
    settings : RequestedSettings
        Rate, range and options to ask the sensor for.
    profile : SensorProfile or None
        Kind of sensor to assume, for devices whose name does not identify them.
    tap : callable or None
        Receives each raw packet and each link event.
    speed : float or None
        Playback speed of a file, times real time; None for no waiting.
    link : LinkOptions
        Pairing, timeouts and Bluetooth backend.
    """

    sensor: str
    settings: RequestedSettings
    profile: SensorProfile | None
    tap: Callable[[Packet | LinkEvent], None] | None
    speed: float | None
    link: LinkOptions
