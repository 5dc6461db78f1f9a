"""Medians of subjects and groups with their intervals, in wide and in long form.

A group is summarised over its subjects, each with its own median: captures of one subject are no
independent draws of the group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.batch.rows import CaptureRow
from tremor.batch.tables import TableColumn, write_cells
from tremor.results.summary_columns import SUMMARY_COLUMNS

__all__ = ["GROUP_TABLES", "Median", "median_of", "write_group_tables"]

#: Columns of the summary that are summarised.
_MEASURES: Final = (
    "frequency_hz", "bandwidth_hz", "rms_ms2", "displacement_pp_mm", "initial_rms_ms2",
    "final_rms_ms2", "half_life_s", "occupancy",
)  # fmt: skip
_LEVEL: Final = 0.95
_UNIT: Final = {column.name: column.unit for column in SUMMARY_COLUMNS}
_MEANING: Final = {column.name: column.meaning for column in SUMMARY_COLUMNS}
_PARTS: Final = ("", "_low", "_high", "_n")


class Median(NamedTuple):
    """Median of values, the limits of its interval, and how many there are.

    Limits are None for fewer than six values, whose extremes do not hold the median in 95 of 100
    draws.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def median_of(values: npt.ArrayLike) -> Median:
    """Compute a median and its distribution-free 95 % interval from order statistics.

    Parameters
    ----------
    values : array_like, shape (n,)
        Independent values; NaN are left out.

    Returns
    -------
    Median
        The interval holds the median of the population in at least 95 % of draws, whatever the
        distribution (Conover, Practical Nonparametric Statistics, 3rd ed., 3.2).

    Examples
    --------
    >>> median_of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    Median(value=3.5, low=1.0, high=6.0, n=6)
    """
    found = np.sort(np.asarray(values, dtype=np.float64))
    found = found[np.isfinite(found)]
    n = len(found)
    if not n:
        return Median(None, None, None, 0)
    k = _rank_of_limits(n)
    value = float(np.median(found))
    if not k:
        return Median(value, None, None, n)
    return Median(value, float(found[k - 1]), float(found[n - k]), n)


@cache
def _rank_of_limits(n: int) -> int:
    """Return k: from the k-th lowest to the k-th highest of n is the interval; 0 for none."""
    from scipy.stats import binom

    # It misses the median with twice the probability of fewer than k of n on one side.
    k = int(binom.ppf((1.0 - _LEVEL) / 2.0, n, 0.5))
    return k - 1 if k and 2.0 * binom.cdf(k - 1, n, 0.5) > 1.0 - _LEVEL else k


def _wide(kind: str, of: str) -> tuple[TableColumn, ...]:
    texts = (
        f"Median over {of}",
        "lower limit of its 95 % interval; empty below six values",
        "upper limit of its 95 % interval",
        f"number of {of}",
    )
    return (
        TableColumn(kind, "", f"The {kind}"),
        *((TableColumn("group", "", "Group of the subject"),) if kind == "subject" else ()),
        TableColumn("n_captures", "1", "Captures"),
        TableColumn("n_results", "1", "Captures with a result"),
        TableColumn("n_tremor", "1", "Captures with tremor"),
        *(
            TableColumn(
                f"{name}{part}", "1" if part == "_n" else _UNIT[name], f"{_MEANING[name]}: {text}"
            )
            for name in _MEASURES
            for part, text in zip(_PARTS, texts, strict=True)
        ),
    )


def _long(kind: str, of: str) -> tuple[TableColumn, ...]:
    return (
        TableColumn(kind, "", f"The {kind}"),
        TableColumn("measure", "", "Name of a column of summary.csv"),
        TableColumn("unit", "", "Its unit"),
        TableColumn("median", "of the measure", f"Median over {of}"),
        TableColumn("low", "of the measure", "Lower limit of its 95 % interval"),
        TableColumn("high", "of the measure", "Upper limit of its 95 % interval"),
        TableColumn("n", "1", f"Number of {of}"),
    )


#: Files and their columns.
GROUP_TABLES: Final[dict[str, Sequence[TableColumn]]] = {
    "subjects.csv": _wide("subject", "captures"),
    "subjects_long.csv": _long("subject", "captures"),
    "groups.csv": _wide("group", "medians of subjects"),
    "groups_long.csv": _long("group", "medians of subjects"),
    "long.csv": (
        TableColumn("id", "", "Capture, as in summary.csv"),
        TableColumn("subject", "", "Subject"),
        TableColumn("group", "", "Group of the subject"),
        TableColumn("session", "", "Session"),
        TableColumn("measure", "", "Name of a column of summary.csv"),
        TableColumn("unit", "", "Its unit"),
        TableColumn("value", "of the measure", "Value"),
        TableColumn("low", "of the measure", "Lower limit of its interval"),
        TableColumn("high", "of the measure", "Upper limit of its interval"),
    ),
}


def write_group_tables(out: Path, rows: Iterable[CaptureRow]) -> None:
    """Write the tables of subjects and groups; those of captures without a subject are empty.

    Parameters
    ----------
    out : Path
        Folder.
    rows : iterable of CaptureRow
        All captures.
    """
    subjects: dict[str, _Unit] = {}
    write_cells(out / "long.csv", GROUP_TABLES["long.csv"], _long_rows(_gathered(rows, subjects)))
    groups: dict[str, _Unit] = {}
    for one in subjects.values():
        if one.group:
            groups.setdefault(one.group, _Unit(one.group)).add_subject(one)
    for kind, units in (("subject", subjects), ("group", groups)):
        ordered = [units[name] for name in sorted(units)]
        wide, long = f"{kind}s.csv", f"{kind}s_long.csv"
        write_cells(out / wide, GROUP_TABLES[wide], (one.wide(kind) for one in ordered))
        write_cells(
            out / long, GROUP_TABLES[long], (row for one in ordered for row in one.long(kind))
        )


class _Unit:
    """What is gathered of a subject or a group."""

    def __init__(self, name: str, group: str = "") -> None:
        self.name, self.group = name, group
        self.counts = {"n_captures": 0, "n_results": 0, "n_tremor": 0}
        self.values: dict[str, list[float]] = {name: [] for name in _MEASURES}

    def add(self, row: CaptureRow) -> None:
        """Add a capture of a subject."""
        self.counts["n_captures"] += 1
        self.counts["n_results"] += row.outcome in {"measured", "no_tremor"}
        self.counts["n_tremor"] += row.outcome == "measured"
        for name, values in self.values.items():
            value = row.summary.get(name)
            if value is not None and row.outcome != "insufficient":
                values.append(value)

    def add_subject(self, subject: _Unit) -> None:
        """Add the medians of a subject of a group."""
        for name, count in subject.counts.items():
            self.counts[name] += count
        for name, median in subject.medians().items():
            if median.value is not None:
                self.values[name].append(median.value)

    def medians(self) -> Mapping[str, Median]:
        """Return the median of each measure."""
        return {name: median_of(values) for name, values in self.values.items()}

    def wide(self, kind: str) -> dict[str, Any]:
        """Return the row of the wide table."""
        row: dict[str, Any] = {"group": self.group, kind: self.name, **self.counts}
        for name, median in self.medians().items():
            row |= {f"{name}{part}": cell for part, cell in zip(_PARTS, median, strict=True)}
        return row

    def long(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of the long table."""
        for name, median in self.medians().items():
            yield {
                kind: self.name, "measure": name, "unit": _UNIT[name], "median": median.value,
                "low": median.low, "high": median.high, "n": median.n,
            }  # fmt: skip


def _gathered(rows: Iterable[CaptureRow], subjects: dict[str, _Unit]) -> Iterator[CaptureRow]:
    """Yield the rows, and gather their subjects on the way."""
    for row in rows:
        subject = row.item.subject
        if subject:
            subjects.setdefault(subject, _Unit(subject, row.item.group)).add(row)
        yield row


def _long_rows(rows: Iterable[CaptureRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        item, cells = row.item, row.summary
        for name in _MEASURES:
            if cells.get(name) is None:
                continue
            yield {
                "id": item.id, "subject": item.subject, "group": item.group,
                "session": item.session, "measure": name, "unit": _UNIT[name],
                "value": cells[name], "low": cells.get(f"{name}_low"),
                "high": cells.get(f"{name}_high"),
            }  # fmt: skip
