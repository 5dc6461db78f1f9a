"""The table of sensors: a new one is a file in `devices.sensors` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from devices.profile import Advertisement, SensorProfile
from devices.sensors import (
    metamotion,
    microbit,
    movesense,
    nordic_uart,
    polar_h10,
    polar_verity,
    simulated,
    thingy52,
    witmotion,
    xsens_dot,
)

__all__ = ["PROFILES", "profile_of"]

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
    simulated.PROFILE,
)

#: All sensors by their slug, in the order in which they are recommended.
PROFILES: Final[Mapping[str, SensorProfile]] = MappingProxyType({one.slug: one for one in _ALL})


def profile_of(advertisement: Advertisement) -> SensorProfile | None:
    """Tell which sensor an advertisement is from; None where it is none of these."""
    return next((one for one in _ALL if one.recognises(advertisement)), None)
