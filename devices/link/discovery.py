"""Which device in reach is the sensor that is meant. Connecting to it is `devices.link.source`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from devices.catalog import PROFILES, profile_of
from devices.link.radio import Backend, Peripheral, advertised, connected
from devices.profile import Advertisement, SensorProfile
from tremor.errors import InvalidInputError, SensorNotFoundError

__all__ = ["Found", "Wanted", "find", "scan"]

_NOT_FOUND: Final = (
    "wear or shake it so that it wakes, charge it, close the phone app that may hold its link, "
    "come nearer; 'tremor scan' lists what is in reach"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A device in reach, and the kind of sensor that it is.

    Parameters
    ----------
    peripheral : Peripheral
        The device.
    profile : SensorProfile or None
        None where it is none of the known sensors.
    """

    peripheral: Peripheral
    profile: SensorProfile | None

    @property
    def label(self) -> str:
        """Give name and address, for a message."""
        name = self.peripheral.advertisement.name
        return f"{name} ({self.peripheral.address})" if name else self.peripheral.address


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sensor that is meant.

    Parameters
    ----------
    text : str
        Slug of a profile, an address, or a name or a part of one; case does not matter. Empty for
        any sensor that is known.
    profile : SensorProfile or None
        Taken for granted, for sensors that may have any name.
    """

    text: str = ""
    profile: SensorProfile | None = None

    def fits(self, found: Found) -> bool:
        """Tell whether a device is meant."""
        text = self.text.strip().lower()
        kind = PROFILES.get(text) if text else self.profile
        if kind is not None:
            return kind.recognises(found.peripheral.advertisement)
        if not text:
            return found.profile is not None
        name = found.peripheral.advertisement.name.lower()
        return text == found.peripheral.address.lower() or text in name

    def is_exactly(self, found: Found) -> bool:
        """Tell whether it is meant by its address or whole name, so that no other can be."""
        text = self.text.strip().lower()
        return text in (
            found.peripheral.address.lower(),
            found.peripheral.advertisement.name.lower(),
        )

    def __str__(self) -> str:
        return f"'{self.text}'" if self.text else "a known sensor"


async def _sightings(
    *, backend: Backend | None, profile: SensorProfile | None = None
) -> AsyncGenerator[Found, None]:
    """Give what is connected, then what is heard, each as it is known by then."""
    services = tuple(sorted({uuid for one in PROFILES.values() for uuid in one.services}))
    seen: dict[str, Advertisement] = {}
    for peripheral in await connected(services, backend=backend):
        yield Found(peripheral, profile or profile_of(peripheral.advertisement))
    async with aclosing(advertised(backend=backend)) as stream:
        async for heard in stream:
            known = _merged(seen.get(heard.address), heard.advertisement)
            seen[heard.address] = known
            yield Found(replace(heard, advertisement=known), profile or profile_of(known))


def _merged(before: Advertisement | None, now: Advertisement) -> Advertisement:
    # An advertisement and the answer to a scan come one after the other and share what is told.
    if before is None:
        return now
    return Advertisement(
        name=now.name or before.name,
        service_uuids=tuple(dict.fromkeys((*before.service_uuids, *now.service_uuids))),
        manufacturer_ids=tuple(dict.fromkeys((*before.manufacturer_ids, *now.manufacturer_ids))),
    )


async def scan(
    duration_s: float,
    *,
    on_found: Callable[[Found], None] | None = None,
    backend: Backend | None = None,
) -> list[Found]:
    """List all devices in reach.

    Parameters
    ----------
    duration_s : float
        How long to listen, s.
    on_found : callable, optional
        Told of a device when it is first heard, and again when more is known of it.
    backend : Backend, optional
        Bluetooth other than the system's own.

    Returns
    -------
    list of Found
        Sensors first, the strongest first; then what is no known sensor.

    Raises
    ------
    LinkError
        Where there is no Bluetooth.
    """
    found: dict[str, Found] = {}
    try:
        async with asyncio.timeout(duration_s), aclosing(_sightings(backend=backend)) as stream:
            async for one in stream:
                before = found.get(one.peripheral.address)
                found[one.peripheral.address] = one
                if on_found and (before is None or _is_news(before, one)):
                    on_found(one)
    except TimeoutError:
        pass
    return sorted(found.values(), key=_strongest_first)


def _is_news(before: Found, now: Found) -> bool:
    return (before.profile, before.label) != (now.profile, now.label)


def _strongest_first(one: Found) -> tuple[bool, bool, int, str]:
    peripheral = one.peripheral
    return (
        one.profile is None,
        not peripheral.is_connected,
        -(peripheral.rssi_dbm if peripheral.rssi_dbm is not None else -999),
        peripheral.address,
    )


async def find(
    wanted: Wanted, *, timeout_s: float, settle_s: float = 2.0, backend: Backend | None = None
) -> Found:
    """Find the one device that is meant, among those that are connected or heard.

    Parameters
    ----------
    wanted : Wanted
        Which.
    timeout_s : float
        How long to listen, s.
    settle_s : float
        How long to listen on for others that are meant as well, s; not where the address or the
        whole name is given.
    backend : Backend, optional
        Bluetooth other than the system's own.

    Returns
    -------
    Found
        With a profile.

    Raises
    ------
    SensorNotFoundError
        Where it does not come, or is no known sensor.
    InvalidInputError
        Where several are meant by the same words.
    LinkError
        Where there is no Bluetooth.
    """
    fitting: dict[str, Found] = {}
    strangers: dict[str, Found] = {}
    try:
        async with (
            asyncio.timeout(timeout_s) as limit,
            aclosing(_sightings(backend=backend, profile=wanted.profile)) as stream,
        ):
            async for one in stream:
                if not wanted.fits(one):
                    continue
                if one.profile is None:  # more may be told of it later
                    strangers[one.peripheral.address] = one
                    continue
                if wanted.is_exactly(one):
                    return one
                if not fitting:
                    until_s = asyncio.get_running_loop().time() + settle_s
                    limit.reschedule(min(until_s, limit.when() or until_s))
                fitting[one.peripheral.address] = one
    except TimeoutError:
        pass
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    if fitting:
        several = ", ".join(one.label for one in sorted(fitting.values(), key=_strongest_first))
        raise InvalidInputError(
            f"{len(fitting)} sensors fit {wanted}: {several}; name one of them by its address"
        )
    if strangers:
        label = next(iter(strangers.values())).label
        raise SensorNotFoundError(
            f"{label} is no sensor that is known; 'tremor sensors' lists those, and --profile "
            "says which one it speaks like"
        )
    raise SensorNotFoundError(f"{wanted} was not found within {timeout_s:g} s; {_NOT_FOUND}")
