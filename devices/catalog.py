"""Table of sensors.

A new sensor is a file in `devices.sensors`, its row here, and its packets in ``tests/captures``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from devices.profile import Advertisement, SensorProfile
from devices.sensors import (
    metamotion,
    microbit,
    movesense,
    nordic_uart,
    phyphox,
    polar_h10,
    polar_verity,
    sensor_logger,
    simulated,
    thingy52,
    witmotion,
    xsens_dot,
)

__all__ = ["PROFILES", "network_profile", "profile_by_services", "profile_of"]

_ALL: Final[tuple[SensorProfile, ...]] = (
    polar_verity.PROFILE,
    witmotion.PROFILE,
    movesense.PROFILE,
    polar_h10.PROFILE,
    nordic_uart.PROFILE,
    metamotion.PROFILE,
    xsens_dot.PROFILE,
    thingy52.PROFILE,
    microbit.PROFILE,
    phyphox.PROFILE,
    sensor_logger.PROFILE,
    simulated.PROFILE,
)

#: The same in the order in which services are taken for theirs: straps of Polar outnumber its
#: armbands, and what speaks over the Nordic UART may be anything.
_BY_SERVICES: Final = tuple(
    sorted(_ALL, key=lambda one: (one is nordic_uart.PROFILE, one is polar_verity.PROFILE))
)

#: All sensors by slug, in order of recommendation.
PROFILES: Final[Mapping[str, SensorProfile]] = MappingProxyType({one.slug: one for one in _ALL})


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
    return next((one for one in _ALL if one.recognises(advertisement)), None)


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
        worn, the first of `_BY_SERVICES`.
    """
    has = frozenset(service_uuids)
    return next((one for one in _BY_SERVICES if has.intersection(one.services)), None)


def network_profile(text: str) -> SensorProfile | None:
    """Return the kind of sensor that a text names if it is reached over the network.

    Parameters
    ----------
    text : str
        Value of ``--sensor``, such as ``phyphox:192.168.1.20``.

    Returns
    -------
    SensorProfile or None
        None if the text means another kind.

    Examples
    --------
    >>> network_profile("phyphox:192.168.1.20").slug
    'phyphox'
    """
    profile = PROFILES.get(text.strip().partition(":")[0].lower())
    return profile if profile is not None and profile.address_form else None
