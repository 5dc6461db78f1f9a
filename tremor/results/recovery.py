"""What a rest showed: the record of a recovery, and its form in JSON.

How it is reached from points is `tremor.measures.half_life`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, Self

import numpy as np

from tremor.estimate import Estimate
from tremor.recording import Floats, read_only

__all__ = ["Recovery", "Verdict"]

Verdict = Literal["decays", "persists", "not_determined", "insufficient"]

_ESTIMATED: Final = (
    "half_life_s",
    "time_constant_s",
    "initial_rms_ms2",
    "floor_rms_ms2",
    "fraction_gone",
    "more_rest_needed_s",
)
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
    reason : str
        What decided the verdict, and what weakens the numbers.
    remark : str
        What was found beside it: a level before the run that was not used; empty where nothing.
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

    verdict: Verdict
    half_life_s: Estimate
    time_constant_s: Estimate
    initial_rms_ms2: Estimate
    floor_rms_ms2: Estimate
    fraction_gone: Estimate
    more_rest_needed_s: Estimate
    reason: str
    rest_s: float
    n_points: int
    n_left_out: int = 0
    floor: str = "fitted"
    remark: str = ""
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
        reason: str,
        *,
        rest_s: float = 0.0,
        n_points: int = 0,
        n_left_out: int = 0,
        rest_start_s: float = 0.0,
        more_rest_needed_s: Estimate | None = None,
    ) -> Self:
        """Make the answer for too little data.

        Parameters
        ----------
        reason : str
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
        missing = Estimate.missing(reason)
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

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds; ``reasons`` says why an estimate is null."""
        record: dict[str, Any] = {"verdict": self.verdict}
        estimates = {name: getattr(self, name) for name in _ESTIMATED}
        record |= {name: one.to_dict() for name, one in estimates.items()}
        record["reason"] = self.reason
        record["reasons"] = {
            name: one.reason for name, one in estimates.items() if one.value is None
        }
        for name in ("rest_start_s", "rest_s", "n_points", "n_left_out", "floor", "remark"):
            record[name] = getattr(self, name)
        record["log_bayes_factor"] = self.log_bayes_factor
        record |= {name: getattr(self, name).tolist() for name in _CURVES}
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds.

        Parameters
        ----------
        record : mapping
            What `to_dict` gave; keys that are not known are left out.

        Returns
        -------
        Recovery
            The recovery as it was.
        """
        reasons = record.get("reasons", {})
        values: dict[str, Any] = {
            name: Estimate.from_dict(record[name], reasons.get(name, record["reason"]))
            for name in _ESTIMATED
        }
        known = {item.name for item in fields(cls)} - set(_ESTIMATED)
        return cls(**values, **{name: record[name] for name in known if name in record})
