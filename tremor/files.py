"""Files that are written whole or not at all, never over another one unless asked; small ones read.

What is in them is decided elsewhere; files that grow while a sensor runs are `tremor.recorder`.
"""

from __future__ import annotations

import errno
import io
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from tremor import system_calls
from tremor.errors import InvalidInputError, WouldOverwriteError

__all__ = [
    "is_abandoned",
    "is_part_of",
    "read_small",
    "real_path",
    "refuse_existing",
    "remove_abandoned",
    "require_parent",
    "require_regular",
    "sync_folder",
    "whole_file",
    "whole_folder",
    "write_text",
]

_BUFFER_BYTES: Final = 1 << 18
#: Of so many files each is synced; more are synced at once with all else on the disks.
_MOST_SYNCED_ALONE: Final = 1000
#: What nobody has written to for so long is not being made any more, s.
_ABANDONED_S: Final = 86_400.0
#: Process and chance: in containers that share a folder, two may have one number.
_MAKER: Final = re.compile(r"[0-9]+(-[0-9a-f]{8})?")


@contextmanager
def whole_file(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a file that appears under its name when it is complete and on the disk.

    Parameters
    ----------
    path : Path
        File to write; its folder exists. A link stays, and the file that it leads to is written.
    overwrite : bool
        Whether an existing file may be replaced.

    Yields
    ------
    binary file
        To be written. If the block raises, the file is removed and the old one stays.

    Raises
    ------
    WouldOverwriteError
        If the file exists and may not be replaced.
    InvalidInputError
        If a device, a pipe or a folder is there.
    OSError
        If the disk refuses it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "note.txt")
    ...     with whole_file(path) as stream:
    ...         _ = stream.write(b"8.4 Hz")
    ...         was_there = path.exists()
    ...     was_there, path.read_bytes()
    (False, b'8.4 Hz')
    """
    refuse_existing(path, overwrite=overwrite)
    path = real_path(path) if path.is_symlink() else path
    part = _part_of(path)
    try:
        with io.BufferedWriter(system_calls.open_whole(part), _BUFFER_BYTES) as stream:
            yield cast("BinaryIO", stream)
            stream.flush()
            system_calls.sync(stream.fileno())
        system_calls.replace(part, path)
    except BaseException as error:
        with suppress(OSError):  # what happened first is what is raised
            system_calls.remove(part)
        _name_whole(error, part, path)
        raise
    sync_folder(path.parent)


@contextmanager
def whole_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Make a folder that appears under its name when all its files are on the disk.

    Parameters
    ----------
    folder : Path
        It does not exist yet, or is empty.
    overwrite : bool
        Whether a folder that is there may be replaced, with all that is in it.

    Yields
    ------
    Path
        A new folder beside it, to write into.

    Raises
    ------
    WouldOverwriteError
        If something is there.
    InvalidInputError
        If there is no folder to make it in.
    OSError
        If the disk refuses it.
    """
    is_taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if is_taken and not overwrite:
        raise WouldOverwriteError(f"{folder} exists and is not empty; give another folder")
    require_parent(folder)
    part = _part_of(folder)
    try:
        system_calls.make_folder(part)
        yield part
        _sync_tree(part)
        if is_taken:
            _exchange(part, folder)
        else:
            if folder.exists():
                system_calls.remove_folder(folder)
            system_calls.replace(part, folder)
    except BaseException as error:
        with suppress(OSError):
            system_calls.remove_tree(part)
        _name_whole(error, part, folder)
        raise
    sync_folder(folder.parent)


def _name_whole(error: BaseException, part: Path, whole: Path) -> None:
    """Let an error of the system name what was asked for, and not what it is made of."""
    if isinstance(error, OSError) and str(error.filename) == str(part):
        error.filename = str(whole)


def _exchange(part: Path, folder: Path) -> None:
    """Put a folder in the place of another, which is removed once that is done."""
    old = _part_of(folder)
    system_calls.replace(folder, old)
    try:
        system_calls.replace(part, folder)
    except BaseException:
        system_calls.replace(old, folder)
        raise
    with suppress(OSError):  # it may stay, under the name of what is in the making
        system_calls.remove_tree(old)


def _sync_tree(folder: Path) -> None:
    """Wait until all that is in a folder is on the disk."""
    paths = list(folder.rglob("*"))
    files = [path for path in paths if path.is_file()]
    if len(files) > _MOST_SYNCED_ALONE and hasattr(os, "sync"):
        system_calls.sync_all()
        return
    for path in files:
        _sync_handle(system_calls.open_written(path))
    for path in (*(one for one in paths if one.is_dir()), folder):
        sync_folder(path)


def _sync_handle(handle: int) -> None:
    """Sync what a handle is of, and close it."""
    try:
        system_calls.sync(handle)
    except OSError as error:
        if error.errno not in system_calls.CANNOT:
            raise
    finally:
        system_calls.close(handle)


def sync_folder(folder: Path) -> None:
    """Wait until the names of the files in a folder are on the disk.

    Without it a power cut may take a new file with it, or bring back the one that it replaced.

    Parameters
    ----------
    folder : Path
        The folder.

    Raises
    ------
    OSError
        If the disk fails. Nothing happens where a folder cannot be synced, as on Windows.
    """
    if os.name == "nt":
        return
    try:
        handle = system_calls.open_folder(folder)
    except PermissionError:  # files can be made in it, but it cannot be listed
        return
    _sync_handle(handle)


def require_regular(path: Path) -> None:
    """Refuse a device, a pipe or a folder: reading one may never end.

    Parameters
    ----------
    path : Path
        It need not exist.

    Raises
    ------
    OSError
        If it is there and no regular file; ``strerror`` says so.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def real_path(path: Path) -> Path:
    """Return the absolute path that links lead to; a link that leads to itself stays.

    Parameters
    ----------
    path : Path
        It need not exist.

    Returns
    -------
    Path
        `Path.resolve` raises an error for a link that leads to itself.
    """
    return Path(os.path.realpath(path))


def write_text(path: Path, text: str) -> None:
    """Write a text file completely or not at all, over an existing one.

    Parameters
    ----------
    path : Path
        File to write; its folder is created if it is missing.
    text : str
        Content, written as UTF-8.

    Raises
    ------
    InvalidInputError
        If it cannot be written.
    """
    try:
        system_calls.make_folder(path.parent)
        with whole_file(path) as stream:
            stream.write(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be written: {error.strerror or error}; give another path"
        ) from error


def read_small(path: Path, *, most_bytes: int) -> bytes:
    """Read a file that has no reason to be long.

    Parameters
    ----------
    path : Path
        A regular file: a device or a pipe may never end.
    most_bytes : int
        Largest size.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    OSError
        If it cannot be read, is longer, or is no regular file; ``strerror`` names the reason.
    """
    require_regular(path)
    with path.open("rb") as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes} bytes", str(path))
    return content


def refuse_existing(path: Path, *, overwrite: bool, option: str = "overwrite=True") -> None:
    """Raise if a file exists and may not be replaced; for a check before the work begins.

    Parameters
    ----------
    path : Path
        File that will be written.
    overwrite : bool
        Whether an existing file may be replaced.
    option : str
        How the user asks for that.

    Raises
    ------
    WouldOverwriteError
        If it exists and may not be replaced.
    InvalidInputError
        If it may, and is a device, a pipe, a folder, or a link that leads to itself: a rename
        would take its place.
    """
    if path.exists() and not overwrite:
        raise WouldOverwriteError(f"{path} exists; give another path, or {option} to replace it")
    leads_nowhere = path.is_symlink() and real_path(path).is_symlink()
    if leads_nowhere or (path.exists() and not path.is_file()):
        raise InvalidInputError(
            f"{path} is no regular file, and only such are replaced; give another path"
        )


def require_parent(path: Path) -> None:
    """Raise if the folder that a file is to be written into does not exist.

    Parameters
    ----------
    path : Path
        File or folder that will be written.

    Raises
    ------
    InvalidInputError
        If there is no such folder.
    """
    parent = path.absolute().parent
    if not parent.is_dir():
        raise InvalidInputError(
            f"the folder {path.parent} does not exist; create it or give another path"
        )


def is_part_of(name: str, whole: str) -> bool:
    """Check whether a name is that of a file in the making, which a killed program left.

    Parameters
    ----------
    name, whole : str
        Its name, and the name that it would have got.

    Examples
    --------
    >>> is_part_of(".report.html.4711-0a1b2c3d.part", "report.html")
    True
    >>> is_part_of(".report.html.4711.part", "report.html"), is_part_of("part", "report.html")
    (True, False)
    """
    begin, end = f".{whole}.", ".part"
    maker = name.removeprefix(begin).removesuffix(end)
    return name == f"{begin}{maker}{end}" and _MAKER.fullmatch(maker) is not None


def is_abandoned(path: Path) -> bool:
    """Check whether nobody has written to a file or folder in the making for a day.

    That its process is gone would tell nothing: it may run on another computer.
    """
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED_S
    except OSError:
        return False


def remove_abandoned(whole: Path) -> None:
    """Remove what killed programs left of a file or folder in the making.

    Parameters
    ----------
    whole : Path
        The file or folder that it would have become.
    """
    for path in whole.parent.iterdir():
        if is_part_of(path.name, whole.name) and is_abandoned(path):
            if path.is_dir():
                system_calls.remove_tree(path)
            else:
                with suppress(OSError):  # it may stay
                    system_calls.remove(path)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.part")
