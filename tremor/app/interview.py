"""The questions about a result, one at a time: what was asked, what was answered, what is next.

Which question comes next is `tremor.explanation.interview`; how it reads, `tremor.report.prompts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tremor.errors import ContextError
from tremor.explanation.advice import advice_table, warnings_of
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.replies import read_reply
from tremor.explanation.interview import Finished, NextQuestion, next_question
from tremor.report import prompts
from tremor.report.answer_text import choice_text
from tremor.report.messages import sentence, text

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.results.analysis import Analysis

__all__ = ["Interview", "Prompt", "SaidBack", "prompt_of"]


@dataclass(frozen=True, slots=True)
class SaidBack:
    """A question with its answer as it was understood."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question as a form shows it.

    Parameters
    ----------
    number, most : int
        Its place, and how many are asked at most.
    wording : str
        The question.
    hint : str
        What can be answered.
    why : tuple of str
        Why it is asked.
    kind : {"several", "one", "text"}
        Boxes of which any can be ticked, of which one, or a line to write.
    options : tuple of (str, str)
        Label and the reply that it stands for.
    """

    number: int
    most: int
    wording: str
    hint: str
    why: tuple[str, ...]
    kind: str
    options: tuple[tuple[str, str], ...] = ()


class Interview:
    """The questions about one result.

    Parameters
    ----------
    analysis : Analysis
        What was measured.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._answers: dict[str, Answer] = {}
        self._asked: list[tuple[str, ...]] = []
        self.said_back: list[SaidBack] = []
        self.step: NextQuestion | Finished = self._next()

    def _next(self) -> NextQuestion | Finished:
        return next_question(self.context, asked=self._asked, analysis=self._analysis)

    @property
    def context(self) -> Context:
        """All answers up to now."""
        return Context(**self._answers)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the answers warn of, a sentence each."""
        return tuple(sentence(sign.statement) for sign in warnings_of(self.context, advice_table()))

    def reply(self, number: int, typed: Sequence[str]) -> str:
        """Take the reply to a question.

        Parameters
        ----------
        number : int
            Place of the question; a reply to another one, such as of a form that was sent twice,
            is passed over.
        typed : sequence of str
            What was typed, or the places of what was ticked; none to leave it out.

        Returns
        -------
        str
            Why it is not taken; empty if it is.
        """
        step = self.step
        if isinstance(step, Finished) or step.number != number:
            return ""
        reply = ", ".join(part.strip() for part in typed if part.strip())
        if reply:
            try:
                found = read_reply(step.questions, reply)
                Context(**{**self._answers, **found})
            except ContextError:
                return prompts.refusal(step.questions, reply, self._answers, step.list_key)
            said = prompts.said_back(step.questions, found, reply, list_key=step.list_key)
            self._answers |= {name: one for name, one in found.items() if one is not None}
        else:
            said = text("app", "left_out")
        self.said_back.append(SaidBack(prompts.wording(step.questions, step.list_key), said))
        self._asked.append(step.asks)
        self.step = self._next()
        return ""


def prompt_of(step: NextQuestion) -> Prompt:
    """Return a question as a form shows it.

    Parameters
    ----------
    step : NextQuestion
        The question.
    """
    question, labels = step.questions[0], prompts.item_labels(step.questions, step.list_key)
    kind = "text"
    options: tuple[tuple[str, str], ...] = ()
    if labels:
        kind = "several"
        options = (*_numbered(labels), (text("answer_text", "none"), "none"))
    elif question.kind == "choice":
        kind = "one"
        options = _numbered([choice_text(question, one) for one in question.choices])
    elif question.kind == "yes_no":
        kind = "one"
        options = tuple((text("answer_text", word), word) for word in ("yes", "no"))
    return Prompt(
        number=step.number,
        most=step.most,
        wording=prompts.wording(step.questions, step.list_key),
        hint=prompts.hint(step.questions, step.list_key) if kind == "text" else "",
        why=prompts.why(step.questions, step),
        kind=kind,
        options=options,
    )


def _numbered(labels: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, str(place)) for place, label in enumerate(labels, 1))
