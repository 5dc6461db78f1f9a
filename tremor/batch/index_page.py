"""The rows of the index page: failed captures first, then those that are unlike the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tremor.batch.odd_ones import odd_columns
from tremor.batch.rows import CaptureRow
from tremor.report.batch_page import IndexRow, render_batch_page
from tremor.settings.batches import ODD

__all__ = ["index_page"]


def index_page(rows: Iterable[CaptureRow], out: Path, counts: Mapping[str, int]) -> str:
    """Render the index page.

    Parameters
    ----------
    rows : iterable of CaptureRow
        All captures.
    out : Path
        Folder of the page.
    counts : mapping of str to int
        Number of captures by outcome.

    Returns
    -------
    str
        HTML of the first captures that failed or are odd, and of the others as far as there is
        room.
    """
    held = list(rows)
    odd = odd_columns([{**row.quality, **row.summary} for row in held])
    order = sorted(
        range(len(held)), key=lambda at: (held[at].outcome != "failed", -len(odd[at]), at)
    )
    shown = [_shown(held[at], odd[at], out) for at in order[: int(ODD.most_rows)]]
    return render_batch_page(shown, counts=dict(counts), n_left_out=len(held) - len(shown))


def _shown(row: CaptureRow, odd: tuple[str, ...], out: Path) -> IndexRow:
    item = row.item
    page = Path(row.folder, row.page)
    best = page if row.page and page.is_file() else Path(row.folder, row.result)
    link = os.path.relpath(best, out) if row.result else ""
    return IndexRow(
        name=Path(item.path).name or item.path,
        detail=" · ".join(part for part in (item.subject, item.session, item.placement) if part),
        outcome=row.outcome,
        error=row.error,
        link=Path(link).as_posix() if link else "",
        cells=row.summary,
        strength=row.strength,
        odd=odd,
    )
