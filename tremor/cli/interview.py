"""The questions to the runner at a terminal: the interview, or every question of the table.

Which question comes next is `tremor.explanation.interview`; how it reads, `tremor.report.prompts`.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tremor.cli.streams import echo
from tremor.errors import ContextError
from tremor.report.layout import columns, wrapped

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.question_schema import Question
    from tremor.explanation.interview import NextQuestion
    from tremor.results.analysis import Analysis

__all__ = ["ask_all", "interview", "print_warnings", "warning_lines", "warnings_in"]

_NOTHING: Final[Mapping[str, Answer]] = MappingProxyType({})


def interview(
    proposals: Mapping[str, Answer] = _NOTHING,
    *,
    known: Mapping[str, Answer] = _NOTHING,
    analysis: Analysis | None = None,
) -> tuple[dict[str, Answer], bool]:
    """Ask what could change most, until nothing that is open would change enough.

    Parameters
    ----------
    proposals : mapping
        Answers by attribute of `Context` that Enter accepts.
    known : mapping
        Answers that are not asked for.
    analysis : Analysis, optional
        What was measured.

    Returns
    -------
    answers : dict
        New and known answers.
    stopped : bool
        Whether Ctrl-C ended the questions.
    """
    from tremor.explanation.answers.context import Context
    from tremor.explanation.interview import Finished, next_question
    from tremor.explanation.likely_answers import interview_table
    from tremor.report.messages import sentence, text

    answers: dict[str, Answer] = dict(known)
    asked: list[tuple[str, ...]] = []
    most = interview_table().limits.most_prompts
    _introduce(text("prompt", "introduction", most=most), has_proposals=bool(proposals))
    try:
        while True:
            step = next_question(Context(**answers), asked=asked, analysis=analysis)
            if isinstance(step, Finished):
                echo(f"\n{sentence(step.reason)}", err=True)
                return answers, False
            progress = text("prompt", "progress", number=step.number, most=step.most)
            echo(f"\n{progress}", err=True)
            answers |= _reply(step.questions, proposals, answers, step)
            asked.append(step.asks)
            if "signs" in step.asks:
                print_warnings(Context(signs=answers.get("signs")))
    except EOFError:
        echo("", err=True)
    except KeyboardInterrupt:
        echo("", err=True)
        return answers, True
    return answers, False


def ask_all(proposals: Mapping[str, Answer] = _NOTHING) -> tuple[dict[str, Answer], bool]:
    """Ask every question of the table, one after the other.

    Parameters
    ----------
    proposals : mapping
        Answers by attribute of `Context` that Enter accepts.

    Returns
    -------
    answers : dict
        What was answered.
    stopped : bool
        Whether Ctrl-C ended the questions.
    """
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.report.messages import text

    answers: dict[str, Answer] = {}
    section = ""
    _introduce(text("prompt", "introduction_all"), has_proposals=bool(proposals))
    try:
        for question in QUESTIONS:
            if question.section != section:
                section = question.section
                echo(f"\n{text('answer', f'{section}.title')}", err=True)
            answers |= _reply((question,), proposals, answers)
            if question.attribute == "signs":
                print_warnings(Context(signs=answers.get("signs")))
    except EOFError:
        echo("", err=True)
    except KeyboardInterrupt:
        echo("", err=True)
        return answers, True
    return answers, False


def _introduce(introduction: str, *, has_proposals: bool) -> None:
    from tremor.report.messages import text

    lines = [introduction]
    lines += [text("prompt", "with_proposals")] if has_proposals else []
    for line in (*lines, text("prompt", "stop")):
        echo("\n".join(wrapped(line)), err=True)


def _reply(
    questions: Sequence[Question],
    proposals: Mapping[str, Answer],
    earlier: Mapping[str, Answer],
    step: NextQuestion | None = None,
) -> dict[str, Answer]:
    """Ask until the reply can be taken; return its answers, those that are open left out."""
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.replies import read_reply
    from tremor.report import prompts

    list_key = "" if step is None else step.list_key
    proposed = {
        one.attribute: proposal
        for one in questions
        if (proposal := proposals.get(one.attribute)) is not None
    }
    for line in _question_lines(questions, list_key, proposed):
        echo(line, err=True)
    while True:
        typed = _line()
        if typed == "-":
            return {}
        if typed == "?":
            for sentence in prompts.why(questions, step):
                _say(sentence)
            continue
        try:
            replied = read_reply(questions, typed) if typed else proposed
            Context(**{**earlier, **replied})
        except ContextError:
            _say(prompts.refusal(questions, typed, earlier, list_key))
            continue
        if typed:
            _say(prompts.said_back(questions, replied, typed, list_key=list_key))
        return {name: answer for name, answer in replied.items() if answer is not None}


def _question_lines(
    questions: Sequence[Question], list_key: str, proposed: Mapping[str, Answer]
) -> Iterator[str]:
    from tremor.report import prompts
    from tremor.report.messages import text

    yield textwrap.fill(prompts.wording(questions, list_key), columns(), **indent(2))
    labels = prompts.item_labels(questions, list_key)
    for place, label in enumerate(labels, 1):
        yield textwrap.fill(
            text("prompt", "item", place=place, label=label), columns(), **indent(4)
        )
    in_brackets = f"[{prompts.proposal(questions, proposed)}]" if proposed else ""
    hint = f"{prompts.hint(questions, list_key)} {in_brackets}".rstrip()
    yield textwrap.fill(hint, columns(), **indent(4))


def indent(columns: int) -> dict[str, Any]:
    """Return the options of `textwrap` for lines that begin with spaces."""
    return {"initial_indent": " " * columns, "subsequent_indent": " " * columns}


def _say(line: str) -> None:
    echo(textwrap.fill(line, columns(), **indent(4)), err=True)


def _line() -> str:
    """Read a line from stdin; its end ends the questions."""
    echo("    > ", err=True, nl=False)
    if sys.stdin is None:  # closed by whoever started the command
        raise EOFError
    try:
        text = sys.stdin.readline()
    except UnicodeDecodeError:
        text = "\ufffd\n"  # no answer to anything: it is asked again
    if not text:
        raise EOFError
    text = text.strip()
    if not sys.stdin.isatty():
        echo(text, err=True)  # a terminal echoes by itself
    return text


def print_warnings(answers: Context, shown: Context | None = None) -> None:
    """Print the warnings that answers give rise to, but those that others gave rise to before."""
    before = () if shown is None else warnings_in(shown)
    for statement in warnings_in(answers):
        if statement not in before:
            echo("\n" + "\n".join(warning_lines(statement)), err=True)


def warnings_in(answers: Context) -> tuple[str, ...]:
    """Return the warnings that answers give rise to, a sentence each."""
    from tremor.explanation.advice import advice_table, warnings_of
    from tremor.report.messages import sentence

    return tuple(sentence(sign.statement) for sign in warnings_of(answers, advice_table()))


def warning_lines(statement: str) -> list[str]:
    """Return a statement as lines of a terminal."""
    return textwrap.wrap(statement, columns(), break_on_hyphens=False, **indent(2))
