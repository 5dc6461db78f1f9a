"""The bytes of a capture: a file, or a member of an archive or a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from tremor.formats.csv.format_records import CaptureFormat
from tremor.printable import printable
from tremor.recording import Gravity

__all__ = ["CaptureFile", "opener_beside", "opener_of"]


def _nothing_beside(_: str) -> Callable[[], BinaryIO] | None:
    return None


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture that can be opened.

    Parameters
    ----------
    path : Path
        The file, archive or folder.
    name : str
        Name in messages: that of the file, or ``archive:member``; safe to show.
    open : callable
        Opens it for reading, each time from the start.
    format : CaptureFormat or None
        Its format, if the name of the member determines it.
    gravity : {"included", "removed"} or None
        Whether it includes gravity, if the name determines that.
    added : CaptureFile or None
        A file whose samples are added, such as gravity that is stored separately.
    beside : callable
        Takes a path from the folder of the capture; returns what opens the file there, or None.
    """

    path: Path
    name: str
    open: Callable[[], BinaryIO]
    format: CaptureFormat | None = None
    gravity: Gravity | None = None
    added: CaptureFile | None = None
    beside: Callable[[str], Callable[[], BinaryIO] | None] = _nothing_beside

    @property
    def member_name(self) -> str:
        """Return the name of the file, or that of the member within its folder."""
        return PurePath(self.name.removeprefix(printable(f"{self.path.name}:"))).name

    @property
    def is_a_file(self) -> bool:
        """Check whether it is a file of its own, which can be read at any position."""
        return self.name == printable(self.path.name) and self.path.is_file()

    def sha256(self) -> str:
        """Compute the hexadecimal SHA-256 of the file; of a member, that of its archive."""
        digest = hashlib.sha256()
        with self.path.open("rb") if self.path.is_file() else self.open() as stream:
            while some := stream.read(1 << 20):
                digest.update(some)
        return digest.hexdigest()


def opener_of(path: Path) -> Callable[[], BinaryIO]:
    """Return a function that opens a file for reading."""
    return lambda: path.open("rb")


def opener_beside(folder: Path, file: str) -> Callable[[], BinaryIO] | None:
    """Return a function that opens a file in a folder; None if there is none."""
    path = folder / file
    return opener_of(path) if path.is_file() else None
