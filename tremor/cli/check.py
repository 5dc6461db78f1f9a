"""``tremor check``: how good captures are, without looking for tremor."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.failures import say_error
from tremor.cli.options import CaptureOptions, capture_options, common_options
from tremor.cli.paths import PATH
from tremor.cli.streams import echo, json_text, say
from tremor.printable import printable

if TYPE_CHECKING:
    from tremor.recording import Recording

__all__ = ["check"]

_SCHEMA: Final = "tremor.check/1"
_EPILOG: Final = """\b
Examples:
  tremor check capture.csv
  tremor check *.csv --json

\b
Exit codes:
  0  good or usable
  2  wrong usage
  3  capture missing, unreadable or not recognised
  4  not usable
  7  some of several captures failed or are not usable
"""
_NOT_USABLE: Final = 4
_SOME_FAILED: Final = 7


@click.command(epilog=_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: a line each for several.")
@capture_options
@common_options
@click.pass_context
def check(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    as_json: bool,
    given: CaptureOptions,
) -> None:
    """Check captures: format, unit, gravity, rate, gaps, clipping, and how much rest they hold."""
    several = len(files) > 1
    failed = 0
    for index, file in enumerate(files):
        try:
            recording = given.read(file)
            text, word = _checked(recording, file, as_json=as_json, one_line=several)
        except Exception as error:
            if not several:
                raise
            failed += 1
            say_error(error, of=str(file))
            continue
        echo(("\n" if index and not as_json else "") + text, nl=False)
        if word == "not usable":
            failed += 1
            if not several:
                ctx.exit(_NOT_USABLE)
    if failed:
        say(f"{failed} of {len(files)} captures cannot be used")
        ctx.exit(_SOME_FAILED)


def _checked(recording: Recording, file: Path, *, as_json: bool, one_line: bool) -> tuple[str, str]:
    from tremor.analysis.offline import judge
    from tremor.analysis.quality import quality_of
    from tremor.report.as_text import render_check
    from tremor.report.seen import rest_text, still_s
    from tremor.settings import AnalysisSettings

    clipped_fraction = int(recording.clipped.sum()) / max(1, recording.n_samples)
    facts = replace(recording.info, clipped_fraction=clipped_fraction)
    quality = quality_of(facts, AnalysisSettings())
    windows = judge(recording)
    source = recording.source
    if not as_json:
        slug = source.format if source else ""
        name = printable(file.name)
        text = render_check(name, facts, quality, windows=windows, source_format=slug)
        return text, quality.level
    from tremor import __version__
    from tremor.report.as_json import document_of
    from tremor.report.messages import sentence

    document: dict[str, Any] = {
        "schema": _SCHEMA,
        "verdict": quality.level.replace(" ", "_"),
        "reasons": list(map(sentence, quality.reasons)),
        "still_s": still_s(windows),
        "rest": rest_text(windows, duration_s=facts.recorded_s),
        "software": {
            "name": "tremor-analyzer",
            "version": __version__,
            "python": platform.python_version(),
        },
        "source": {
            "name": source.name if source else printable(file.name),
            "sha256": source.sha256 if source else "",
            "format": source.format if source else "",
            "options": source.options if source else "",
        },
        "recording": document_of(facts),
    }
    return json_text(document, one_line=one_line) + "\n", quality.level
