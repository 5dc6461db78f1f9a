"""Medians of subjects and groups with their intervals, in wide and in long form.

A group is summarised over its subjects, each with its own median: captures of one subject are no
independent draws of the group.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.batch.rows import CaptureRow
from tremor.batch.tables import TableColumn, table_file
from tremor.results.summary_columns import SUMMARY_COLUMNS

__all__ = ["GROUP_TABLES", "Cohort", "Median", "long_rows", "median_of"]

#: Columns of the summary that are summarised.
_MEASURES: Final = (
    "frequency_hz", "bandwidth_hz", "rms_ms2", "displacement_pp_mm", "initial_rms_ms2",
    "final_rms_ms2", "half_life_s", "occupancy",
)  # fmt: skip
_LEVEL: Final = 0.95
_UNIT: Final = {column.name: column.unit for column in SUMMARY_COLUMNS}
_MEANING: Final = {column.name: column.meaning for column in SUMMARY_COLUMNS}
#: Outcomes of captures with a result.
_WITH_RESULT: Final = {"no_tremor": 1, "measured": 2}
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
    found = sorted(
        one for one in np.asarray(values, dtype=np.float64).tolist() if math.isfinite(one)
    )
    n = len(found)
    if not n:
        return Median(None, None, None, 0)
    value = (found[(n - 1) // 2] + found[n // 2]) / 2.0
    k = _rank_of_limits(n)
    return Median(value, found[k - 1], found[n - k], n) if k else Median(value, None, None, n)


@cache
def _rank_of_limits(n: int) -> int:
    """Return k: from the k-th lowest to the k-th highest of n is the interval; 0 for none."""
    from scipy.stats import binom

    # It misses the median with twice the probability of fewer than k of n on one side.
    k = int(binom.ppf((1.0 - _LEVEL) / 2.0, n, 0.5))
    return k - 1 if k and 2.0 * binom.cdf(k - 1, n, 0.5) > 1.0 - _LEVEL else k


#: Whose row it is. A subject that is in two groups, as in a crossover, has a row in each.
_WHO: Final = {
    "subject": (
        TableColumn("subject", "", "The subject"),
        TableColumn("group", "", "Group of the subject"),
    ),
    "group": (TableColumn("group", "", "The group"),),
}


def _wide(kind: str, of: str) -> tuple[TableColumn, ...]:
    texts = (
        f"Median over {of}",
        "lower limit of its 95 % interval; empty below six values",
        "upper limit of its 95 % interval",
        f"number of {of}",
    )
    return (
        *_WHO[kind],
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
        *_WHO[kind],
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
        TableColumn("outcome", "", "Outcome; what is insufficient is in no median"),
        TableColumn("measure", "", "Name of a column of summary.csv"),
        TableColumn("unit", "", "Its unit"),
        TableColumn("value", "of the measure", "Value"),
        TableColumn("low", "of the measure", "Lower limit of its interval"),
        TableColumn("high", "of the measure", "Upper limit of its interval"),
    ),
}


class Cohort:
    """Gathers the measures of subjects; their medians and those of groups are written at the end.

    Eight numbers a capture are held in memory. Captures without a subject are left out.
    """

    def __init__(self) -> None:
        self._subjects: dict[tuple[str, str], int] = {}
        self._subject_of, self._outcomes = array("q"), array("q")
        self._values = array("d")

    def add(self, row: CaptureRow) -> None:
        """Add a capture."""
        if not row.item.subject:
            return
        who = (row.item.subject, row.item.group)
        self._subject_of.append(self._subjects.setdefault(who, len(self._subjects)))
        self._outcomes.append(_WITH_RESULT.get(row.outcome, 0))
        if row.outcome == "insufficient":
            self._values.extend([math.nan] * len(_MEASURES))
            return
        found = map(row.summary.get, _MEASURES)
        self._values.extend(math.nan if one is None else one for one in found)

    def write(self, out: Path) -> None:
        """Write the tables of subjects and of groups to a folder, each wide and long."""
        groups: dict[str, _Unit] = {}
        with _unit_tables(out, "subject") as add:
            for one in self._units():
                add(one)
                if one.group:
                    groups.setdefault(one.group, _Unit(name="", group=one.group)).include(one)
        with _unit_tables(out, "group") as add:
            for name in sorted(groups):
                add(groups[name])

    def _units(self) -> Iterator[_Unit]:
        """Yield the subjects by name, each with the values of its captures."""
        subject_of = np.asarray(self._subject_of, dtype=np.intp)
        order = np.argsort(subject_of, kind="stable")
        ends = np.cumsum(np.bincount(subject_of, minlength=len(self._subjects)))
        outcomes = np.asarray(self._outcomes)
        values = np.asarray(self._values).reshape(len(subject_of), len(_MEASURES))
        for who in sorted(self._subjects):
            number = self._subjects[who]
            mine = order[ends[number - 1] if number else 0 : ends[number]]
            yield _Unit(
                name=who[0],
                group=who[1],
                n_captures=len(mine),
                n_results=int(np.count_nonzero(outcomes[mine])),
                n_tremor=int(np.count_nonzero(outcomes[mine] == _WITH_RESULT["measured"])),
                values=values[mine].T.tolist(),
            )


@dataclass(slots=True, kw_only=True)
class _Unit:
    """What is gathered of a subject or a group: counts, and the values of each measure."""

    name: str
    group: str
    n_captures: int = 0
    n_results: int = 0
    n_tremor: int = 0
    values: list[list[float]] = field(default_factory=lambda: [[] for _ in _MEASURES])
    medians: tuple[Median, ...] = ()

    def include(self, subject: _Unit) -> None:
        """Add the medians of a subject of a group."""
        self.n_captures += subject.n_captures
        self.n_results += subject.n_results
        self.n_tremor += subject.n_tremor
        for values, median in zip(self.values, subject.medians, strict=True):
            if median.value is not None:
                values.append(median.value)


@contextmanager
def _unit_tables(out: Path, kind: str) -> Iterator[Callable[[_Unit], None]]:
    """Open the wide and the long table of subjects or groups, and yield what adds to both."""
    wide, long = f"{kind}s.csv", f"{kind}s_long.csv"
    with (
        table_file(out / wide, GROUP_TABLES[wide]) as add_wide,
        table_file(out / long, GROUP_TABLES[long]) as add_long,
    ):

        def add(one: _Unit) -> None:
            one.medians = tuple(map(median_of, one.values))
            who = {"subject": one.name, "group": one.group}
            counts = {name: getattr(one, name) for name in ("n_captures", "n_results", "n_tremor")}
            row = {**who, **counts}
            for name, median in zip(_MEASURES, one.medians, strict=True):
                row |= {f"{name}{part}": cell for part, cell in zip(_PARTS, median, strict=True)}
                cells = {"median": median.value, **median._asdict()}
                add_long({**who, "measure": name, "unit": _UNIT[name], **cells})
            add_wide(row)

        yield add


def long_rows(row: CaptureRow) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``long.csv`` of a capture: one for each measure that has a value."""
    item, cells = row.item, row.summary
    who = {"id": item.id, "subject": item.subject, "group": item.group, "session": item.session}
    for name in _MEASURES:
        if cells.get(name) is not None:
            yield {
                **who, "outcome": row.outcome, "measure": name, "unit": _UNIT[name],
                "value": cells[name], "low": cells.get(f"{name}_low"),
                "high": cells.get(f"{name}_high"),
            }  # fmt: skip
