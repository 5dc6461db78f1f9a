"""What a session needs of whoever runs it: a screen, controls, and a listener for its events.

The command line implements them for a terminal; a page or a test can as well. Nothing here shows
or reads anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from tremor.session.view import SessionView

__all__ = ["Command", "CommandKind", "Controls", "Emit", "Screen"]

CommandKind = Literal["marker", "pain", "stop", "go_on", "check_again", "choose"]

#: Called with the name of an event and its contents, which JSON can hold.
Emit: TypeAlias = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the runner.

    Parameters
    ----------
    kind : {"marker", "pain", "stop", "go_on", "check_again", "choose"}
        What to do: mark this moment, mark pain or cramp, stop and save, go on to the next stage,
        repeat the strap check, or choose from a list.
    detail : str
        Rating of pain, 0 to 9, or the number of the chosen entry, from 1; empty otherwise.
    """

    kind: CommandKind
    detail: str = ""


class Screen(Protocol):
    """Where a session is shown."""

    def show(self, make: Callable[[], SessionView], *, at_once: bool = False) -> None:
        """Show the present state, if it is time to or at once; called many times a second."""

    def note(self, text: str) -> None:
        """Show a sentence that stays."""


class Controls(Protocol):
    """Where the commands of the runner come from."""

    @property
    def is_there(self) -> bool:
        """Whether the runner can give commands at all."""

    @property
    def hint(self) -> str:
        """What the controls are, in one line of at most 80 columns."""

    @property
    def prompt(self) -> str:
        """What they wait for, such as the rating of a pain; empty if for nothing."""

    @property
    def labels(self) -> Mapping[str, str]:
        """What the runner presses for each command, by its kind, as messages call it."""

    def take(self) -> Sequence[Command]:
        """Return the commands given since the last call, without waiting."""
