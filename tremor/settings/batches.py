"""Numbers that decide which captures of a batch are shown as unlike the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["ODD", "OddCalibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddCalibration:
    """When a capture is unlike the others of its batch, and how many a page shows."""

    most_deviations: float = calibrated(
        3.5,
        "1",
        "robust standard deviations from the median beyond which a value is odd",
        source="Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993)",
    )
    least_spread: float = calibrated(
        0.01,
        "1",
        "a sensor whose rate or scale is within 1 % of the others is like them, however alike "
        "those are",
        source=JUDGEMENT,
    )
    rare_share: float = calibrated(
        0.05,
        "1",
        "share of the captures below which a format, a unit or a dead axis is odd",
        source=JUDGEMENT,
    )
    least_captures: float = calibrated(
        8, "1", "fewer captures have no usual value", source=JUDGEMENT
    )
    most_rows: float = calibrated(
        2000,
        "1",
        "rows that a browser shows and sorts at once on a telephone; the tables hold all of them",
        source=JUDGEMENT,
    )


ODD: Final = OddCalibration()
