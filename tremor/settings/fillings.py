"""Numbers that decide which rows hold a filling in the place of a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["FILLINGS", "FillingCalibration"]

_TESTS: Final = "measured: tests/formats/test_fillings.py, rest in steps of 0.1 to 16 mg, and holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillingCalibration:
    """When equal rows, zeros and extreme numbers are no samples."""

    least_code: float = calibrated(
        99.0,
        "1",
        "least number of nines that stands for no sample: 9.99 m/s^2 is one",
        source=JUDGEMENT,
    )
    least_code_over_samples: float = calibrated(
        3.0,
        "1",
        "times the greatest other sample that a code on a single axis is: a rail is approached",
        source=JUDGEMENT,
    )
    least_limit_over_samples: float = calibrated(
        1.4,
        "1",
        "times the greatest other sample that a limit of 16 or 32 bits is where it is a code, "
        "and no rail that samples come near to",
        source=JUDGEMENT,
    )
    most_code_on_some_axes: float = calibrated(
        1.0 / 3.0,
        "1",
        "rows with the code on some axes for each with it on all, at most: a rail is reached by "
        "one axis at a time",
        source=JUDGEMENT,
    )
    least_zero_rows: int = calibrated(
        5,
        "rows",
        "rows of zeros on all axes that are a filling where gravity is in the samples: free fall "
        "has noise",
        source=JUDGEMENT,
    )
    least_held_s: float = calibrated(
        1.0, "s", "time for which a value is held that is a filling", source=JUDGEMENT
    )
    least_held_rows: int = calibrated(50, "rows", "... and number of rows", source=JUDGEMENT)
    neighbours: int = calibrated(
        10, "rows", "rows on either side that show whether the sensor is at rest", source=_TESTS
    )
    least_different: int = calibrated(
        8,
        "rows",
        "different ones among these from which on the noise of the sensor shows, so that it "
        "cannot hold a value",
        source=_TESTS,
    )
    least_constant_share: float = calibrated(
        0.5,
        "1",
        "length of the mean vector over that of the samples from which on gravity is in them",
        source="derived: that of movement without gravity is near zero",
    )
    fine_share: float = calibrated(
        5e-4,
        "1",
        "resolution over gravity up to which the noise of any sensor shows, 0.1 mg or more",
        source=JUDGEMENT,
    )


FILLINGS: Final = FillingCalibration()
