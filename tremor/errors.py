"""The one family of errors.

Every message gives the value with its unit, what is allowed, and what to do next. Nothing in here
knows about exit codes or terminals; the command line keeps that table.
"""

from collections.abc import Iterable

__all__ = [
    "ActivityReadError",
    "CaptureNotFoundError",
    "CaptureNotRecognisedError",
    "CaptureReadError",
    "ContextError",
    "InsufficientDataError",
    "InvalidInputError",
    "LinkError",
    "PacketError",
    "SensorLostError",
    "SensorNotFoundError",
    "SensorRefusedError",
    "TremorError",
    "WouldOverwriteError",
]


class TremorError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidInputError(TremorError, ValueError):
    """An argument, an option or a setting is not allowed."""


class ContextError(InvalidInputError):
    """Answers about a run are not valid.

    Parameters
    ----------
    problems : iterable of str
        Everything that is wrong, a sentence each.
    source : str
        File that they come from; empty if there is none.
    """

    def __init__(self, problems: Iterable[str], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__(self.problems, source)

    def __str__(self) -> str:
        """Return one line for each problem."""
        start = f"{self.source}: " if self.source else ""
        return "\n".join(f"{start}{problem}" for problem in self.problems)


class ActivityReadError(TremorError, ValueError):
    """The file of a sports watch cannot be read as an activity."""


class CaptureNotFoundError(TremorError, FileNotFoundError):
    """The named capture does not exist."""

    def __str__(self) -> str:
        """Return the message alone, without the errno that `OSError` adds."""
        return str(self.args[0]) if self.args else ""


class CaptureReadError(TremorError, ValueError):
    """The capture exists but cannot be read as samples."""


class CaptureNotRecognisedError(CaptureReadError):
    """No known format claims the capture."""


class InsufficientDataError(TremorError, ValueError):
    """The data can be read but are not enough for what was asked."""


class PacketError(TremorError, ValueError):
    """The bytes of a packet cannot be what the sensor sends."""


class LinkError(TremorError, OSError):
    """There is no Bluetooth, no permission, or a sensor does not answer."""

    #: Kind of trouble with the Bluetooth of this computer, a key of
    #: `devices.link.remedies.REMEDIES`; empty if the trouble is another.
    trouble: str = ""

    def __str__(self) -> str:
        """Return the message alone, without the errno that `OSError` adds."""
        return str(self.args[0]) if self.args else ""


class SensorNotFoundError(LinkError):
    """The requested sensor is not in reach."""


class SensorRefusedError(LinkError):
    """The sensor is in reach but refuses what was asked of it."""


class SensorLostError(LinkError):
    """The link to a sensor was lost and did not come back."""


class UnlikeSessionsError(InvalidInputError):
    """Sessions are too unlike to be compared, and comparing them all the same was not asked for."""


class WouldOverwriteError(TremorError, FileExistsError):
    """The output exists already, and overwriting was not asked for."""

    def __str__(self) -> str:
        """Return the message alone, without the errno that `OSError` adds."""
        return str(self.args[0]) if self.args else ""
