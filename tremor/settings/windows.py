"""Settings that decide the verdict of a window.

How its scores are measured is in `scores`; what needs the windows before and after is in
`sessions`, the line estimate in `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tremor.settings.declaration import DETECTION_BENCH, JUDGEMENT, setting

__all__ = ["WindowSettings"]


@dataclass(frozen=True, kw_only=True)
class WindowSettings:
    """Settings of single windows, each with unit, reason, source and limits."""

    band_low_hz: float = setting(
        3.0,
        "Hz",
        "leg tremor after exercise lies at 3-15 Hz; below, sway and gait dominate",
        source="Pozos, Iaizzo and Petry (1982), J. Appl. Physiol. 52, 226-230 (calf: 4-9 Hz); "
        "Agarwal and Gottlieb (1977), J. Physiol. 268, 151-176, "
        "doi:10.1113/jphysiol.1977.sp011852 (ankle resonance: 3-8 Hz)",
        low=1.0,
        high=30.0,
    )
    band_high_hz: float = setting(
        15.0,
        "Hz",
        "leg tremor after exercise lies at 3-15 Hz; orthostatic tremor is faster, but occurs "
        "only in standing",
        source="Lippold (1981), The tremor in fatigue, doi:10.1002/9780470715420.ch14 (all of "
        "1-15 Hz rises); orthostatic tremor, 13-18 Hz: Rigby, Rigby and Caviness (2015), "
        "doi:10.5334/tohm.238",
        low=4.0,
        high=60.0,
    )
    window_s: float = setting(
        4.0,
        "s",
        "short enough to locate tremor in time, long enough to resolve a line 0.25-1.5 Hz wide",
        source="measured: tests/bench/accuracy.py and tests/bench/detection.py, windows of 4 "
        "and 10 s",
        low=2.0,
        high=60.0,
    )
    step_s: float = setting(
        2.0,
        "s",
        "half a window: every moment lies well inside some window",
        source=JUDGEMENT,
        low=0.5,
        high=60.0,
    )
    least_rms_ms2: float = setting(
        0.03,
        "m/s^2",
        "a resting leg shows 0.008-0.015 in 3-15 Hz; less than twice that cannot be "
        "distinguished from it",
        source="measured: phone resting on a leg, left and right, eleven windows of 4 s (pdkit "
        "test data 2458)",
        low=0.0,
        high=10.0,
    )
    least_peak_fraction: float = setting(
        0.42,
        "1",
        "share of 2.5-16 Hz power within 0.75 Hz of the peak: 0.5 for a line 1.5 Hz wide, 0.1 "
        "for a flat spectrum",
        source=DETECTION_BENCH,
        low=0.0,
        high=1.0,
    )
    least_peak_over_floor: float = setting(
        8.0,
        "1",
        "smoothed peak over the median PSD of the band: a flat spectrum reaches 3-5 by chance",
        source=DETECTION_BENCH,
        low=1.0,
        high=1000.0,
    )
    interior_margin_hz: float = setting(
        0.3,
        "Hz",
        "a maximum at an edge of the band is the flank of something slower or faster",
        source=DETECTION_BENCH,
        low=0.0,
        high=3.0,
    )
    least_valley_ratio: float = setting(
        3.0,
        "1",
        "peak over the lowest PSD between 1.5 Hz and the peak: gait and sway fall off towards "
        "the peak without a valley",
        source=DETECTION_BENCH,
        low=1.0,
        high=1000.0,
    )
    most_low_rms_ms2: float = setting(
        0.3,
        "m/s^2",
        "RMS in 0.5-3 Hz; a seated leg stays below 0.1, a foot put down reaches 0.4, slow walking "
        "starts near 1",
        source=DETECTION_BENCH,
        low=0.01,
        high=100.0,
    )
    most_low_share: float = setting(
        0.2,
        "1",
        "RMS in 0.5-3 Hz over that in the band, if both are strong: the flank of a line at 8 "
        "Hz, 1.5 Hz wide, reaches 0.17; stamping starts at 0.15, gait at 0.5",
        source=DETECTION_BENCH,
        low=0.0,
        high=10.0,
    )
    most_low_rms_at_all_ms2: float = setting(
        1.0,
        "m/s^2",
        "RMS in 0.5-3 Hz above which a window is moving however strong the tremor: that is gait",
        source=DETECTION_BENCH,
        low=0.01,
        high=100.0,
    )
    most_gait_comb: float = setting(
        0.8,
        "1",
        "decades between teeth and gaps of a comb of stride harmonics, each at most 1: "
        "walking and running score 0.8-1.0, tremor below 0.8 in 99 of 100 windows",
        source=DETECTION_BENCH,
        low=0.1,
        high=1.0,
    )
    most_strong_comb: float = setting(
        0.62,
        "1",
        "the same for strong shaking: deliberate stamping scores 0.64-1.0",
        source=DETECTION_BENCH,
        low=0.1,
        high=1.0,
    )
    strong_rms_ms2: float = setting(
        1.2,
        "m/s^2",
        "visible tremor after a run has 0.1-1; above, deliberate movement is more likely",
        source=JUDGEMENT,
        low=0.1,
        high=100.0,
    )
    blank_over_median: float = setting(
        4.0,
        "1",
        "norm over 0.1 s as a multiple of its median, above which it is an impact; the "
        "envelope of tremor stays below 3.5",
        source=DETECTION_BENCH,
        low=2.0,
        high=100.0,
    )
    most_blanked_share: float = setting(
        0.3,
        "1",
        "share of a window that may be left out; the rest still holds two thirds of the "
        "information",
        source=JUDGEMENT,
        low=0.0,
        high=1.0,
    )
    most_half_disagreement_hz: float = setting(
        1.0,
        "Hz",
        "distance between the peak of the window and that of its better half; half a window "
        "resolves 0.75 Hz",
        source=DETECTION_BENCH,
        low=0.1,
        high=10.0,
    )
    most_quiet_share: float = setting(
        0.35,
        "1",
        "share of 4 s in which the line is below a tenth of its mean power: 99.7 of 100 "
        "windows of tremor have less (0.095 on average, with a scatter that falls with the "
        "root of the length), a quarter of the movements that resemble a line have more",
        source=DETECTION_BENCH,
        low=0.1,
        high=1.0,
    )
    most_slow_correlation: float = setting(
        0.6,
        "1",
        "correlation between the envelopes of the line and of movement at 0.5-2.5 Hz: 0 on "
        "average for tremor, 0.8 for a movement of several seconds that reaches into the band",
        source=DETECTION_BENCH,
        low=0.0,
        high=1.0,
    )
    least_beside_share: float = setting(
        0.4,
        "1",
        "RMS in 0.5-3 Hz over that in the band from which the two envelopes are correlated: "
        "tremor of a leg at rest has 0.06-0.33, movements that resemble a line 0.5-2",
        source=DETECTION_BENCH,
        low=0.0,
        high=10.0,
    )
    most_heartbeat_score: float = setting(
        0.51,
        "1",
        "autocorrelation of the excitation of the line at the interval of a heartbeat, plus "
        "its log kurtosis, for 4 s (the limit falls with the root of the length, and for "
        "several windows): 1 % of tremor windows score more, 20 % of ringing windows that "
        "pass every other test score less",
        source=DETECTION_BENCH,
        low=0.0,
        high=2.0,
    )
    most_ringing_rms_ms2: float = setting(
        0.4,
        "m/s^2",
        "what the heart can excite: a resting leg shows 0.01, a relaxed calf after a run up "
        "to 0.3; stronger shaking is not the heart's",
        source=JUDGEMENT,
        low=0.0,
        high=100.0,
    )
    most_missing_share: float = setting(
        0.3,
        "1",
        "share of the samples of a window that may be missing; holes longer than the tremor "
        "stays in step are not known, and the rest still holds two thirds of the information",
        source=JUDGEMENT,
        low=0.0,
        high=0.5,
    )
    most_clipped_share: float = setting(
        0.005,
        "1",
        "a clipped sample is not a measurement; a sine clipped for 0.5 % of the time loses under "
        "0.1 % of its RMS",
        source="derived: loss of RMS of a sine cut off at its crests",
        low=0.0,
        high=1.0,
    )
