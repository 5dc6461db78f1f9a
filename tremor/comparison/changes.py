"""Changes from session to session, each held against what chance makes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tremor.comparison.chance import between_sessions_sd, detectable_factor, factor_of, log_value
from tremor.comparison.protocol import unlike
from tremor.comparison.rows import row_of
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.results.comparison import (
    QUANTITIES,
    Basis,
    Change,
    ChangeVerdict,
    Comparison,
    LegCoherence,
    Repeating,
    SessionRow,
)
from tremor.settings import COMPARISON

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis

__all__ = ["compare_analyses", "detectable", "verdict_of"]

#: Least factors of the literature by quantity; nobody has measured the others.
_LITERATURE: Final = {
    "initial_rms_ms2": COMPARISON.literature_strength_factor,
    "final_rms_ms2": COMPARISON.literature_strength_factor,
    "rms_ms2": COMPARISON.literature_strength_factor,
    "frequency_hz": COMPARISON.literature_frequency_factor,
}


def compare_analyses(
    analyses: Sequence[Analysis],
    *,
    names: Sequence[str] | None = None,
    coherence: LegCoherence | None = None,
) -> Comparison:
    """Compare results with the first of them.

    Parameters
    ----------
    analyses : sequence of Analysis
        At least two: sessions of one leg, or the left and the right leg of one session.
    names : sequence of str, optional
        What to call them; the names of their files without it.
    coherence : LegCoherence, optional
        Of two legs that were measured at once.

    Returns
    -------
    Comparison
        With a change for every quantity of every later result, and with what is unlike.

    Raises
    ------
    InvalidInputError
        If there are fewer than two.
    """
    if len(analyses) < 2:
        raise InvalidInputError("a comparison needs two results or more")
    are_legs = _are_legs(analyses)
    called = [one.source.name for one in analyses] if names is None else names
    rows = tuple(row_of(one, name) for one, name in zip(analyses, called, strict=True))
    changes = tuple(
        _change(quantity, rows, after, are_legs=are_legs)
        for after in range(1, len(rows))
        for quantity in QUANTITIES
    )
    return Comparison(
        kind="legs" if are_legs else "sessions",
        sessions=rows,
        changes=changes,
        unlike=unlike(analyses, sides_differ=are_legs, names=called),
        coherence=coherence,
        repeating=Repeating(given=tuple(called), settings=analyses[0].settings),
    )


def _are_legs(analyses: Sequence[Analysis]) -> bool:
    """Check for a left and a right leg."""
    sides = [one.recording.placement.side for one in analyses if one.recording.placement]
    return len(analyses) == 2 and set(sides) == {"left", "right"}


def _change(quantity: str, rows: Sequence[SessionRow], after: int, *, are_legs: bool) -> Change:
    factor = factor_of(getattr(rows[0], quantity), getattr(rows[after], quantity))
    least, basis = (None, "measurement") if are_legs else detectable(quantity, rows)
    return Change(
        quantity=quantity,
        before=0,
        after=after,
        factor=factor,
        detectable_factor=least,
        basis=basis,
        verdict=verdict_of(factor, least, basis),
    )


def detectable(quantity: str, rows: Sequence[SessionRow]) -> tuple[float | None, Basis]:
    """Return the least factor between two sessions that is more than chance.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`.
    rows : sequence of SessionRow
        Sessions of one leg, in order of time.

    Returns
    -------
    factor : float or None
        Above 1; None if it is not known.
    basis : {"own_sessions", "literature", "none"}
        The sessions themselves, where there are four or more with a number.
    """
    known = [found.value for row in rows if (found := log_value(getattr(row, quantity)))]
    own = between_sessions_sd(known)
    if own is not None:
        return detectable_factor(*own), "own_sessions"
    literature = _LITERATURE.get(quantity)
    return literature, "none" if literature is None else "literature"


def verdict_of(factor: Estimate, least: float | None, basis: Basis) -> ChangeVerdict:
    """Return whether a change is more than chance.

    Parameters
    ----------
    factor : Estimate
        With the interval of the measurement.
    least : float or None
        Least factor that counts; None if it is not known, or the measurement alone decides.
    basis : {"own_sessions", "literature", "measurement", "none"}
        What it rests on.

    Returns
    -------
    {"rose", "fell", "no_reliable_change", "cannot_tell"}
        A change counts where it exceeds the least factor and its interval excludes 1.

    Examples
    --------
    >>> verdict_of(Estimate(4.0, 3.8, 4.2), 2.94, "literature")
    'rose'
    >>> verdict_of(Estimate(0.6, 0.5, 0.7), 2.94, "literature")
    'no_reliable_change'
    """
    if factor.value is None or factor.low is None or factor.high is None or basis == "none":
        return "cannot_tell"
    beyond_measurement = factor.low > 1.0 or factor.high < 1.0
    beyond_chance = least is None or abs(math.log(factor.value)) > math.log(least)
    if not (beyond_measurement and beyond_chance):
        return "no_reliable_change"
    return "rose" if factor.value > 1.0 else "fell"
