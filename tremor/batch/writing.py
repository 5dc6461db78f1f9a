"""What stops a batch: its own folder cannot be written, as when the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tremor.errors import InvalidInputError, TremorError

__all__ = ["OutputsError", "writing"]


class OutputsError(InvalidInputError):
    """The folder of a batch cannot be written; all further captures would fail alike."""


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Raise what goes wrong while the folder of a batch is written as the end of the batch.

    Parameters
    ----------
    out : Path
        Folder of the batch.

    Raises
    ------
    OutputsError
        If the system refuses to write.
    """
    try:
        yield
    except TremorError:
        raise
    except OSError as error:
        raise OutputsError(
            f"{out} cannot be written: {error.strerror or error}; make room, or mend what is "
            "wrong, and go on with --resume"
        ) from error
