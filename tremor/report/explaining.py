"""The sentences on explanations that text and page share. What they weigh is in the result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tremor.explanation.advice import advice_table
from tremor.explanation.evidence import evidence_table
from tremor.report.numbers import percent

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import Evidence, Explanation, Missing, Sensitivity

__all__ = [
    "HELP_FIRST",
    "HOW_TO_ANSWER",
    "ORIGINS",
    "URGENCIES",
    "first_line",
    "ground_text",
    "help_list",
    "is_answered",
    "leaders_text",
    "limits_text",
    "missing_text",
    "name_of",
    "preface",
    "question_text",
    "redraws_text",
    "support_text",
]

HELP_FIRST: Final = "You ticked a sign that needs help, whatever was measured."
HOW_TO_ANSWER: Final = (
    "Nothing was answered that could be weighed. To answer: tremor context new today.toml; to use "
    "the answers: --context today.toml."
)
URGENCIES: Final = {
    "now": "At once",
    "today": "Today",
    "soon": "Soon",
}
ORIGINS: Final = {"measured": "measured", "answered": "answered", "computed": "from answers"}
_PREFACES: Final = {
    "measured": "",
    "no_tremor": "The sensor saw no tremor; this is about a tremor that you felt. ",
    "insufficient": "The sensor could not tell whether there was a tremor; this is about one that "
    "you felt. ",
}
_NOT_ANSWERED: Final = "Not answered: "


def name_of(explanation: str) -> str:
    """Give the name of an explanation for readers."""
    return evidence_table().hypotheses[explanation].name


def first_line(explanation: str) -> str:
    """Say what a reader should know of an explanation before anything else."""
    return evidence_table().hypotheses[explanation].first_line


def is_answered(analysis: Analysis) -> bool:
    """Tell whether any answer of the runner was weighed."""
    return any(
        evidence.origin != "measured"
        for explanation in analysis.explanations
        for evidence in explanation.evidence
    )


def preface(analysis: Analysis) -> str:
    """Say what the explanations are about, and how they go together."""
    return (
        f"{_PREFACES[analysis.status]}The three do not exclude each other, and their supports need "
        "not add up to 100 %."
    )


def limits_text() -> str:
    """Say what the words of support stand for."""
    rules = evidence_table().rules
    return (
        f"Strong: support of {percent(rules.strong_from)} and more. Moderate: "
        f"{percent(rules.moderate_from)} and more. Weak: less. Cannot tell: too little is known "
        "that bears on it. In brackets: what 95 % of the redraws of all weights give."
    )


def support_text(explanation: Explanation) -> str:
    """Give the word of support with its number and interval; no number where it cannot be told.

    Parameters
    ----------
    explanation : Explanation
        One of the three.

    Returns
    -------
    str
        Such as ``strong support, 92 % (86 to 96 %)``.
    """
    if explanation.word == "cannot tell":
        return "cannot tell"
    low, high = (100.0 * share for share in (explanation.support_low, explanation.support_high))
    return (
        f"{explanation.word} support, {100.0 * explanation.support:.0f} % ({low:.0f} to "
        f"{high:.0f} %)"
    )


def leaders_text(analysis: Analysis) -> str:
    """Say which explanation fits best, or which fit about equally, or that it cannot be told."""
    sensitivity = analysis.sensitivity
    if sensitivity is None:
        return ""
    if all(
        one.word == "cannot tell"
        for one in analysis.explanations
        if one.id in sensitivity.about_equal
    ):
        return "Too little is known to say which fits best."
    names = [name_of(id_) for id_ in sensitivity.about_equal]
    if len(names) == 1:
        return f"{names[0]} fits best."
    return f"{', '.join(names[:-1])} and {_lower(names[-1])} fit about equally."


def redraws_text(sensitivity: Sensitivity) -> str:
    """Say how much the order hangs on the weights."""
    how = evidence_table().redraws
    spread = percent(how.weight_factor_high - 1.0)
    return (
        f"All weights are judgement. Where each of them is changed by up to {spread} and each "
        f"prior by up to {how.prior_shift:g}, {_lower(name_of(sensitivity.leader))} still leads in "
        f"{percent(sensitivity.share)} of {sensitivity.draws} draws."
    )


def question_text(sensitivity: Sensitivity) -> str:
    """Name the answer that would tell most; empty where no answer would tell anything."""
    question = sensitivity.question
    if question is None:
        return ""
    if question.leader is None:
        effect = (
            f"It could change the odds of {_lower(name_of(question.explanation))} by a factor of "
            f"{math.exp(question.largest_change):.1f}; what leads would stay"
        )
    else:
        effect = f"It could put {_lower(name_of(question.leader))} first"
    return f"One more answer would tell most: {question.text} {effect}."


def ground_text(evidence: Evidence) -> str:
    """Say on what evidence rests and what it weighs, such as ``measured, +1.2, article: F4 P2``."""
    claims = " ".join(evidence.claims)
    return ", ".join(
        (
            ORIGINS[evidence.origin],
            f"{evidence.weight:+.1f}" if evidence.weight else "0",
            f"{evidence.grade}: {claims}" if claims else evidence.grade,
        )
    )


def missing_text(missing: Missing) -> str:
    """Give what is missing in few words; why it is, `Missing.statement` says.

    Examples
    --------
    >>> from tremor.results.explanations import Missing
    >>> missing_text(
    ...     Missing(
    ...         key="recovery",
    ...         statement="Not measured: whether it fades with rest; the leg was never still.",
    ...         largest_weight=1.2,
    ...         claims=("F4",),
    ...         grade="article",
    ...     )
    ... )
    'whether it fades with rest (not measured)'
    """
    kind, _, what = missing.statement.partition(": ")
    if f"{kind}: " == _NOT_ANSWERED:
        return what.rstrip(".")
    return f"{what.split('; ')[0].rstrip('.')} ({kind[:1].lower()}{kind[1:]})"


def help_list() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give the fixed list of signs that need help, by urgency; the same whatever was measured."""
    return tuple(
        (
            word,
            tuple(sign.name for sign in advice_table().warnings if sign.urgency == urgency),
        )
        for urgency, word in URGENCIES.items()
    )


def _lower(name: str) -> str:
    return f"{name[:1].lower()}{name[1:]}"
