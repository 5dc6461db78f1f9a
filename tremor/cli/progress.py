"""The progress bar of long commands. The status block of a recording is `tremor.cli.screen`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tremor.cli.options import is_quiet
from tremor.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Progress"]

#: Shortest time between two redraws, s.
_REDRAW_INTERVAL_S: Final = 0.1


class Progress:
    """A progress bar on stderr, drawn only on a terminal and without ``-q``."""

    def __init__(self, bar: RichProgress | None, total: int, *, pulses: bool) -> None:
        self._bar = bar
        self._task = None if bar is None else bar.add_task("", total=None if pulses else total)
        self._done = 0
        self._drawn_s = -_REDRAW_INTERVAL_S

    @classmethod
    @contextmanager
    def shown(cls, total: int, *, pulses: bool = False) -> Iterator[Progress]:
        """Show a bar for a number of captures, or one that only pulses."""
        if is_quiet() or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield cls(None, total, pulses=pulses)
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        # The streams stay as they are: results on stdout may go to a file. Only a bar that pulses
        # has a thread: with one, a long capture could not be worked on by several processes.
        with RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            auto_refresh=pulses,
        ) as bar:
            yield cls(bar, total, pulses=pulses)

    def at(self, name: str, done: int) -> None:
        """Show the name of the present capture and how many are done."""
        self._done = done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=printable(name), completed=done, refresh=True)

    def part(self, begin: float, end: float) -> Callable[[float], None]:
        """Return a callback for the progress of a part of the present capture, from 0 to 1."""

        def show(share: float) -> None:
            now_s = time.monotonic()
            if (
                self._bar is None
                or self._task is None
                or now_s - self._drawn_s < _REDRAW_INTERVAL_S
            ):
                return
            self._drawn_s = now_s
            completed = self._done + begin + (end - begin) * share
            self._bar.update(self._task, completed=completed, refresh=True)

        return show

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hide the bar while lines are written."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()
