"""The result as one page that needs nothing else.

The texts are in the catalogue (`tremor.report.messages`); the template lays them out.
"""

from __future__ import annotations

from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tremor.analysis.quality import quality_of
from tremor.printable import printable_lines
from tremor.report import method_text, plain, view
from tremor.report.explanation_page import explaining, warning_signs
from tremor.report.figures import (
    amplitude_svg,
    quality_svg,
    spectrogram_svg,
    spectrum_svg,
    strip_svg,
)
from tremor.report.messages import sentence, text
from tremor.report.numbers import clock, number, percent, value_text
from tremor.results.estimates import BY_RANK

if TYPE_CHECKING:
    from tremor.estimate import Estimate
    from tremor.recording import CaptureInfo, Marker
    from tremor.results.analysis import Analysis
    from tremor.results.windows import WindowTable

__all__ = ["environment", "render", "short"]

#: Numbers that a runner sees at once; the others are in the part for specialists.
_IN_SIGHT: Final = ("frequency_hz", "initial_rms_ms2", "final_rms_ms2", "half_life_s")
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
    return finished(template.render(page=_page(analysis), t=partial(text, "page")))


def finished(page: str) -> str:
    """Return a page or fragment as it is written.

    Sentences of the result are written for ASCII terminals; and no text from outside turns what
    stands around it, or holds what a browser must not meet.
    """
    return printable_lines(page.replace("m/s^2", "m/s²"))


@cache
def environment() -> Environment:
    """Return where the templates of pages are, and how they are read; each is compiled once."""
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
    return finished(
        f"<div><strong>{escape(view.name_of_source(analysis))}</strong>{paragraphs}"
        f"<table>{cells}</table></div>"
    )


def _page(analysis: Analysis) -> dict[str, Any]:
    facts = analysis.recording
    quality = quality_of(facts, analysis.settings, analysis.cautions)
    cards = _cards(analysis)
    return {
        "name": view.name_of_source(analysis),
        "recorded": _recorded(facts),
        "status": analysis.status,
        "sentences": plain.sentences_of(analysis),
        "next": plain.next_step(analysis),
        "fits": plain.explanation_sentence(analysis),
        "cautions": view.caution_texts(analysis),
        "purpose": view.purpose(),
        "warning_signs": warning_signs(analysis),
        "explaining": explaining(analysis),
        "cards": [one for one in cards if one["field"] in _IN_SIGHT],
        "more_cards": [one for one in cards if one["field"] not in _IN_SIGHT],
        "scale": plain.scale_sentence(),
        "episodes": _episodes(analysis),
        "amplitude": _amplitude(analysis),
        "spectrum": _spectrum(analysis),
        "spectrogram": _spectrogram(analysis),
        "strip": _strip(analysis),
        "model": method_text.model_sentences(analysis),
        "recovery": _recovery(analysis),
        "quality": {
            "sentence": plain.quality_sentence(analysis),
            "reasons": tuple(map(sentence, quality.reasons)),
            "figure": _quality_figure(analysis),
            "counts": _counts(analysis),
            "facts": view.capture_rows(facts, source_format=analysis.source.format),
            "decisions": view.decision_rows(facts),
            "history": facts.history,
        },
        "method": method_text.method_paragraphs(analysis),
        "references": method_text.references(),
        "command": method_text.command(analysis),
        "software": dict(analysis.software),
        "sha256": analysis.source.sha256,
        "settings": method_text.setting_rows(analysis.settings),
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


def _cards(analysis: Analysis) -> list[dict[str, str]]:
    none = text("page", "no_tremor" if analysis.status == "no_tremor" else "cannot_tell")
    return [
        {
            "field": one.field,
            "name": one.name,
            "meaning": one.meaning,
            "value": value_text(one.estimate, one.unit, most_digits=view.DIGITS_FOR_RUNNERS),
            "range": view.limits_text(one.estimate, most_digits=view.DIGITS_FOR_RUNNERS),
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
    recovery, facts = analysis.recovery, analysis.recording
    has_curve = recovery is not None and recovery.verdict == "decays"
    listed = ", ".join(_marked(n, one) for n, one in enumerate(facts.markers, start=1))
    return {
        "title": text("page", "amplitude" if has_curve else "amplitude_steady"),
        "takeaway": takeaway,
        "caption": text(
            "page",
            "amplitude_caption",
            curve=text("page", "amplitude_curve") if has_curve else "",
            gaps=_gaps_caption(facts),
            markers=text("page", "amplitude_markers", listed=listed) if listed else "",
        ),
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


def _marked(n: int, marker: Marker) -> str:
    name = "marked_pain" if marker.kind == "pain" else "marked_text" if marker.text else "marked"
    return text("page", name, n=n, text=marker.text, at=clock(max(marker.time_s, 0.0)))


def _recovery(analysis: Analysis) -> dict[str, Any] | None:
    """Return the recovery in words and with all its parameters."""
    recovery = analysis.recovery
    if recovery is None or analysis.status != "measured":
        return None
    return {
        "text": view.recovery_text(recovery),
        "rows": [
            (name, _with_range(estimate) or view.reason_text(estimate), unit)
            for name, estimate, unit in view.recovery_rows(recovery)
        ],
    }


def _gaps_caption(facts: CaptureInfo) -> str:
    """Return how gaps are drawn, and where the clock was set, if there are any."""
    names = {
        "amplitude_gaps": bool(facts.gaps),
        "amplitude_cut": len(facts.gaps) > len(facts.holes),
        "amplitude_clock": any(one.clock_set_by_s for one in facts.segments),
    }
    return "".join(text("page", name) for name, shown in names.items() if shown)


def _spectrogram(analysis: Analysis) -> Markup | None:
    if analysis.spectrogram is None:
        return None
    return Markup(
        spectrogram_svg(
            analysis.spectrogram,
            analysis.windows,
            analysis.recording,
            prefix="spectrogram",
            title=text("figure", "spectrogram_title"),
            desc=text("page", "spectrogram_caption"),
        )
    )


def _strip(analysis: Analysis) -> dict[str, Any] | None:
    strip = analysis.strip
    if strip is None:
        return None
    what = text("page", "strip_what", status=analysis.status)
    caption = text("page", "strip_caption", what=what, at=clock(strip.start_s))
    title = text("figure", "strip_title")
    return {
        "caption": caption,
        "svg": Markup(strip_svg(strip, prefix="strip", title=title, desc=caption)),
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
                summary.lines or (summary,),
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
            analysis.recording,
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
