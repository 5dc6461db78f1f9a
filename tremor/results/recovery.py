"""The record of a recovery: how a tremor changed over a rest.

It is made from a series of RMS values in `tremor.measures.decay_verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Self

import numpy as np

from tremor.arrays import require_one_length
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.recording import Floats, read_only
from tremor.results.codec import JOINED

__all__ = ["Recovery", "RecoveryVerdict"]

RecoveryVerdict = Literal["decays", "persists", "not_determined", "insufficient"]

_CURVE: Final = ("curve_time_s", "curve_rms_ms2", "curve_low_ms2", "curve_high_ms2")
_POINTS: Final = ("point_time_s", "point_rms_ms2")


def _not_saved() -> Estimate:
    return Estimate.missing(note("NOT_SAVED"))


def _empty() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Recovery:
    """How the tremor changed over a rest.

    Parameters
    ----------
    verdict : {"decays", "persists", "not_determined", "insufficient"}
        The answer; "insufficient" stands for too little data.
    half_life_s, time_constant_s : Estimate
        Of the RMS of the fading part, s; missing if the rest is too short for them. The upper
        limit is None if the data set none.
    initial_rms_ms2, floor_rms_ms2 : Estimate
        RMS at the start of the rest (fading part and floor together), and RMS that the tremor
        fades to, m/s^2.
    final_rms_ms2 : Estimate
        RMS at the end of the rest, m/s^2. Both ends are read from the fitted curve if the tremor
        fades; otherwise they are means of half a minute.
    onset_s : Estimate
        Time at which the fading began, s; missing if it began with the rest, or none was shown.
    fraction_gone : Estimate
        1 - RMS(end of the rest) / RMS(start); unless the verdict is "decays", averaged with a
        constant tremor by the odds of both.
    more_rest_needed_s : Estimate
        Rest beyond the recorded one that would settle an open question, s; missing if none is
        open.
    reason : tuple of Note
        What decided the verdict, and what weakens the estimates.
    remark : tuple of Note
        What else was found: a plateau before the decay, growth after it, a change of posture, a
        level before the run that was not used.
    rest_s : float
        Time from the start of the rest to the last point, s.
    n_points, n_left_out : int
        Number of points that were fitted, and of values that could not be used.
    floor : {"fitted", "baseline"}
        Whether the floor was fitted or taken from before the run.
    log_bayes_factor : float or None
        Natural log of the evidence for decay over that for a constant tremor.
    rest_start_s : float
        Start of the rest, s from the start of the capture; the times below are from here.
    curve_time_s, curve_rms_ms2, curve_low_ms2, curve_high_ms2 : ndarray, shape (m,)
        Time, s, and fitted RMS with its pointwise 95 % limits, m/s^2; empty without a fit.
    point_time_s, point_rms_ms2 : ndarray, shape (m,)
        The points, s and m/s^2; those after a tremor grew again are not fitted.
    gravity_direction : tuple of float
        Direction of gravity in the sensor at the beginning of the rest, a unit vector of three;
        empty if gravity is not in the samples.

    Raises
    ------
    InvalidInputError
        If arrays that belong together differ in length.
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
    remark: tuple[Note, ...] = field(default=(), metadata=JOINED)
    final_rms_ms2: Estimate = field(default_factory=_not_saved)
    onset_s: Estimate = field(default_factory=_not_saved)
    log_bayes_factor: float | None = None
    rest_start_s: float = 0.0
    curve_time_s: Floats = field(default_factory=_empty)
    curve_rms_ms2: Floats = field(default_factory=_empty)
    curve_low_ms2: Floats = field(default_factory=_empty)
    curve_high_ms2: Floats = field(default_factory=_empty)
    point_time_s: Floats = field(default_factory=_empty)
    point_rms_ms2: Floats = field(default_factory=_empty)
    gravity_direction: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for names in (_CURVE, _POINTS):
            for name in names:
                object.__setattr__(self, name, read_only(getattr(self, name)))
            require_one_length(self, names)

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
        """Make the recovery for too little data.

        Parameters
        ----------
        *reason : Note
            What is missing.
        rest_s, n_points, n_left_out, rest_start_s
            As in the class.
        more_rest_needed_s : Estimate, optional
            Rest that would be enough; by default missing for the same reason.

        Returns
        -------
        Recovery
            Without any other estimate.
        """
        missing = Estimate.missing(reason[0])
        # A record: one argument for each field.
        return cls(
            verdict="insufficient",
            half_life_s=missing,
            time_constant_s=missing,
            initial_rms_ms2=missing,
            floor_rms_ms2=missing,
            final_rms_ms2=missing,
            onset_s=missing,
            fraction_gone=missing,
            more_rest_needed_s=more_rest_needed_s or missing,
            reason=reason,
            rest_s=rest_s,
            n_points=n_points,
            n_left_out=n_left_out,
            rest_start_s=rest_start_s,
        )
