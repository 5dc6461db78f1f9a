"""Numbers that decide a recovery: its verdict, its half-life and the prior of its decay.

Where a rest begins and ends is in `sessions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated, setting

__all__ = [
    "DECAY_PRIOR",
    "DECAY_READING",
    "POSTURES",
    "RECOVERY_BENCH",
    "REST_POWER",
    "RMS_SERIES",
    "DecayPriorCalibration",
    "DecayReadingCalibration",
    "PostureCalibration",
    "RecoverySettings",
    "RestPowerCalibration",
    "RmsSeriesCalibration",
]

#: Source of a number that was set on the recovery benchmark.
RECOVERY_BENCH: Final = "measured: tests/bench/recovery.py, series and scenes of known half-life"


@dataclass(frozen=True, kw_only=True)
class RecoverySettings:
    """Settings of a recovery, each with unit, reason, source and limits."""

    baseline_least_s: float = setting(
        20.0,
        "s",
        "still time before the run that gives a level: five windows of 4 s determine their "
        "mean to about 7 %",
        source=RECOVERY_BENCH,
        low=4.0,
        high=3600.0,
    )
    recovery_least_tremor_windows: float = setting(
        3.0,
        "1",
        "windows of a rest with tremor below which there is nothing to recover from",
        source=JUDGEMENT,
        low=1.0,
        high=1000.0,
    )
    recovery_least_points: float = setting(
        8.0,
        "1",
        "fewer points cannot determine level, time constant and floor beside their own scatter",
        source=RECOVERY_BENCH,
        low=4.0,
        high=1000.0,
    )
    recovery_least_rest_s: float = setting(
        30.0,
        "s",
        "a shorter rest holds one or two cycles of waxing and waning",
        source=RECOVERY_BENCH,
        low=8.0,
        high=3600.0,
    )
    decays_least_log_bayes: float = setting(
        1.3,
        "1",
        "natural log of the evidence for decay over constant, 3.7 to 1: constant tremor that waxes "
        "and wanes (log sd 0.25-0.4 over 10-30 s) reaches it in at most 7 % of records",
        source="measured: tests/bench/recovery.py, series and scenes of known half-life; scale "
        "of the odds: Kass and Raftery (1995), J. Am. Stat. Assoc. 90, 773-795, "
        "doi:10.1080/01621459.1995.10476572",
        low=0.0,
        high=20.0,
    )
    decays_least_drop: float = setting(
        0.3,
        "1",
        "share of the tremor gone, by the median, for a decay: less is within the range of "
        "waxing and waning",
        source=RECOVERY_BENCH,
        low=0.0,
        high=1.0,
    )
    persists_most_drop: float = setting(
        0.3,
        "1",
        "upper 95 % limit of the share gone below which the tremor persists",
        source=RECOVERY_BENCH,
        low=0.0,
        high=1.0,
    )
    persists_least_rest_s: float = setting(
        270.0,
        "s",
        "a short rest cannot show persistence: the five minutes asked for, less settling and "
        "the last window",
        source=JUDGEMENT,
        low=0.0,
        high=36000.0,
    )
    half_life_least_taus_fitted: float = setting(
        2.0,
        "1",
        "rest over time constant below which level, floor and half-life cannot be separated",
        source=RECOVERY_BENCH,
        low=0.5,
        high=20.0,
    )
    half_life_least_taus_known: float = setting(
        1.0,
        "1",
        "the same with the floor known from before the run, which is one unknown less",
        source=RECOVERY_BENCH,
        low=0.5,
        high=20.0,
    )
    reliable_taus_fitted: float = setting(
        5.0,
        "1",
        "rest over time constant that is asked for: from two on, half-lives are a quarter too "
        "short by the median; from five on they are unbiased",
        source=RECOVERY_BENCH,
        low=1.0,
        high=50.0,
    )
    reliable_taus_known: float = setting(
        3.0,
        "1",
        "the same with the floor known from before the run",
        source=RECOVERY_BENCH,
        low=1.0,
        high=50.0,
    )
    settled_most_ratio: float = setting(
        10.0,
        "1",
        "upper over lower limit of a half-life above which more rest is asked for; the "
        "half-life is reported all the same, because keeping narrow intervals only would keep "
        "those that are short by chance",
        source=RECOVERY_BENCH,
        low=1.0,
        high=1000.0,
    )
    bounded_tau_over_rest: float = setting(
        3.0,
        "1",
        "time constants above this multiple of the rest are the edge of the prior and not an "
        "upper limit",
        source=RECOVERY_BENCH,
        low=1.0,
        high=20.0,
    )
    floor_overruled_log_bayes: float = setting(
        -1.0,
        "1",
        "natural log of the evidence for a fitted floor over the level before the run, above "
        "which that level is not used: tremor may stay raised for hours, and a floor that is "
        "too low makes the half-life up to four times too long",
        source=RECOVERY_BENCH,
        low=-20.0,
        high=20.0,
    )
    grows_again_least_log_bayes: float = setting(
        3.0,
        "1",
        "natural log of the evidence for fading before the lowest point of a rest and for growth "
        "after it, 20 to 1 each: the point is chosen by the data, and waxing must not look like it",
        source=RECOVERY_BENCH,
        low=0.0,
        high=20.0,
    )
    plateau_least_probability: float = setting(
        0.9,
        "1",
        "probability of a plateau before the decay from which on it is reported",
        source=RECOVERY_BENCH,
        low=0.0,
        high=1.0,
    )
    ends_s: float = setting(
        30.0,
        "s",
        "time over which the strength at either end of a rest is averaged where no decay was "
        "fitted: two or three swings of waxing and waning",
        source=JUDGEMENT,
        low=4.0,
        high=600.0,
    )
    lead_most_s: float = setting(
        20.0,
        "s",
        "longest time over which the decay is extrapolated back to the start of the rest; "
        "settling after the last step takes less",
        source=JUDGEMENT,
        low=0.0,
        high=600.0,
    )
    rest_asked_s: float = setting(
        300.0,
        "s",
        "rest that is asked for first: five time constants of a minute",
        source=RECOVERY_BENCH,
        low=30.0,
        high=3600.0,
    )
    more_rest_least_s: float = setting(
        60.0,
        "s",
        "shorter additional rest is not worth another recording",
        source=JUDGEMENT,
        low=0.0,
        high=3600.0,
    )
    rest_most_s: float = setting(
        1800.0,
        "s",
        "longest rest that is asked for: after half an hour the leg is no longer recovering "
        "from the run",
        source=JUDGEMENT,
        low=60.0,
        high=36000.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayPriorCalibration:
    """Prior of the decay and of the waxing and waning around it."""

    waxing_log_sd: tuple[float, ...] = calibrated(
        (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.375, 0.45, 0.55, 0.7),
        "1",
        "log standard deviations of waxing and waning that are considered, beside none",
        source=RECOVERY_BENCH,
    )
    waxing_time_s: tuple[float, ...] = calibrated(
        (2.0, 4.0, 8.0, 16.0, 32.0, 64.0),
        "s",
        "correlation times that are considered; the shortest also stands for the correlation of "
        "overlapping windows",
        source=RECOVERY_BENCH,
    )
    waxing_sd_scale: float = calibrated(
        0.3,
        "1",
        "scale of the half-normal prior of the standard deviation: tremor waxes by 0.2-0.4",
        source=JUDGEMENT,
    )
    waxing_time_centre_s: float = calibrated(
        15.0,
        "s",
        "centre of the log-normal prior of the correlation time, 10-30 s being usual; without it "
        "swings of a minute explain any decay and leave the half-life open",
        source=JUDGEMENT,
    )
    waxing_time_log_sd: float = calibrated(
        0.7, "1", "log standard deviation of that prior", source=JUDGEMENT
    )
    shortest_tau_s: float = calibrated(
        10.0,
        "s",
        "shortest time constant: what two windows of 4 s can show",
        source="derived: length of the default window",
    )
    longest_tau_over_rest: float = calibrated(
        20.0,
        "1",
        "longest time constant over the rest: a drop of 5 %",
        source="derived: 1 - exp(-1/20)",
    )
    least_tau_range: float = calibrated(
        10.0,
        "1",
        "longest time constant over the shortest, also where the rest is short",
        source=JUDGEMENT,
    )
    plateau_share: float = calibrated(
        0.25,
        "1",
        "prior probability of a plateau before the decay: tremor mostly fades from the start, and "
        "half-lives of decays without a plateau must not pay for it",
        source=RECOVERY_BENCH,
    )
    latest_onset_over_rest: float = calibrated(
        0.75,
        "1",
        "latest onset of a decay over the rest: what follows it must show the decay",
        source=JUDGEMENT,
    )
    lowest_log_rise: float = calibrated(
        -4.0,
        "1",
        "lowest ln(fading part at the start over known floor): 2 % of the floor",
        source=RECOVERY_BENCH,
    )
    log_rise_above_seen: float = calibrated(
        2.0,
        "1",
        "highest such logarithm above that of the largest RMS seen: the start may lie before it",
        source=RECOVERY_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayReadingCalibration:
    """How the edge of the prior is kept out of what is reported."""

    edge_factor: float = calibrated(
        1.05,
        "1",
        "a lower limit within this factor of the shortest time constant is the edge of the prior "
        "and not a limit",
        source=JUDGEMENT,
    )
    fast_factor: float = calibrated(
        1.2,
        "1",
        "a median within this factor of the shortest time constant says only that the tremor went "
        "faster than windows can follow",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RmsSeriesCalibration:
    """Scatter that is expected of the RMS of windows."""

    least_relative_sd: float = calibrated(
        0.01, "1", "a smaller relative standard deviation is not believed", source=JUDGEMENT
    )
    most_relative_sd: float = calibrated(
        1.0, "1", "a larger one says nothing about the RMS", source=JUDGEMENT
    )
    default_bandwidth_hz: float = calibrated(
        0.8,
        "Hz",
        "half-power width of a tremor whose width no window resolved: the middle of 0.25-1.5 Hz",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1",
    )
    bandwidth_limits_hz: tuple[float, float] = calibrated(
        (0.3, 3.0),
        "Hz",
        "limits of the typical width: single windows scatter by a factor of two",
        source=RECOVERY_BENCH,
    )
    floor_relative_variance: float = calibrated(
        0.01,
        "1",
        "relative variance of the power of a flat floor over the band in one window: about 30 "
        "independent bins on each of three axes",
        source="derived: 1 / (3 x 30), rounded",
    )
    least_for_scatter: int = calibrated(
        20,
        "1",
        "points below which their own scatter does not overrule the expected one",
        source=RECOVERY_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestPowerCalibration:
    """How the power at the line of a rest is measured."""

    least_half_width_hz: float = calibrated(
        0.5,
        "Hz",
        "main lobe of a Hann window of 4 s on either side; half-power widths come on top",
        source="derived: 2 / 4 s",
    )
    widths: float = calibrated(
        2.0,
        "1",
        "half-power widths of the line on either side that count for it: the flanks of a line vary "
        "independently of its middle, so that without them its power scatters by an eighth more",
        source=RECOVERY_BENCH,
    )
    lowest_hz: float = calibrated(
        2.0,
        "Hz",
        "lowest bin that may count for a line or its floor: sway lies below",
        source=JUDGEMENT,
    )
    least_bins: int = calibrated(
        3,
        "1",
        "bins beside a line below which they say nothing about its floor",
        source=JUDGEMENT,
    )
    floor_windows: int = calibrated(
        7,
        "1",
        "windows over which the floor is averaged: 16 s, in which a heart rate hardly changes",
        source=JUDGEMENT,
    )
    least_over_floor: float = calibrated(
        0.25,
        "1",
        "least power that is left of a window over that of its floor: less is the scatter of the "
        "floor, and the logarithm needs a positive number",
        source=JUDGEMENT,
    )
    scale_limits: tuple[float, float] = calibrated(
        (0.5, 2.0),
        "1",
        "power of the fitted lines over that in the bins of the line, beyond which the two are not "
        "of one tremor",
        source=JUDGEMENT,
    )
    most_windows: int = calibrated(
        1500,
        "1",
        "windows of a rest that are read again: 50 minutes of rest in full, fewer of each later "
        "minute of a longer one",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureCalibration:
    """When gravity turns in the sensor."""

    least_turn_deg: float = calibrated(
        12.0,
        "deg",
        "smallest angle that is a change of posture: crossing the legs or stretching a knee turns "
        "a leg by 20 degrees and more, settling into a seat by a few",
        source=JUDGEMENT,
    )
    over_unsteadiness: float = calibrated(
        6.0,
        "1",
        "angle over the usual one between neighbouring windows, above which it is a turn: a leg "
        "that is held up sways",
        source=JUDGEMENT,
    )
    sagging_deg: float = calibrated(
        30.0,
        "deg",
        "slow turn from which on it is a change of posture: a tired leg sags by 10-20 degrees "
        "without changing what carries it",
        source=JUDGEMENT,
    )
    windows_beside: int = calibrated(
        3,
        "1",
        "windows before and after a turn whose mean directions are compared: 8 s",
        source=JUDGEMENT,
    )
    full_turn_deg: float = calibrated(
        45.0,
        "deg",
        "turn after which nothing of the coupling is known to be as before",
        source=JUDGEMENT,
    )


DECAY_PRIOR: Final = DecayPriorCalibration()
DECAY_READING: Final = DecayReadingCalibration()
RMS_SERIES: Final = RmsSeriesCalibration()
REST_POWER: Final = RestPowerCalibration()
POSTURES: Final = PostureCalibration()
