"""Numbers that decide where a capture is cut into segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["SEGMENTS", "SegmentCalibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentCalibration:
    """When a gap is a hole in the samples, when it parts them, and when it is none at all."""

    longest_hole_s: float = calibrated(
        60.0,
        "s",
        "a longer gap parts two segments and takes no memory: no window is longer, and tremor on "
        "either side of it is not one episode, since a pause of half that length parts them",
        source="derived: the longest window, and twice the longest pause of an episode",
    )
    longest_gap_s: float = calibrated(
        604_800.0,
        "s",
        "a longer gap is a clock or a count that was set: a week is longer than a battery lasts, "
        "and far shorter than the years from the date of a clock without power to today",
        source=JUDGEMENT,
    )
    longest_jump_s: float = calibrated(
        4.7e9,
        "s",
        "a longer one is no clock: 149 years, more than from 1904, the earliest date that a clock "
        "without power shows, to the end of the dates that are read",
        source="derived: epochs of clocks, 1904 to 2052",
    )
    most_holes: float = calibrated(
        100.0,
        "1",
        "lost samples within segments over those that are there, above which there is nothing to "
        "measure and only memory to lose",
        source=JUDGEMENT,
    )
    least_in_holes: float = calibrated(
        1.0e6,
        "1",
        "lost samples from which on that counts: 24 MB",
        source=JUDGEMENT,
    )


SEGMENTS: Final = SegmentCalibration()
