"""A result that the page holds: measured, asked about, then explained and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tremor.app.interview import Interview
from tremor.explanation.explain import with_explanations
from tremor.explanation.interview import Finished
from tremor.report import plain
from tremor.report.as_html import render

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.results.analysis import Analysis

__all__ = ["HeldResult"]


class HeldResult:
    """One result with its questions.

    Parameters
    ----------
    name : str
        Name of the capture.
    analysis : Analysis
        What was measured.
    explain : callable, optional
        Explains an analysis with the answers and keeps both; only in memory without it.

    Attributes
    ----------
    interview : Interview
        Its questions.
    page : str or None
        The report as HTML; None until the questions are over.
    """

    def __init__(
        self,
        name: str,
        analysis: Analysis,
        *,
        explain: Callable[[Analysis, Context], Analysis] = with_explanations,
    ) -> None:
        self.name = name
        self.analysis = analysis
        self.interview = Interview(analysis)
        self.page: str | None = None
        self._explain = explain

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, in a few sentences."""
        return plain.sentences_of(self.analysis)

    @property
    def is_asked(self) -> bool:
        """Whether no question is left."""
        return isinstance(self.interview.step, Finished)

    def finish(self) -> None:
        """Explain with the answers there are, and make the report; takes a moment."""
        self.analysis = self._explain(self.analysis, self.interview.context)
        self.page = render(self.analysis)
