"""The rows of a recording folder, as many as are intact however it ended, and their clock.

How they are written is `tremor.formats.folder.samples`. A truncated end and damage become warnings
here; what the manifest says of the files is compared in `tremor.formats.folder.checks`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from tremor.clock.packets import fit_arrivals
from tremor.clock.timebase import TimeBase
from tremor.counted import counted
from tremor.errors import CaptureReadError, InsufficientDataError, InvalidInputError
from tremor.formats.capture_file import CaptureFile
from tremor.formats.csv.sniffing import TableLayout
from tremor.formats.folder.checks import check_folder
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE
from tremor.formats.folder.samples import ARRIVAL_COLUMN, INDEX_COLUMN
from tremor.formats.table import AxisStatistics, Table
from tremor.notes import note
from tremor.recording import AXES, Floats
from tremor.storage import RowStore

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CountedClock", "is_of_recorder", "note_damage", "salvage_rows"]

_CHUNK_ROWS: Final = 250_000
_BLOCK_BYTES: Final = 1 << 20
#: Damaged rows; a file with more of them is not read.
_MOST_DAMAGED: Final = 1000
#: No second since 1970, no count of samples and no acceleration in m/s^2 is so great.
_MOST_NUMBER: Final = 1e12


@dataclass(slots=True)
class CountedClock:
    """The clock of samples that are counted; time stamps of the sensor take precedence.

    Parameters
    ----------
    is_stamped : bool
        Whether ``time_s`` holds time stamps of the sensor.
    detects_loss : bool
        Whether the sensor itself reports losses as jumps of the index.
    index, arrival_s : list of ndarray
        Columns ``index`` and ``arrival_s``, chunk by chunk.
    """

    is_stamped: bool
    detects_loss: bool
    index: list[Floats] = field(default_factory=list)
    arrival_s: list[Floats] = field(default_factory=list)

    def fit(self, *, nominal_sampling_rate_hz: float | None = None) -> TimeBase | None:
        """Fit the clock.

        Parameters
        ----------
        nominal_sampling_rate_hz : float, optional
            Hz.

        Returns
        -------
        TimeBase or None
            Rate and grid index of each row; None if the stamps determine them.

        Raises
        ------
        CaptureReadError
            If the arrivals determine no rate.
        """
        if self.is_stamped:
            return None
        try:
            return fit_arrivals(
                np.concatenate(self.index).astype(np.int64),
                np.concatenate(self.arrival_s),
                nominal_sampling_rate_hz=nominal_sampling_rate_hz,
                loss_reported=self.detects_loss,
            )
        except InvalidInputError as error:
            raise CaptureReadError(str(error)) from error


def is_of_recorder(layout: TableLayout) -> bool:
    """Check whether a table has the columns of the recorder, index and arrivals."""
    return layout.format.declares_facts and {INDEX_COLUMN, ARRIVAL_COLUMN} <= set(layout.names)


def salvage_rows(capture: CaptureFile, layout: TableLayout) -> Table:
    """Read the intact rows of a recording.

    Parameters
    ----------
    capture : CaptureFile
        The folder, or ``samples.csv`` alone.
    layout : TableLayout
        Columns of ``samples.csv``.

    Returns
    -------
    Table
        To be closed after use. A truncated last line is left out, and so are damaged rows, whose
        time or index does not increase.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two samples.
    """
    clock = CountedClock(
        is_stamped=layout.keys.get("times") == "sensor",
        detects_loss=layout.keys.get("losses") == "told",
    )
    # Where so much is lost that the stamps no longer show the period, the count does.
    is_counted = clock.is_stamped and clock.detects_loss
    table = Table(
        values=RowStore(len(AXES)),
        stamps=RowStore(1),
        counter=RowStore(1) if is_counted else None,
        counter_name=INDEX_COLUMN if is_counted else "",
        clock=clock,
    )
    time_column = layout.names[layout.columns.time or 0] if clock.is_stamped else ARRIVAL_COLUMN
    table.decide("time_column", time_column, "named")
    try:
        _fill(table, clock, capture, layout)
        _note_manifest(table, capture, layout)
    except BaseException:
        table.close()
        raise
    return table


def _fill(table: Table, clock: CountedClock, capture: CaptureFile, layout: TableLayout) -> None:
    assert table.stamps is not None
    own = (layout.names.index(name) for name in (INDEX_COLUMN, ARRIVAL_COLUMN))
    columns = [layout.columns.time or 0, *layout.columns.axes, *own]
    n_damaged, last = 0, np.full(3, -1e300)
    for frame in _frames(capture, layout, columns):
        rows = frame[columns].to_numpy(dtype=np.float64)
        times = rows[:, [0, 4, 5]]
        # Time never decreases and the index increases, except in a damaged line.
        if not (_are_numbers(rows).all() and _advances(np.vstack((last, times[:-1])), times).all()):
            good = _good_rows(rows, times, last)
            n_damaged += int(np.count_nonzero(~good))
            rows, times = rows[good], times[good]
        if not len(rows):
            continue
        last = times[-1]
        values = np.ascontiguousarray(rows[:, 1:4])
        table.statistics.extend(AxisStatistics.of(values))
        table.values.append(values)
        table.stamps.append(np.ascontiguousarray(rows[:, :1]))
        clock.index.append(rows[:, 4].copy())
        if table.counter is not None:
            table.counter.append(np.ascontiguousarray(rows[:, 4:5]))
        clock.arrival_s.append(rows[:, 5].copy())
    if len(table.values) < 2:
        beside = _folder_of(capture) / PACKETS_FILE
        again = "; its packets may hold more: tremor convert --redecode" if beside.exists() else ""
        raise InsufficientDataError(
            f"{capture.name} holds {counted(len(table.values), 'sample')}; at least 2 are needed"
            f"{again}"
        )
    if n_damaged:
        table.warnings.append(note("DAMAGED_ROWS", n_rows=n_damaged))


def _good_rows(rows: Floats, times: Floats, last: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows are intact, shape (n,).

    If a row does not follow its neighbour, one of the two is damaged: the neighbour, if the row
    follows the one before that.
    """
    kept = np.flatnonzero(_are_numbers(rows))
    for _ in range(_MOST_DAMAGED):
        there = np.vstack((last, times[kept]))
        wrong = np.flatnonzero(~_advances(there[:-1], there[1:]))
        if not len(wrong):
            break
        at = int(wrong[0])
        leapt = at > 0 and bool(_advances(there[at - 1], there[at + 1]))
        kept = np.delete(kept, at - 1 if leapt else at)
    else:
        raise CaptureReadError(
            f"more than {_MOST_DAMAGED} rows do not go on from those before; "
            "redecode the packets with tremor convert --redecode"
        )
    good = np.zeros(len(rows), dtype=np.bool_)
    good[kept] = True
    return good


def _are_numbers(rows: Floats) -> npt.NDArray[np.bool_]:
    """Check that all cells of a row are finite and possible, shape (n,)."""
    return np.asarray((np.abs(rows) < _MOST_NUMBER).all(axis=1))


def _advances(before: Floats, after: Floats) -> npt.NDArray[np.bool_]:
    """Check that no time decreases and the index increases."""
    ahead = after - before
    return np.asarray((ahead >= 0.0).all(axis=-1) & (ahead[..., 1] > 0.0))


def _frames(
    capture: CaptureFile, layout: TableLayout, columns: list[int]
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    n_bytes = _last_line_feed(capture)
    options: dict[str, Any] = {
        "header": None, "names": range(len(layout.names)), "usecols": columns, "index_col": False,
        "skiprows": layout.n_lines_before, "chunksize": _CHUNK_ROWS, "engine": "c",
        "encoding": "utf-8", "encoding_errors": "replace",
        "quoting": csv.QUOTE_NONE,  # a damaged byte may be a quotation mark
    }  # fmt: skip
    n_given = 0
    try:
        with io.BufferedReader(_Head(capture.open(), n_bytes)) as stream:
            for frame in pd.read_csv(stream, dtype=np.float64, **options):
                n_given += len(frame)
                yield frame
    except pd.errors.EmptyDataError:
        return
    except (ValueError, OverflowError):  # a line with too many cells, or one that is no number
        options["skiprows"] = layout.n_lines_before + n_given
        with io.BufferedReader(_Head(capture.open(), n_bytes)) as stream:
            tolerant = pd.read_csv(stream, dtype=str, on_bad_lines="skip", **options)
            try:
                for frame in tolerant:
                    yield frame.apply(pd.to_numeric, errors="coerce")
            except pd.errors.ParserError as error:  # no line of a chunk has as many cells
                raise CaptureReadError(
                    f"{capture.name} holds lines that are no rows; redecode the packets with "
                    "tremor convert --redecode"
                ) from error


def _last_line_feed(capture: CaptureFile) -> int:
    """Return the number of bytes up to and including the last line feed."""
    n_read = n_whole = 0
    with capture.open() as stream:
        while some := stream.read(_BLOCK_BYTES):
            at = some.rfind(b"\n")
            if at >= 0:
                n_whole = n_read + at + 1
            n_read += len(some)
    return n_whole


class _Head(io.RawIOBase):
    """The first bytes of a stream, without a truncated last line."""

    def __init__(self, stream: BinaryIO, n_bytes: int) -> None:
        self._stream, self._left = stream, n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:  # noqa: ANN401 - whatever the buffer gives
        data = self._stream.read(min(len(into), self._left))
        into[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


# --- the manifest ------------------------------------------------------------------------------


def _folder_of(capture: CaptureFile) -> Path:
    return capture.path if capture.path.is_dir() else capture.path.parent


def _note_manifest(table: Table, capture: CaptureFile, layout: TableLayout) -> None:
    """Add warnings of what manifest and preamble say, and of what is not as they say."""
    if layout.keys.get("losses") != "told":
        table.warnings.append(note("LOSS_NOT_TOLD"))
    clock = table.clock
    assert isinstance(clock, CountedClock)
    note_damage(table, capture, last_s=float(clock.arrival_s[-1][-1]))


def note_damage(table: Table, capture: CaptureFile, *, last_s: float | None = None) -> None:
    """Add warnings of what differs from the manifest, if a capture is a recording.

    Parameters
    ----------
    table : Table
        Its rows; whichever way they were read, as a damaged header makes them those of any table.
    capture : CaptureFile
        The folder, or ``samples.csv`` alone.
    last_s : float, optional
        When the last row arrived, s from the start of the recording; by default its stamp.
    """
    folder = _folder_of(capture)
    is_of_folder = capture.path.is_dir() or capture.path.name == SAMPLES_FILE
    beside = (PACKETS_FILE, MANIFEST_FILE)  # without either it is a file of its own
    if not is_of_folder or not any((folder / name).exists() for name in beside):
        return
    if last_s is None:
        stamps = table.stamps
        last_s = 0.0 if stamps is None else float(stamps.read(len(stamps) - 1, len(stamps))[0, 0])
    table.warnings += check_folder(folder, last_s=last_s)
