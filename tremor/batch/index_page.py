"""The rows of the index page: failed captures first, then those that are unlike the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from pathlib import Path

from tremor.batch.rows import CaptureRow
from tremor.report.batch_page import IndexRow, render_batch_page
from tremor.settings.batches import ODD

__all__ = ["first_places", "index_page"]


def first_places(is_failed: Sequence[bool], odd: Mapping[int, tuple[str, ...]]) -> list[int]:
    """Return the places of the captures that the page shows, as far as there is room.

    Parameters
    ----------
    is_failed : sequence of bool
        Whether each capture failed, in order.
    odd : mapping of int to tuple of str
        Columns in which captures are unlike the others, by their place.

    Returns
    -------
    list of int
        Those that failed, then those that are odd, the oddest first, then all others. Of failed
        ones, as many as fill half of the page come first, so that there is room for odd ones.
    """
    room = int(ODD.most_rows)
    return [at for _, _, at in nsmallest(room, _ranks(is_failed, odd, room // 2))]


def _ranks(
    is_failed: Sequence[bool], odd: Mapping[int, tuple[str, ...]], most_failed: int
) -> Iterator[tuple[int, int, int]]:
    n_failed = 0
    for at, failed in enumerate(is_failed):
        n_failed += failed
        n_odd = len(odd.get(at, ()))
        if failed:
            yield (0 if n_failed <= most_failed else 2), -n_odd, at
        else:
            yield (1 if n_odd else 3), -n_odd, at


def index_page(
    rows: Iterable[CaptureRow],
    out: Path,
    counts: Mapping[str, int],
    *,
    odd: Sequence[tuple[str, ...]],
) -> str:
    """Render the index page.

    Parameters
    ----------
    rows : iterable of CaptureRow
        The captures that it shows, as `first_places` has them.
    out : Path
        Folder of the page.
    counts : mapping of str to int
        Number of captures by outcome, of the whole batch.
    odd : sequence of tuple of str
        Columns in which each of the rows is unlike the others.

    Returns
    -------
    str
        HTML; it tells how many captures are not on it.
    """
    shown = [_shown(row, columns, out) for row, columns in zip(rows, odd, strict=True)]
    n_left_out = sum(counts.values()) - len(shown)
    return render_batch_page(shown, counts=dict(counts), n_left_out=n_left_out)


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
