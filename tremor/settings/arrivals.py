"""Numbers that decide the clock of packets that are timed by their arrival: rate, gaps, losses.

Samples with stamps of their own are in `stamps`. A source is ``measured`` where the tests it names
fail at a half to a fifth of the value, or at two to five times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "ARRIVAL_GAPS",
    "RUNNING_CLOCK",
    "STALLS",
    "UNREPORTED_LOSS",
    "ArrivalGapCalibration",
    "RunningClockCalibration",
    "StallCalibration",
    "UnreportedLossCalibration",
]

_RUNNING_TESTS: Final = (
    "measured: tests/clock/test_running.py, packets late at random, in step with a radio link and "
    "after stalls"
)
_LOSS_TESTS: Final = (
    "measured: tests/clock/test_unreported_loss.py, packets of eight samples that come up to "
    "200 ms late, with 0.5-5 % lost, stalls and radio links of 7.5-50 ms"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClockCalibration:
    """How the rate of a stream is estimated, and when it has converged."""

    blocks: int = calibrated(
        12,
        "1",
        "blocks of packets that the line is fitted to: enough to show their scatter",
        source=_RUNNING_TESTS,
    )
    least_blocks: int = calibrated(
        6, "1", "blocks from which on the scatter is believed", source=_RUNNING_TESTS
    )
    least_arrivals: int = calibrated(
        4,
        "1",
        "arrivals in a block: the earliest of fewer may still be a late one",
        source=JUDGEMENT,
    )
    least_stamped: int = calibrated(
        1, "1", "packets in a block whose stamps are those of the sensor", source=JUDGEMENT
    )
    least_span_arrivals_s: float = calibrated(
        10.0, "s", "time that arrivals must span before they converge", source=JUDGEMENT
    )
    least_span_stamped_s: float = calibrated(
        5.0, "s", "time that device stamps must span before they converge", source=JUDGEMENT
    )
    most_two_sd: float = calibrated(
        1e-3,
        "1",
        "two standard deviations of the rate over the rate, at which it has converged: 0.008 Hz "
        "at 8 Hz",
        source=JUDGEMENT,
    )
    connection_interval_s: float = calibrated(
        0.05,
        "s",
        "longest usual time between the connection events of a radio link, for which a packet "
        "waits; while packets and events keep step, all of that wait can hide in the slope",
        source="specification: Bluetooth Core, connInterval, 7.5 ms to 4 s at the choice of the "
        "host; Linux asks for 30-50 ms unless it is configured",
    )
    shift_over_median: float = calibrated(
        10.0,
        "1",
        "a later level of the arrivals is an unreported loss where it exceeds this many times the "
        "median change from block to block ...",
        source=JUDGEMENT,
    )
    shift_packets: float = calibrated(
        0.9, "1", "... and this share of a packet ...", source=_RUNNING_TESTS
    )
    most_shifts_share: float = calibrated(
        0.2,
        "1",
        "... and where it happens in no more than this share of the blocks: more are the beat "
        "between the packets and the connection events",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalGapCalibration:
    """How long a gap is by the arrivals on either side, and when the nominal rate is better."""

    silence_s: float = calibrated(
        1.0,
        "s",
        "a silence this long may be a gap of another length than the count shows",
        source=JUDGEMENT,
    )
    level_s: float = calibrated(
        5.0,
        "s",
        "the level of the arrivals on either side of a gap is the earliest within this time",
        source=JUDGEMENT,
    )
    most_relative_sd: float = calibrated(
        0.01,
        "1",
        "relative standard deviation above which a rate is less certain than the nominal one, "
        "which sensors keep to about 1 %",
        source=JUDGEMENT,
    )
    most_sds: float = calibrated(
        2.0,
        "1",
        "a gap that the sensor counted is corrected only by more than so many standard deviations "
        "of the rate make of it",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StallCalibration:
    """When packets waited for a computer that stood still, and until when they catch up."""

    silence_s: float = calibrated(
        1.0, "s", "a silence this long may be a stall of the computer", source=JUDGEMENT
    )
    silence_packets: float = calibrated(
        4.0,
        "1",
        "... where it is also this many times as long as a packet: up to three lost ones in a row "
        "are a loss",
        source=JUDGEMENT,
    )
    least_fall_s: float = calibrated(
        0.05,
        "s",
        "a lateness that falls by less is jitter: a radio has its connection events 30-50 ms apart",
        source=JUDGEMENT,
    )
    least_fall_share: float = calibrated(
        0.2,
        "1",
        "... and so is one that falls by less than this share of the time that passes: no sensor "
        "is off its nominal rate by as much",
        source=JUDGEMENT,
    )
    settled_s: float = calibrated(
        0.5,
        "s",
        "packets are in time again when the lateness has not fallen for this long",
        source=JUDGEMENT,
    )
    longest_burst: float = calibrated(
        1.0,
        "1",
        "a burst takes no longer than this multiple of the silence: what catches up no faster "
        "than it waited is another rate",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreportedLossCalibration:
    """When arrivals that stay late show a loss that the count does not."""

    levels_s: tuple[float, ...] = calibrated(
        (0.5, 0.5, 2.0, 2.0),
        "s",
        "time within which the earliest arrival is the level, round by round: short while the "
        "period is known to a percent only, then long enough to outlast a stall",
        source=_LOSS_TESTS,
    )
    least_rises: tuple[float, ...] = calibrated(
        (0.7, 0.7, 0.85, 0.85),
        "1",
        "rise of the level over a packet that is a loss, in the same rounds",
        source=_LOSS_TESTS,
    )
    least_step_share: float = calibrated(
        0.5,
        "1",
        "share of that rise that the first packet after a loss must be later than the last before",
        source=_LOSS_TESTS,
    )
    spans_s: tuple[float, ...] = calibrated(
        (0.25, 0.5, 1.0, 2.0),
        "s",
        "spans over which a first period is estimated: short ones hold no loss, long ones little "
        "delay",
        source=_LOSS_TESTS,
    )
    same_period: float = calibrated(
        2e-4,
        "1",
        "first periods that differ by less than this share lead to the same result",
        source=JUDGEMENT,
    )
    least_packets: int = calibrated(
        4, "1", "packets that make a level, and that must follow a loss", source=JUDGEMENT
    )
    most_scatter: float = calibrated(
        0.5,
        "1",
        "scatter about the line with the losses over that without, at most",
        source=_LOSS_TESTS,
    )
    least_losses: int = calibrated(
        5, "1", "losses from which on they are no chance", source=JUDGEMENT
    )
    long_s: float = calibrated(
        0.06,
        "s",
        "a rise of the level by this much is no rhythm of a radio link, whose events are 50 ms "
        "apart at most: one is enough ...",
        source="derived: connection_interval_s with a margin",
    )
    long_scatter: float = calibrated(
        0.35,
        "1",
        "... where the scatter about the line is no more than this share of the usual loss",
        source=JUDGEMENT,
    )
    rates_beside_nominal: tuple[float, ...] = calibrated(
        (-0.04, -0.02, -0.01, 0.0, 0.01, 0.02, 0.04),
        "1",
        "rates beside the nominal one at which losses are looked for as well: they show whether "
        "the arrivals determine the period",
        source=JUDGEMENT,
    )
    most_more_losses: float = calibrated(
        2.0,
        "1",
        "a fit with more than this many times the losses of the best is no equal of it: a slower "
        "sensor can always be made of many small losses",
        source=JUDGEMENT,
    )
    as_good: float = calibrated(
        1.2,
        "1",
        "a fit whose scatter is below this multiple of the least describes the arrivals as well",
        source=JUDGEMENT,
    )
    most_period_spread: float = calibrated(
        5e-3,
        "1",
        "where such fits differ by more in their period, the arrivals do not determine it, and "
        "the losses are those at the nominal rate, which sensors keep to about 1 %",
        source=JUDGEMENT,
    )
    most_above_nominal: float = calibrated(
        0.08,
        "1",
        "a sensor is faster than its nominal rate by no more than this share: losses that make it "
        "faster are none",
        source=JUDGEMENT,
    )
    least_lost_share: float = calibrated(
        2e-3, "1", "share of all samples that is lost, at least", source=JUDGEMENT
    )
    least_irregularity: float = calibrated(
        0.4,
        "1",
        "coefficient of variation of the distances between losses, 1 for losses at random: "
        "regular ones are the rhythm of a radio link",
        source=_LOSS_TESTS,
    )


RUNNING_CLOCK: Final = RunningClockCalibration()
ARRIVAL_GAPS: Final = ArrivalGapCalibration()
STALLS: Final = StallCalibration()
UNREPORTED_LOSS: Final = UnreportedLossCalibration()
