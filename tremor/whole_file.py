"""Text files that are written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tremor.errors import InvalidInputError

__all__ = ["write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a file completely or not at all.

    Parameters
    ----------
    path : Path
        Target; its folder is created if it is missing.
    text : str
        Content, written as UTF-8.

    Raises
    ------
    InvalidInputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        partial = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            partial.chmod(0o666 & ~mask)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be written: {error.strerror or error}; give another path"
        ) from error
