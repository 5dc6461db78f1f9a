"""How a session is stopped from outside: Ctrl-C, SIGTERM, or a key. Saved is what there is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Literal, TypeVar

__all__ = ["Stop", "StoppedError", "signals_stop"]

Why = Literal["", "key", "interrupted", "terminated"]
_Outcome = TypeVar("_Outcome")

_SIGNALS: Final[tuple[tuple[str, Why], ...]] = (
    ("SIGINT", "interrupted"),
    ("SIGTERM", "terminated"),
    ("SIGHUP", "terminated"),
    ("SIGBREAK", "terminated"),
)


class StoppedError(Exception):
    """Stopped before anything was recorded."""


class Stop:
    """Whether the session is to end, and who said so first."""

    def __init__(self) -> None:
        self.why: Why = ""
        self._event = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """Tell whether the session is to end."""
        return bool(self.why)

    def ask(self, why: Why) -> None:
        """Ask it to end."""
        self.why = self.why or why
        self._event.set()

    async def or_done(self, work: Coroutine[object, object, _Outcome]) -> _Outcome:
        """Do something that takes long, unless the session is to end meanwhile.

        Parameters
        ----------
        work : coroutine
            It is cancelled then, and cleans up by itself.

        Raises
        ------
        StoppedError
            Where it was.
        """
        task = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise StoppedError
        finally:
            asked.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})


@contextmanager
def signals_stop(stop: Stop) -> Iterator[None]:
    """Let signals stop the session; a second Ctrl-C gives up what is still being done.

    Parameters
    ----------
    stop : Stop
        What is asked.
    """
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    before: dict[int, object] = {}

    def take(why: Why) -> None:
        if stop.is_asked and why == "interrupted" and main is not None:
            main.cancel()
        stop.ask(why)

    def handler(why: Why) -> Callable[[int, FrameType | None], None]:
        def handle(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(take, why)

        return handle

    for name, why in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, handler(why))
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)  # type: ignore[arg-type]
