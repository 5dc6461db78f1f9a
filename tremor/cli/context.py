"""``tremor context``: the questions to the runner, asked, written as a template, or shown."""

from __future__ import annotations

import textwrap
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.interview import (
    ask_all,
    interview,
    print_warnings,
    warning_lines,
    warnings_in,
)
from tremor.cli.options import common_options, is_input_allowed, overwrite_option
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, print_json, say, warn
from tremor.files import refuse_existing, write_text
from tremor.report.layout import columns

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.findings.computed import Quantity
    from tremor.formats.activity_file import Activity

__all__ = ["context"]

_SCHEMA: Final = "tremor.context.show/1"
_INTERRUPTED: Final = 130


class _ShowsByDefault(click.Group):
    """Takes a file in place of a command as one to show."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            near = get_close_matches(args[0], self.commands, n=1)
            if near and not Path(args[0]).exists():
                raise click.UsageError(
                    f"there is no command or file {args[0]!r}; did you mean {near[0]}?", ctx
                )
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
  tremor context new today.toml --all         (every question)
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
@click.argument("file", metavar="FILE", type=PATH)
@click.option(
    "--from",
    "earlier",
    metavar="EARLIER",
    type=PATH,
    help="Propose the answers of an earlier file where they are asked; warning signs never.",
)
@click.option(
    "--fit",
    "fit_file",
    metavar="ACTIVITY",
    type=PATH,
    help="Take what a sports watch wrote: times, distance; propose its temperature.",
)
@click.option("--all", "asks_all", is_flag=True, help="Ask every question of the table.")
@overwrite_option
@common_options
@click.pass_context
def new(
    ctx: click.Context,
    *,
    file: Path,
    earlier: Path | None,
    fit_file: Path | None,
    asks_all: bool,
    overwrite: bool,
) -> None:
    """Ask what could change most, ten questions at most, and write the answers to FILE.

    Lengths, times, weights and temperatures can be given as 12 miles, 1h05, 154 lb or 86 F.
    """
    from tremor.explanation.answers.context import Context
    from tremor.report.context_template import commented_toml
    from tremor.report.messages import text

    refuse_existing(file, overwrite=overwrite, option="--overwrite")
    of_earlier, of_watch = _answers_of_earlier(earlier), _answers_of_watch(fit_file)
    stopped = False
    if is_input_allowed():
        if asks_all:
            answers, stopped = ask_all({**of_earlier, **of_watch})
        else:
            # The watch saw today's run; but at the wrist it is warmer than the air.
            known = {name: one for name, one in of_watch.items() if name != "temperature_c"}
            answers, stopped = interview({**of_earlier, **of_watch}, known=known)
        if stopped and not answers:
            say(f"nothing was answered; {file} is not written")
            ctx.exit(_INTERRUPTED)
    else:
        answers = {**of_earlier, **of_watch}
    written = Context(**answers)
    print_warnings(written, shown=Context(signs=answers.get("signs")))
    write_text(file, commented_toml(written.to_dict()))
    kept = "stopped; kept what was answered: " if stopped else ""
    echo(f"{kept}{file}: {_count(written)}")
    if is_input_allowed() and not asks_all and not stopped:
        echo(text("prompt", "more_to_tell"))


@context.command("show", epilog=_EPILOG_SHOW)
@click.argument("file", metavar="FILE", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
def show(*, file: Path, as_json: bool) -> None:
    """Show what FILE answers, what follows from it, and what it leaves open."""
    from tremor.explanation.answers.context import Context

    answers = Context.from_file(file)
    if as_json:
        print_json(_document(answers))
    else:
        echo("\n".join(_lines(answers, file)))


def _answers_of_earlier(earlier: Path | None) -> dict[str, Answer]:
    """Return the answers of an earlier file, but for the warning signs."""
    from tremor.explanation.answers.context import Context

    if earlier is None:
        return {}
    answers = Context.from_file(earlier).answered()
    if answers.pop("signs", None):
        warn(f"the warning signs of {earlier} are left out; they are asked anew")
    return answers


def _answers_of_watch(fit_file: Path | None) -> dict[str, Answer]:
    """Return what a watch wrote, and print a line about it."""
    if fit_file is None:
        return {}
    from tremor.explanation.answers.watch_summary import answers_from_activity
    from tremor.formats.activity_file import read_activity
    from tremor.report.answer_text import activity_text

    activity: Activity = read_activity(fit_file)
    answers = answers_from_activity(activity)
    say(activity_text(activity, answers))
    return dict(answers)


def _count(answers: Context) -> str:
    from tremor.explanation.answers.questions import QUESTIONS

    return f"{len(answers.answered())} of {len(QUESTIONS)} questions answered"


def _lines(answers: Context, file: Path) -> list[str]:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.question_schema import SECTIONS
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.explanation.findings.computed import compute
    from tremor.report.messages import sentence, text
    from tremor.report.prompts import written_text

    given, written = answers.answered(), Context.written_in(file)
    lines = [f"{file.name}: {_count(answers)}"]
    for statement in warnings_in(answers):
        lines += ["", *warning_lines(statement)]
    for section in SECTIONS:
        rows = [
            f"  {text('answer', f'{question.path}.title'):<24}"
            + written_text(question, given[question.attribute], written.get(question.attribute, ""))
            for question in QUESTIONS
            if question.section == section and question.attribute in given
        ]
        if rows:
            lines += ["", text("answer", f"{section}.title"), *rows]
    computed = compute(answers)
    lines += ["", "What follows from the answers"]
    lines += [line for quantity in computed.quantities for line in _quantity_lines(quantity)]
    lines += [
        line for remark in computed.remarks for line in warning_lines(f"Remark: {sentence(remark)}")
    ]
    open_paths = [question.path for question in QUESTIONS if question.attribute not in given]
    if open_paths:
        lines += ["", f"Not answered ({len(open_paths)}), which is never taken as no"]
        lines += warning_lines(", ".join(open_paths))
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
        columns(),
        initial_indent="  ",
        subsequent_indent=" " * 26,
    )


def _document(answers: Context) -> dict[str, Any]:
    from tremor.explanation.answers.questions import QUESTIONS
    from tremor.explanation.findings.computed import compute
    from tremor.report.as_json import document_of
    from tremor.report.messages import sentence

    computed = compute(answers)
    return {
        "schema": _SCHEMA,
        "warning_signs": list(warnings_in(answers)),
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
