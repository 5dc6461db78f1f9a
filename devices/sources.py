"""`open_source`: a sensor, a phone, a simulated sensor or a file, each as a source of samples.

Each kind of source is imported when it is requested, so that listing the sensors stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from devices.catalog import PROFILES, network_profile
from devices.link.options import LinkOptions, LinkTimeouts
from devices.profile import RequestedSettings
from devices.request import Request

if TYPE_CHECKING:
    from devices.link.radio import Backend
    from devices.profile import SensorProfile
    from tremor.packets import LinkEvent, Packet
    from tremor.recording import SampleBlock

__all__ = ["Source", "open_source"]


class Source(Protocol):
    """Source of samples in real time: an async context manager that iterates over blocks."""

    @property
    def name(self) -> str:
        """Name of the sensor."""

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Nominal sampling rate, Hz."""

    def is_open(self) -> bool:
        """Check whether the source can be read."""

    async def __aenter__(self) -> Self:
        """Start the source."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the source, whatever the reason."""

    def __aiter__(self) -> AsyncIterator[SampleBlock]:
        """Yield blocks as they arrive."""


def _is_file(text: str) -> bool:
    if not text.strip() or text.strip().lower() in PROFILES:
        return False
    path = Path(text)
    return path.exists() or len(path.parts) > 1 or path.suffix[1:].isalpha()


def _open_file(request: Request) -> Source:
    from devices.replay import ReplaySource
    from tremor.formats.readers import ReadOptions, open_capture

    options = ReadOptions(sampling_rate_hz=request.settings.sampling_rate_hz)
    with open_capture(Path(request.sensor), options) as recording:
        return ReplaySource(recording.in_memory(), speed=request.speed)


def _is_simulated(text: str) -> bool:
    return text.strip().lower().partition(":")[0] == "simulated"


def _open_simulated(request: Request) -> Source:
    from devices.simulated.opening import open_simulated

    return open_simulated(request)


def _is_replayed(text: str) -> bool:
    return text.strip().lower().startswith("replay:")


def _open_replayed(request: Request) -> Source:
    from devices.simulated.replayed import open_replayed

    return open_replayed(request)


def _is_phone(text: str) -> bool:
    return network_profile(text) is not None


def _open_phone(request: Request) -> Source:
    from devices.network.opening import open_phone

    return open_phone(request)


def _open_sensor(request: Request) -> Source:
    from devices.link.source import SensorSource

    return SensorSource(
        request.sensor,
        request.settings,
        profile=request.profile,
        tap=request.tap,
        link=request.link,
    )


#: Kinds of sources: whether a text is meant for it, and how it is opened. The first match counts.
_KINDS: Final[tuple[tuple[Callable[[str], bool], Callable[[Request], Source]], ...]] = (
    (_is_simulated, _open_simulated),
    (_is_replayed, _open_replayed),
    (_is_phone, _open_phone),
    (_is_file, _open_file),
    (lambda _: True, _open_sensor),
)


# Flat keywords, although there are many: a caller needs one call and no helper classes.
def open_source(
    sensor: str | Path = "",
    *,
    sampling_rate_hz: float | None = None,
    range_g: float | None = None,
    gyro: bool = False,
    options: Mapping[str, str] = MappingProxyType({}),
    profile: SensorProfile | None = None,
    pair: bool = False,
    speed: float | None = 1.0,
    tap: Callable[[Packet | LinkEvent], None] | None = None,
    timeouts: LinkTimeouts | None = None,
    backend: Backend | None = None,
) -> Source:
    """Open a sensor, or a file as if it were one.

    Parameters
    ----------
    sensor : str or Path
        Slug of a profile such as ``polar-h10``, an address, a name or a part of one, or the path
        of a capture; empty for the only known sensor in reach. ``simulated`` is a simulated
        sensor, ``simulated:polar-h10`` one that imitates another, and ``replay:FOLDER`` the
        sensor of a recording, replayed from its packets. ``phyphox:HOST[:PORT]`` and
        ``sensor-logger[:PORT]`` are phones in the same network.
    sampling_rate_hz : float, optional
        Sampling rate to request, Hz; for a file without time stamps its sampling rate.
    range_g : float, optional
        Full scale to request, g.
    gyro : bool
        Whether to stream angular velocity as well.
    options : mapping of str to str
        Options of the kind of sensor.
    profile : SensorProfile, optional
        Kind of sensor to assume, for devices whose name does not identify them.
    pair : bool
        Whether to pair first.
    speed : float or None
        Playback speed of a file, times real time; None for no waiting.
    tap : callable, optional
        Called with each raw `Packet` and each `LinkEvent` of a sensor, in order; it must return
        at once.
    timeouts : LinkTimeouts, optional
        Timeouts of the link to a sensor.
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.

    Returns
    -------
    Source
        Async context manager that iterates over `SampleBlock`. Entering it finds, connects and
        starts the sensor; leaving it stops the sensor.

    Raises
    ------
    InvalidInputError
        If the sensor does not support the settings, or the file is not a capture.
    CaptureReadError
        If the capture cannot be read.

    Examples
    --------
    >>> import asyncio
    >>> async def listen():
    ...     async with open_source("polar-verity-sense", sampling_rate_hz=104) as source:
    ...         async for block in source:
    ...             print(block.first_index, block.acceleration_ms2.mean(axis=0))
    >>> asyncio.run(listen())  # doctest: +SKIP
    """
    request = Request(
        sensor=str(sensor),
        settings=RequestedSettings(
            sampling_rate_hz=sampling_rate_hz, range_g=range_g, gyro=gyro, options=options
        ),
        profile=profile,
        tap=tap,
        speed=speed,
        link=LinkOptions(pair=pair, timeouts=timeouts or LinkTimeouts(), backend=backend),
    )
    return next(make for is_meant, make in _KINDS if is_meant(request.sensor))(request)
