"""Numbers that decide what windows in a row mean: settling, episodes, rests, cautions, streams.

Single windows are in `windows`, the recovery over a rest is in `recoveries`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import DETECTION_BENCH, JUDGEMENT, calibrated, setting

__all__ = [
    "CAUTIONS",
    "DRIFT",
    "EPISODES",
    "PRESENCE",
    "STREAM",
    "CautionCalibration",
    "DriftCalibration",
    "EpisodeCalibration",
    "EpisodeSettings",
    "PresenceCalibration",
    "StreamCalibration",
]

_CAUTION_TESTS: Final = "measured: tests/analysis/test_cautions.py, machines, seats, tremor"


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
    tremor_onset_s: float = setting(
        1200.0,
        "s",
        "mean time on a leg without tremor until one begins: what a fidget that looks like tremor "
        "must be weighed against; the shorter, the more is found and the more is false",
        source=JUDGEMENT,
        low=10.0,
        high=100_000.0,
    )
    gate_over_still: float = setting(
        2.0,
        "1",
        "RMS of an episode over that of the recording's own weak windows, its still floor",
        source=JUDGEMENT,
        low=1.0,
        high=100.0,
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
    """What makes an episode, and how a run of heartbeats is recognised."""

    heartbeat_windows: int = calibrated(
        5,
        "1",
        "windows, the present one included, whose median heartbeat score judges the present one",
        source=DETECTION_BENCH,
    )
    heartbeat_most_lines: float = calibrated(
        0.5,
        "1",
        "share of similar windows that are lines by themselves above which an episode is more than "
        "the heart, whatever their median score: of 1400 hearts alone 12 came so far, with 0.27 to "
        "0.5, a tremor beside a heart has 0.45-0.8",
        source=JUDGEMENT,
    )
    heartbeat_least: int = calibrated(
        10,
        "1",
        "... of at least so many windows: of a few, three in four may pass by chance",
        source=JUDGEMENT,
    )
    alike_share: float = calibrated(
        0.5,
        "1",
        "RMS over that of another window below which the two hold different processes",
        source=JUDGEMENT,
    )
    around_s: float = calibrated(
        10.0,
        "s",
        "windows of a heart this long before and after an episode are judged with it",
        source=JUDGEMENT,
    )
    stay_share: float = calibrated(
        0.5,
        "1",
        "hysteresis: a window belongs to a tremor if it reaches this share of the thresholds",
        source=JUDGEMENT,
    )
    stay_hz: float = calibrated(
        1.5,
        "Hz",
        "hysteresis: and if its peak lies this near to the frequency of the tremor",
        source=JUDGEMENT,
    )
    least_probability: float = calibrated(
        0.7,
        "1",
        "probability of tremor that an episode reaches at some time: two fidgets of one frequency "
        "by chance reach 0.66, 59 of 60 records of bursts of 3 s in 10 s reach 0.9",
        source=JUDGEMENT,
    )
    part_hz: float = calibrated(
        1.25,
        "Hz",
        "change of the frequency from one window to the next that parts an episode: more than the "
        "wander of one tremor within seconds, and a step and a half of the model's grid",
        source=JUDGEMENT,
    )
    unsure_share: float = calibrated(
        0.33,
        "1",
        "share of the judged windows that look like tremor, from which their absence cannot be "
        "claimed, although they are too few for an episode",
        source=JUDGEMENT,
    )
    longest_pause_s: float = calibrated(
        30.0,
        "s",
        "rest after which a tremor that comes back is another episode, and time at another "
        "frequency after which it is: the longest correlation of waxing and waning",
        source=JUDGEMENT,
    )
    lines_apart_hz: float = calibrated(
        1.0,
        "Hz",
        "difference of frequencies, their errors aside, beyond which episodes are different "
        "tremors: one tremor wanders less within a session",
        source=JUDGEMENT,
    )
    at_once_share: float = calibrated(
        0.15,
        "1",
        "share of the windows whose peak is at the other one of two frequencies, from which the "
        "two are there at once and do not follow each other",
        source=DETECTION_BENCH,
    )
    gone_share: float = calibrated(
        0.1,
        "1",
        "share of the windows of an episode that are at rest, from which it is no heart: a heart "
        "does not stop for seconds",
        source=JUDGEMENT,
    )
    settles_s: float = calibrated(
        120.0,
        "s",
        "time after which later windows hardly change what was found: several pauses long",
        source=DETECTION_BENCH,
    )
    least_for_floor: int = calibrated(
        5,
        "1",
        "weak windows below which the still floor of a recording is not known",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceCalibration:
    """Rates and likelihoods of the hidden Markov model for presence.

    Likelihoods are those of the kinds of windows, in this order: line, burst (a line that fills a
    part), unclear (movement in the band without a clear line), edge, event, weak, heartbeat,
    impact, raised (unclear, next to windows at rest). Those of other windows are 1: they tell
    nothing.
    """

    grid_hz: float = calibrated(
        0.5,
        "Hz",
        "step of the frequencies of the model: about the scatter of the peak of one window",
        source=JUDGEMENT,
    )
    at_start: float = calibrated(
        0.1,
        "1",
        "probability of tremor at the start: captures are made where there is some",
        source=JUDGEMENT,
    )
    end_s: float = calibrated(
        300.0,
        "s",
        "mean time until a tremor ends for good: the fast part of recovery takes minutes",
        source=JUDGEMENT,
    )
    pause_s: float = calibrated(
        12.0,
        "s",
        "mean time until a tremor pauses: between bursts of some seconds and tremor that lasts",
        source=JUDGEMENT,
    )
    resume_s: float = calibrated(
        10.0,
        "s",
        "mean pause of a tremor that comes back; waxing and waning is correlated over 10-30 s",
        source=JUDGEMENT,
    )
    end_of_pause_s: float = calibrated(
        60.0,
        "s",
        "mean time until what pauses has ended for good, its frequency forgotten",
        source=JUDGEMENT,
    )
    jump_s: float = calibrated(
        600.0,
        "s",
        "mean time until a tremor changes to any other frequency, as by another muscle or posture",
        source=JUDGEMENT,
    )
    wander_hz2_per_s: float = calibrated(
        0.002,
        "Hz^2/s",
        "diffusion of the frequency of a tremor: 0.35 Hz within a minute, 0.8 Hz within five",
        source=JUDGEMENT,
    )
    event_every_s: float = calibrated(
        40.0,
        "s",
        "mean time between short movements that may look like tremor, on a restless leg",
        source=JUDGEMENT,
    )
    event_lasts_s: float = calibrated(
        4.0,
        "s",
        "mean duration of such a movement, and of the windows that it reaches into",
        source=JUDGEMENT,
    )
    event_scale_hz: float = calibrated(
        1.5,
        "Hz",
        "scale on which such movements become rarer above the lower edge of the band",
        source=JUDGEMENT,
    )
    event_low_share: float = calibrated(
        0.5,
        "1",
        "share of such movements that are so slow; the others have any frequency of the band",
        source=JUDGEMENT,
    )
    least_sd_hz: float = calibrated(
        0.4,
        "Hz",
        "least error of the frequency of a window: a tremor 1 Hz wide scatters so over 4 s",
        source=JUDGEMENT,
    )
    most_sd_hz: float = calibrated(
        0.8,
        "Hz",
        "largest error: a fit that is less sure than that has found no line",
        source=JUDGEMENT,
    )
    other_peak_share: float = calibrated(
        0.1,
        "1",
        "share of the windows of a tremor whose highest peak is that of something else",
        source=JUDGEMENT,
    )
    rise: float = calibrated(
        4.0,
        "1",
        "RMS over that of windows at rest nearby that no heart and no steady vibration reaches: "
        "they do not stop",
        source=JUDGEMENT,
    )
    rise_windows: int = calibrated(
        3,
        "1",
        "windows on either side that count as nearby",
        source=JUDGEMENT,
    )
    least_bursts: int = calibrated(
        3,
        "1",
        "bursts of a tremor that is called intermittent; two may be one that was interrupted",
        source=JUDGEMENT,
    )
    most_duty_cycle: float = calibrated(
        0.75,
        "1",
        "share of the time that the bursts of an intermittent tremor fill at most; more is waning",
        source=JUDGEMENT,
    )
    edge_s: float = calibrated(
        0.3,
        "s",
        "a burst seems longer by this at either end, since its strength is followed within 1.5 Hz "
        "of its peak: 0.26-0.37 s for noise with sharp and soft edges",
        source="measured: tests/analysis/test_presence.py",
    )
    of_tremor: tuple[float, ...] = calibrated(
        (0.75, 0.12, 0.10, 0.005, 0.03, 0.01, 0.02, 0.02, 0.10),
        "1",
        "share of the kinds of windows while a tremor is there",
        source=DETECTION_BENCH,
    )
    of_event: tuple[float, ...] = calibrated(
        (0.10, 0.25, 0.20, 0.05, 0.10, 0.05, 0.05, 0.20, 0.35),
        "1",
        "share of the kinds of windows while something short moves the leg",
        source=DETECTION_BENCH,
    )
    without_tremor: tuple[float, ...] = calibrated(
        (0.01, 0.003, 0.15, 0.05, 0.05, 0.70, 0.10, 0.06, 0.01),
        "1",
        "share of the kinds of windows on a leg without tremor",
        source=DETECTION_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCalibration:
    """When the frequency of an episode is said to drift."""

    least_windows: int = calibrated(
        10,
        "1",
        "windows of the episode below which a slope is not sure",
        source=JUDGEMENT,
    )
    least_s: float = calibrated(
        30.0,
        "s",
        "duration below which a change is the wander of any tremor",
        source=JUDGEMENT,
    )
    least_hz: float = calibrated(
        0.5,
        "Hz",
        "smallest change that is told: within a session a tremor wanders by less",
        source=JUDGEMENT,
    )
    full_hz: float = calibrated(
        1.0,
        "Hz",
        "change from which the frequency and the width of the whole say nothing of any moment: "
        "as wide as a line",
        source=JUDGEMENT,
    )
    least_errors: float = calibrated(
        4.0,
        "1",
        "slope over its standard error: 1 in 10 000 by chance if the residuals are Gaussian",
        source="derived: Gaussian distribution, with room for what the correlation misses",
    )
    scatter_hz: float = calibrated(
        0.1,
        "Hz",
        "scatter of a tremor from window to window, in addition to the error of its fit",
        source=JUDGEMENT,
    )
    most_correlation: float = calibrated(
        0.95,
        "1",
        "largest correlation of neighbouring windows that is reckoned with",
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
    even_share: tuple[float, float] = calibrated(
        (0.97, 0.993),
        "1",
        "median share of the line, in windows of 4 s, that one even swing explains: a caution "
        "from the first, a full one from the second. Motors have 0.989 or more, with jitter, ramps "
        "and aliases; tremor 0.25-1.5 Hz wide 0.4-0.87, cycles of steady size 0.05-0.3 Hz wide up "
        "to 0.96, 0.02 Hz wide 0.975-0.99",
        source=_CAUTION_TESTS,
    )
    sure_strength: float = calibrated(
        0.75,
        "1",
        "strength from which it is said to be like a machine, and below that it may be one: a "
        "muscle that swings in a cycle is as even",
        source=JUDGEMENT,
    )
    least_even_windows: int = calibrated(
        3, "1", "windows whose median is told: an episode of 8 s has three", source=JUDGEMENT
    )
    hand_share: tuple[float, float] = calibrated(
        (0.94, 0.99),
        "1",
        "the same for a leg that is bounced at will, whose tempo wanders: 0.95-0.985; a cycle of "
        "steady size 0.1-0.3 Hz wide has less",
        source=_CAUTION_TESTS,
    )
    surely_hand_share: float = calibrated(
        0.965,
        "1",
        "... from which it is plainly so if the size changes, however small it is",
        source=JUDGEMENT,
    )
    least_size_scatter: float = calibrated(
        0.05,
        "1",
        "scatter of the strength of the windows over its mean: 0.07-0.3 for legs bounced at will, "
        "below 0.03 for a cycle of steady size",
        source=JUDGEMENT,
    )
    bounce_hz: float = calibrated(8.0, "Hz", "nobody bounces a leg faster", source=JUDGEMENT)
    bounce_mm: tuple[float, float] = calibrated(
        (0.5, 5.0),
        "mm",
        "displacement, peak to peak, of a leg that is bounced gently, and plainly",
        source=JUDGEMENT,
    )
    model_strength: float = calibrated(
        0.5,
        "1",
        "strength of the caution on a model that does not hold: the numbers are near, their "
        "intervals too narrow",
        source=JUDGEMENT,
    )
    coarse_steps: float = calibrated(
        1.0,
        "1",
        "step of the converter over the RMS of the tremor above which its noise is no noise: "
        "of a line of half a step only the crests are counted",
        source=JUDGEMENT,
    )
    missing_share: float = calibrated(
        0.1,
        "1",
        "share of the samples missing that is worth a word: the model holds to 5 %",
        source=JUDGEMENT,
    )
    heart_windows: int = calibrated(
        6, "1", "windows of tremor whose mean shows the beats of a heart", source=JUDGEMENT
    )
    heart_periodicity: float = calibrated(
        0.55,
        "1",
        "periodicity across the tremor from which it is the heart's: 0.7-1.6 with a heart, noise "
        "under 0.4",
        source=_CAUTION_TESTS,
    )
    heart_ratio: float = calibrated(
        0.25,
        "1",
        "RMS of the heart over that of the tremor from which it disturbs: it adds 3 % to the RMS",
        source="derived: root of 1 + 0.25^2",
    )
    heart_pull_hz: float = calibrated(
        0.4,
        "Hz",
        "pull on the frequency over the ratio of the powers: the heart rings at 5-12 Hz, and a "
        "line near to it is drawn towards it",
        source=_CAUTION_TESTS,
    )
    vehicle_ratio: tuple[float, float] = calibrated(
        (0.4, 1.2),
        "1",
        "RMS in 0.5-3 Hz over that in the band, from which a seat shakes, for shaking that is "
        "broad in the band and for a hump: a body on its springs sways at 1-2 Hz. Seats of trains "
        "and cars have 1.3-2.7, tremor of a leg at rest 0.06-0.33",
        source=_CAUTION_TESTS,
    )
    vehicle_fraction: tuple[float, float] = calibrated(
        (0.3, 0.42),
        "1",
        "share of the peak in the band that goes with each; a hand held out has 0.42, beside "
        "0.8 of slow sway",
        source="measured: hand held out (pdkit test data 2458)",
    )
    vehicle_low_ms2: tuple[float, float] = calibrated(
        (0.04, 1.0),
        "m/s^2",
        "RMS in 0.5-3 Hz between that of a leg at rest and that of walking",
        source=JUDGEMENT,
    )
    vehicle_pause: float = calibrated(
        0.3,
        "1",
        "level of the quietest tenth over the median one: a vehicle never pauses, a leg that "
        "moves does",
        source=JUDGEMENT,
    )
    vehicle_windows: int = calibrated(
        8, "1", "windows that show whether it pauses", source=JUDGEMENT
    )
    shaken_ms2: float = calibrated(
        0.1, "m/s^2", "RMS in the band from which broad shaking is no heartbeat", source=JUDGEMENT
    )
    shaken_over_noise: float = calibrated(
        3.0, "1", "... and that over the RMS above the band: white noise has 0.7", source=JUDGEMENT
    )
    shaken_fraction: float = calibrated(
        0.45,
        "1",
        "share of the peak in the band up to which it is broad: one tremor has 0.7-1, two at once "
        "0.55-0.75, seats 0.27-0.46",
        source=_CAUTION_TESTS,
    )
    shaken_polarisation: float = calibrated(
        0.8,
        "1",
        "share of one direction up to which it is in several: a tremor has 0.95-1, seats 0.5-0.9",
        source=_CAUTION_TESTS,
    )
    shaken_judged: float = calibrated(
        0.15, "1", "least share of the windows that are judged", source=JUDGEMENT
    )
    shaken_strength: float = calibrated(
        0.6, "1", "strength of the caution on it, which a slow sway would raise", source=JUDGEMENT
    )
    rocking_ratio: float = calibrated(
        3.0,
        "1",
        "RMS in 0.5-3 Hz over that in the band, above which slow shaking that is a line is "
        "rocking and no vehicle",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCalibration:
    """When the windows of a stream change their length."""

    most_rate_change: float = calibrated(
        0.02,
        "1",
        "windows keep their number of samples until the rate is off by more than this share",
        source=JUDGEMENT,
    )


EPISODES: Final = EpisodeCalibration()
PRESENCE: Final = PresenceCalibration()
DRIFT: Final = DriftCalibration()
CAUTIONS: Final = CautionCalibration()
STREAM: Final = StreamCalibration()
