"""Numbers that decide what shaking is named that is outside the band, or not the muscle's.

The limits that a line in the band must reach hold for a line outside of it, too; they are in
`windows`. When a result is given with a caution is in `sessions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "HEART_BESIDE",
    "HUMPS",
    "OUTSIDE",
    "STEADINESS",
    "HeartBesideCalibration",
    "HumpsCalibration",
    "OutsideCalibration",
    "SteadinessCalibration",
]

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
    flank_hz: float = calibrated(
        1.5,
        "Hz",
        "this far below the upper edge of the band a line may be the flank of one above: that of a "
        "line at 17 Hz, 0.5 Hz wide, peaks at 13.75-14.5 Hz now and then",
        source=JUDGEMENT,
    )
    flank_ratio: float = calibrated(
        2.0, "1", "... which is this much stronger than all of the band", source=JUDGEMENT
    )
    standing_hz: float = calibrated(
        12.5,
        "Hz",
        "standing tremor is faster, and is worth showing to a doctor",
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
    seen_share: float = calibrated(
        0.9,
        "1",
        "share of the time without tremor in which one of the least strength would have been seen",
        source=JUDGEMENT,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadinessCalibration:
    """How the even swing in a window is searched."""

    half_width_hz: float = calibrated(
        1.5,
        "Hz",
        "what lies this near to the peak is the line: a motor that runs up by 0.4 Hz/s stays "
        "within for 4 s",
        source="derived: 0.4 Hz/s times 4 s",
    )
    rate_hz: float = calibrated(
        25.0,
        "Hz",
        "sampling rate of the envelope, whatever that of the samples",
        source="derived: eight times the half width of the line, rounded up",
    )
    edge_s: float = calibrated(
        0.3, "s", "cut off at each end of an analytic signal, which rings there", source=JUDGEMENT
    )
    floor_to: float = calibrated(
        1.3,
        "1",
        "upper end of the bins that show the noise, over that of the band",
        source=JUDGEMENT,
    )
    floor_quantile: float = calibrated(
        0.2, "1", "quantile of these bins that is noise where lines fill the rest", source=JUDGEMENT
    )
    quantile_over_mean: float = calibrated(
        0.51,
        "1",
        "that quantile over the mean, three axes",
        source="derived: 20 % quantile of a gamma variable with shape 3 and mean 1",
    )
    most_noise: float = calibrated(
        0.5,
        "1",
        "share of the line that may be noise; with more, nothing is told",
        source=JUDGEMENT,
    )
    most_ramp_hz_per_s: float = calibrated(
        0.4, "Hz/s", "fastest change of speed: a drum that runs up to its spin", source=JUDGEMENT
    )
    ramps: int = calibrated(
        17,
        "1",
        "changes of speed that are tried: neighbours differ by 0.3 rad at the ends of 4 s",
        source="derived: pi 0.05 Hz/s (2 s)^2 / 2",
    )
    refinements: int = calibrated(
        4, "1", "least-squares steps from the best of them", source=JUDGEMENT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartBesideCalibration:
    """How the ringing of the heart beside a tremor is measured."""

    reach_factor: float = calibrated(
        1.3,
        "1",
        "upper end of the bins across the tremor, over that of the band: the ringing has a second "
        "mode above it",
        source=JUDGEMENT,
    )
    rate_share: float = calibrated(
        0.45, "1", "... and over the sampling rate", source="derived: 90 % of the Nyquist frequency"
    )
    floor_quantile: float = calibrated(
        0.1, "1", "quantile of the bins across the tremor that is noise", source=JUDGEMENT
    )
    floor_over_mean: float = calibrated(
        0.27,
        "1",
        "that quantile over the mean, two axes",
        source="derived: 10 % quantile of a gamma variable with shape 2 and mean 1",
    )
    across_share: float = calibrated(
        2.0 / 3.0,
        "1",
        "share of a direction by chance that lies across another one, in the mean",
        source="derived: two of three dimensions",
    )
    least_across_share: float = calibrated(
        0.35,
        "1",
        "... and in four of five cases at least",
        source="derived: 20 % quantile of 1 - cos^2 of the angle of two directions in space",
    )
    most_share: float = calibrated(
        0.6, "1", "share of the heart beyond which there is no tremor beside it", source=JUDGEMENT
    )
    rate_hz: float = calibrated(
        50.0,
        "Hz",
        "sampling rate of the strength: twice the width of the band and more",
        source="derived: 2 x (1.3 x 15 - 3) Hz, rounded up",
    )
    edge_s: float = calibrated(
        0.25, "s", "cut off at each end of the envelope, which rings there", source=JUDGEMENT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HumpsCalibration:
    """When a peak at the lower edge of the band is a broad hump that reaches below it."""

    reach_hz: float = calibrated(
        2.0,
        "Hz",
        "frequency above the lower edge of the band up to which a hump may reach below it: half of "
        "4 Hz, more than cloth and pockets show",
        source=JUDGEMENT,
    )
    least_windows: int = calibrated(
        4, "1", "windows below which the mean spectrum is ragged", source=JUDGEMENT
    )
    most_level: float = calibrated(
        2.0,
        "1",
        "strength over the usual one up to which a window holds the same shaking, whatever its "
        "verdict; above, it holds a movement",
        source=JUDGEMENT,
    )
    least_width: float = calibrated(
        0.45,
        "1",
        "half-power width in windows of 4 s over frequency, from which it is a hump: up to 0.33 "
        "for lines of 3.4-5 Hz, 0.3-1.5 Hz wide, and 0.5 and more for noise filtered to 2-3 Hz",
        source="measured: tests/analysis/test_humps.py",
    )
    widest_tremor_hz: float = calibrated(
        1.8,
        "Hz",
        "half-power width of the widest tremor of a leg on record, upper limit of its mean",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )
    surely_wide_hz: float = calibrated(
        1.5,
        "Hz",
        "... and the mean itself, which the lower limit of a width must pass",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )


OUTSIDE: Final = OutsideCalibration()
HUMPS: Final = HumpsCalibration()
HEART_BESIDE: Final = HeartBesideCalibration()
STEADINESS: Final = SteadinessCalibration()
