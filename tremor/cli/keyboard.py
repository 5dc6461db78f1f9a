"""Single keys of the terminal, as they are pressed; and what they mean while it records."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self

__all__ = ["Action", "KeyMeanings", "Keyboard"]

_WAITS_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Action:
    """What a key asks for.

    Parameters
    ----------
    kind : {"marker", "pain", "stop"}
        What.
    detail : str
        The number of a pain, 0 to 9; empty else.
    """

    kind: Literal["marker", "pain", "stop"]
    detail: str = ""


@dataclass(slots=True)
class KeyMeanings:
    """Turns keys into actions: ``m``, ``p`` with a digit after it, ``q``.

    Examples
    --------
    >>> meanings = KeyMeanings()
    >>> [meanings.take(key, now_s=0.0) for key in "px7"]
    [None, None, None]
    >>> [meanings.take(key, now_s=0.0) for key in "p7"]
    [None, Action(kind='pain', detail='7')]
    """

    _pain_since_s: float | None = None

    @property
    def waits_for_number(self) -> bool:
        """Tell whether ``p`` was pressed and its number is still to come."""
        return self._pain_since_s is not None

    def take(self, key: str, *, now_s: float) -> Action | None:
        """Take a key.

        Parameters
        ----------
        key : str
            One character.
        now_s : float
            When, s; a number belongs to a ``p`` of the last 5 s.
        """
        since_s, self._pain_since_s = self._pain_since_s, None
        if since_s is not None and key in "0123456789" and now_s - since_s < _WAITS_S:
            return Action("pain", key)
        match key.lower():
            case "p":
                self._pain_since_s = now_s
            case "m":
                return Action("marker")
            case "q":
                return Action("stop")
        return None


class Keyboard:
    """Keys pressed since they were last asked for; none where stdin is no terminal.

    Use as a context manager: within it the terminal gives each key at once and does not show it.
    Ctrl-C keeps its meaning.

    Parameters
    ----------
    is_wanted : bool
        False for a keyboard that is never touched.
    """

    def __init__(self, *, is_wanted: bool) -> None:
        self.is_there = is_wanted and sys.stdin is not None and sys.stdin.isatty()
        self._before: Any = None

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

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)
            self._before = None

    def take(self) -> str:
        """Give the keys that were pressed, without waiting."""
        if not self.is_there:
            return ""
        return _take_posix() if os.name == "posix" else _take_windows()


def _take_posix() -> str:
    import select

    keys = b""
    while select.select([sys.stdin], [], [], 0.0)[0]:
        piece = os.read(sys.stdin.fileno(), 64)
        if not piece:  # the terminal is gone
            break
        keys += piece
    return keys.decode("utf-8", "ignore")


def _take_windows() -> str:
    import msvcrt

    keys = ""
    while msvcrt.kbhit():  # type: ignore[attr-defined,unused-ignore]
        keys += msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    return keys
