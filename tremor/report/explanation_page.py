"""The part of the page on explanations: bars, facts for and against, what is missing, advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tremor.report import explanation_text
from tremor.report.explanation_text import label
from tremor.report.messages import brief, section, sentence, text

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import Direction, Evidence, Explanation, Missing

__all__ = ["explaining", "warning_signs"]

#: Facts on each side that stand in sight; the others are in the fold.
_MOST_IN_SIGHT: Final = 3


def warning_signs(analysis: Analysis) -> list[dict[str, str]]:
    """Return the signs that the runner ticked, as the page shows them."""
    return [
        {"urgency": explanation_text.urgency_text(sign), "statement": sentence(sign.statement)}
        for sign in analysis.warning_signs
    ]


def explaining(analysis: Analysis) -> dict[str, Any] | None:
    """Return what the page shows of the explanations; None if none were weighed."""
    if not analysis.explanations:
        return None
    sensitivity = analysis.sensitivity
    return {
        "preface": explanation_text.preface(analysis),
        "answered": explanation_text.is_answered(analysis),
        "leaders": explanation_text.leaders_text(analysis),
        "changes": () if sensitivity is None else explanation_text.changes_texts(sensitivity),
        "redraws": "" if sensitivity is None else explanation_text.redraws_text(sensitivity),
        "limits": "" if sensitivity is None else explanation_text.limits_text(sensitivity),
        "cards": [_explanation(one, _badge(one, analysis)) for one in analysis.explanations],
        "advice": [
            {
                "text": " ".join(map(sentence, (one.text, *one.disputed))),
                "disputed": bool(one.disputed),
                "explanation": None
                if one.explanation is None
                else explanation_text.name_of(one.explanation),
                "claims": one.claims,
                "grade": explanation_text.grade_text(one.grade),
            }
            for one in analysis.advice
        ],
        "help": explanation_text.help_list(),
        "article": label(
            "article_lead", title=text("claim", "title"), publisher=text("claim", "publisher")
        ),
        "claims": explanation_text.claim_texts(),
        "label": section("explanations"),
    }


def _badge(explanation: Explanation, analysis: Analysis) -> str:
    """Return the mark of what fits best; empty for the others, and where a sign needs help."""
    sensitivity = analysis.sensitivity
    if explanation_text.needs_help(analysis):
        return ""
    if sensitivity is None or explanation.word == "cannot tell":
        return ""
    if explanation.id not in sensitivity.about_equal:
        return ""
    return text("page", "fits_best" if len(sensitivity.about_equal) == 1 else "fits_equally")


def _explanation(explanation: Explanation, badge: str) -> dict[str, Any]:
    missing = [brief(one.statement) for one in explanation.missing]
    return {
        "badge": badge,
        "percent": None if explanation.word == "cannot tell" else _percents(explanation),
        "bars": _bars(explanation),
        "id": explanation.id,
        "name": explanation_text.name_of(explanation.id),
        "first_line": explanation_text.first_line(explanation.id),
        "support": explanation_text.support_text(explanation),
        "word": explanation.word,
        "sides": [
            {
                "title": label(title),
                "facts": [
                    sentence(one.statement) for one in explanation.pointing(side)[:_MOST_IN_SIGHT]
                ],
                "more": len(explanation.pointing(side)[_MOST_IN_SIGHT:]),
                "all": [_fact(one) for one in explanation.pointing(side)],
            }
            for title, side in _SIDES
        ],
        "not_counted": [_fact(one) for one in explanation.not_counted()],
        "neutral": [_fact(one) for one in explanation.pointing("neutral") if not one.not_counted],
        "sources": _sources(explanation),
        "missing": missing[:_MOST_IN_SIGHT],
        "n_missing_more": len(missing[_MOST_IN_SIGHT:]),
        "sum_start": label("sum_start", prior=explanation.prior),
        "sum_end": label("sum_end", log_odds=explanation.log_odds),
        "claims": explanation.claims,
    }


def _percents(explanation: Explanation) -> dict[str, float]:
    """Return the support and its limits in per cent, as the bar shows them."""
    low, high = 100.0 * explanation.support_low, 100.0 * explanation.support_high
    support = round(100.0 * explanation.support, 1)
    return {"support": support, "low": round(low, 1), "width": round(high - low, 1)}


def _bars(explanation: Explanation) -> list[dict[str, Any]]:
    """Return a signed bar for each fact that weighs, and an empty one for each open question."""
    weighed = [one for one in explanation.evidence if one.weight]
    largest = max(
        [abs(one.weight) for one in weighed] + [one.largest_weight for one in explanation.missing],
        default=0.0,
    )
    if not largest:
        return []
    facts = [
        {
            "label": sentence(one.statement),
            "weight": explanation_text.weight_text(one),
            "kind": one.direction,
            "width": round(50.0 * abs(one.weight) / largest, 1),
        }
        for one in weighed
    ]
    return facts + [_open_bar(one, largest) for one in explanation.missing if one.largest_weight]


def _open_bar(missing: Missing, largest: float) -> dict[str, Any]:
    return {
        "label": brief(missing.statement),
        "weight": label("up_to", weight=missing.largest_weight),
        "kind": "open",
        "width": round(50.0 * missing.largest_weight / largest, 1),
    }


def _sources(explanation: Explanation) -> list[tuple[str, str]]:
    """Return what was looked at and who measured it, each source once.

    Sources of a result of another version, whose entry there is not, are left out.
    """
    found: dict[str, str] = {}
    texts = section("evidence")
    for one in explanation.evidence:
        if one.source is not None:
            entry = str(one.source.values.get("entry")).partition(".")[0]
            if f"{entry}.looks_at" in texts:
                found.setdefault(sentence(one.source), texts[f"{entry}.looks_at"])
    return [(looks_at, source) for source, looks_at in found.items()]


_SIDES: Final[tuple[tuple[str, Direction], ...]] = (
    ("speaks_for", "for"),
    ("speaks_against", "against"),
)


def _fact(evidence: Evidence) -> dict[str, Any]:
    return {
        "statement": sentence(evidence.statement),
        "reason": sentence(evidence.reason),
        "weight": label("weight", weight=explanation_text.weight_text(evidence)),
        "origin": explanation_text.origin_text(evidence),
        "grade": explanation_text.grade_text(evidence.grade),
        "claims": evidence.claims,
    }
