"""What follows a recording: the questions that are still open, the analysis, the report."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.context import ask_all
from tremor.cli.options import say, shows_unicode, write_text
from tremor.errors import InsufficientDataError
from tremor.report.numbers import clock, number, percent
from tremor.session.folders import CONTEXT_FILE, REPORT_FILE

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis
    from tremor.session.plan import Recorded
    from tremor.settings import AnalysisSettings

__all__ = ["analyze_recording", "ask_open", "rest_level_ms2", "saved_text", "tell_baseline"]

_ANSWERED_ALL: Final = "all questions are answered by the file"


def saved_text(one: Recorded) -> str:
    """Say what was saved, in a line.

    Parameters
    ----------
    one : Recorded
        What was recorded of a sensor.
    """
    counts = one.counts
    n_all = counts.n_samples + counts.n_lost
    lost = "none lost"
    if counts.n_lost:
        lost = f"{counts.n_lost} ({percent(counts.n_lost / n_all)}) lost in {counts.n_gaps} gaps"
    if counts.disk.n_bytes_unwritten:
        lost += "; the end of it found no room on the disk"
    lasted = clock(counts.last_arrival_s or 0.0)
    return f"saved {one.folder}: {lasted}, {counts.n_samples} samples, {lost}"


def ask_open(given: Context, folder: Path) -> Context:
    """Ask the runner what is not answered yet, and keep the answers beside the recording.

    Parameters
    ----------
    given : Context
        What is known already.
    folder : Path
        Where the answers are written.

    Returns
    -------
    Context
        Everything that is known now; warning signs of another day are not among it.
    """
    from tremor.explanation.answers.context import Context
    from tremor.explanation.answers.files import commented_toml

    answers = given
    if sys.stdin is not None and sys.stdin.isatty():
        found, _ = ask_all({}, known=given.answered())
        answers = Context(**found)
    if answers.answered():
        write_text(folder / CONTEXT_FILE, commented_toml(answers.to_dict()))
    return answers


def rest_level_ms2(file: Path, *, settings: AnalysisSettings) -> float:
    """Measure what a tremor fades to, from a recording of the leg at rest.

    Parameters
    ----------
    file : Path
        Such as ``tremor record --baseline`` makes.
    settings : AnalysisSettings
        Thresholds and band.

    Returns
    -------
    float
        RMS in the band, noise floor removed, m/s^2.

    Raises
    ------
    InsufficientDataError
        Where too little of it is still.
    """
    from tremor.analysis.decay import still_level
    from tremor.analysis.offline import analyze
    from tremor.formats.readers import open_capture

    with open_capture(file) as recording:
        table = analyze(recording, settings=settings).windows
    level_ms2 = still_level(table, settings=settings) if len(table) else None
    if level_ms2 is None:
        raise InsufficientDataError(
            f"baseline {file} holds under {settings.baseline_least_s:g} s of a still leg; record "
            "a minute seated before the run"
        )
    return level_ms2


def tell_baseline(one: Recorded, *, settings: AnalysisSettings) -> float:
    """Say what a baseline came to, and how it is used.

    Parameters
    ----------
    one : Recorded
        The baseline.
    settings : AnalysisSettings
        Thresholds and band.

    Returns
    -------
    float
        RMS of the leg at rest, m/s^2.
    """
    level_ms2 = rest_level_ms2(one.folder, settings=settings)
    click.echo(f"Baseline   {number(level_ms2)} m/s^2 RMS at rest")
    click.echo(f"Recording  {one.folder}")
    click.echo(f"To use it  tremor record --baseline {one.folder}")
    click.echo(f"           tremor analyze CAPTURE --baseline {one.folder}")
    return level_ms2


@dataclass(frozen=True, slots=True)
class _Written:
    analysis: Analysis
    report: Path


def analyze_recording(
    one: Recorded,
    *,
    context: Context,
    settings: AnalysisSettings,
    baseline_rms_ms2: float | None,
) -> _Written:
    """Analyse a recording, explain it, and write the report beside it.

    Parameters
    ----------
    one : Recorded
        What was recorded.
    context : Context
        What was answered.
    settings : AnalysisSettings
        Thresholds and band.
    baseline_rms_ms2 : float or None
        What the tremor fades to, where it was measured before the run.

    Returns
    -------
    _Written
        The analysis, and where the report is.

    Raises
    ------
    TremorError
        Where there is nothing to analyse, or the report cannot be written.
    """
    from tremor.analysis.offline import analyze
    from tremor.explanation.explain import explained
    from tremor.formats.readers import open_capture
    from tremor.report.as_html import render

    with open_capture(one.folder) as recording:
        analysis = explained(
            analyze(recording, settings=settings, baseline_rms_ms2=baseline_rms_ms2), context
        )
    report = one.folder / REPORT_FILE
    write_text(report, render(analysis))
    return _Written(analysis, report)


def tell_analysis(written: _Written, one: Recorded) -> None:
    """Print the result of a recording and where its files are."""
    from tremor.report import as_text

    click.echo(as_text.render(written.analysis, unicode=shows_unicode()), nl=False)
    click.echo()
    click.echo(f"Recording  {one.folder}")
    click.echo(f"Report     {written.report}")


def document_of(written: _Written, one: Recorded) -> Mapping[str, object]:
    """Give the result of a recording for a program."""
    return {
        "sensor": one.label,
        "folder": str(one.folder),
        "report": str(written.report),
        "analysis": written.analysis.to_dict(),
    }


def tell_nothing(one: Recorded, why: str) -> None:
    """Say that there is nothing to analyse."""
    say(f"{one.folder}: not enough good data: {why.removeprefix('cannot tell: ')}")
