"""Numbers that decide what windows in a row mean: settling, episodes, rests, cautions, streams.

Single windows are in `windows`, the recovery over a rest is in `recoveries`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import DETECTION_BENCH, JUDGEMENT, calibrated, setting

__all__ = [
    "CAUTIONS",
    "EPISODES",
    "STREAM",
    "CautionCalibration",
    "EpisodeCalibration",
    "EpisodeSettings",
    "StreamCalibration",
]


@dataclass(frozen=True, kw_only=True)
class EpisodeSettings:
    """Settings of windows in a row, each with unit, reason, source and limits."""

    settling_s: float = setting(
        2.0,
        "s",
        "soft tissue and strap ring for 2-5 s after a movement or after the sensor is placed",
        source="measured: placement transient of a phone resting on a leg (pdkit test data 2458)",
        low=0.0,
        high=30.0,
    )
    settling_low_rms_ms2: float = setting(
        0.1,
        "m/s^2",
        "RMS in 0.5-3 Hz that distinguishes a sensor still being placed from a leg at rest "
        "(0.004-0.010)",
        source="measured: phone resting on a leg (pdkit test data 2458): 0.4 while placed, "
        "0.004-0.010 after",
        low=0.0,
        high=10.0,
    )
    episode_join_s: float = setting(
        10.0,
        "s",
        "waxing and waning (correlation 10-30 s) hides a tremor for some seconds without "
        "ending the episode",
        source=JUDGEMENT,
        low=0.0,
        high=120.0,
    )
    episode_least_share: float = setting(
        0.34,
        "1",
        "share of the judged windows of an episode that hold tremor; a few windows scattered "
        "over a minute are not an episode",
        source=DETECTION_BENCH,
        low=0.0,
        high=1.0,
    )
    gate_over_still: float = setting(
        2.0,
        "1",
        "RMS of an episode over that of the recording's own weak windows, its still floor",
        source=JUDGEMENT,
        low=1.0,
        high=100.0,
    )
    episode_least_s: float = setting(
        8.0,
        "s",
        "a fidget lasts up to 6 s and reaches into two windows; a tremor that can be measured "
        "lasts longer",
        source=DETECTION_BENCH,
        low=0.0,
        high=600.0,
    )
    still_least_s: float = setting(
        4.0,
        "s",
        "with less than one still window there is no result",
        source=JUDGEMENT,
        low=0.0,
        high=600.0,
    )
    rest_break_s: float = setting(
        20.0,
        "s",
        "a movement this long ends a rest; a shorter one, such as shifting a leg, interrupts it",
        source=JUDGEMENT,
        low=0.0,
        high=600.0,
    )
    rest_join_s: float = setting(
        180.0,
        "s",
        "rests with a shorter movement between them, such as standing up for a glass of water, "
        "are one recovery: the tremor goes on fading meanwhile",
        source=JUDGEMENT,
        low=0.0,
        high=3600.0,
    )
    running_least_rms_ms2: float = setting(
        6.0,
        "m/s^2",
        "RMS in 0.5-15 Hz from which on a movement is running, which tires the leg anew: at the "
        "calf walking has 2-5, running 8-20",
        source=JUDGEMENT,
        low=0.1,
        high=1000.0,
    )
    movement_join_s: float = setting(
        10.0,
        "s",
        "movements with a shorter pause between them are one: nobody rests for so short a time",
        source=JUDGEMENT,
        low=0.0,
        high=600.0,
    )
    run_least_s: float = setting(
        60.0,
        "s",
        "movement this long is the run, and the rest is searched after it; a walk indoors is "
        "shorter",
        source=JUDGEMENT,
        low=0.0,
        high=3600.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeCalibration:
    """How windows are joined, and how a run of heartbeats is recognised."""

    heartbeat_windows: int = calibrated(
        5,
        "1",
        "windows, the present one included, whose median heartbeat score judges the present one",
        source=DETECTION_BENCH,
    )
    alike_share: float = calibrated(
        0.5,
        "1",
        "RMS over that of another window below which the two hold different processes",
        source=JUDGEMENT,
    )
    stay_share: float = calibrated(
        0.5,
        "1",
        "hysteresis: an episode goes on while a window reaches this share of the entry thresholds",
        source=JUDGEMENT,
    )
    stay_hz: float = calibrated(
        1.5,
        "Hz",
        "hysteresis: and while its peak lies this near to that of the episode's last window",
        source=JUDGEMENT,
    )
    least_for_floor: int = calibrated(
        5,
        "1",
        "weak windows below which the still floor of a recording is not known",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionCalibration:
    """When a result is given with a caution."""

    loose_share: float = calibrated(
        0.5,
        "1",
        "floor across the band over the RMS in it: a mass that rides on the skin rings at "
        "10-40 Hz, and what lies above the band then reaches this share",
        source=JUDGEMENT,
    )
    loose_ms2: float = calibrated(
        0.05,
        "m/s^2",
        "floor across the band that sensor noise alone, under 0.03 m/s^2, does not reach",
        source=JUDGEMENT,
    )
    machine_hz: float = calibrated(
        0.05,
        "Hz",
        "width of a line that no muscle has: the narrowest leg tremor on record is 0.25 Hz wide; "
        "a motor or the mains is far narrower",
        source="measured: hand held out, six windows of 4 s, 0.25-1.55 Hz (pdkit test data 2458)",
    )
    machine_s: float = calibrated(
        20.0,
        "s",
        "tremor time below which so small a width cannot be resolved",
        source="derived: 1 / machine_hz",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCalibration:
    """When a stream is refused, and when its windows change their length."""

    longest_gap_s: float = calibrated(
        86_400.0,
        "s",
        "a longer jump of the sample index is a counter that was lost and not a gap",
        source=JUDGEMENT,
    )
    most_rate_change: float = calibrated(
        0.02,
        "1",
        "windows keep their number of samples until the rate is off by more than this share",
        source=JUDGEMENT,
    )


EPISODES: Final = EpisodeCalibration()
CAUTIONS: Final = CautionCalibration()
STREAM: Final = StreamCalibration()
