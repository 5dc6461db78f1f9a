"""Measure leg tremor from a wearable accelerometer: how fast, how strong, how it fades, how sure.

The names below are the public face. Each is loaded on first use, so that importing the package
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tremor._version import __version__

if TYPE_CHECKING:
    from tremor.analysis.decay import fit_recovery
    from tremor.analysis.live import LiveAnalyzer, live_windows
    from tremor.analysis.window import analyze_window
    from tremor.batch.run import BatchReport, analyze_many, merge_batches
    from tremor.errors import TremorError
    from tremor.estimate import Estimate
    from tremor.explanation.answers.context import Context
    from tremor.explanation.explain import explain
    from tremor.formats.readers import ReadOptions
    from tremor.measures.line import LineEstimate, estimate_line
    from tremor.opening import read
    from tremor.pipeline import RestInfo, analyze
    from tremor.recording import Placement, Recording, SampleBlock, SensorInfo
    from tremor.results.analysis import Analysis
    from tremor.results.comparison import Comparison, Trend
    from tremor.results.explanations import Explanation
    from tremor.results.recovery import Recovery
    from tremor.results.windows import WindowAnalysis
    from tremor.sessions import Session, compare, trend
    from tremor.settings import AnalysisSettings

_HOME = {
    "Analysis": "tremor.results.analysis",
    "AnalysisSettings": "tremor.settings",
    "BatchReport": "tremor.batch.run",
    "Comparison": "tremor.results.comparison",
    "Context": "tremor.explanation.answers.context",
    "Estimate": "tremor.estimate",
    "Explanation": "tremor.results.explanations",
    "LineEstimate": "tremor.measures.line",
    "LiveAnalyzer": "tremor.analysis.live",
    "Placement": "tremor.recording",
    "ReadOptions": "tremor.formats.readers",
    "Recording": "tremor.recording",
    "Recovery": "tremor.results.recovery",
    "RestInfo": "tremor.pipeline",
    "SampleBlock": "tremor.recording",
    "SensorInfo": "tremor.recording",
    "Session": "tremor.sessions",
    "Trend": "tremor.results.comparison",
    "TremorError": "tremor.errors",
    "WindowAnalysis": "tremor.results.windows",
    "analyze": "tremor.pipeline",
    "analyze_many": "tremor.batch.run",
    "analyze_window": "tremor.analysis.window",
    "compare": "tremor.sessions",
    "estimate_line": "tremor.measures.line",
    "explain": "tremor.explanation.explain",
    "fit_recovery": "tremor.analysis.decay",
    "live_windows": "tremor.analysis.live",
    "merge_batches": "tremor.batch.run",
    "read": "tremor.opening",
    "trend": "tremor.sessions",
}

__all__ = [
    "Analysis",
    "AnalysisSettings",
    "BatchReport",
    "Comparison",
    "Context",
    "Estimate",
    "Explanation",
    "LineEstimate",
    "LiveAnalyzer",
    "Placement",
    "ReadOptions",
    "Recording",
    "Recovery",
    "RestInfo",
    "SampleBlock",
    "SensorInfo",
    "Session",
    "TremorError",
    "Trend",
    "WindowAnalysis",
    "__version__",
    "analyze",
    "analyze_many",
    "analyze_window",
    "compare",
    "estimate_line",
    "explain",
    "fit_recovery",
    "live_windows",
    "merge_batches",
    "read",
    "trend",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute can be of any type
    """Load a public name on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'tremor' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
