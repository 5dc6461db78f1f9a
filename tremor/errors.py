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
    """An argument, an option or a setting lies outside of what is allowed."""


class ContextError(InvalidInputError):
    """Answers about a run cannot be taken as they are.

    Parameters
    ----------
    problems : iterable of str
        Everything that is wrong, one sentence each.
    source : str
        The file they come from; empty where they come from no file.
    """

    def __init__(self, problems: Iterable[str], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        super().__init__(self.problems, source)

    def __str__(self) -> str:
        """Give one line for each problem."""
        start = f"{self.source}: " if self.source else ""
        return "\n".join(f"{start}{problem}" for problem in self.problems)


class ActivityReadError(TremorError, ValueError):
    """The file of a sports watch cannot be read as an activity."""


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


class PacketError(TremorError, ValueError):
    """The bytes of a packet cannot be what the sensor sends."""


class LinkError(TremorError, OSError):
    """There is no Bluetooth, no permission, or a sensor does not answer."""

    #: What is wrong with the Bluetooth of this computer, where it is that; as in
    #: `devices.link.remedies`.
    trouble: str = ""

    def __str__(self) -> str:
        """Give the message alone, without the errno dressing of `OSError`."""
        return str(self.args[0]) if self.args else ""


class SensorNotFoundError(LinkError):
    """No sensor that was asked for is in reach."""


class SensorRefusedError(LinkError):
    """The sensor is there and says no to what was asked of it."""


class SensorLostError(LinkError):
    """The link to a sensor was lost and did not come back."""


class WouldOverwriteError(TremorError, FileExistsError):
    """The output exists already and overwriting was not asked for."""

    def __str__(self) -> str:
        """Give the message alone, without the errno dressing of `OSError`."""
        return str(self.args[0]) if self.args else ""
