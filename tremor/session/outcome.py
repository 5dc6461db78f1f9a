"""What follows a recording: answers kept beside it, the analysis, the report, and both legs.

Asking the open questions and showing the result are up to the caller; a baseline is measured by
`tremor.pipeline.baseline_rms_ms2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tremor import pipeline
from tremor.errors import InsufficientDataError, InvalidInputError, TremorError
from tremor.explanation.explain import with_explanations
from tremor.files import write_text
from tremor.report.messages import text
from tremor.report.numbers import clock, percent, span
from tremor.session.folders import COMPARISON_FILE, CONTEXT_FILE, REPORT_FILE

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis
    from tremor.results.comparison import Comparison
    from tremor.session.plan import SensorOutcome, SessionOutcome, Silence
    from tremor.settings import AnalysisSettings

__all__ = [
    "AnalyzedRecording",
    "LegComparison",
    "analysis_to_ask_about",
    "analyze_recording",
    "compare_legs",
    "explain_recording",
    "keep_answers",
    "require_written",
    "saved_text",
]


@dataclass(frozen=True, slots=True)
class AnalyzedRecording:
    """Result of one sensor of a session.

    Parameters
    ----------
    folder : Path
        Folder of its recording.
    analysis : Analysis
        What was measured, and what may explain it.
    report : Path or None
        Page with both; None if it could not be written.
    trouble : str
        Why there is no page.
    """

    folder: Path
    analysis: Analysis
    report: Path | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class LegComparison:
    """The left leg beside the right.

    Parameters
    ----------
    compared : Comparison or None
        What differs, and which leg leads; None if the legs cannot be compared.
    page : Path or None
        Page of it; None if there is none.
    trouble : str
        Why there is none.
    """

    compared: Comparison | None = None
    page: Path | None = None
    trouble: str = ""


def saved_text(recorded: SensorOutcome) -> str:
    """Return a line about what was saved.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded from a sensor.
    """
    counts = recorded.counts
    told = [_loss_text(recorded), _silence_text(recorded.silence)]
    lost = "; ".join(one for one in told if one)
    if counts.n_refused:
        lost += text("session", "some_refused", n_refused=counts.n_refused, n=counts.n_packets)
    if counts.disk.failure:
        lost += text("session", "disk_failed", why=counts.disk.failure)
    return text(
        "session",
        "saved",
        folder=recorded.folder,
        duration=clock(counts.last_arrival_s or 0.0),
        n_samples=counts.n_samples,
        lost=lost,
    )


def _loss_text(recorded: SensorOutcome) -> str:
    """Return what was lost between the samples, as far as the sensor lets that be known."""
    counts, detects_loss = recorded.counts, recorded.detects_loss
    n_dropped = counts.n_dropped_samples
    n_lost = counts.n_lost + n_dropped
    if not n_lost:
        if not counts.n_samples and recorded.silence.n_due:
            return ""
        if not detects_loss:
            return text("session", "loss_unknown")
        return text("session", "none_lost_between" if recorded.silence.n_due else "none_lost")
    share = percent(n_lost / (counts.n_samples + n_lost))
    words = text("session", "some_lost", n_lost=n_lost, share=share, n_gaps=counts.n_gaps)
    if n_dropped:
        words += text("session", "some_dropped", n_dropped=n_dropped)
    return words if detects_loss else words + text("session", "more_unknown")


def _silence_text(silence: Silence) -> str:
    """Return when nothing came at the ends, and how many samples were due then."""
    if not silence.n_due:
        return ""
    words = [
        text("session", name, duration=span(duration_s))
        for name, duration_s in (("silent_first", silence.first_s), ("silent_last", silence.last_s))
        if duration_s
    ]
    when = text("session", "silent_both").join(words)
    return text("session", "silent", when=when, n_due=silence.n_due)


def keep_answers(context: Context, folder: Path) -> None:
    """Write the answers of the runner beside a recording, if there are any.

    Parameters
    ----------
    context : Context
        The answers.
    folder : Path
        Folder of the recording.

    Raises
    ------
    InvalidInputError
        If they cannot be written.
    """
    from tremor.report.context_template import commented_toml

    if context.answered():
        write_text(folder / CONTEXT_FILE, commented_toml(context.to_dict()))


def require_written(outcome: SessionOutcome) -> None:
    """Check that everything received is on the disk.

    Parameters
    ----------
    outcome : SessionOutcome
        How the session ended.

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
    empty = [_empty_text(one) for one in outcome.recorded if one.is_empty]
    if empty:
        raise InsufficientDataError("; ".join(empty))


def _empty_text(recorded: SensorOutcome) -> str:
    counts = recorded.counts
    why = "empty_refused" if counts.n_refused else "empty_silent"
    when = _silence_text(recorded.silence) or text("session", "none_came")
    said = text("session", why, n_packets=counts.n_packets, when=when)
    return text("session", "empty", folder=recorded.folder, why=said)


def analyze_recording(
    folder: Path, *, settings: AnalysisSettings, rest: pipeline.RestInfo
) -> Analysis:
    """Analyse a recording; what may explain it is weighed by `explain_recording`.

    Parameters
    ----------
    folder : Path
        Folder of the recording of one sensor.
    settings : AnalysisSettings
        Thresholds and band.
    rest : RestInfo
        What is known of the rest, such as the level of the leg before the run.

    Returns
    -------
    Analysis
        What was measured.

    Raises
    ------
    TremorError
        If there is nothing to analyse.
    """
    return pipeline.analyze(folder, settings=settings, rest=rest)


def analysis_to_ask_about(found: Iterable[Analysis]) -> Analysis | None:
    """Return the analysis that questions are chosen for: the first with a tremor, or the first.

    Parameters
    ----------
    found : iterable of Analysis
        One for each leg; the answers hold for all.
    """
    return min(found, key=lambda one: one.status != "measured", default=None)


def explain_recording(folder: Path, analysis: Analysis, context: Context) -> AnalyzedRecording:
    """Weigh what may explain an analysis, and write the report beside the recording.

    Parameters
    ----------
    folder : Path
        Folder of the recording of one sensor.
    analysis : Analysis
        What was measured.
    context : Context
        What was answered.

    Returns
    -------
    AnalyzedRecording
        The analysis and the path of the report, or why there is none.
    """
    from tremor.report.as_html import render

    explained = with_explanations(analysis, context)
    if context.answered():
        explained = replace(explained, options={**analysis.options, "context": CONTEXT_FILE})
    report = folder / REPORT_FILE
    try:
        write_text(report, render(explained))
    except (TremorError, OSError) as error:
        # A full disk takes no page; the numbers are not lost with it.
        return AnalyzedRecording(folder, explained, None, str(error))
    return AnalyzedRecording(folder, explained, report)


def compare_legs(folder: Path, legs: Mapping[Path, Analysis]) -> LegComparison:
    """Put the left leg beside the right, and write the page of it beside their recordings.

    Parameters
    ----------
    folder : Path
        Folder of the session.
    legs : mapping of Path to Analysis
        Result of each leg by the folder of its recording.

    Returns
    -------
    LegComparison
        What differs and the path of the page, or why there is none.
    """
    from tremor.report.comparison_page import render_comparison_page
    from tremor.sessions import Session, compare

    page = folder / COMPARISON_FILE
    try:
        compared = compare(Session.of_legs(folder.name, [*legs.values()], [*legs]))
        write_text(page, render_comparison_page(compared))
    except (TremorError, OSError) as error:
        return LegComparison(trouble=text("session", "not_compared", why=str(error)))
    return LegComparison(compared, page)
