"""Numbers that decide what counts as a tap on a worn sensor, and how its response is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["TAPS", "TapCalibration"]

_TAPS_BENCH: Final = "measured: tests/measures/test_taps.py, blows to a damped mass and spring"


@dataclass(frozen=True, slots=True, kw_only=True)
class TapCalibration:
    """What a tap is, and how long its response is followed."""

    response_s: float = calibrated(
        0.5,
        "s",
        "time over which a response is followed; two taps of a runner are further apart",
        source=JUDGEMENT,
    )
    quiet_s: float = calibrated(
        0.4, "s", "time for which the leg must be quiet before a tap", source=JUDGEMENT
    )
    attack_s: float = calibrated(
        0.05, "s", "moment before a tap that is not part of the quiet", source=JUDGEMENT
    )
    least_over_noise: float = calibrated(
        6.0, "1", "strength of a tap over the RMS of the quiet before it", source=_TAPS_BENCH
    )
    least_ms2: float = calibrated(4.0, "m/s^2", "strength of the weakest tap", source=JUDGEMENT)
    most_noise_ms2: float = calibrated(
        1.5,
        "m/s^2",
        "RMS before a tap above which the leg is moving: foot strikes are not taps",
        source=JUDGEMENT,
    )
    most_swing_ms2: float = calibrated(
        0.6, "m/s^2", "span of slow movement above which the leg is moving", source=JUDGEMENT
    )
    swing_s: float = calibrated(
        0.8, "s", "time before a tap over which that span is taken", source=JUDGEMENT
    )
    median_s: float = calibrated(
        0.5,
        "s",
        "slow movement and gravity are the median over this time",
        source=JUDGEMENT,
    )
    energy_share: float = calibrated(
        0.9,
        "1",
        "share of the energy of a response after which it counts as over",
        source="derived: ln(10) / (2 zeta omega) for a damped oscillation",
    )


TAPS: Final = TapCalibration()
