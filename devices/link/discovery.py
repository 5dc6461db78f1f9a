"""Finds sensors in reach and selects the requested one; connecting is `devices.link.connection`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from devices.catalog import PROFILES, profile_by_services, profile_of
from devices.link.radio import (
    Backend,
    Peripheral,
    connected_devices,
    received_advertisements,
)
from devices.profile import Advertisement, SensorProfile
from tremor.errors import InvalidInputError, SensorNotFoundError

__all__ = ["DiscoveredDevice", "SensorSelector", "find", "scan"]

_NOT_FOUND: Final = (
    "wear or shake it so that it wakes, charge it, close the phone app that may hold its link, "
    "come nearer; 'tremor scan' lists what is in reach"
)


@dataclass(frozen=True, slots=True)
class DiscoveredDevice:
    """A device in reach, with the kind of sensor that it is.

    Parameters
    ----------
    peripheral : Peripheral
        The device.
    profile : SensorProfile or None
        Kind of sensor; None if the device is not a known sensor.
    """

    peripheral: Peripheral
    profile: SensorProfile | None

    @property
    def label(self) -> str:
        """Name and address, for messages."""
        name = self.peripheral.advertisement.name
        return f"{name} ({self.peripheral.address})" if name else self.peripheral.address


@dataclass(frozen=True, slots=True)
class SensorSelector:
    """Criterion for selecting a sensor.

    Parameters
    ----------
    text : str
        Slug of a profile, an address, or a name or a part of one, in any case. Empty for any
        known sensor.
    profile : SensorProfile or None
        Kind of sensor to assume, for devices whose name does not identify them.
    """

    text: str = ""
    profile: SensorProfile | None = None

    def matches(self, device: DiscoveredDevice) -> bool:
        """Check whether a device meets the criterion."""
        text = self.text.strip().lower()
        kind = PROFILES.get(text) if text else self.profile
        if kind is not None:
            return _is_of_kind(device.peripheral, kind)
        if not text:
            return device.profile is not None
        name = device.peripheral.advertisement.name.lower()
        return text == device.peripheral.address.lower() or text in name

    def matches_exactly(self, device: DiscoveredDevice) -> bool:
        """Check whether the criterion is the address or the whole name of a device."""
        text = self.text.strip().lower()
        return text in (
            device.peripheral.address.lower(),
            device.peripheral.advertisement.name.lower(),
        )

    def __str__(self) -> str:
        return f"'{self.text}'" if self.text else "a known sensor"


def _is_of_kind(peripheral: Peripheral, kind: SensorProfile) -> bool:
    """Check whether a device is of a kind: by what it advertises, else by its services.

    Once BlueZ was connected to a device, it shows the name of its generic access service, which
    may be any, and the services that it found.
    """
    advertisement = peripheral.advertisement
    if kind.recognises(advertisement):
        return True
    is_other = profile_of(advertisement) is not None
    return not is_other and not set(kind.services).isdisjoint(advertisement.service_uuids)


def _known_kind(peripheral: Peripheral) -> SensorProfile | None:
    advertisement = peripheral.advertisement
    return profile_of(advertisement) or profile_by_services(advertisement.service_uuids)


def _as_selected(peripheral: Peripheral, selector: SensorSelector | None) -> DiscoveredDevice:
    """Return a device with its kind: the one that is given, or the one that it shows."""
    if selector is None:
        return DiscoveredDevice(peripheral, _known_kind(peripheral))
    if selector.profile is not None:
        return DiscoveredDevice(peripheral, selector.profile)
    asked = PROFILES.get(selector.text.strip().lower())
    if asked is not None and _is_of_kind(peripheral, asked):
        return DiscoveredDevice(peripheral, asked)
    return DiscoveredDevice(peripheral, _known_kind(peripheral))


async def _discoveries(
    *, backend: Backend | None, selector: SensorSelector | None = None
) -> AsyncGenerator[DiscoveredDevice | None, None]:
    """Yield connected devices, then each device that is received, with all that is known of it.

    None is yielded once, when the scan has begun.
    """
    services = tuple(sorted({uuid for one in PROFILES.values() for uuid in one.services}))
    seen: dict[str, Advertisement] = {}
    for peripheral in await connected_devices(services, backend=backend):
        yield _as_selected(peripheral, selector)
    async with aclosing(received_advertisements(backend=backend)) as stream:
        async for heard in stream:
            if heard is None:
                yield None
                continue
            known = _merged(seen.get(heard.address), heard.advertisement)
            seen[heard.address] = known
            yield _as_selected(replace(heard, advertisement=known), selector)


def _merged(before: Advertisement | None, now: Advertisement) -> Advertisement:
    # The advertisement and the scan response arrive separately, each with a part of the data.
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
    on_found: Callable[[DiscoveredDevice], None] | None = None,
    backend: Backend | None = None,
) -> list[DiscoveredDevice]:
    """List all devices in reach.

    Parameters
    ----------
    duration_s : float
        Duration of the scan, s.
    on_found : callable, optional
        Called with a device when it is first received, and again when more is known of it.
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.

    Returns
    -------
    list of DiscoveredDevice
        Sensors first, then other devices; connected ones first, then by signal strength.

    Raises
    ------
    LinkError
        If Bluetooth is not available.
    """
    found: dict[str, DiscoveredDevice] = {}
    try:
        async with (
            asyncio.timeout(None) as limit,
            aclosing(_discoveries(backend=backend)) as stream,
        ):
            async for one in stream:
                if one is None:  # the time that the daemon took to begin does not count
                    limit.reschedule(asyncio.get_running_loop().time() + duration_s)
                    continue
                before = found.get(one.peripheral.address)
                found[one.peripheral.address] = one
                if on_found and (before is None or _differs(before, one)):
                    on_found(one)
    except TimeoutError:
        pass
    return sorted(found.values(), key=_rank)


def _differs(before: DiscoveredDevice, now: DiscoveredDevice) -> bool:
    return (before.profile, before.label) != (now.profile, now.label)


def _rank(one: DiscoveredDevice) -> tuple[bool, bool, int, str]:
    peripheral = one.peripheral
    return (
        one.profile is None,
        not peripheral.is_connected,
        -(peripheral.rssi_dbm if peripheral.rssi_dbm is not None else -999),
        peripheral.address,
    )


async def find(
    selector: SensorSelector,
    *,
    timeout_s: float,
    settle_s: float = 2.0,
    backend: Backend | None = None,
) -> DiscoveredDevice:
    """Find the one sensor that is selected, among connected devices and those in reach.

    Parameters
    ----------
    selector : SensorSelector
        Criterion.
    timeout_s : float
        Longest time to listen, s.
    settle_s : float
        Time to keep listening for other matches, s, unless the match is exact.
    backend : Backend, optional
        Bluetooth backend; by default that of the operating system.

    Returns
    -------
    DiscoveredDevice
        The sensor, with its profile.

    Raises
    ------
    SensorNotFoundError
        If no device matches, or the one that matches is not a known sensor.
    InvalidInputError
        If several sensors match.
    LinkError
        If Bluetooth is not available.
    """
    matching: dict[str, DiscoveredDevice] = {}
    unidentified: dict[str, DiscoveredDevice] = {}
    try:
        async with (
            asyncio.timeout(None) as limit,
            aclosing(_discoveries(backend=backend, selector=selector)) as stream,
        ):
            async for one in stream:
                if one is None:
                    began_s = asyncio.get_running_loop().time()
                    left_s = settle_s if matching else timeout_s
                    limit.reschedule(began_s + min(left_s, timeout_s))
                    continue
                if not selector.matches(one):
                    continue
                if one.profile is None:  # a later advertisement may identify it
                    unidentified[one.peripheral.address] = one
                    continue
                if selector.matches_exactly(one):
                    return one
                until_s = limit.when()
                if not matching and until_s is not None:
                    settled_s = asyncio.get_running_loop().time() + settle_s
                    limit.reschedule(min(settled_s, until_s))
                matching[one.peripheral.address] = one
    except TimeoutError:
        pass
    if len(matching) == 1:
        return next(iter(matching.values()))
    if matching:
        several = ", ".join(one.label for one in sorted(matching.values(), key=_rank))
        raise InvalidInputError(
            f"{len(matching)} sensors fit {selector}: {several}; name one of them by its address"
        )
    if unidentified:
        label = next(iter(unidentified.values())).label
        raise SensorNotFoundError(
            f"{label} is no sensor that is known; 'tremor sensors' lists those, and --profile "
            "says which one it speaks like"
        )
    raise SensorNotFoundError(f"{selector} was not found within {timeout_s:g} s; {_NOT_FOUND}")
