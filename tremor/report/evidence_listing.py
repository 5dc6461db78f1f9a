"""The claims, the evidence and its weights as a listing: all of them, or one by its name.

These are the tables as they ship. What a result was weighed with stands in the result.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from tremor.errors import InvalidInputError
from tremor.explanation.advice import AdviceText, WarningText, advice_table
from tremor.explanation.answers.question_schema import TOPICS
from tremor.explanation.answers.questions import QUESTIONS
from tremor.explanation.claims import Claim, article
from tremor.explanation.evidence import Bin, Entry, Hypothesis, evidence_table
from tremor.report.layout import wrapped
from tremor.report.messages import section, text
from tremor.report.numbers import percent

if TYPE_CHECKING:
    from tremor.explanation.evidence import EvidenceTable

__all__ = ["SCHEMA", "document", "names", "overview", "render", "render_one"]

SCHEMA: Final = "tremor.explain/1"
_NEAREST: Final = 3
#: The commands that the overview points to.
_GO_ON: Final[Mapping[str, str]] = {
    "one": "tremor explain ID",
    "all": "tremor explain --all",
    "anew": "tremor explain --analysis FILE",
}
_LABEL: Final = 9


def names() -> tuple[str, ...]:
    """List everything that has a name: claims, explanations, evidence, advice, warning signs."""
    return tuple(dict.fromkeys(name for name, _, _ in _everything()))


def document(name: str | None = None) -> dict[str, Any]:
    """Return the tables as plain values for JSON.

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
        If nothing has that name.
    """
    if name is not None:
        found: dict[str, Any] = {"schema": SCHEMA}
        for kind, row in _matches(name):
            found.setdefault(kind, []).append(_plain(kind, row))
        return found
    table = evidence_table()
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "article": {"title": text("claim", "title"), "publisher": text("claim", "publisher")},
        "rules": asdict(table.rules)
        | {"reasons": {name: text("rule", f"{name}.reason") for name in table.rules.reasons}},
        "redraws": asdict(table.redraws) | {"reason": text("rule", "redraws.reason")},
    }
    for _, kind, row in _everything():
        whole.setdefault(kind, []).append(_plain(kind, row))
    whole["lowerings"] = [
        asdict(row) | {"because": text("lowering", f"{row.answer}.{row.finding}.because")}
        for row in table.lowerings
    ]
    whole["questions"] = [
        {
            "key": topic,
            "text": text("question", f"{topic}.text"),
            "fields": [question.attribute for question in QUESTIONS if question.topic == topic],
        }
        for topic in TOPICS
    ]
    return whole


def overview() -> str:
    """Return the three explanations in short, how much is behind them, and where to go on.

    Returns
    -------
    str
        Lines of at most 80 columns, and few enough for one screen of 24 lines.
    """
    table, advice = evidence_table(), advice_table()
    grades = Counter(entry.grade for entry in table.entries.values())
    lines = wrapped(_label("overview", title=text("claim", "title")))
    for id_, hypothesis in table.hypotheses.items():
        weights = [
            weight
            for entry in table.entries.values()
            for weight in (one.weights.get(id_, 0.0) for one in entry.bins)
        ]
        lines += [
            "",
            *wrapped(f"{id_}: {text('explanation', f'{id_}.name')}"),
            *wrapped(text("explanation", f"{id_}.in_short"), indent=2),
            *wrapped(
                _label(
                    "behind",
                    prior=hypothesis.prior,
                    n_for=sum(weight > 0.0 for weight in weights),
                    n_against=sum(weight < 0.0 for weight in weights),
                ),
                indent=2,
            ),
        ]
    counts = _label(
        "counts",
        n_claims=len(article().claims),
        n_evidence=len(table.entries),
        grades=[f"{n} {_word('grade', grade)}" for grade, n in grades.most_common()],
        n_advice=len(advice.advice),
        n_signs=len(advice.warnings),
    )
    lines += ["", *wrapped(counts), ""]
    lines += [f"  {command:<33}{_label(f'go_on.{name}')}" for name, command in _GO_ON.items()]
    return "\n".join(lines) + "\n"


def render() -> str:
    """Return all claims, explanations, evidence with weights, advice and warning signs as text.

    Returns
    -------
    str
        Lines of at most 80 columns.
    """
    table = evidence_table()
    lines = [
        *wrapped(
            _label("claims", title=text("claim", "title"), publisher=text("claim", "publisher"))
        ),
        "",
        *(line for claim in article().claims.values() for line in _claim(claim)),
        "",
        _label("explanations"),
        "",
        *_each(table.hypotheses.values(), _hypothesis),
        *_rules(table),
        "",
        _label("evidence"),
        "",
        *wrapped(_label("weights"), indent=2),
        "",
        *_each(table.entries.values(), _entry),
        _label("advice"),
        "",
        *_each(advice_table().advice, _advice),
        _label("warning_signs"),
        "",
        *_each(advice_table().warnings, _warning),
    ]
    return "\n".join(lines).rstrip() + "\n"


def render_one(name: str) -> str:
    """Return the entries of one name, and the claims that they cite, as text.

    Parameters
    ----------
    name : str
        Name of a claim, an explanation, evidence, advice or a warning sign, or a beginning that
        only one has; upper and lower case are the same.

    Returns
    -------
    str
        Lines of at most 80 columns.

    Raises
    ------
    InvalidInputError
        If nothing has that name; the message lists the nearest names.
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
            lines += [f"  {_label('cites')}", *(line for id_ in cited for line in _cited(id_)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _everything() -> Iterator[tuple[str, str, Any]]:
    """Iterate over name, kind and row of all that has a name."""
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
    meant = _meant(asked)
    found = [(kind, row) for known, kind, row in _everything() if known.lower() == meant]
    if not found:
        near = get_close_matches(asked, names(), n=_NEAREST, cutoff=0.4)
        hint = f"the nearest are {', '.join(near)}" if near else "all: tremor explain --all"
        raise InvalidInputError(f"nothing is called {name!r}; {hint}")
    return found


def _meant(asked: str) -> str:
    """Return the name that is meant: itself, what alone begins with it, or an explanation of it."""
    known = [name.lower() for name in names()]
    if asked in known or not asked:
        return asked
    parts = ([one for one in known if one.startswith(asked)], _explanations_with(asked))
    return next((found[0] for found in parts if len(found) == 1), asked)


def _explanations_with(word: str) -> list[str]:
    """Return the explanations in whose name a word stands, such as ``fatigue``."""
    return [id_ for id_ in evidence_table().hypotheses if word in id_.split("_")]


#: Where the texts of each kind of row stand in the catalogue.
_SECTIONS: Final = {
    "claims": "claim",
    "explanations": "explanation",
    "evidence": "evidence",
    "advice": "advice",
    "warning_signs": "warning_sign",
}


def _plain(kind: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - rows of five kinds
    """Return a row as JSON holds it, with its texts in the language of the reader."""
    texts, name = section(_SECTIONS[kind]), getattr(row, "id", None) or row.key
    if isinstance(row, Entry):
        record = row.to_dict()
        for one, written in zip(row.bins, record["bins"], strict=True):
            written["reason"] = texts[f"{name}.{one.key}.reason"]
    else:
        record = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(row).items()
        }
    return {key: texts.get(f"{name}.{key}", value) for key, value in record.items()}


def _label(name: str, /, **values: object) -> str:
    return text("listing", name, **values)


def _word(of: str, name: str) -> str:
    """Return a word of the tables; itself where the catalogue has no other."""
    words: Mapping[str, str] = section("listing")
    return words.get(f"{of}.{name}", name)


def _each(rows: Any, lines_of: Callable[[Any], list[str]]) -> Iterator[str]:  # noqa: ANN401
    for row in rows:
        yield from lines_of(row)
        yield ""


def _claim_text(claim: Claim) -> str:
    texts = section("claim")
    by, disputed = (texts.get(f"{claim.id}.{name}", "") for name in ("attributed_to", "disputed"))
    found = text("claim", f"{claim.id}.text") + (f" ({by})" if by else "")
    return f"{found} [{disputed}]" if disputed else found


def _claim(claim: Claim) -> list[str]:
    return wrapped(f"{claim.id:<4}{_claim_text(claim)}", indent=2, hang=4)


def _claim_alone(claim: Claim) -> list[str]:
    head = _label("claim", id=claim.id, section=text("claim", f"{claim.id}.section"))
    return [*wrapped(head), *wrapped(_claim_text(claim), indent=2)]


def _cited(id_: str) -> list[str]:
    return wrapped(f"{id_:<4}{text('claim', f'{id_}.text')}", indent=4, hang=4)


def _citing(id_: str) -> list[str]:
    users = [
        name
        for name, _, row in _everything()
        if not isinstance(row, Claim) and id_ in getattr(row, "claims", ())
    ]
    return wrapped(_label("cited_by", names=users), indent=2, hang=2)


def _hypothesis(hypothesis: Hypothesis) -> list[str]:
    id_ = hypothesis.id
    ground = f"{_word('grade', 'article')}: {' '.join(hypothesis.claims)}"
    return [
        *wrapped(f"{id_}  {text('explanation', f'{id_}.name')} [{ground}]"),
        *wrapped(text("explanation", f"{id_}.first_line"), indent=2),
        *wrapped(f"{_label('prior'):<{_LABEL}}{hypothesis.prior:+.1f}", indent=2),
        *wrapped(text("explanation", f"{id_}.prior_reason"), indent=2 + _LABEL),
    ]


def _rules(table: EvidenceTable) -> list[str]:
    rules, how = table.rules, table.redraws
    stated = {
        "strong_from": _label("strong_from", support=percent(rules.strong_from)),
        "moderate_from": _label("moderate_from", support=percent(rules.moderate_from)),
        "least_kept": _label("least_kept", share=rules.least_kept),
        "sum_limit": _label("sum_limit", low=-rules.sum_limit, high=rules.sum_limit),
        "equal_within": _label("equal_within", log_odds=rules.equal_within),
        "redraws": _label(
            "redraws",
            draws=how.draws,
            low=how.weight_factor_low,
            high=how.weight_factor_high,
            prior_shift=how.prior_shift,
        ),
    }
    return [
        line
        for name, rule in stated.items()
        for line in wrapped(f"- {rule} {text('rule', f'{name}.reason')}", hang=2)
    ]


def _weighed_by(explanation: str) -> list[str]:
    found = []
    for entry in evidence_table().entries.values():
        weights = [one.weights.get(explanation, 0.0) for one in entry.bins]
        if any(weights):
            found.append((max(map(abs, weights)), f"{entry.key} {_span(weights)}"))
    found.sort(key=lambda pair: -pair[0])
    return wrapped(_label("weighed_by", names=[name for _, name in found]), indent=2, hang=2)


def _span(weights: list[float]) -> str:
    low, high = min(*weights, 0.0), max(*weights, 0.0)
    if not low or not high:
        return f"{low or high:+.1f}"
    return _label("weights_between", low=low, high=high)


def _entry(entry: Entry) -> list[str]:
    key, texts = entry.key, section("evidence")
    lines = wrapped(
        f"{key}: {texts[f'{key}.looks_at']} [{_ground('evidence', key, entry)}]", hang=2
    )
    for one in entry.bins:
        weights = ", ".join(
            f"{id_} {weight:+.1f}" if weight else f"{id_} 0" for id_, weight in one.weights.items()
        )
        lines += wrapped(f"{_where(one, entry.unit)}: {weights}", indent=2, hang=2)
        lines += wrapped(texts[f"{key}.{one.key}.reason"], indent=6)
        source = texts.get(f"{key}.{one.key}.source")
        if source:
            lines += wrapped(f"({source})", indent=6)
    for row in evidence_table().lowerings:
        if row.finding == entry.finding:
            because = text("lowering", f"{row.answer}.{row.finding}.because")
            line = _label(
                "lowered",
                bin=_word("bin", row.word),
                answer=row.answer,
                kept=row.kept,
                because=because,
            )
            lines += wrapped(line, indent=2, hang=2)
    return lines


def _ground(kind: str, name: str, row: Entry | AdviceText) -> str:
    claims = " ".join(row.claims)
    source = section(kind).get(f"{name}.source", "")
    grade = _word("grade", row.grade)
    return grade + (f": {claims}" if claims else "") + (f"; {source}" if source else "")


def _where(one: Bin, unit: str) -> str:
    """Return which values lie in a bin."""
    if one.word is not None:
        return _word("bin", one.word)
    ends = {"low": one.low, "high": one.high, "unit": unit}
    if math.isinf(one.low):
        return _label("range.any" if math.isinf(one.high) else "range.below", **ends)
    return _label("range.from" if math.isinf(one.high) else "range.between", **ends)


def _advice(one: AdviceText) -> list[str]:
    conditions = [
        *([] if one.explanation is None else [_label("leads", explanation=one.explanation)]),
        *([] if one.when is None else [_word("condition", one.when)]),
    ]
    given = {"first": conditions[0], "last": conditions[-1]} if conditions else {}
    n = "either" if one.either else len(conditions)
    return [
        *wrapped(f"{one.id} [{_ground('advice', one.id, one)}]"),
        *wrapped(text("advice", f"{one.id}.text", sweat=None), indent=2),
        *wrapped(_label("given", n=n, **given), indent=2),
    ]


def _warning(sign: WarningText) -> list[str]:
    ground = f"{_word('grade', 'literature')}; {text('warning_sign', f'{sign.id}.source')}"
    urgency = text("explanations", f"urgency.{sign.urgency}")
    return [
        *wrapped(f"{sign.id} [{ground}]"),
        *wrapped(
            f"{urgency:<{_LABEL}}{text('warning_sign', f'{sign.id}.text')}", indent=2, hang=_LABEL
        ),
    ]


_LINES: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "claims": _claim_alone,
    "explanations": _hypothesis,
    "evidence": _entry,
    "advice": _advice,
    "warning_signs": _warning,
}
