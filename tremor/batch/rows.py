"""The row of one capture, and the journal of a batch: a line a capture, appended when it is done.

A batch that was killed loses at most the line that was being written; the captures of a torn line
are done anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Self

from tremor.batch.items import Item, Shard

__all__ = ["CaptureRow", "Journal", "Outcome", "StoredRows", "journal_name", "journals_in"]

Outcome = Literal["measured", "no_tremor", "insufficient", "failed"]
#: A crash of the whole computer costs at most the rows of this time, s.
_SYNC_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRow:
    """What the tables hold of one capture.

    Parameters
    ----------
    item : Item
        The capture as it was asked for.
    key : str
        Digest of all that the result depends on; empty where the capture could not be read.
    outcome : {"measured", "no_tremor", "insufficient", "failed"}
        Status of the analysis, or that there is none.
    error_kind, error : str
        Name of the error and what it says, or why a capture is not good enough; empty without.
    summary, quality : dict
        Cells by the names of the columns.
    strength : tuple of float or None
        RMS of the tremor over time, m/s^2, for the small picture; None where none was found.
    result : str
        File of the whole result, relative to the folder of the batch; empty if there is none.
    spent_s : float
        Time of the work, s.
    is_kept : bool
        Whether it is that of an earlier run.
    folder : str
        Folder of the batch that it was read from; not written.
    """

    item: Item
    key: str
    outcome: Outcome
    error_kind: str = ""
    error: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    strength: tuple[float | None, ...] = ()
    result: str = ""
    spent_s: float = 0.0
    is_kept: bool = False
    folder: str = ""

    @property
    def page(self) -> str:
        """Return the file of the report, relative to the folder of the batch."""
        return self.result.removesuffix(".json.gz") + ".html" if self.result else ""

    def to_line(self) -> bytes:
        """Return the row as one line of JSON."""
        document = asdict(self)
        del document["folder"]
        return json.dumps(document, ensure_ascii=False, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` returned.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            document = json.loads(line)
            item = Item(**document.pop("item"))
            strength = tuple(document.pop("strength"))
            return cls(item=item, strength=strength, **document)
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"no row of a batch: {error}") from error

    def for_item(self, item: Item) -> Self:
        """Return the row of an earlier run with what is now asked of the capture."""
        return replace(self, item=item, is_kept=True)


class Journal:
    """The file that rows are appended to.

    Parameters
    ----------
    path : Path
        File; created if it is missing. A torn last line is closed first.
    """

    def __init__(self, path: Path) -> None:
        self._stream: BinaryIO = path.open("ab")
        self._synced_s = time.monotonic()
        if _is_torn(path):
            self._stream.write(b"\n")

    def add(self, row: CaptureRow) -> None:
        """Append a row."""
        self._stream.write(row.to_line())
        self._stream.flush()
        if time.monotonic() - self._synced_s > _SYNC_S:
            os.fsync(self._stream.fileno())
            self._synced_s = time.monotonic()

    def close(self) -> None:
        """Bring all rows to the disk and close the file."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()


def _is_torn(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return False
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


def journal_name(shard: Shard) -> str:
    """Return the name of the journal of a share."""
    return f"rows-{shard.i}-of-{shard.n}.jsonl"


def journals_in(folder: Path) -> list[Path]:
    """Return the journals of all shares in a folder."""
    return sorted(folder.glob("rows-*-of-*.jsonl"))


class StoredRows:
    """The rows of journals, the latest of each capture.

    Only numbers and places are held in memory, so that a million rows are no trouble.

    Parameters
    ----------
    journals : iterable of Path
        Journals; torn and foreign lines are left out.
    """

    def __init__(self, journals: Iterable[Path]) -> None:
        self._places: dict[str, tuple[int, Path, int]] = {}
        for path in journals:
            begin = 0
            with path.open("rb") as stream:
                for line in stream:
                    with suppress(ValueError):
                        item = CaptureRow.from_line(line).item
                        self._places[item.id] = (item.number, path, begin)
                    begin += len(line)

    def __iter__(self) -> Iterator[CaptureRow]:
        """Yield the rows in the order of the captures.

        Yields
        ------
        CaptureRow
            One row a capture.
        """
        with ExitStack() as stack:
            opened: dict[Path, BinaryIO] = {}
            for _, path, begin in sorted(self._places.values()):
                if path not in opened:
                    opened[path] = stack.enter_context(path.open("rb"))
                yield _row_at(opened[path], path, begin)

    def get(self, capture_id: str) -> CaptureRow | None:
        """Return the row of a capture; None if there is none."""
        place = self._places.get(capture_id)
        if place is None:
            return None
        _, path, begin = place
        with path.open("rb") as stream:
            return _row_at(stream, path, begin)


def _row_at(stream: BinaryIO, path: Path, begin: int) -> CaptureRow:
    stream.seek(begin)
    return replace(CaptureRow.from_line(stream.readline()), folder=str(path.parent))
