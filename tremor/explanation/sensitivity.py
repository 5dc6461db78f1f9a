"""Sensitivity of the order of the explanations to the weights and to missing answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tremor.estimate import LEVEL
from tremor.explanation.answers.context import Context
from tremor.explanation.evidence import EvidenceTable
from tremor.explanation.expected_change import Change, look_ahead
from tremor.explanation.findings.collect import answered_findings
from tremor.explanation.likely_answers import interview_table
from tremor.explanation.lowering import SHAKING_CAUTIONS, cautions_in_force, lowered
from tremor.explanation.weighing import Weighed, log_odds, weigh
from tremor.notes import note
from tremor.results.explanations import OpenQuestion

if TYPE_CHECKING:
    from tremor.explanation.findings.finding import Finding
    from tremor.results.analysis import Analysis

__all__ = ["Redrawn", "leader_of", "log_odds_of", "open_questions", "redraw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """Result of redrawing all weights and priors.

    Parameters
    ----------
    leader_share : float
        Share of the draws with the leader that the weights of the table give, 0 to 1.
    log_odds_low, log_odds_high : mapping of str to float
        Limits that hold 95 % of the draws, by explanation.
    """

    leader_share: float
    log_odds_low: Mapping[str, float]
    log_odds_high: Mapping[str, float]


def redraw(weighed: Sequence[Weighed], table: EvidenceTable) -> Redrawn:
    """Redraw every weight and every prior, and count how often the leader stays.

    Parameters
    ----------
    weighed : sequence of Weighed
        What is known.
    table : EvidenceTable
        The weights, and how they are redrawn.

    Returns
    -------
    Redrawn
        The same for the same input: the seed stands in the table.

    Notes
    -----
    Each draw multiplies each weight by its own uniform factor and moves each prior by its own
    uniform shift; the sum is held within its limit as always. Every weight of the table is drawn,
    known or not, so that one more answer leaves the draws of the others as they were.
    """
    how = table.redraws
    ids = tuple(table.hypotheses)
    rng = np.random.default_rng(how.seed)
    factor = rng.uniform(
        how.weight_factor_low, how.weight_factor_high, (how.draws, len(table.entries), len(ids))
    )
    shift = rng.uniform(-how.prior_shift, how.prior_shift, (how.draws, len(ids)))
    row_of = {key: row for row, key in enumerate(table.entries)}
    weights = np.zeros((len(row_of), len(ids)))
    for one in weighed:
        for column, id_ in enumerate(ids):
            weights[row_of[one.entry.key], column] = one.bin.weights.get(id_, 0.0)
    priors = np.array([table.hypotheses[id_].prior for id_ in ids])
    limit = table.rules.sum_limit
    drawn = priors + shift + np.clip((weights * factor).sum(axis=1), -limit, limit)
    odds = log_odds(weighed, table)
    leader = ids.index(leader_of(odds))
    tail = 0.5 * (1.0 - LEVEL)
    low, high = np.quantile(drawn, (tail, 1.0 - tail), axis=0)
    return Redrawn(
        leader_share=float(np.mean(drawn.argmax(axis=1) == leader)),
        log_odds_low=dict(zip(ids, low.tolist(), strict=True)),
        log_odds_high=dict(zip(ids, high.tolist(), strict=True)),
    )


def open_questions(
    analysis: Analysis, context: Context, table: EvidenceTable
) -> tuple[OpenQuestion, ...]:
    """Find the unanswered questions whose answers could change something.

    Parameters
    ----------
    analysis : Analysis
        What was measured.
    context : Context
        What was answered.
    table : EvidenceTable
        The weights.

    Returns
    -------
    tuple of OpenQuestion
        Questions that can change the leader go before those that cannot; then, where a caution
        doubts that a muscle shook the leg, the question on that; then those that are expected to
        change most for each answer asked for, as in the interview.
    """
    outlook = look_ahead(context, analysis, (), table, interview_table(), with_lists=False)
    whole: dict[str, Change] = {one.topic: one for one in outlook.changes}  # the last asks for all
    in_doubt = any(one.code in SHAKING_CAUTIONS for one in analysis.cautions)
    ranked = sorted(
        (one for one in whole.values() if one.largest_change > 0.0),
        key=lambda one: (
            one.new_leader is None,
            not (in_doubt and one.topic == "shaking"),
            -one.leader_change / one.prompts,
        ),
    )
    return tuple(
        OpenQuestion(
            key=one.topic,
            text=note("OPEN_QUESTION", question=one.topic),
            fields=tuple(name for prompt in one.asked for name in prompt),
            explanation=one.explanation,
            largest_change=one.largest_change,
            leader=one.new_leader,
        )
        for one in ranked
    )


def log_odds_of(
    analysis: Analysis, context: Context, measured: Sequence[Finding], table: EvidenceTable
) -> dict[str, float]:
    """Weigh findings of the sensor and answers.

    Parameters
    ----------
    analysis : Analysis
        What was measured, with its cautions.
    context : Context
        What was answered.
    measured : sequence of Finding
        The findings of the sensor.
    table : EvidenceTable
        The weights.

    Returns
    -------
    dict of str to float
        Log-odds by explanation.
    """
    findings = (*measured, *answered_findings(analysis, context))
    kept = lowered(findings, cautions_in_force(analysis), context, table)
    return log_odds(weigh(kept, table), table)


def leader_of(odds: Mapping[str, float]) -> str:
    """Return the explanation with the largest log-odds; of equal ones, the first."""
    return max(odds, key=lambda id_: odds[id_])
