"""What a rest showed: the record of a recovery, and its form in JSON.

How it is reached from points is `tremor.measures.decay_verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Self

import numpy as np

from tremor.estimate import Estimate
from tremor.notes import Note
from tremor.recording import Floats, read_only
from tremor.results.codec import JOINED

__all__ = ["Recovery", "RecoveryVerdict"]

RecoveryVerdict = Literal["decays", "persists", "not_determined", "insufficient"]

_CURVES: Final = (
    "curve_time_s",
    "curve_rms_ms2",
    "curve_low_ms2",
    "curve_high_ms2",
    "point_time_s",
    "point_rms_ms2",
)


def _empty() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recovery:
    """How the tremor changed over a rest.

    Parameters
    ----------
    verdict : {"decays", "persists", "not_determined", "insufficient"}
        Three answers, and one for too little data.
    half_life_s, time_constant_s : Estimate
        Of the RMS of the part that fades; missing where the rest is too short to tell. The upper
        limit is None where the data set none.
    initial_rms_ms2, floor_rms_ms2 : Estimate
        Typical RMS at the start of the rest (fading part and floor together), and the one that
        the tremor fades to.
    fraction_gone : Estimate
        1 - RMS(end of the rest) / RMS(start); unless the verdict is "decays", a tremor that stays
        constant is averaged in with its odds.
    more_rest_needed_s : Estimate
        Rest beyond what was recorded that would settle the open question; missing where none is
        open.
    reason : tuple of Note
        What decided the verdict, and what weakens the numbers.
    remark : Note or None
        What was found beside it: a level before the run that was not used.
    rest_s : float
        Time from the start of the rest to the last point, s.
    n_points, n_left_out : int
        Points that entered the fit, and values given that could not be used.
    floor : {"fitted", "baseline"}
        Whether the floor was fitted or taken from before the run.
    log_bayes_factor : float or None
        Natural log of the evidence for decay over that for a constant tremor.
    rest_start_s : float
        Start of the rest on the clock of the recording; times below count from it, s.
    curve_time_s, curve_rms_ms2, curve_low_ms2, curve_high_ms2 : ndarray, shape (m,)
        Fitted RMS with its pointwise 95 % limits; empty where nothing was fitted.
    point_time_s, point_rms_ms2 : ndarray, shape (n_points,)
        What was fitted.
    """

    verdict: RecoveryVerdict
    half_life_s: Estimate
    time_constant_s: Estimate
    initial_rms_ms2: Estimate
    floor_rms_ms2: Estimate
    fraction_gone: Estimate
    more_rest_needed_s: Estimate
    reason: tuple[Note, ...] = field(metadata=JOINED)
    rest_s: float
    n_points: int
    n_left_out: int = 0
    floor: Literal["fitted", "baseline"] = "fitted"
    remark: Note | None = None
    log_bayes_factor: float | None = None
    rest_start_s: float = 0.0
    curve_time_s: Floats = field(default_factory=_empty)
    curve_rms_ms2: Floats = field(default_factory=_empty)
    curve_low_ms2: Floats = field(default_factory=_empty)
    curve_high_ms2: Floats = field(default_factory=_empty)
    point_time_s: Floats = field(default_factory=_empty)
    point_rms_ms2: Floats = field(default_factory=_empty)

    def __post_init__(self) -> None:
        for name in _CURVES:
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @classmethod
    def insufficient(
        cls,
        *reason: Note,
        rest_s: float = 0.0,
        n_points: int = 0,
        n_left_out: int = 0,
        rest_start_s: float = 0.0,
        more_rest_needed_s: Estimate | None = None,
    ) -> Self:
        """Make the answer for too little data.

        Parameters
        ----------
        *reason : Note
            What is missing, with its number.
        rest_s, n_points, n_left_out, rest_start_s
            As in the class.
        more_rest_needed_s : Estimate, optional
            How much more would do.

        Returns
        -------
        Recovery
            Without any other number.
        """
        missing = Estimate.missing(reason[0])
        return cls(
            verdict="insufficient",
            half_life_s=missing,
            time_constant_s=missing,
            initial_rms_ms2=missing,
            floor_rms_ms2=missing,
            fraction_gone=missing,
            more_rest_needed_s=more_rest_needed_s or missing,
            reason=reason,
            rest_s=rest_s,
            n_points=n_points,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
        )
