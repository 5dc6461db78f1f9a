"""What the runner answers about the run, the weather, the body and the day.

Answers only: nothing in here is measured and nothing is concluded. What can be answered is the
table of questions in `tremor.explanation.answers.questions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from tremor.errors import ContextError
from tremor.explanation.answers.checking import (
    Answer,
    Names,
    as_written,
    checked,
    contradictions,
)
from tremor.explanation.answers.files import SCHEMA, as_toml, read_mapping
from tremor.explanation.answers.questions import QUESTIONS, Answers

__all__ = ["Context"]

_NAMES: Final = Names.of(QUESTIONS)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Context(Answers):
    """What the runner answered; None is "not answered", an empty tuple is the answer "none".

    Parameters
    ----------
    **answers
        Any of the attributes by name, or whole sections as mappings, such as ``run={"rpe": 8}``,
        or both. None leaves a question unanswered. ``schema`` may be given and is checked.

    Attributes
    ----------
    signs, distance_km, duration_min, ... : float, str, bool, tuple of str or None
        The answer to each of `QUESTIONS`, in the order of asking. Units end the names; `rpe` and
        `stress` are on a scale of 0 to 10.

    Raises
    ------
    ContextError
        If anything is unknown, of a wrong type or out of range; it holds all problems at once.

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

    def __init__(self, **answers: object) -> None:
        given, problems = _NAMES.located(answers)
        values: dict[str, Answer] = {}
        for question in QUESTIONS:
            try:
                values[question.attribute] = checked(question, given.get(question.attribute))
            except ContextError as error:
                problems += error.problems
        problems += contradictions(values)
        if problems:
            raise ContextError(problems)
        for item in fields(self):
            object.__setattr__(self, item.name, values[item.name])

    def __repr__(self) -> str:
        answers = ", ".join(f"{name}={value!r}" for name, value in self.answered().items())
        return f"{type(self).__name__}({answers})"

    def answered(self) -> dict[str, Answer]:
        """Return what was answered, by attribute, in the order of asking."""
        answers = {question.attribute: getattr(self, question.attribute) for question in QUESTIONS}
        return {name: value for name, value in answers.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return what was answered as a context file holds it, by section and key.

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
                record.setdefault(question.section, {})[question.key] = as_written(value)
        return record

    def to_toml(self) -> str:
        """Return what was answered as the text of a context file.

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
        """Read what `to_dict` returned.

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
            If the file is missing, is neither TOML nor JSON, or holds anything that `Context`
            refuses. All problems are reported at once.
        """
        mapping = read_mapping(Path(path))
        try:
            return cls.from_dict(mapping)
        except ContextError as error:
            raise ContextError(error.problems, str(path)) from None

    @staticmethod
    def written_in(path: str | Path) -> dict[str, str]:
        """Return the numbers that a context file holds as text, such as ``1h05``.

        Parameters
        ----------
        path : path
            A file that `from_file` reads.

        Returns
        -------
        dict
            The text by attribute.

        Raises
        ------
        ContextError
            If the file cannot be read.
        """
        given, _ = _NAMES.located(read_mapping(Path(path)))
        numbers = {one.attribute for one in QUESTIONS if one.kind == "number"}
        return {
            name: value
            for name, value in given.items()
            if name in numbers and isinstance(value, str)
        }
