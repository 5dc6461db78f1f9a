"""Results that the page holds: measured, asked about, then explained and shown.

`HeldResult` is that of a capture, in memory alone; `RecordedResult` that of a recording with one
sensor or two, whose answers, reports and comparison lie beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tremor.app.interview import Interview
from tremor.errors import TremorError
from tremor.explanation.explain import with_explanations
from tremor.report.as_html import render
from tremor.report.messages import text
from tremor.session.outcome import (
    analysis_to_ask_about,
    analyze_recording,
    compare_legs,
    explain_recording,
    keep_answers,
)
from tremor.settings import AnalysisSettings

if TYPE_CHECKING:
    from tremor.pipeline import RestInfo
    from tremor.results.analysis import Analysis

__all__ = ["HeldResult", "RecordedResult", "measured_legs"]


class HeldResult:
    """The result of a capture with its questions.

    Parameters
    ----------
    name : str
        Name of the capture.
    analysis : Analysis
        What was measured.

    Attributes
    ----------
    interview : Interview
        Its questions.
    page : str or None
        The report as HTML; None until the questions are over.
    """

    def __init__(self, name: str, analysis: Analysis) -> None:
        self.name = name
        self.interview = Interview(analysis)
        self.page: str | None = None
        self._analysis = analysis

    def finish(self) -> None:
        """Explain with the answers there are, and make the report; takes a moment."""
        self._analysis = with_explanations(self._analysis, self.interview.context)
        self.page = render(self._analysis)


class RecordedResult:
    """The result of a recording with its questions, which are those of both legs.

    Parameters
    ----------
    folder : Path
        Folder of the session.
    legs : mapping of Path to Analysis
        What was measured, at least once, by the folder of each sensor.
    troubles : sequence of str
        What went wrong up to now, a sentence each.

    Attributes
    ----------
    interview : Interview
        Its questions.
    troubles : list of str
        What went wrong.
    """

    def __init__(
        self, folder: Path, legs: Mapping[Path, Analysis], troubles: Sequence[str] = ()
    ) -> None:
        asked = analysis_to_ask_about(legs.values())
        assert asked is not None
        self.interview = Interview(asked)
        self.troubles = list(troubles)
        self._folder = folder
        self._legs = dict(legs)

    def finish(self) -> None:
        """Explain with the answers there are, and write reports and comparison; takes a moment."""
        context = self.interview.context
        try:
            keep_answers(context, self._folder)
        except TremorError as error:
            self.troubles.append(str(error))
        found = [explain_recording(*leg, context) for leg in self._legs.items()]
        told = [one.trouble for one in found]
        if len(self._legs) > 1:
            told.append(compare_legs(self._folder, self._legs).trouble)
        self.troubles += filter(None, told)


def measured_legs(
    folders: Sequence[Path], rest_of: Callable[[Path], RestInfo]
) -> tuple[dict[Path, Analysis], tuple[str, ...]]:
    """Measure the recordings of a session.

    Parameters
    ----------
    folders : sequence of Path
        Folder of each sensor.
    rest_of : callable
        Returns what is known of the rest of a folder's leg.

    Returns
    -------
    legs : dict of Path to Analysis
        What was measured, by folder.
    troubles : tuple of str
        Why some of them cannot be, a sentence each.
    """
    legs: dict[Path, Analysis] = {}
    troubles = []
    for folder in folders:
        try:
            legs[folder] = analyze_recording(
                folder, settings=AnalysisSettings(), rest=rest_of(folder)
            )
        except TremorError as error:
            troubles.append(text("session", "insufficient", folder=folder.name, why=str(error)))
    return legs, tuple(troubles)
