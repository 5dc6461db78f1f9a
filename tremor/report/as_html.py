"""The result as one page that needs nothing else.

The texts are in the catalogue (`tremor.report.messages`); the template lays them out.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tremor.analysis.quality import quality_of
from tremor.report import explanation_text, view
from tremor.report.explanation_text import label
from tremor.report.figures import amplitude_svg, quality_svg, spectrum_svg
from tremor.report.messages import brief, section, sentence, text
from tremor.report.numbers import number, percent, value_text
from tremor.results.estimates import BY_RANK

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.recording import CaptureInfo
    from tremor.results.analysis import Analysis
    from tremor.results.explanations import Direction, Evidence, Explanation
    from tremor.results.windows import WindowTable

__all__ = ["environment", "render", "short"]

#: Most rows of a table in a page; a longer one helps nobody, and the CSV has all of them.
_MOST_ROWS: Final = 400


def render(analysis: Analysis) -> str:
    """Render the report of an analysis as one HTML page.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    str
        HTML that holds its figures and loads nothing.
    """
    template = environment().get_template("report.html.j2")
    page = template.render(page=_page(analysis), t=partial(text, "page"))
    return page.replace("m/s^2", "m/s²")  # sentences of the result are written for ASCII terminals


def environment() -> Environment:
    """Return where the templates of pages are, and how they are read."""
    return Environment(
        loader=PackageLoader("tremor.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def short(analysis: Analysis) -> str:
    """Render the result as a fragment of HTML, for a notebook.

    Parameters
    ----------
    analysis : Analysis
        The result.

    Returns
    -------
    str
        HTML: the name, the sentences, and the table of estimates.
    """
    rows = [
        (one.name, value_text(one.estimate, one.unit), view.range_text(one.estimate))
        for one in view.key_numbers(analysis)
        if one.estimate.value is not None
    ]
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td><td>{escape(limits)}</td></tr>"
        for name, value, limits in rows
    )
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in view.key_sentences(analysis))
    return (
        f"<div><strong>{escape(view.name_of_source(analysis))}</strong>{paragraphs}"
        f"<table>{cells}</table></div>"
    )


def _page(analysis: Analysis) -> dict[str, Any]:
    facts = analysis.recording
    quality = quality_of(facts, analysis.settings, analysis.cautions)
    before_word, after_word = _around_level()
    return {
        "name": view.name_of_source(analysis),
        "recorded": _recorded(facts),
        "status": analysis.status,
        "key_sentences": view.key_sentences(analysis),
        "cautions": view.caution_texts(analysis),
        "purpose": view.purpose(),
        "warning_signs": _warning_signs(analysis),
        "explaining": _explaining(analysis) if analysis.explanations else None,
        "cards": _cards(analysis),
        "episodes": _episodes(analysis),
        "amplitude": _amplitude(analysis),
        "spectrum": _spectrum(analysis),
        "quality": {
            "before_word": before_word,
            "word": text("quality", quality.level),
            "after_word": after_word,
            "reasons": tuple(map(sentence, quality.reasons)),
            "figure": _quality_figure(analysis),
            "counts": _counts(analysis),
            "facts": view.capture_rows(facts, source_format=analysis.source.format),
            "history": facts.history,
        },
        "software": dict(analysis.software),
        "sha256": analysis.source.sha256,
        "settings": _settings(analysis),
    }


def _warning_signs(analysis: Analysis) -> list[dict[str, str]]:
    return [
        {"urgency": explanation_text.urgency_text(sign), "statement": sentence(sign.statement)}
        for sign in analysis.warning_signs
    ]


def _explaining(analysis: Analysis) -> dict[str, Any]:
    sensitivity = analysis.sensitivity
    return {
        "preface": explanation_text.preface(analysis),
        "answered": explanation_text.is_answered(analysis),
        "leaders": explanation_text.leaders_text(analysis),
        "changes": () if sensitivity is None else explanation_text.changes_texts(sensitivity),
        "redraws": "" if sensitivity is None else explanation_text.redraws_text(sensitivity),
        "limits": "" if sensitivity is None else explanation_text.limits_text(sensitivity),
        "cards": [_explanation(one) for one in analysis.explanations],
        "advice": [
            {
                "text": " ".join(map(sentence, (one.text, *one.disputed))),
                "disputed": bool(one.disputed),
                "explanation": None
                if one.explanation is None
                else explanation_text.name_of(one.explanation),
                "claims": one.claims,
                "grade": explanation_text.grade_text(one.grade),
            }
            for one in analysis.advice
        ],
        "help": explanation_text.help_list(),
        "article": label(
            "article_lead", title=text("claim", "title"), publisher=text("claim", "publisher")
        ),
        "claims": explanation_text.claim_texts(),
        "label": section("explanations"),
    }


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "id": explanation.id,
        "name": explanation_text.name_of(explanation.id),
        "first_line": explanation_text.first_line(explanation.id),
        "support": explanation_text.support_text(explanation),
        "word": explanation.word,
        "sides": [
            {"title": label(title), "facts": [_fact(one) for one in explanation.pointing(side)]}
            for title, side in _SIDES
        ],
        "not_counted": [_fact(one) for one in explanation.not_counted()],
        "neutral": [_fact(one) for one in explanation.pointing("neutral") if not one.not_counted],
        "sources": _sources(explanation),
        "missing": [brief(one.statement) for one in explanation.missing],
        "sum_start": label("sum_start", prior=explanation.prior),
        "sum_end": label("sum_end", log_odds=explanation.log_odds),
        "claims": explanation.claims,
    }


def _sources(explanation: Explanation) -> list[tuple[str, str]]:
    """Return what was looked at and who measured it, each source once."""
    found: dict[str, str] = {}
    for one in explanation.evidence:
        if one.source is not None:
            entry = str(one.source.values["entry"]).partition(".")[0]
            found.setdefault(sentence(one.source), text("evidence", f"{entry}.looks_at"))
    return [(looks_at, source) for source, looks_at in found.items()]


_SIDES: Final[tuple[tuple[str, Direction], ...]] = (
    ("speaks_for", "for"),
    ("speaks_against", "against"),
)


def _fact(evidence: Evidence) -> dict[str, Any]:
    return {
        "statement": sentence(evidence.statement),
        "reason": sentence(evidence.reason),
        "weight": label("weight", weight=explanation_text.weight_text(evidence)),
        "origin": explanation_text.origin_text(evidence),
        "grade": explanation_text.grade_text(evidence.grade),
        "claims": evidence.claims,
    }


def _recorded(facts: CaptureInfo) -> str:
    if facts.started_at is None:
        recorded = text("page", "time_not_known")
    else:
        recorded = text("page", "recorded", started_at=facts.started_at)
    if facts.placement is None:
        return recorded
    placement = str(facts.placement).replace("-", " ")
    return text("page", "with_placement", recorded=recorded, placement=placement)


def _around_level() -> tuple[str, str]:
    """Return what stands before and after the level of quality, which the page sets in bold."""
    before, _, after = text("page", "capture_is", level="\0").partition("\0")
    return before, after


def _cards(analysis: Analysis) -> list[dict[str, str]]:
    none = text("page", "no_tremor" if analysis.status == "no_tremor" else "cannot_tell")
    return [
        {
            "field": one.field,
            "name": one.name,
            "meaning": one.meaning,
            "value": value_text(one.estimate, one.unit),
            "range": view.limits_text(one.estimate),
            "none": none,
            "reason": view.reason_text(one.estimate),
        }
        for one in view.key_numbers(analysis)
    ]


def _episodes(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "name": view.episode_label(index, episode.start_s, episode.end_s),
            "numbers": [
                (value_text(estimate, "") or "-", view.range_text(estimate))
                for estimate in (getattr(episode, entry.name) for entry in BY_RANK)
            ],
        }
        for index, episode in enumerate(analysis.episodes, start=1)
    ]


def _amplitude(analysis: Analysis) -> dict[str, Any] | None:
    table = analysis.windows
    if not len(table):
        return None
    rms = table.estimates["rms_ms2"][:, 0]
    any_tremor = bool(np.isfinite(rms).any())
    if any_tremor:
        low_ms2, high_ms2 = float(np.nanmin(rms)), float(np.nanmax(rms))
        takeaway = text("page", "amplitude_range", low_ms2=low_ms2, high_ms2=high_ms2)
    else:
        takeaway = text("page", "no_window_with_tremor")
    recovery = analysis.recovery
    has_curve = recovery is not None and recovery.verdict == "decays"
    curve = text("page", "amplitude_curve") if has_curve else ""
    return {
        "takeaway": takeaway,
        "recovery": view.recovery_text(recovery)
        if recovery is not None and analysis.status == "measured"
        else None,
        "caption": text("page", "amplitude_caption", curve=curve),
        "svg": Markup(
            amplitude_svg(
                analysis,
                prefix="amplitude",
                title=text("figure", "amplitude_title"),
                desc=takeaway,
            )
        )
        if any_tremor
        else None,
        "rows": _window_rows(table),
        "n_windows": len(table),
        "n_rows": min(len(table), _MOST_ROWS),
    }


def _window_rows(table: WindowTable) -> list[dict[str, str]]:
    return [
        {
            "time": text(
                "page",
                "window_time",
                start_s=number(window.start_s, 1),
                end_s=number(window.end_s, 1),
            ),
            "verdict": view.verdict_word(window.verdict),
            "rms_ms2": _with_range(window.rms_ms2),
            "frequency_hz": value_text(window.frequency_hz, ""),
            "reason": sentence(window.reason),
        }
        for window in table[:_MOST_ROWS]
    ]


def _with_range(estimate: Estimate) -> str:
    return f"{value_text(estimate, '')} {view.range_text(estimate)}".strip()


def _spectrum(analysis: Analysis) -> dict[str, Any] | None:
    view = analysis.spectrum
    if view is None or not len(view.frequency_hz):
        return None
    summary = analysis.summary
    takeaway = text("page", "spectrum_mean", of=view.of, n_windows=view.n_windows)
    if summary.frequency_hz.value is not None and summary.bandwidth_hz.value is not None:
        takeaway = text(
            "page",
            "spectrum_line",
            mean=takeaway,
            frequency=value_text(summary.frequency_hz, "Hz"),
            bandwidth=value_text(summary.bandwidth_hz, "Hz"),
        )
    shown = view.frequency_hz <= 20.0
    every = max(int(np.count_nonzero(shown)) // 100, 1)
    line = view.line_ms2sq_per_hz
    rows = [
        {
            "frequency_hz": number(float(view.frequency_hz[i]), 2),
            "psd": f"{view.psd_ms2sq_per_hz[i]:.3g}",
            "line": "" if line is None else f"{line[i]:.3g}",
        }
        for i in np.flatnonzero(shown)[::every].tolist()
    ]
    return {
        "takeaway": takeaway,
        "svg": Markup(
            spectrum_svg(
                view,
                frequency_hz=summary.frequency_hz,
                bandwidth_hz=summary.bandwidth_hz,
                prefix="spectrum",
                title=text("figure", "spectrum_title"),
                desc=takeaway,
            )
        ),
        "rows": rows,
        "every": every,
    }


def _quality_figure(analysis: Analysis) -> Markup | None:
    if not len(analysis.windows):
        return None
    counts = ", ".join(f"{row['verdict']} {row['n']}" for row in _counts(analysis))
    return Markup(
        quality_svg(
            analysis.windows,
            duration_s=analysis.recording.duration_s,
            prefix="quality",
            title=text("figure", "quality_title"),
            desc=text("figure", "quality_description", counts=counts),
        )
    )


def _counts(analysis: Analysis) -> list[dict[str, str]]:
    n = len(analysis.windows)
    return [
        {
            "verdict": view.verdict_word(verdict),
            "n": str(count),
            "share": percent(count / n),
        }
        for verdict, count in view.verdict_counts(analysis)
    ]


def _settings(analysis: Analysis) -> list[dict[str, str]]:
    reasons = section("setting")  # empty in English, whose reasons stand beside the numbers
    return [
        {
            "name": item.name,
            "value": f"{getattr(analysis.settings, item.name):g}",
            "unit": "" if item.metadata["unit"] == "1" else item.metadata["unit"],
            "reason": reasons.get(item.name, item.metadata["reason"]),
        }
        for item in dataclasses.fields(analysis.settings)
    ]
