"""``tremor explain``: the claims, the evidence and its weights; or a saved result, weighed anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.files import output_paths
from tremor.cli.options import common_options, overwrite_option
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, print_json, shows_unicode
from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.files import read_small, write_text

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis

__all__ = ["explain"]

_EPILOG: Final = """\b
Examples:
  tremor explain
  tremor explain --all
  tremor explain F3
  tremor explain heat --json
  tremor analyze capture.csv --json > result.json
  tremor explain --analysis result.json --context today.toml

\b
Exit codes:
  0  done
  2  wrong usage, or a name that nothing has
  3  result or context missing, unreadable or wrong
  8  refused: would overwrite a file
"""
#: Keys of a result that weighing replaces; the measurement stays as it was saved.
_WEIGHED: Final = ("explanations", "sensitivity", "warning_signs", "advice")


@click.command(epilog=_EPILOG)
@click.argument("name", metavar="[ID]", required=False)
@click.option("--all", "whole", is_flag=True, help="Every claim, weight and reason.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout; without an ID, of all.")
@click.option(
    "--analysis",
    "analysis_file",
    type=PATH,
    metavar="FILE",
    help="A result that tremor analyze --json wrote; its samples are not needed.",
)
@click.option(
    "--context",
    "context_file",
    type=PATH,
    metavar="FILE",
    help="Answers of the runner to weigh it with.",
)
@click.option("--html", "html", type=PATH, metavar="PATH", help="Write its report as one page.")
@overwrite_option
@common_options
def explain(
    *,
    name: str | None,
    whole: bool,
    as_json: bool,
    analysis_file: Path | None,
    context_file: Path | None,
    html: Path | None,
    overwrite: bool,
) -> None:
    """Show what the explanations rest on, or weigh a saved result anew.

    ID is a claim, an explanation, a piece of evidence, advice or a warning sign; without it, the
    three explanations are shown in short.
    """
    if whole and (name is not None or analysis_file is not None):
        raise click.UsageError("--all shows every table; leave out ID and --analysis")
    if analysis_file is None:
        for option, given in (("--context", context_file), ("--html", html)):
            if given is not None:
                raise click.UsageError(f"{option} needs the result it is for; give --analysis FILE")
        _tables(name, whole=whole, as_json=as_json)
        return
    if name is not None:
        raise click.UsageError("an ID shows a table and --analysis weighs a result; give one")
    _weigh_anew(analysis_file, context_file, html, as_json=as_json, overwrite=overwrite)


def _tables(name: str | None, *, whole: bool, as_json: bool) -> None:
    from tremor.report import evidence_listing
    from tremor.report.layout import in_ascii

    if as_json:
        print_json(evidence_listing.document(name))
    else:
        if name is not None:
            text = evidence_listing.render_one(name)
        else:
            text = evidence_listing.render() if whole else evidence_listing.overview()
        echo(text if shows_unicode() else in_ascii(text), nl=False)


def _weigh_anew(
    analysis_file: Path,
    context_file: Path | None,
    html: Path | None,
    *,
    as_json: bool,
    overwrite: bool,
) -> None:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.explain import with_explanations

    page = (
        None
        if html is None
        else output_paths(html, [analysis_file], suffix=".html", overwrite=overwrite)[0]
    )
    context = Context() if context_file is None else Context.from_file(context_file)
    analysis = with_explanations(_read(analysis_file), context)
    if context_file is not None:
        analysis = replace(analysis, options={**analysis.options, "context": context_file.name})
    if page is not None:
        from tremor.report import as_html

        write_text(page, as_html.render(analysis))
    if as_json:
        document = analysis.to_dict()
        print_json({key: document[key] for key in ("schema", "status", "source", *_WEIGHED)})
    else:
        from tremor.report import as_text

        text = as_text.render_explanations(analysis, unicode=shows_unicode())
        echo(text, nl=False)


def _read(file: Path) -> Analysis:
    from tremor.results.analysis import Analysis
    from tremor.settings import TEXT_BOUNDS

    try:
        raw = read_small(file, most_bytes=TEXT_BOUNDS.most_result_bytes)
        text = raw.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise CaptureNotFoundError(
            f"{file} does not exist; write it with: tremor analyze CAPTURE --json > {file.name}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise CaptureReadError(f"{file} cannot be read: {reason}") from error
    try:
        return Analysis.from_json(text)
    except InvalidInputError as error:
        several = len([line for line in text.splitlines() if line.startswith("{")]) > 1
        hint = "; it holds a line for each of several results: give one line" if several else ""
        raise CaptureReadError(f"{file}: {error}{hint}") from error
