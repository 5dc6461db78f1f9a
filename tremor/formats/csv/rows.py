"""The rows of a capture: samples and stamps, and what was lost, before a clock is fitted.

How text becomes cells is `tremor.formats.csv.parsing`, and how a stamp becomes seconds
`tremor.formats.csv.stamps`. Unit and gravity are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from tremor.clock.even import EvenClock, RunningEvenClock
from tremor.clock.timebase import TimeBase
from tremor.errors import CaptureNotRecognisedError, CaptureReadError, InsufficientDataError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.parsing import Block, CutInQuotesError, chunks, cut
from tremor.formats.csv.sniffing import Sniffed
from tremor.formats.csv.stamps import Stamps
from tremor.integrity import Pieces
from tremor.notes import Note, note
from tremor.recording import AXES, Floats
from tremor.storage import RowStore

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Extremes", "Table", "clear_lost", "read_table"]

_HELD_ROWS: Final = 100_000


class FitsClock(Protocol):
    """What has been told of the rate while reading."""

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> EvenClock | TimeBase | None:
        """Give the clock, or None where it takes all the stamps to tell."""


@dataclass(slots=True)
class Table:
    """What the rows held, before the clock is fitted.

    Parameters
    ----------
    values : RowStore
        One row of three axes for each sample, in the unit of the capture; NaN where lost.
    stamps : RowStore or None
        Stamp of each sample, s from the first; None without a time column.
    clock : FitsClock
        What has been told of the rate while reading.
    epoch_s : float or None
        Wall time of the first stamp, s since 1970.
    zone_known : bool
        Whether that is UTC.
    extremes : Extremes
        Of the values.
    warnings, history
        What was met while reading.
    """

    values: RowStore
    stamps: RowStore | None
    clock: FitsClock
    epoch_s: float | None
    zone_known: bool
    extremes: Extremes
    warnings: list[Note]
    history: list[str]

    @property
    def first_s(self) -> float:
        """Give the first stamp, s; 0 without a time column."""
        return 0.0 if self.stamps is None else float(self.stamps.read(0, 1)[0, 0])

    def time_s(self) -> Floats:
        """Give all stamps, s, shape (n,)."""
        assert self.stamps is not None
        return self.stamps.read(0, len(self.stamps))[:, 0]

    def pieces(self, unit_ms2: float = 1.0) -> Pieces:
        """Give a function that gives the values times a unit, in pieces."""
        return lambda multiple: self.values.chunks(unit_ms2, multiple)

    def replace_values(self, values: Floats) -> None:
        """Put other values in place of those that were read."""
        self.values.close()
        self.values = RowStore(len(AXES), in_memory_rows=len(values))
        self.values.append(values)
        self.extremes = Extremes()
        self.extremes.add(values)

    def close(self) -> None:
        """Give memory and temporary files back."""
        self.values.close()
        if self.stamps is not None:
            self.stamps.close()


@dataclass(slots=True)
class Extremes:
    """Least and greatest number and sum of each axis, and which rows are lost."""

    low: Floats = field(default_factory=lambda: np.full(len(AXES), np.inf))
    high: Floats = field(default_factory=lambda: np.full(len(AXES), -np.inf))
    total: Floats = field(default_factory=lambda: np.zeros(len(AXES)))
    n_rows: int = 0
    lost: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, values: Floats) -> None:
        """Take the next rows; a row of NaN is lost."""
        if not len(values):
            return
        low, high = _limits(values)
        lost = np.isnan(values[:, 0]) if np.isnan(low).any() else np.zeros(0, np.bool_)
        n_before, self.n_rows = self.n_rows, self.n_rows + len(values)
        if lost.any():
            self.lost.append(n_before + np.flatnonzero(lost))
            values = values[~lost]
            if not len(values):
                return
            low, high = _limits(values)
        np.minimum(self.low, low, out=self.low)
        np.maximum(self.high, high, out=self.high)
        self.total += [values[:, axis].sum() for axis in range(len(AXES))]

    def join(self, following: Extremes) -> None:
        """Take what was told of the next rows."""
        self.lost += [self.n_rows + part for part in following.lost]
        self.n_rows += following.n_rows
        np.minimum(self.low, following.low, out=self.low)
        np.maximum(self.high, following.high, out=self.high)
        self.total += following.total

    @property
    def n_lost(self) -> int:
        """Count the rows that are lost."""
        return sum(len(part) for part in self.lost)

    def lost_mask(self) -> npt.NDArray[np.bool_]:
        """Tell of each row whether it is lost."""
        mask = np.zeros(self.n_rows, dtype=np.bool_)
        for part in self.lost:
            mask[part] = True
        return mask

    def constant(self) -> npt.NDArray[np.bool_]:
        """Tell which axes hold one value throughout."""
        return np.asarray(self.low == self.high)

    def zero(self) -> npt.NDArray[np.bool_]:
        """Tell which axes are zero throughout."""
        return np.asarray((self.low == 0.0) & (self.high == 0.0))


def _limits(values: Floats) -> tuple[Floats, Floats]:
    """Give least and greatest of each column, NaN where one is NaN."""
    columns = [values[:, axis] for axis in range(values.shape[1])]
    return np.array([c.min() for c in columns]), np.array([c.max() for c in columns])


@dataclass(frozen=True, eq=False, slots=True)
class _Chunk:
    """Rows as they were parsed: stamps and samples where no cell is missing, cells elsewhere.

    ``samples`` is None where they are in the file of the store already.
    """

    n_rows: int
    at_row: int | None
    frame: pd.DataFrame | None = None
    stamps: pd.Series | None = None
    samples: Floats | None = None
    extremes: Extremes = field(default_factory=Extremes)

    @classmethod
    def of(
        cls, frame: pd.DataFrame, at_row: int | None, *, found: Sniffed, store: RowStore
    ) -> Self:
        stamps = None if found.columns.time is None else frame[found.columns.time]
        is_plain = all(dtype.kind in "iuf" for dtype in frame.dtypes)
        if not is_plain or (stamps is not None and stamps.hasnans):
            return cls(len(frame), at_row, frame=frame)
        samples = _samples(frame, 0, found)
        extremes = Extremes()
        extremes.add(samples)
        if at_row is None:
            return cls(len(frame), None, stamps=stamps, samples=samples, extremes=extremes)
        store.put(at_row, samples)
        return cls(len(frame), at_row, stamps=stamps, extremes=extremes)


def _samples(frame: pd.DataFrame, first_line: int, found: Sniffed) -> Floats:
    matched = found.columns
    values = np.zeros((len(frame), len(AXES)))
    for axis, column in enumerate(matched.axes):
        values[:, axis] = _numbers(frame[column], first_line, found)
    for axis, column in enumerate(matched.added):
        values[:, axis] += _numbers(frame[column], first_line, found)
    clear_lost(values)
    return values


def read_table(
    capture: CaptureFile, found: Sniffed, *, progress: Callable[[float], object] | None = None
) -> Table:
    """Read the rows in chunks; the text of a chunk is forgotten before the next is read.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    found : Sniffed
        Which columns hold what.
    progress : callable, optional
        Told the share of a long file that is read.

    Returns
    -------
    Table
        To be closed after use.

    Raises
    ------
    CaptureReadError
        Where a cell is neither empty nor what its column holds, or the text is damaged.
    CaptureNotRecognisedError
        Where the rows follow the clock of another, faster sensor.
    InsufficientDataError
        Where there are fewer than two samples.
    """
    try:
        return _read_blocks(capture, found, cut(capture, found), progress)
    except CutInQuotesError:
        return _read_blocks(capture, found, [], None)


def _read_blocks(
    capture: CaptureFile,
    found: Sniffed,
    blocks: list[Block],
    progress: Callable[[float], object] | None,
) -> Table:
    clock = RunningEvenClock()
    table = Table(
        values=RowStore(len(AXES), out_of_order=bool(blocks)),
        stamps=None if found.columns.time is None else RowStore(1),
        clock=clock,
        epoch_s=None,
        zone_known=False,
        extremes=Extremes(),
        warnings=[],
        history=[],
    )
    then = partial(_Chunk.of, found=found, store=table.values)
    parsed = chunks(capture, found, blocks, then=then, progress=progress)
    try:
        _fill(table, clock, capture, found, parsed)
    except UnicodeDecodeError as error:
        table.close()
        raise CaptureReadError(
            f"{capture.name} is damaged: {quoted(str(error))}; export it again"
        ) from error
    except BaseException:
        table.close()
        raise
    return table


@dataclass(slots=True)
class _LeftOut:
    """Count rows that are none."""

    n_headers: int = 0
    n_timeless: int = 0


def _looked_through(chunk: _Chunk, first_line: int, found: Sniffed, left_out: _LeftOut) -> _Chunk:
    """Read cells one by one: repeated headers and rows without a stamp are left out."""
    frame, time = chunk.frame, found.columns.time
    assert frame is not None
    keep, n_headers = _repeated_headers(frame, found)
    left_out.n_headers += n_headers
    if n_headers:
        frame = frame[keep]
    samples = _samples(frame, first_line, found)
    stamps = None if time is None else frame[time]
    if stamps is not None and stamps.dtype.kind not in "iu" and stamps.hasnans:
        there = stamps.notna().to_numpy()
        left_out.n_timeless += int(np.count_nonzero(~there))
        stamps, samples = stamps[there], samples[there]
    extremes = Extremes()
    extremes.add(samples)
    return _Chunk(chunk.n_rows, chunk.at_row, stamps=stamps, samples=samples, extremes=extremes)


def _fill(
    table: Table,
    even_clock: RunningEvenClock,
    capture: CaptureFile,
    found: Sniffed,
    parsed: Iterable[_Chunk],
) -> None:
    clock: Stamps | None = None
    n_rows, left_out = 0, _LeftOut()
    for chunk in parsed:
        first_line = found.n_lines_before + 1 + n_rows
        n_rows += chunk.n_rows
        if chunk.frame is not None:
            chunk = _looked_through(chunk, first_line, found, left_out)
        if not chunk.extremes.n_rows:
            continue
        if chunk.stamps is not None:
            assert table.stamps is not None
            if clock is None:
                clock = Stamps.of(chunk.stamps, found, capture.name)
            seconds = clock.unwrapped(clock.seconds(chunk.stamps, first_line))
            even_clock.add(seconds)
            table.stamps.append(seconds[:, None])
        table.extremes.join(chunk.extremes)
        if chunk.at_row is None:
            assert chunk.samples is not None
            table.values.append(chunk.samples)
            continue
        if chunk.samples is not None:
            table.values.put(chunk.at_row, chunk.samples)
        table.values.take(chunk.at_row, chunk.extremes.n_rows)
    n_samples = len(table.values)
    if n_samples < 2:
        raise InsufficientDataError(
            f"{capture.name} holds {n_samples} row of samples; at least 2 are needed"
        )
    if clock is not None:
        table.epoch_s, table.zone_known = clock.epoch_s, clock.zone_known
        table.history.append(f"time from {clock.unit}")
    if left_out.n_headers:
        table.warnings.append(note("REPEATED_HEADER", n_rows=left_out.n_headers))
    if left_out.n_timeless:
        table.warnings.append(note("NO_STAMP", n_rows=left_out.n_timeless))
    _note_lost(table, found)
    if clock is not None:
        _refuse_held(table, capture)


def _repeated_headers(frame: pd.DataFrame, found: Sniffed) -> tuple[npt.NDArray[np.bool_], int]:
    """Find rows whose time or axis cell is the name of its column (loggers that start again)."""
    repeated = np.zeros(len(frame), dtype=np.bool_)
    for column in (int(name) for name in frame.columns):
        cells = frame[column]
        if cells.dtype.kind in "iuf":
            continue
        name = found.names[column].strip() if column < len(found.names) else ""
        if name:
            text = cells.astype(str).str.strip().str.strip('"').str.lower()
            # Some write only the first word of it ("Time").
            names = {name.lower(), re.split(r"[ (_\[]", name.lower())[0]} - {""}
            repeated |= text.isin(names).to_numpy(dtype=np.bool_)
    return ~repeated, int(np.count_nonzero(repeated))


def _numbers(cells: pd.Series, first_line: int, found: Sniffed) -> Floats:
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy(dtype=np.float64)
    text = cells.astype("string").str.strip()
    if found.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce")
    wrong = (numbers.isna() & text.notna() & (text != "")).to_numpy(dtype=np.bool_)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        row = first_line + int(cells.index[at] - cells.index[0])
        raise CaptureReadError(
            f"line {row} of {found.member} has {quoted(str(text.iloc[at]), 30)} where a number is "
            "needed; repair the line or take it out"
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def clear_lost(values: Floats) -> None:
    """Make whole rows NaN where a cell holds no number."""
    with np.errstate(invalid="ignore"):
        sums = values[:, 0] + values[:, 1] + values[:, 2]
    if not np.isfinite(sums.sum()):
        values[~np.isfinite(values).all(axis=1)] = np.nan


def _note_lost(table: Table, found: Sniffed) -> None:
    n_lost = table.extremes.n_lost
    if n_lost:
        first = found.n_lines_before + 1 + int(table.extremes.lost[0][0])
        table.warnings.append(note("LOST_CELLS", n_rows=n_lost, first_line=first))
    n_there = len(table.values) - n_lost
    if n_there < 2:
        raise InsufficientDataError(
            f"{found.member} holds {n_there} usable samples; at least 2 are needed"
        )


def _refuse_held(table: Table, capture: CaptureFile) -> None:
    """Refuse rows that hold the values of a slower sensor: their rate would be a wrong one."""
    values = table.values.read(0, _HELD_ROWS)
    values = values[np.isfinite(values[:, 0])]
    changed = np.flatnonzero((np.diff(values, axis=0) != 0).any(axis=1)) + 1
    if len(changed) < 8:
        return
    runs = np.diff(changed)
    if runs.mean() > 1.8 and runs.std() < 0.35 * runs.mean():
        raise CaptureNotRecognisedError(
            f"{capture.name} repeats each acceleration over {runs.mean():.1f} rows on average: the "
            "rows follow the clock of another, faster sensor; export the accelerometer by itself"
        )
