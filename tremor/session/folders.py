"""The folder of a session: its name, whether it can be written, and what it replaces."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from tremor import system_calls
from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import is_abandoned, is_part_of, sync_folder
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE
from tremor.recorder import (
    LOCK_FILE,
    REPLACED_FOLDER,
    FolderLock,
    move_aside,
    move_back,
    remove_replaced,
)

__all__ = [
    "COMPARISON_FILE",
    "CONTEXT_FILE",
    "REPORT_FILE",
    "ClaimedFolder",
    "default_folder",
    "free_bytes",
    "needed_bytes",
    "require_room",
    "was_begun",
]

REPORT_FILE: Final = "report.html"
CONTEXT_FILE: Final = "context.toml"
#: Beside the folders of two sensors.
COMPARISON_FILE: Final = "comparison.html"
_OWN_FILES: Final = (
    MANIFEST_FILE,
    PACKETS_FILE,
    SAMPLES_FILE,
    REPORT_FILE,
    CONTEXT_FILE,
    COMPARISON_FILE,
)
#: Size of a row of samples.csv and its share of the packets, bytes; with angular velocity.
_SAMPLE_BYTES: Final = 75
_SIX_AXIS_SAMPLE_BYTES: Final = 110
#: Reserve, as a factor and in bytes.
_RESERVE: Final = 2.0
_RESERVE_BYTES: Final = 10_000_000
#: The times of files may be behind the clock by a tick of the kernel, s.
_MTIME_S: Final = 0.02


def default_folder(now: datetime, *, placement: str, is_baseline: bool) -> Path:
    """Return the folder of a recording for which none was given.

    Parameters
    ----------
    now : datetime
        Local time, part of the name.
    placement : str
        Where the sensor is worn; empty if not known.
    is_baseline : bool
        Whether it is a baseline before the run.

    Examples
    --------
    >>> default_folder(datetime(2026, 5, 3, 18, 7, 9), placement="left-calf", is_baseline=False)
    PosixPath('recording-20260503-180709-left-calf')
    """
    kind = "baseline" if is_baseline else "recording"
    safe = "".join(char if char.isalnum() or char == "-" else "_" for char in placement)
    return Path("-".join(part for part in (kind, f"{now:%Y%m%d-%H%M%S}", safe) if part))


def needed_bytes(*, duration_s: float, sampling_rate_hz: float, gyro: bool) -> int:
    """Return the size of a recording on the disk, with as much again in reserve, bytes.

    Examples
    --------
    >>> needed_bytes(duration_s=300.0, sampling_rate_hz=104.0, gyro=False) // 1_000_000
    14
    """
    row = _SIX_AXIS_SAMPLE_BYTES if gyro else _SAMPLE_BYTES
    return _RESERVE_BYTES + int(_RESERVE * row * duration_s * sampling_rate_hz)


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that a folder is or will be on, bytes."""
    return shutil.disk_usage(_existing(folder)).free


def was_begun(folder: Path, *, since_s: float) -> bool:
    """Check whether a recording in a folder was begun lately.

    Parameters
    ----------
    folder : Path
        Folder of one sensor.
    since_s : float
        Wall time, s since 1970-01-01 UTC.
    """
    try:
        written_s = (folder / PACKETS_FILE).stat().st_mtime
    except OSError:
        return False
    return written_s >= since_s - _MTIME_S


def require_room(folder: Path, *, overwrite: bool) -> None:
    """Check that a recording can be written, before anybody sits down for it.

    Parameters
    ----------
    folder : Path
        It does not exist yet, is empty, or holds a recording that may be replaced. It stays as it
        is until `ClaimedFolder`.
    overwrite : bool
        Whether a recording may be replaced.

    Raises
    ------
    WouldOverwriteError
        If it holds something that must stay, or is being recorded.
    InvalidInputError
        If it cannot be written.
    """
    with _explained(folder):
        if folder.is_dir():
            _own_names(folder, overwrite=overwrite)
            for lock in _locks_of(folder):
                lock.release()
        elif folder.exists():
            raise NotADirectoryError
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"tremor")


class ClaimedFolder:
    """The folder of a session while it is recorded: locked, and what it held moved aside.

    Parameters
    ----------
    folder : Path
        As for `require_room`; it is created.
    overwrite : bool
        Whether a recording may be replaced.

    Attributes
    ----------
    lock : FolderLock
        Lock on the folder.

    Raises
    ------
    WouldOverwriteError, InvalidInputError
        As for `require_room`; everything is as it was.
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        self._folder = folder
        self._aside: Path | None = None
        self._missing = [one for one in (folder, *folder.parents) if not one.exists()]
        with _explained(folder):
            try:
                system_calls.make_folder(folder)
                for one in self._missing:
                    sync_folder(one.parent)
                locks = _locks_of(folder)
            except BaseException:
                self._remove_made()
                raise
            self.lock = locks[0]
            try:
                names = _own_names(folder, overwrite=overwrite)
                if names:
                    self._aside = move_aside(folder, names)
            except BaseException:
                self.give_back()
                raise
            finally:
                for lock in locks[1:]:
                    lock.release()

    def give_back(self) -> None:
        """Leave the folder as it was; all that was recorded is removed already."""
        if self._aside is not None:
            move_back(self._aside, self._folder)
        self.lock.release()
        self._remove_made()

    def keep(self, *, is_whole: bool) -> Path | None:
        """End the session.

        Parameters
        ----------
        is_whole : bool
            Whether all of the new recording is on the disk; then what it replaced is removed.

        Returns
        -------
        Path or None
            Where the recording is that was to be replaced and still is there.
        """
        if is_whole:
            remove_replaced(self._folder)
        self.lock.release()
        return self._aside if self._aside is not None and self._aside.exists() else None

    def _remove_made(self) -> None:
        for one in self._missing:
            with suppress(OSError):
                system_calls.remove_folder(one)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Raise what the system refuses as an error that names the option to change."""
    try:
        yield
    except WouldOverwriteError:
        raise
    except (NotADirectoryError, FileExistsError) as error:
        raise WouldOverwriteError(f"{folder} is a file; give another path with --out") from error
    except OSError as error:
        raise InvalidInputError(
            f"{folder} cannot be written ({error.strerror or error}); give another path with --out"
        ) from error


def _locks_of(folder: Path) -> list[FolderLock]:
    """Lock a folder and those of the sensors in it; all are released if one is taken."""
    within = [one for one in folder.iterdir() if one.is_dir() and one.name != REPLACED_FOLDER]
    locks: list[FolderLock] = []
    try:
        for one in (folder, *within):
            locks.append(FolderLock(one))
    except BaseException:
        for lock in locks:
            lock.release()
        raise
    return locks


def _own_names(folder: Path, *, overwrite: bool) -> list[str]:
    """Return the names of a recording in a folder, or of those of several sensors.

    A file that another program may be writing is left where it is.

    Raises
    ------
    WouldOverwriteError
        If there is one and it may not be replaced, or anything else.
    """
    there = [path for path in folder.iterdir() if path.name != LOCK_FILE]
    if there and not overwrite:
        raise WouldOverwriteError(
            f"{folder} is not empty; give another folder, or --overwrite to replace a recording"
        )
    found = [path for path in there if path.name != REPLACED_FOLDER]
    parts = [path for path in found if path.is_dir()]
    files = [path for path in found if path not in parts]
    files += [path for part in parts for path in part.iterdir()]
    foreign = next((path for path in files if path.is_dir() or not _is_own(path.name)), None)
    if foreign is not None:
        raise WouldOverwriteError(
            f"{folder} holds {foreign}, which is no part of a recording; give another folder"
        )
    return [path.name for path in found if not _is_being_made(path)]


def _is_being_made(path: Path) -> bool:
    """Check whether a file may be one that another program is writing, such as a report."""
    is_part = any(is_part_of(path.name, one) for one in _OWN_FILES)
    return is_part and not is_abandoned(path)


def _is_own(name: str) -> bool:
    return name == LOCK_FILE or any(name == one or is_part_of(name, one) for one in _OWN_FILES)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    path = folder.absolute()
    while not path.exists():
        path = path.parent
    return path
