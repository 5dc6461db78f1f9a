"""What the runner answers about the run, the weather, the body and the day.

Answers only: nothing in here is measured and nothing is concluded. The questions are a table,
`tremor.explanation.answers.questions`; how a file is laid out is
`tremor.explanation.answers.files`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from numbers import Real
from pathlib import Path
from typing import Any, Final, Self

from tremor.errors import ContextError
from tremor.explanation.answers.files import SCHEMA, as_toml, read_mapping
from tremor.explanation.answers.questions import QUESTIONS, SECTIONS, Kind, Question

__all__ = ["Answer", "Context", "checked"]

#: What one answer can be; None is "not answered".
Answer = float | str | bool | tuple[str, ...] | None

#: Body mass after over before: outside, one of the two was mistyped. Losses beyond 10 % and gains
#: beyond 5 % in a run are unheard of.
_MASS_RATIO_RANGE: Final = (0.7, 1.2)
_MOST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Context:
    """What the runner answered; None is "not answered", an empty tuple is the answer "none".

    Parameters
    ----------
    **answers
        Any of the attributes by name, or whole sections as mappings, such as ``run={"rpe": 8}``,
        or both. None leaves a question unanswered. ``schema`` may be given and is checked.

    Attributes
    ----------
    distance_km, duration_min, minutes_since_stop : float or None
        The run: km, min, and min from its end to the start of the recording.
    rpe : float or None
        Perceived exertion, 0 to 10.
    load : {"easier", "usual", "harder", "new"} or None
        The run against what the runner is used to.
    kind : {"steady", "intervals", "hills", "race"} or None
        Kind of run.
    temperature_c, humidity_pct : float or None
        Air, degree C and per cent.
    sun : {"shade", "mixed", "full"} or None
        How much sun there was.
    mass_before_kg, mass_after_kg : float or None
        Body mass, kg.
    sweat : {"low", "medium", "heavy"} or None
        Sweat as the runner saw it.
    fluid_ml, urine_ml : float or None
        Drunk and passed between the weighings, ml.
    salt, poor_diet : bool or None
        Whether salt or a sports drink was taken; whether the diet has been poor.
    hours_since_meal : float or None
        From the last meal to the recording, h.
    caffeine_mg : float or None
        Caffeine in the six hours before, mg.
    other_stimulant : bool or None
        Whether another stimulant was taken; key ``other`` of section ``stimulants``.
    medicines : tuple of {"diuretic", "corticosteroid", "estrogen", "other"} or None
        Kinds of medicine.
    autoimmune, tremor_without_running : bool or None
        Whether there is an autoimmune disorder, and tremor on days without running.
    days_lasting : float or None
        How long the trembling has been coming back or lasting, days.
    stress : float or None
        0 to 10.
    short_sleep, cramp, cold : bool or None
        Too little sleep, a cramp, being cold.
    other_muscles : tuple of {"eyelid", "hand", "several"} or None
        Muscles that twitch and took no part in the run.
    signs : tuple of str or None
        Warning signs.

    Raises
    ------
    ContextError
        Where anything is unknown, of a wrong type or out of range; it holds all problems at once.

    Examples
    --------
    >>> context = Context(run={"rpe": 8}, temperature_c=31)
    >>> context.rpe, context.temperature_c, context.humidity_pct
    (8.0, 31.0, None)
    >>> Context(rpe=11, sunn="full")
    Traceback (most recent call last):
    tremor.errors.ContextError: there is no key sunn; did you mean environment.sun?
    run.rpe is 11; allowed is a number from 0 to 10
    """

    distance_km: float | None
    duration_min: float | None
    rpe: float | None
    load: str | None
    kind: str | None
    minutes_since_stop: float | None
    temperature_c: float | None
    humidity_pct: float | None
    sun: str | None
    mass_before_kg: float | None
    mass_after_kg: float | None
    sweat: str | None
    fluid_ml: float | None
    urine_ml: float | None
    salt: bool | None
    hours_since_meal: float | None
    poor_diet: bool | None
    caffeine_mg: float | None
    other_stimulant: bool | None
    medicines: tuple[str, ...] | None
    autoimmune: bool | None
    tremor_without_running: bool | None
    days_lasting: float | None
    stress: float | None
    short_sleep: bool | None
    other_muscles: tuple[str, ...] | None
    cramp: bool | None
    cold: bool | None
    signs: tuple[str, ...] | None

    def __init__(self, **answers: object) -> None:
        given, problems = _located(answers)
        values: dict[str, Answer] = {}
        for question in QUESTIONS:
            try:
                values[question.attribute] = checked(question, given.get(question.attribute))
            except ContextError as error:
                problems += error.problems
        problems += _contradictions(values)
        if problems:
            raise ContextError(problems)
        for item in fields(self):
            object.__setattr__(self, item.name, values[item.name])

    def __repr__(self) -> str:
        answers = ", ".join(f"{name}={value!r}" for name, value in self.answered().items())
        return f"{type(self).__name__}({answers})"

    def answered(self) -> dict[str, Answer]:
        """Give what was answered, by attribute, in the order of asking."""
        answers = {question.attribute: getattr(self, question.attribute) for question in QUESTIONS}
        return {name: value for name, value in answers.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Give what was answered as a context file holds it: by section and key.

        Returns
        -------
        dict
            ``schema`` and the sections that hold an answer.

        Examples
        --------
        >>> Context(rpe=8, signs=()).to_dict()
        {'schema': 'tremor.context/1', 'warning': {'signs': []}, 'run': {'rpe': 8}}
        """
        record: dict[str, Any] = {"schema": SCHEMA}
        for question in QUESTIONS:
            value = getattr(self, question.attribute)
            if value is not None:
                record.setdefault(question.section, {})[question.key] = _plain(value)
        return record

    def to_toml(self) -> str:
        """Give what was answered as the text of a context file.

        Examples
        --------
        >>> print(Context(rpe=8).to_toml(), end="")
        schema = "tremor.context/1"
        <BLANKLINE>
        [run]
        rpe = 8
        """
        return as_toml(self.to_dict())

    @classmethod
    def from_dict(cls, answers: Mapping[str, object]) -> Self:
        """Read what `to_dict` gives.

        Parameters
        ----------
        answers : mapping
            Sections, or single answers by name, or both.

        Returns
        -------
        Context
            The answers.

        Raises
        ------
        ContextError
            As for the class itself.
        """
        return cls(**{str(name): value for name, value in answers.items()})

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a context file.

        Parameters
        ----------
        path : path
            TOML, or JSON with the same keys; UTF-8 with or without byte-order mark.

        Returns
        -------
        Context
            The answers.

        Raises
        ------
        ContextError
            Where the file is missing, is neither TOML nor JSON, or holds anything that `Context`
            refuses. All problems are told at once.
        """
        mapping = read_mapping(Path(path))
        try:
            return cls.from_dict(mapping)
        except ContextError as error:
            raise ContextError(error.problems, str(path)) from None


def checked(question: Question, value: object) -> Answer:
    """Give an answer in the form in which `Context` holds it.

    Parameters
    ----------
    question : Question
        What was asked.
    value : object
        What was answered; None is "not answered".

    Returns
    -------
    float, str, bool, tuple of str or None
        The answer.

    Raises
    ------
    ContextError
        Where it is of a wrong type or out of range.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> checked(by_attribute()["medicines"], ["estrogen", "diuretic"])
    ('diuretic', 'estrogen')
    """
    return None if value is None else _CHECKS[question.kind](question, value)


def _number(question: Question, value: object) -> float:
    # A truth value is no number; a comparison with NaN is false, and an int may not fit a float.
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if is_number and question.lowest <= value <= question.highest:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise ContextError([_refusal(question, value)])


def _choice(question: Question, value: object) -> str:
    if isinstance(value, str) and value in question.choices:
        return value
    raise ContextError([_refusal(question, value)])


def _yes_no(question: Question, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ContextError([_refusal(question, value)])


def _several(question: Question, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise ContextError([_refusal(question, value)])
    unknown = [item for item in value if item not in question.choices]
    if unknown:
        raise ContextError([_refusal(question, item, holds=True) for item in unknown])
    return tuple(choice for choice in question.choices if choice in value)


_CHECKS: Final[dict[Kind, Callable[[Question, object], Answer]]] = {
    "number": _number,
    "choice": _choice,
    "yes_no": _yes_no,
    "several": _several,
}


def _refusal(question: Question, value: object, *, holds: bool = False) -> str:
    listed = question.kind == "several" and not holds
    near = get_close_matches(value, question.choices, n=1) if isinstance(value, str) else []
    hint = f"; did you mean {_shown(near if listed else near[0])}?" if near else ""
    verb = "holds" if holds else "is"
    return f"{question.path} {verb} {_shown(value)}; allowed is {question.allowed}{hint}"


def _shown(value: object) -> str:
    """Give a value as a file would spell it, and no more of it than fits a line."""
    value = _plain(value)
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        try:
            text = str(value)
        except ValueError:  # an int of more digits than Python will print
            text = "a huge number"
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def _plain(value: Any) -> Any:  # noqa: ANN401 - any answer in, its plain form out
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


_BY_NAME: Final = {
    **{question.key: question for question in QUESTIONS},
    **{question.attribute: question for question in QUESTIONS},
}
_BY_PATH: Final = {question.path: question for question in QUESTIONS}


def _located(answers: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Bring sections and single answers to attributes, with what is wrong about the names."""
    given: dict[str, object] = {}
    problems: list[str] = []
    for name, value in _entries(answers, problems):
        question = _BY_PATH.get(name) or _BY_NAME.get(name)
        if question is None:
            problems.append(_unknown_key(name))
        elif question.attribute in given:
            problems.append(f"{question.path} is given twice; leave one out")
        else:
            given[question.attribute] = value
    return given, problems


def _entries(answers: Mapping[str, object], problems: list[str]) -> Iterator[tuple[str, object]]:
    for name, value in answers.items():
        if name == "schema":
            if value not in (None, SCHEMA):
                problems.append(f"schema is {_shown(value)}; this version reads {_shown(SCHEMA)}")
        elif name in SECTIONS and not isinstance(value, Mapping):
            problems.append(
                f"{name} is {_shown(value)} and should be a section; write [{name}] and its keys"
            )
        elif not isinstance(value, Mapping) or name in _BY_NAME:
            yield name, value
        else:
            section = _section(name, problems)
            if section:
                for key, answer in value.items():
                    yield f"{section}.{key}", answer


def _section(name: str, problems: list[str]) -> str:
    if name in SECTIONS:
        return name
    near = get_close_matches(name, SECTIONS, n=1)
    hint = f"did you mean [{near[0]}]?" if near else f"known: {', '.join(SECTIONS)}"
    problems.append(f"there is no section [{_clipped(name)}]; {hint}")
    return near[0] if near else ""


def _unknown_key(name: str) -> str:
    near = get_close_matches(name.rpartition(".")[2], _BY_NAME, n=1)
    section = name.partition(".")[0]
    keys = [question.key for question in QUESTIONS if question.section == section]
    if near:
        hint = f"did you mean {_BY_NAME[near[0]].path}?"
    elif keys:
        hint = f"known in [{section}]: {', '.join(keys)}"
    else:
        hint = f"known sections: {', '.join(SECTIONS)}"
    return f"there is no key {_clipped(name)}; {hint}"


def _clipped(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= _MOST_SHOWN else name[: _MOST_SHOWN - 3] + "..."


def _contradictions(values: Mapping[str, Answer]) -> list[str]:
    before, after = values.get("mass_before_kg"), values.get("mass_after_kg")
    if not (isinstance(before, float) and isinstance(after, float)):
        return []
    least, most = _MASS_RATIO_RANGE
    if least * before <= after <= most * before:
        return []
    return [
        f"body.mass_after_kg is {after:g} kg with {before:g} kg before; allowed is "
        f"{least * before:.1f} to {most * before:.1f} kg, as one of the two is mistyped otherwise"
    ]
