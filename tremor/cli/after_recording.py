"""What ``tremor record`` does with a recording: asks, analyses, prints, and writes the report.

The steps themselves are `tremor.session.outcome`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.cli.interview import interview
from tremor.cli.options import is_quiet, verbosity
from tremor.cli.streams import echo, print_json, say, shows_unicode
from tremor.errors import TremorError
from tremor.report.messages import text
from tremor.report.numbers import number
from tremor.session.outcome import (
    AnalyzedRecording,
    LegComparison,
    analysis_to_ask_about,
    analyze_recording,
    compare_legs,
    explain_recording,
    keep_answers,
    saved_text,
)

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.pipeline import RestInfo
    from tremor.results.analysis import Analysis
    from tremor.session.plan import Plan, SensorOutcome, SessionOutcome
    from tremor.settings import AnalysisSettings

__all__ = ["emit", "print_analyses", "print_baselines", "print_saved"]


def emit(event: str, content: Mapping[str, object]) -> None:
    """Print an event as a line of JSON; a closed stdout does not end the recording."""
    try:
        print_json({"event": event, **content}, one_line=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_saved(recorded: SensorOutcome, *, as_json: bool) -> None:
    """Report what was saved of a sensor: on stderr, with ``as_json`` also as an event."""
    if as_json:
        counts = {
            "n_samples": recorded.counts.n_samples,
            "n_lost": recorded.counts.n_lost,
            "n_gaps": recorded.counts.n_gaps,
            "n_refused": recorded.counts.n_refused,
            "tells_loss": recorded.detects_loss,
            "n_due_at_ends": recorded.silence.n_due,
        }
        lost = None if recorded.lost is None else str(recorded.lost)
        sensor = {"sensor": recorded.label, "folder": str(recorded.folder)}
        emit("saved", {**sensor, **counts, "lost": lost})
    if not is_quiet() and not recorded.is_empty:  # of which one line says why
        say(saved_text(recorded))


def print_baselines(outcome: SessionOutcome, settings: AnalysisSettings, *, as_json: bool) -> bool:
    """Measure and print the baselines; return whether there were enough still seconds."""
    from tremor.pipeline import baseline_rms_ms2

    try:
        for one in outcome.filled:
            level_ms2 = baseline_rms_ms2(one.folder, settings=settings)
            if as_json:
                emit("baseline", {"folder": str(one.folder), "rms_ms2": level_ms2})
            else:
                _print_baseline(level_ms2, one.folder)
    except TremorError as error:
        say(str(error))
        return False
    return True


def _print_baseline(level_ms2: float, folder: Path) -> None:
    record, analyze = f"record --baseline {folder}", f"analyze CAPTURE --baseline {folder}"
    echo(text("session", "baseline", level=number(level_ms2)))
    echo(text("session", "recording_at", folder=folder))
    echo(text("session", "use_baseline", command=f"tremor {record}"))
    echo(text("session", "use_baseline_also", command=f"tremor {analyze}"))


def print_analyses(
    plan: Plan,
    outcome: SessionOutcome,
    context: Context,
    settings: AnalysisSettings,
    rest: RestInfo,
    *,
    as_json: bool,
) -> bool:
    """Analyse, ask, print and write; return whether there was enough good data.

    Parameters
    ----------
    plan, outcome : Plan, SessionOutcome
        What was to be recorded, and what was.
    context : Context
        What is answered already.
    settings : AnalysisSettings
        Thresholds and band.
    rest : RestInfo
        What is known of the rest, such as the level of the leg before the run.
    as_json : bool
        Print events instead of text.
    """
    found: dict[Path, Analysis] = {}
    for one in outcome.filled:
        try:
            found[one.folder] = analyze_recording(one.folder, settings=settings, rest=rest)
        except TremorError as error:
            say(text("session", "insufficient", folder=one.folder, why=error))
    if plan.asks and not outcome.was_cut_short:
        context = _ask_open_questions(context, analysis_to_ask_about(found.values()))
        keep_answers(context, plan.folder)
    is_enough = len(found) == len(outcome.recorded)
    labels = {one.folder: one.label for one in outcome.recorded}
    for place, (folder, analysis) in enumerate(found.items()):
        analyzed = explain_recording(folder, analysis, context)
        if analyzed.trouble:
            say(analyzed.trouble)
            is_enough = False
        if as_json:
            _emit_analysis(analyzed, labels[folder])
        else:
            if place:
                echo()
            _print_analysis(analyzed)
        if analyzed.analysis.status == "insufficient":
            say(text("session", "no_result", folder=folder))
            is_enough = False
    if len(found) > 1 and not as_json:
        _print_comparison(compare_legs(plan.folder, found))
    return is_enough


def _emit_analysis(analyzed: AnalyzedRecording, label: str) -> None:
    report = str(analyzed.report) if analyzed.report else None
    paths = {"sensor": label, "folder": str(analyzed.folder), "report": report}
    emit("analysis", {**paths, "analysis": analyzed.analysis.to_dict()})


def _print_comparison(legs: LegComparison) -> None:
    """Print how far two legs move in step and which leads, and where the page is."""
    from tremor.report.comparison_text import coherence_texts
    from tremor.report.layout import in_ascii, wrapped

    if legs.compared is None:
        say(legs.trouble)
        return
    echo()
    for told in coherence_texts(legs.compared):
        for line in wrapped(told if shows_unicode() else in_ascii(told), hang=2):
            echo(line)
    echo(text("session", "comparison_at", path=legs.page))


def _ask_open_questions(known: Context, analysis: Analysis | None) -> Context:
    """Ask what could change most of a tremor, at a terminal; return all answers."""
    from tremor.explanation.answers.context import Context

    if sys.stdin is None or not sys.stdin.isatty():
        return known
    answers, _ = interview(known=known.answered(), analysis=analysis)
    return Context(**answers)


def _print_analysis(analyzed: AnalyzedRecording) -> None:
    from tremor.report import as_text

    # The path of the page first: what follows may be more than a screen.
    if analyzed.report is not None:
        echo(text("session", "report_at", path=analyzed.report))
    echo(text("session", "recording_at", folder=analyzed.folder))
    echo()
    analysis, unicode = analyzed.analysis, shows_unicode()
    if verbosity():
        echo(as_text.render(analysis, unicode=unicode), nl=False)
    else:
        has_page = analyzed.report is not None
        echo(as_text.render_screen(analysis, unicode=unicode, has_page=has_page), nl=False)
