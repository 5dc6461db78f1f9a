"""The sentences on explanations that text and page share, made from the result alone.

Every text is in the catalogue of `tremor.report.messages`. The numbers are those of the result,
also where the tables of evidence have changed since it was saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tremor.explanation.advice import advice_table
from tremor.explanation.claims import article
from tremor.explanation.lowering import SHAKING_CAUTIONS
from tremor.notes import Note
from tremor.report.messages import section, sentence, text
from tremor.report.numbers import percent

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import (
        Evidence,
        Explanation,
        Sensitivity,
        WarningSign,
    )

__all__ = [
    "ClaimText",
    "changes_texts",
    "claim_texts",
    "first_line",
    "grade_text",
    "ground_text",
    "grounds_of",
    "help_list",
    "is_answered",
    "is_no_muscle",
    "label",
    "leaders_text",
    "limits_text",
    "name_of",
    "needs_help",
    "origin_text",
    "preface",
    "redraws_text",
    "support_text",
    "urgency_text",
    "weight_text",
]

_SECTION: Final = "explanations"
_URGENCIES: Final = ("now", "today", "soon")


class ClaimText(NamedTuple):
    """A claim of the article as readers see it."""

    id: str
    section: str
    text: str
    attributed_to: str
    disputed: str


def label(name: str, /, **values: object) -> str:
    """Return a heading or a fixed sentence of the part on explanations.

    Parameters
    ----------
    name : str
        Name in section ``explanations`` of the catalogue.
    **values
        What its template names.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> label("what_you_can_do")
    'What you can do'
    """
    return text(_SECTION, name, **values)


def name_of(explanation: str) -> str:
    """Return the name of an explanation for readers."""
    return text("explanation", f"{explanation}.name")


def _name_within(explanation: str) -> str:
    """Return the name as it stands within a sentence."""
    return text("explanation", f"{explanation}.within_sentence")


def first_line(explanation: str) -> str:
    """Return what a reader should know of an explanation before anything else."""
    return text("explanation", f"{explanation}.first_line")


def is_answered(analysis: Analysis) -> bool:
    """Check whether any answer of the runner was weighed."""
    return any(
        evidence.origin != "measured"
        for explanation in analysis.explanations
        for evidence in explanation.evidence
    )


def preface(analysis: Analysis) -> str:
    """Return what the explanations are about, and how they go together."""
    return label("preface", status="not_a_muscle" if is_no_muscle(analysis) else analysis.status)


def is_no_muscle(analysis: Analysis) -> bool:
    """Check whether nothing measured counts, because something else may have shaken the leg."""
    measured = [
        evidence
        for explanation in analysis.explanations
        for evidence in explanation.evidence
        if evidence.origin == "measured"
    ]
    return any(
        why.values.get("caution") in SHAKING_CAUTIONS
        for evidence in measured
        if evidence.statement.code == "NOT_COUNTED"
        for why in grounds_of(evidence.statement)
    )


def grounds_of(statement: Note) -> tuple[Note, ...]:
    """Return the notes on why it is so; none in a result of before version 0.2."""
    why = statement.values.get("why")
    return tuple(one for one in why if isinstance(one, Note)) if isinstance(why, tuple) else ()


def limits_text(sensitivity: Sensitivity) -> str:
    """Return what the words of support stand for, with the limits of this result.

    Parameters
    ----------
    sensitivity : Sensitivity
        Of the result.

    Returns
    -------
    str
        Empty for a result that does not hold its limits.
    """
    rules = sensitivity.rules
    if rules is None:
        return ""
    return label(
        "limits",
        strong_from=percent(rules.strong_from),
        moderate_from=percent(rules.moderate_from),
    )


def support_text(explanation: Explanation) -> str:
    """Return the word of support with its number and interval; no number where none is known.

    Parameters
    ----------
    explanation : Explanation
        One of the three.

    Returns
    -------
    str
        Such as ``strong support, 92 % (86 to 96 %)``.
    """
    return label(
        "support",
        word=explanation.word,
        support={
            "value": explanation.support,
            "low": explanation.support_low,
            "high": explanation.support_high,
        },
    )


def needs_help(analysis: Analysis) -> bool:
    """Check whether the runner ticked a sign that needs help now or today."""
    return any(sign.urgency != "soon" for sign in analysis.warning_signs)


def leaders_text(analysis: Analysis) -> str:
    """Return which explanation fits best, or which fit about equally, or that it is not known."""
    sensitivity = analysis.sensitivity
    if sensitivity is None:
        return ""
    if needs_help(analysis):
        return label("leader_waits")
    about_equal = sensitivity.about_equal
    if all(one.word == "cannot tell" for one in analysis.explanations if one.id in about_equal):
        return label("leader_unknown")
    first, *others = about_equal
    names = {"first": name_of(first)}
    names |= {f"other_{index}": _name_within(one) for index, one in enumerate(others, 1)}
    return label("leaders", n=len(about_equal), **names)


def redraws_text(sensitivity: Sensitivity) -> str:
    """Return how much the order hangs on the weights.

    Parameters
    ----------
    sensitivity : Sensitivity
        Of the result.

    Returns
    -------
    str
        Without the size of the changes for a result that does not hold it.
    """
    rules = sensitivity.rules
    counts = {
        "leader": _name_within(sensitivity.leader),
        "leader_share": percent(sensitivity.share),
        "n_draws": sensitivity.draws,
    }
    if rules is None:
        return label("redraws_unknown", **counts)
    return label(
        "redraws",
        weight_change=percent(rules.weight_factor_high - 1.0),
        prior_shift=rules.prior_shift,
        **counts,
    )


def changes_texts(sensitivity: Sensitivity) -> tuple[str, ...]:
    """Return what would change what leads, a sentence or two each.

    Parameters
    ----------
    sensitivity : Sensitivity
        Of the result.

    Returns
    -------
    tuple of str
        For a result from before version 0.2 the open question alone.
    """
    if sensitivity.changes:
        return tuple(map(sentence, sensitivity.changes))
    question = sensitivity.question
    if question is None:
        return ()
    asked = sentence(question.text)
    if question.leader is None:
        return (label("question_odds", question=asked),)
    return (label("question_leader", question=asked, leader=_name_within(question.leader)),)


def origin_text(evidence: Evidence) -> str:
    """Return where a fact comes from, in words."""
    return label(f"origin.{evidence.origin}")


def grade_text(grade: str) -> str:
    """Return on whose word something rests, in a word."""
    return label(f"grade.{grade}")


def urgency_text(sign: WarningSign) -> str:
    """Return how fast help is needed, in words."""
    return label(f"urgency.{sign.urgency}")


def weight_text(evidence: Evidence) -> str:
    """Return a weight with its sign; with what it was before it was lowered, if it was."""
    weight, in_full = evidence.weight, evidence.weight_in_full
    if in_full is None or in_full == weight:
        return _signed(weight)
    return label("weight_lowered", weight=_signed(weight), in_full=_signed(in_full))


def _signed(weight: float) -> str:
    return f"{weight:+.1f}" if round(weight, 1) else f"{weight:+.2f}" if weight else "0"


def ground_text(evidence: Evidence) -> str:
    """Return origin, weight and claims, such as ``measured, +1.2, article: F4 P2``."""
    claims = " ".join(evidence.claims)
    grade = grade_text(evidence.grade)
    return ", ".join(
        (
            origin_text(evidence),
            weight_text(evidence),
            f"{grade}: {claims}" if claims else grade,
        )
    )


def help_list() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the fixed list of signs that need help, by urgency; the same whatever was measured."""
    return tuple(
        (
            label(f"urgency.{urgency}"),
            tuple(
                text("warning_sign", f"{sign.id}.name")
                for sign in advice_table().warnings
                if sign.urgency == urgency
            ),
        )
        for urgency in _URGENCIES
    )


def claim_texts() -> tuple[ClaimText, ...]:
    """Return the claims of the article in their order."""
    texts = section("claim")
    return tuple(
        ClaimText(
            id=id_,
            section=texts[f"{id_}.section"],
            text=texts[f"{id_}.text"],
            attributed_to=texts.get(f"{id_}.attributed_to", ""),
            disputed=texts.get(f"{id_}.disputed", ""),
        )
        for id_ in article().claims
    )
