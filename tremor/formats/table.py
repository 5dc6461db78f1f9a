"""Samples and time stamps as they were read, before unit and sampling rate are known.

Readers of text fill a `Table`; `tremor.formats.readers` makes a recording of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tremor.clock.even import EvenClock
from tremor.clock.timebase import TimeBase
from tremor.integrity import Chunks
from tremor.notes import Note
from tremor.recording import AXES, Bools, Floats
from tremor.storage import RowStore

__all__ = ["AxisStatistics", "RowClock", "Table", "mark_lost"]


class RowClock(Protocol):
    """What was learnt of the sampling rate while the rows were read."""

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | TimeBase | None:
        """Return the clock, or None if only all stamps together determine it."""


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
    clock : RowClock
        What was learnt of the sampling rate while reading.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970; None if the stamps do not tell.
    zone_known : bool
        Whether that wall time is UTC.
    statistics : AxisStatistics
        Of the values.
    warnings : list of Note
        What makes the capture weaker, so far.
    history : list of str
        Processing steps so far, oldest first.
    sha256 : str
        SHA-256 of the file, if it was computed while reading; else empty.
    """

    values: RowStore
    stamps: RowStore | None
    clock: RowClock
    epoch_s: float | None = None
    zone_known: bool = False
    statistics: AxisStatistics = field(default_factory=AxisStatistics)
    warnings: list[Note] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    sha256: str = ""

    def first_stamp_s(self, row: int = 0) -> float:
        """Return the stamp of the first row that is kept, s; 0 without a time column."""
        return 0.0 if self.stamps is None else float(self.stamps.read(row, row + 1)[0, 0])

    def time_s(self) -> Floats:
        """Return all stamps, s, shape (n,)."""
        assert self.stamps is not None
        return self.stamps.read(0, len(self.stamps))[:, 0]

    def samples(self) -> Floats:
        """Return all samples in memory, in the unit of the capture, shape (n, 3)."""
        return self.values.read(0, len(self.values))

    def chunks(self, unit_ms2: float = 1.0) -> Chunks:
        """Return a function that yields the samples times a unit, chunk by chunk."""
        return lambda multiple: self.values.chunks(unit_ms2, multiple)

    def replace_values(self, values: Floats) -> None:
        """Replace all samples by others, shape (m, 3)."""
        self.values.close()
        self.values = RowStore(len(AXES), in_memory_rows=len(values))
        self.values.append(values)
        self.statistics = AxisStatistics.of(values)

    def close(self) -> None:
        """Release memory and temporary files."""
        self.values.close()
        if self.stamps is not None:
            self.stamps.close()


def mark_lost(values: Floats) -> None:
    """Set rows to NaN, in place, that have a cell without a finite number.

    Parameters
    ----------
    values : ndarray, shape (n, 3)
        In the unit of the capture.
    """
    with np.errstate(invalid="ignore"):
        sums = values[:, 0] + values[:, 1] + values[:, 2]
    if not np.isfinite(sums.sum()):
        values[~np.isfinite(values).all(axis=1)] = np.nan
