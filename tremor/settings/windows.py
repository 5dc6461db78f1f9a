"""Numbers that decide the verdict of a window: its peak, movement, impacts and heartbeat.

What needs the windows before and after is in `sessions`; the line estimate is in `lines`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import DETECTION_BENCH, JUDGEMENT, calibrated, setting

__all__ = [
    "ENVELOPE",
    "GAIT_COMB",
    "HEARTBEAT",
    "IMPACTS",
    "PEAK",
    "EnvelopeCalibration",
    "GaitCombCalibration",
    "HeartbeatCalibration",
    "ImpactCalibration",
    "PeakCalibration",
    "WindowSettings",
]


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
    most_clipped_share: float = setting(
        0.005,
        "1",
        "a clipped sample is not a measurement; a sine clipped for 0.5 % of the time loses under "
        "0.1 % of its RMS",
        source="derived: loss of RMS of a sine cut off at its crests",
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakCalibration:
    """How the spectrum of a window is described: slow movement, band, peak."""

    least_window_s: float = calibrated(
        2.0,
        "s",
        "shortest window: six periods of 3 Hz, bins of 0.5 Hz; the lower limit of window_s, too",
        source=DETECTION_BENCH,
    )
    half_width_hz: float = calibrated(
        0.75,
        "Hz",
        "what counts as the peak: half of the widest line of a leg tremor, 1.5 Hz",
        source="Rigby, Rigby and Caviness (2015), doi:10.5334/tohm.238, table 1 (below 10 Hz)",
    )
    smoothing_hz: float = calibrated(
        0.75,
        "Hz",
        "width of the running mean before the peak is searched: single periodograms are spiky",
        source=DETECTION_BENCH,
    )
    share_low_factor: float = calibrated(
        5.0 / 6.0,
        "1",
        "lower edge of the band that the peak's share refers to, over that of the search: "
        "2.5 Hz for 3 Hz",
        source=DETECTION_BENCH,
    )
    share_high_factor: float = calibrated(
        16.0 / 15.0,
        "1",
        "upper edge of that band, over that of the search: 16 Hz for 15 Hz",
        source=DETECTION_BENCH,
    )
    low_band_hz: tuple[float, float] = calibrated(
        (0.5, 3.0),
        "Hz",
        "band of slow movement: strides and sway, above the drift of tilt, below the search band",
        source=DETECTION_BENCH,
    )
    valley_low_hz: float = calibrated(
        1.5, "Hz", "from here to the peak the valley is searched", source=DETECTION_BENCH
    )
    examined_share_of_gate: float = calibrated(
        0.5,
        "1",
        "RMS over the gate from which a window is examined although it is too weak: it may hold "
        "a heartbeat or the end of an episode; below, only its level is kept",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GaitCombCalibration:
    """How a comb of stride harmonics is searched in a spectrum."""

    rates_hz: tuple[float, float] = calibrated(
        (0.45, 5.2),
        "Hz",
        "stride and step rates from a slow stroll to a sprint, and stamping as fast as one can",
        source=DETECTION_BENCH,
    )
    rate_step_hz: float = calibrated(
        0.05,
        "Hz",
        "grid of the rates: the eighth tooth moves by 0.4 Hz, less than two bins of 4 s",
        source="derived: bin width of the default window",
    )
    least_periods: float = calibrated(
        3.0,
        "1",
        "periods of the lowest rate in a window: with fewer, a slope looks like a comb",
        source=DETECTION_BENCH,
    )
    teeth: int = calibrated(
        8,
        "1",
        "harmonics that are compared with the gaps between them, the first being the rate itself",
        source=DETECTION_BENCH,
    )
    least_teeth: int = calibrated(
        5,
        "1",
        "harmonics below the Nyquist frequency: four make a comb by chance",
        source=DETECTION_BENCH,
    )
    most_decades: float = calibrated(
        1.0,
        "1",
        "limit of log10(tooth over gap) of one tooth: a single strong line is not a comb",
        source=DETECTION_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactCalibration:
    """How impacts are found and faded out."""

    norm_s: float = calibrated(
        0.1,
        "s",
        "averaging time of the norm: heel strikes and knocks are shorter",
        source=DETECTION_BENCH,
    )
    fade_s: float = calibrated(
        0.2,
        "s",
        "raised cosine on each side of an impact: as long as soft tissue rings after it",
        source=DETECTION_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeCalibration:
    """How the envelope of a line is taken, and when the line counts as absent."""

    rate_hz: float = calibrated(
        25.0,
        "Hz",
        "sampling rate of envelopes, whatever that of the samples: twice the widest line band",
        source="derived: 2 x (6 + 6) Hz, rounded up",
    )
    edge_s: float = calibrated(
        0.2,
        "s",
        "cut off at each end of an analytic signal, which rings there",
        source=DETECTION_BENCH,
    )
    line_half_width_hz: float = calibrated(
        1.5,
        "Hz",
        "what lies this near to the peak is the line: twice the half-power width of most tremor",
        source=DETECTION_BENCH,
    )
    slow_band_hz: tuple[float, float] = calibrated(
        (0.5, 2.5),
        "Hz",
        "movement whose envelope is compared with that of the line, clear of the search band",
        source=DETECTION_BENCH,
    )
    quiet_power_share: float = calibrated(
        0.1,
        "1",
        "power over its mean below which a line counts as absent",
        source=DETECTION_BENCH,
    )
    quiet_by_chance: float = calibrated(
        0.095,
        "1",
        "share of the time for which the power of a Gaussian process is below that: 1 - exp(-0.1)",
        source="derived: exponential distribution of the power",
    )
    reference_s: float = calibrated(
        4.0,
        "s",
        "length of the windows for which most_quiet_share and most_heartbeat_score are set",
        source=DETECTION_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatCalibration:
    """How the ringing of a muscle with the heart is distinguished from tremor."""

    interval_s: tuple[float, float] = calibrated(
        (0.3, 1.4),
        "s",
        "intervals between heartbeats: 43 to 200 a minute",
        source=JUDGEMENT,
    )
    most_lag_share: float = calibrated(
        0.5,
        "1",
        "longest lag over the window: beyond, an autocorrelation has too few products",
        source=JUDGEMENT,
    )
    line_half_width_hz: float = calibrated(
        6.0,
        "Hz",
        "the line is followed this far on either side of its peak: an impulse rises within 0.1 s",
        source=DETECTION_BENCH,
    )
    line_fade_hz: float = calibrated(
        1.0, "Hz", "raised cosine at both ends of that band", source=DETECTION_BENCH
    )
    direction_half_width_hz: float = calibrated(
        1.5,
        "Hz",
        "the direction of the line is that of what lies this near to its peak",
        source=DETECTION_BENCH,
    )
    prediction_lag_s: float = calibrated(
        0.12,
        "s",
        "the line is predicted from this long before; the residual is its excitation",
        source=DETECTION_BENCH,
    )
    normalisation_s: float = calibrated(
        3.0,
        "s",
        "excitation is taken relative to its running mean over this time: a few heartbeats, and "
        "less than waxing and waning takes",
        source=DETECTION_BENCH,
    )
    kurtosis_weight: float = calibrated(
        0.5,
        "1",
        "weight of the log kurtosis beside the autocorrelation: a logistic regression of ringing "
        "against tremor gives 0.54-0.66 for windows of 4-10 s",
        source=DETECTION_BENCH,
    )
    variation: tuple[float, float] = calibrated(
        (0.08, 0.16),
        "1",
        "coefficient of variation of the envelope from which, and above which fully, the score "
        "counts: ringing has 0.32 or more, tremor 0.29-0.65, a steady tone less than 0.05",
        source=DETECTION_BENCH,
    )
    most_of_one_mark: float = calibrated(
        1.0,
        "1",
        "limit of each of the two parts of the score: neither decides alone beyond it",
        source=DETECTION_BENCH,
    )
    share_of_many: float = calibrated(
        0.6,
        "1",
        "limit of the median of many windows over that of one window, approached as n^-0.7",
        source=DETECTION_BENCH,
    )


PEAK: Final = PeakCalibration()
GAIT_COMB: Final = GaitCombCalibration()
IMPACTS: Final = ImpactCalibration()
ENVELOPE: Final = EnvelopeCalibration()
HEARTBEAT: Final = HeartbeatCalibration()
