"""The index page of a batch: a row a capture with a small picture, the odd ones first."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any, Final

from markupsafe import Markup

from tremor.report import view
from tremor.report.as_html import environment, finished
from tremor.report.messages import text
from tremor.report.numbers import clock, figure

__all__ = ["IndexRow", "render_batch_page"]

_WIDTH: Final = 120
_HEIGHT: Final = 28
#: Numbers in the columns of the page: name of the cell and of its column.
_NUMBERS: Final = ("frequency_hz", "rms_ms2", "half_life_s", "tremor_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRow:
    """What the page shows of a capture.

    Parameters
    ----------
    name : str
        Name of the capture.
    detail : str
        Where it is, and whose.
    outcome : str
        measured, no_tremor, insufficient or failed.
    error : str
        Why there is no result; empty with one.
    link : str
        Result, relative to the page; empty without.
    cells : dict
        Numbers by the names of the columns of the summary.
    strength : tuple of float or None
        RMS over time, m/s^2.
    odd : tuple of str
        Columns in which it is unlike the others.
    """

    name: str
    detail: str
    outcome: str
    error: str
    link: str
    cells: dict[str, Any]
    strength: tuple[float | None, ...]
    odd: tuple[str, ...]


def render_batch_page(
    rows: Sequence[IndexRow], *, counts: dict[str, int], n_left_out: int = 0
) -> str:
    """Render the index page of a batch.

    Parameters
    ----------
    rows : sequence of IndexRow
        In the order in which they are shown.
    counts : dict of str to int
        Number of captures by outcome, of the whole batch.
    n_left_out : int
        Number of captures that are not on the page.

    Returns
    -------
    str
        HTML that loads nothing. Its one script sorts; without it the page has the same content.
    """
    script = files("tremor.report").joinpath("templates/sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    strongest = max((one for row in rows for one in row.strength if one), default=0.0)
    label = partial(text, "batch")
    page = {
        "title": label("title", n=sum(counts.values())),
        "counts": [label(f"n_{name}", n=n) for name, n in counts.items() if n],
        "left_out": label("left_out", n=n_left_out) if n_left_out else "",
        "columns": [label(name) for name in ("capture", "outcome", "picture", *_NUMBERS, "odd")],
        "rows": [_row(row, strongest) for row in rows],
        "script": Markup(script),
        "script_digest": digest,
        "purpose": view.purpose(),
    }
    html = environment().get_template("batch.html.j2").render(page=page, t=partial(text, "page"))
    return finished(html)


def _row(row: IndexRow, strongest_ms2: float) -> dict[str, Any]:
    shown = {
        name: (value, clock(value) if name in {"half_life_s", "tremor_s"} else figure(value))
        for name in _NUMBERS
        if (value := row.cells.get(name)) is not None
    }
    return {
        "name": row.name,
        "detail": row.detail,
        "link": row.link,
        "outcome": text("batch", row.outcome),
        "error": row.error,
        "numbers": [shown.get(name, ("", "-")) for name in _NUMBERS],
        "picture": _picture(row, strongest_ms2),
        "odd": ", ".join(text("batch", f"column.{name}") for name in row.odd),
        "n_odd": len(row.odd),
    }


def _picture(row: IndexRow, strongest_ms2: float) -> dict[str, Any] | None:
    """Compute what is drawn of the strength over time; all pictures of a page have one scale."""
    if not row.strength or not strongest_ms2:
        return None
    step = _WIDTH / len(row.strength)
    # The root of the strength: a weak tremor beside a strong one is still seen.
    heights = [
        (at, max(1.0, _HEIGHT * (one / strongest_ms2) ** 0.5))
        for at, one in enumerate(row.strength)
        if one is not None
    ]
    bars = "".join(f"M{step * (at + 0.5):.1f} {_HEIGHT}v-{high:.1f}" for at, high in heights)
    return {
        "title": text("batch", "picture_of", name=row.name),
        "width": _WIDTH,
        "height": _HEIGHT,
        "bars": bars,
        "line": f"{0.8 * step:.1f}",
    }
