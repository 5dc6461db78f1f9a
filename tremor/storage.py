"""The samples of a recording, in memory or in a temporary file.

Facts of a capture and the recording itself are `tremor.recording`; reading files is
`tremor.formats`.
"""

from __future__ import annotations

import os
import tempfile
import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from types import TracebackType
from typing import IO, Final, Protocol, Self

import numpy as np

from tremor.arrays import Bools, Floats, read_only
from tremor.errors import CaptureReadError, InvalidInputError
from tremor.integrity import Rails

__all__ = ["IN_MEMORY_ROWS", "ArraySamples", "RowStore", "Samples", "StoredSamples"]

#: Rows that stay in memory: five hours at 100 Hz, 48 MB of samples.
IN_MEMORY_ROWS: Final = 2_000_000
#: Rows of one chunk of `RowStore.chunks`.
_CHUNK_ROWS: Final = 100_000


class Samples(Protocol):
    """The samples of a recording on an even grid, read from any thread or process."""

    def __len__(self) -> int:
        """Return the number of samples, lost ones included."""

    def read(self, begin: int, end: int) -> Floats:
        """Return samples ``begin`` to ``end``, m/s^2, NaN where lost, shape (n, 3)."""

    def clipped(self, begin: int, end: int) -> Bools:
        """Return which of these samples are at a rail of the sensor, shape (n,)."""

    def in_memory(self) -> ArraySamples:
        """Return all samples in memory."""

    def close(self) -> None:
        """Release memory and temporary file; nothing can be read any more."""


@dataclass(frozen=True, eq=False, slots=True)
class ArraySamples:
    """Samples in memory.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2; rows of NaN are lost samples. Kept read-only.
    is_clipped : ndarray of bool, shape (n,)
        Samples at a rail of the sensor on any axis.

    Raises
    ------
    InvalidInputError
        If a shape is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> samples = ArraySamples(np.zeros((5, 3)), np.zeros(5, dtype=bool))
    >>> len(samples), samples.read(3, 9).shape
    (5, (2, 3))
    """

    acceleration_ms2: Floats
    is_clipped: Bools

    def __post_init__(self) -> None:
        acceleration = read_only(self.acceleration_ms2)
        if acceleration.ndim != 2 or acceleration.shape[1] != 3:
            raise InvalidInputError(f"acceleration has shape {acceleration.shape}; give (n, 3)")
        is_clipped = read_only(self.is_clipped, np.bool_)
        if is_clipped.shape != acceleration.shape[:1]:
            raise InvalidInputError(
                f"clipped has shape {is_clipped.shape}; give ({len(acceleration)},)"
            )
        object.__setattr__(self, "acceleration_ms2", acceleration)
        object.__setattr__(self, "is_clipped", is_clipped)

    def __len__(self) -> int:
        return len(self.acceleration_ms2)

    def read(self, begin: int, end: int) -> Floats:
        """Return samples ``begin`` to ``end``, m/s^2, NaN where lost, shape (n, 3)."""
        return self.acceleration_ms2[begin:end]

    def clipped(self, begin: int, end: int) -> Bools:
        """Return which of these samples are at a rail of the sensor, shape (n,)."""
        return self.is_clipped[begin:end]

    def in_memory(self) -> Self:
        """Return the samples themselves."""
        return self

    def close(self) -> None:
        """Do nothing: the arrays may be in use elsewhere."""


@dataclass(frozen=True, eq=False, slots=True)
class StoredSamples:
    """Samples in a `RowStore`, converted to m/s^2 as they are read.

    Parameters
    ----------
    store : RowStore
        One row of three axes for each sample, in the unit of the capture; NaN where lost.
    unit_ms2 : float
        Size of that unit, m/s^2.
    rails : Rails
        Levels beyond which a sample is clipped.
    """

    store: RowStore
    unit_ms2: float
    rails: Rails

    def __len__(self) -> int:
        return len(self.store)

    def read(self, begin: int, end: int) -> Floats:
        """Return samples ``begin`` to ``end``, m/s^2, NaN where lost, shape (n, 3)."""
        rows = self.store.read(begin, end)
        if self.unit_ms2 != 1.0:
            rows *= self.unit_ms2
        return rows

    def clipped(self, begin: int, end: int) -> Bools:
        """Return which of these samples are at a rail of the sensor, shape (n,)."""
        if not (np.isfinite(self.rails.low_ms2) | np.isfinite(self.rails.high_ms2)).any():
            return np.zeros(max(0, min(end, len(self)) - begin), dtype=np.bool_)
        return self.rails.reached(self.read(begin, end))

    def in_memory(self) -> ArraySamples:
        """Return all samples in memory."""
        acceleration = self.read(0, len(self))
        acceleration.flags.writeable = False
        return ArraySamples(acceleration, self.rails.reached(acceleration))

    def close(self) -> None:
        """Release memory and temporary file; nothing can be read any more."""
        self.store.close()


class RowStore:
    """Rows of numbers, in memory while few and in a temporary file when many.

    They are written once, and read back from any thread or forked process.

    Parameters
    ----------
    n_columns : int
        Numbers in a row.
    in_memory_rows : int
        Beyond this number all rows go to an anonymous temporary file, which vanishes with the
        store.
    out_of_order : bool
        Rows are not appended: parallel readers write them to positions in the file by `put`, and
        `take` lists those positions in order.

    Examples
    --------
    >>> import numpy as np
    >>> with RowStore(2, in_memory_rows=3) as store:
    ...     store.append(np.array([[1.0, 2.0], [3.0, 4.0]]))
    ...     store.append(np.array([[5.0, 6.0], [7.0, 8.0]]))
    ...     store.read(1, 3).tolist(), len(store)
    ([[3.0, 4.0], [5.0, 6.0]], 4)
    >>> with RowStore(1, out_of_order=True) as store:
    ...     store.put(7, np.array([[2.0], [3.0]]))
    ...     store.put(0, np.array([[1.0]]))
    ...     store.take(0, 1), store.take(7, 2)
    ...     store.read(0, 3)[:, 0].tolist()
    (None, None)
    [1.0, 2.0, 3.0]
    """

    def __init__(
        self, n_columns: int, *, in_memory_rows: int = IN_MEMORY_ROWS, out_of_order: bool = False
    ) -> None:
        self._n_columns = n_columns
        self._in_memory_rows = in_memory_rows
        self._parts: list[Floats] = []
        self._file: IO[bytes] | None = _temporary_file() if out_of_order else None
        #: First row of each contiguous run, and its position in the file.
        self._runs: list[tuple[int, int]] = []
        self._lock = threading.Lock()
        self._n_rows = 0

    def __len__(self) -> int:
        return self._n_rows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_in_memory(self) -> bool:
        """Check whether the rows are in memory."""
        return self._file is None

    def append(self, rows: Floats) -> None:
        """Append rows of shape (n, n_columns); the array must not be changed afterwards."""
        self._n_rows += len(rows)
        if self._file is None:
            self._parts.append(rows)
            if self._n_rows <= self._in_memory_rows:
                return
            self._file = _temporary_file()
            rows, self._parts = np.concatenate(self._parts), []
        at_row = self._n_rows - len(rows)
        self.put(at_row, rows)
        self._runs = [(0, 0)]

    def put(self, at_row: int, rows: Floats) -> None:
        """Write rows to a position in the file, from any thread or forked process.

        Parameters
        ----------
        at_row : int
            Position, in rows from the beginning of the file; no other rows may overlap.
        rows : ndarray, shape (n, n_columns)
            What to write.

        Raises
        ------
        CaptureReadError
            If the temporary folder is full.
        """
        data = np.ascontiguousarray(rows).data.cast("B") if len(rows) else memoryview(b"")
        at = at_row * self._n_columns * rows.itemsize
        try:
            while len(data):
                n_written = self._write_at(at, data)
                data, at = data[n_written:], at + n_written
        except OSError as error:
            raise CaptureReadError(
                f"the samples do not fit into the temporary folder {tempfile.gettempdir()} "
                f"({error.strerror}); make room there, or name another folder in TMPDIR"
            ) from error

    def take(self, at_row: int, n_rows: int) -> None:
        """Append the rows that were written to a position by `put`."""
        if n_rows:
            self._runs.append((self._n_rows, at_row))
            self._n_rows += n_rows

    def read(self, begin: int, end: int) -> Floats:
        """Return a copy of rows ``begin`` to ``end``, shape (end - begin, n_columns)."""
        begin, end = min(begin, self._n_rows), min(end, self._n_rows)
        if self._file is None:
            if len(self._parts) > 1:
                self._parts = [np.concatenate(self._parts)]
            return self._parts[0][begin:end].copy()
        rows = np.empty((max(0, end - begin), self._n_columns))
        if not len(rows):
            return rows
        first = bisect_right(self._runs, begin, key=itemgetter(0)) - 1
        for number in range(first, len(self._runs)):
            row, position = self._runs[number]
            last = number + 1 == len(self._runs)
            stop = end if last else min(end, self._runs[number + 1][0])
            self._fill(rows[max(row, begin) - begin : stop - begin], position + max(0, begin - row))
            if stop == end:
                break
        return rows

    def chunks(self, factor: float, multiple: int) -> Iterator[Floats]:
        """Yield all rows times a factor.

        Parameters
        ----------
        factor : float
            Such as the size of the unit, m/s^2.
        multiple : int
            Every chunk but the last holds a multiple of this number of rows.

        Yields
        ------
        ndarray, shape (n, n_columns)
            In order.
        """
        size = max(1, _CHUNK_ROWS // multiple) * multiple
        for begin in range(0, len(self), size):
            chunk = self.read(begin, begin + size)
            if factor != 1.0:
                chunk *= factor
            yield chunk

    def _fill(self, rows: Floats, position: int) -> None:
        """Read rows that follow each other in the file."""
        at, into = position * self._n_columns * rows.itemsize, rows.data.cast("B")
        while len(into):
            n_read = self._read_at(at, into)
            if not n_read:
                raise CaptureReadError(
                    f"the temporary file in {tempfile.gettempdir()} ends early; "
                    "make room there, or name another folder in TMPDIR"
                )
            at, into = at + n_read, into[n_read:]

    def _write_at(self, at: int, data: memoryview) -> int:
        """Write at a byte of the file, and return the number of bytes written."""
        assert self._file is not None
        if hasattr(os, "pwrite"):
            return os.pwrite(self._file.fileno(), data, at)
        with self._lock:
            self._file.seek(at)
            return self._file.write(data)

    def _read_at(self, at: int, into: memoryview) -> int:
        """Read at a byte of the file, and return the number of bytes read."""
        assert self._file is not None
        if hasattr(os, "preadv"):  # forked processes share the position of a file
            return os.preadv(self._file.fileno(), [into], at)
        with self._lock:
            self._file.seek(at)
            return self._file.readinto(into)  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        """Release memory and temporary file; nothing can be read any more."""
        self._parts = []
        if self._file is not None:
            self._file.close()


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="tremor-", buffering=0)
