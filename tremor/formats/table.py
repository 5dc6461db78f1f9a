"""Samples and time stamps as they were read, before unit and sampling rate are known.

Readers of text and of data frames fill a `Table` and list what the capture declares beside its
samples; `tremor.formats.assembly` makes a recording of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tremor.arrays import Chunks
from tremor.clock.even import EvenClock
from tremor.clock.timebase import TimeBase
from tremor.decisions import ABOUT, About, How, ReadingDecision
from tremor.notes import Note
from tremor.recording import AXES, Bools, Floats, Gravity, Placement, SensorInfo
from tremor.settings import TABLE_BOUNDS
from tremor.storage import RowStore

__all__ = ["AxisStatistics", "DeclaredFacts", "RowClock", "Table", "mark_lost"]


class RowClock(Protocol):
    """What was learnt of the sampling rate while the rows were read."""

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | TimeBase | None:
        """Return the clock, or None if only all stamps together determine it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFacts:
    """What a capture, or the user in its place, declares beside samples and stamps.

    Parameters
    ----------
    name : str
        Name of the capture in messages.
    columns : tuple of str
        Names of all its columns; empty without a header.
    first_row_number : int
        Number of the first row in messages, such as its line in the file.
    unit : str
        Unit of acceleration; empty if none is named.
    unit_without_gravity : str
        Unit where none is named and gravity is not included; empty if that is not known.
    gravity : {"included", "removed"} or None
        Whether the samples include gravity.
    sampling_rate_hz : float or None
        Rate that the user declares, Hz; with stamps only a nominal rate.
    nominal_sampling_rate_hz : float or None
        Rate that the capture declares, Hz.
    rate_in_file_name : bool
        Whether the name of the file declares that rate, not its text.
    started_at : datetime or None
        Wall time of second 0 of the stamps, with its time zone.
    sensor : SensorInfo or None
        The sensor.
    placement : Placement or None
        Where the sensor was worn.
    said : frozenset of str
        Names of those of these facts that the user declares, in place of the capture.
    unit_in_file : str
        Unit that the capture names, whatever the user declares; empty if it names none.
    """

    name: str
    columns: tuple[str, ...] = ()
    first_row_number: int = 0
    unit: str = ""
    unit_without_gravity: str = ""
    gravity: Gravity | None = None
    sampling_rate_hz: float | None = None
    nominal_sampling_rate_hz: float | None = None
    rate_in_file_name: bool = False
    started_at: datetime | None = None
    sensor: SensorInfo | None = None
    placement: Placement | None = None
    said: frozenset[str] = frozenset()
    unit_in_file: str = ""

    def how(self, fact: str) -> How:
        """Return whether a declared fact is said by the user or named by the capture."""
        return "said" if fact in self.said else "named"


@dataclass(slots=True)
class AxisStatistics:
    """Minimum, maximum and sum of each axis, and which rows are lost, gathered chunk by chunk.

    Parameters
    ----------
    minimum, maximum, total : ndarray, shape (3,)
        Of the rows that are not lost, in the unit of the capture.
    n_rows : int
        Rows so far, lost ones included.
    lost : list of ndarray of int64
        Numbers of the lost rows.
    """

    minimum: Floats = field(default_factory=lambda: np.full(len(AXES), np.inf))
    maximum: Floats = field(default_factory=lambda: np.full(len(AXES), -np.inf))
    total: Floats = field(default_factory=lambda: np.zeros(len(AXES)))
    n_rows: int = 0
    lost: list[npt.NDArray[np.int64]] = field(default_factory=list)

    @classmethod
    def of(cls, values: Floats) -> AxisStatistics:
        """Compute the statistics of rows of shape (n, 3); a row of NaN is lost."""
        statistics = cls(n_rows=len(values))
        if not len(values):
            return statistics
        minimum, maximum = _limits(values)
        if np.isnan(minimum).any():
            lost = np.isnan(values[:, 0])
            statistics.lost.append(np.flatnonzero(lost))
            values = values[~lost]
            if not len(values):
                return statistics
            minimum, maximum = _limits(values)
        statistics.minimum, statistics.maximum = minimum, maximum
        statistics.total += [values[:, axis].sum() for axis in range(len(AXES))]
        return statistics

    def extend(self, following: AxisStatistics) -> None:
        """Add the statistics of the rows that follow."""
        self.lost += [self.n_rows + part for part in following.lost]
        self.n_rows += following.n_rows
        np.minimum(self.minimum, following.minimum, out=self.minimum)
        np.maximum(self.maximum, following.maximum, out=self.maximum)
        self.total += following.total

    @property
    def n_lost(self) -> int:
        """Return the number of lost rows."""
        return sum(len(part) for part in self.lost)

    def lost_mask(self) -> Bools:
        """Return which rows are lost, shape (n_rows,)."""
        mask = np.zeros(self.n_rows, dtype=np.bool_)
        for part in self.lost:
            mask[part] = True
        return mask

    def constant(self) -> Bools:
        """Return which axes hold one value throughout, shape (3,)."""
        return np.asarray(self.minimum == self.maximum)

    def zero(self) -> Bools:
        """Return which axes are zero throughout, shape (3,)."""
        return np.asarray((self.minimum == 0.0) & (self.maximum == 0.0))

    @property
    def peak(self) -> float:
        """Return the highest absolute value of an axis."""
        return float(max(np.abs(self.minimum).max(), np.abs(self.maximum).max()))

    def is_single_axis(self) -> bool:
        """Check whether only one axis was measured: the two others are zero throughout."""
        return int(self.zero().sum()) == len(AXES) - 1


def _limits(values: Floats) -> tuple[Floats, Floats]:
    """Return minimum and maximum of each column; NaN if one of its values is."""
    columns = [values[:, axis] for axis in range(values.shape[1])]
    return np.array([c.min() for c in columns]), np.array([c.max() for c in columns])


@dataclass(slots=True, kw_only=True)
class Table:
    """Rows of samples with their stamps.

    Parameters
    ----------
    values : RowStore
        Three axes for each sample, in the unit of the capture; NaN where lost.
    stamps : RowStore or None
        Time stamp of each sample, s from the first; None without a time column.
    clock : RowClock or None
        What was learnt of the sampling rate while reading; None if only all stamps together
        determine it.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970; None if the stamps do not contain it.
    zone_known : bool
        Whether that wall time is UTC.
    clock_start_s : float or None
        What a clock that is no date showed at the first row, s.
    counter : RowStore or None
        Number of each sample or packet; None where no column counts them.
    counter_name : str
        Name of that column.
    statistics : AxisStatistics
        Of the values.
    warnings : list of Note
        What makes the capture weaker, so far.
    decisions : list of ReadingDecision
        What was decided so far; `decide` adds to it.
    history : list of str
        Processing steps so far, oldest first.
    """

    values: RowStore
    stamps: RowStore | None
    clock: RowClock | None = None
    epoch_s: float | None = None
    zone_known: bool = False
    clock_start_s: float | None = None
    counter: RowStore | None = None
    counter_name: str = ""
    statistics: AxisStatistics = field(default_factory=AxisStatistics)
    warnings: list[Note] = field(default_factory=list)
    decisions: list[ReadingDecision] = field(default_factory=list)
    history: list[str] = field(default_factory=list)

    @classmethod
    def of_arrays(cls, values: Floats, stamps_s: Floats | None) -> Table:
        """Make a table of samples of shape (n, 3) and their stamps, s, shape (n,), in memory."""
        return cls(
            values=_in_memory(values),
            stamps=None if stamps_s is None else _in_memory(stamps_s[:, None]),
            statistics=AxisStatistics.of(values),
        )

    def decide(self, about: About, value: str, how: How, why: Note | None = None) -> None:
        """Note a decision; it replaces an earlier one about the same."""
        self.decisions = [one for one in self.decisions if one.about != about]
        self.decisions.append(ReadingDecision(about, value, how, why))

    def ordered_decisions(self) -> tuple[ReadingDecision, ...]:
        """Return the decisions in the order in which they are listed."""
        return tuple(sorted(self.decisions, key=lambda one: ABOUT.index(one.about)))

    def first_stamp_s(self, row: int = 0) -> float:
        """Return the stamp of the first row that is kept, s; 0 without a time column."""
        return 0.0 if self.stamps is None else float(self.stamps.read(row, row + 1)[0, 0])

    def time_s(self) -> Floats:
        """Return all stamps, s, shape (n,)."""
        assert self.stamps is not None
        return self.stamps.read(0, len(self.stamps))[:, 0]

    def counts(self) -> Floats | None:
        """Return the number of each sample, shape (n,); None where no column counts them."""
        return None if self.counter is None else self.counter.read(0, len(self.counter))[:, 0]

    def samples(self) -> Floats:
        """Return all samples in memory, in the unit of the capture, shape (n, 3)."""
        return self.values.read(0, len(self.values))

    def chunks(self, unit_ms2: float = 1.0) -> Chunks:
        """Return a function that yields the samples times a unit, chunk by chunk."""
        return lambda multiple: self.values.chunks(unit_ms2, multiple)

    def replace_values(self, values: Floats) -> None:
        """Replace all samples by others, shape (m, 3)."""
        self.values.close()
        self.values = _in_memory(values)
        self.statistics = AxisStatistics.of(values)

    def replace_stamps(self, stamps_s: Floats) -> None:
        """Replace all stamps by others, s, shape (n,); the clock is to be found anew."""
        if self.stamps is not None:
            self.stamps.close()
        self.stamps, self.clock = _in_memory(stamps_s[:, None]), None

    def close(self) -> None:
        """Release memory and temporary files."""
        self.values.close()
        for store in (self.stamps, self.counter):
            if store is not None:
                store.close()


def _in_memory(rows: Floats) -> RowStore:
    store = RowStore(rows.shape[1], in_memory_rows=len(rows))
    store.append(rows)
    return store


def mark_lost(values: Floats) -> None:
    """Set rows to NaN, in place, that have a cell without a number that can be an acceleration.

    Parameters
    ----------
    values : ndarray, shape (n, 3)
        In the unit of the capture.
    """
    most = TABLE_BOUNDS.most_acceleration
    if len(values) and not (values.max() < most and values.min() > -most):
        values[~(np.abs(values) < most).all(axis=1)] = np.nan
