"""Units of captures to SI, and nothing else.

Everywhere else in the package acceleration is in m/s^2, angular velocity in deg/s and time in s.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["ACCELERATION_UNIT_MS2", "STANDARD_GRAVITY_MS2", "TIME_UNIT_S"]

STANDARD_GRAVITY_MS2: Final = 9.80665

#: How many m/s^2 one unit of acceleration is.
ACCELERATION_UNIT_MS2: Final[Mapping[str, float]] = MappingProxyType(
    {
        "m/s^2": 1.0,
        "cm/s^2": 1e-2,
        "mm/s^2": 1e-3,
        "g": STANDARD_GRAVITY_MS2,
        "mg": STANDARD_GRAVITY_MS2 / 1000.0,
        "g/64": STANDARD_GRAVITY_MS2 / 64.0,
    }
)

#: How many seconds one unit of time is.
TIME_UNIT_S: Final[Mapping[str, float]] = MappingProxyType(
    {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
)
