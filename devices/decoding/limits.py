"""Limits of plausible values for sensors that send floating-point numbers."""

from __future__ import annotations

from typing import Final

from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["LIMIT_16_G_MS2", "LIMIT_2000_DEG_S"]

#: Margin over the full scale for the calibration of a sensor.
_CALIBRATION_MARGIN: Final = 1.25

#: Largest acceleration with a full scale of 16 g, m/s^2.
LIMIT_16_G_MS2: Final = _CALIBRATION_MARGIN * 16 * STANDARD_GRAVITY_MS2
#: Largest angular velocity with a full scale of 2000 deg/s, deg/s.
LIMIT_2000_DEG_S: Final = _CALIBRATION_MARGIN * 2000.0
