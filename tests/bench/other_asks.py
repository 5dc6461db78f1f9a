"""What is asked of the scenes of another hand and of the files of known content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from other_judges import (
    REFUSED_AS_MOVEMENT,
    bandwidth_covered,
    both_covered,
    both_told,
    cautioned_or_refused,
    cautions,
    covers,
    doubted,
    found_at,
    frequency_covered,
    growth_told,
    half_life,
    judged,
    measured,
    misfit_told,
    named,
    named_frequency_covered,
    no_caution_and_called,
    no_wider_than_windows,
    number,
    of,
    posture_told,
    raised_fatigue,
    resolution_told,
    rms_covered,
    rms_ratio,
    share_of,
    shares_above_one,
    upper_rms_in_bounds,
    verdict_of_recovery,
    windows_covered,
    within_drift,
)


@dataclass(frozen=True)
class Ask:
    """One line of the table.

    `judge` is one of `other_judges`. With `bias`, the mean is of ratios and its distance from 1 is
    what counts. Where no trial counts, the target is missed, except with `none_is_met`.
    """

    text: str
    judge: Callable
    target: float | None = None
    at_most: bool = False
    bias: bool = False
    none_is_met: bool = False

    def missed(self, value):
        """Whether one trial by itself is a miss."""
        if value is None or self.target is None:
            return False
        if self.bias:
            return abs(value - 1.0) > 4.0 * self.target
        return bool(value) if self.at_most else value < self.target


# --- the table --------------------------------------------------------------------------------

CALLED = "called tremor"
FOUND = Ask("found within 0.3 Hz", found_at, 0.95)
FREQUENCY = Ask("frequency covered", frequency_covered, 0.9)
WINDOWS = Ask("frequency covered by a window, mean share", windows_covered, 0.9)
RMS = Ask("RMS covered", rms_covered, 0.9)
NOT_DOUBTED = Ask("called machine, vehicle or voluntary", of(doubted), 0.05, at_most=True)
NO_WIDER = Ask("RMS interval no wider than its windows say", of(no_wider_than_windows), 0.95)
BANDWIDTH = Ask("bandwidth covered", bandwidth_covered, 0.9)


def shown(ask):
    """The same line without a target."""
    return Ask(ask.text, ask.judge)


OUT_OF_BAND = (
    Ask("named within 0.2 Hz", named, 0.95),
    Ask('said to be "no tremor"', of(lambda d: d["status"] == "no_tremor"), 0.0, at_most=True),
    Ask("frequency covered, where named", named_frequency_covered),
    Ask("fatigue raised by what is measured", of(raised_fatigue), 0.05, at_most=True),
    NOT_DOUBTED,
)
MACHINE = (
    Ask("machine caution", of(lambda d: "machine" in cautions(d)), 0.95),
    Ask("fatigue not raised by what is measured", of(lambda d: not raised_fatigue(d)), 0.95),
    Ask(CALLED, of(measured)),
    shown(NO_WIDER),
)
VEHICLE = (
    Ask("caution or refusal", of(cautioned_or_refused), 0.8),
    Ask("called tremor without a caution", of(no_caution_and_called), 0.2, at_most=True),
    Ask("fatigue raised by what is measured", of(raised_fatigue)),
    Ask(CALLED, of(measured)),
)
TWO = (Ask("intervals that hold the truth, both told", both_covered), NOT_DOUBTED)
HALF_LIFE = (
    Ask("half-life covered", lambda d, s: covers(half_life(d), s.facts["half_life_s"]), 0.9),
    Ask("half-life given", of(lambda d: number(half_life(d)) is not None)),
    Ask('"decays"', of(lambda d: verdict_of_recovery(d) == "decays")),
    Ask(
        "half-life over truth, mean",
        lambda d, s: (number(half_life(d)) or 0.0) / s.facts["half_life_s"] or None,
    ),
    NOT_DOUBTED,
)
BURSTS = (
    FOUND,
    Ask("intermittent", of(lambda d: bool(d["summary"].get("intermittent"))), 0.95),
    shown(FREQUENCY),
    shown(RMS),
    NOT_DOUBTED,
)
BESIDE = (
    Ask("found within 0.3 Hz", found_at, 0.98),
    RMS,
    Ask("bias of RMS", rms_ratio, bias=True),
    shown(FREQUENCY),
)
HOLES = (
    Ask("windows judged, of those without loss", of(judged), 0.95),
    FREQUENCY,
    Ask("bias of RMS", rms_ratio, 0.03, at_most=True, bias=True),
    shown(FOUND),
    Ask("windows refused as gap, mean share", of(lambda d: share_of(d, "gap"))),
    shown(RMS),
    shown(BANDWIDTH),
)

ASKS = {
    "orthostatic": OUT_OF_BAND,
    "orthostatic_25hz": OUT_OF_BAND,
    "slow_shaking": (
        Ask(CALLED, of(measured), 0.05, at_most=True),
        Ask("named within 0.2 Hz", named),
        Ask('said to be "no tremor"', of(lambda d: d["status"] == "no_tremor")),
    ),
    **dict.fromkeys(
        ("fan", "fan_speeds", "washing_steady", "washing_ramp", "loaded_motor", "alias"), MACHINE
    ),
    **dict.fromkeys(("train_seat", "car_seat"), VEHICLE),
    "bouncing_leg": (
        Ask(
            "voluntary caution, or not called tremor",
            of(lambda d: "voluntary" in cautions(d) or not measured(d)),
            0.8,
        ),
        Ask(CALLED, of(measured)),
        Ask("fatigue raised by what is measured", of(raised_fatigue)),
    ),
    "pocket_hump": (Ask(CALLED, of(measured), 0.05, at_most=True),),
    "posture_change": (
        Ask('"decays"', of(lambda d: verdict_of_recovery(d) == "decays"), 0.1, at_most=True),
        Ask("change of posture told", of(posture_told)),
        shown(FREQUENCY),
    ),
    "plain_decay": HALF_LIFE,
    "plateau_then_decay": HALF_LIFE,
    "interrupted_rest": HALF_LIFE,
    "calming_heart": (
        Ask('"decays"', of(lambda d: verdict_of_recovery(d) == "decays"), 0.1, at_most=True),
        shown(FREQUENCY),
    ),
    "growth_after_fading": (
        Ask(
            'growth told, or not "decays"',
            of(lambda d: growth_told(d) or verdict_of_recovery(d) != "decays"),
            0.9,
        ),
        Ask("growth told", of(growth_told)),
    ),
    "one_after_other": (
        Ask("both told within 0.3 Hz", both_told, 0.9),
        Ask('"decays"', of(lambda d: verdict_of_recovery(d) == "decays"), 0.05, at_most=True),
        Ask("shares above the whole time", of(shares_above_one), 0.0, at_most=True),
        *TWO,
    ),
    "two_close": (Ask("both told within 0.3 Hz", both_told, 0.8), *TWO),
    "two_far": (Ask("both told within 0.3 Hz", both_told, 0.9), *TWO),
    "strong_second": (
        Ask("fundamental found within 0.3 Hz", found_at, 0.95),
        FREQUENCY,
        shown(NOT_DOUBTED),
    ),
    "lorentzian_line": (FOUND, FREQUENCY, WINDOWS, BANDWIDTH, RMS, NO_WIDER, NOT_DOUBTED),
    "gaussian_line": (
        Ask("bandwidth covered", bandwidth_covered, 0.85),
        shown(FOUND),
        shown(FREQUENCY),
        shown(RMS),
        NOT_DOUBTED,
    ),
    "resonance_line": (
        shown(FOUND),
        shown(FREQUENCY),
        shown(BANDWIDTH),
        shown(RMS),
        NOT_DOUBTED,
    ),
    "cycle_of_002": (
        FREQUENCY,
        WINDOWS,
        shown(FOUND),
        shown(BANDWIDTH),
        shown(RMS),
        shown(NOT_DOUBTED),
    ),
    **dict.fromkeys(("motor_beside", "strap_beside"), BESIDE),
    "bursts_3_in_10": BURSTS,
    "bursts_6_in_20": BURSTS,
    "gone_in_middle": (
        Ask("upper limit of RMS at most 3 times it", of(upper_rms_in_bounds), 0.95),
        NO_WIDER,
        FOUND,
        shown(FREQUENCY),
        shown(RMS),
    ),
    "drifting": (
        Ask("frequency between the ends of the drift", within_drift, 0.95),
        Ask("said that one line does not hold", of(misfit_told)),
    ),
    "quiet_2h": (Ask("flagged", of(measured), 0.02, at_most=True),),
    "quiet_2h_jiggled": (Ask("flagged", of(measured)),),
    "strong_tremor": (
        FOUND,
        Ask("windows called tremor, mean share", of(lambda d: share_of(d, "tremor")), 0.9),
        Ask(
            "windows refused as movement, mean share",
            of(lambda d: share_of(d, *REFUSED_AS_MOVEMENT)),
        ),
        shown(RMS),
    ),
    "heart_beside": (
        Ask("frequency covered, or no number", frequency_covered, 0.85),
        Ask("RMS covered, or no number", rms_covered, 0.85),
        shown(FOUND),
        shown(BANDWIDTH),
    ),
    "eight_bit": (
        Ask(
            "bias of RMS where not told",
            lambda d, s: None if resolution_told(d) else rms_ratio(d, s),
            0.05,
            at_most=True,
            bias=True,
            none_is_met=True,
        ),
        Ask("coarse resolution told", of(resolution_told)),
        Ask(
            "coarse resolution told, or RMS covered",
            lambda d, s: resolution_told(d) or rms_covered(d, s),
        ),
        Ask("bias of RMS", rms_ratio, bias=True),
        shown(FOUND),
        shown(RMS),
    ),
    **dict.fromkeys(("holes_single", "holes_packets", "holes_80ms", "holes_20ms"), HOLES),
    "holes_none": (shown(HOLES[0]), *HOLES[1:]),
}


# --- files of known content -------------------------------------------------------------------


def line_at(frequency_hz, near_hz=0.1):
    def judge(found):
        told = number(found["summary"].get("frequency_hz")) if found else None
        return told is not None and abs(told - frequency_hz) <= near_hz

    return judge


def is_machine(found):
    return found is not None and "machine" in cautions(found) and not raised_fatigue(found)


def is_gone_in_middle(found):
    rms = found["summary"].get("rms_ms2") if found else None
    return bool(covers(rms, 0.119)) and rms["high"] <= 3.0 * rms["value"]


#: File name to options of `analyze` and to a judge of the document, None where it was refused.
FIELD = {
    "ble_loss_0.05.csv": ({}, line_at(8.0, 0.15)),
    "broad_hump_3.3Hz_0.csv": ({}, lambda d: d is not None and not measured(d)),
    "coarse_text_and_ns.csv": ({}, line_at(7.3)),
    "crash_dead_then_moving.csv": ({}, lambda d: d is None or not measured(d)),
    "gap_1sample_each_3.8s.csv": ({}, line_at(7.3)),
    "gap_none.csv": ({}, line_at(7.3)),
    "gone_in_middle_0.csv": ({}, is_gone_in_middle),
    "left_calf_8Hz.csv": ({"sampling_rate_hz": 100.0}, line_at(7.3)),
    "linear_ms2_read_as_g.csv": ({}, lambda d: d is None or d["recording"]["unit_in"] == "m/s^2"),
    "loss_1pct.csv": ({}, line_at(7.3)),
    "machine_9Hz_clean.csv": ({}, is_machine),
    "machine_two_speeds.csv": ({}, is_machine),
    "run_then_rest_refused_unit.csv": ({}, line_at(8.2)),
    "strong_4.5Hz.csv": ({}, line_at(4.5)),
}
