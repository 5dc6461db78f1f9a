"""Where a session is shown: a block on a terminal, or a line every few seconds elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from tremor.cli.options import is_quiet
from tremor.cli.streams import echo, say
from tremor.printable import printable, printable_lines
from tremor.report.layout import use_columns
from tremor.session.view import SessionView, status_block, status_line

if TYPE_CHECKING:
    from rich.live import Live

__all__ = ["BlockScreen", "LineScreen", "screen_for_stderr"]

#: Interval at which the block is redrawn, and a line is written, s of real time.
_BLOCK_S: Final = 0.25
_LINE_S: Final = 5.0


class LineScreen:
    """Lines on stderr: each sentence, and the status every 5 s.

    Parameters
    ----------
    now : callable
        Monotonic clock, s.
    """

    #: Whether it is a block, in which keys and words are shown.
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

    def show(self, make: Callable[[], SessionView], *, at_once: bool = False) -> None:
        """Write a line if 5 s have passed since the last, or at once."""
        if (self._now() < self._due_s and not at_once) or is_quiet():
            return
        self._due_s = self._now() + _LINE_S
        with suppress(OSError):  # stderr was closed; the recording goes on
            echo(status_line(make()), err=True)

    def note(self, text: str) -> None:
        """Write a line."""
        if not is_quiet():
            say(text)


class BlockScreen:
    """A block at the end of the terminal, redrawn four times a second; notes go above it.

    Parameters
    ----------
    unicode : bool
        Whether the terminal can show more than ASCII.
    now : callable
        Monotonic clock, s.
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
        live, self._live = self._live, None
        if live is not None:
            with suppress(OSError):  # the terminal was closed; the recording goes on
                live.stop()

    def show(self, make: Callable[[], SessionView], *, at_once: bool = False) -> None:
        """Draw the block if a quarter of a second has passed since the last, or at once."""
        if self._live is None or (self._now() < self._due_s and not at_once):
            return
        from rich.text import Text

        self._due_s = self._now() + _BLOCK_S
        use_columns(self._live.console.width)  # it may have changed
        lines = status_block(make(), unicode=self._unicode)
        with suppress(OSError):
            shown = printable_lines("\n".join(lines))
            self._live.update(Text(shown, no_wrap=True, overflow="crop"), refresh=True)

    def note(self, text: str) -> None:
        """Write a line above the block."""
        from rich.text import Text

        if self._live is not None:
            with suppress(OSError):
                self._live.console.print(Text(printable(text)))


def screen_for_stderr() -> LineScreen | BlockScreen:
    """Return a block if stderr is a terminal that can draw one, else lines."""
    if is_quiet() or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return LineScreen()
    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    return BlockScreen(unicode=encoding == "utf8")
