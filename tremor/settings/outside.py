"""Numbers that decide what shaking outside the band is named.

The limits that a line in the band must reach hold for a line outside of it, too; they are in
`windows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["OUTSIDE", "OutsideCalibration"]

_BEYOND_TESTS: Final = "measured: tests/analysis/test_beyond.py, lines of 13-18 Hz and quiet legs"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCalibration:
    """How a line outside the band is searched, and when it is named."""

    around_hz: float = calibrated(
        4.0,
        "Hz",
        "bins this near to the peak show the floor it stands on: as far as the line model of the "
        "band reaches",
        source=JUDGEMENT,
    )
    highest_muscle_hz: float = calibrated(
        20.0,
        "Hz",
        "no tremor is faster: standing tremor of the legs, the fastest, has 13-18 Hz. Faster "
        "shaking is named, and takes nothing from the time that was judged",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1",
    )
    lowest_hz: float = calibrated(
        1.0,
        "Hz",
        "slower movement is tilt and drift; four periods are in a window of 4 s",
        source="derived: four periods in the default window",
    )
    least_slow_ms2: float = calibrated(
        0.1,
        "m/s^2",
        "RMS of slow rocking that is worth a word: a seated leg stays below, breath and pulse too",
        source=JUDGEMENT,
    )
    slow_half_width_hz: float = calibrated(
        0.5, "Hz", "what counts as a peak of slow rocking", source=JUDGEMENT
    )
    least_windows: int = calibrated(
        3, "1", "windows at one frequency that are more than a chance", source=_BEYOND_TESTS
    )
    least_share: float = calibrated(
        0.1,
        "1",
        "share of the windows without other movement from which shaking is of the session",
        source=JUDGEMENT,
    )
    least_slow_share: float = calibrated(
        0.3,
        "1",
        "the same for slow rocking: a leg is shifted now and then in any rest",
        source=JUDGEMENT,
    )
    same_hz: float = calibrated(
        1.0,
        "Hz",
        "windows whose peaks lie within this of their middle hold the same shaking: the peak of a "
        "line 1.5 Hz wide scatters by 0.4 Hz in 4 s",
        source=JUDGEMENT,
    )
    widest_hz: float = calibrated(
        3.0,
        "Hz",
        "half-power width of the mean spectrum above which it is a hump of strap or skin and no "
        "line: twice the widest tremor",
        source=JUDGEMENT,
    )
    widest_slow_hz: float = calibrated(
        1.0,
        "Hz",
        "the same below the band: rocking has a rate, single movements of the leg have none",
        source=JUDGEMENT,
    )
    least_line_share: float = calibrated(
        0.5,
        "1",
        "share of the windows that are strong above the band in which that is a line: a hump of "
        "strap or skin has one by chance",
        source=_BEYOND_TESTS,
    )
    harmonics: int = calibrated(
        4,
        "1",
        "harmonics of the tremor that are not named by themselves",
        source=JUDGEMENT,
    )
    harmonic_hz: float = calibrated(
        0.25,
        "Hz",
        "distance from a harmonic, beside the interval of the tremor's frequency, that the peaks "
        "of short windows have by chance",
        source=JUDGEMENT,
    )
    edge_hz: float = calibrated(
        1.5,
        "Hz",
        "distance of the peak of a window in the band from a line outside of it, near the edge, "
        "up to which both are one: the peak of a line 1.5 Hz wide scatters so far in 4 s",
        source=_BEYOND_TESTS,
    )
    edge_share: float = calibrated(
        0.25,
        "1",
        "windows outside over those inside from which a line across the edge is taken as one "
        "outside: from the windows inside alone its frequency would be too low",
        source=_BEYOND_TESTS,
    )
    alias_share: float = calibrated(
        0.8,
        "1",
        "share of the Nyquist frequency above which a line may be the alias of a faster one: "
        "anti-alias filters of small sensors are gentle",
        source=JUDGEMENT,
    )


OUTSIDE: Final = OutsideCalibration()
