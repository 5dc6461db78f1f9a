"""The interview: the question whose answer is expected to change most, until none is worth it.

Warning signs go first. Nothing is kept between two questions: the answers, what was asked, and the
analysis give the next one, so that a terminal, a recording and a page ask in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tremor.explanation.answers.questions import by_attribute
from tremor.explanation.evidence import evidence_table
from tremor.explanation.expected_change import Change, Outlook, look_ahead
from tremor.explanation.likely_answers import interview_table
from tremor.notes import Note, note

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.question_schema import Question
    from tremor.explanation.likely_answers import InterviewTable, Limits, Prompt
    from tremor.results.analysis import Analysis

__all__ = ["Finished", "NextQuestion", "next_question"]

_SIGNS: Final = "signs"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextQuestion:
    """The question to ask now.

    Parameters
    ----------
    questions : tuple of Question
        What is asked: one question, or several of yes and no in one list.
    list_key : str
        Name of the list; empty for one question.
    number : int
        Its place among the questions asked, from 1; a list counts once.
    most : int
        How many are asked at most, those before it included.
    reason : Note
        What its answer could change now.
    """

    questions: tuple[Question, ...]
    number: int
    most: int
    reason: Note
    list_key: str = ""

    @property
    def asks(self) -> Prompt:
        """Attributes that it asks for; what `next_question` takes as asked."""
        return tuple(question.attribute for question in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of the interview.

    Parameters
    ----------
    why : {"enough", "limit"}
        Nothing that is open would change enough, or as many questions as allowed were asked.
    reason : Note
        The same as a fact.
    """

    why: Literal["enough", "limit"]
    reason: Note


def next_question(
    context: Context, *, asked: Sequence[Sequence[str]] = (), analysis: Analysis | None = None
) -> NextQuestion | Finished:
    """Choose the next question.

    Parameters
    ----------
    context : Context
        What is answered, whether asked for or known before.
    asked : sequence of sequence of str
        `NextQuestion.asks` of the questions that were asked, in their order, answered or not. What
        was asked is never asked again.
    analysis : Analysis, optional
        What was measured; without it, what a sensor is expected to measure is weighed.

    Returns
    -------
    NextQuestion or Finished
        The same for the same input.

    Examples
    --------
    >>> from tremor.explanation.answers.context import Context
    >>> first = next_question(Context())
    >>> first.asks, first.number, first.most
    (('signs',), 1, 10)
    >>> next_question(Context(signs=()), asked=[first.asks]).number
    2
    """
    table = interview_table()
    limits = table.limits
    if len(asked) >= limits.most_prompts:
        return Finished(why="limit", reason=note("INTERVIEW_LIMIT", n_questions=len(asked)))
    names = [name for prompt in asked for name in prompt]
    if context.signs is None and _SIGNS not in names:
        return _next((_SIGNS,), asked, note("ASKED_FOR_SIGNS"), table)
    skipped = [name for name in names if getattr(context, name) is None]
    outlook = look_ahead(context, analysis, skipped, evidence_table(), table)
    change = _chosen(outlook, asked, limits)
    if change is None:
        return Finished(why="enough", reason=note("INTERVIEW_ENOUGH"))
    return _next(change.asked[0], asked, _reason(change, outlook), table)


def _next(
    asks: Prompt, asked: Sequence[Sequence[str]], reason: Note, table: InterviewTable
) -> NextQuestion:
    questions = by_attribute()
    keys = [key for key, one in table.lists.items() if asks[0] in one.asks]
    return NextQuestion(
        questions=tuple(questions[name] for name in asks),
        number=len(asked) + 1,
        most=table.limits.most_prompts,
        reason=reason,
        list_key=keys[0] if keys and len(asks) > 1 else "",
    )


def _chosen(outlook: Outlook, asked: Sequence[Sequence[str]], limits: Limits) -> Change | None:
    """Choose the change that is worth most for each prompt; None where none is worth a prompt."""
    warning = [one for one in outlook.changes if one.warning_change >= limits.least_warning_change]
    worth = [
        one
        for one in outlook.changes
        if outlook.leader_change >= limits.least_leader_change
        and one.leader_change >= limits.least_change
    ]
    left = limits.most_prompts - len(asked)
    if warning and left <= len({prompt for one in warning for prompt in one.asked}):
        worth = []
    candidates = worth + warning
    if asked:
        topic = by_attribute()[asked[-1][-1]].topic
        going_on = [one for one in candidates if one.topic == topic]
        candidates = going_on or candidates
    return max(candidates, key=lambda one: one.worth, default=None)


def _reason(change: Change, outlook: Outlook) -> Note:
    if change.leaders:
        first, *others = change.leaders
        return note(
            "ASKED_FOR_LEADER",
            leader=outlook.leader,
            n_others=len(change.leaders),
            first=first,
            second=others[0] if others else None,
        )
    if change.warning_change > change.leader_change:
        return note("ASKED_FOR_WARNING")
    return note("ASKED_WITH_OTHERS", leader=outlook.leader)
