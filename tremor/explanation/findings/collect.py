"""Findings: statements of fact, each with where it comes from. Nothing here is about causes.

A finding is measured (by the sensor), answered (by the runner), or computed (from answers by a
formula). What is not known is a finding without a value, which says what it lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tremor.explanation.findings.answered import ANSWERED, LONG_FROM_MIN, duration
from tremor.explanation.findings.finding import Finding, figure, not_answered, not_measured
from tremor.explanation.findings.measured import MEASURED, why_no_tremor

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis

__all__ = ["FINDINGS", "answered_findings", "find", "measured_findings"]

#: Where the tremor of long work has its slow part, Hz.
SLOW_LINE_HZ: Final = (4.0, 6.0)
#: Every finding by name, in the order in which `find` gives them.
FINDINGS: Final = (*MEASURED, *ANSWERED, "slow_line")


def find(analysis: Analysis, context: Context) -> tuple[Finding, ...]:
    """State what is known.

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
    """State what the sensor measured; as `find`, without the answers."""
    return tuple(state(analysis) for state in MEASURED.values())


def answered_findings(analysis: Analysis, context: Context) -> tuple[Finding, ...]:
    """State what was answered and what follows from it; as `find`, without the sensor alone."""
    return (*(state(context) for state in ANSWERED.values()), _slow_line(analysis, context))


def _slow_line(analysis: Analysis, context: Context) -> Finding:
    """State whether the tremor of long work shows its slow part; needs sensor and answers."""
    frequency = analysis.summary.frequency_hz.value
    if analysis.status != "measured" or frequency is None:
        return not_measured("slow_line", "a slow part of the tremor", why_no_tremor(analysis))
    low_hz, high_hz = SLOW_LINE_HZ
    if not low_hz <= frequency <= high_hz:
        return Finding(
            key="slow_line",
            statement=f"At {figure(frequency)} Hz it is not the slow tremor of long work.",
            origin="measured",
            word="no",
        )
    length = duration(context)
    if length.value is None:
        return not_answered("slow_line", "duration_min")
    long = length.value >= LONG_FROM_MIN
    return Finding(
        key="slow_line",
        statement=f"At {figure(frequency)} Hz it is slow, after "
        f"{'long work' if long else 'work of less than an hour'}.",
        origin="measured",
        word="yes" if long else "no",
        fields=("duration_min",),
    )
