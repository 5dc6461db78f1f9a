"""The keys of a terminal as controls of a session (`tremor.session.interface.Controls`)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from tremor.report.messages import text
from tremor.session.interface import Command

__all__ = ["KeyBindings", "Keyboard"]

#: How long the rating of a pain is awaited after ``p``, s.
_RATING_S: Final = 5.0
_LABELS: Final[Mapping[str, str]] = {
    "marker": "m",
    "pain": "p",
    "stop": "q",
    "go_on": "Enter",
    "check_again": "r",
}


@dataclass(slots=True)
class KeyBindings:
    """Turns keys into commands: ``m``, ``p`` with a digit after it, ``q``, ``r``, Enter, digits.

    Examples
    --------
    >>> bindings = KeyBindings()
    >>> [bindings.command(key, now_s=0.0) for key in "px"]
    [None, None]
    >>> [bindings.command(key, now_s=0.0) for key in "p7"]
    [None, Command(kind='pain', detail='7')]
    """

    _pain_since_s: float | None = None

    @property
    def awaits_rating(self) -> bool:
        """Whether ``p`` was pressed and its digit has not been."""
        return self._pain_since_s is not None

    def command(self, key: str, *, now_s: float) -> Command | None:
        """Return the command that a key completes, if any.

        Parameters
        ----------
        key : str
            One character.
        now_s : float
            Time, s; a digit belongs to a ``p`` of the last 5 s.
        """
        since_s, self._pain_since_s = self._pain_since_s, None
        if key in "0123456789":
            is_rating = since_s is not None and now_s - since_s < _RATING_S
            return Command("pain" if is_rating else "choose", key)
        match key.lower():
            case "p":
                self._pain_since_s = now_s
            case "m":
                return Command("marker")
            case "q":
                return Command("stop")
            case "r":
                return Command("check_again")
            case "\r" | "\n" | " ":
                return Command("go_on")
        return None


class Keyboard:
    """Controls of a session by single keys; there are none if stdin is no terminal.

    Use as a context manager: within it the terminal passes on each key at once and does not show
    it. Ctrl-C keeps its meaning.

    Parameters
    ----------
    is_wanted : bool
        False for a keyboard that is never read.
    """

    labels: Mapping[str, str] = _LABELS

    def __init__(self, *, is_wanted: bool) -> None:
        self.is_there = is_wanted and sys.stdin is not None and sys.stdin.isatty()
        self._bindings = KeyBindings()
        self._before: Any = None

    @property
    def hint(self) -> str:
        """What the keys do, in one line."""
        return text("keys", "hint", **self.labels)

    @property
    def prompt(self) -> str:
        """What the next key is for; empty if for nothing in particular."""
        return text("keys", "rating") if self._bindings.awaits_rating else ""

    def __enter__(self) -> Self:
        if self.is_there and os.name == "posix":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno(), termios.TCSANOW)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            import termios

            # Keys that nobody took must not answer what is asked next.
            with suppress(termios.error):  # the terminal was closed
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, self._before)
            self._before = None

    def take(self) -> tuple[Command, ...]:
        """Return the commands of the keys pressed since the last call, without waiting."""
        if not self.is_there:
            return ()
        keys = _take_posix() if os.name == "posix" else _take_windows()
        now_s = time.monotonic()
        commands = (self._bindings.command(key, now_s=now_s) for key in keys)
        return tuple(one for one in commands if one is not None)


def _take_posix() -> str:
    import select

    keys = b""
    while select.select([sys.stdin], [], [], 0.0)[0]:
        try:
            received = os.read(sys.stdin.fileno(), 64)
        except OSError:  # the terminal was closed
            break
        if not received:
            break
        keys += received
    return keys.decode("utf-8", "ignore")


def _take_windows() -> str:
    import msvcrt

    keys = ""
    while msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
        keys += msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    return keys
