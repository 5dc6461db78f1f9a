"""What the commands say of an error, and which exit code it becomes: one table for all."""

from __future__ import annotations

from typing import Final

import click

from tremor.cli.options import verbosity
from tremor.cli.streams import echo, say
from tremor.errors import (
    ActivityReadError,
    CaptureNotFoundError,
    CaptureReadError,
    ContextError,
    InsufficientDataError,
    InvalidInputError,
    LinkError,
    SensorLostError,
    TremorError,
    UnlikeSessionsError,
    WouldOverwriteError,
)

__all__ = ["EXIT_CODES", "exit_code_of", "say_error"]

#: The first row that matches an error determines the exit code.
EXIT_CODES: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (CaptureNotFoundError, 3),
    (CaptureReadError, 3),
    (ActivityReadError, 3),
    (ContextError, 3),
    (InsufficientDataError, 4),
    (SensorLostError, 6),
    (LinkError, 5),
    (WouldOverwriteError, 8),
    (UnlikeSessionsError, 8),
    (InvalidInputError, 2),
    (click.UsageError, 2),
    (TremorError, 1),
    (OSError, 3),
)
_INTERNAL: Final = 1


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of an error.

    Parameters
    ----------
    error : BaseException
        Any error.

    Returns
    -------
    int
        As in the help of the tool; 1 for an unexpected error.
    """
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), _INTERNAL)


def say_error(error: Exception, *, of: str = "") -> None:
    """Write to stderr what an error says; the traceback of an internal one goes to a log.

    Parameters
    ----------
    error : Exception
        Any error; with ``-vv`` its traceback is written first.
    of : str
        What it is about, such as the name of a capture among several.
    """
    start = f"{of}: " if of else ""
    loud = verbosity() > 1
    if loud:
        import traceback

        echo("".join(traceback.format_exception(error)).rstrip(), err=True)
    if exit_code_of(error) != _INTERNAL or isinstance(error, TremorError):
        for line in _lines_of(error):
            say(f"{start}{line}")
        return
    where = "" if loud else f"; the traceback is in {_log(error)}, -vv shows it"
    say(f"{start}internal error: {type(error).__name__}: {error}{where}")


def _lines_of(error: Exception) -> list[str]:
    # All problems of a context file are reported, one line each; any other error is one line.
    message = _message_of(error)
    return message.splitlines() if isinstance(error, ContextError) else [message]


def _message_of(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, TremorError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}; check the path and its permissions"
    return str(error)


def _log(error: Exception) -> str:
    import tempfile
    import traceback

    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="tremor-", suffix=".log", delete=False
        ) as file:
            file.writelines(traceback.format_exception(error))
    except OSError as failure:
        return f"no log ({failure.strerror})"
    return file.name
