"""Where the bytes of a capture are: in a file, or in a member of an archive or a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tremor.formats.csv.dialects import CaptureFormat
from tremor.recording import Gravity

__all__ = ["CaptureFile", "opener_of"]


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """Where the bytes of a capture are.

    Parameters
    ----------
    path : Path
        The file, archive or folder.
    name : str
        What messages call it: the name of the file, or ``archive:member``.
    open : callable
        Opens the bytes for reading, each time from the start.
    format : CaptureFormat or None
        The format, where the name of the member tells it.
    gravity : {"included", "removed"} or None
        Whether gravity is in it, where the name tells that.
    added : CaptureFile or None
        A file whose samples are to be added, such as gravity that was stored apart.
    """

    path: Path
    name: str
    open: Callable[[], BinaryIO]
    format: CaptureFormat | None = None
    gravity: Gravity | None = None
    added: CaptureFile | None = None

    @property
    def is_a_file(self) -> bool:
        """Tell whether the bytes are a file of their own, and can be read from anywhere."""
        return self.name == self.path.name and self.path.is_file()

    def sha256(self) -> str:
        """Give the hexadecimal SHA-256 of the file, of an archive as a whole."""
        digest = hashlib.sha256()
        with self.path.open("rb") if self.path.is_file() else self.open() as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()


def opener_of(path: Path) -> Callable[[], BinaryIO]:
    """Give what opens a file for reading."""
    return lambda: path.open("rb")
