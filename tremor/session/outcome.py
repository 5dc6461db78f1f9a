"""What follows a recording: answers kept beside it, the analysis, and the report.

Asking the open questions and showing the result are up to the caller; a baseline is measured by
`tremor.pipeline.baseline_rms_ms2`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tremor import pipeline
from tremor.files import write_text
from tremor.report.messages import text
from tremor.report.numbers import clock, percent
from tremor.session.folders import CONTEXT_FILE, REPORT_FILE

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis
    from tremor.session.plan import SensorOutcome
    from tremor.settings import AnalysisSettings

__all__ = ["AnalyzedRecording", "analyze_recording", "keep_answers", "saved_text"]


@dataclass(frozen=True, slots=True)
class AnalyzedRecording:
    """Result of one sensor of a session.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded.
    analysis : Analysis
        What was measured, and what may explain it.
    report : Path
        Page with both.
    """

    recorded: SensorOutcome
    analysis: Analysis
    report: Path

    def to_dict(self) -> dict[str, object]:
        """Return the form that ``tremor record --json`` prints."""
        return {
            "sensor": self.recorded.label,
            "folder": str(self.recorded.folder),
            "report": str(self.report),
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
    if counts.n_lost:
        share = percent(counts.n_lost / (counts.n_samples + counts.n_lost))
        lost = text("session", "some_lost", n_lost=counts.n_lost, share=share, n_gaps=counts.n_gaps)
    else:
        lost = text("session", "none_lost")
    if counts.disk.n_bytes_unwritten:
        lost += text("session", "disk_full")
    return text(
        "session",
        "saved",
        folder=recorded.folder,
        duration=clock(counts.last_arrival_s or 0.0),
        n_samples=counts.n_samples,
        lost=lost,
    )


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
    recorded: SensorOutcome,
    *,
    context: Context,
    settings: AnalysisSettings,
    baseline_rms_ms2: float | None,
) -> AnalyzedRecording:
    """Analyse a recording, weigh what may explain it, and write the report beside it.

    Parameters
    ----------
    recorded : SensorOutcome
        What was recorded.
    context : Context
        What was answered.
    settings : AnalysisSettings
        Thresholds and band.
    baseline_rms_ms2 : float or None
        RMS of the leg at rest before the run, m/s^2, if it was measured.

    Returns
    -------
    AnalyzedRecording
        The analysis and the path of the report.

    Raises
    ------
    TremorError
        If there is nothing to analyse, or the report cannot be written.
    """
    from tremor.report.as_html import render

    analysis = pipeline.analyze(
        recorded.folder,
        settings=settings,
        context=context,
        rest=pipeline.RestInfo(baseline=baseline_rms_ms2),
    )
    report = recorded.folder / REPORT_FILE
    write_text(report, render(analysis))
    return AnalyzedRecording(recorded, analysis, report)
