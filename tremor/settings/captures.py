"""Numbers that decide what is wrong with the samples of a capture: rails, gain, gravity, quality.

Its clock is in `stamps` and `arrivals`. A source is ``measured`` where the tests it names fail at a
half to a fifth of the value, or at two to five times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "GRAVITY",
    "QUALITY",
    "RAILS",
    "RESOLUTION",
    "GravityCalibration",
    "QualityCalibration",
    "RailCalibration",
    "ResolutionCalibration",
]

_CLIPPING_TESTS: Final = (
    "measured: tests/test_integrity.py, sines whole, quantised and clipped, and a rendered run"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionCalibration:
    """How the step between neighbouring values of the samples is found, and where it is coarse."""

    most_rows: int = calibrated(
        8192, "1", "rows that are looked at: enough to visit the values of a rest", source=JUDGEMENT
    )
    rounding: float = calibrated(
        1e-6,
        "1",
        "distance over the largest value that is rounding: 32-bit floats have 6e-8",
        source="derived: precision of 32-bit floats",
    )
    least_repeats: float = calibrated(
        8.0,
        "1",
        "samples per distinct value from which neighbouring values are one step apart",
        source=JUDGEMENT,
    )
    share_on_grid: float = calibrated(
        0.95, "1", "share of the distances that must be whole multiples of a step", source=JUDGEMENT
    )
    most_off: float = calibrated(
        0.1,
        "1",
        "distance from a whole multiple, in steps: numbers without a grid are 0.25 off",
        source="derived: mean distance of a uniform number from the nearest whole one",
    )
    coarse_over_rms: float = calibrated(
        1.25,
        "1",
        "step over the RMS of a tremor from which it is coarse: below, the RMS is within 3 % on "
        "average; at 2 it is 7 % too large, at 4 it is 25 %",
        source="measured: tests/measures/test_line.py, tremor rounded to steps of 0.6 m/s^2",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RailCalibration:
    """Which samples are clipped: when an extreme value is the rail of a sensor."""

    declared_share: float = calibrated(
        0.995,
        "1",
        "share of a declared full scale that counts as reached: offset and gain of real parts",
        source=JUDGEMENT,
    )
    least_rail_g: float = calibrated(
        1.4,
        "g",
        "smallest rail that is searched for: gravity alone takes no axis beyond 1 g, and the "
        "narrowest common range is 2 g",
        source="derived: between gravity and the narrowest range",
    )
    least_run: int = calibrated(
        3, "1", "consecutive samples at the extreme that make it a rail", source=_CLIPPING_TESTS
    )
    at_share: float = calibrated(
        1e-3,
        "1",
        "share of the range of an axis within which values are at its extreme",
        source=_CLIPPING_TESTS,
    )
    next_share: float = calibrated(
        1e-2,
        "1",
        "share of the range within which, further in, values are next to it",
        source=_CLIPPING_TESTS,
    )
    at_codes: float = calibrated(
        0.5,
        "1",
        "the same in steps of the converter, where these are coarser: the extreme code alone",
        source="derived: the extreme code and no other",
    )
    next_codes: float = calibrated(5.0, "1", "... and the next four", source=_CLIPPING_TESTS)
    code_share: float = calibrated(
        0.05,
        "1",
        "share of the range, at its end, whose values show the step of the converter",
        source=JUDGEMENT,
    )
    least_ratio: float = calibrated(
        2.0,
        "1",
        "samples at the extreme over those next to it, above which it is a rail: a whole sine has "
        "0.4, a clipped one is at the extreme most of its time",
        source="derived: density of a sine at its crest",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GravityCalibration:
    """Whether gravity is in the samples, and what it shows of the gain of the sensor."""

    segment_rows: int = calibrated(
        50,
        "rows",
        "rows of a segment whose mean vector shows gravity where no rate is known; else a second",
        source=JUDGEMENT,
    )
    joined_segments: int = calibrated(
        8,
        "1",
        "segments whose joint mean still shows gravity while the leg moves: several strides",
        source=JUDGEMENT,
    )
    stillest_share: float = calibrated(
        0.05,
        "1",
        "share of the segments that count as the stillest: half a minute of rest after a run of "
        "ten minutes",
        source=JUDGEMENT,
    )
    least_stillest: int = calibrated(
        5, "1", "segments that count as the stillest, at least", source=JUDGEMENT
    )
    least_steady: float = calibrated(
        1.5,
        "1",
        "mean vector over standard deviation above which a segment shows a constant: that of "
        "movement without gravity is below 1",
        source="derived: the mean of movement of zero mean is smaller than its deviation",
    )
    least_at_rest: float = calibrated(
        5.0,
        "1",
        "... and above which it is one at rest: the strongest tremor has 0.2 g, a walking leg more",
        source=JUDGEMENT,
    )
    least_moving: float = calibrated(
        0.3,
        "1",
        "the same over several seconds of movement: gravity in a running shank has 0.4, its "
        "centripetal acceleration alone 0.25",
        source=JUDGEMENT,
    )
    unit_tolerance: float = calibrated(
        0.15,
        "1",
        "relative distance from 1 g in a unit that is not named: gains are off by up to 6 %, and "
        "movement adds to them; 819 counts per g are 18 % off 1000 mg",
        source=JUDGEMENT,
    )
    named_tolerance: float = calibrated(
        0.2,
        "1",
        "relative distance from 1 g at rest up to which a named unit is right: a fault of a sensor",
        source=JUDGEMENT,
    )
    moving_range_g: tuple[float, float] = calibrated(
        (0.6, 1.7),
        "g",
        "mean vector of movement in which gravity is: that of a walking foot is 1.35 g long",
        source=JUDGEMENT,
    )
    most_removed_g: float = calibrated(
        0.1,
        "g",
        "mean vector at rest of samples without gravity: what the offset of a sensor, or a filter, "
        "leaves",
        source=JUDGEMENT,
    )
    most_left_g: float = calibrated(
        0.05,
        "g",
        "... of samples that are named as without gravity, whatever unit it would be 1 g in",
        source=JUDGEMENT,
    )
    most_moving_removed_g: float = calibrated(
        0.5, "g", "mean vector of movement without gravity", source=JUDGEMENT
    )
    most_peak_g: float = calibrated(
        400.0,
        "g",
        "highest acceleration that a sensor for impacts measures; beyond it the unit is wrong",
        source=JUDGEMENT,
    )
    segment_range_rows: tuple[int, int] = calibrated(
        (10, 4000), "rows", "rows of a second, whatever the rate", source=JUDGEMENT
    )
    least_overlap: float = calibrated(
        0.9,
        "1",
        "share of the time of a capture that a separate file of gravity covers, at least",
        source=JUDGEMENT,
    )
    most_deviation: float = calibrated(
        0.5,
        "1",
        "relative distance of the mean vector from 1 g up to which gravity is in the samples",
        source="derived: half way between samples with it and without",
    )
    most_still_sd_ms2: float = calibrated(
        0.3, "m/s^2", "standard deviation of |a| below which a second is still", source=JUDGEMENT
    )
    least_still_s: int = calibrated(
        5, "s", "still seconds from which on gravity shows the gain", source=JUDGEMENT
    )
    correction_range: tuple[float, float] = calibrated(
        (0.9, 1.1),
        "1",
        "factors that may be a wrong gain; beyond them something else is wrong",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCalibration:
    """What makes a capture weaker, or useless."""

    most_scale_error: float = calibrated(
        0.02,
        "1",
        "error of the gain that is worth no word: twice the 1 % that parts are sold with",
        source=JUDGEMENT,
    )
    most_spoiled_share: float = calibrated(
        0.5,
        "1",
        "share of the time missing, or of the samples clipped, above which nothing is reliable",
        source=JUDGEMENT,
    )


RAILS: Final = RailCalibration()
RESOLUTION: Final = ResolutionCalibration()
GRAVITY: Final = GravityCalibration()
QUALITY: Final = QualityCalibration()
