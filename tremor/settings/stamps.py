"""Numbers that decide the clock of a capture whose samples carry stamps: rate, positions, gaps.

The clock of packets that carry none is in `arrivals`. A source is ``measured`` where the tests it
names fail at a half to a fifth of the value, or at two to five times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "LATE_STAMPS",
    "RATE_FIT",
    "RESAMPLING",
    "SLOPE_FIT",
    "STAMP_ORDER",
    "WHOLE_STEPS",
    "LateStampCalibration",
    "RateFitCalibration",
    "ResamplingCalibration",
    "SlopeFitCalibration",
    "StampOrderCalibration",
    "WholeStepCalibration",
]

_STAMP_TESTS: Final = (
    "measured: tests/clock/test_timebase.py, stamps exact, rounded, in bursts and wandering"
)
_ORDER_TESTS: Final = (
    "measured: tests/clock/test_row_order.py, clocks set back by 10 ms to 2 h at any row"
)
_LATE_TESTS: Final = (
    "measured: tests/clock/test_by_arrivals.py, packets of 1-20 samples at 25-416 Hz that come "
    "30-60 ms late, with losses of 0.5-5 s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampOrderCalibration:
    """Which rows are repeated, stray or out of order, and where the clock was set."""

    most_set_back_s: float = calibrated(
        10_800.0,
        "s",
        "a clock is set back by up to this: an hour of summer time, two time zones, and what it "
        "ran wrong; a larger fall is another recording",
        source=JUDGEMENT,
    )
    restart_s: float = calibrated(
        1.0,
        "s",
        "stamps that fall by more than this and to within this of the first start again: they are "
        "another recording",
        source=JUDGEMENT,
    )
    boot_s: float = calibrated(
        5.0,
        "s",
        "... as do those of a clock that is no date and falls below this: sensors start to sample "
        "within seconds of power-on",
        source=JUDGEMENT,
    )
    least_shift_periods: float = calibrated(
        0.5,
        "periods",
        "fall of the level of the stamps from which on the clock was set back: less is jitter",
        source=_ORDER_TESTS,
    )
    few_shifts: int = calibrated(
        2,
        "1",
        "falls by less than a step, so that no stamp goes back, that are always taken for a set "
        "clock; many are samples between others",
        source=JUDGEMENT,
    )
    most_shift_share: float = calibrated(
        2e-4,
        "1",
        "... or this share of the rows: one a minute at 100 Hz",
        source=JUDGEMENT,
    )
    own_share: float = calibrated(
        0.5,
        "1",
        "share of the fall that the step at the row itself makes; else it is another row's",
        source=JUDGEMENT,
    )
    level_s: float = calibrated(
        2.0,
        "s",
        "time on either side whose median phase is the level, where stamps come in bursts",
        source=JUDGEMENT,
    )
    burst_share: float = calibrated(
        0.5,
        "1",
        "share of the range of the phase within bursts that a fall of the level exceeds",
        source=JUDGEMENT,
    )
    most_odd_steps: float = calibrated(
        0.1,
        "1",
        "share of steps that are no single period, beyond which stamps come in bursts",
        source=JUDGEMENT,
    )
    return_share: float = calibrated(
        0.005,
        "1",
        "relative difference of elapsed time and number of rows up to which a clock was set on "
        "by as much as it was set back",
        source=JUDGEMENT,
    )
    least_hole_step: float = calibrated(
        0.75,
        "periods",
        "least step of stamps put in order of time if rows are out of order: a clock that was set "
        "back leaves shorter ones",
        source="derived: a period less the tolerance of whole steps",
    )
    most_stray_rows: int = calibrated(
        3,
        "rows",
        "rows in a row whose stamps are stray: more are a clock that was set",
        source=JUDGEMENT,
    )
    most_stray_share: float = calibrated(
        0.01, "1", "share of far steps up to which stamps are stray", source=JUDGEMENT
    )
    stray_steps: float = calibrated(
        1.5,
        "1",
        "times the usual steps that pass at most from before stray rows to after them",
        source=JUDGEMENT,
    )
    block_rows: int = calibrated(
        100_000,
        "rows",
        "distance up to which a block is written again: a buffer of minutes",
        source=JUDGEMENT,
    )
    most_blocks: int = calibrated(
        10_000, "1", "backward steps that are looked at one by one", source=JUDGEMENT
    )
    first_step_s: float = calibrated(
        1.0, "s", "a first step longer than this may part a stray first row", source=JUDGEMENT
    )
    first_step_over_usual: float = calibrated(
        20.0, "1", "... if it is also this many times the usual step", source=JUDGEMENT
    )
    usual_step_quantile: float = calibrated(
        0.9,
        "1",
        "quantile of the steps that is the usual one: with stamps in bursts most steps are zero",
        source=JUDGEMENT,
    )
    first_step_least_rows: int = calibrated(
        10, "1", "rows from which on there is a usual step", source=JUDGEMENT
    )
    least_repeats_share: float = calibrated(
        0.9,
        "1",
        "repeated rows are dropped where they explain this share of the equal stamps; else equal "
        "stamps are how the file rounds",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeStepCalibration:
    """When the steps of the stamps are whole numbers of periods."""

    single_step_range: tuple[float, float] = calibrated(
        (0.6, 1.5),
        "1",
        "steps within these multiples of the median one give a first period: half a period "
        "of jitter, and no step of two periods",
        source=_STAMP_TESTS,
    )
    tolerance: float = calibrated(
        0.25,
        "1",
        "largest distance of a step from a whole number, in periods; midway between two it is 0.5",
        source=_STAMP_TESTS,
    )
    least_share: float = calibrated(
        0.97,
        "1",
        "share of the steps that must be whole numbers; coarse or late stamps have fewer",
        source=JUDGEMENT,
    )
    long_step: int = calibrated(
        20,
        "1",
        "a step of this many periods has no reliable whole number, and is not held against the "
        "stamps: a first period is good to a percent",
        source="derived: 20 x 1 % of a period is less than the tolerance",
    )
    most_shared_positions: float = calibrated(
        1e-3,
        "1",
        "share of rows that may share a position with another; with more, the steps are no count",
        source=JUDGEMENT,
    )
    level_rows: int = calibrated(
        9,
        "1",
        "rows over which the level of the phase is a median: up to four late rows do not move it",
        source=JUDGEMENT,
    )
    least_pauses: int = calibrated(
        8,
        "1",
        "pauses from which on their median is compared with the length of the bursts",
        source=JUDGEMENT,
    )
    least_slips: int = calibrated(
        7,
        "1",
        "distances of odd steps from which on they can come evenly: so many random ones do once "
        "in 10^5 captures",
        source=JUDGEMENT,
    )
    most_slip_spread: float = calibrated(
        0.25,
        "1",
        "range of these distances over their median up to which they come evenly; that of random "
        "losses is 3",
        source="measured: tests/clock/test_by_steps.py, 45 to 120 Hz in whole centiseconds",
    )
    slip_together: float = calibrated(
        0.25,
        "1",
        "share of the usual distance up to which odd steps are one slip",
        source=JUDGEMENT,
    )
    most_pause_s: float = calibrated(
        5.0, "s", "a longer pause is not one between packets, but a gap", source=JUDGEMENT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStampCalibration:
    """When a lasting delay of the stamps is a loss.

    Together these find every loss of half a second or more in tests/clock/test_by_arrivals.py, and
    no other.
    """

    period_quantiles: tuple[float, float] = calibrated(
        (0.1, 0.9),
        "1",
        "quantiles between which the durations of runs of rows give a first period",
        source=JUDGEMENT,
    )
    most_period_spread: float = calibrated(
        0.002,
        "1",
        "relative distance of these quantiles at which the runs are long enough",
        source=JUDGEMENT,
    )
    level_s: float = calibrated(
        20.0,
        "s",
        "the level before and after a row is the earliest phase within this time: stalls of radio "
        "links last seconds, and a crystal that drifts by 100 ppm moves by 2 ms",
        source=JUDGEMENT,
    )
    cell_s: float = calibrated(
        0.25, "s", "resolution in time at which the level is searched for shifts", source=JUDGEMENT
    )
    reliable_s: float = calibrated(
        2.0,
        "s",
        "within less time than this even the earliest stamp may be late",
        source=_LATE_TESTS,
    )
    fall_quantile: float = calibrated(
        0.05,
        "1",
        "quantile of the changes of the level whose fall is chance: no loss makes stamps earlier",
        source=JUDGEMENT,
    )
    least_over_fall: float = calibrated(
        4.0,
        "1",
        "a loss shifts the level by more than this many times that fall",
        source=JUDGEMENT,
    )
    least_over_median: float = calibrated(
        3.0,
        "1",
        "... and by more than this many times the median change of the earliest stamps of "
        "neighbouring intervals of reliable_s",
        source=JUDGEMENT,
    )
    least_periods: float = calibrated(
        1.5, "1", "... and by more than this many periods", source=JUDGEMENT
    )
    least_pause_share: float = calibrated(
        0.75,
        "1",
        "... and by more than this share of the pause between bursts: packets are lost whole",
        source=JUDGEMENT,
    )
    pause_periods: float = calibrated(
        2.5, "1", "steps longer than this many periods are pauses between bursts", source=JUDGEMENT
    )
    most_time_in_bursts: float = calibrated(
        0.5,
        "1",
        "share of the time that may pass within bursts for the pauses to show the packets",
        source=JUDGEMENT,
    )
    gap_tolerance: float = calibrated(
        0.5,
        "1",
        "share of the least shift by which a row may be off the level before or after a gap",
        source=JUDGEMENT,
    )
    gap_step_share: float = calibrated(
        1.0 / 3.0,
        "1",
        "share of the least shift that the step across a gap has at least; the last rows before "
        "the gap may be late and shorten it",
        source=JUDGEMENT,
    )
    late_share: float = calibrated(
        0.95,
        "1",
        "quantile of the delays that decides whether the stamps are called late",
        source=JUDGEMENT,
    )
    late_s: float = calibrated(
        0.03, "s", "delay from which on stamps are called late", source=JUDGEMENT
    )
    late_periods: float = calibrated(
        2.5, "1", "... if it is also this many periods: a burst is no delay", source=JUDGEMENT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeFitCalibration:
    """How a line is fitted to the stamps, and how uncertain its slope is."""

    outlier_over_median: float = calibrated(
        7.0,
        "1",
        "an outlier is beyond this many times the median absolute residual ...",
        source="derived: 4.7 standard deviations, 2 in a million of Gaussian residuals",
    )
    outlier_over_slope: float = calibrated(
        0.5, "1", "... and beyond this share of the slope: half a sample", source=JUDGEMENT
    )
    most_outliers_share: float = calibrated(
        0.05,
        "1",
        "with a larger share beyond, the points are no outliers but another line",
        source=JUDGEMENT,
    )
    most_autocorrelation: float = calibrated(
        0.9,
        "1",
        "limit of the lag-one autocorrelation, which is uncertain for few residuals: it inflates "
        "a variance 19 times at most",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFitCalibration:
    """How the sampling rate is fitted, its standard deviation, and when it wanders."""

    most_off_nominal: float = calibrated(
        0.005,
        "1",
        "relative difference to the nominal rate that is worth no warning: 0.04 Hz at 8 Hz",
        source=JUDGEMENT,
    )
    new_phase_s: float = calibrated(
        1.0,
        "s",
        "after a gap this long the line has a new intercept: a sensor restarts at any phase",
        source=JUDGEMENT,
    )
    block_s: float = calibrated(
        5.0,
        "s",
        "length of the blocks whose means show the scatter and the wander of the clock: the "
        "errors of neighbouring rows are correlated, those of blocks hardly",
        source=_LATE_TESTS,
    )
    least_block_rows: int = calibrated(8, "1", "rows of a block, at least", source=JUDGEMENT)
    least_blocks: int = calibrated(
        8,
        "1",
        "blocks of a short capture: fewer show no scatter",
        source=JUDGEMENT,
    )
    most_wander: float = calibrated(
        0.002,
        "1",
        "relative standard deviation of the local rates up to which the rate is constant",
        source=JUDGEMENT,
    )
    wander_samples: float = calibrated(
        0.5,
        "1",
        "samples by which the stamps may stray from the line while the rate is constant ...",
        source=JUDGEMENT,
    )
    wander_half_ranges: float = calibrated(
        0.5,
        "1",
        "... in addition to this share of the half range of coarse stamps",
        source=JUDGEMENT,
    )
    coarse_step: float = calibrated(
        0.5,
        "1",
        "change of the phase from row to row, in samples, from which on stamps are coarse, that "
        "is in bursts or rounded",
        source=JUDGEMENT,
    )
    coarse_quantile: float = calibrated(
        0.75, "1", "quantile of those changes that decides", source=JUDGEMENT
    )
    range_quantiles: tuple[float, float] = calibrated(
        (0.05, 0.95),
        "1",
        "quantiles between which lies the range of the phase within a block",
        source=JUDGEMENT,
    )
    wander_over_noise: float = calibrated(
        10.0,
        "1",
        "the earliest stamps wander where they stray by more than this many times their noise",
        source=JUDGEMENT,
    )
    earliest_least_blocks: int = calibrated(
        4, "1", "blocks from which on a line is fitted to their earliest stamps", source=JUDGEMENT
    )
    earliest_most_noise: float = calibrated(
        0.8,
        "1",
        "noise of the earliest stamps over that of the means, up to which they are the better "
        "measurement",
        source=_LATE_TESTS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResamplingCalibration:
    """Which steps interpolation bridges where the rate wanders."""

    most_step_s: float = calibrated(
        0.05,
        "s",
        "longest step that interpolation bridges: half of the shortest period that matters",
        source="derived: half a period of 20 Hz",
    )
    most_step_periods: float = calibrated(
        1.5,
        "1",
        "... or this many periods, where that is more: no sample is lost",
        source=JUDGEMENT,
    )


STAMP_ORDER: Final = StampOrderCalibration()
WHOLE_STEPS: Final = WholeStepCalibration()
LATE_STAMPS: Final = LateStampCalibration()
SLOPE_FIT: Final = SlopeFitCalibration()
RATE_FIT: Final = RateFitCalibration()
RESAMPLING: Final = ResamplingCalibration()
