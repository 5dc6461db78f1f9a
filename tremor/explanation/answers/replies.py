"""Replies to a prompt of the interview: one answer, the items of a list, or several numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tremor.errors import ContextError
from tremor.explanation.answers.checking import Answer, checked
from tremor.explanation.answers.quantities import read_quantities
from tremor.explanation.answers.question_schema import Question
from tremor.explanation.answers.text_input import from_text

__all__ = ["Item", "is_list", "items_of", "read_reply"]

_NONE = frozenset({"none", "no", "0"})


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list that can hold.

    Parameters
    ----------
    attribute : str
        The answer that it is part of.
    word : str
        Which of its words; empty for a question of yes and no. Of a choice, the word that holds
        otherwise is no item.
    """

    attribute: str
    word: str = ""

    @property
    def name(self) -> str:
        """Attribute, and word where there is one: ``medicines.diuretic``."""
        return f"{self.attribute}.{self.word}" if self.word else self.attribute


def is_list(questions: Sequence[Question]) -> bool:
    """Check whether questions are asked as a list of items, and not as one or as numbers."""
    return len(questions) > 1 and questions[0].kind != "number"


def items_of(questions: Sequence[Question]) -> tuple[Item, ...]:
    """Return the items of a list in their order.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> asked = by_attribute()
    >>> [one.name for one in items_of([asked["other_muscles"], asked["cramp"]])][1:]
    ['other_muscles.hand', 'other_muscles.several', 'cramp']
    """
    return tuple(
        Item(question.attribute, word)
        for question in questions
        for word in (question.choices or ("",))
        if not word or word != question.otherwise
    )


def read_reply(questions: Sequence[Question], text: str) -> dict[str, Answer]:
    """Read the reply to a prompt.

    Parameters
    ----------
    questions : sequence of Question
        What was asked: one question, a list of all kinds but numbers, or numbers.
    text : str
        What was typed. Of a list, the places of the items that hold, their words, or ``none``.

    Returns
    -------
    dict
        Answers by attribute; of a list, what was not named does not hold.

    Raises
    ------
    ContextError
        If it cannot be a reply.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> asked = by_attribute()
    >>> read_reply([asked["other_muscles"], asked["cramp"], asked["cold"]], "1, 5")
    {'other_muscles': ('eyelid',), 'cramp': False, 'cold': True}
    >>> read_reply([asked["mass_before_kg"], asked["mass_after_kg"]], "70.5 69")
    {'mass_before_kg': 70.5, 'mass_after_kg': 69.0}
    """
    if len(questions) == 1:
        (question,) = questions
        return {question.attribute: from_text(question, text)}
    if not is_list(questions):
        return _numbers(questions, text)
    items = items_of(questions)
    held = set() if text.strip().lower() in _NONE else _named(items, text)
    return {
        question.attribute: _answer(
            question,
            [one.word for one in items if one.attribute == question.attribute and one in held],
        )
        for question in questions
    }


def _answer(question: Question, words: list[str]) -> Answer:
    """Return the answer to one question of a list, by those of its items that hold."""
    if question.kind == "yes_no":
        return checked(question, bool(words))
    if question.kind == "several":
        return checked(question, words)
    if len(words) > 1:
        raise ContextError([f"{' and '.join(words)} exclude each other"])
    return checked(question, words[0] if words else question.otherwise)


def _numbers(questions: Sequence[Question], text: str) -> dict[str, Answer]:
    read = read_quantities(text, questions[0].unit, len(questions))
    if read is None:
        raise ContextError([f"{text!r} is not {len(questions)} numbers"])
    return {
        question.attribute: checked(question, one.value)
        for question, one in zip(questions, read, strict=True)
    }


def _named(items: tuple[Item, ...], text: str) -> set[Item]:
    words = [word.strip() for word in re.split(r"[,;]", text) if word.strip()]
    if len(words) == 1 and _item(items, words[0]) is None:
        words = text.split()  # without commas between them
    found = {word: _item(items, word) for word in words}
    unknown = [word for word, item in found.items() if item is None]
    if unknown or not words:
        raise ContextError([f"{word!r} is none of the items" for word in unknown or [text]])
    return {item for item in found.values() if item is not None}


def _item(items: tuple[Item, ...], word: str) -> Item | None:
    """Find an item by its place, or by the beginning of one of its words."""
    if word.isascii() and word.isdigit():
        place = int(word[:9])
        return items[place - 1] if 1 <= place <= len(items) else None
    begun = [
        item
        for item in items
        if any(part.startswith(word.lower()) for part in (item.word or item.attribute).split("_"))
    ]
    return begun[0] if len(begun) == 1 else None
