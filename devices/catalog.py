"""Table of sensors.

A new sensor is a file in `devices.sensors`, its row here, and its packets in ``tests/captures``.
Sensors of other packages come by `devices.plug_ins`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from devices import plug_ins
from devices.profile import Advertisement, SensorProfile
from devices.sensors import (
    bluest,
    lsl,
    metamotion,
    microbit,
    movesense,
    muse,
    nordic_uart,
    phyphox,
    polar_360,
    polar_h10,
    polar_verity,
    sensor_logger,
    simulated,
    thingy52,
    witmotion,
    xsens_dot,
)

__all__ = ["PROFILES", "network_profile", "problems", "profile_by_services", "profile_of"]

#: The sensors of this package, in order of recommendation.
_OWN: Final[Mapping[str, SensorProfile]] = MappingProxyType(
    {
        one.slug: one
        for one in (
            polar_verity.PROFILE,
            polar_360.PROFILE,
            witmotion.PROFILE,
            movesense.PROFILE,
            polar_h10.PROFILE,
            nordic_uart.PROFILE,
            metamotion.PROFILE,
            xsens_dot.PROFILE,
            bluest.PROFILE,
            thingy52.PROFILE,
            muse.PROFILE,
            microbit.PROFILE,
            phyphox.PROFILE,
            sensor_logger.PROFILE,
            lsl.PROFILE,
            simulated.PROFILE,
        )
    }
)
#: Any device with a serial port is one, so that all others come first.
_GENERAL: Final = nordic_uart.PROFILE


@cache
def _plug_ins() -> plug_ins.PlugIns:
    return plug_ins.load(_OWN)


class _Profiles(Mapping[str, SensorProfile]):
    """Sensors by slug: those of this package, then those of others.

    Other packages are only looked for when a slug is not of this package, or all are listed.
    """

    def __getitem__(self, slug: str) -> SensorProfile:
        if slug in _OWN:
            return _OWN[slug]
        return {one.slug: one for one in _plug_ins().profiles}[slug]

    def __iter__(self) -> Iterator[str]:
        yield from _OWN
        for one in _plug_ins().profiles:
            yield one.slug

    def __len__(self) -> int:
        return len(_OWN) + len(_plug_ins().profiles)


#: Of those that share services: straps of Polar outnumber its armbands.
_LAST_BY_SERVICES: Final = (polar_verity.PROFILE, polar_360.PROFILE)

#: All sensors by slug, in order of recommendation.
PROFILES: Final[Mapping[str, SensorProfile]] = _Profiles()


def problems() -> tuple[str, ...]:
    """Return a line for each sensor of another package that cannot be used."""
    return _plug_ins().problems


def _special_first() -> tuple[SensorProfile, ...]:
    return (*(one for one in PROFILES.values() if one is not _GENERAL), _GENERAL)


def profile_of(advertisement: Advertisement) -> SensorProfile | None:
    """Return the kind of sensor that sent an advertisement.

    Parameters
    ----------
    advertisement : Advertisement
        Advertisement as received.

    Returns
    -------
    SensorProfile or None
        None if it is not a known sensor.
    """
    return next((one for one in _special_first() if one.recognises(advertisement)), None)


def profile_by_services(service_uuids: Iterable[str]) -> SensorProfile | None:
    """Return the kind of sensor that has services, whatever its name.

    Parameters
    ----------
    service_uuids : iterable of str
        Services of a connected device, in lower case.

    Returns
    -------
    SensorProfile or None
        None if no known sensor has them. Of kinds that share theirs, the one of which more are
        worn.
    """
    has = frozenset(service_uuids)
    found = [one for one in _special_first() if has.intersection(one.services)]
    return next((one for one in found if one not in _LAST_BY_SERVICES), next(iter(found), None))


def network_profile(text: str) -> SensorProfile | None:
    """Return the kind of sensor that a text names if it is reached over the network.

    Parameters
    ----------
    text : str
        Value of ``--sensor``, such as ``phyphox:192.168.1.20``; or the URL that phyphox shows.

    Returns
    -------
    SensorProfile or None
        None if the text means another kind.

    Examples
    --------
    >>> network_profile("phyphox:192.168.1.20").slug
    'phyphox'
    """
    kind = text.strip().partition(":")[0].lower()
    profile = PROFILES.get(phyphox.PROFILE.slug if kind == "http" else kind)
    return profile if profile is not None and profile.address_form else None
