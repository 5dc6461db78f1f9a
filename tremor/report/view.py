"""What text and page have in common: sentences and rows, each made once, from the result alone.

Their layout is in `tremor.report.as_text` and `tremor.report.as_html`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from tremor.analysis.beyond import beyond_note
from tremor.analysis.quality import Quality, quality_of
from tremor.report.explanation_text import grounds_of
from tremor.report.messages import section, sentence, sentences, text
from tremor.report.numbers import clock, decimals_of, number, percent, percents, span, value_text
from tremor.report.seen import better_text, seen_text
from tremor.results.estimates import BY_RANK
from tremor.results.verdicts import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.decisions import ReadingDecision
    from tremor.estimate import Estimate
    from tremor.recording import CaptureInfo
    from tremor.results.analysis import Analysis, Summary
    from tremor.results.cautions import Caution
    from tremor.results.estimates import EstimateEntry
    from tremor.results.lines import TremorLine
    from tremor.results.recovery import Recovery

__all__ = [
    "DIGITS_FOR_RUNNERS",
    "KeyNumber",
    "beyond_text",
    "capture_rows",
    "caution_texts",
    "decision_rows",
    "episode_label",
    "estimate_meaning",
    "estimate_name",
    "headline",
    "key_numbers",
    "key_sentences",
    "limits_text",
    "name_of_source",
    "purpose",
    "quality_word",
    "range_text",
    "reason_text",
    "recovery_rows",
    "recovery_text",
    "strength_text",
    "verdict_counts",
    "verdict_word",
]


#: Significant digits that a runner is shown; tables and JSON have more.
DIGITS_FOR_RUNNERS: Final = 3
#: Decisions whose value is a sign, which is shown in words.
_SIGNS: Final = frozenset({"delimiter", "decimal"})


class KeyNumber(NamedTuple):
    """A number of the whole session, with its name, its meaning and its unit."""

    field: str
    name: str
    meaning: str
    estimate: Estimate
    unit: str


#: A rate that is known better than this is known well enough, Hz.
_LEAST_SD_HZ: Final = 1e-4
#: Share of the time that is all of it but for rounding.
_ALL_OF_TIME: Final = 0.995
#: The order of the key numbers: how fast and how strong at either end of the rest, before what is a
#: mean over all of it.
_KEY_ORDER: Final = ("frequency_hz", "initial_rms_ms2", "final_rms_ms2", "half_life_s")


def purpose() -> str:
    """Return what the tool is for, and what it is not."""
    return text("view", "purpose")


def verdict_word(verdict: str) -> str:
    """Return the name of a verdict in the language of the report."""
    word: str = section("verdict")[verdict]
    return word


def name_of_source(analysis: Analysis) -> str:
    """Return the name of the capture."""
    return analysis.source.name or text("view", "no_source")


def estimate_name(entry: EstimateEntry) -> str:
    """Return the name of an estimate; its meaning where the catalogue has no name for it."""
    name: str = section("estimate").get(entry.name, entry.meaning)
    return name


def estimate_meaning(entry: EstimateEntry) -> str:
    """Return what an estimate means, in everyday words where the catalogue has them."""
    meaning: str = section("estimate_meaning").get(entry.name, f"{entry.meaning}.")
    return meaning


def range_text(estimate: Estimate, *, most_digits: int = 4) -> str:
    """Return the interval in brackets; empty if there is none.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> range_text(Estimate(8.314, 8.253, 8.375))
    '(8.25 to 8.38)'
    >>> range_text(Estimate(0.2, None, 0.31))
    '(up to 0.310)'
    """
    limits = limits_text(estimate, most_digits=most_digits)
    return f"({limits})" if limits else ""


def limits_text(estimate: Estimate, *, most_digits: int = 4) -> str:
    """Return the interval without brackets; empty if there is none."""
    if estimate.value is None:
        return ""
    decimals = decimals_of(estimate, most_digits=most_digits)
    limits = {
        name: number(limit, decimals)
        for name, limit in (("low", estimate.low), ("high", estimate.high))
        if limit is not None
    }
    if not limits:
        return ""
    return text("view", "range" if len(limits) == 2 else f"range_{next(iter(limits))}", **limits)


def reason_text(estimate: Estimate) -> str:
    """Return why there is no number; empty where there is one."""
    return sentence(estimate.reason)


def headline(analysis: Analysis) -> str:
    """Return the result in one sentence, and in one more if there is more than one steady line."""
    summary = analysis.summary
    if analysis.status == "insufficient":
        seen = seen_text(analysis.windows) if len(analysis.windows) else ""
        if seen and summary.reason is not None and summary.reason.code == "TOO_LITTLE_STILL":
            better = better_text(analysis.windows)
            return text("view", "cannot_tell_seen", seen=seen, better=better)
        why = sentence(summary.reason).rstrip(".") or text("view", "too_little_still")
        return text("view", "cannot_tell", why=why)
    if not summary.tremor_detected:
        found = text("view", "no_tremor", still=span(summary.still_s))
        if summary.least_seen_ms2 is None:
            return found
        return text("view", "no_tremor_seen", found=found, least_ms2=summary.least_seen_ms2)
    frequency = value_text(summary.frequency_hz, "Hz")
    share = None if summary.occupancy is None else percent(summary.occupancy)
    found = text(
        "view",
        "tremor",
        at=text("view", "at", frequency=frequency) if frequency else "",
        shaking=span(summary.tremor_s),
        still=span(summary.still_s),
        share=text("view", "share", share=share) if share else "",
    )
    return " ".join((found, *_pattern(summary)))


def _pattern(summary: Summary) -> tuple[str, ...]:
    """Return sentences about bursts and about several tremors, where there are any."""
    found = []
    if summary.intermittent and summary.duty_cycle is not None:
        found.append(text("view", "in_bursts", share=percent(summary.duty_cycle)))
    if len(summary.lines) > 1:
        told = [
            text(
                "view", "one_of_several", frequency=value_text(one.frequency_hz, "Hz"), share=share
            )
            for one, share in zip(summary.lines, _shares(summary.lines), strict=True)
        ]
        found.append(text("view", _in_time(summary.lines), count=len(told), lines=", ".join(told)))
    return tuple(found)


def _in_time(lines: Sequence[TremorLine]) -> str:
    """Return the name of the sentence on several tremors."""
    if not _overlap(lines):
        return "several_in_turn"
    throughout = all(one.share >= _ALL_OF_TIME for one in lines)
    return "several_at_once" if throughout else "several_in_part_at_once"


def _shares(lines: Sequence[TremorLine]) -> list[str]:
    """Format shares; those of tremors that follow each other are not above 100 % together."""
    shares = [one.share for one in lines]
    return list(map(percent, shares)) if _overlap(lines) else percents(shares)


def _overlap(lines: Sequence[TremorLine]) -> bool:
    # Documents from before it was told have the shares alone.
    total = sum(one.share for one in lines)
    return any(one.at_once for one in lines) or total > 2.0 - _ALL_OF_TIME


def key_numbers(analysis: Analysis) -> tuple[KeyNumber, ...]:
    """Return the numbers of the session in the order in which they are shown.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    tuple of KeyNumber
        Frequency, strength at the beginning and at the end of the rest, half-life, and the means
        over the session; without those that a document of an earlier version does not hold.
    """
    summary, names, meanings = analysis.summary, section("estimate"), section("estimate_meaning")
    found = {
        entry.name: KeyNumber(
            entry.name,
            estimate_name(entry),
            estimate_meaning(entry),
            getattr(summary, entry.name),
            entry.unit,
        )
        for entry in BY_RANK
    }
    of_rest = {
        "initial_rms_ms2": (summary.initial_rms_ms2, "m/s^2"),
        "final_rms_ms2": (summary.final_rms_ms2, "m/s^2"),
    }
    if analysis.recovery is not None:
        of_rest["half_life_s"] = (analysis.recovery.half_life_s, "s")
    for field, (estimate, unit) in of_rest.items():
        if estimate.reason is None or estimate.reason.code != "NOT_SAVED":
            found[field] = KeyNumber(field, names[field], meanings[field], estimate, unit)
    order = [*_KEY_ORDER, *(name for name in found if name not in _KEY_ORDER)]
    return tuple(found[name] for name in order if name in found)


def strength_text(analysis: Analysis, *, half_life: bool) -> str:
    """Return how strong the tremor was at the beginning and at the end of the rest.

    Parameters
    ----------
    analysis : Analysis
        The result.
    half_life : bool
        Whether to add how fast it faded, where that is known.

    Returns
    -------
    str
        One sentence; where the ends are not known, the mean; empty without tremor.
    """
    summary, recovery = analysis.summary, analysis.recovery
    initial, final = (
        _interval(estimate, "m/s^2")
        for estimate in (summary.initial_rms_ms2, summary.final_rms_ms2)
    )
    if not initial or not final:
        mean = _interval(summary.rms_ms2, "m/s^2")
        which = "size_of_bursts" if summary.intermittent else "size"
        return text("view", which, rms=mean) if mean else ""
    found = set() if recovery is None else {one.code for one in recovery.remark}
    if "POSTURE_TURNED" in found:
        final = text("view", "felt_elsewhere", final=final)
    ending = ""
    if half_life and recovery is not None and recovery.half_life_s.value is not None:
        how = "halved_and_grew" if "GREW_AGAIN" in found else "halved"
        ending = text("view", how, half_life=_interval(recovery.half_life_s, "s"))
    # Of several, that at the beginning need not be that at the end.
    which = "strength" if len(summary.lines) < 2 else "strength_of_all"
    return text("view", which, initial=initial, final=final, halved=ending)


def recovery_text(recovery: Recovery) -> str:
    """Return how the tremor fades with rest, in a few sentences."""
    if recovery.verdict == "decays":
        verdict = _decay_text(recovery)
    else:
        verdict = text("view", recovery.verdict, why=sentences(recovery.reason))
    # Changes of posture are among the cautions of the result.
    remarks = [
        f"{_capitalized(sentence(one))}." for one in recovery.remark if one.code != "POSTURE_TURNED"
    ]
    return " ".join([verdict, *remarks])


def _decay_text(recovery: Recovery) -> str:
    half_life, gone = recovery.half_life_s, recovery.fraction_gone
    if half_life.value is not None:
        decay = text("view", "fades", half_life=_interval(half_life, "s"))
    else:
        decay = text("view", "fades_but", why=reason_text(half_life))
    if gone.value is None or gone.low is None or gone.high is None:
        return decay
    shares = {name: percent(getattr(gone, name)) for name in ("low", "high")}
    rest = clock(recovery.rest_s)
    return f"{decay} {text('view', 'gone', rest=rest, gone=percent(gone.value), **shares)}"


def recovery_rows(recovery: Recovery) -> tuple[tuple[str, Estimate, str], ...]:
    """Return the parameters of a recovery: name, estimate and unit."""
    names = section("recovery")
    rows = {
        "half_life_s": "s",
        "time_constant_s": "s",
        "initial_rms_ms2": "m/s^2",
        "final_rms_ms2": "m/s^2",
        "floor_rms_ms2": "m/s^2",
        "fraction_gone": "",
        "onset_s": "s",
        "more_rest_needed_s": "s",
    }
    return tuple((names[field], getattr(recovery, field), unit) for field, unit in rows.items())


def _capitalized(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}"


def _interval(estimate: Estimate, unit: str) -> str:
    return f"{value_text(estimate, unit)} {range_text(estimate)}".rstrip()


def beyond_text(analysis: Analysis) -> str:
    """Return what shakes outside the band; empty if nothing does, or the headline names it."""
    found = analysis.beyond_band
    reason = analysis.summary.reason
    if found is None or (reason is not None and reason.code == "BEYOND_BAND"):
        return ""
    named = beyond_note(found, fs=analysis.recording.sampling_rate_hz)
    return f"{_capitalized(sentence(named))}."


def caution_texts(analysis: Analysis) -> tuple[str, ...]:
    """Return what weakens the result, one sentence or two each, the strongest first."""
    found = []
    for one in analysis.cautions:
        statement = sentence(one.statement)
        if one.start_s is not None and one.end_s is not None:
            statement = text(
                "view",
                "caution_span",
                start=clock(one.start_s),
                end=clock(one.end_s),
                statement=statement,
            )
        found.append(f"{_capitalized(statement)}. {_effect(one, analysis)}".rstrip())
    return tuple(found)


def _effect(caution: Caution, analysis: Analysis) -> str:
    """Return what a caution took from the explanations; empty where it took nothing."""
    lowered: dict[str, dict[str, str]] = {"NOT_COUNTED": {}, "COUNTED_LESS": {}}
    for explanation in analysis.explanations:
        for one in explanation.evidence:
            codes = [why.values.get("caution") for why in grounds_of(one.statement)]
            if one.weight_in_full and one.statement.code in lowered and caution.code in codes:
                lowered[one.statement.code][one.key] = text("finding", one.key)
    return " ".join(
        text("view", f"caution_effect.{code}", facts=list(facts.values()))
        for code, facts in lowered.items()
        if facts
    )


def key_sentences(analysis: Analysis) -> tuple[str, ...]:
    """Return the result in a few sentences."""
    summary = analysis.summary
    found = [headline(analysis)]
    strength = strength_text(analysis, half_life=False)
    if strength:
        found.append(strength)
    if analysis.status == "measured":
        if analysis.recovery is not None:
            found.append(recovery_text(analysis.recovery))
        if summary.reason is not None:
            found.append(f"{_capitalized(sentence(summary.reason)).rstrip('.')}.")
    beyond = beyond_text(analysis)
    if beyond:
        found.append(beyond)
    quality = quality_of(analysis.recording, analysis.settings, analysis.cautions)
    if quality.level == "good":
        found.append(quality_word(analysis, quality))
    else:
        level, why = text("quality", quality.level), sentence(quality.reasons[0])
        found.append(text("view", "capture", level=level, why=why))
    return tuple(found)


def quality_word(analysis: Analysis, quality: Quality) -> str:
    """Return the quality of the capture in a word, or a sentence where good would mislead."""
    if quality.level != "good":
        return text("quality", quality.level)
    if analysis.status == "insufficient":
        return text("seen", "signal_without_rest")
    return text("view", "capture_good")


def verdict_counts(analysis: Analysis) -> tuple[tuple[str, int], ...]:
    """Count the windows of each verdict, in the order of judging; only those that occur."""
    counts = Counter(analysis.windows.verdict.tolist())
    return tuple((verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict])


def episode_label(index: int, start_s: float, end_s: float) -> str:
    """Return the name of an episode: its number and its time."""
    return text("view", "episode", index=index, start=clock(start_s), end=clock(end_s))


def capture_rows(info: CaptureInfo, *, source_format: str) -> tuple[tuple[str, str], ...]:
    """Return the facts of a capture as pairs of name and text."""
    none, not_known = text("capture", "none"), text("capture", "not_known")
    clipped = info.clipped_fraction
    scale = f"{info.scale_correction:.4f}" if info.scale_correction != 1.0 else none
    texts = {
        "format": source_format or text("capture", "arrays"),
        "started_at": info.started_at.isoformat() if info.started_at else not_known,
        "duration": text(
            "capture",
            "duration_samples",
            duration_s=number(info.duration_s, 1),
            samples=text("capture", "samples", n=info.n_samples),
        ),
        "sampling_rate": _rate_text(info),
        "unit": info.unit_in,
        "gravity": info.gravity,
        "scale": scale,
        "gaps": _gaps_text(info) if info.gaps else none,
        "clipped": not_known if clipped is None else percent(clipped),
        "dead_axes": " ".join(info.dead_axes) or none,
        "resolution": not_known
        if info.resolution_ms2 is None
        else text("capture", "step", step_ms2=info.resolution_ms2),
        "sensor": str(info.sensor or "") or not_known,
        "placement": str(info.placement or "") or not_known,
    }
    return tuple((text("capture", name), value) for name, value in texts.items())


def decision_rows(info: CaptureInfo) -> tuple[tuple[str, str], ...]:
    """Return what was decided while a capture was read as pairs of name and text."""
    return tuple(
        (text("decision", f"about.{one.about}"), _decision_text(one)) for one in info.decisions
    )


def _decision_text(decision: ReadingDecision) -> str:
    value = decision.value
    if decision.about in _SIGNS:
        value = section("decision").get(f"sign.{value}", value)
    line = "line" if decision.why is None else "line_why"
    return text("decision", line, value=value, how=decision.how, why=decision.why)


def _rate_text(info: CaptureInfo) -> str:
    rate = text("capture", "rate", rate_hz=info.sampling_rate_hz)
    if info.sampling_rate_sd_hz is not None:
        is_shown = info.sampling_rate_sd_hz >= _LEAST_SD_HZ
        sd = "rate_sd" if is_shown else "rate_sd_below"
        sd_hz = info.sampling_rate_sd_hz if is_shown else _LEAST_SD_HZ
        rate = text("capture", sd, rate=rate, sd_hz=sd_hz)
    if info.nominal_sampling_rate_hz is not None:
        nominal_hz = info.nominal_sampling_rate_hz
        rate = text("capture", "rate_nominal", rate=rate, nominal_hz=nominal_hz)
    return rate


def _gaps_text(info: CaptureInfo) -> str:
    return text(
        "capture",
        "gap_samples",
        n_gaps=len(info.gaps),
        samples=text("capture", "samples", n=sum(gap.n_lost for gap in info.gaps)),
        lost_s=number(sum(gap.duration_s for gap in info.gaps)),
    )
