"""The threads that write a recording to disk.

Files are append-only. One thread writes; another calls fsync each second, which may take seconds.
Callers never wait for either: a disk that stalls or is full fills a queue of bounded length, which
then refuses items, and the caller counts them.
"""

from __future__ import annotations

import errno
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from tremor import system_calls
from tremor.counted import counted
from tremor.files import sync_folder
from tremor.formats.folder.manifest import (
    MANIFEST_FILE,
    PACKETS_FILE,
    SAMPLES_FILE,
    write_manifest,
)
from tremor.formats.folder.packet_log import FILE_HEAD, LogRecord, encode_record
from tremor.formats.folder.samples import samples_rows
from tremor.recording import Floats, SampleBlock

__all__ = ["DiskState", "DiskWriter", "Header", "Rows"]

#: Items that arrive within this time are written together, s.
_BATCH_S: Final = 0.05
_SYNC_S: Final = 1.0
#: Time until a failed write is tried again, s.
_RETRY_S: Final = 0.5
#: A longer write is reported as a stall, s; so is a longer fsync.
_STALL_S: Final = 1.0
_SLOW_SYNC_S: Final = 5.0
#: Most encoded bytes that wait for a failing disk; the rest waits in the queue.
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


Item: TypeAlias = LogRecord | Header | Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskState:
    """State of the disk.

    Parameters
    ----------
    trouble : str
        Why it fails at present, or how long it has stalled; empty if all is well.
    longest_stall_s : float
        Duration of the longest operation, s.
    n_bytes : int
        Bytes written.
    n_bytes_unwritten : int
        Bytes that could not be written by the end; 0 while it runs.
    failure : str
        Why the recording is not, or may not be, whole on the disk; empty while it runs, and if
        all of it is there.
    """

    trouble: str = ""
    longest_stall_s: float = 0.0
    n_bytes: int = 0
    n_bytes_unwritten: int = 0
    failure: str = ""


@dataclass(slots=True)
class _File:
    """An append-only file, and the bytes that wait to be appended."""

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
            self.handle = system_calls.open_new(self.path)
        data = bytes(self.pending)
        done = 0
        try:
            while done < len(data):
                done += system_calls.write(self.handle, data[done:])
        finally:
            # Written bytes stay: the rest of a half-written record follows later.
            self.crc = zlib.crc32(data[:done], self.crc)
            self.n_bytes += done
            if done:
                self.is_synced = False
            del self.pending[:done]

    def sync(self) -> None:
        if not self.is_synced:
            self.is_synced = True  # before: later bytes need the next fsync
            system_calls.sync(self.handle)

    def close(self) -> None:
        if self.handle >= 0:
            handle, self.handle = self.handle, -1
            system_calls.close(handle)

    def discard(self) -> None:
        """Remove the file, if this made it."""
        if self.handle >= 0:
            with suppress(OSError):
                self.close()
            with suppress(OSError):
                system_calls.remove(self.path)


class _Watch:
    """Durations of disk operations, also of the one in progress."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._longest_s = 0.0

    def __enter__(self) -> None:
        self._since_s = time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._longest_s = self.longest_s
        self._since_s = None

    @property
    def now_s(self) -> float:
        """Return how long the operation in progress has taken, s."""
        since_s = self._since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def longest_s(self) -> float:
        return max(self._longest_s, self.now_s)


class DiskWriter:
    """Writes packets, rows and the manifest of a folder in threads of its own.

    Parameters
    ----------
    folder : Path
        Folder of the recording; it exists.
    most_waiting : int
        Items that may wait: minutes at the sampling rate of any sensor.
    """

    def __init__(self, folder: Path, *, most_waiting: int) -> None:
        self._folder = folder
        self._most_waiting = most_waiting
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._packets = _File(folder / PACKETS_FILE, bytearray(FILE_HEAD))
        self._samples = _File(folder / SAMPLES_FILE)
        self._manifest: Mapping[str, object] | None = None
        self._write_trouble = self._sync_trouble = ""
        self._failures: list[str] = []
        self._n_named = 0
        self._writing, self._syncing = _Watch(), _Watch()
        self._patience_s = 0.0
        self._bug: BaseException | None = None
        self._is_ending = threading.Event()
        self._writer = threading.Thread(target=self._run, name="tremor-writer", daemon=True)
        self._syncer = threading.Thread(
            target=self._sync_until_end, name="tremor-syncer", daemon=True
        )

    def start(self) -> None:
        """Start writing.

        Raises
        ------
        OSError
            If the folder cannot be written; nothing is left in it.
        """
        try:
            self._packets.append_pending()
        except OSError:
            self._packets.discard()
            raise
        self._writer.start()
        self._syncer.start()

    @property
    def n_waiting(self) -> int:
        """Return the number of items that wait."""
        return self._queue.qsize()

    @property
    def state(self) -> DiskState:
        """Return the state of the disk."""
        pending = len(self._packets.pending) + len(self._samples.pending)
        return DiskState(
            trouble=self._trouble,
            longest_stall_s=max(self._writing.longest_s, self._syncing.longest_s),
            n_bytes=self._packets.n_bytes + self._samples.n_bytes,
            n_bytes_unwritten=0 if self._writer.is_alive() else pending,
            failure="" if self._writer.is_alive() else self._failure(pending),
        )

    def _failure(self, n_unwritten: int) -> str:
        if n_unwritten:
            why = self._write_trouble.partition(";")[0]
            return f"{why}; lost at the end: {counted(n_unwritten, 'byte')}"
        return self._failures[0] if self._failures else ""

    @property
    def _trouble(self) -> str:
        if self._write_trouble:
            return self._write_trouble
        stall_s, sync_s = self._writing.now_s, self._syncing.now_s
        if stall_s > _STALL_S:
            return f"the disk has not answered for {stall_s:.0f} s; the samples wait in memory"
        if sync_s > _SLOW_SYNC_S:
            return f"the disk is slow: a power cut would lose the last {sync_s:.0f} s"
        return self._sync_trouble

    def files(self) -> dict[str, dict[str, int]]:
        """Return size and CRC-32 of each file, after `end`."""
        return {
            file.path.name: {"n_bytes": file.n_bytes, "crc32": file.crc}
            for file in (self._samples, self._packets)
        }

    def put(self, item: Item) -> bool:
        """Queue an item; never waits.

        Parameters
        ----------
        item : Packet, LinkEvent, StreamGranted, Header or Rows
            In order of arrival.

        Returns
        -------
        bool
            False if the queue is full and the item is refused.
        """
        if self._queue.qsize() >= self._most_waiting or self._bug is not None:
            return False
        self._queue.put(item)
        return True

    def put_manifest(self, content: Mapping[str, object]) -> None:
        """Queue the content of the manifest, in place of one that still waits."""
        self._manifest = content

    def end(self, *, patience_s: float) -> None:
        """Write what waits and end the threads; to be called from another thread.

        Parameters
        ----------
        patience_s : float
            How long a failing write is tried again, s. What remains then is lost, and counted in
            `state`.
        """
        self._patience_s = patience_s
        self._is_ending.set()
        self._queue.put(None)
        self._writer.join()
        self._syncer.join()
        self._sync()
        for file in (self._packets, self._samples):
            self._attempt(file.close)
        if self._bug is not None:
            raise self._bug

    def write_manifest(self, content: Mapping[str, object]) -> None:
        """Write the last manifest, after `end`; a failure is in `state`.

        Parameters
        ----------
        content : mapping
            As for `tremor.formats.folder.manifest.write_manifest`. A failing disk is tried again
            as long as by `end`.
        """
        until_s = time.monotonic() + self._patience_s
        while True:
            try:
                write_manifest(self._folder, content)
            except OSError as error:
                if time.monotonic() >= until_s:
                    reason = error.strerror or error
                    self._failures.append(f"{MANIFEST_FILE} could not be closed ({reason})")
                    return
                time.sleep(_BATCH_S)
            else:
                return

    def _attempt(self, work: Callable[[], object]) -> str:
        """Do what the disk may refuse, and return the trouble; it is kept as a failure."""
        try:
            work()
        except OSError as error:
            self._failures.append(f"the disk may not have kept all of it ({error.strerror})")
            return _trouble_of(error)
        return ""

    # --- the threads -------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._write_until_end()
        except BaseException as bug:  # raised again where the recording ends
            self._bug = bug
            self._write_trouble = f"the writer failed: {type(bug).__name__}: {bug}"

    def _write_until_end(self) -> None:
        while not self._is_ending.is_set():
            if len(self._packets.pending) + len(self._samples.pending) < _MOST_PENDING_BYTES:
                self._gather()
            if not self._append():
                self._is_ending.wait(_RETRY_S)
        self._take_waiting()
        until_s = time.monotonic() + self._patience_s
        while not self._append() and time.monotonic() < until_s:
            time.sleep(_BATCH_S)

    def _sync_until_end(self) -> None:
        while not self._is_ending.wait(_SYNC_S):
            self._sync()

    def _gather(self) -> None:
        """Take the next item, and those that follow within a moment."""
        try:
            item = self._queue.get(timeout=_SYNC_S)
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
            self._samples.pending += samples_rows(
                item.block,
                time_s=item.time_s,
                arrival_s=item.arrival_s,
                with_angular_velocity=item.with_angular_velocity,
            ).encode()
        elif isinstance(item, Header):
            self._samples.pending += item.text.encode()
        else:
            self._packets.pending += encode_record(item)

    def _append(self) -> bool:
        """Write what is pending; return whether all was written."""
        try:
            with self._writing:
                self._packets.append_pending()
                self._samples.append_pending()
        except OSError as error:
            self._write_trouble = _trouble_of(error)
            return False
        self._write_trouble = ""
        return True

    def _sync(self) -> None:
        """Call fsync on what was written, and write the manifest.

        After an fsync that failed, nobody knows what is on the disk: the next one returns at once.
        """
        with self._syncing:
            troubles = [
                self._attempt(self._packets.sync),
                self._attempt(self._samples.sync),
                self._attempt(self._sync_names),
            ]
            content, self._manifest = self._manifest, None
            if content is not None:
                try:
                    write_manifest(self._folder, content)
                except OSError as error:  # the last one counts
                    troubles.append(_trouble_of(error))
        self._sync_trouble = next((one for one in troubles if one), "")

    def _sync_names(self) -> None:
        """Sync the folder when a file is new in it."""
        n_files = sum(file.handle >= 0 for file in (self._packets, self._samples))
        if n_files > self._n_named:
            self._n_named = n_files
            sync_folder(self._folder)


def _trouble_of(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full ({error.strerror}); make room, the samples wait in memory"
    return f"the disk takes nothing ({error.strerror}); the samples wait in memory"
