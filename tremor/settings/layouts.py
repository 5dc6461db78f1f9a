"""Numbers that decide whether rows without a header are those of a known format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["ROW_LAYOUTS", "RowLayoutCalibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayoutCalibration:
    """What the first rows of a table without a header must look like."""

    least_rows: int = calibrated(
        10, "1", "fewer rows look like any format of their width", source=JUDGEMENT
    )
    least_fitting: float = calibrated(
        0.95,
        "1",
        "share of the first rows that have the width and the cells of the format: a logger that "
        "lost power leaves some that have not",
        source=JUDGEMENT,
    )
    least_rising: float = calibrated(
        0.8,
        "1",
        "share of the steps of time that do not go back: samples come in packets, and clocks are "
        "set, but not at every fifth row",
        source=JUDGEMENT,
    )
    length_g: tuple[float, float] = calibrated(
        (0.5, 2.0),
        "g",
        "limits of the median length of the samples: walking and running keep it near 1 g, and a "
        "wrong unit or a wrong column moves it by a factor of at least 9.8",
        source=JUDGEMENT,
    )


ROW_LAYOUTS: Final = RowLayoutCalibration()
