"""The thread that writes a recording: what it is given is on the disk a moment later.

Files only grow. Nobody waits for this thread: a disk that stalls or is full fills a queue of
bounded length, and what does not fit there is refused, which the giver counts.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from tremor.formats.manifest import PACKETS_FILE, SAMPLES_FILE, write_manifest
from tremor.formats.packet_log import FILE_HEAD, LogRecord, encode_record
from tremor.formats.recorded import recorded_rows
from tremor.recording import Floats, SampleBlock

__all__ = ["DiskState", "DiskWriter", "Header", "Rows"]

#: What comes within this time is written at once, s.
_BATCH_S: Final = 0.05
_SYNC_S: Final = 1.0
#: A disk that took nothing is tried again after this time, s.
_RETRY_S: Final = 0.5
#: An operation that takes longer is a stall worth telling, s.
_STALL_S: Final = 1.0
#: Encoded bytes that wait for a disk that takes none; the rest waits in the queue.
_MOST_PENDING_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """Lines before the first row of the samples."""

    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """A block of samples with its times."""

    block: SampleBlock
    time_s: Floats
    arrival_s: float
    with_angular_velocity: bool


Item: TypeAlias = LogRecord | Header | Rows | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """How the disk does.

    Parameters
    ----------
    trouble : str
        Why it takes nothing just now, or for how long it has stalled; empty where all is well.
    longest_stall_s : float
        The longest that one operation took, s.
    n_bytes : int
        Bytes written.
    n_bytes_unwritten : int
        Bytes that it did not take up to the end; 0 while it runs.
    """

    trouble: str = ""
    longest_stall_s: float = 0.0
    n_bytes: int = 0
    n_bytes_unwritten: int = 0


@dataclass(slots=True)
class _File:
    """A file that only grows, and what waits to be appended."""

    path: Path
    pending: bytearray = field(default_factory=bytearray)
    handle: int = -1
    n_bytes: int = 0
    crc: int = 0
    is_synced: bool = True

    def append_pending(self) -> None:
        if not self.pending:
            return
        if self.handle < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self.handle = os.open(self.path, flags, 0o666)
        data = bytes(self.pending)
        done = 0
        try:
            while done < len(data):
                done += os.write(self.handle, data[done:])
        finally:
            # What went down stays: half a record now and the rest of it later are one record.
            self.crc = zlib.crc32(data[:done], self.crc)
            self.n_bytes += done
            self.is_synced = self.is_synced and not done
            del self.pending[:done]

    def sync(self) -> None:
        if not self.is_synced:
            os.fsync(self.handle)
            self.is_synced = True

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


class DiskWriter:
    """Writes packets, rows and the manifest of one folder in a thread of its own.

    Parameters
    ----------
    folder : Path
        It exists.
    most_waiting : int
        Items that may wait: minutes at the rate of any sensor.
    """

    def __init__(self, folder: Path, *, most_waiting: int) -> None:
        self._folder = folder
        self._most_waiting = most_waiting
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._packets = _File(folder / PACKETS_FILE, bytearray(FILE_HEAD))
        self._samples = _File(folder / SAMPLES_FILE)
        self._manifest: Mapping[str, object] | None = None
        self._trouble = ""
        self._busy_since_s: float | None = None
        self._longest_stall_s = 0.0
        self._patience_s = 0.0
        self._bug: BaseException | None = None
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tremor-recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """Count the items that wait."""
        return self._queue.qsize()

    @property
    def state(self) -> DiskState:
        """Tell how the disk does."""
        busy_since_s = self._busy_since_s
        stall_s = 0.0 if busy_since_s is None else time.monotonic() - busy_since_s
        trouble = self._trouble
        if not trouble and stall_s > _STALL_S:
            trouble = f"the disk has not answered for {stall_s:.0f} s; the samples wait in memory"
        return DiskState(
            trouble=trouble,
            longest_stall_s=max(self._longest_stall_s, stall_s),
            n_bytes=self._packets.n_bytes + self._samples.n_bytes,
            n_bytes_unwritten=(
                0
                if self._thread.is_alive()
                else len(self._packets.pending) + len(self._samples.pending)
            ),
        )

    def files(self) -> dict[str, dict[str, int]]:
        """Give bytes and CRC-32 of each file, once it is ended."""
        return {
            file.path.name: {"n_bytes": file.n_bytes, "crc32": file.crc}
            for file in (self._samples, self._packets)
        }

    def put(self, item: Item) -> bool:
        """Hand over what is to be written; never waits.

        Parameters
        ----------
        item : Packet, LinkEvent, StreamGranted, Header, Rows or mapping
            A mapping is the manifest; the last one counts.

        Returns
        -------
        bool
            False where too much waits already: the item is not taken.
        """
        if self._queue.qsize() >= self._most_waiting or self._bug is not None:
            return False
        self._queue.put(item)
        return True

    def end(self, *, patience_s: float) -> None:
        """Write what waits, and end the thread; to be called from another thread.

        Parameters
        ----------
        patience_s : float
            How long a disk that takes nothing is tried again, s. What it did not take by then is
            lost, and is counted in `state`.
        """
        self._patience_s = patience_s
        self._is_ending.set()
        self._queue.put(None)
        self._thread.join()
        if self._bug is not None:
            raise self._bug

    # --- the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._write_until_end()
        except BaseException as bug:  # raised again where the recording ends
            self._bug = bug
            self._trouble = f"the writer failed: {type(bug).__name__}: {bug}"
        finally:
            self._packets.close()
            self._samples.close()

    def _write_until_end(self) -> None:
        next_sync_s = time.monotonic()
        while not self._is_ending.is_set():
            if len(self._packets.pending) + len(self._samples.pending) < _MOST_PENDING_BYTES:
                self._gather(max(0.0, next_sync_s - time.monotonic()))
            if not self._append():
                self._is_ending.wait(_RETRY_S)
            elif time.monotonic() >= next_sync_s:
                self._sync()
                next_sync_s = time.monotonic() + _SYNC_S
        self._take_waiting()
        until_s = time.monotonic() + self._patience_s
        while not self._append() and time.monotonic() < until_s:
            time.sleep(_BATCH_S)
        self._sync()

    def _gather(self, wait_s: float) -> None:
        """Take what comes within the wait, and what else comes in the same moment."""
        try:
            item = self._queue.get(timeout=wait_s) if wait_s > 0.0 else self._queue.get_nowait()
        except Empty:
            return
        if item is not None:
            self._encode(item)
            self._is_ending.wait(_BATCH_S)
        self._take_waiting()

    def _take_waiting(self) -> None:
        for _ in range(self._queue.qsize()):
            item = self._queue.get_nowait()
            if item is not None:
                self._encode(item)

    def _encode(self, item: Item) -> None:
        if isinstance(item, Rows):
            self._samples.pending += recorded_rows(
                item.block,
                time_s=item.time_s,
                arrival_s=item.arrival_s,
                with_angular_velocity=item.with_angular_velocity,
            ).encode()
        elif isinstance(item, Header):
            self._samples.pending += item.text.encode()
        elif isinstance(item, Mapping):
            self._manifest = item
        else:
            self._packets.pending += encode_record(item)

    def _append(self) -> bool:
        """Write what is pending; say whether the disk took it all."""
        try:
            self._busy_since_s = time.monotonic()
            self._packets.append_pending()
            self._samples.append_pending()
            if self._manifest is not None:
                write_manifest(self._folder, self._manifest)
                self._manifest = None
        except OSError as error:
            self._trouble = _trouble_of(error)
            return False
        finally:
            self._note_stall()
        self._trouble = ""
        return True

    def _sync(self) -> None:
        try:
            self._busy_since_s = time.monotonic()
            self._packets.sync()
            self._samples.sync()
        except OSError as error:
            self._trouble = _trouble_of(error)
        finally:
            self._note_stall()

    def _note_stall(self) -> None:
        assert self._busy_since_s is not None
        took_s = time.monotonic() - self._busy_since_s
        self._longest_stall_s = max(self._longest_stall_s, took_s)
        self._busy_since_s = None


def _trouble_of(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full ({error.strerror}); make room, the samples wait in memory"
    return f"the disk takes nothing ({error.strerror}); the samples wait in memory"
