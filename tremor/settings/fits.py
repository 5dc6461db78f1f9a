"""Numbers that decide whether the model of a line holds, and which model it is given.

Also whether several lines take turns. How a line is fitted is in `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = ["FIT_CHECK", "TURNS", "FitCheckCalibration", "TurnsCalibration"]

_COVERAGE_BENCH: Final = "measured: tests/bench/coverage.py, windows of 4, 10 and 60 s"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitCheckCalibration:
    """How a fitted model is tested against the spectrum, and when another one is preferred."""

    cell_hz: float = calibrated(
        0.1,
        "Hz",
        "finest width over which the ratio of periodogram and model is averaged",
        source=JUDGEMENT,
    )
    independent_share: float = calibrated(
        0.5,
        "1",
        "independent ones among the running means of several widths that overlap by half",
        source=_COVERAGE_BENCH,
    )

    doubtful_p: float = calibrated(
        0.05,
        "1",
        "probability of the residual below which wider shoulders and a second line are tried",
        source=JUDGEMENT,
    )
    doubtful_misfit: float = calibrated(
        0.15,
        "1",
        "... and logarithm of the ratio of spectrum and model from which they are: over an hour a "
        "smaller one is significant",
        source=_COVERAGE_BENCH,
    )
    holds_p: float = calibrated(
        0.01, "1", "... and below which a model does not hold", source=JUDGEMENT
    )
    least_misfit: float = calibrated(
        0.4,
        "1",
        "logarithm of the ratio of spectrum and model, over a running mean, from which a model "
        "does not hold: over hours any smaller one is significant and changes nothing",
        source=JUDGEMENT,
    )
    shape_evidence: float = calibrated(
        6.0,
        "1",
        "logarithm of the likelihood that wider shoulders must win: a Lorentzian wins 3.2 by "
        "chance in 5 % of cases, a Gaussian of 0.3 Hz 17 or more in 95 %",
        source=_COVERAGE_BENCH,
    )
    deepest_flank: float = calibrated(
        1e-4,
        "1",
        "density over that of the peak down to which the flanks of a line without tails count",
        source=_COVERAGE_BENCH,
    )
    least_prominence: float = calibrated(
        2.0,
        "1",
        "height of a second peak of the mean spectrum over the higher of the valleys beside it "
        "from which it is tried",
        source=JUDGEMENT,
    )
    least_prominence_beyond: float = calibrated(
        4.0,
        "1",
        "... if it is beyond the bins in which the one line was tested",
        source=JUDGEMENT,
    )
    line_evidence: float = calibrated(
        10.0,
        "1",
        "logarithm of the likelihood that a second line must win",
        source=_COVERAGE_BENCH,
    )
    line_evidence_per_segment: float = calibrated(
        1.5,
        "1",
        "... and further for each segment in which it has a power of its own",
        source=_COVERAGE_BENCH,
    )
    active_share: float = calibrated(
        0.02,
        "1",
        "share of the power of a segment from which a line counts as active in it",
        source=JUDGEMENT,
    )
    harmonic_sd: float = calibrated(
        3.0,
        "1",
        "standard deviations of the frequencies up to which a line at twice the frequency of "
        "another is its harmonic",
        source=JUDGEMENT,
    )
    harmonic_share: float = calibrated(
        0.02, "1", "... or this far, over its frequency", source=JUDGEMENT
    )
    most_direction_hz: float = calibrated(
        1.0,
        "Hz",
        "half width around one of two lines that shows the direction of its motion, at most half "
        "of the way to the other",
        source=JUDGEMENT,
    )
    motion_hz: float = calibrated(
        0.5,
        "Hz",
        "least half width around a line in which its phase and envelope are followed",
        source=JUDGEMENT,
    )
    noise_envelope: float = calibrated(
        0.5,
        "1",
        "relative variance of the squared envelope from which a line is noise: over 30 s and more "
        "it is 0.5-1.5 for noise 0.1-0.8 Hz wide, and 0-0.14 for an oscillation that keeps its "
        "amplitude",
        source="measured: tests/measures/test_line_motion.py",
    )
    least_envelope: float = calibrated(
        0.02,
        "1",
        "... and below which it is all noise of the sensor",
        source=JUDGEMENT,
    )
    least_coupling: float = calibrated(
        0.3,
        "1",
        "squared coherence of the phases from which a line at twice the frequency is a harmonic: "
        "independent lines of 0.3-0.9 Hz reach 0.1",
        source=_COVERAGE_BENCH,
    )
    widest_share: float = calibrated(
        0.5,
        "1",
        "width over frequency from which a hump is no line: a third for the widest tremor of a "
        "leg, 1.5 Hz at 4.5 Hz",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )
    surely_wide_share: float = calibrated(
        1.0 / 3.0,
        "1",
        "... if the lower limit of its width is above this share as well",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )
    least_power_share: float = calibrated(
        0.05,
        "1",
        "power of a further line over that of the first from which it is told",
        source=JUDGEMENT,
    )
    most_leakage: float = calibrated(
        0.3,
        "1",
        "leakage of a line over the line itself and the floor from which a bin is not tested",
        source=JUDGEMENT,
    )
    least_windows: int = calibrated(
        4, "1", "windows with a line from which a fit is compared with them", source=JUDGEMENT
    )
    least_agreement: float = calibrated(
        0.5,
        "1",
        "share of the windows that must have their line at that of the fit",
        source=JUDGEMENT,
    )
    most_over_windows: float = calibrated(
        1.5,
        "1",
        "RMS of a fit over the largest of its windows from which it is not possible; a window may "
        "hold a line in part, or miss its flanks",
        source=JUDGEMENT,
    )
    least_for_scatter: int = calibrated(
        30,
        "1",
        "windows from which their scatter limits the error of each: 60 s, in which the strength of "
        "the narrowest tremor, 0.25 Hz wide, is new over ten times",
        source=JUDGEMENT,
    )
    near_hz: float = calibrated(
        0.3,
        "Hz",
        "a window this near to the fit agrees with it, however sure it is",
        source=JUDGEMENT,
    )
    most_near_hz: float = calibrated(
        0.75,
        "Hz",
        "... or within the width of the line, up to half of the widest one of a leg, 1.5 Hz",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )
    shape_doubt: float = calibrated(
        0.04,
        "1",
        "what the shape of a line that is no Lorentzian leaves open of its centre, over its width: "
        "noise filtered to a band has its fitted centre off by 0.02-0.07",
        source=JUDGEMENT,
    )
    width_doubt: float = calibrated(
        0.15,
        "1",
        "... and of the logarithm of its width: a flat top seems wider by 0.1-0.2",
        source=JUDGEMENT,
    )
    most_spread: float = calibrated(
        2.0,
        "1",
        "ratio of the limits of the RMS, over that of the windows near the line, up to which one "
        "of several lines keeps its own",
        source=JUDGEMENT,
    )
    stands_out: float = calibrated(
        2.0,
        "1",
        "height of a line over floor and other lines from which it is there in a segment",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsCalibration:
    """When tremors of different frequencies follow each other."""

    least_windows: int = calibrated(
        6, "1", "windows with tremor below which an order is chance", source=JUDGEMENT
    )
    most_changes: float = calibrated(
        0.3,
        "1",
        "changes from one tremor to another over those by chance: up to 0.17 where each lasts 20 s "
        "and more, 0.44 and more where both are there at once",
        source="measured: tests/analysis/test_turns.py",
    )
    least_share: float = calibrated(
        0.1,
        "1",
        "share of the windows from which another frequency is another tremor: less is what heart "
        "and fidgets leave",
        source=JUDGEMENT,
    )
    least_scatters: float = calibrated(
        5.0,
        "1",
        "distance of two frequencies over the scatter of the windows about them: 3.5 for a "
        "frequency that drifts evenly",
        source="derived: the halves of a uniform distribution, with room for noise",
    )


FIT_CHECK: Final = FitCheckCalibration()
TURNS: Final = TurnsCalibration()
