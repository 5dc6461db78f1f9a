"""What two weighings imply: the water that left as sweat, and the sodium in it.

Formulas only: nothing here has heard of tremor or of an explanation, and nothing is measured by the
sensor. The heat of the surroundings is `tremor.explanation.findings.heat`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tremor.estimate import Estimate
from tremor.notes import Note, note

__all__ = ["SweatLoss", "sweat_loss"]

_SODIUM_MG_PER_MMOL: Final = 22.99
_SWEAT_SODIUM_MMOL_PER_L: Final = 35.9
_SWEAT_SODIUM_RANGE_MMOL_PER_L: Final = (18.2, 70.8)
_HIGHEST_SWEAT_RATE_L_PER_H: Final = 5.73
#: Two readings of a bathroom scale, each within 0.1 kg.
_MASS_DIFFERENCE_ERROR_KG: Final = 0.1 * math.sqrt(2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweatLoss:
    """Water and sodium lost as sweat, as far as they follow from the answers.

    Parameters
    ----------
    volume_l : Estimate
        Sweat, L; 1 kg is taken as 1 L. Breath and burnt fuel are in it and make it a little high.
    rate_l_per_h : Estimate
        Sweat over the duration of the run, L/h.
    mass_change_pct : Estimate
        Body mass lost, per cent of that before; a gain is negative.
    sodium_mmol, sodium_mg : Estimate
        Sodium in that sweat. Nobody measured the runner's sweat: the limits hold the lowest and the
        highest concentration found among athletes.
    remarks : tuple of Note
        What is remarkable about the answers, such as a rate beyond any that was observed.
    """

    volume_l: Estimate
    rate_l_per_h: Estimate
    mass_change_pct: Estimate
    sodium_mmol: Estimate
    sodium_mg: Estimate
    remarks: tuple[Note, ...] = ()


def sweat_loss(
    mass_before_kg: float | None,
    mass_after_kg: float | None,
    fluid_ml: float | None,
    urine_ml: float | None,
    duration_min: float | None,
) -> SweatLoss:
    """Compute the water balance of a run.

    Parameters
    ----------
    mass_before_kg, mass_after_kg : float or None
        Body mass before and after, kg.
    fluid_ml, urine_ml : float or None
        Drunk and passed between the two weighings, mL. None is not zero.
    duration_min : float or None
        Duration of the run, min.

    Returns
    -------
    SweatLoss
        Each number with its interval, or the answers that it lacks.

    Notes
    -----
    Volume = mass before - mass after + drunk - passed. Each reading of the scale is taken to be
    right within 0.1 kg, so that their difference is within 0.14 kg. Sodium of whole-body sweat is
    35.9 mmol/L in the mean of athletes and lies between 18.2 and 70.8 mmol/L.

    References
    ----------
    Baker et al. (2016), J Sports Sci 34:358, for rate (0.26-5.73 L/h) and sodium of sweat.

    Examples
    --------
    >>> loss = sweat_loss(70.0, 68.6, 500.0, 100.0, 75.0)
    >>> round(loss.volume_l.value, 2), round(loss.rate_l_per_h.value, 2)
    (1.8, 1.44)
    >>> sweat_loss(70.0, 68.6, None, 100.0, 75.0).volume_l.reason.values
    {'questions': ('fluid_ml',)}
    """
    volume_l = _sweat_volume_l(mass_before_kg, mass_after_kg, fluid_ml, urine_ml)
    rate_l_per_h = _rate_l_per_h(volume_l, duration_min)
    sodium_mmol = _sodium_mmol(volume_l)
    return SweatLoss(
        volume_l=volume_l,
        rate_l_per_h=rate_l_per_h,
        mass_change_pct=_mass_change_pct(mass_before_kg, mass_after_kg),
        sodium_mmol=sodium_mmol,
        sodium_mg=_scaled(sodium_mmol, _SODIUM_MG_PER_MMOL, sodium_mmol.method),
        remarks=_remarks(rate_l_per_h),
    )


def _remarks(rate_l_per_h: Estimate) -> tuple[Note, ...]:
    rate, highest = rate_l_per_h.value, _HIGHEST_SWEAT_RATE_L_PER_H
    if rate is None or rate <= highest:
        return ()
    return (note("SWEAT_RATE_TOO_HIGH", sweat_rate_l_per_h=rate, highest_l_per_h=highest),)


def _sweat_volume_l(
    before_kg: float | None, after_kg: float | None, fluid_ml: float | None, urine_ml: float | None
) -> Estimate:
    if before_kg is None or after_kg is None or fluid_ml is None or urine_ml is None:
        return _not_answered(
            mass_before_kg=before_kg, mass_after_kg=after_kg, fluid_ml=fluid_ml, urine_ml=urine_ml
        )
    volume_l = before_kg - after_kg + (fluid_ml - urine_ml) / 1000.0
    if volume_l < 0.0:
        return Estimate.missing(note("SWEAT_NEGATIVE", volume_l=volume_l))
    return Estimate(
        volume_l,
        max(volume_l - _MASS_DIFFERENCE_ERROR_KG, 0.0),
        volume_l + _MASS_DIFFERENCE_ERROR_KG,
        method="balance of body mass, fluid and urine; each weighing within 0.1 kg",
    )


def _mass_change_pct(before_kg: float | None, after_kg: float | None) -> Estimate:
    if before_kg is None or after_kg is None:
        return _not_answered(mass_before_kg=before_kg, mass_after_kg=after_kg)
    percent_per_kg = 100.0 / before_kg
    lost_kg = before_kg - after_kg
    return Estimate(
        lost_kg * percent_per_kg,
        (lost_kg - _MASS_DIFFERENCE_ERROR_KG) * percent_per_kg,
        (lost_kg + _MASS_DIFFERENCE_ERROR_KG) * percent_per_kg,
        method="difference of two weighings, each within 0.1 kg",
    )


def _rate_l_per_h(volume_l: Estimate, duration_min: float | None) -> Estimate:
    if volume_l.value is None:
        return volume_l
    if duration_min is None:
        return _not_answered(duration_min=duration_min)
    if duration_min <= 0.0:
        return Estimate.missing(note("RUN_OF_ZERO_MIN"))
    return _scaled(volume_l, 60.0 / duration_min, volume_l.method)


def _sodium_mmol(volume_l: Estimate) -> Estimate:
    if volume_l.value is None or volume_l.low is None or volume_l.high is None:
        return volume_l
    least, most = _SWEAT_SODIUM_RANGE_MMOL_PER_L
    return Estimate(
        volume_l.value * _SWEAT_SODIUM_MMOL_PER_L,
        volume_l.low * least,
        volume_l.high * most,
        method="sweat volume times the sweat sodium of athletes",
    )


def _scaled(estimate: Estimate, factor: float, method: str) -> Estimate:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    return Estimate(
        estimate.value * factor, estimate.low * factor, estimate.high * factor, method=method
    )


def _not_answered(**answers: float | None) -> Estimate:
    missing = tuple(key for key, answer in answers.items() if answer is None)
    return Estimate.missing(note("NOT_ANSWERED", questions=missing))
