"""``tremor context``: the questions to the runner, asked, written as a template, or shown."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import common_options, is_input_allowed, overwrite_option
from tremor.cli.streams import print_json, say, warn
from tremor.errors import ContextError
from tremor.files import refuse_existing, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.question_schema import Question
    from tremor.explanation.findings.computed import Quantity
    from tremor.formats.activity_file import Activity

__all__ = ["ask_all", "context"]

_SCHEMA: Final = "tremor.context.show/1"
_WIDTH: Final = 80
_INTRODUCTION: Final = """\
Answer what you can. Enter alone: not answered, or the proposal in [brackets].
?: why it is asked. -: no answer, in place of a proposal. Ctrl-C: stop and keep.
"""
_INTERRUPTED: Final = 130


class _ShowsByDefault(click.Group):
    """Takes a file in place of a command as one to show."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_ShowsByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@common_options
def context() -> None:
    """Ask what the runner knows and no sensor measures, or show the answers.

    Without new or show, FILE is shown.
    """


_EPILOG_NEW: Final = """\b
Examples:
  tremor context new today.toml
  tremor context new today.toml --fit activity.fit --from yesterday.toml
  tremor context new today.toml --no-input    (a template to fill in)

\b
Exit codes:
  0    written, also where Ctrl-C ended the questions
  2    wrong usage
  3    the earlier file or the FIT file is missing, unreadable or wrong
  8    refused: would overwrite a file
  130  interrupted before anything was answered; nothing is written
"""
_EPILOG_SHOW: Final = """\b
Examples:
  tremor context show today.toml
  tremor context show today.toml --json

\b
Exit codes:
  0  shown
  2  wrong usage
  3  the file is missing, unreadable or wrong
"""


@context.command("new", epilog=_EPILOG_NEW)
@click.argument("file", metavar="FILE", type=Path)
@click.option(
    "--from",
    "earlier",
    metavar="EARLIER",
    type=Path,
    help="Propose the answers of an earlier file; warning signs are asked anew.",
)
@click.option(
    "--fit",
    "fit_file",
    metavar="ACTIVITY",
    type=Path,
    help="Propose what a sports watch wrote: times, distance, temperature; never the track.",
)
@overwrite_option
@common_options
@click.pass_context
def new(
    ctx: click.Context, *, file: Path, earlier: Path | None, fit_file: Path | None, overwrite: bool
) -> None:
    """Ask the questions and write the answers to FILE."""
    from tremor.explanation.answers.context import Context
    from tremor.report.context_template import commented_toml

    refuse_existing(file, overwrite=overwrite, option="--overwrite")
    proposals = _proposals(earlier, fit_file)
    stopped = False
    if is_input_allowed():
        answers, stopped = ask_all(proposals)
        if stopped and not answers:
            say(f"nothing was answered; {file} is not written")
            ctx.exit(_INTERRUPTED)
    else:
        answers = dict(proposals)
    written = Context(**answers)
    _warn(written, shown=Context(signs=answers.get("signs")))
    write_text(file, commented_toml(written.to_dict()))
    kept = "stopped; kept what was answered: " if stopped else ""
    click.echo(f"{kept}{file}: {_count(written)}")


@context.command("show", epilog=_EPILOG_SHOW)
@click.argument("file", metavar="FILE", type=Path)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
def show(*, file: Path, as_json: bool) -> None:
    """Show what FILE answers, what follows from it, and what it leaves open."""
    from tremor.explanation.answers.context import Context

    answers = Context.from_file(file)
    if as_json:
        print_json(_document(answers))
    else:
        click.echo("\n".join(_lines(answers, file)))


def _proposals(earlier: Path | None, fit_file: Path | None) -> dict[str, Answer]:
    """Collect the proposals; a watch saw today's run and takes precedence over an earlier file."""
    from tremor.explanation.answers.context import Context

    proposals: dict[str, Answer] = {}
    if earlier is not None:
        proposals = Context.from_file(earlier).answered()
        if proposals.pop("signs", None):
            warn(f"the warning signs of {earlier} are left out; they are asked anew")
    if fit_file is not None:
        proposals.update(_answers_of(fit_file))
    return proposals


def _answers_of(fit_file: Path) -> dict[str, float]:
    from tremor.explanation.answers.watch_summary import answers_from_activity
    from tremor.formats.activity_file import read_activity
    from tremor.report.answer_text import activity_text

    activity: Activity = read_activity(fit_file)
    answers = answers_from_activity(activity)
    say(activity_text(activity, answers))
    return answers


def ask_all(
    proposals: Mapping[str, Answer], *, known: Mapping[str, Answer] = MappingProxyType({})
) -> tuple[dict[str, Answer], bool]:
    """Ask one question after the other.

    Parameters
    ----------
    proposals : mapping
        Answers by attribute of `Context` that Enter accepts.
    known : mapping
        Answers whose questions are left out.

    Returns
    -------
    answers : dict
        New and known answers.
    stopped : bool
        Whether Ctrl-C ended the questions.
    """
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.report.messages import text

    answers: dict[str, Answer] = dict(known)
    section = ""
    click.echo(_INTRODUCTION, err=True, nl=False)
    try:
        for question in QUESTIONS:
            if question.attribute in known:
                continue
            if question.section != section:
                section = question.section
                click.echo(f"\n{text('answer', f'{section}.title')}", err=True)
            answer = _ask(question, proposals.get(question.attribute), answers)
            if answer is not None:
                answers[question.attribute] = answer
            if question.attribute == "signs":
                _warn(Context(signs=answer))
    except EOFError:
        click.echo("", err=True)
    except KeyboardInterrupt:
        click.echo("", err=True)
        return answers, True
    return answers, False


def _ask(question: Question, proposal: Answer, earlier: Mapping[str, Answer]) -> Answer:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.text_input import from_text
    from tremor.report.answer_text import answer_text
    from tremor.report.messages import text

    wording = text("answer", f"{question.path}.wording")
    click.echo(textwrap.fill(wording, _WIDTH, **_indent(2)), err=True)
    hint = _hint(question)
    proposed = "" if proposal is None else f" [{answer_text(question, proposal)}]"
    click.echo(textwrap.fill(hint + proposed, _WIDTH, **_indent(4)), err=True)
    while True:
        typed = _line()
        if typed == "-":
            return None
        if typed == "?":
            why = text("answer", f"{question.path}.why")
            click.echo(f"    because {why}", err=True)
            continue
        try:
            answer = from_text(question, typed) if typed else proposal
            Context(**earlier, **{question.attribute: answer})
        except ContextError as error:
            for problem in error.problems:
                click.echo(textwrap.fill(problem, _WIDTH, **_indent(4)), err=True)
            continue
        return answer


def _indent(columns: int) -> dict[str, Any]:
    return {"initial_indent": " " * columns, "subsequent_indent": " " * columns}


def _hint(question: Question) -> str:
    """Return what can be entered, in brief."""
    if question.kind == "number":
        return f"{question.lowest:g} to {question.highest:g} {question.unit}".rstrip()
    if question.kind == "yes_no":
        return "yes or no"
    words = ", ".join(
        f"{number} {choice.replace('_', ' ')}" for number, choice in enumerate(question.choices, 1)
    )
    return words if question.kind == "choice" else f"none, or any, with commas: {words}"


def _line() -> str:
    """Read a line from stdin; its end ends the questions."""
    click.echo("    > ", err=True, nl=False)
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
        click.echo(text, err=True)  # a terminal echoes by itself
    return text


def _warn(answers: Context, shown: Context | None = None) -> None:
    """Show the warnings that answers give rise to, but those shown already."""
    before = () if shown is None else _warnings(shown)
    for statement in _warnings(answers):
        if statement not in before:
            click.echo("\n" + "\n".join(_wrapped(statement)), err=True)


def _warnings(answers: Context) -> tuple[str, ...]:
    from tremor.explanation.advice import advice_table, warnings_of
    from tremor.report.messages import sentence

    return tuple(sentence(sign.statement) for sign in warnings_of(answers, advice_table()))


def _count(answers: Context) -> str:
    from tremor.explanation.answers.questions import QUESTIONS

    return f"{len(answers.answered())} of {len(QUESTIONS)} questions answered"


def _lines(answers: Context, file: Path) -> list[str]:
    from tremor.explanation.answers.question_schema import SECTIONS
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.explanation.findings.computed import compute
    from tremor.report.answer_text import answer_text
    from tremor.report.messages import sentence, text

    given = answers.answered()
    lines = [f"{file.name}: {_count(answers)}"]
    for statement in _warnings(answers):
        lines += ["", *_wrapped(statement)]
    for section in SECTIONS:
        rows = [
            f"  {text('answer', f'{question.path}.title'):<24}"
            f"{answer_text(question, given[question.attribute])}"
            for question in QUESTIONS
            if question.section == section and question.attribute in given
        ]
        if rows:
            lines += ["", text("answer", f"{section}.title"), *rows]
    computed = compute(answers)
    lines += ["", "What follows from the answers"]
    lines += [line for quantity in computed.quantities for line in _quantity_lines(quantity)]
    lines += [
        line for remark in computed.remarks for line in _wrapped(f"Remark: {sentence(remark)}")
    ]
    open_paths = [question.path for question in QUESTIONS if question.attribute not in given]
    if open_paths:
        lines += ["", f"Not answered ({len(open_paths)}), which is never taken as no"]
        lines += _wrapped(", ".join(open_paths))
    return lines


def _quantity_lines(quantity: Quantity) -> list[str]:
    from tremor.report.messages import sentence, text
    from tremor.report.numbers import value_text
    from tremor.report.view import range_text

    estimate = quantity.estimate
    if estimate.value is None:
        result = sentence(estimate.reason)
    else:
        result = f"{value_text(estimate, quantity.unit)} {range_text(estimate)}"
        result = "; ".join(filter(None, (result, sentence(quantity.word))))
    return textwrap.wrap(
        f"{text('quantity', quantity.key):<24}{result}",
        _WIDTH,
        initial_indent="  ",
        subsequent_indent=" " * 26,
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False, **_indent(2))


def _document(answers: Context) -> dict[str, Any]:
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.explanation.findings.computed import compute
    from tremor.report.as_json import document_of
    from tremor.report.messages import sentence

    computed = compute(answers)
    return {
        "schema": _SCHEMA,
        "warning_signs": list(_warnings(answers)),
        "answers": answers.to_dict(),
        "computed": {
            quantity.key: document_of(quantity)["estimate"] for quantity in computed.quantities
        },
        "words": {
            quantity.key: sentence(quantity.word)
            for quantity in computed.quantities
            if quantity.word
        },
        "reasons": {
            quantity.key: sentence(quantity.estimate.reason)
            for quantity in computed.quantities
            if quantity.estimate.value is None
        },
        "remarks": [sentence(remark) for remark in computed.remarks],
        "not_answered": [
            question.path for question in QUESTIONS if getattr(answers, question.attribute) is None
        ],
    }
