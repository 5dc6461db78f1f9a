"""Heat and sweat of the runner, computed from the answers by `heat_and_sweat`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.estimate import Estimate
from tremor.explanation.answers.context import Context
from tremor.explanation.findings.heat_and_sweat import heat_index_c, race_flag, sweat_loss, wbgt_c
from tremor.notes import Note, note

__all__ = ["Computed", "Quantity", "compute"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that follows from answers.

    Parameters
    ----------
    key : str
        Its name, which ends in its unit.
    title : str
        What it is called.
    unit : str
        Its unit.
    estimate : Estimate
        The number with its limits, or the answers that it lacks.
    word : str
        What the number is called among its like; empty where there is no such word.
    """

    key: str
    title: str
    unit: str
    estimate: Estimate
    word: str = ""


@dataclass(frozen=True, slots=True)
class Computed:
    """All that follows from answers.

    Parameters
    ----------
    quantities : tuple of Quantity
        In a fixed order, also those that lack an answer.
    remarks : tuple of str
        What is remarkable about them.
    """

    quantities: tuple[Quantity, ...]
    remarks: tuple[str, ...]


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
    >>> round(wbgt.estimate.value, 2), wbgt.word
    (32.58, 'race flag extreme')
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
            Quantity("wbgt_c", "Heat strain (WBGT)", "°C", wbgt, _flag(wbgt)),
            Quantity("heat_index_c", "Heat index", "°C", heat_index),
            Quantity("mass_change_pct", "Body mass lost", "%", loss.mass_change_pct),
            Quantity("volume_l", "Sweat", "L", loss.volume_l),
            Quantity("rate_l_per_h", "Sweat rate", "L/h", loss.rate_l_per_h),
            Quantity("sodium_mg", "Sodium in the sweat", "mg", loss.sodium_mg),
        ),
        remarks=loss.remarks,
    )


def _flag(wbgt: Estimate) -> str:
    return "" if wbgt.value is None else f"race flag {race_flag(wbgt.value)}"


def _lacking(context: Context) -> Note:
    return note(
        "NOT_ANSWERED",
        questions=tuple(name for name in _AIR if getattr(context, name) is None),
    )
