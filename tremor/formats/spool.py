"""Rows of numbers that are kept in memory while few, and in a temporary file when many."""

from __future__ import annotations

import tempfile
import threading
from types import TracebackType
from typing import IO, Final, Self

import numpy as np

from tremor.errors import CaptureReadError
from tremor.recording import Floats

__all__ = ["IN_MEMORY_ROWS", "Spool"]

#: So many rows stay in memory: an hour and more at 100 Hz.
IN_MEMORY_ROWS: Final = 500_000


class Spool:
    """Rows that are appended once and read back in pieces, from any thread.

    Parameters
    ----------
    n_columns : int
        Numbers of a row.
    in_memory_rows : int
        With more rows than this all of them go to a temporary file, which nobody else sees and
        which is gone with the spool.

    Examples
    --------
    >>> import numpy as np
    >>> with Spool(2, in_memory_rows=3) as spool:
    ...     spool.append(np.array([[1.0, 2.0], [3.0, 4.0]]))
    ...     spool.append(np.array([[5.0, 6.0], [7.0, 8.0]]))
    ...     spool.read(1, 3).tolist(), len(spool)
    ([[3.0, 4.0], [5.0, 6.0]], 4)
    """

    def __init__(self, n_columns: int, *, in_memory_rows: int = IN_MEMORY_ROWS) -> None:
        self._n_columns = n_columns
        self._in_memory_rows = in_memory_rows
        self._parts: list[Floats] = []
        self._file: IO[bytes] | None = None
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
            self._file = tempfile.TemporaryFile(prefix="tremor-", buffering=0)  # noqa: SIM115
            waiting, self._parts = self._parts, []
        else:
            waiting = [rows]
        try:
            for part in waiting:
                _write(self._file, part)
        except OSError as error:
            raise CaptureReadError(
                f"the samples do not fit into the temporary folder {tempfile.gettempdir()} "
                f"({error.strerror}); make room there, or name another folder in TMPDIR"
            ) from error

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
        with self._lock:
            self._file.seek(begin * self._n_columns * rows.itemsize)
            into, got = rows.data.cast("B"), 0
            while got < len(into):
                n_read = self._file.readinto(into[got:])  # type: ignore[attr-defined]
                if not n_read:
                    raise CaptureReadError(
                        f"the temporary file in {tempfile.gettempdir()} ends early; "
                        "make room there, or name another folder in TMPDIR"
                    )
                got += n_read
        return rows

    def close(self) -> None:
        """Give memory and file back; nothing can be read any more."""
        self._parts = []
        if self._file is not None:
            self._file.close()


def _write(file: IO[bytes], rows: Floats) -> None:
    if not len(rows):
        return
    data = np.ascontiguousarray(rows).data.cast("B")
    while len(data):
        data = data[file.write(data) :]
