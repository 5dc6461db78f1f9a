"""The one family of errors.

Every message gives the value with its unit, what is allowed, and what to do next. Nothing in here
knows about exit codes or terminals; the command line keeps that table.
"""

__all__ = [
    "CaptureNotFoundError",
    "CaptureNotRecognisedError",
    "CaptureReadError",
    "InsufficientDataError",
    "InvalidInputError",
    "TremorError",
    "WouldOverwriteError",
]


class TremorError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidInputError(TremorError, ValueError):
    """An argument, an option or a setting lies outside of what is allowed."""


class CaptureNotFoundError(TremorError, FileNotFoundError):
    """The named capture does not exist."""

    def __str__(self) -> str:
        """Give the message alone, without the errno dressing of `OSError`."""
        return str(self.args[0]) if self.args else ""


class CaptureReadError(TremorError, ValueError):
    """The capture exists and cannot be read as samples."""


class CaptureNotRecognisedError(CaptureReadError):
    """No known format claims the capture."""


class InsufficientDataError(TremorError, ValueError):
    """The data can be read and do not suffice for what was asked."""


class WouldOverwriteError(TremorError, FileExistsError):
    """The output exists already and overwriting was not asked for."""

    def __str__(self) -> str:
        """Give the message alone, without the errno dressing of `OSError`."""
        return str(self.args[0]) if self.args else ""
