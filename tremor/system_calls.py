"""The system calls that write files, in one place: tests let each of them fail in its turn.

What is written, and in what order, is up to the callers; reading needs no such care.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "DiskFile",
    "close",
    "lock",
    "make_folder",
    "open_append",
    "open_folder",
    "open_new",
    "open_whole",
    "open_written",
    "remove",
    "remove_folder",
    "remove_tree",
    "replace",
    "sync",
    "sync_all",
    "write",
]

#: What a file system answers that can do no such thing; nobody is to blame, and nothing is lost.
CANNOT: Final = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EBADF}
)


def open_new(path: Path) -> int:
    """Create a file to append to, and return its handle; an existing file is an error."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
    return os.open(path, flags, 0o666)


def open_whole(path: Path) -> DiskFile:
    """Open a file to write it anew."""
    return DiskFile(path, "wb")


def open_append(path: Path) -> DiskFile:
    """Open a file to append to; it is made if it is missing."""
    return DiskFile(path, "ab")


def open_written(path: Path) -> int:
    """Open a file that is written already, to sync it, and return its handle."""
    return os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))


def open_folder(folder: Path) -> int:
    """Open a folder to sync or lock it, and return its handle."""
    return os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))


def write(handle: int, data: bytes | memoryview) -> int:
    """Write to a file, and return the number of bytes that it took."""
    return os.write(handle, data)


def sync(handle: int) -> None:
    """Wait until a file or folder is on the disk."""
    os.fsync(handle)


def sync_all() -> None:
    """Wait until all that was written to any disk of this computer is on it."""
    os.sync()


def close(handle: int) -> None:
    """Close a file or folder."""
    os.close(handle)


def replace(source: Path, target: Path) -> None:
    """Rename a file or folder; an existing file at the target is replaced."""
    source.replace(target)


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it."""
    folder.mkdir(parents=True, exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file."""
    path.unlink()


def remove_folder(folder: Path) -> None:
    """Remove an empty folder."""
    folder.rmdir()


def remove_tree(folder: Path) -> None:
    """Remove a folder and as much as can be removed of what is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def lock(handle: int) -> None:
    """Lock a file or folder for this process alone, without waiting.

    Raises
    ------
    BlockingIOError
        If another one holds it.
    """
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DiskFile(io.FileIO):
    """Binary file whose bytes go through `write`."""

    def write(self, data: Buffer, /) -> int:
        """Write to the file, and return the number of bytes that it took."""
        return write(self.fileno(), memoryview(data))
