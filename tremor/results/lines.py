"""Lines of a session that were found at the same time or one after the other, and their fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tremor.notes import Note
from tremor.results.estimates import TremorEstimates

__all__ = ["FitCheck", "TremorLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FitCheck:
    """How well the model of a fitted line holds.

    Parameters
    ----------
    shape : {"lorentzian", "gaussian", "tone", "window"}
        Shape of the line that fits best; "window" stands for the mean of the windows, where no
        model of the whole holds.
    n_harmonics : int
        Number of harmonics in the fit, the fundamental included.
    p_value : float or None
        Probability of a residual as large as the one found if the model holds; None if it was not
        tested.
    holds : bool
        Whether the model is consistent with the samples.
    agrees_with_windows : bool or None
        Whether the fit agrees with those of its windows; None if there are too few to compare.
    reason : Note or None
        Why the model does not hold.
    """

    shape: Literal["lorentzian", "gaussian", "tone", "window"]
    n_harmonics: int = 1
    p_value: float | None = None
    holds: bool = True
    agrees_with_windows: bool | None = None
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TremorLine(TremorEstimates):
    """A tremor of the session; there are several if it changes its frequency, or at once.

    Parameters
    ----------
    share : float
        Share of the tremor time in which it was found, 0 to 1. The shares of all tremors add up to
        more than 1 only where some were there at the same time.
    at_once : bool
        Whether another tremor was there at the same time.
    fit : FitCheck or None
        How well its model holds; None in documents from before it was checked.
    """

    share: float
    at_once: bool = False
    fit: FitCheck | None = None
