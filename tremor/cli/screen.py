"""Where a session is shown: a block drawn anew on a terminal, or a plain line now and then."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

import click

from tremor.cli.options import is_quiet, say
from tremor.session.view import SessionView, block_lines, plain_line

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["LiveScreen", "PlainScreen", "Screen", "screen_for_stderr"]

#: The block is drawn so often, and a plain line written, s of real time.
_BLOCK_S: Final = 0.25
_LINE_S: Final = 5.0


class Screen(Protocol):
    """What a session needs of a screen."""

    #: Whether there is a block, in which keys and words are shown.
    is_block: bool

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def show(self, make: Callable[[], SessionView]) -> None:
        """Show the state if it is time to."""

    def note(self, text: str) -> None:
        """Say something that stays."""


class PlainScreen:
    """Lines on stderr: each word that is said, and the state every 5 s.

    Parameters
    ----------
    now : callable
        Clock, s.
    """

    is_block = False

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._due_s = now() + _LINE_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def show(self, make: Callable[[], SessionView]) -> None:
        """Write a line if 5 s have passed since the last."""
        if self._now() < self._due_s or is_quiet():
            return
        self._due_s = self._now() + _LINE_S
        click.echo(plain_line(make()), err=True)

    def note(self, text: str) -> None:
        """Write a line."""
        if not is_quiet():
            say(text)


class LiveScreen:
    """A block at the end of the terminal, drawn anew four times a second; notes go above it.

    Parameters
    ----------
    unicode : bool
        Whether the terminal shows more than ASCII.
    now : callable
        Clock, s.
    """

    is_block = True

    def __init__(self, *, unicode: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._unicode = unicode
        self._now = now
        self._due_s = now()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live

        # The streams stay as they are: results on stdout may go to a file.
        self._live = Live(
            console=Console(stderr=True, highlight=False),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, make: Callable[[], SessionView]) -> None:
        """Draw the block if a quarter of a second has passed since the last."""
        if self._live is None or self._now() < self._due_s:
            return
        from rich.text import Text

        self._due_s = self._now() + _BLOCK_S
        lines = block_lines(make(), unicode=self._unicode)
        self._live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)

    def note(self, text: str) -> None:
        """Write a line above the block."""
        from rich.text import Text

        if self._live is not None:
            self._live.console.print(Text(text))


def screen_for_stderr() -> Screen:
    """Give a block where stderr is a terminal that can draw one, else plain lines."""
    if is_quiet() or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return PlainScreen()
    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    return LiveScreen(unicode=encoding == "utf8")
