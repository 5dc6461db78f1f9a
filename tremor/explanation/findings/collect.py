"""Findings: statements of fact, each with where it comes from. Nothing here is about causes.

A finding is measured (by the sensor), answered (by the runner), or computed (from answers by a
formula). What is not known is a finding without a value, which says what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from tremor.explanation.findings.answered import ANSWERED, LONG_FROM_MIN, duration
from tremor.explanation.findings.finding import Finding, not_answered
from tremor.explanation.findings.measured import MEASURED, not_measured
from tremor.notes import note

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis

__all__ = ["FINDINGS", "FROM_BOTH", "answered_findings", "find", "measured_findings"]

#: Where the tremor of long work has its slow part, Hz.
SLOW_LINE_HZ: Final = (4.0, 6.0)


def find(analysis: Analysis, context: Context) -> tuple[Finding, ...]:
    """Return all findings, known or not.

    Parameters
    ----------
    analysis : Analysis
        What was measured.
    context : Context
        What was answered.

    Returns
    -------
    tuple of Finding
        One of each of `FINDINGS`, known or not, in that order.
    """
    return (*measured_findings(analysis), *answered_findings(analysis, context))


def measured_findings(analysis: Analysis) -> tuple[Finding, ...]:
    """Return the findings of the sensor alone, as `find`."""
    return tuple(state(analysis) for state in MEASURED.values())


def answered_findings(analysis: Analysis, context: Context) -> tuple[Finding, ...]:
    """Return the findings that need answers, as `find`."""
    of_answers = (state(context) for state in ANSWERED.values())
    return (*of_answers, *(state(analysis, context) for state in FROM_BOTH.values()))


def _slow_line(analysis: Analysis, context: Context) -> Finding:
    """Check for the slow tremor of long work, from sensor and answers."""
    frequency = analysis.summary.frequency_hz.value
    if analysis.status != "measured" or frequency is None:
        return not_measured("slow_line", analysis)
    low_hz, high_hz = SLOW_LINE_HZ
    if not low_hz <= frequency <= high_hz:
        return Finding(
            key="slow_line",
            statement=note("FINDING_NO_SLOW_LINE", frequency_hz=frequency),
            origin="measured",
            word="no",
        )
    length = duration(context)
    if length.value is None:
        return not_answered("slow_line", "duration_min")
    long = length.value >= LONG_FROM_MIN
    return Finding(
        key="slow_line",
        statement=note(
            "FINDING_SLOW_LINE", frequency_hz=frequency, work="long" if long else "short"
        ),
        origin="measured",
        word="yes" if long else "no",
        fields=("duration_min",),
    )


#: Every finding that needs both the sensor and answers, by name.
FROM_BOTH: Final[Mapping[str, Callable[[Analysis, Context], Finding]]] = {"slow_line": _slow_line}
#: Every finding by name, in the order of `find`.
FINDINGS: Final = (*MEASURED, *ANSWERED, *FROM_BOTH)
