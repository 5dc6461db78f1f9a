"""Checks of answers: names, types, limits, and answers that contradict each other.

All problems are collected, so that the runner reads them at once. What may be answered is declared
in the table of questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real
from typing import Any, Final, Self

from tremor.errors import ContextError
from tremor.explanation.answers.files import SCHEMA
from tremor.explanation.answers.quantities import read_quantity
from tremor.explanation.answers.question_schema import SECTIONS, Kind, Question
from tremor.printable import printable

__all__ = ["Answer", "Names", "as_written", "checked", "contradictions"]

#: What one answer can be; None is "not answered".
Answer = float | str | bool | tuple[str, ...] | None

#: Body mass after over before: outside, one of the two was mistyped. Losses beyond 10 % and gains
#: beyond 5 % in a run are unheard of.
_MASS_RATIO_RANGE: Final = (0.7, 1.2)
_MOST_SHOWN: Final = 40


def checked(question: Question, value: object) -> Answer:
    """Check an answer and return it in the form in which `Context` holds it.

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
        If it is of a wrong type or out of range.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> checked(by_attribute()["medicines"], ["estrogen", "diuretic"])
    ('diuretic', 'estrogen')
    """
    return None if value is None else _CHECKS[question.kind](question, value)


def _number(question: Question, value: object) -> float:
    if isinstance(value, str):  # as people write it: "1h05"
        quantity = read_quantity(value, question.unit, least=question.lowest)
        if quantity is None or not question.lowest <= quantity.value <= question.highest:
            raise ContextError([_refusal(question, value)])
        return quantity.value
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
    """Return a value as a file spells it, cut to what fits a line."""
    value = as_written(value)
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        try:
            text = str(value)
        except ValueError:  # an int of more digits than Python will print
            text = "a huge number"
    text = printable(" ".join(text.split()))
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def as_written(value: Any) -> Any:  # noqa: ANN401 - any answer in, its plain form out
    """Return an answer as a file holds it: lists for tuples, whole numbers without a point."""
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Names:
    """The names by which answers are given.

    Parameters
    ----------
    by_name : mapping of str to Question
        Questions by key and by attribute.
    by_path : mapping of str to Question
        Questions by section and key, as in ``run.rpe``.
    """

    by_name: Mapping[str, Question]
    by_path: Mapping[str, Question]

    @classmethod
    def of(cls, questions: Iterable[Question]) -> Self:
        """Collect the names of questions."""
        questions = tuple(questions)
        by_key = {question.key: question for question in questions}
        return cls(
            by_name=by_key | {question.attribute: question for question in questions},
            by_path={question.path: question for question in questions},
        )

    def located(self, answers: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
        """Assign sections and single answers to attributes.

        Parameters
        ----------
        answers : mapping
            Sections, or single answers by name, or both.

        Returns
        -------
        given : dict
            Answers by attribute, not yet checked.
        problems : list of str
            What is wrong with the names.
        """
        given: dict[str, object] = {}
        problems: list[str] = []
        for name, value in self._entries(answers, problems):
            question = self.by_path.get(name) or self.by_name.get(name)
            if question is None:
                problems.append(self._unknown_key(name))
            elif question.attribute in given:
                problems.append(f"{question.path} is given twice; leave one out")
            else:
                given[question.attribute] = value
        return given, problems

    def _entries(
        self, answers: Mapping[str, object], problems: list[str]
    ) -> Iterator[tuple[str, object]]:
        for name, value in answers.items():
            if name == "schema":
                if value not in (None, SCHEMA):
                    problems.append(
                        f"schema is {_shown(value)}; this version reads {_shown(SCHEMA)}"
                    )
            elif name in SECTIONS and not isinstance(value, Mapping):
                problems.append(
                    f"{name} is {_shown(value)} and should be a section; "
                    f"write [{name}] and its keys"
                )
            elif not isinstance(value, Mapping) or name in self.by_name:
                yield name, value
            else:
                section = _section(name, problems)
                if section:
                    for key, answer in value.items():
                        yield f"{section}.{key}", answer

    def _unknown_key(self, name: str) -> str:
        near = get_close_matches(name.rpartition(".")[2], self.by_name, n=1)
        section = name.partition(".")[0]
        keys = [question.key for question in self.by_path.values() if question.section == section]
        if near:
            hint = f"did you mean {self.by_name[near[0]].path}?"
        elif keys:
            hint = f"known in [{section}]: {', '.join(keys)}"
        else:
            hint = f"known sections: {', '.join(SECTIONS)}"
        return f"there is no key {_clipped(name)}; {hint}"


def _section(name: str, problems: list[str]) -> str:
    if name in SECTIONS:
        return name
    near = get_close_matches(name, SECTIONS, n=1)
    hint = f"did you mean [{near[0]}]?" if near else f"known: {', '.join(SECTIONS)}"
    problems.append(f"there is no section [{_clipped(name)}]; {hint}")
    return near[0] if near else ""


def _clipped(name: str) -> str:
    name = printable(" ".join(name.split()))
    return name if len(name) <= _MOST_SHOWN else name[: _MOST_SHOWN - 3] + "..."


def contradictions(values: Mapping[str, Answer]) -> list[str]:
    """List the answers that contradict each other.

    Parameters
    ----------
    values : mapping
        Checked answers by attribute.

    Returns
    -------
    list of str
        One sentence for each contradiction.
    """
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
