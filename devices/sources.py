"""Where samples come from: a file that is played, or a sensor over Bluetooth; one way to open all.

Each kind is loaded when it is asked for: none of them is needed to list sensors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from devices.catalog import PROFILES

if TYPE_CHECKING:
    from devices.link.connection import LinkTimes
    from devices.link.radio import Backend
    from devices.profile import SensorProfile
    from tremor.packets import LinkEvent, Packet
    from tremor.recording import SampleBlock

__all__ = ["Request", "Source", "open_source"]


class Source(Protocol):
    """Samples as they come: enter it, iterate over it, leave it."""

    @property
    def name(self) -> str:
        """Name of the sensor."""

    @property
    def nominal_sampling_rate_hz(self) -> float:
        """Rate that the sensor claims, Hz."""

    def is_open(self) -> bool:
        """Tell whether it may be read."""

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, whatever happened."""

    def __aiter__(self) -> AsyncIterator[SampleBlock]:
        """Give blocks as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What `open_source` was asked for."""

    text: str
    sampling_rate_hz: float | None
    range_g: float | None
    gyro: bool
    options: Mapping[str, str]
    profile: SensorProfile | None
    pair: bool
    speed: float | None
    tap: Callable[[Packet | LinkEvent], None] | None
    times: LinkTimes | None
    backend: Backend | None


def _is_file(text: str) -> bool:
    if not text.strip() or text.strip().lower() in PROFILES:
        return False
    path = Path(text)
    return path.exists() or len(path.parts) > 1 or path.suffix[1:].isalpha()


def _open_file(request: Request) -> Source:
    from devices.replay import ReplaySource
    from tremor.formats.readers import read

    recording = read(Path(request.text), sampling_rate_hz=request.sampling_rate_hz)
    return ReplaySource(recording, speed=request.speed)


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


def _open_sensor(request: Request) -> Source:
    from devices.link.source import SensorSource

    return SensorSource(
        request.text,
        sampling_rate_hz=request.sampling_rate_hz,
        range_g=request.range_g,
        gyro=request.gyro,
        options=request.options,
        profile=request.profile,
        pair=request.pair,
        tap=request.tap,
        times=request.times,
        backend=request.backend,
    )


#: Which texts are meant for which kind of source; the first row that claims a text opens it.
_KINDS: Final[tuple[tuple[Callable[[str], bool], Callable[[Request], Source]], ...]] = (
    (_is_simulated, _open_simulated),
    (_is_replayed, _open_replayed),
    (_is_file, _open_file),
    (lambda _: True, _open_sensor),
)


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
    times: LinkTimes | None = None,
    backend: Backend | None = None,
) -> Source:
    """Open a sensor, or a file as if it were one.

    Parameters
    ----------
    sensor : str or Path
        Slug of a profile such as ``polar-h10``, an address, a name or a part of one, or the path
        of a capture; empty for the only known sensor in reach; ``simulated`` for one that is made
        up, ``simulated:polar-h10`` for one that speaks like another; ``replay:FOLDER`` for the
        sensor of a recording, from its packets.
    sampling_rate_hz : float, optional
        Rate to ask the sensor for, Hz; for a file without time stamps the rate that it has.
    range_g : float, optional
        Full scale to ask for, g.
    gyro : bool
        Whether angular velocity is wanted as well.
    options : mapping of str to str
        What only this kind of sensor knows.
    profile : SensorProfile, optional
        What the sensor speaks like, where its name does not tell.
    pair : bool
        Whether to pair with it first.
    speed : float or None
        For a file: times real time; None does not wait at all.
    tap : callable, optional
        For a sensor: gets each `Packet` as received and each `LinkEvent`, in order; it must put
        it away and return.
    times : LinkTimes, optional
        For a sensor: how long to wait for what.
    backend : Backend, optional
        For a sensor: Bluetooth other than the system's own.

    Returns
    -------
    Source
        An async context manager that iterates over `SampleBlock`. A sensor is found, connected
        and started when it is entered, and stopped when it is left.

    Raises
    ------
    InvalidInputError
        Where the sensor cannot do what is asked, or a path is no capture.
    CaptureReadError
        Where the capture cannot be read.

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
        text=str(sensor),
        sampling_rate_hz=sampling_rate_hz,
        range_g=range_g,
        gyro=gyro,
        options=options,
        profile=profile,
        pair=pair,
        speed=speed,
        tap=tap,
        times=times,
        backend=backend,
    )
    return next(make for claims, make in _KINDS if claims(request.text))(request)
