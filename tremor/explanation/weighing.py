"""Weighing: findings in, log-odds of the three explanations out. Pure sums over the table.

The order of the findings does not matter, and what is not known weighs nothing. How much hangs on
the weights is `sensitivity`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tremor.explanation.answers.questions import by_attribute
from tremor.explanation.evidence import Bin, Entry, EvidenceTable, Rules
from tremor.explanation.findings.finding import Finding
from tremor.notes import Note, note
from tremor.results.explanations import Direction, Evidence, Missing, SupportWord

__all__ = [
    "Weighed",
    "about_equal",
    "evidence_for",
    "log_odds",
    "missing_for",
    "support_of",
    "weigh",
    "word_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A known finding, the entry that looks at it, and the bin that it lies in.

    Parameters
    ----------
    entry : Entry
        What looks at it.
    finding : Finding
        The finding.
    bin : Bin
        Its bin, the weights lowered as the finding is.
    in_full : Bin
        The same bin of the table.
    """

    entry: Entry
    finding: Finding
    bin: Bin
    in_full: Bin


def weigh(findings: Iterable[Finding], table: EvidenceTable) -> tuple[Weighed, ...]:
    """Look up every known finding in the table.

    Parameters
    ----------
    findings : iterable of Finding
        In any order; those that are not known are passed over.
    table : EvidenceTable
        The weights.

    Returns
    -------
    tuple of Weighed
        In the order of the table.
    """
    known = {one.key: one for one in findings if one.known}
    return tuple(
        _weighed(entry, finding)
        for entry in table.entries.values()
        if (finding := known.get(entry.finding)) is not None
    )


def _weighed(entry: Entry, finding: Finding) -> Weighed:
    found = entry.bin_of(finding.weighed_by, finding.low, finding.high)
    weights = {id_: finding.kept * weight for id_, weight in found.weights.items()}
    lowered = found if finding.kept == 1.0 else replace(found, weights=weights)
    return Weighed(entry=entry, finding=finding, bin=lowered, in_full=found)


def log_odds(weighed: Iterable[Weighed], table: EvidenceTable) -> dict[str, float]:
    """Add up the weights of each explanation.

    Parameters
    ----------
    weighed : iterable of Weighed
        What `weigh` gave.
    table : EvidenceTable
        Priors, and the limit of the sum.

    Returns
    -------
    dict of str to float
        Prior and sum of the weights by explanation; the sum within plus and minus the limit.
    """
    weighed = tuple(weighed)
    limit = table.rules.sum_limit
    return {
        id_: hypothesis.prior
        + min(max(math.fsum(one.bin.weights.get(id_, 0.0) for one in weighed), -limit), limit)
        for id_, hypothesis in table.hypotheses.items()
    }


def support_of(odds: float) -> float:
    """Convert log-odds to support, 0 to 1.

    Examples
    --------
    >>> round(support_of(0.0), 3), round(support_of(math.log(4.0)), 3)
    (0.5, 0.8)
    """
    return 1.0 / (1.0 + math.exp(-odds))


def word_of(
    explanation: str, support: float, weighed: Iterable[Weighed], table: EvidenceTable
) -> SupportWord:
    """Return the word for a support.

    Parameters
    ----------
    explanation : str
        Id of the explanation.
    support : float
        0 to 1.
    weighed : iterable of Weighed
        What is known.
    table : EvidenceTable
        Limits of the words, and how many facts a word needs.

    Returns
    -------
    {"strong", "moderate", "weak", "cannot tell"}
        "cannot tell" where too few questions that bear on it are answered, or nothing that bears on
        it was measured. Several facts from one answer count once.
    """
    hypothesis = table.hypotheses[explanation]
    facts = {
        _topic(one.finding) or one.finding.key
        for one in weighed
        if explanation in one.bin.weights
        and one.finding.origin in hypothesis.rests_on
        and one.finding.kept > 0.0
    }
    if len(facts) < hypothesis.least_facts:
        return "cannot tell"
    return _word(support, table.rules)


def _word(support: float, rules: Rules) -> SupportWord:
    if support >= rules.strong_from:
        return "strong"
    return "moderate" if support >= rules.moderate_from else "weak"


def _topic(finding: Finding) -> str | None:
    fields = finding.unanswered or finding.fields
    return by_attribute()[fields[0]].topic if fields else None


def about_equal(odds: Mapping[str, float], rules: Rules) -> tuple[str, ...]:
    """Return the explanations that fit about as well as the best one, strongest first.

    Parameters
    ----------
    odds : mapping of str to float
        Log-odds by explanation.
    rules : Rules
        Within what they are about equal.

    Returns
    -------
    tuple of str
        The leader alone, where it leads clearly.
    """
    ranked = sorted(odds, key=lambda id_: -odds[id_])  # stable: ties stay in the article's order
    return tuple(id_ for id_ in ranked if odds[ranked[0]] - odds[id_] < rules.equal_within)


def evidence_for(explanation: str, weighed: Iterable[Weighed]) -> tuple[Evidence, ...]:
    """Return the evidence that was weighed for one explanation, in the order of the table."""
    return tuple(
        _evidence(one, one.bin.weights[explanation], one.in_full.weights[explanation])
        for one in weighed
        if explanation in one.bin.weights
    )


def _evidence(one: Weighed, weight: float, in_full: float) -> Evidence:
    direction: Direction = "for" if weight > 0.0 else "against" if weight < 0.0 else "neutral"
    finding, entry = one.finding, one.entry
    return Evidence(  # a keyword for each field of the record
        key=entry.key,
        statement=finding.statement,
        value=finding.word if finding.value is None else finding.value,
        unit=finding.unit,
        low=finding.low,
        high=finding.high,
        origin=finding.origin,
        direction=direction,
        weight=weight,
        weight_in_full=in_full,
        reason=note("EVIDENCE_REASON", entry=entry.key, bin=one.bin.key),
        claims=entry.claims,
        grade=entry.grade,
        source=_source(one),
    )


def _source(one: Weighed) -> Note | None:
    if one.bin.source:
        return note("EVIDENCE_SOURCE", entry=f"{one.entry.key}.{one.bin.key}")
    return note("EVIDENCE_SOURCE", entry=one.entry.key) if one.entry.source else None


def missing_for(
    explanation: str, findings: Iterable[Finding], table: EvidenceTable
) -> tuple[Missing, ...]:
    """List what would weigh for one explanation and is not known, each question once.

    Parameters
    ----------
    explanation : str
        Id of the explanation.
    findings : iterable of Finding
        Known or not.
    table : EvidenceTable
        The weights.

    Returns
    -------
    tuple of Missing
        What could weigh most first.
    """
    by_key = {one.key: one for one in findings}
    groups: dict[str, list[tuple[Entry, Finding]]] = {}
    for entry in table.entries.values():
        finding = by_key.get(entry.finding)
        if finding is None or finding.known or not entry.largest_weight(explanation):
            continue
        groups.setdefault(_topic(finding) or entry.key, []).append((entry, finding))
    found = [_missing(key, explanation, group) for key, group in groups.items()]
    return tuple(sorted(found, key=lambda one: -one.largest_weight))


def _missing(key: str, explanation: str, group: list[tuple[Entry, Finding]]) -> Missing:
    heaviest, finding = max(group, key=lambda pair: abs(pair[0].largest_weight(explanation)))
    statement = finding.statement
    if finding.unanswered:
        statement = note("QUESTION_NOT_ANSWERED", question=key)
    return Missing(
        key=key,
        statement=statement,
        largest_weight=abs(heaviest.largest_weight(explanation)),
        claims=tuple(dict.fromkeys(claim for entry, _ in group for claim in entry.claims)),
        grade=heaviest.grade,
    )
