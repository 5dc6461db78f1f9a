"""The lock on the folder of a recording, which keeps a second writer out.

The system releases it when the process that holds it ends, however that ends.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from tremor import system_calls
from tremor.errors import CaptureReadError, WouldOverwriteError
from tremor.formats.folder.manifest import read_manifest

__all__ = ["LOCK_FILE", "FolderLock"]

#: Locked in place of the folder where folders cannot be locked, as on Windows.
LOCK_FILE: Final = ".recording.lock"


class FolderLock:
    """Lock on a folder, held while a recording is written into it.

    Parameters
    ----------
    folder : Path
        The folder; it exists.

    Raises
    ------
    WouldOverwriteError
        If another recorder holds it.
    OSError
        If the folder cannot be opened.

    Notes
    -----
    A file system that has no locks gets none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = FolderLock(Path(folder))
    ...     try:
    ...         FolderLock(Path(folder))
    ...     except WouldOverwriteError as error:
    ...         print("being recorded" in str(error))
    ...     first.release()
    ...     FolderLock(Path(folder)).release()
    True
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / LOCK_FILE if os.name == "nt" else None
        self._handle = (
            system_calls.open_folder(folder)
            if self._file is None
            else os.open(self._file, os.O_RDWR | os.O_CREAT)
        )
        try:
            system_calls.lock(self._handle)
        except BlockingIOError:
            self._close()
            raise WouldOverwriteError(
                f"{folder} is being recorded{_by_whom(folder)}; stop that recording first, or give "
                "another folder"
            ) from None
        except OSError as error:
            if error.errno not in system_calls.CANNOT:
                self._close()
                raise

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._handle < 0:
            return
        if self._file is None:
            import fcntl

            # A process that was forked meanwhile shares the handle; closing it would not do.
            with suppress(OSError):
                fcntl.flock(self._handle, fcntl.LOCK_UN)
        self._close()
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        with suppress(OSError):  # nothing was written through it
            system_calls.close(handle)


def _by_whom(folder: Path) -> str:
    """Return which process records into a folder, if its manifest names it already."""
    try:
        manifest = read_manifest(folder) or {}
    except CaptureReadError:  # of a later version; the folder is in use all the same
        return ""
    number = manifest.get("process_id")
    return f" by process {number}" if isinstance(number, int) else ""
