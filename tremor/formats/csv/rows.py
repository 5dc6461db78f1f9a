"""Rows of a text table to samples and stamps, chunk by chunk; the text is forgotten at once.

How text becomes cells is `tremor.formats.csv.parsing`, how a stamp becomes seconds
`tremor.formats.csv.stamps`. Unit, gravity and sampling rate are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from tremor.clock.even import RunningEvenClock
from tremor.counted import counted
from tremor.errors import CaptureNotRecognisedError, CaptureReadError, InsufficientDataError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.cells import quoted
from tremor.formats.csv.layout_decisions import note_stamps
from tremor.formats.csv.parsing import (
    Block,
    Ending,
    SplitInQuotesError,
    parse_chunks,
    split_blocks,
)
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.csv.stamps import Stamps
from tremor.formats.table import AxisStatistics, Table, mark_lost
from tremor.notes import note
from tremor.recording import AXES, Bools, Floats
from tremor.settings import HELD_SAMPLES
from tremor.storage import RowStore

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_rows"]

#: Rows that are searched for repeated samples.
_HELD_ROWS: Final = 100_000


def read_rows(
    capture: CaptureFile, layout: TableLayout, *, progress: Callable[[float], object] | None = None
) -> Table:
    """Read samples and stamps of a text table.

    Parameters
    ----------
    capture : CaptureFile
        Where the bytes are.
    layout : TableLayout
        Which columns hold what.
    progress : callable, optional
        Called with the share of a long file that is read.

    Returns
    -------
    Table
        To be closed after use.

    Raises
    ------
    CaptureReadError
        If a cell is neither empty nor what its column holds, or the text is damaged.
    CaptureNotRecognisedError
        If the rows follow the clock of another, faster sensor.
    InsufficientDataError
        If there are fewer than two samples.
    """
    try:
        return _read_blocks(capture, layout, split_blocks(capture, layout), progress)
    except SplitInQuotesError:
        return _read_blocks(capture, layout, [], None)


def _read_blocks(
    capture: CaptureFile,
    layout: TableLayout,
    blocks: list[Block],
    progress: Callable[[float], object] | None,
) -> Table:
    clock = RunningEvenClock()
    table = Table(
        values=RowStore(len(AXES), out_of_order=bool(blocks)),
        stamps=None if layout.columns.time is None else RowStore(1),
        clock=clock,
        counter=None if layout.columns.counter is None else RowStore(1),
    )
    if layout.columns.counter is not None:
        names, at = layout.names, layout.columns.counter
        table.counter_name = names[at].strip() if at < len(names) else str(at + 1)
    convert = partial(_Chunk.of, layout=layout, store=table.values)
    try:
        ending = Ending()
        chunks = parse_chunks(
            capture, layout, blocks, convert=convert, ending=ending, progress=progress
        )
        _fill(table, clock, capture, layout, chunks)
        if ending.is_cut:
            table.warnings.append(note("LAST_LINE_CUT"))
    except UnicodeDecodeError as error:
        table.close()
        raise CaptureReadError(
            f"{capture.name} is damaged: {quoted(str(error))}; export it again"
        ) from error
    except BaseException:
        table.close()
        raise
    return table


@dataclass(frozen=True, eq=False, slots=True)
class _Chunk:
    """Parsed rows: stamps and samples if every cell is a number, else the cells.

    ``samples`` is None if they are in the file of the store already.
    """

    n_rows: int
    at_row: int | None
    cells: pd.DataFrame | None = None
    stamps: pd.Series | None = None
    samples: Floats | None = None
    statistics: AxisStatistics = field(default_factory=AxisStatistics)
    counts: pd.Series | None = None

    @classmethod
    def of(
        cls, cells: pd.DataFrame, at_row: int | None, *, layout: TableLayout, store: RowStore
    ) -> Self:
        """Convert cells where they were parsed, maybe in another process."""
        stamps = None if layout.columns.time is None else cells[layout.columns.time]
        counts = None if layout.columns.counter is None else cells[layout.columns.counter]
        all_numbers = all(dtype.kind in "iuf" for dtype in cells.dtypes)
        if not all_numbers or any(some is not None and some.hasnans for some in (stamps, counts)):
            return cls(len(cells), at_row, cells=cells)
        samples = _samples(cells, 0, layout)
        statistics = AxisStatistics.of(samples)
        if at_row is None:
            return cls(len(cells), None, None, stamps, samples, statistics, counts)
        store.put(at_row, samples)
        return cls(len(cells), at_row, None, stamps, None, statistics, counts)


@dataclass(slots=True)
class _Skipped:
    """Numbers of rows that are no samples."""

    n_headers: int = 0
    n_without_stamp: int = 0


def _fill(
    table: Table,
    clock: RunningEvenClock,
    capture: CaptureFile,
    layout: TableLayout,
    chunks: Iterable[_Chunk],
) -> None:
    stamps: Stamps | None = None
    n_rows, skipped = 0, _Skipped()
    for chunk in chunks:
        first_line = layout.n_lines_before + 1 + n_rows
        n_rows += chunk.n_rows
        if chunk.cells is not None:
            chunk = _convert_cells(chunk, first_line, layout, skipped)
        if not chunk.statistics.n_rows:
            continue
        if chunk.stamps is not None:
            assert table.stamps is not None
            if stamps is None:
                stamps = Stamps.of(chunk.stamps, layout, capture.name)
            seconds = stamps.unwrapped(stamps.seconds(chunk.stamps, first_line))
            clock.add(seconds)
            table.stamps.append(seconds[:, None])
        if chunk.counts is not None:
            assert table.counter is not None
            table.counter.append(_numbers(chunk.counts, first_line, layout)[:, None])
        _append(table, chunk)
    if stamps is not None:
        table.epoch_s, table.zone_known = stamps.epoch_s, stamps.zone_known
        note_stamps(table, layout, stamps)
        if table.epoch_s is None and layout.columns.started is not None:
            table.epoch_s, table.zone_known = layout.columns.started
            table.history.append("start from a date in another column")
        table.clock_start_s = stamps.clock_start_s
        table.warnings += stamps.notes()
    _check(table, capture, layout, skipped)


def _append(table: Table, chunk: _Chunk) -> None:
    table.statistics.extend(chunk.statistics)
    if chunk.at_row is None:
        assert chunk.samples is not None
        table.values.append(chunk.samples)
        return
    if chunk.samples is not None:
        table.values.put(chunk.at_row, chunk.samples)
    table.values.take(chunk.at_row, chunk.statistics.n_rows)


def _check(table: Table, capture: CaptureFile, layout: TableLayout, skipped: _Skipped) -> None:
    """Note what is missing, and refuse rows that are no capture."""
    n_rows, n_lost = len(table.values), table.statistics.n_lost
    if n_rows < 2:
        raise InsufficientDataError(
            f"{capture.name} holds {n_rows} row of samples; at least 2 are needed"
        )
    if skipped.n_headers:
        table.warnings.append(note("REPEATED_HEADER", n_rows=skipped.n_headers))
    if skipped.n_without_stamp:
        table.warnings.append(note("NO_STAMP", n_rows=skipped.n_without_stamp))
    if n_lost:
        first_line = layout.n_lines_before + 1 + int(table.statistics.lost[0][0])
        table.warnings.append(note("LOST_CELLS", n_rows=n_lost, first_line=first_line))
    if n_rows - n_lost < 2:
        raise InsufficientDataError(
            f"{layout.member} holds {counted(n_rows - n_lost, 'usable sample')}; at least 2 are "
            "needed"
        )
    if table.stamps is not None:
        _refuse_repeated_samples(table, capture)


def _refuse_repeated_samples(table: Table, capture: CaptureFile) -> None:
    """Refuse rows that repeat the samples of a slower sensor: their rate would be wrong."""
    values = table.values.read(0, _HELD_ROWS)
    values = values[np.isfinite(values[:, 0])]
    x, y, z = values.T
    differs = (x[1:] != x[:-1]) | (y[1:] != y[:-1]) | (z[1:] != z[:-1])
    changed = np.flatnonzero(differs) + 1
    if len(changed) < HELD_SAMPLES.least_changes:
        return
    runs = np.diff(changed)
    is_regular = runs.std() < HELD_SAMPLES.most_spread * runs.mean()
    if runs.mean() > HELD_SAMPLES.least_rows and is_regular:
        raise CaptureNotRecognisedError(
            f"{capture.name} repeats each acceleration over {runs.mean():.1f} rows on average: the "
            "rows follow the clock of another, faster sensor; export the accelerometer by itself"
        )


# --- cells to numbers --------------------------------------------------------------------------


def _convert_cells(
    chunk: _Chunk, first_line: int, layout: TableLayout, skipped: _Skipped
) -> _Chunk:
    """Convert cells one by one; repeated headers and rows without a stamp are skipped."""
    cells, time = chunk.cells, layout.columns.time
    assert cells is not None
    is_header = _repeated_headers(cells, layout)
    n_headers = int(np.count_nonzero(is_header))
    skipped.n_headers += n_headers
    if n_headers:
        cells = cells[~is_header]
    samples = _samples(cells, first_line, layout)
    stamps = None if time is None else cells[time]
    counts = None if layout.columns.counter is None else cells[layout.columns.counter]
    there = np.ones(len(samples), dtype=np.bool_)
    for some in (stamps, counts):
        if some is not None and some.dtype.kind not in "iu" and some.hasnans:
            there &= some.notna().to_numpy()
    if not there.all():
        skipped.n_without_stamp += int(np.count_nonzero(~there))
        samples = samples[there]
        stamps = None if stamps is None else stamps[there]
        counts = None if counts is None else counts[there]
    statistics = AxisStatistics.of(samples)
    return _Chunk(chunk.n_rows, chunk.at_row, None, stamps, samples, statistics, counts)


def _repeated_headers(cells: pd.DataFrame, layout: TableLayout) -> Bools:
    """Find rows that repeat the name of a column, as of loggers that start again."""
    repeated = np.zeros(len(cells), dtype=np.bool_)
    for column in (int(name) for name in cells.columns):
        some = cells[column]
        if some.dtype.kind in "iuf":
            continue
        name = layout.names[column].strip() if column < len(layout.names) else ""
        if name:
            text = some.astype(str).str.strip().str.strip('"').str.lower()
            # Some loggers write only the first word of it ("Time").
            names = {name.lower(), re.split(r"[ (_\[]", name.lower())[0]} - {""}
            repeated |= text.isin(names).to_numpy(dtype=np.bool_)
    return repeated


def _samples(cells: pd.DataFrame, first_line: int, layout: TableLayout) -> Floats:
    columns = layout.columns
    values = np.zeros((len(cells), len(AXES)))
    for axis, column in enumerate(columns.axes):
        values[:, axis] = _numbers(cells[column], first_line, layout)
    for axis, column in enumerate(columns.added):
        values[:, axis] += _numbers(cells[column], first_line, layout)
    mark_lost(values)
    return values


def _numbers(cells: pd.Series, first_line: int, layout: TableLayout) -> Floats:
    import pandas as pd

    if cells.dtype.kind in "iuf":
        return cells.to_numpy(dtype=np.float64)
    text = cells.astype("string").str.strip()
    if layout.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(text, errors="coerce")
    wrong = (numbers.isna() & text.notna() & (text != "")).to_numpy(dtype=np.bool_)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        line = first_line + int(cells.index[at] - cells.index[0])
        raise CaptureReadError(
            f"line {line} of {layout.member} has {quoted(str(text.iloc[at]), 30)} where a number "
            "is needed; repair the line or take it out"
        )
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)
