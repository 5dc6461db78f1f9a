"""The rows of the index page: failed captures first, then those that are unlike the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from heapq import nsmallest
from pathlib import Path

from tremor.batch.rows import CaptureRow
from tremor.report.batch_page import IndexRow, render_batch_page
from tremor.settings.batches import ODD

__all__ = ["index_page"]


def index_page(
    rows: Callable[[], Iterable[CaptureRow]],
    out: Path,
    counts: Mapping[str, int],
    *,
    odd: Mapping[int, tuple[str, ...]],
) -> str:
    """Render the index page.

    Parameters
    ----------
    rows : callable
        Returns all captures, each time it is called; few are held in memory.
    out : Path
        Folder of the page.
    counts : mapping of str to int
        Number of captures by outcome.
    odd : mapping of int to tuple of str
        Columns in which captures are unlike the others, by their place.

    Returns
    -------
    str
        HTML of the first captures that failed or are odd, and of the others as far as there is
        room.
    """
    ranks = ((row.outcome != "failed", -len(odd.get(at, ())), at) for at, row in enumerate(rows()))
    chosen = {
        at: rank for rank, at in enumerate(one[2] for one in nsmallest(int(ODD.most_rows), ranks))
    }
    shown = {
        chosen[at]: _shown(row, odd.get(at, ()), out)
        for at, row in enumerate(rows())
        if at in chosen
    }
    return render_batch_page(
        [shown[rank] for rank in sorted(shown)],
        counts=dict(counts),
        n_left_out=sum(counts.values()) - len(shown),
    )


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
