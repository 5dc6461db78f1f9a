"""What the document of an analysis says, and whether it is true of a scene of another hand.

A judge takes the document and the scene and returns True, False, a share, or None where the trial
does not count; those of the document alone are wrapped by `of`.
"""

from __future__ import annotations

NEAR_HZ = 0.3
#: Key under which the bench puts the document of the same scene with all its samples.
WITHOUT_LOSS = "without_loss"
REFUSED_AS_MOVEMENT = ("moving", "gait", "settling", "impact")


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
    """Whether the RMS of the session is no less certain than its windows make it.

    The ratio of its limits is held against that of a window (median), and against the ratio
    between the windows themselves (5 to 95 %): a machine breathes, and its windows are narrow.
    """
    rms = found["summary"].get("rms_ms2")
    every = [one.get("rms_ms2") for one in found["windows"] if one["verdict"] == "tremor"]
    every = [one for one in every if number(one) is not None]
    if number(rms) is None or not every:
        return None
    own = sorted(one["high"] / max(one["low"], 1e-9) for one in every)[len(every) // 2]
    values = sorted(one["value"] for one in every)
    least, most = values[len(values) // 20], values[-1 - len(values) // 20]
    return rms["high"] / max(rms["low"], 1e-9) <= 1.1 * max(own, most / least)


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


def shares_above_one(found):
    """Whether the shares of the lines are above 1 together without being said to be at once."""
    every = found["summary"]["lines"]
    return sum(one["share"] for one in every) > 1.005 and not any(one["at_once"] for one in every)


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


def doubted(found):
    """Whether a caution says that it may be no tremor."""
    return bool(cautions(found) & {"machine", "vehicle", "voluntary"})


def no_caution_and_called(found):
    return measured(found) and not doubted(found)


def cautioned_or_refused(found):
    return doubted(found) or found["status"] == "insufficient"


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


# --- in words ------------------------------------------------------------------------------


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
