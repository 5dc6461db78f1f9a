"""A folder for the time that the program runs, which also a killed program leaves for no longer.

The folder holds a locked file. The system releases the lock when the process ends, however that
ends, so that the next start knows by it what nobody needs any more.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tremor import system_calls

__all__ = ["HeldFolder"]

_PREFIX: Final = "tremor-app-"
_LOCK: Final = ".lock"


class HeldFolder:
    """A temporary folder that only this user can read; those of ended programs are removed.

    Attributes
    ----------
    path : Path
        The folder.

    Examples
    --------
    >>> folder = HeldFolder()
    >>> folder.path.is_dir()
    True
    >>> folder.close()
    >>> folder.path.exists()
    False
    """

    def __init__(self) -> None:
        for one in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            _remove_if_left(one)
        while not self._make():
            pass

    def _make(self) -> bool:
        """Make the folder and lock it; False if another start took it for one that was left."""
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT)
        try:
            system_calls.lock(self._handle)
            is_kept = (self.path / _LOCK).exists()
        except OSError as error:  # there are no locks here, so that no start takes it either
            is_kept = not isinstance(error, BlockingIOError)
        if not is_kept:
            os.close(self._handle)
        return is_kept

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        shutil.rmtree(self.path, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder of this user whose program has ended; leave any other as it is."""
    try:
        if folder.is_symlink() or (os.name != "nt" and folder.stat().st_uid != os.getuid()):
            return
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:  # being made just now, being removed, or none of this program
        return
    try:
        system_calls.lock(handle)
        (folder / _LOCK).unlink(missing_ok=True)
    except OSError:  # its program runs, or there are no locks here
        return
    finally:
        os.close(handle)
    shutil.rmtree(folder, ignore_errors=True)
