"""The row of one capture, and the journal of a batch: a line a capture, appended when it is done.

A batch that was killed loses at most the line that was being written; the captures of a torn line
are done anew.
"""

from __future__ import annotations

import io
import json
import os
import re
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Self

from tremor import system_calls
from tremor.batch.items import Item, Shard
from tremor.errors import WouldOverwriteError
from tremor.files import sync_folder

__all__ = ["CaptureRow", "Journal", "Outcome", "StoredRows", "journal_name", "journals_in"]

Outcome = Literal["measured", "no_tremor", "insufficient", "failed"]
#: A crash of the whole computer costs at most the rows of this time, s.
_SYNC_S: Final = 1.0
#: How `CaptureRow.to_line` begins and ends. A million lines are looked through in seconds, and torn
#: ones, which have no such end, are left out.
_HEAD: Final = re.compile(rb'\{"item": \{"number": (\d+), "id": "([^"\\]+)", ')
_TAIL: Final = re.compile(rb', "written_at": (\d[\d.e+]*)\}\n\Z')
_TAIL_BYTES: Final = 64


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
    written_at : float
        Time at which it was written, s since 1970; of several rows the latest counts.
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
    written_at: float = 0.0

    @property
    def page(self) -> str:
        """Return the file of the report, relative to the folder of the batch."""
        return self.result.removesuffix(".json.gz") + ".html" if self.result else ""

    def to_line(self) -> bytes:
        """Return the row as one line of JSON."""
        document = asdict(self)
        del document["folder"], document["item"]["source"]
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        return text.encode(errors="surrogatepass") + b"\n"  # names of files are any bytes

    @classmethod
    def from_line(cls, line: bytes, *, folder: str = "", as_text: bool = False) -> Self:
        """Read what `to_line` returned.

        Parameters
        ----------
        line : bytes
            One line of a journal.
        folder : str
            Folder of the batch.
        as_text : bool
            Whether floating-point numbers stay text, as tables have them; twice as fast.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            document = json.loads(line, parse_float=str if as_text else None)
            item = Item(**document.pop("item"))
            strength = tuple(document.pop("strength"))
            return cls(item=item, strength=strength, folder=folder, **document)
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

    Raises
    ------
    WouldOverwriteError
        If another process writes it, where the file system has locks.
    OSError
        If it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._stream = io.BufferedWriter(system_calls.open_append(path))
        self._synced_s = time.monotonic()
        try:
            self._lock(path)
            sync_folder(path.parent)
            if _is_torn(path):
                self._stream.write(b"\n")
        except BaseException:
            self._stream.close()
            raise

    def _lock(self, path: Path) -> None:
        try:
            if os.name != "nt":  # there a locked file could not be read either
                system_calls.lock(self._stream.fileno())
        except BlockingIOError:
            raise WouldOverwriteError(
                f"another batch is writing {path}; wait for it, or give another folder"
            ) from None
        except OSError as error:
            if error.errno not in system_calls.CANNOT:
                raise

    def add(self, row: CaptureRow) -> None:
        """Append a row."""
        self._stream.write(replace(row, written_at=time.time()).to_line())
        self._stream.flush()
        if time.monotonic() - self._synced_s > _SYNC_S:
            system_calls.sync(self._stream.fileno())
            self._synced_s = time.monotonic()

    def close(self) -> None:
        """Bring all rows to the disk and close the file."""
        try:
            self._stream.flush()
            system_calls.sync(self._stream.fileno())
        finally:
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

    Only their places are held in memory, so that a million rows are no trouble.

    Parameters
    ----------
    journals : iterable of Path
        Journals; torn and foreign lines are left out.
    """

    def __init__(self, journals: Iterable[Path]) -> None:
        self._journals = list(journals)
        self._at: dict[str, int] = {}
        self._numbers, self._begins = array("q"), array("q")
        self._journal_of, self._written_at = array("q"), array("d")
        for journal, path in enumerate(self._journals):
            for begin, number, name, written_at in _places_in(path):
                at = self._at.get(name)
                if at is None:
                    self._at[name] = len(self._numbers)
                    self._numbers.append(number)
                    self._begins.append(begin)
                    self._journal_of.append(journal)
                    self._written_at.append(written_at)
                elif written_at >= self._written_at[at]:
                    self._numbers[at], self._begins[at] = number, begin
                    self._journal_of[at], self._written_at[at] = journal, written_at

    def __iter__(self) -> Iterator[CaptureRow]:
        """Yield the rows in the order of the captures.

        Yields
        ------
        CaptureRow
            One row a capture.
        """
        order = sorted(
            range(len(self._numbers)),
            key=lambda at: (self._numbers[at], self._journal_of[at], self._begins[at]),
        )
        yield from self._read(order)

    def __contains__(self, capture_id: str) -> bool:
        """Check whether there is a row of a capture."""
        return capture_id in self._at

    def of(self, ids: Iterable[str], *, as_text: bool = False) -> Iterator[CaptureRow]:
        """Yield the rows of captures, in the order of their ids; those without a row are left out.

        Parameters
        ----------
        ids : iterable of str
            Ids of captures.
        as_text : bool
            As in `CaptureRow.from_line`.

        Yields
        ------
        CaptureRow
            One row a capture.
        """
        yield from self._read((self._at[one] for one in ids if one in self._at), as_text=as_text)

    def get(self, capture_id: str) -> CaptureRow | None:
        """Return the row of a capture; None if there is none."""
        return next(self.of([capture_id]), None)

    def current(self, n_captures: Mapping[Path, int]) -> list[str]:
        """Return the ids of the captures that are in the last list of their batch, in order.

        Parameters
        ----------
        n_captures : mapping of Path to int
            Length of the list of each folder, where it is known.

        Returns
        -------
        list of str
            Without captures that were taken out of the list since they were done: their place is
            that of another one, or beyond its end.
        """
        latest: dict[tuple[Path, int], int] = {}
        for at, number in enumerate(self._numbers):
            folder = self._journals[self._journal_of[at]].parent
            if number >= n_captures.get(folder, number + 1):
                continue
            there = latest.setdefault((folder, number), at)
            if self._written_at[at] > self._written_at[there]:
                latest[folder, number] = at
        names = dict(zip(self._at.values(), self._at, strict=True))
        kept = sorted(latest.values(), key=lambda at: (self._numbers[at], self._journal_of[at]))
        return [names[at] for at in kept]

    def _read(self, order: Iterable[int], *, as_text: bool = False) -> Iterator[CaptureRow]:
        folders = [str(path.parent) for path in self._journals]
        with ExitStack() as stack:
            opened: dict[int, BinaryIO] = {}
            for at in order:
                journal = self._journal_of[at]
                if journal not in opened:
                    opened[journal] = stack.enter_context(self._journals[journal].open("rb"))
                stream = opened[journal]
                stream.seek(self._begins[at])
                line = stream.readline()
                yield CaptureRow.from_line(line, folder=folders[journal], as_text=as_text)


def _places_in(path: Path) -> Iterator[tuple[int, int, str, float]]:
    """Yield where the rows of a journal begin, their numbers, ids, and when they were written."""
    begin = 0
    with path.open("rb") as stream:
        for line in stream:
            head, tail = _HEAD.match(line), _TAIL.search(line, max(0, len(line) - _TAIL_BYTES))
            if head and tail:
                yield begin, int(head[1]), head[2].decode(), float(tail[1])
            begin += len(line)
