"""How a session is stopped from outside: by a signal or a command. What was received is saved."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Literal, TypeVar

__all__ = ["Stop", "StopReason", "StoppedError", "signals_stop"]

StopReason = Literal["", "key", "interrupted", "terminated"]
_Outcome = TypeVar("_Outcome")

_SIGNALS: Final[tuple[tuple[str, StopReason], ...]] = (
    ("SIGINT", "interrupted"),
    ("SIGTERM", "terminated"),
    ("SIGHUP", "terminated"),
    ("SIGBREAK", "terminated"),
)


class StoppedError(Exception):
    """Stopped before anything was recorded."""


class Stop:
    """Request to end a session, and what made it first."""

    def __init__(self) -> None:
        self.why: StopReason = ""
        self._event = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """Whether the session is to end."""
        return bool(self.why)

    def ask(self, why: StopReason) -> None:
        """Request the end; the first reason counts."""
        self.why = self.why or why
        self._event.set()

    async def or_done(self, work: Coroutine[object, object, _Outcome]) -> _Outcome:
        """Await something that takes long, unless the session is to end meanwhile.

        Parameters
        ----------
        work : coroutine
            It is cancelled in that case, and cleans up by itself.

        Raises
        ------
        StoppedError
            If it was cancelled.
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
    """Let signals stop a session; a second Ctrl-C cancels what is still being done.

    Parameters
    ----------
    stop : Stop
        The request that the first signal makes.
    """
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    before: dict[int, object] = {}

    def take(why: StopReason) -> None:
        if stop.is_asked and why == "interrupted" and main is not None:
            main.cancel()
        stop.ask(why)

    def handler(why: StopReason) -> Callable[[int, FrameType | None], None]:
        def handle(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(take, why)

        return handle

    for name, why in _SIGNALS:
        number = getattr(signal, name, None)
        # What nohup lets a process ignore stays ignored.
        if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
            continue
        before[number] = signal.signal(number, handler(why))
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old if old is not None else signal.SIG_DFL)  # type: ignore[arg-type]
