"""The claims, the evidence and its weights, for reading: all of them, or one by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from tremor.errors import InvalidInputError
from tremor.explanation.advice import AdviceText, WarningText, advice_table
from tremor.explanation.claims import Claim, article
from tremor.explanation.evidence import Bin, Entry, Hypothesis, evidence_table
from tremor.report import explaining
from tremor.report.layout import wrapped
from tremor.report.numbers import percent

if TYPE_CHECKING:
    from tremor.explanation.evidence import EvidenceTable

__all__ = ["SCHEMA", "document", "names", "render", "render_one"]

SCHEMA: Final = "tremor.explain/1"
_NEAREST: Final = 3
_LABEL: Final = 9


def names() -> tuple[str, ...]:
    """List everything that has a name: claims, explanations, evidence, advice, warning signs."""
    return tuple(dict.fromkeys(name for name, _, _ in _everything()))


def document(name: str | None = None) -> dict[str, Any]:
    """Give the tables as plain values for JSON.

    Parameters
    ----------
    name : str, optional
        One entry only, by its name; upper and lower case are the same.

    Returns
    -------
    dict
        Lists of claims, explanations, evidence, questions, advice and warning signs; with the name
        of one entry, only the lists that hold it.

    Raises
    ------
    InvalidInputError
        Where nothing has that name.
    """
    if name is not None:
        found: dict[str, Any] = {"schema": SCHEMA}
        for kind, row in _matches(name):
            found.setdefault(kind, []).append(_plain(row))
        return found
    table = evidence_table()
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "article": {"title": article().title, "publisher": article().publisher},
        "rules": _plain(table.rules),
        "redraws": _plain(table.redraws),
    }
    for _, kind, row in _everything():
        whole.setdefault(kind, []).append(_plain(row))
    whole["questions"] = [
        {"key": one.key, "text": one.text, "fields": list(one.answers)}
        for one in table.questions.values()
    ]
    return whole


def render() -> str:
    """Give all claims, explanations, evidence with weights and reasons, advice and warning signs.

    Returns
    -------
    str
        Lines of at most 80 columns.
    """
    table = evidence_table()
    lines = [
        *wrapped(f"What the article says: {article().title} ({article().publisher})"),
        "",
        *(line for claim in article().claims.values() for line in _claim(claim)),
        "",
        "The three explanations",
        "",
        *_each(table.hypotheses.values(), _hypothesis),
        *_rules(table),
        "",
        "Evidence: what is looked at, and how it weighs",
        "",
        *wrapped(_WEIGHTS, indent=2),
        "",
        *_each(table.entries.values(), _entry),
        "Advice",
        "",
        *_each(advice_table().advice, _advice),
        "When to get help",
        "",
        *_each(advice_table().warnings, _warning),
    ]
    return "\n".join(lines).rstrip() + "\n"


_WEIGHTS: Final = (
    "A weight is a change of log-odds: +0.7 doubles the odds of an explanation, -0.7 halves them. "
    "What is not known weighs nothing."
)


def render_one(name: str) -> str:
    """Give the entries of one name, and the claims that they cite.

    Parameters
    ----------
    name : str
        Name of a claim, an explanation, evidence, advice or a warning sign; upper and lower case
        are the same.

    Returns
    -------
    str
        Lines of at most 80 columns.

    Raises
    ------
    InvalidInputError
        Where nothing has that name; it gives the nearest names.
    """
    lines: list[str] = []
    for kind, row in _matches(name):
        lines += [*_LINES[kind](row), ""]
        cited = tuple(getattr(row, "claims", ()))
        if isinstance(row, Hypothesis):
            lines += [*_weighed_by(row.id), ""]
        if isinstance(row, Claim):
            lines += [*_citing(row.id), ""]
        elif cited:
            lines += ["  It cites", *(line for id_ in cited for line in _cited(id_)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _everything() -> Iterator[tuple[str, str, Any]]:
    """Give name, kind and row of all that has a name."""
    table, advice = evidence_table(), advice_table()
    for claim in article().claims.values():
        yield claim.id, "claims", claim
    for hypothesis in table.hypotheses.values():
        yield hypothesis.id, "explanations", hypothesis
    for entry in table.entries.values():
        yield entry.key, "evidence", entry
    for one in advice.advice:
        yield one.id, "advice", one
    for sign in advice.warnings:
        yield sign.id, "warning_signs", sign


def _matches(name: str) -> list[tuple[str, Any]]:
    asked = name.strip().lower().replace("-", "_")
    found = [(kind, row) for known, kind, row in _everything() if known.lower() == asked]
    if not found:
        near = get_close_matches(asked, names(), n=_NEAREST, cutoff=0.4)
        hint = f"the nearest are {', '.join(near)}" if near else "all: tremor explain"
        raise InvalidInputError(f"nothing is called {name!r}; {hint}")
    return found


def _plain(row: Any) -> dict[str, Any]:  # noqa: ANN401 - rows of five kinds
    if isinstance(row, Entry):
        return row.to_dict()
    return {
        key: dict(value)
        if isinstance(value, Mapping)
        else list(value)
        if isinstance(value, tuple)
        else value
        for key, value in asdict(row).items()
    }


def _each(rows: Any, lines_of: Callable[[Any], list[str]]) -> Iterator[str]:  # noqa: ANN401
    for row in rows:
        yield from lines_of(row)
        yield ""


def _claim(claim: Claim) -> list[str]:
    by = f" ({claim.attributed_to})" if claim.attributed_to else ""
    return wrapped(f"{claim.id:<4}{claim.text}{by}", indent=2, hang=4)


def _claim_alone(claim: Claim) -> list[str]:
    by = f" ({claim.attributed_to})" if claim.attributed_to else ""
    head = f"{claim.id}, a claim of the article, section {claim.section}"
    return [*wrapped(head), *wrapped(f"{claim.text}{by}", indent=2)]


def _cited(id_: str) -> list[str]:
    return wrapped(f"{id_:<4}{article().claims[id_].text}", indent=4, hang=4)


def _citing(id_: str) -> list[str]:
    users = [
        name
        for name, _, row in _everything()
        if not isinstance(row, Claim) and id_ in getattr(row, "claims", ())
    ]
    return wrapped(f"Cited by {', '.join(users)}", indent=2, hang=2)


def _hypothesis(hypothesis: Hypothesis) -> list[str]:
    return [
        *wrapped(f"{hypothesis.id}  {hypothesis.name} [article: {' '.join(hypothesis.claims)}]"),
        *wrapped(hypothesis.first_line, indent=2),
        *wrapped(f"{'prior':<{_LABEL}}{hypothesis.prior:+.1f}", indent=2),
        *wrapped(hypothesis.prior_reason, indent=2 + _LABEL),
    ]


def _rules(table: EvidenceTable) -> list[str]:
    rules, how = table.rules, table.redraws
    told = (
        (f"Strong is a support of {percent(rules.strong_from)} and more.", "strong_from"),
        (f"Moderate is {percent(rules.moderate_from)} and more; weak is less.", "moderate_from"),
        (
            f"The sum of the weights is held between {-rules.sum_limit:g} and "
            f"{rules.sum_limit:+g}.",
            "sum_limit",
        ),
        (
            "Explanations fit about equally where their log-odds differ by under "
            f"{rules.equal_within:g}.",
            "equal_within",
        ),
    )
    lines = [
        line
        for text, reason in told
        for line in wrapped(f"- {text} {rules.reasons[reason]}", hang=2)
    ]
    redraws = (
        f"- Each weight is redrawn {how.draws} times between {how.weight_factor_low:g} and "
        f"{how.weight_factor_high:g} times itself, each prior within {how.prior_shift:g} of "
        f"itself. {how.reason}"
    )
    return [*lines, *wrapped(redraws, hang=2)]


def _weighed_by(explanation: str) -> list[str]:
    told = []
    for entry in evidence_table().entries.values():
        weights = [one.weights.get(explanation, 0.0) for one in entry.bins]
        if any(weights):
            told.append((max(map(abs, weights)), f"{entry.key} {_span(weights)}"))
    told.sort(key=lambda pair: -pair[0])
    return wrapped(f"Weighed by {', '.join(text for _, text in told)}", indent=2, hang=2)


def _span(weights: list[float]) -> str:
    low, high = min(*weights, 0.0), max(*weights, 0.0)
    if not low or not high:
        return f"{low or high:+.1f}"
    return f"{low:+.1f} to {high:+.1f}"


def _entry(entry: Entry) -> list[str]:
    lines = wrapped(f"{entry.key}: {entry.looks_at} [{_ground(entry)}]", hang=2)
    for one in entry.bins:
        weights = ", ".join(
            f"{id_} {weight:+.1f}" if weight else f"{id_} 0" for id_, weight in one.weights.items()
        )
        lines += wrapped(f"{_where(one, entry.unit)}: {weights}", indent=2, hang=2)
        lines += wrapped(one.reason, indent=6)
        if one.source:
            lines += wrapped(f"({one.source})", indent=6)
    return lines


def _ground(row: Entry | AdviceText) -> str:
    claims = " ".join(row.claims)
    return row.grade + (f": {claims}" if claims else "") + (f"; {row.source}" if row.source else "")


def _where(one: Bin, unit: str) -> str:
    if one.word is not None:
        return one.word
    if math.isinf(one.low) and math.isinf(one.high):
        return "whatever it is"
    if math.isinf(one.low):
        return f"below {one.high:g} {unit}"
    if math.isinf(one.high):
        return f"from {one.low:g} {unit}"
    return f"from {one.low:g} to under {one.high:g} {unit}"


def _advice(one: AdviceText) -> list[str]:
    goes_with = [
        *([] if one.explanation is None else [f"{one.explanation} leads"]),
        *([] if one.when is None else [one.when]),
    ]
    given = f"given when: {' and '.join(goes_with)}" if goes_with else "always given"
    text = one.text.replace("{sweat}", "")
    return [
        *wrapped(f"{one.id} [{_ground(one)}]"),
        *wrapped(text, indent=2),
        *wrapped(given, indent=2),
    ]


def _warning(sign: WarningText) -> list[str]:
    return [
        *wrapped(f"{sign.id} [literature; {sign.source}]"),
        *wrapped(f"{explaining.URGENCIES[sign.urgency]:<{_LABEL}}{sign.text}", indent=2, hang=9),
    ]


_LINES: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "claims": _claim_alone,
    "explanations": _hypothesis,
    "evidence": _entry,
    "advice": _advice,
    "warning_signs": _warning,
}
