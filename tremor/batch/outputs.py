"""The outputs of a batch, from its journals: the tables, the index page, and further forms.

Journals are read twice, because a capture is unlike the others only when all are known; a few
numbers for each are held in memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tremor.batch.bids_derivatives import Derivatives
from tremor.batch.group_statistics import GROUP_TABLES, Cohort, long_rows
from tremor.batch.index_page import first_places, index_page
from tremor.batch.items import Item
from tremor.batch.odd_ones import OddSearch
from tremor.batch.rows import CaptureRow, StoredRows, journals_in
from tremor.batch.tables import (
    DICTIONARY_TABLE,
    QUALITY_TABLE,
    SUMMARY_TABLE,
    TableColumn,
    cells_of,
    dictionary_rows,
    other_columns,
    table_file,
    write_cells,
    write_parquet,
)
from tremor.files import write_text

__all__ = ["REQUEST_FILE", "Forms", "Written", "write_outputs"]

#: What was asked of a batch, beside its journals.
REQUEST_FILE = "batch.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """Further forms of the tables: as Parquet, and as a BIDS derivative dataset."""

    parquet: bool = False
    bids: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Number of captures by outcome, and of those in the list that have no row yet."""

    counts: Mapping[str, int]
    n_missing: int = 0


def write_outputs(
    out: Path,
    folders: Sequence[Path],
    *,
    asked: Mapping[str, Item] | None = None,
    forms: Forms | None = None,
) -> Written:
    """Write all tables and the index page of batches.

    Parameters
    ----------
    out : Path
        Folder to write to.
    folders : sequence of Path
        Folders of batches, with their journals.
    asked : mapping, optional
        The captures that are wanted, by their ids and in order; without, all of the last lists.
    forms : Forms, optional
        Further forms that are written, too.

    Returns
    -------
    Written
        What the tables hold.
    """
    forms = forms or Forms()
    stored = StoredRows(journal for folder in folders for journal in journals_in(folder))
    lengths = {folder: n for folder in folders if (n := _n_captures(folder))}
    wanted = stored.current(lengths) if asked is None else asked
    ids = [one for one in wanted if one in stored]

    def rows(ids: Iterable[str] = ids, *, as_text: bool = False) -> Iterator[CaptureRow]:
        for row in stored.of(ids, as_text=as_text):
            yield row if asked is None else replace(row, item=asked[row.item.id])

    survey = _survey(rows())
    tables = {"summary.csv": (*SUMMARY_TABLE, *other_columns(survey.others))}
    tables["quality.csv"] = QUALITY_TABLE
    _write_rows(out, rows(as_text=True), survey.odd, tables=tables, bids=forms.bids)
    shown = first_places(survey.is_failed, survey.odd)
    page = index_page(
        rows(ids[at] for at in shown),
        out,
        survey.counts,
        odd=[survey.odd.get(at, ()) for at in shown],
    )
    write_text(out / "index.html", page)
    survey.cohort.write(out)
    write_cells(
        out / "dictionary.csv", DICTIONARY_TABLE, dictionary_rows({**tables, **GROUP_TABLES})
    )
    if forms.parquet:
        write_parquet(out / "summary.parquet", out / "summary.csv", tables["summary.csv"])
    longest = max(lengths.values(), default=0)
    return Written(counts=survey.counts, n_missing=max(0, longest - len(ids)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Survey:
    """What must be known of all rows before the first is written."""

    counts: Mapping[str, int]
    others: Iterable[str]
    is_failed: Sequence[bool]
    odd: Mapping[int, tuple[str, ...]]
    cohort: Cohort


def _survey(rows: Iterable[CaptureRow]) -> _Survey:
    counts: Counter[str] = Counter()
    others: dict[str, None] = {}
    is_failed: list[bool] = []
    search, cohort = OddSearch(), Cohort()
    for row in rows:
        counts[row.outcome] += 1
        others.update(dict.fromkeys(row.item.other))
        is_failed.append(row.outcome == "failed")
        search.add({**row.quality, **row.summary})
        cohort.add(row)
    return _Survey(
        counts=counts, others=others, is_failed=is_failed, odd=search.found(), cohort=cohort
    )


def _write_rows(
    out: Path,
    rows: Iterable[CaptureRow],
    odd: Mapping[int, tuple[str, ...]],
    *,
    tables: Mapping[str, Sequence[TableColumn]],
    bids: bool,
) -> None:
    """Write the tables that have a row for each capture, or for each of its measures."""
    with ExitStack() as stack:
        adds = [stack.enter_context(table_file(out / name, tables[name])) for name in tables]
        add_long = stack.enter_context(table_file(out / "long.csv", GROUP_TABLES["long.csv"]))
        dataset = stack.enter_context(Derivatives(out / "bids")) if bids else None
        for at, row in enumerate(rows):
            cells = {**cells_of(row), "odd": " ".join(odd.get(at, ()))}
            for add in adds:
                add(cells)
            for one in long_rows(row):
                add_long(one)
            if dataset is not None:
                dataset.add(row, cells)


def _n_captures(folder: Path) -> int:
    """Return how many captures the list of a batch has; 0 where that is not known."""
    try:
        found = json.loads((folder / REQUEST_FILE).read_bytes())["n_captures"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return found if isinstance(found, int) else 0
