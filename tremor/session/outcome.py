"""What follows a recording: answers kept beside it, the analysis, and the report.

Asking the open questions and showing the result are up to the caller; a baseline is measured by
`tremor.pipeline.baseline_rms_ms2`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tremor import pipeline
from tremor.errors import TremorError
from tremor.explanation.explain import with_explanations
from tremor.files import write_text
from tremor.report.messages import text
from tremor.report.numbers import clock, percent
from tremor.session.folders import CONTEXT_FILE, REPORT_FILE

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.recorder import RecorderCounts
    from tremor.results.analysis import Analysis
    from tremor.session.plan import SensorOutcome
    from tremor.settings import AnalysisSettings

__all__ = [
    "AnalyzedRecording",
    "analyze_recording",
    "explain_recording",
    "keep_answers",
    "saved_text",
]


@dataclass(frozen=True, slots=True)
class AnalyzedRecording:
    """Result of one sensor of a session.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded.
    analysis : Analysis
        What was measured, and what may explain it.
    report : Path or None
        Page with both; None if it could not be written.
    trouble : str
        Why there is no page.
    """

    recorded: SensorOutcome
    analysis: Analysis
    report: Path | None
    trouble: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the form that ``tremor record --json`` prints."""
        return {
            "sensor": self.recorded.label,
            "folder": str(self.recorded.folder),
            "report": str(self.report) if self.report else None,
            "analysis": self.analysis.to_dict(),
        }


def saved_text(recorded: SensorOutcome) -> str:
    """Return a line about what was saved.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded from a sensor.
    """
    counts = recorded.counts
    lost = _loss_text(counts, detects_loss=recorded.detects_loss)
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


def _loss_text(counts: RecorderCounts, *, detects_loss: bool) -> str:
    """Return what was lost, as far as the sensor lets that be known."""
    n_dropped = counts.n_dropped_samples
    n_lost = counts.n_lost + n_dropped
    if not n_lost:
        return text("session", "none_lost" if detects_loss else "loss_unknown")
    share = percent(n_lost / (counts.n_samples + n_lost))
    words = text("session", "some_lost", n_lost=n_lost, share=share, n_gaps=counts.n_gaps)
    if n_dropped:
        words += text("session", "some_dropped", n_dropped=n_dropped)
    return words if detects_loss else words + text("session", "more_unknown")


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


def analyze_recording(
    recorded: SensorOutcome, *, settings: AnalysisSettings, rest: pipeline.RestInfo
) -> Analysis:
    """Analyse a recording; what may explain it is weighed by `explain_recording`.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded.
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
    return pipeline.analyze(recorded.folder, settings=settings, rest=rest)


def explain_recording(
    recorded: SensorOutcome, analysis: Analysis, context: Context
) -> AnalyzedRecording:
    """Weigh what may explain an analysis, and write the report beside the recording.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded.
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
    report = recorded.folder / REPORT_FILE
    try:
        write_text(report, render(explained))
    except (
        TremorError,
        OSError,
    ) as error:  # a full disk takes no page; the numbers are not lost with it
        return AnalyzedRecording(recorded, explained, None, str(error))
    return AnalyzedRecording(recorded, explained, report)
