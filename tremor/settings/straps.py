"""Numbers that decide the strap check before a recording, and when a leg counts as still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["STRAP", "StrapCalibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrapCalibration:
    """Whether a worn sensor is held firmly, lies well, and lasts."""

    firm_ringing_s: float = calibrated(
        0.12,
        "s",
        "ringing after a tap up to which the contact is firm: a sensor on a strap resonates at "
        "some 10-40 Hz, and the looser the strap the lower and the longer",
        source=JUDGEMENT,
    )
    loose_ringing_s: float = calibrated(
        0.25,
        "s",
        "ringing from which the strap is loose: a knock then reaches into a quarter of a window",
        source=JUDGEMENT,
    )
    gravity_tolerance: float = calibrated(
        0.1,
        "1",
        "share of standard gravity by which a sensor at rest may be off; parts are sold with 1-3 %",
        source=JUDGEMENT,
    )
    least_gravity_ms2: float = calibrated(
        1.0, "m/s^2", "shortest mean acceleration that can be gravity", source=JUDGEMENT
    )
    most_clipped_share: float = calibrated(
        0.001, "1", "share of clipped samples above which the range is too small", source=JUDGEMENT
    )
    least_range_g: float = calibrated(
        2.0,
        "g",
        "full scale that a leg at rest needs, knocks and taps included",
        source="derived: gravity and as much again",
    )
    low_battery_percent: int = calibrated(
        15, "%", "charge below which a sensor may not last a session", source=JUDGEMENT
    )
    still_ms2: float = calibrated(
        0.3,
        "m/s^2",
        "gross movement below which the leg is still: the limit by which windows are judged",
        source="derived: most_low_rms_ms2 of the settings of the analysis",
    )


STRAP: Final = StrapCalibration()
