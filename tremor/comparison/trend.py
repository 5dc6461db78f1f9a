"""One leg over weeks: a straight line through the logarithms, and how far sessions lie from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import stdtrit

from tremor.comparison.chance import log_value
from tremor.comparison.changes import detectable
from tremor.comparison.rows import row_of
from tremor.errors import InvalidInputError
from tremor.estimate import LEVEL, Estimate
from tremor.notes import Note, note
from tremor.results.comparison import (
    QUANTITIES,
    ChangeVerdict,
    QuantityTrend,
    Repeating,
    SessionRow,
    Trend,
)
from tremor.settings import COMPARISON

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis

__all__ = ["trend_of"]

_TAIL: Final = 0.5 * (1.0 + LEVEL)
_WEEK_S: Final = 7.0 * 86400.0


def trend_of(
    analyses: Sequence[Analysis],
    *,
    names: Sequence[str] | None = None,
    left_out: Sequence[Note] = (),
) -> Trend:
    """Estimate how a leg changes over sessions.

    Parameters
    ----------
    analyses : sequence of Analysis
        Of one leg, each with the time at which it began; in any order.
    names : sequence of str, optional
        What to call them; the names of their files without it.
    left_out : sequence of Note
        What was not used, and why.

    Returns
    -------
    Trend
        For every quantity; "cannot_tell" with fewer than four sessions that have it.

    Raises
    ------
    InvalidInputError
        If a result does not know when it began.

    Notes
    -----
    A session varies from day to day by far more than it was measured wrongly, so each counts the
    same. The line is that of least squares through the logarithms, its interval that of Student's
    distribution with the scatter about the line, which is not taken smaller than the errors of
    the measurements.
    """
    for one in analyses:
        if one.recording.started_at is None:
            raise InvalidInputError(
                f"{one.source.name or 'a result'} does not say when it was recorded; a trend "
                "needs the time of each session"
            )
    called = [one.source.name for one in analyses] if names is None else names
    ordered = sorted(zip(analyses, called, strict=True), key=lambda one: _start(one[0]))
    rows = tuple(row_of(one, name) for one, name in ordered)
    first, _ = ordered[0]
    return Trend(
        sessions=rows,
        trends=tuple(_trend(quantity, rows) for quantity in QUANTITIES),
        left_out=tuple(left_out),
        repeating=Repeating(given=tuple(row.name for row in rows), settings=first.settings),
    )


def _start(analysis: Analysis) -> datetime:
    started_at = analysis.recording.started_at
    assert started_at is not None
    return started_at


def _trend(quantity: str, rows: Sequence[SessionRow]) -> QuantityTrend:
    known = [
        (row.started_at, found)
        for row in rows
        if row.started_at is not None and (found := log_value(getattr(row, quantity))) is not None
    ]
    n = len(known)
    least, basis = detectable(quantity, rows)
    begins = [when.timestamp() for when, _ in known]
    span_weeks = (begins[-1] - begins[0]) / _WEEK_S if known else 0.0
    if n < COMPARISON.least_sessions or span_weeks <= 0.0:
        why = Estimate.missing(
            note("TOO_FEW_SESSIONS", n_sessions=n, least=int(COMPARISON.least_sessions))
        )
        return QuantityTrend(
            quantity=quantity,
            n_sessions=n,
            factor_per_week=why,
            factor_in_all=why,
            between_sessions_share=None,
            detectable_factor=least,
            basis=basis,
            verdict="cannot_tell",
        )
    weeks = np.array(begins) / _WEEK_S
    weeks -= weeks.mean()
    values = np.array([found.value for _, found in known])
    slope = float(weeks @ values / (weeks @ weeks))
    residual = values - values.mean() - slope * weeks
    measured = float(np.mean([(found.sd or 0.0) ** 2 for _, found in known]))
    scatter = math.sqrt(max(float(residual @ residual) / (n - 2), measured))
    reach = float(stdtrit(n - 2, _TAIL)) * scatter / math.sqrt(float(weeks @ weeks))
    return QuantityTrend(
        quantity=quantity,
        n_sessions=n,
        factor_per_week=_factor(slope, reach),
        factor_in_all=_factor(slope * span_weeks, reach * span_weeks),
        between_sessions_share=math.expm1(scatter),
        detectable_factor=least,
        basis=basis,
        verdict=_verdict(slope, reach),
    )


def _factor(change: float, reach: float) -> Estimate:
    return Estimate(
        math.exp(change), math.exp(change - reach), math.exp(change + reach), method="log_line"
    )


def _verdict(slope: float, reach: float) -> ChangeVerdict:
    if abs(slope) <= reach:
        return "no_reliable_change"
    return "rose" if slope > 0.0 else "fell"
