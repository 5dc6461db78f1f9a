"""Rows of numbers that are kept in memory while few, and in a temporary file when many."""

from __future__ import annotations

import os
import tempfile
import threading
from bisect import bisect_right
from operator import itemgetter
from types import TracebackType
from typing import IO, Final, Self

import numpy as np

from tremor.errors import CaptureReadError
from tremor.recording import Floats

__all__ = ["IN_MEMORY_ROWS", "Spool"]

#: So many rows stay in memory: an hour and more at 100 Hz.
IN_MEMORY_ROWS: Final = 500_000


class Spool:
    """Rows that are appended once and read back in pieces, from any thread or copy of the process.

    Parameters
    ----------
    n_columns : int
        Numbers of a row.
    in_memory_rows : int
        With more rows than this all of them go to a temporary file, which nobody else sees and
        which is gone with the spool.
    is_placed : bool
        Rows are put at places of the file by `place`, and taken in order by `take`, in place of
        being appended.

    Examples
    --------
    >>> import numpy as np
    >>> with Spool(2, in_memory_rows=3) as spool:
    ...     spool.append(np.array([[1.0, 2.0], [3.0, 4.0]]))
    ...     spool.append(np.array([[5.0, 6.0], [7.0, 8.0]]))
    ...     spool.read(1, 3).tolist(), len(spool)
    ([[3.0, 4.0], [5.0, 6.0]], 4)
    >>> with Spool(1, is_placed=True) as spool:
    ...     spool.place(7, np.array([[2.0], [3.0]]))
    ...     spool.place(0, np.array([[1.0]]))
    ...     spool.take(0, 1), spool.take(7, 2)
    ...     spool.read(0, 3)[:, 0].tolist()
    (None, None)
    [1.0, 2.0, 3.0]
    """

    def __init__(
        self, n_columns: int, *, in_memory_rows: int = IN_MEMORY_ROWS, is_placed: bool = False
    ) -> None:
        self._n_columns = n_columns
        self._in_memory_rows = in_memory_rows
        self._parts: list[Floats] = []
        self._file: IO[bytes] | None = _temporary_file() if is_placed else None
        #: Row and place from which on the rows follow each other in the file.
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
        """Tell whether the rows are in memory."""
        return self._file is None

    def append(self, rows: Floats) -> None:
        """Add rows of shape (n, n_columns); the array is the spool's from now on."""
        self._n_rows += len(rows)
        if self._file is None:
            self._parts.append(rows)
            if self._n_rows <= self._in_memory_rows:
                return
            self._file = _temporary_file()
            rows, self._parts = np.concatenate(self._parts), []
        at_row = self._n_rows - len(rows)
        self.place(at_row, rows)
        self._runs = [(0, 0)]

    def place(self, at_row: int, rows: Floats) -> None:
        """Put rows where there is room for so many, from any thread or copy of the process."""
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
        """Let the next rows be those that were put there."""
        if n_rows:
            self._runs.append((self._n_rows, at_row))
            self._n_rows += n_rows

    def read(self, begin: int, end: int) -> Floats:
        """Give rows ``begin`` to ``end``, shape (end - begin, n_columns), a copy."""
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
            row, place = self._runs[number]
            last = number + 1 == len(self._runs)
            stop = end if last else min(end, self._runs[number + 1][0])
            self._fill(rows[max(row, begin) - begin : stop - begin], place + max(0, begin - row))
            if stop == end:
                break
        return rows

    def _fill(self, rows: Floats, place: int) -> None:
        """Read what follows a place of the file."""
        at, into = place * self._n_columns * rows.itemsize, rows.data.cast("B")
        while len(into):
            n_read = self._read_at(at, into)
            if not n_read:
                raise CaptureReadError(
                    f"the temporary file in {tempfile.gettempdir()} ends early; "
                    "make room there, or name another folder in TMPDIR"
                )
            at, into = at + n_read, into[n_read:]

    def _write_at(self, at: int, data: memoryview) -> int:
        """Write from a byte of the file on, and give the number of bytes."""
        assert self._file is not None
        if hasattr(os, "pwrite"):
            return os.pwrite(self._file.fileno(), data, at)
        with self._lock:
            self._file.seek(at)
            return self._file.write(data)

    def _read_at(self, at: int, into: memoryview) -> int:
        """Read what follows a byte of the file, and give the number of bytes."""
        assert self._file is not None
        if hasattr(os, "preadv"):  # has no position, which copies of a process would share
            return os.preadv(self._file.fileno(), [into], at)
        with self._lock:
            self._file.seek(at)
            return self._file.readinto(into)  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        """Give memory and file back; nothing can be read any more."""
        self._parts = []
        if self._file is not None:
            self._file.close()


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="tremor-", buffering=0)
