"""The prompts of the interview as people read them: questions, hints, reasons, answers said back.

A terminal and a page show the same; reading a reply is `tremor.explanation.answers.replies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tremor.explanation.answers.quantities import Quantity, read_quantities, read_quantity
from tremor.explanation.answers.replies import Item, is_list, items_of
from tremor.report.answer_text import answer_text, choice_text
from tremor.report.messages import sentence, text
from tremor.report.numbers import figure

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.question_schema import Question
    from tremor.explanation.interview import NextQuestion

__all__ = [
    "hint",
    "item_labels",
    "proposal",
    "refusal",
    "said_back",
    "why",
    "wording",
    "written_text",
]

_SECTION: Final = "prompt"


def wording(questions: Sequence[Question], list_key: str = "") -> str:
    """Return the question.

    Parameters
    ----------
    questions : sequence of Question
        What is asked.
    list_key : str
        Name of the list; empty for one question.

    Returns
    -------
    str
        A sentence.
    """
    if list_key:
        return text("question_list", f"{list_key}.wording")
    return text("answer", f"{questions[0].path}.wording")


def item_labels(questions: Sequence[Question], list_key: str) -> tuple[str, ...]:
    """Return what each item of a list says, in the order of `items_of`; empty for other prompts."""
    if questions[0].kind == "several" and len(questions) == 1:
        return tuple(choice_text(questions[0], one) for one in questions[0].choices)
    if not is_list(questions):
        return ()
    return tuple(text("question_list", f"{list_key}.{item.name}") for item in items_of(questions))


def hint(questions: Sequence[Question], list_key: str = "") -> str:
    """Return what can be answered, in brief; the items of a list are `item_labels`."""
    question = questions[0]
    if item_labels(questions, list_key):
        return text(_SECTION, "none_or_any")
    if question.kind == "choice":
        return ", ".join(
            text(_SECTION, "item", place=place, label=choice_text(question, choice))
            for place, choice in enumerate(question.choices, 1)
        )
    if question.kind == "yes_no":
        return text(_SECTION, "yes_or_no")
    if len(questions) > 1:
        return text(_SECTION, "two_weights")
    if not question.unit:
        return text(_SECTION, "scale", lowest=question.lowest, highest=question.highest)
    return text(_SECTION, "such_as", example=_example(question))


def _example(question: Question) -> str:
    return text(_SECTION, f"example.{question.unit or 'scale'}")


def why(questions: Sequence[Question], step: NextQuestion | None = None) -> tuple[str, ...]:
    """Return why a question is asked: what its answer is good for, and what it could change now.

    Parameters
    ----------
    questions : sequence of Question
        What is asked.
    step : NextQuestion, optional
        With what the answer could change now.

    Returns
    -------
    tuple of str
        Sentences; of a list that each item's answer is good for.
    """
    reasons = dict.fromkeys(
        text(_SECTION, "because", why=text("answer", f"{one.path}.why")) for one in questions
    )
    claims = list(dict.fromkeys(claim for one in questions for claim in one.claims))
    said = (
        [text(_SECTION, "claim", claim=text("claim", f"{claims[0]}.text"))]
        if claims
        else [text(_SECTION, "only_literature")]
    )
    now = [sentence(step.reason)] if step is not None else []
    return (*reasons, *said, *now)


def said_back(
    questions: Sequence[Question],
    answers: Mapping[str, Answer],
    typed: str,
    *,
    list_key: str = "",
) -> str:
    """Return the answers as they were understood.

    Parameters
    ----------
    questions : sequence of Question
        What was asked.
    answers : mapping
        What was answered, by attribute.
    typed : str
        What was typed; it is repeated where its unit was another one.
    list_key : str
        Name of the list, whose items are repeated as they were asked; empty for one question.

    Returns
    -------
    str
        One line.
    """
    if is_list(questions):
        labels = item_labels(questions, list_key) if list_key else _plain_labels(questions)
        held = [
            label
            for label, item in zip(labels, items_of(questions), strict=True)
            if _holds(item, answers[item.attribute])
        ]
        return "; ".join(held) or text("answer_text", "none")
    if len(questions) > 1:
        quantities = read_quantities(typed, questions[0].unit, len(questions)) or ()
        read = [_said(*pair) for pair in zip(questions, quantities, strict=False)]
        shown = text("number", "and").join(read)
        is_converted = any(one.converted for one in quantities)
        return text(_SECTION, "as_written", said=shown, typed=typed) if is_converted else shown
    (question,) = questions
    return written_text(question, answers[question.attribute], typed)


def proposal(questions: Sequence[Question], proposed: Mapping[str, Answer]) -> str:
    """Return proposed answers in brief; of a list, what holds."""
    if not is_list(questions):
        return text("number", "and").join(
            answer_text(one, proposed.get(one.attribute)) for one in questions
        )
    return said_back(
        questions, {one.attribute: proposed.get(one.attribute) for one in questions}, ""
    )


def _holds(item: Item, answer: Answer) -> bool:
    if isinstance(answer, tuple):
        return item.word in answer
    return answer == item.word if item.word else bool(answer)


def _plain_labels(questions: Sequence[Question]) -> list[str]:
    return [_plain_label(questions, item) for item in items_of(questions)]


def _plain_label(questions: Sequence[Question], item: Item) -> str:
    (question,) = [one for one in questions if one.attribute == item.attribute]
    if item.word:
        return choice_text(question, item.word)
    return text("answer", f"{question.path}.title")


def written_text(question: Question, answer: Answer, written: str) -> str:
    """Return an answer, with how it was written where that was in other units.

    Examples
    --------
    >>> from tremor.explanation.answers.questions import by_attribute
    >>> written_text(by_attribute()["distance_km"], 19.312128, "12 miles")
    '19.3 km (12 miles)'
    >>> written_text(by_attribute()["duration_min"], 65.0, "1h05")
    '1 h 5 min'
    """
    quantity = None
    if question.kind == "number":
        quantity = read_quantity(written, question.unit, least=question.lowest)
    if quantity is None or not quantity.converted:
        return answer_text(question, answer)
    return text(_SECTION, "as_written", said=_said(question, quantity), typed=written)


def _said(question: Question, quantity: Quantity) -> str:
    if quantity.converted:
        return f"{figure(quantity.value)} {question.unit}"
    return answer_text(question, quantity.value)


def refusal(
    questions: Sequence[Question], typed: str, earlier: Mapping[str, Answer], list_key: str = ""
) -> str:
    """Return why a reply is not taken, and what is allowed.

    Parameters
    ----------
    questions : sequence of Question
        What was asked.
    typed : str
        The reply.
    earlier : mapping
        The answers before it, by attribute.
    list_key : str
        Name of the list; empty for one question.

    Returns
    -------
    str
        Sentences without the names of keys.
    """
    question = questions[0]
    if question.kind != "number":
        hinted = hint(questions, list_key)
        return text(_SECTION, "none_of_these", typed=typed, hint=hinted[:1].upper() + hinted[1:])
    quantities = (
        read_quantities(typed, question.unit, len(questions))
        if len(questions) > 1
        else _alone(read_quantity(typed, question.unit, least=question.lowest))
    )
    if quantities is None:
        if len(questions) > 1:
            return text(_SECTION, "two_weights")
        return text(_SECTION, "not_understood", typed=typed, example=_example(question))
    for one, quantity in zip(questions, quantities, strict=True):
        if not one.lowest <= quantity.value <= one.highest:
            return text(
                _SECTION,
                "out_of_range",
                said=_said(one, quantity),
                lowest=one.lowest,
                highest=one.highest,
                unit=f" {one.unit}" if one.unit else "",
            )
    masses = {name: one for name, one in earlier.items() if isinstance(one, float)}
    masses |= {
        one.attribute: quantity.value for one, quantity in zip(questions, quantities, strict=True)
    }
    return text(
        _SECTION,
        "weights_differ",
        before=f"{figure(masses['mass_before_kg'])} kg",
        after=f"{figure(masses['mass_after_kg'])} kg",
    )


def _alone(quantity: Quantity | None) -> tuple[Quantity, ...] | None:
    return None if quantity is None else (quantity,)
