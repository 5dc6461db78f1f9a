"""``tremor analyze``: captures in, results out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.failures import say_error
from tremor.cli.files import output_paths
from tremor.cli.options import (
    CaptureOptions,
    capture_options,
    common_options,
    is_quiet,
    overwrite_option,
    read_settings,
    rest_start_option,
    settings_options,
    verbosity,
)
from tremor.cli.paths import PATH
from tremor.cli.process import keep_freed_memory, pause_garbage_collection, release_freed_memory
from tremor.cli.progress import Progress
from tremor.cli.streams import echo, print_chunks, say, shows_unicode, warn_of_capture
from tremor.errors import InvalidInputError
from tremor.files import real_path, write_text

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.formats.activity_file import Activity
    from tremor.formats.readers import ReadOptions
    from tremor.pipeline import RestInfo, Stage
    from tremor.results.analysis import Analysis
    from tremor.settings import AnalysisSettings

__all__ = ["analyze"]

_EPILOG: Final = """\b
Examples:
  tremor analyze capture.csv
  tremor analyze capture.csv --html report.html --csv windows.csv
  tremor analyze monday.csv friday.csv --json > results.jsonl
  tremor analyze capture.csv --set band_high_hz=12 --unit mg
  tremor analyze capture.csv --context today.toml --fit activity.fit

\b
Exit codes:
  0  done, with or without tremor
  2  wrong usage, or a file that cannot be written
  3  capture or context missing, unreadable or not recognised
  4  not enough good data (the result is still written)
  7  some of several captures failed
  8  refused: would overwrite a file
"""
_INSUFFICIENT: Final = 4
_SOME_FAILED: Final = 7
#: Of the time of a long capture.
_READ_SHARE: Final = 0.35
_JUDGED_SHARE: Final = 0.75


@dataclass(frozen=True, slots=True)
class _Request:
    """What the options ask for, the same for all captures."""

    settings: AnalysisSettings
    context: Context
    activity: Activity | None
    rest: RestInfo
    reading: ReadOptions
    context_file: Path | None

    def analyze(self, file: Path, progress: Progress) -> Analysis:
        from tremor import pipeline

        parts = {
            "read": progress.part(0.0, _READ_SHARE),
            "windows": progress.part(_READ_SHARE, _JUDGED_SHARE),
        }

        def show(stage: Stage, share: float) -> None:
            if stage == "windows" and share == 0.0:  # what reading has freed is not needed again
                release_freed_memory()
            parts[stage](share)

        analysis = pipeline.analyze(
            file,
            settings=self.settings,
            context=self.context,
            activity=self.activity,
            rest=self.rest,
            reading=self.reading,
            progress=show,
        )
        if self.context_file is None:
            return analysis
        return replace(analysis, options={**analysis.options, "context": self.context_file.name})


def _read_answers(
    context_file: Path | None, fit_file: Path | None
) -> tuple[Context, Activity | None]:
    """Read what the runner answered and what the watch recorded, and report what it fills in."""
    from tremor.explanation.answers.context import Context

    context = Context() if context_file is None else Context.from_file(context_file)
    if fit_file is None:
        return context, None
    from tremor.explanation.answers.watch_summary import answers_from_activity
    from tremor.formats.activity_file import read_activity
    from tremor.report.answer_text import activity_text

    activity = read_activity(fit_file)
    answered = context.answered()
    taken = {
        name: value
        for name, value in answers_from_activity(activity).items()
        if name not in answered
    }
    if not is_quiet():
        say(activity_text(activity, taken))
    return context, activity


def _print_schema(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if not value or ctx.resilient_parsing:
        return
    from tremor.report.as_json import schema_text

    echo(schema_text(), nl=False)
    ctx.exit()


@click.command(epilog=_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: a line each for several.")
@click.option("--html", "html", type=PATH, metavar="PATH", help="Write the report as one page.")
@click.option("--csv", "csv", type=PATH, metavar="PATH", help="Write the windows as a table.")
@click.option(
    "--context",
    "context_file",
    type=PATH,
    metavar="FILE",
    help="What the runner answered, from tremor context new; the same for all captures.",
)
@click.option(
    "--fit",
    "fit_file",
    type=PATH,
    metavar="ACTIVITY",
    help="Fills open answers from the FIT file of a watch: times, distance, temperature.",
)
@settings_options
@click.option(
    "--baseline",
    type=PATH,
    metavar="FILE",
    help="Capture of the leg at rest before the run: what the tremor fades to.",
)
@rest_start_option
@capture_options
@overwrite_option
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of the result and leave.",
)
@common_options
@click.pass_context
def analyze(
    ctx: click.Context,
    *,
    files: tuple[Path, ...],
    as_json: bool,
    html: Path | None,
    csv: Path | None,
    context_file: Path | None,
    fit_file: Path | None,
    settings_file: Path | None,
    pairs: tuple[str, ...],
    baseline: Path | None,
    rest_start_s: float | None,
    given: CaptureOptions,
    overwrite: bool,
) -> None:
    """Measure the tremor in captures: how fast, how strong, how sure, and what may explain it.

    FILE is a capture of an accelerometer, or the folder of a recording. For several, --html and
    --csv take a folder.
    """
    keep_freed_memory()
    if len(files) == 1:
        pause_garbage_collection()
    from tremor import pipeline

    settings = read_settings(settings_file, pairs)
    reading = given.for_reading()
    context, activity = _read_answers(context_file, fit_file)
    level_ms2 = None
    if baseline is not None:
        level_ms2 = pipeline.baseline_rms_ms2(baseline, settings=settings, reading=reading)
    name = "" if baseline is None else baseline.name
    rest = pipeline.RestInfo(start_s=rest_start_s, baseline=level_ms2, baseline_name=name)
    request = _Request(settings, context, activity, rest, reading, context_file)
    targets = _targets(files, {"html": html, "csv": csv}, overwrite=overwrite)
    _analyze_all(ctx, files, request, targets, as_json=as_json)


def _analyze_all(
    ctx: click.Context,
    files: tuple[Path, ...],
    request: _Request,
    targets: dict[str, list[Path]],
    *,
    as_json: bool,
) -> None:
    """Analyse one capture after the other, and leave with the exit code of the worst."""
    several = len(files) > 1
    n_failed = 0
    insufficient = False
    with Progress.shown(len(files)) as progress:
        for index, file in enumerate(files):
            progress.at(file.name, index)
            try:
                analysis = request.analyze(file, progress)
                for kind, paths in targets.items():
                    write_text(paths[index], _WRITERS[kind](analysis))
            except Exception as error:
                if not several:
                    raise
                n_failed += 1
                with progress.paused():
                    say_error(error, of=str(file))
                continue
            with progress.paused():
                # What spoils a capture has a line of its own below; all else is in the result.
                if analysis.status != "insufficient":
                    warn_of_capture(file, analysis.recording.warnings)
                written = {kind: paths[index] for kind, paths in targets.items()}
                if as_json:
                    _print_json(analysis, one_line=several)
                else:
                    _print_text(analysis, written, is_first=not index)
                if analysis.status == "insufficient":
                    say(f"{file}: not enough good data for a result")
            insufficient |= analysis.status == "insufficient"
            n_failed += analysis.status == "insufficient"
    if several and n_failed:
        say(f"{n_failed} of {len(files)} captures failed")
        ctx.exit(_SOME_FAILED)
    if insufficient:
        ctx.exit(_INSUFFICIENT)


def _targets(
    files: tuple[Path, ...], wanted: dict[str, Path | None], *, overwrite: bool
) -> dict[str, list[Path]]:
    targets = {
        kind: output_paths(target, files, suffix=f".{kind}", overwrite=overwrite)
        for kind, target in wanted.items()
        if target is not None
    }
    together = [real_path(path) for paths in targets.values() for path in paths]
    if len(set(together)) < len(together):
        raise InvalidInputError("--html and --csv name the same file; give two")
    return targets


def _page(analysis: Analysis) -> str:
    from tremor.report.as_html import render

    return render(analysis)


def _table(analysis: Analysis) -> str:
    text: str = analysis.windows_frame().to_csv(index=False, lineterminator="\n")
    return text


_WRITERS: Final = {"html": _page, "csv": _table}


#: What is said of a file that was written.
_WRITTEN: Final = {"html": "page_at", "csv": "table_at"}


def _print_json(analysis: Analysis, *, one_line: bool) -> None:
    from tremor.report import as_json

    print_chunks(as_json.render_chunks(analysis, one_line=one_line))


def _print_text(analysis: Analysis, written: Mapping[str, Path], *, is_first: bool) -> None:
    """Print what was found, below the paths of the files that hold more of it."""
    from tremor.report.as_text import render, render_screen
    from tremor.report.messages import text

    if not is_first:
        echo()
    for kind, path in written.items():
        echo(text("plain", _WRITTEN[kind], path=path))
    if written:
        echo()
    unicode = shows_unicode()
    if verbosity():
        echo(render(analysis, unicode=unicode), nl=False)
    else:
        has_page = "html" in written
        echo(render_screen(analysis, unicode=unicode, has_page=has_page), nl=False)
