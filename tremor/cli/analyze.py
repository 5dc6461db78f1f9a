"""``tremor analyze``: captures in, results out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from tremor.cli.options import (
    Progress,
    capture_options,
    common_options,
    is_quiet,
    output_paths,
    overwrite_option,
    say,
    shows_unicode,
    warn,
    write_text,
)
from tremor.cli.process import keep_freed_memory
from tremor.errors import InsufficientDataError, InvalidInputError, TremorError

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.formats.activity_file import Activity
    from tremor.recording import Gravity
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
class _Reading:
    """What the options say of the captures."""

    columns: str | None
    unit: str | None
    sampling_rate_hz: float | None
    gravity: Gravity | None
    placement: str | None


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the runner and the watch say of the run."""

    context: Context
    activity: Activity | None

    @classmethod
    def read(cls, context_file: Path | None, fit_file: Path | None) -> _Answers:
        from tremor.explanation.answers.context import Context

        context = Context() if context_file is None else Context.from_file(context_file)
        if fit_file is None:
            return cls(context, None)
        from tremor.explanation.answers.watch_summary import answers_from_activity, told_of_activity
        from tremor.formats.activity_file import read_activity

        activity = read_activity(fit_file)
        answered = context.answered()
        taken = {
            name: value
            for name, value in answers_from_activity(activity).items()
            if name not in answered
        }
        if not is_quiet():
            say(told_of_activity(activity, taken))
        return cls(context, activity)

    def explain(self, analysis: Analysis) -> Analysis:
        """Weigh the explanations; a capture with a known start tells how long ago the run ended."""
        from tremor.explanation.explain import explained

        if self.activity is None:
            return explained(analysis, self.context)
        from tremor.explanation.answers.watch_summary import with_activity

        started_at = analysis.recording.started_at
        return explained(
            analysis, with_activity(self.context, self.activity, capture_started_at=started_at)
        )


@dataclass(frozen=True, slots=True)
class _Rest:
    """What the options say of the rest after the run."""

    start_s: float | None
    baseline_rms_ms2: float | None


def _print_schema(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if not value or ctx.resilient_parsing:
        return
    from tremor.report.as_json import schema_text

    click.echo(schema_text(), nl=False)
    ctx.exit()


@click.command(epilog=_EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=Path)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: a line each for several.")
@click.option("--html", "html", type=Path, metavar="PATH", help="Write the report as one page.")
@click.option("--csv", "csv", type=Path, metavar="PATH", help="Write the windows as a table.")
@click.option(
    "--context",
    "context_file",
    type=Path,
    metavar="FILE",
    help="What the runner answered, from tremor context new; the same for all captures.",
)
@click.option(
    "--fit",
    "fit_file",
    type=Path,
    metavar="ACTIVITY",
    help="Fills open answers from the FIT file of a watch: times, distance, temperature.",
)
@click.option(
    "--settings", "settings_file", type=Path, metavar="FILE", help="Settings as TOML, see --schema."
)
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="One setting; repeatable.")
@click.option(
    "--baseline",
    type=Path,
    metavar="FILE",
    help="Capture of the leg at rest before the run: what the tremor fades to.",
)
@click.option(
    "--rest-start",
    "rest_start_s",
    type=click.FloatRange(min=0.0),
    metavar="SECONDS",
    help="When the rest began; found from the capture without it.",
)
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
    columns: str | None,
    unit: str | None,
    sampling_rate_hz: float | None,
    gravity: str | None,
    placement: str | None,
    overwrite: bool,
) -> None:
    """Measure the tremor in captures: how fast, how strong, how sure, and what may explain it.

    FILE is a capture of an accelerometer, or the folder of a recording. For several, --html and
    --csv take a folder.
    """
    keep_freed_memory()
    from tremor.report.messages import sentence
    from tremor.settings import AnalysisSettings

    settings = (
        AnalysisSettings() if settings_file is None else AnalysisSettings.from_file(settings_file)
    )
    settings = settings.with_overrides(pairs)
    reading = _Reading(columns, unit, sampling_rate_hz, cast("Gravity | None", gravity), placement)
    answers = _Answers.read(context_file, fit_file)
    rest = _Rest(rest_start_s, _baseline_rms_ms2(baseline, reading, settings))
    targets = _targets(files, {"html": html, "csv": csv}, overwrite=overwrite)
    several = len(files) > 1
    failed = 0
    insufficient = False
    with Progress.shown(len(files)) as progress:
        for index, file in enumerate(files):
            progress.at(file.name, index)
            try:
                analysis = answers.explain(_analyze(file, reading, settings, rest, progress))
                for kind, paths in targets.items():
                    write_text(paths[index], _WRITERS[kind](analysis))
            except TremorError as error:
                if not several:
                    raise
                failed += 1
                with progress.paused():
                    say(f"{file}: {error}")
                continue
            with progress.paused():
                # What spoils a capture is said once, by the line below; all else is in the result.
                if analysis.status != "insufficient":
                    for one in analysis.recording.warnings:
                        warn(f"{file.name}: {sentence(one)}")
                _report(analysis, file, as_json=as_json, several=several, last=index)
            insufficient |= analysis.status == "insufficient"
            failed += analysis.status == "insufficient"
    if several and failed:
        say(f"{failed} of {len(files)} captures failed")
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
    together = [path.resolve() for paths in targets.values() for path in paths]
    if len(set(together)) < len(together):
        raise InvalidInputError("--html and --csv name the same file; give two")
    return targets


def _baseline_rms_ms2(
    file: Path | None, reading: _Reading, settings: AnalysisSettings
) -> float | None:
    """Measure what the tremor fades to, from a capture of the leg at rest."""
    if file is None:
        return None
    from tremor.analysis.decay import still_level

    table = _analyze(file, reading, settings, _Rest(None, None)).windows
    level_ms2 = still_level(table, settings=settings) if len(table) else None
    if level_ms2 is None:
        raise InsufficientDataError(
            f"baseline {file.name} holds under {settings.baseline_least_s:g} s of a still leg; "
            "record a minute seated before the run"
        )
    return level_ms2


def _analyze(
    file: Path,
    reading: _Reading,
    settings: AnalysisSettings,
    rest: _Rest,
    progress: Progress | None = None,
) -> Analysis:
    from tremor.analysis.offline import analyze
    from tremor.formats.readers import open_capture

    with open_capture(
        file,
        columns=reading.columns,
        unit=reading.unit,
        sampling_rate_hz=reading.sampling_rate_hz,
        gravity=reading.gravity,
        placement=reading.placement,
        progress=None if progress is None else progress.part(0.0, _READ_SHARE),
    ) as recording:
        return analyze(
            recording,
            settings=settings,
            rest_start_s=rest.start_s,
            baseline_rms_ms2=rest.baseline_rms_ms2,
            progress=None if progress is None else progress.part(_READ_SHARE, _JUDGED_SHARE),
        )


def _page(analysis: Analysis) -> str:
    from tremor.report.as_html import render

    return render(analysis)


def _table(analysis: Analysis) -> str:
    text: str = analysis.windows_frame().to_csv(index=False, lineterminator="\n")
    return text


_WRITERS: Final = {"html": _page, "csv": _table}


def _report(analysis: Analysis, file: Path, *, as_json: bool, several: bool, last: int) -> None:
    if as_json:
        from tremor.report import as_json as json_report

        for piece in json_report.render_pieces(analysis, one_line=several):
            click.echo(piece, nl=False)
        click.echo()
    else:
        from tremor.report import as_text

        if last:
            click.echo()
        click.echo(as_text.render(analysis, unicode=shows_unicode()), nl=False)
    if analysis.status == "insufficient":
        from tremor.report.messages import sentence

        say(f"{file}: not enough good data: {sentence(analysis.summary.reason)}")
