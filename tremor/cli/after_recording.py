"""What ``tremor record`` does with a recording: asks, analyses, prints, and writes the report.

The steps themselves are `tremor.session.outcome`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.cli.interview import interview
from tremor.cli.options import is_quiet, verbosity
from tremor.cli.streams import echo, print_json, say, shows_unicode
from tremor.errors import InsufficientDataError, InvalidInputError, TremorError
from tremor.files import write_text
from tremor.report.messages import sentence, text
from tremor.report.numbers import number
from tremor.session.folders import COMPARISON_FILE
from tremor.session.outcome import (
    AnalyzedRecording,
    analyze_recording,
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

__all__ = ["emit", "print_analyses", "print_baselines", "print_saved", "require_written"]


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
        }
        lost = None if recorded.lost is None else str(recorded.lost)
        sensor = {"sensor": recorded.label, "folder": str(recorded.folder)}
        emit("saved", {**sensor, **counts, "lost": lost})
    if not is_quiet():
        say(saved_text(recorded))


def require_written(outcome: SessionOutcome) -> None:
    """Check that everything received is on the disk.

    Raises
    ------
    InvalidInputError
        If the disk refused some of it.
    InsufficientDataError
        If there is no sample.
    """
    for one in outcome.recorded:
        counts = one.counts
        failure = counts.disk.failure
        if counts.n_dropped_packets or counts.n_dropped_samples:
            failure = failure or "it did not keep up, and the memory for what waits was full"
        if failure:
            raise InvalidInputError(
                f"{one.folder} is not all on the disk: {failure}; what came before is saved; "
                "make room, or give another disk with --out"
            )
    for one in outcome.recorded:
        if not one.counts.n_samples:
            why = "empty_refused" if one.counts.n_refused else "empty_silent"
            said = text("session", why, n_packets=one.counts.n_packets)
            raise InsufficientDataError(text("session", "empty", folder=one.folder, why=said))


def print_baselines(outcome: SessionOutcome, settings: AnalysisSettings, *, as_json: bool) -> bool:
    """Measure and print the baselines; return whether there were enough still seconds."""
    from tremor.pipeline import baseline_rms_ms2

    try:
        for one in outcome.recorded:
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
    found: dict[int, Analysis] = {}
    for index, one in enumerate(outcome.recorded):
        try:
            found[index] = analyze_recording(one, settings=settings, rest=rest)
        except TremorError as error:
            _say_insufficient(one, str(error))
    if plan.asks and not outcome.was_cut_short:
        context = _ask_open_questions(context, found.values())
        keep_answers(context, plan.folder)
    is_enough = len(found) == len(outcome.recorded)
    for index, analysis in found.items():
        one = outcome.recorded[index]
        analyzed = explain_recording(one, analysis, context)
        if analyzed.trouble:
            say(analyzed.trouble)
            is_enough = False
        if as_json:
            emit("analysis", analyzed.to_dict())
        else:
            if index:
                echo()
            _print_analysis(analyzed)
        if analyzed.analysis.status == "insufficient":
            _say_insufficient(one, sentence(analyzed.analysis.summary.reason))
            is_enough = False
    if len(found) > 1 and not as_json:
        _compare_legs(plan.folder, [(outcome.recorded[index], one) for index, one in found.items()])
    return is_enough


def _compare_legs(folder: Path, legs: Sequence[tuple[SensorOutcome, Analysis]]) -> None:
    """Write the left leg beside the right, where that is what two sensors saw."""
    from tremor.report.comparison_page import render_comparison_page
    from tremor.report.comparison_text import coherence_texts
    from tremor.report.layout import in_ascii, wrapped
    from tremor.sessions import Session, compare

    page = folder / COMPARISON_FILE
    try:
        session = Session.of_legs(
            folder.name, [one for _, one in legs], [recorded.folder for recorded, _ in legs]
        )
        compared = compare(session)
        write_text(page, render_comparison_page(compared))
    except (TremorError, OSError) as error:
        say(text("session", "not_compared", why=str(error)))
        return
    echo()
    for told in coherence_texts(compared):
        for line in wrapped(told if shows_unicode() else in_ascii(told), hang=2):
            echo(line)
    echo(text("session", "comparison_at", path=page))


def _ask_open_questions(known: Context, found: Iterable[Analysis]) -> Context:
    """Ask what could change most of the first tremor, at a terminal; return all answers."""
    from tremor.explanation.answers.context import Context

    if sys.stdin is None or not sys.stdin.isatty():
        return known
    analyses = sorted(found, key=lambda one: one.status != "measured")
    analysis = analyses[0] if analyses else None
    answers, _ = interview(known=known.answered(), analysis=analysis)
    return Context(**answers)


def _print_analysis(analyzed: AnalyzedRecording) -> None:
    from tremor.report import as_text

    # The path of the page first: what follows may be more than a screen.
    if analyzed.report is not None:
        echo(text("session", "report_at", path=analyzed.report))
    echo(text("session", "recording_at", folder=analyzed.recorded.folder))
    echo()
    analysis, unicode = analyzed.analysis, shows_unicode()
    if verbosity():
        echo(as_text.render(analysis, unicode=unicode), nl=False)
    else:
        has_page = analyzed.report is not None
        echo(as_text.render_screen(analysis, unicode=unicode, has_page=has_page), nl=False)


def _say_insufficient(recorded: SensorOutcome, why: str) -> None:
    say(text("session", "insufficient", folder=recorded.folder, why=why))
