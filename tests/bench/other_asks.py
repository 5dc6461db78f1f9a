"""What is asked of the scenes of another hand, read from the document of an analysis alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

NEAR_HZ = 0.3
#: Key under which the bench puts the document of the same scene with all its samples.
WITHOUT_LOSS = "without_loss"
REFUSED_AS_MOVEMENT = ("moving", "gait", "settling", "impact")


@dataclass(frozen=True)
class Ask:
    """One line of the table.

    `judge` takes the document and the scene and returns True, False, a share, or None where the
    trial does not count. With `bias`, the mean is of ratios and its distance from 1 is what counts.
    Where no trial counts, the target is missed, except with `none_is_met`.
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


# --- what the document says -------------------------------------------------------------------


def number(estimate):
    return None if not estimate else estimate.get("value")


def covers(estimate, truth):
    """Whether an interval holds the truth; None where there is none."""
    if number(estimate) is None and not (estimate and estimate.get("high") is not None):
        return None
    low, high = estimate.get("low"), estimate.get("high")
    return (low is None or low <= truth) and (high is None or truth <= high)


def cautions(found):
    """Codes of the cautions, lower case; those among the warnings too."""
    codes = {str(one.get("code", "")).lower() for one in found.get("cautions") or ()}
    warned = {one["code"] for one in found["recording"]["warnings"]}
    return codes | ({"machine"} if "MACHINE_LIKE" in warned else set())


def measured(found):
    return found["status"] == "measured"


def beyond(found):
    return number((found.get("beyond_band") or {}).get("frequency_hz"))


def lines(found):
    """Lines of the session; episodes stand for them where the document has none."""
    told = found["summary"].get("lines") or found["episodes"]
    return [one for one in told if number(one.get("frequency_hz")) is not None]


def told_hz(found):
    """Every frequency that is told for the session."""
    told = [number(one["frequency_hz"]) for one in lines(found)]
    told += [number(found["summary"].get("frequency_hz")), beyond(found)]
    return [one for one in told if one is not None]


def raised_fatigue(found):
    """Whether something that is not an answer speaks for muscle fatigue."""
    for one in found["explanations"]:
        if one["id"] == "muscle_fatigue":
            raising = [e for e in one["evidence"] if e["origin"] != "answered" and e["weight"] > 0]
            return bool(raising)
    return False


def verdict_of_recovery(found):
    return (found.get("recovery") or {}).get("verdict")


def half_life(found):
    return (found.get("recovery") or {}).get("half_life_s")


# --- judges -----------------------------------------------------------------------------------


def of(judge):
    """Judge by the document alone."""

    def judge_document(found, scene):
        del scene
        return judge(found)

    return judge_document


def found_at(found, scene, *, near_hz=NEAR_HZ):
    told = number(found["summary"].get("frequency_hz"))
    truth = scene.lines[0].frequency_hz
    return measured(found) and told is not None and abs(told - truth) <= near_hz


def named(found, scene):
    return any(abs(one - scene.lines[0].frequency_hz) <= 0.2 for one in told_hz(found))


def frequency_covered(found, scene):
    return covers(found["summary"].get("frequency_hz"), scene.lines[0].frequency_hz)


def named_frequency_covered(found, scene):
    """Of whatever estimate is nearest, in the band or beyond it."""
    every = [one["frequency_hz"] for one in lines(found)]
    every.append((found.get("beyond_band") or {}).get("frequency_hz"))
    every = [one for one in every if number(one) is not None]
    truth = scene.lines[0].frequency_hz
    return covers(min(every, key=lambda e: abs(e["value"] - truth)), truth) if every else None


def windows_covered(found, scene):
    """Share of the windows of tremor whose frequency interval holds the truth."""
    every = [one.get("frequency_hz") for one in found["windows"] if one["verdict"] == "tremor"]
    hits = [covers(one, scene.lines[0].frequency_hz) for one in every]
    hits = [hit for hit in hits if hit is not None]
    return sum(hits) / len(hits) if hits else None


def no_wider_than_windows(found):
    """Whether the interval of the session's RMS spans no larger ratio than a window's (median)."""
    rms = found["summary"].get("rms_ms2")
    every = [one.get("rms_ms2") for one in found["windows"] if one["verdict"] == "tremor"]
    spans = sorted(one["high"] / max(one["low"], 1e-9) for one in every if number(one) is not None)
    if number(rms) is None or not spans:
        return None
    return rms["high"] / max(rms["low"], 1e-9) <= 1.05 * spans[len(spans) // 2]


def bandwidth_covered(found, scene):
    return covers(found["summary"].get("bandwidth_hz"), scene.lines[0].bandwidth_hz)


def rms_covered(found, scene):
    return covers(found["summary"].get("rms_ms2"), scene.lines[0].rms_ms2)


def rms_ratio(found, scene):
    told = number(found["summary"].get("rms_ms2"))
    return None if told is None or not measured(found) else told / scene.lines[0].rms_ms2


def both_told(found, scene):
    """Each true line has a told one of its own."""
    told = [number(one["frequency_hz"]) for one in lines(found)]
    for line in scene.lines:
        near = [one for one in told if abs(one - line.frequency_hz) <= NEAR_HZ]
        if not near:
            return False
        told.remove(min(near, key=lambda one: abs(one - line.frequency_hz)))
    return True


def both_covered(found, scene):
    """Share of the true lines that the interval of the nearest told line holds."""
    if not both_told(found, scene):
        return None
    hits = []
    for line in scene.lines:
        near = min(lines(found), key=lambda e: abs(e["frequency_hz"]["value"] - line.frequency_hz))
        hits.append(covers(near["frequency_hz"], line.frequency_hz))
    return sum(hits) / len(hits)


def share_of(found, *verdicts):
    every = [one["verdict"] for one in found["windows"]]
    return sum(one in verdicts for one in every) / len(every) if every else 0.0


def judged(found):
    """Share of the windows that are judged, of those that would be without any loss."""
    if WITHOUT_LOSS in found:
        return judged_share(found) / judged_share(found[WITHOUT_LOSS])
    return judged_share(found)


def judged_share(found):
    return share_of(found, "tremor", "no_tremor")


def no_caution_and_called(found):
    return measured(found) and not cautions(found) & {"machine", "vehicle", "voluntary"}


def cautioned_or_refused(found):
    told = cautions(found) & {"machine", "vehicle", "voluntary"}
    return bool(told) or found["status"] == "insufficient"


def upper_rms_in_bounds(found):
    rms = found["summary"].get("rms_ms2")
    return None if number(rms) is None else rms["high"] <= 3.0 * rms["value"]


def resolution_told(found):
    return "resolution" in cautions(found)


def codes_in(part):
    """Codes of all notes in a part of the document."""
    if isinstance(part, dict):
        own = {str(part["code"])} if "code" in part else set()
        return own.union(*(codes_in(one) for one in part.values()))
    return set().union(*(codes_in(one) for one in part)) if isinstance(part, list) else set()


def growth_told(found):
    return any("GREW" in code for code in codes_in(found.get("recovery")))


def posture_told(found):
    codes = codes_in(found.get("recovery"))
    return "posture_change" in cautions(found) or any("POSTURE" in code for code in codes)


def misfit_told(found):
    fit = found["summary"].get("fit") or {}
    return "model" in cautions(found) or fit.get("holds") is False


def within_drift(found, scene):
    told = number(found["summary"].get("frequency_hz"))
    ends = sorted((scene.facts["from_hz"], scene.facts["to_hz"]))
    return measured(found) and told is not None and ends[0] - 0.3 <= told <= ends[1] + 0.3


# --- the table --------------------------------------------------------------------------------

CALLED = "called tremor"
FOUND = Ask("found within 0.3 Hz", found_at, 0.95)
FREQUENCY = Ask("frequency covered", frequency_covered, 0.9)
WINDOWS = Ask("frequency covered by a window, mean share", windows_covered, 0.9)
RMS = Ask("RMS covered", rms_covered, 0.9)
NO_WIDER = Ask("RMS interval no wider than a window's", of(no_wider_than_windows), 0.95)
BANDWIDTH = Ask("bandwidth covered", bandwidth_covered, 0.9)


def shown(ask):
    """The same line without a target."""
    return Ask(ask.text, ask.judge)


OUT_OF_BAND = (
    Ask("named within 0.2 Hz", named, 0.95),
    Ask('said to be "no tremor"', of(lambda d: d["status"] == "no_tremor"), 0.0, at_most=True),
    Ask("frequency covered, where named", named_frequency_covered),
    Ask("fatigue raised by what is measured", of(raised_fatigue)),
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
TWO = (Ask("intervals that hold the truth, both told", both_covered),)
HALF_LIFE = (
    Ask("half-life covered", lambda d, s: covers(half_life(d), s.facts["half_life_s"]), 0.9),
    Ask("half-life given", of(lambda d: number(half_life(d)) is not None)),
    Ask('"decays"', of(lambda d: verdict_of_recovery(d) == "decays")),
    Ask(
        "half-life over truth, mean",
        lambda d, s: (number(half_life(d)) or 0.0) / s.facts["half_life_s"] or None,
    ),
)
BURSTS = (
    FOUND,
    Ask("intermittent", of(lambda d: bool(d["summary"].get("intermittent"))), 0.95),
    shown(FREQUENCY),
    shown(RMS),
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
    "one_after_other": (Ask("both told within 0.3 Hz", both_told, 0.9), *TWO),
    "two_close": (Ask("both told within 0.3 Hz", both_told, 0.8), *TWO),
    "two_far": (Ask("both told within 0.3 Hz", both_told, 0.9), *TWO),
    "strong_second": (
        Ask("fundamental found within 0.3 Hz", found_at, 0.95),
        FREQUENCY,
    ),
    "lorentzian_line": (FOUND, FREQUENCY, WINDOWS, BANDWIDTH, RMS, NO_WIDER),
    "gaussian_line": (
        Ask("bandwidth covered", bandwidth_covered, 0.85),
        shown(FOUND),
        shown(FREQUENCY),
        shown(RMS),
    ),
    "resonance_line": (shown(FOUND), shown(FREQUENCY), shown(BANDWIDTH), shown(RMS)),
    "cycle_of_002": (FREQUENCY, WINDOWS, shown(FOUND), shown(BANDWIDTH), shown(RMS)),
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


def in_short(found, scene=None):
    """What was said and what is true, in one line for whoever looks for the cause."""
    counts = {}
    for one in found["windows"]:
        why = (one.get("decided_by") or {}).get("key", "")
        key = one["verdict"] if one["verdict"] == "tremor" else f"{one['verdict']}/{why}"
        counts[key] = counts.get(key, 0) + 1
    summary = found["summary"]

    def interval(one):
        if not one:
            return "-"
        low, high = one.get("low"), one.get("high")
        ends = ["" if end is None else f"{end:.4g}" for end in (low, high)]
        value = "" if one.get("value") is None else f"{one['value']:.4g}"
        return f"{value} ({ends[0]}-{ends[1]})"

    parts = [found["status"]]
    for key in ("frequency_hz", "bandwidth_hz", "rms_ms2"):
        parts.append(f"{key.split('_')[0]} {interval(summary.get(key))}")
    told = [f"{number(one['frequency_hz']):.2f}" for one in lines(found)]
    parts.append(f"lines {'+'.join(told) or '-'}")
    if found.get("beyond_band"):
        parts.append(f"beyond {interval(found['beyond_band'].get('frequency_hz'))}")
    parts.append(f"cautions {','.join(sorted(cautions(found))) or '-'}")
    recovery = found.get("recovery") or {}
    if recovery.get("verdict"):
        parts.append(f"{recovery['verdict']} half-life {interval(recovery.get('half_life_s'))}")
    parts.append(" ".join(f"{key}:{n}" for key, n in sorted(counts.items(), key=lambda c: -c[1])))
    if scene is not None:
        true = [
            f"{one.frequency_hz:.3f} B {one.bandwidth_hz:.3f} r {one.rms_ms2:.3f}"
            for one in scene.lines
        ]
        facts = [f"{key} {value:.3g}" for key, value in scene.facts.items()]
        parts.append(f"TRUE {'; '.join([*true, *facts]) or 'none'} at {scene.rate_hz:g} Hz")
    return " | ".join(parts)
