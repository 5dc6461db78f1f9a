"""The recording that a new one replaces: moved aside, and removed when the new one is whole.

It waits in a folder within the one that is recorded into, so that a crash leaves both, and no
other folder need be writable.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tremor import system_calls
from tremor.files import sync_folder

__all__ = ["REPLACED_FOLDER", "move_aside", "move_back", "remove_replaced"]

#: Within the folder of a recording; each recording that was replaced has a numbered folder in it.
REPLACED_FOLDER: Final = ".replaced"


def move_aside(folder: Path, names: Iterable[str]) -> Path:
    """Move the files and folders of a recording aside.

    Parameters
    ----------
    folder : Path
        Folder of the recording.
    names : iterable of str
        What to move.

    Returns
    -------
    Path
        Where they are now.

    Raises
    ------
    OSError
        If the disk refuses it; all that was moved is back.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = Path(parent)
    ...     _ = (folder / "samples.csv").write_text("old")
    ...     aside = move_aside(folder, ["samples.csv"])
    ...     _ = (folder / "samples.csv").write_text("new")
    ...     (aside / "samples.csv").read_text()
    ...     remove_replaced(folder)
    ...     [path.name for path in folder.iterdir()]
    'old'
    ['samples.csv']
    """
    parent = folder / REPLACED_FOLDER
    taken = {path.name for path in parent.iterdir()} if parent.is_dir() else set()
    aside = parent / next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)
    try:
        system_calls.make_folder(aside)
        for name in names:
            system_calls.replace(folder / name, aside / name)
        for changed in (aside, parent, folder):
            sync_folder(changed)
    except OSError:
        move_back(aside, folder)
        raise
    return aside


def move_back(aside: Path, folder: Path) -> None:
    """Move back what `move_aside` moved, over nothing.

    Parameters
    ----------
    aside, folder : Path
        Where it is, and where it was.

    Raises
    ------
    OSError
        If the disk refuses it; what was not moved stays where it is.
    """
    for path in list(aside.iterdir()) if aside.is_dir() else ():
        if not (folder / path.name).exists():
            system_calls.replace(path, folder / path.name)
    for emptied in (aside, aside.parent):
        with suppress(OSError):  # it still holds something, or was never made
            system_calls.remove_folder(emptied)
    sync_folder(folder)


def remove_replaced(folder: Path) -> None:
    """Remove all recordings that the one in a folder replaced.

    Parameters
    ----------
    folder : Path
        The folder; its new recording is whole and closed.
    """
    with suppress(OSError):  # it may stay; who asks is told where it is
        system_calls.remove_tree(folder / REPLACED_FOLDER)
