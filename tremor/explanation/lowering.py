"""Cautions and answers weigh: what they lower counts less, or not at all, and says so.

Whether something else shook the leg may be answered; the answer goes before the spectrum. Which
other answers lower what, and by how much, is in the table of evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from tremor.explanation.evidence import evidence_table
from tremor.explanation.findings.finding import Finding
from tremor.explanation.findings.sweat import sweat_loss
from tremor.notes import Note, note

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.evidence import EvidenceTable
    from tremor.results.analysis import Analysis
    from tremor.results.cautions import Caution, Part

__all__ = ["SHAKING_CAUTIONS", "cautions_in_force", "lowered"]

#: The part of a result that each finding of the sensor rests on.
_PART_OF: Final[Mapping[str, Part]] = {
    "frequency": "frequency",
    "amplitude": "strength",
    "recovery": "recovery",
    "line_width": "bandwidth",
    "direction": "tremor",
    "pattern": "tremor",
    "slow_line": "frequency",
}
#: Cautions that an answer on what shook the leg confirms; the others of them it removes.
_CONFIRMED_BY: Final = {"machine": "machine", "vehicle": "vehicle", "own_movement": "voluntary"}

#: Findings of the sweat that was lost.
_OF_SWEAT: Final = ("sweat", "mass_loss", "sodium")
#: The cautions that the answer is about.
SHAKING_CAUTIONS: Final = frozenset(_CONFIRMED_BY.values())


def cautions_in_force(analysis: Analysis) -> tuple[Caution, ...]:
    """Return the cautions with the strength that they have for the result as a whole.

    Parameters
    ----------
    analysis : Analysis
        What was measured.

    Returns
    -------
    tuple of Caution
        A machine, vehicle or movement that was there for part of the tremor only counts by that
        part; those of one kind at several times are added up. The others are as they were found.
    """
    total_s = sum(one.end_s - one.start_s for one in analysis.episodes)
    found: list[Caution] = []
    parts: dict[str, Caution] = {}
    for one in analysis.cautions:
        start_s, end_s = one.start_s, one.end_s
        if one.code not in SHAKING_CAUTIONS or start_s is None or end_s is None or not total_s:
            found.append(one)
            continue
        inside_s = sum(
            max(0.0, min(end_s, episode.end_s) - max(start_s, episode.start_s))
            for episode in analysis.episodes
        )
        before = parts[one.code].strength if one.code in parts else 0.0
        strength = min(1.0, before + one.strength * inside_s / total_s)
        parts[one.code] = replace(one, strength=strength)
    return (*found, *parts.values())


class _Ground(NamedTuple):
    """The share of its weight that a finding keeps, and why."""

    kept: float
    why: Note


def lowered(
    findings: Iterable[Finding],
    cautions: Iterable[Caution],
    context: Context,
    table: EvidenceTable | None = None,
) -> tuple[Finding, ...]:
    """Lower the findings by what weakens them.

    Parameters
    ----------
    findings : iterable of Finding
        In any order.
    cautions : iterable of Caution
        Of the analysis; they lower what the sensor measured.
    context : Context
        What was answered; ``shaking`` confirms or removes the cautions on it.
    table : EvidenceTable, optional
        The answers that lower a finding; as it ships where it is left out.

    Returns
    -------
    tuple of Finding
        In the same order; one that is lowered has a smaller `Finding.kept`, and its statement says
        why. Of several grounds the strongest counts, so that their order does not matter.
    """
    table = table or evidence_table()
    found = tuple(cautions)
    return tuple(_lowered(one, found, context, table) if one.known else one for one in findings)


def _lowered(
    finding: Finding, cautions: Collection[Caution], context: Context, table: EvidenceTable
) -> Finding:
    grounds = [*_by_answers(finding, context, table), *_by_weighings(finding, context)]
    removed: list[_Ground] = []
    if finding.origin == "measured":
        given = _by_cautions(finding, cautions)
        if context.shaking is not None:
            removed = [one for one in given if one.why.values["caution"] in SHAKING_CAUTIONS]
        confirmed = _CONFIRMED_BY.get(context.shaking or "")
        if confirmed:
            grounds = [_Ground(0.0, note("CAUTION_CONFIRMED", caution=confirmed))]
        else:
            grounds += [one for one in given if one not in removed]
    if not grounds:
        full = note("COUNTED_IN_FULL", statement=finding.statement)
        return replace(finding, statement=full) if removed else finding
    kept = min(finding.kept, *(one.kept for one in grounds))
    if kept < table.rules.least_kept:
        kept = 0.0
    return replace(finding, kept=kept, statement=_statement(finding, grounds, kept))


def _by_answers(finding: Finding, context: Context, table: EvidenceTable) -> list[_Ground]:
    return [
        _Ground(row.kept, note("LOWERED_BY_ANSWER", answer=row.answer, finding=row.finding))
        for row in table.lowerings
        if (row.finding, row.word) == (finding.key, finding.word) and getattr(context, row.answer)
    ]


def _by_weighings(finding: Finding, context: Context) -> list[_Ground]:
    """Return that weighings tell more than a judgement of sweat, or cannot be right themselves."""
    before_kg, after_kg = context.mass_before_kg, context.mass_after_kg
    if before_kg is None or after_kg is None or finding.key not in _OF_SWEAT:
        return []
    fluid_ml, urine_ml = context.fluid_ml or 0.0, context.urine_ml or 0.0
    remarks = sweat_loss(before_kg, after_kg, fluid_ml, urine_ml, context.duration_min).remarks
    if finding.key == "sweat":
        return [] if remarks else [_Ground(0.0, note("WEIGHED_INSTEAD"))]
    return [_Ground(0.0, remark) for remark in remarks]


def _by_cautions(finding: Finding, cautions: Iterable[Caution]) -> list[_Ground]:
    touched = {_PART_OF.get(finding.key, "tremor"), "muscle_fatigue"}
    return [
        _Ground(1.0 - one.strength, note("CAUTION_GIVEN", caution=one.code))
        for one in cautions
        if touched & set(one.about) and one.strength > 0.0
    ]


def _statement(finding: Finding, grounds: Iterable[_Ground], kept: float) -> Note:
    ranked = sorted(grounds, key=lambda one: (one.kept, str(one.why)))
    why = tuple({str(one.why): one.why for one in ranked}.values())
    if kept > 0.0:
        return note("COUNTED_LESS", statement=finding.statement, why=why, kept_share=kept)
    return note("NOT_COUNTED", statement=finding.statement, why=why)
