"""A comparison or a trend as one page that needs nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tremor.report import comparison_text, method_text, view
from tremor.report.as_html import environment, finished
from tremor.report.messages import sentences, text
from tremor.report.session_figure import sessions_svg
from tremor.results.comparison import Comparison, Trend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.results.comparison import SessionRow

__all__ = ["render_comparison_page"]


def render_comparison_page(found: Comparison | Trend) -> str:
    """Render a comparison or a trend as one HTML page.

    Parameters
    ----------
    found : Comparison or Trend
        The result.

    Returns
    -------
    str
        HTML that holds its figure and loads nothing.
    """
    template = environment().get_template("comparison.html.j2")
    html = template.render(page=_page(found), t=partial(text, "page"))
    return finished(html)


def _page(found: Comparison | Trend) -> dict[str, Any]:
    label = partial(text, "comparison")
    if isinstance(found, Comparison):
        title = label("page_title")
        changes_title = label("changes_legs" if found.kind == "legs" else "changes")
        left_out: tuple[str, ...] = ()
        changes = tuple(
            (one, "")
            for one in (
                *comparison_text.change_texts(found),
                *comparison_text.coherence_texts(found),
            )
        )
        unlike = label("unlike", why=sentences(found.unlike)) if found.unlike else ""
    else:
        title, changes_title, unlike = label("trend_title"), label("trends"), ""
        changes = comparison_text.trend_texts(found)
        left_out = comparison_text.left_out_texts(found)
    return {
        "title": title,
        "subtitle": comparison_text.title_of(found),
        "changes_title": changes_title,
        "changes": changes,
        "unlike": unlike,
        "figure_title": label("figure_title"),
        "takeaway": label("figure_takeaway"),
        "svg": _figure(found.sessions),
        "sessions_title": label("sessions"),
        "session": label("session"),
        "columns": comparison_text.column_names(),
        "rows": [_row(one) for one in found.sessions],
        "left_out_title": label("left_out"),
        "left_out": left_out,
        "legend": comparison_text.legend(),
        "details": label("details"),
        "method": method_text.comparison_paragraphs(found),
        "references": method_text.references("comparison"),
        "made_by": label("made_by", version=found.repeating.version),
        "reproduce": label("reproduce"),
        "command": method_text.comparison_command(found),
        "sources_title": label("sources"),
        "source_columns": (label("session"), label("column_version"), label("column_sha256")),
        "sources": [
            (comparison_text.session_name(one), one.version, one.sha256 or label("not_from_a_file"))
            for one in found.sessions
        ],
        "settings": method_text.setting_rows(found.repeating.settings),
        "purpose": view.purpose(),
    }


def _row(row: SessionRow) -> dict[str, Any]:
    name, recorded, numbers = comparison_text.session_cells(row)
    return {"label": name, "recorded": recorded, "numbers": numbers}


def _figure(rows: Sequence[SessionRow]) -> Markup | None:
    if all(row.initial_rms_ms2.value is None and row.rms_ms2.value is None for row in rows):
        return None
    return Markup(
        sessions_svg(
            rows,
            prefix="sessions",
            title=text("comparison", "figure_title"),
            desc=text("comparison", "figure_takeaway"),
        )
    )
