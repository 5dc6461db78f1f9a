"""Explaining: an analysis and the answers of the runner in, the three explanations out.

Nothing here looks at samples, so that a saved result can be weighed anew with other answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tremor.explanation.advice import advice_for, advice_table, warnings_of
from tremor.explanation.answers.context import Context
from tremor.explanation.changes import lead_of, what_would_change
from tremor.explanation.evidence import EvidenceTable, evidence_table
from tremor.explanation.findings.collect import answered_findings, measured_findings
from tremor.explanation.findings.finding import Finding
from tremor.explanation.lowering import cautions_in_force, lowered
from tremor.explanation.sensitivity import Redrawn, open_questions, redraw
from tremor.explanation.weighing import (
    Weighed,
    about_equal,
    evidence_for,
    log_odds,
    missing_for,
    support_of,
    weigh,
    word_of,
)
from tremor.results.explanations import Explanation, Sensitivity

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis

__all__ = ["explain", "with_explanations"]


def explain(analysis: Analysis, context: Context | None = None) -> tuple[Explanation, ...]:
    """Weigh the three explanations of the article.

    Parameters
    ----------
    analysis : Analysis
        What was measured.
    context : Context, optional
        What was answered; without it, everything is unanswered.

    Returns
    -------
    tuple of Explanation
        All three, strongest first; ties in the order of the article.

    Notes
    -----
    ``log-odds = prior + sum of weights``, the sum held within a limit, for each explanation by
    itself: they do not exclude each other, and their supports need not add up to 1. What is not
    known weighs nothing. Weights, priors and limits, each with its reason, stand in the table of
    evidence, which ``tremor explain`` prints. They are judgement, not measurement; the limits of
    the support are those of 500 redraws of all of them.

    Examples
    --------
    >>> import numpy as np, tremor
    >>> still = np.tile([0.0, 0.0, 9.81], (1000, 1))
    >>> still += np.random.default_rng(0).normal(0.0, 0.003, (1000, 3))
    >>> recording = tremor.Recording.from_arrays(still, sampling_rate_hz=100.0)
    >>> found = explain(tremor.analyze(recording), tremor.Context(rpe=9, duration_min=80))
    >>> found[0].id, found[0].word
    ('muscle_fatigue', 'strong')
    """
    return _weighed(analysis, context or Context(), evidence_table()).explanations()


def with_explanations(analysis: Analysis, context: Context | None = None) -> Analysis:
    """Return an analysis with explanations, their sensitivity, warning signs and advice.

    Parameters
    ----------
    analysis : Analysis
        What was measured; what it holds of explanations already is replaced.
    context : Context, optional
        What was answered.

    Returns
    -------
    Analysis
        The same measurement with the explanations.
    """
    context = context or Context()
    table = evidence_table()
    state = _weighed(analysis, context, table)
    explanations = state.explanations()
    leading = about_equal(state.odds, table.rules)
    questions = open_questions(analysis, context, table)
    lead = lead_of(state.odds)
    leader_known = any(one.word != "cannot tell" for one in explanations if one.id in leading)
    signs = warnings_of(context, advice_table())
    return replace(
        analysis,
        explanations=explanations,
        sensitivity=Sensitivity(
            leader=explanations[0].id,
            about_equal=leading,
            share=state.redrawn.leader_share,
            seed=table.redraws.seed,
            draws=table.redraws.draws,
            question=questions[0] if questions else None,
            rules=table.applied(),
            second=lead.second,
            lead_log_odds=lead.log_odds,
            changes=what_would_change(
                analysis, context, state.measured, table, questions, leader_known=leader_known
            ),
        ),
        warning_signs=signs,
        advice=advice_for(_advised(explanations, leading), context, signs, advice_table()),
        minutes_since_stop=context.minutes_since_stop,
    )


def _advised(explanations: Sequence[Explanation], leading: Collection[str]) -> set[str]:
    """Return the explanations that get their advice.

    These are the leader, unless nothing can be told of it; those about equal to it with at least
    moderate support; and any with strong support.
    """
    first, *_ = explanations
    return {
        one.id
        for one in explanations
        if one.word == "strong"
        or (one.id in leading and one.word == "moderate")
        or (one is first and one.word == "weak")
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    measured: Sequence[Finding]
    findings: Sequence[Finding]
    weighed: Sequence[Weighed]
    odds: dict[str, float]
    redrawn: Redrawn
    table: EvidenceTable

    def explanations(self) -> tuple[Explanation, ...]:
        ranked = sorted(self.odds, key=lambda id_: -self.odds[id_])
        return tuple(self._explanation(id_) for id_ in ranked)

    def _explanation(self, id_: str) -> Explanation:
        hypothesis = self.table.hypotheses[id_]
        support = support_of(self.odds[id_])
        return Explanation(  # a keyword for each field of the record
            id=id_,
            support=support,
            support_low=support_of(self.redrawn.log_odds_low[id_]),
            support_high=support_of(self.redrawn.log_odds_high[id_]),
            word=word_of(id_, support, self.weighed, self.table),
            log_odds=self.odds[id_],
            prior=hypothesis.prior,
            evidence=evidence_for(id_, self.weighed),
            missing=missing_for(id_, self.findings, self.table),
            claims=hypothesis.claims,
        )


def _weighed(analysis: Analysis, context: Context, table: EvidenceTable) -> _State:
    measured = measured_findings(analysis)
    stated = (*measured, *answered_findings(analysis, context))
    findings = lowered(stated, cautions_in_force(analysis), context, table)
    weighed = weigh(findings, table)
    return _State(
        measured=measured,
        findings=findings,
        weighed=weighed,
        odds=log_odds(weighed, table),
        redrawn=redraw(weighed, table),
        table=table,
    )
