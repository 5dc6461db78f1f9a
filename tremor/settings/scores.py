"""How the scores of a window are measured: its peak, gait, impacts, envelope and heartbeat.

The limits of the scores are in `windows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import DETECTION_BENCH, JUDGEMENT, calibrated

__all__ = [
    "ENVELOPE",
    "GAIT_COMB",
    "HARMONICS",
    "HEARTBEAT",
    "IMPACTS",
    "PEAK",
    "EnvelopeCalibration",
    "GaitCombCalibration",
    "HarmonicsCalibration",
    "HeartbeatCalibration",
    "ImpactCalibration",
    "PeakCalibration",
]


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
class HarmonicsCalibration:
    """When two peaks of a spectrum are a line and its second harmonic."""

    half_width_hz: float = calibrated(
        0.5,
        "Hz",
        "the PSD is averaged this far around both peaks and in the gap between them",
        source=JUDGEMENT,
    )
    search_hz: float = calibrated(
        1.0,
        "Hz",
        "the peak at half or twice the strongest one is searched this far around it",
        source=JUDGEMENT,
    )
    tolerance_hz: float = calibrated(
        0.4,
        "Hz",
        "... and must be this near to half of it, or twice so to twice it: 4 s resolve 0.25 Hz, "
        "and 5 and 9 Hz are 0.5 Hz off",
        source="derived: bin width of the default window",
    )
    least_share: float = calibrated(
        0.08,
        "1",
        "mean PSD of the weaker peak over that of the stronger one",
        source=JUDGEMENT,
    )
    least_over_gap: float = calibrated(
        4.0,
        "1",
        "mean PSD of either peak over that of the gap: chance reaches 3 in narrow gaps",
        source=JUDGEMENT,
    )
    least_over_median: float = calibrated(
        3.5,
        "1",
        "mean PSD of the weaker peak over the median of the band: of single lines in 4 s at 0 dB, "
        "0.08 % have a false fundamental without it and 0.007 % with it; it costs 1-3 % of true "
        "ones at 10 dB",
        source=JUDGEMENT,
    )
    most_slow_share: float = calibrated(
        0.25,
        "1",
        "RMS in 0.5-3 Hz over that in the band up to which a line with a second harmonic is no "
        "comb of strides: the flank of a line at 3.7 Hz reaches 0.25, gait starts at 0.5",
        source=DETECTION_BENCH,
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
    flank_share: float = calibrated(
        0.62,
        "1",
        "frequency over that of the peak below which a fundamental of stride or step is searched: "
        "above the half of it, and below the flank of a line 1.5 Hz wide",
        source=DETECTION_BENCH,
    )
    overtones_from: float = calibrated(
        2.6,
        "1",
        "the same above which overtones are: beyond the second harmonic, which tremor has as well",
        source=DETECTION_BENCH,
    )
    most_subharmonic: float = calibrated(
        0.35,
        "1",
        "highest PSD there over that of the peak: tremor 4-6 Hz and up to 1 Hz wide stays below "
        "0.34 in 98 of 100 windows; gait has 0.7 or more, running 0.2",
        source=DETECTION_BENCH,
    )
    least_reach: float = calibrated(
        3.5,
        "1",
        "highest frequency of the samples over that of the line, from which the lack of overtones "
        "is a sign: at 26 Hz nothing is seen of the strikes of a foot that stamps at 4 Hz",
        source=DETECTION_BENCH,
    )
    most_overtones: float = calibrated(
        0.12,
        "1",
        "power of the overtones over that in the band: tremor stays below 0.09, stamping has 0.12 "
        "or more, running 0.02-0.5",
        source=DETECTION_BENCH,
    )
    most_tremor_ms2: float = calibrated(
        20.0,
        "m/s^2",
        "RMS of a tremor without these signs: three times the strongest clonus; a leg that shakes "
        "with more is moved, or the unit is wrong",
        source=JUDGEMENT,
    )
    most_flank: float = calibrated(
        0.7,
        "1",
        "RMS in 0.5-3 Hz over that in the band that the flank of such a line may have",
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
    least_burst_s: float = calibrated(
        1.0,
        "s",
        "what is faded out for longer is no knock; a line in it may be a burst of tremor",
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
        "limit of the median score of many windows over that of one window",
        source=DETECTION_BENCH,
    )
    limit_exponent: float = calibrated(
        -0.7,
        "1",
        "power of the number of windows with which that limit is approached",
        source=DETECTION_BENCH,
    )


PEAK: Final = PeakCalibration()
HARMONICS: Final = HarmonicsCalibration()
GAIT_COMB: Final = GaitCombCalibration()
IMPACTS: Final = ImpactCalibration()
ENVELOPE: Final = EnvelopeCalibration()
HEARTBEAT: Final = HeartbeatCalibration()
