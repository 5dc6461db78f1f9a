"""Output files of the commands: what they are called, and which are refused.

They are written by `tremor.files`, captures by `tremor.formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import real_path, refuse_existing, require_parent

__all__ = ["output_paths"]


def output_paths(
    target: Path, captures: Sequence[Path], *, suffix: str, overwrite: bool
) -> list[Path]:
    """Return the output file of each capture; refuse before anything is computed.

    Parameters
    ----------
    target : Path
        A file for one capture; a folder for one or several.
    captures : sequence of Path
        The captures.
    suffix : str
        Ending of the output files, such as ``.html``.
    overwrite : bool
        Whether existing files may be replaced. A capture never is.

    Returns
    -------
    list of Path
        One for each capture.

    Raises
    ------
    InvalidInputError
        If a folder is needed and none was given, or two captures would share a file.
    WouldOverwriteError
        If a file exists already.
    """
    to_folder = target.is_dir() or len(captures) > 1
    if len(captures) > 1 and not target.is_dir() and target.suffix:
        raise InvalidInputError(
            f"{len(captures)} captures need a folder and {target} is a file; "
            f"give a folder, such as {target.with_suffix('')}"
        )
    if to_folder:
        paths = [target / f"{capture.stem}{suffix}" for capture in captures]
    else:
        paths = [target]
        require_parent(target)
    seen: set[Path] = set()
    sources = set(map(real_path, captures))
    for path in paths:
        resolved = real_path(path)
        if resolved in seen:
            raise InvalidInputError(
                f"two captures of the same name would both write {path}; analyze them apart"
            )
        seen.add(resolved)
        if resolved in sources:
            raise WouldOverwriteError(
                f"{path} is the capture itself and is never replaced; give another path"
            )
        refuse_existing(path, overwrite=overwrite, option="--overwrite")
    return paths
