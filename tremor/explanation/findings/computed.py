"""The quantities that follow from answers alone, as ``tremor context show`` lists them.

The formulas are those of `heat` and `sweat`; what weighs for an explanation is `answered`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.estimate import Estimate
from tremor.explanation.answers.context import Context
from tremor.explanation.findings.heat import heat_index_c, race_flag, wbgt_c
from tremor.explanation.findings.sweat import sweat_loss
from tremor.notes import Note, note

__all__ = ["Computed", "Quantity", "compute"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that follows from answers.

    Parameters
    ----------
    key : str
        Its name, which ends in its unit.
    unit : str
        Its unit.
    estimate : Estimate
        The number with its limits, or the answers that it lacks.
    word : Note or None
        What the number is called among its like; None where there is no such word.
    """

    key: str
    unit: str
    estimate: Estimate
    word: Note | None = None


@dataclass(frozen=True, slots=True)
class Computed:
    """All that follows from answers.

    Parameters
    ----------
    quantities : tuple of Quantity
        In a fixed order, also those that lack an answer.
    remarks : tuple of Note
        What is remarkable about them.
    """

    quantities: tuple[Quantity, ...]
    remarks: tuple[Note, ...]


_AIR: Final = ("temperature_c", "humidity_pct")


def compute(context: Context) -> Computed:
    """Compute what follows from answers alone.

    Parameters
    ----------
    context : Context
        The answers.

    Returns
    -------
    Computed
        Heat of the surroundings, loss of body mass, sweat, and the sodium in it.

    Examples
    --------
    >>> wbgt = compute(Context(temperature_c=30, humidity_pct=70, sun="full")).quantities[0]
    >>> round(wbgt.estimate.value, 2), wbgt.word.values
    (32.58, {'flag': 'extreme'})
    """
    wbgt = heat_index = Estimate.missing(_lacking(context))
    if context.temperature_c is not None and context.humidity_pct is not None:
        wbgt = wbgt_c(context.temperature_c, context.humidity_pct, context.sun)
        heat_index = heat_index_c(context.temperature_c, context.humidity_pct)
    loss = sweat_loss(
        context.mass_before_kg,
        context.mass_after_kg,
        context.fluid_ml,
        context.urine_ml,
        context.duration_min,
    )
    return Computed(
        quantities=(
            Quantity("wbgt_c", "°C", wbgt, _flag(wbgt)),
            Quantity("heat_index_c", "°C", heat_index),
            Quantity("mass_change_pct", "%", loss.mass_change_pct),
            Quantity("volume_l", "L", loss.volume_l),
            Quantity("rate_l_per_h", "L/h", loss.rate_l_per_h),
            Quantity("sodium_mg", "mg", loss.sodium_mg),
        ),
        remarks=loss.remarks,
    )


def _flag(wbgt: Estimate) -> Note | None:
    return None if wbgt.value is None else note("RACE_FLAG", flag=race_flag(wbgt.value))


def _lacking(context: Context) -> Note:
    lacking = tuple(name for name in _AIR if getattr(context, name) is None)
    return note("NOT_ANSWERED", questions=lacking)
