"""What would change the result: how far the leader leads, open answers, and another recording."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tremor.explanation.answers.context import Context
from tremor.explanation.evidence import EvidenceTable
from tremor.explanation.lowering import SHAKING_CAUTIONS, cautions_in_force
from tremor.explanation.sensitivity import leader_of, log_odds_of
from tremor.notes import Note, note

if TYPE_CHECKING:
    from tremor.explanation.findings.finding import Finding
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import OpenQuestion

__all__ = ["Lead", "lead_of", "what_would_change"]

#: Beyond the leader, so many answers that could change it are named.
_MOST_QUESTIONS: Final = 2
#: A lead of this many times what is about equal is a wide one.
_WIDE: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How far the leader leads.

    Parameters
    ----------
    second : str
        Id of the explanation that comes next.
    log_odds : float
        By how much its log-odds are lower.
    """

    second: str
    log_odds: float


def lead_of(odds: Mapping[str, float]) -> Lead:
    """Return how far the leader leads.

    Parameters
    ----------
    odds : mapping of str to float
        Log-odds by explanation, two or more.

    Returns
    -------
    Lead
        The next explanation, and the distance to it.

    Examples
    --------
    >>> lead_of({"a": 0.5, "b": 2.0, "c": -1.0})
    Lead(second='a', log_odds=1.5)
    """
    first, second = sorted(odds, key=lambda id_: -odds[id_])[:2]
    return Lead(second=second, log_odds=odds[first] - odds[second])


def what_would_change(
    analysis: Analysis,
    context: Context,
    measured: Sequence[Finding],
    table: EvidenceTable,
    questions: Sequence[OpenQuestion],
    *,
    leader_known: bool,
) -> tuple[Note, ...]:
    """Return what would change what leads, in the order in which it is told.

    Parameters
    ----------
    analysis : Analysis
        What was measured.
    context : Context
        What was answered.
    measured : sequence of Finding
        The findings of the sensor.
    table : EvidenceTable
        The weights.
    questions : sequence of OpenQuestion
        The unanswered questions, the most telling first.
    leader_known : bool
        Whether enough is known to say which explanation fits best.

    Returns
    -------
    tuple of Note
        How far the leader leads; the answers that could change it, or that none would; and what
        another recording could change.
    """
    odds = log_odds_of(analysis, context, measured, table)
    found = [_lead_note(odds, table)] if leader_known else []
    found += _by_answers(questions, leader_known=leader_known)
    found += _by_recording(analysis, context, measured, table, odds)
    return tuple(found)


def _lead_note(odds: Mapping[str, float], table: EvidenceTable) -> Note:
    lead, equal = lead_of(odds), table.rules.equal_within
    how = "close" if lead.log_odds < equal else "wide" if lead.log_odds >= _WIDE * equal else "some"
    return note(
        "LEADS", leader=leader_of(odds), second=lead.second, how=how, lead_log_odds=lead.log_odds
    )


def _by_answers(questions: Sequence[OpenQuestion], *, leader_known: bool) -> list[Note]:
    changing = [one for one in questions if one.leader is not None]
    if not questions:
        return [note("NO_ANSWER_MISSING")]
    if changing and leader_known:
        return [
            note("ANSWER_COULD_CHANGE", question=one.key, leader=one.leader)
            for one in changing[:_MOST_QUESTIONS]
        ]
    if leader_known:
        return [note("ANSWER_WOULD_NOT_CHANGE", question=questions[0].key)]
    return [note("ANSWER_TELLS_MOST", question=questions[0].key)]


def _by_recording(
    analysis: Analysis,
    context: Context,
    measured: Sequence[Finding],
    table: EvidenceTable,
    odds: Mapping[str, float],
) -> list[Note]:
    if analysis.status == "insufficient":
        return [note("NOTHING_RECORDED")]
    if analysis.status != "measured":
        return []
    if _shaken_by_something_else(analysis, context, table):
        return [note("RECORD_WITHOUT_SHAKING")]
    leader = leader_of(odds)
    recovery = next(one for one in measured if one.key == "recovery")
    if not recovery.known:
        return [_longer_rest(analysis, context, measured, table, leader)]
    sure = log_odds_of(replace(analysis, cautions=()), context, measured, table)
    if leader_of(sure) != leader:
        return [note("SURER_RECORDING_COULD_CHANGE", leader=leader_of(sure))]
    return []


def _shaken_by_something_else(analysis: Analysis, context: Context, table: EvidenceTable) -> bool:
    """Check whether nothing that was measured counts, by an answer or by a caution."""
    if context.shaking is not None:
        return context.shaking != "none"
    return any(
        one.code in SHAKING_CAUTIONS and 1.0 - one.strength < table.rules.least_kept
        for one in cautions_in_force(analysis)
    )


def _longer_rest(
    analysis: Analysis,
    context: Context,
    measured: Sequence[Finding],
    table: EvidenceTable,
    leader: str,
) -> Note:
    """Return what it would change to know whether the tremor fades."""
    for verdict in ("persists", "decays"):
        tried = [replace(one, word=verdict) if one.key == "recovery" else one for one in measured]
        other = leader_of(log_odds_of(analysis, context, tried, table))
        if other != leader:
            return note(
                "LONGER_REST_COULD_CHANGE",
                verdict=verdict,
                leader=other,
                minutes=_minutes_needed(analysis),
            )
    return note("LONGER_REST_WOULD_NOT_CHANGE")


def _minutes_needed(analysis: Analysis) -> int | None:
    needed_s = None if analysis.recovery is None else analysis.recovery.more_rest_needed_s.value
    return None if needed_s is None else math.ceil(needed_s / 60.0)
