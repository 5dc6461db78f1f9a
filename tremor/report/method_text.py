"""The method in prose, what it rests on, and the command that repeats it; from the result alone."""

from __future__ import annotations

import dataclasses
import shlex
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from tremor.report.messages import section, sentence, text
from tremor.results.comparison import Comparison, Trend
from tremor.settings import COMPARISON, AnalysisSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tremor.results.analysis import Analysis

__all__ = [
    "command",
    "comparison_command",
    "comparison_paragraphs",
    "method_paragraphs",
    "model_sentences",
    "option_texts",
    "references",
    "setting_rows",
    "setting_texts",
]

#: Paragraphs by what is compared.
_OF_COMPARISONS: Final = {
    "sessions": ("compared", "detectable", "alike"),
    "legs": ("compared", "legs", "alike"),
    "trend": ("compared", "detectable", "trend", "alike"),
}
_PARAGRAPHS: Final = ("windows", "verdicts", "line", "strength", "recovery", "explaining")


def method_paragraphs(analysis: Analysis) -> tuple[str, ...]:
    """Return the method, with the settings of the result."""
    settings = analysis.settings
    values = {
        "rate_hz": analysis.recording.sampling_rate_hz,
        "window_s": settings.window_s,
        "step_s": settings.step_s,
        "low_hz": settings.band_low_hz,
        "high_hz": settings.band_high_hz,
    }
    return tuple(text("method", name, **values) for name in _PARAGRAPHS)


def model_sentences(analysis: Analysis) -> tuple[str, ...]:
    """Return which model was fitted to the session, and how well it holds; empty without a fit."""
    fit = analysis.summary.fit
    if fit is None:
        return ()
    shape = text("page", "model_shape", shape=fit.shape)
    if fit.n_harmonics > 1:
        shape += text("page", "model_harmonics", n=fit.n_harmonics)
    if fit.p_value is None:
        tested = text("page", "model_untested")
    elif fit.holds:
        tested = text("page", "model_holds", p=fit.p_value)
    else:
        tested = text("page", "model_fails", p=fit.p_value, why=sentence(fit.reason))
    if fit.agrees_with_windows is None:
        return f"{shape}.", tested
    windows = text("page", "model_windows", agrees=fit.agrees_with_windows)
    return f"{shape}.", tested, windows


@cache
def references(page: Literal["report", "comparison"] = "report") -> tuple[str, ...]:
    """Return the literature that a page rests on, a line each."""
    table = files("tremor.report").joinpath("references.toml").read_text(encoding="utf-8")
    return tuple(
        "{authors} ({year}): {title}. {journal} {pages}.".format(**one)
        for one in tomllib.loads(table)["reference"]
        if page in one["pages_of"]
    )


def comparison_paragraphs(found: Comparison | Trend) -> tuple[str, ...]:
    """Return how sessions are compared, with the numbers that decide."""
    kind = "trend" if isinstance(found, Trend) else found.kind
    values = dataclasses.asdict(COMPARISON)
    return tuple(text("method", name, **values) for name in _OF_COMPARISONS[kind])


def comparison_command(found: Comparison | Trend) -> str:
    """Return the command that compares the same sessions in the same way."""
    verb, how = "trend" if isinstance(found, Trend) else "compare", found.repeating
    given = [shlex.quote(name) for name in how.given]
    options = [*option_texts(how.options), *setting_texts(how.settings)]
    return " ".join([f"tremor {verb}", *given, *options])


def command(analysis: Analysis) -> str:
    """Return the command that makes the same numbers of the same capture.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    str
        With what was said of the capture and its rest, and the settings that were changed.
    """
    source = analysis.source
    parts = ["tremor analyze", shlex.quote(source.name or "capture.csv")]
    parts += [source.options] if source.options else []
    return " ".join([*parts, *option_texts(analysis.options), *setting_texts(analysis.settings)])


def setting_rows(settings: AnalysisSettings) -> list[dict[str, str]]:
    """Return name, value, unit and reason of every setting."""
    reasons = section("setting")  # empty in English, whose reasons stand beside the numbers
    return [
        {
            "name": item.name,
            "value": f"{getattr(settings, item.name):g}",
            "unit": "" if item.metadata["unit"] == "1" else item.metadata["unit"],
            "reason": reasons.get(item.name, item.metadata["reason"]),
        }
        for item in dataclasses.fields(settings)
    ]


def option_texts(options: Mapping[str, str]) -> list[str]:
    """Return options as they are typed; one without a value is a flag."""
    return [
        f"--{name} {shlex.quote(value)}" if value else f"--{name}"
        for name, value in options.items()
    ]


def setting_texts(settings: AnalysisSettings) -> list[str]:
    """Return the settings that are not the default ones, as they are typed."""
    default = AnalysisSettings()
    return [
        f"--set {item.name}={getattr(settings, item.name):.12g}"
        for item in dataclasses.fields(default)
        if getattr(settings, item.name) != getattr(default, item.name)
    ]
