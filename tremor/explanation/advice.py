"""What the runner can do, and when to get help: from answers and what leads, never the sensor."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from tremor.errors import InvalidInputError
from tremor.explanation.answers.context import Context
from tremor.explanation.claims import article
from tremor.explanation.evidence import SOURCED
from tremor.explanation.findings.answered import ANSWERED
from tremor.notes import Note, note
from tremor.results.explanations import EXPLANATION_IDS, Advice, Grade, WarningSign

__all__ = [
    "AdviceTable",
    "AdviceText",
    "WarningText",
    "advice_for",
    "advice_table",
    "read_advice",
    "warnings_of",
]

SCHEMA: Final = "tremor.advice/1"
#: From so many days on it is lasting, and from so many on it should be looked at.
LASTING_FROM_DAYS: Final = 3.0
SHOW_AFTER_DAYS: Final = 14.0
#: So long after a meal its weight in the table of evidence begins.
EMPTY_AFTER_H: Final = 4.0
#: From so much heat strain (WBGT) on races call it high.
HOT_FROM_C: Final = 23.0
#: The least that two readings of a bathroom scale can tell, 1 kg taken as 1 L.
LEAST_SHORT_L: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceText:
    """One item of advice, and when it is given.

    Parameters
    ----------
    id, text : str
        Its name, and what to do; ``{sweat}`` stands for how much may be drunk at most.
    claims : tuple of str
        Claims that it rests on; empty only for literature.
    grade : {"article", "literature", "judgement", "not verified"}
        What it rests on.
    explanation : str or None
        The explanation that has to lead.
    when : str or None
        The condition that has to hold.
    either : bool
        Whether one of explanation and condition is enough; otherwise both have to hold.
    source : str
        Citation of the literature.
    """

    id: str
    text: str
    claims: tuple[str, ...]
    grade: Grade
    explanation: str | None = None
    when: str | None = None
    either: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningText:
    """One sign that needs help.

    Parameters
    ----------
    id, name : str
        Its name in documents and for readers.
    text : str
        What it can mean and what to do.
    urgency : {"now", "today", "soon"}
        How fast.
    source : str
        Citation of the literature.
    sign : str or None
        The answer that ticks it.
    when : str or None
        The condition on other answers that ticks it.
    """

    id: str
    name: str
    text: str
    urgency: Literal["now", "today", "soon"]
    source: str
    sign: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceTable:
    """All advice and all warning signs, in the order in which they are given."""

    advice: tuple[AdviceText, ...]
    warnings: tuple[WarningText, ...]


def _gained_mass(context: Context) -> bool:
    return ANSWERED["mass_gain"](context).word == "yes"


def _weighs_more(context: Context) -> bool:
    before_kg, after_kg = context.mass_before_kg, context.mass_after_kg
    return before_kg is not None and after_kg is not None and after_kg > before_kg


def _lasting(context: Context, days: float) -> bool:
    return context.days_lasting is not None and context.days_lasting >= days


def _fasted(context: Context) -> bool:
    hours = context.hours_since_meal
    return hours is not None and hours >= EMPTY_AFTER_H


def _was_hot(context: Context) -> bool:
    wbgt_c = ANSWERED["heat"](context).value
    return wbgt_c is not None and wbgt_c >= HOT_FROM_C


#: Conditions on answers, by the name that the table of advice uses.
_FROM_ANSWERS: Final[Mapping[str, Callable[[Context], bool]]] = {
    "a muscle cramped": lambda context: bool(context.cramp),
    "it lasts, or comes without running": lambda context: (
        _lasting(context, LASTING_FROM_DAYS) or bool(context.tremor_without_running)
    ),
    "it lasts over two weeks": lambda context: _lasting(context, SHOW_AFTER_DAYS),
    "the stomach was empty": _fasted,
    "a medicine is taken": lambda context: bool(context.medicines),
    "the heat strain was high": _was_hot,
    "body mass was gained": _gained_mass,
    "more is weighed after the run": _weighs_more,
    "no more is weighed after the run": lambda context: not _weighs_more(context),
}
#: Conditions on the warning signs; with one of these urgencies, help goes before anything else.
_FROM_SIGNS: Final = (
    "help is needed",
    "no help is needed",
    "nothing says that it lasts",
    "there is no warning sign",
)
_HELP_FIRST: Final = ("now", "today")


@cache
def advice_table() -> AdviceTable:
    """Return the table of advice and warning signs.

    Returns
    -------
    AdviceTable
        As it ships.

    Examples
    --------
    >>> advice_table().warnings[0].name
    'confusion'
    """
    text = files("tremor.explanation").joinpath("advice.toml").read_text(encoding="utf-8")
    return read_advice(tomllib.loads(text))


def read_advice(table: Mapping[str, Any]) -> AdviceTable:
    """Build the table of advice and check it.

    Parameters
    ----------
    table : mapping
        What the file holds.

    Returns
    -------
    AdviceTable
        The table.

    Raises
    ------
    InvalidInputError
        If the schema is another one, a condition or an explanation is unknown, an id stands
        twice, or an entry rests on nothing.
    """
    if table.get("schema") != SCHEMA:
        raise InvalidInputError(
            f"the advice has schema {table.get('schema')!r}; this version reads {SCHEMA!r}"
        )
    try:
        found = AdviceTable(
            advice=tuple(
                AdviceText(**{**row, "claims": tuple(row["claims"])}) for row in table["advice"]
            ),
            warnings=tuple(WarningText(**row) for row in table["warning"]),
        )
    except (KeyError, TypeError) as error:
        raise InvalidInputError(f"the advice is not whole: {error}") from error
    problems = _problems(found)
    if problems:
        raise InvalidInputError("the advice is not sound: " + "; ".join(problems))
    return found


def _problems(table: AdviceTable) -> list[str]:
    when = {row.id: row.when for row in table.advice} | {row.id: row.when for row in table.warnings}
    found = []
    if len(when) < len(table.advice) + len(table.warnings):
        found.append("an id stands twice")
    for id_, condition in when.items():
        if condition not in (None, *_FROM_ANSWERS, *_FROM_SIGNS):
            found.append(f"{id_}: nobody knows the condition {condition!r}")
    for row in table.advice:
        if not row.claims and row.grade not in SOURCED:
            found.append(f"{row.id}: it cites no claim and is not marked as literature")
        if row.explanation not in (None, *EXPLANATION_IDS):
            found.append(f"{row.id}: there is no explanation {row.explanation!r}")
    found += [
        f"{sign.id}: it needs a sign or a condition"
        for sign in table.warnings
        if (sign.sign is None) == (sign.when is None)
    ]
    return found


def warnings_of(context: Context, table: AdviceTable) -> tuple[WarningSign, ...]:
    """List the warning signs that the answers hold, the most urgent first.

    Parameters
    ----------
    context : Context
        The answers.
    table : AdviceTable
        The signs.

    Returns
    -------
    tuple of WarningSign
        Empty where no sign was ticked; that is not the same as none being there.
    """
    ticked = context.signs or ()
    return tuple(
        WarningSign(
            id=row.id, statement=note("WARNING_SIGN", sign=row.id), claims=(), urgency=row.urgency
        )
        for row in table.warnings
        if row.sign in ticked or (row.when is not None and _FROM_ANSWERS[row.when](context))
    )


def advice_for(
    leading: Collection[str],
    context: Context,
    signs: Collection[WarningSign],
    table: AdviceTable,
) -> tuple[Advice, ...]:
    """Choose the advice: what an answer asks for, what goes with what leads, what always holds.

    Parameters
    ----------
    leading : collection of str
        Explanations that get their advice, as the table says.
    context : Context
        The answers.
    signs : collection of WarningSign
        The signs that were ticked. Where help is needed, getting it is the only advice.
    table : AdviceTable
        All advice.

    Returns
    -------
    tuple of Advice
        In the order of the table.
    """
    help_first = any(sign.urgency in _HELP_FIRST for sign in signs)
    holds = {name: condition(context) for name, condition in _FROM_ANSWERS.items()}
    holds |= {"help is needed": help_first, "no help is needed": not help_first}
    lasts = holds["it lasts, or comes without running"]
    holds["there is no warning sign"] = not signs
    holds["nothing says that it lasts"] = not signs and not lasts
    return tuple(
        Advice(
            id=row.id,
            text=note("ADVICE", advice=row.id, sweat=_sweat(context) if "{" in row.text else None),
            claims=row.claims,
            explanation=row.explanation,
            grade=row.grade,
            disputed=tuple(
                note("CLAIM_DISPUTED", claim=id_)
                for id_ in row.claims
                if article().claims[id_].disputed
            ),
        )
        for row in table.advice
        if _is_given(row, leading, holds) and (not help_first or row.when == "help is needed")
    )


def _is_given(row: AdviceText, leading: Collection[str], holds: Mapping[str, bool]) -> bool:
    leads = row.explanation is None or row.explanation in leading
    met = row.when is None or holds[row.when]
    return leads or met if row.either else leads and met


def _sweat(context: Context) -> Note:
    """Return how much may be drunk at most: what two weighings say is missing."""
    before_kg, after_kg = context.mass_before_kg, context.mass_after_kg
    if before_kg is None or after_kg is None:
        return note("DRINK_AT_MOST_SWEAT")
    short_l = before_kg - after_kg
    if short_l < LEAST_SHORT_L:
        return note("DRINK_NOTHING_SHORT")
    return note("DRINK_AT_MOST", short_l=short_l)
