"""Answers typed at a prompt: words and numbers to answers.

How a prompt looks is decided by the command; what an answer may be, by the table of questions; how
an answer reads, by `tremor.report.answer_text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tremor.explanation.answers.checking import Answer, checked
from tremor.explanation.answers.question_schema import Kind, Question

__all__ = ["from_text"]

_YES_NO: Final = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
_NONE: Final = frozenset({"none", "no", "0"})


def from_text(question: Question, text: str) -> Answer:
    """Parse an answer typed at a prompt.

    Parameters
    ----------
    question : Question
        What was asked.
    text : str
        What was typed. A number may have a decimal comma and a unit, as in ``1h05``; a word may be
        cut short or be given by its place in the list; several stand between commas, and ``none``
        is none.

    Returns
    -------
    float, str, bool, tuple of str or None
        The answer; None where nothing was typed.

    Raises
    ------
    ContextError
        If it cannot be an answer.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> questions = by_attribute()
    >>> from_text(questions["distance_km"], "12,5 km"), from_text(questions["load"], "h")
    (12.5, 'harder')
    >>> from_text(questions["signs"], "fever, chest pain")
    ('chest_pain', 'fever')
    """
    text = text.strip()
    if not text:
        return None
    read = _READERS.get(question.kind)  # a number is read with its unit where it is checked
    return checked(question, text if read is None else read(question, text))


def _yes_no(question: Question, text: str) -> object:  # noqa: ARG001 - as the other readers
    return _YES_NO.get(text.lower(), text)


def _choice(question: Question, text: str) -> object:
    word = re.sub(r"[\s-]+", "_", text.strip().lower())
    if word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= len(question.choices):
        return question.choices[int(word) - 1]
    if word in question.choices:
        return word
    begun = [choice for choice in question.choices if word and choice.startswith(word)]
    return begun[0] if len(begun) == 1 else text


def _several(question: Question, text: str) -> object:
    if text.lower() in _NONE:
        return ()
    words = [word for word in re.split(r"[,;]", text) if word.strip()]
    if len(words) == 1 and _choice(question, text) == text:
        words = text.split()  # words without commas between them
    return [_choice(question, word) for word in words]


_READERS: Final[dict[Kind, Callable[[Question, str], object]]] = {
    "choice": _choice,
    "yes_no": _yes_no,
    "several": _several,
}
