"""The result in everyday words, which the short text and the first part of the page share."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import numpy as np

from tremor.analysis.quality import quality_of
from tremor.explanation.lowering import SHAKING_CAUTIONS
from tremor.report import explanation_text, view
from tremor.report.messages import sentence, text
from tremor.report.numbers import number, percent, span, value_text
from tremor.settings import SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.estimate import Estimate
    from tremor.results.analysis import Analysis

__all__ = [
    "explanation_sentence",
    "next_step",
    "quality_sentence",
    "scale_sentence",
    "sentences_of",
]

#: Tremor in this share of the still time and more is there all the time.
_ALL_FROM: Final = 0.95
#: From this strength on a caution on what shook the leg goes before the leg itself.
_LIKELY: Final = 0.5
#: Advice that says how things stand, and not what to do.
_NO_STEPS: Final = frozenset({"ends_by_itself", "keep_running", "not_settling"})
#: A ripple of the heart in this share of the windows is worth a word.
_HEART_FROM: Final = 0.1


def sentences_of(analysis: Analysis) -> tuple[str, ...]:
    """Return what was found in at most four sentences.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    tuple of str
        How fast, how strong, and whether it faded; or what was seen instead, and how to do better.
    """
    if analysis.status == "measured":
        return tuple(filter(None, (_trembled(analysis), *_pattern(analysis), *_course(analysis))))
    if analysis.status == "no_tremor":
        return _quiet(analysis)
    return (view.headline(analysis),)


def _trembled(analysis: Analysis) -> str:
    summary = analysis.summary
    frequency = summary.frequency_hz.value
    if frequency is None:
        return view.headline(analysis)
    still, shaking = span(summary.still_s), span(summary.tremor_s)
    whole = (summary.occupancy or 0.0) >= _ALL_FROM
    extent = text("plain", "extent_all" if whole else "extent_part", still=still, shaking=shaking)
    return text(
        "plain",
        "shook" if _is_shaken(analysis) else "trembled",
        times=number(frequency, 1),
        frequency=value_text(summary.frequency_hz, "Hz", most_digits=view.DIGITS_FOR_RUNNERS),
        extent=extent,
    )


def _is_shaken(analysis: Analysis) -> bool:
    """Check whether something else shook the leg, more likely than not."""
    return any(
        one.code in SHAKING_CAUTIONS and one.strength >= _LIKELY for one in analysis.cautions
    )


def _pattern(analysis: Analysis) -> list[str]:
    summary, found = analysis.summary, []
    if summary.intermittent and summary.duty_cycle is not None:
        found.append(text("plain", "bursts", share=percent(summary.duty_cycle)))
    if len(summary.lines) > 1:
        listed = ", ".join(f"{number(one.frequency_hz.value, 1)} Hz" for one in summary.lines)
        found.append(text("plain", "several", n=len(summary.lines), frequencies=listed))
    return found


def _course(analysis: Analysis) -> list[str]:
    """Return how strong it was at both ends of the rest, and whether it faded."""
    summary, recovery = analysis.summary, analysis.recovery
    initial, final = summary.initial_rms_ms2, summary.final_rms_ms2
    if initial.value is None or final.value is None:
        strength = text("plain", "strength_mean", rms=_within(summary.rms_ms2, "m/s^2"))
    else:
        ends = {"initial": _within(initial, "m/s^2"), "final": _within(final, "m/s^2")}
        strength = text("plain", "strength", **ends)
    if recovery is None:
        return [strength]
    if recovery.verdict == "decays":
        half_life = recovery.half_life_s
        if half_life.value is None:
            return [strength, text("plain", "faded")]
        return [strength, text("plain", "halved", half_life=_within(half_life, "s"))]
    if recovery.verdict == "persists":
        return [strength, text("plain", "persisted", rest=span(recovery.rest_s))]
    if _is_shaken(analysis):
        return [strength]
    more_s = recovery.more_rest_needed_s.value
    more = "" if not more_s else text("plain", "more_rest", minutes=max(round(more_s / 60.0), 1))
    return [strength, text("plain", "not_determined", more=more)]


def _within(estimate: Estimate, unit: str) -> str:
    """Return a number of at most three digits with its unit and its limits."""
    digits = view.DIGITS_FOR_RUNNERS
    value = value_text(estimate, unit, most_digits=digits)
    return f"{value} {view.range_text(estimate, most_digits=digits)}".rstrip()


def _quiet(analysis: Analysis) -> tuple[str, ...]:
    summary = analysis.summary
    found = [text("plain", "quiet", still=span(summary.still_s))]
    if summary.least_seen_ms2 is not None:
        least = f"{summary.least_seen_ms2:.2g} m/s^2"
        found.append(text("plain", "quiet_least", least=least))
    hearts = int(np.count_nonzero(analysis.windows.where("heartbeat")))
    if hearts and hearts >= _HEART_FROM * len(analysis.windows):
        found.append(text("plain", "quiet_heart"))
    beyond = view.beyond_text(analysis)
    return (*found, beyond) if beyond else tuple(found)


def explanation_sentence(analysis: Analysis) -> str:
    """Return what fits best, in a sentence or two; empty without explanations."""
    if analysis.sensitivity is None:
        return ""
    if explanation_text.needs_help(analysis):
        return explanation_text.leaders_text(analysis)
    said = _fits(analysis, analysis.sensitivity.about_equal)
    if said == text("plain", "fits_unknown"):
        return said if analysis.status == "measured" else ""
    if explanation_text.is_no_muscle(analysis):
        return text("plain", "no_muscle", said=said)
    if analysis.status == "measured":
        return said
    return text("plain", "felt", said=f"{said[:1].lower()}{said[1:]}")


def _fits(analysis: Analysis, about_equal: Sequence[str]) -> str:
    equal = [one for one in analysis.explanations if one.id in about_equal]
    if all(one.word == "cannot tell" for one in equal):
        return text("plain", "fits_unknown")
    names = [explanation_text.name_of(one.id) for one in equal]
    if len(equal) == 2:
        return text("plain", "fits_equally", first=names[0], other_1=_within_sentence(names[1]))
    if len(equal) > 2:
        return text("plain", "fits_all")
    support = explanation_text.support_text(equal[0])
    said = text("plain", "fits", first=_within_sentence(names[0]), support=support)
    others = [
        _within_sentence(explanation_text.name_of(one.id))
        for one in analysis.explanations
        if one.word == "strong" and one.id not in about_equal
    ]
    return f"{said} {text('plain', 'also', others=', '.join(others))}" if others else said


def _within_sentence(name: str) -> str:
    return name[:1].lower() + name[1:]


def next_step(analysis: Analysis) -> str:
    """Return what to do next: the first advice on something; empty where there is none."""
    if explanation_text.needs_help(analysis):
        return text("plain", "next", advice=sentence(analysis.advice[0].text))
    if analysis.status == "insufficient" or _is_shaken(analysis):
        return ""  # to record again, as is said beside it
    advice = next((one for one in analysis.advice if one.id not in _NO_STEPS), None)
    return "" if advice is None else text("plain", "next", advice=sentence(advice.text))


def scale_sentence() -> str:
    """Return strengths of known recordings, beside which the runner's own can be seen."""
    return text("plain", "scale", **dataclasses.asdict(SCALE))


def quality_sentence(analysis: Analysis) -> str:
    """Return how good the capture is, with the first reason where it is not good."""
    quality = quality_of(analysis.recording, analysis.settings, analysis.cautions)
    word = view.quality_word(analysis, quality)
    if quality.level == "good":
        return word
    return text("plain", "quality", word=word, why=sentence(quality.reasons[0]))
