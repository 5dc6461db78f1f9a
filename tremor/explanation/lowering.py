"""Cautions weigh: a finding that a caution lowers counts less, or not at all, and says so.

Whether something else shook the leg may be answered; the answer goes before the spectrum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tremor.explanation.findings.finding import Finding
from tremor.notes import Note, note

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.cautions import Caution, Part

__all__ = ["lowered"]

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
#: A finding of which less than this would count is not counted.
_LEAST_KEPT: Final = 0.25


def lowered(
    findings: Iterable[Finding], cautions: Iterable[Caution], context: Context
) -> tuple[Finding, ...]:
    """Lower the findings of the sensor by what weakens the result.

    Parameters
    ----------
    findings : iterable of Finding
        In any order.
    cautions : iterable of Caution
        Of the analysis.
    context : Context
        What was answered; ``shaking`` confirms or removes the cautions on it.

    Returns
    -------
    tuple of Finding
        In the same order; one that is lowered has a smaller `Finding.kept`, and its statement says
        why.
    """
    found = tuple(cautions)
    answer = context.shaking
    if answer is not None:
        kinds = _CONFIRMED_BY.values()
        found = tuple(one for one in found if one.code not in kinds)
    return tuple(
        _lowered(one, found, _CONFIRMED_BY.get(answer or "", ""))
        if one.origin == "measured" and one.known
        else one
        for one in findings
    )


def _lowered(finding: Finding, cautions: tuple[Caution, ...], confirmed: str) -> Finding:
    if confirmed:
        return replace(finding, kept=0.0, statement=_statement(finding, confirmed, 0.0))
    part = _PART_OF.get(finding.key, "tremor")
    touching = [one for one in cautions if {part, "muscle_fatigue"} & set(one.about)]
    if not touching:
        return finding
    strongest = max(touching, key=lambda one: one.strength)
    kept = 1.0 - strongest.strength
    if kept < _LEAST_KEPT:
        kept = 0.0
    return replace(finding, kept=kept, statement=_statement(finding, strongest.code, kept))


def _statement(finding: Finding, caution: str, kept: float) -> Note:
    if kept > 0.0:
        return note("COUNTED_LESS", statement=finding.statement, caution=caution, kept_share=kept)
    return note("NOT_COUNTED", statement=finding.statement, caution=caution)
