"""A clock that advances with the event loop instead of with real time.

On a busy machine everything in the loop slows down together with this clock, so that a simulated
sensor sends as many samples between two steps of a test as on an idle one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

#: Sleep between two ticks, s; the simulated backend looks for notifications as often.
_TICK_S = 0.005
#: Duration of a reading of the clock, s.
_READING_S = 1e-6


class LoopClock:
    """Clock of a simulated sensor; use as an async context manager.

    Parameters
    ----------
    speed : float
        Speed on an idle machine, times real time.
    """

    def __init__(self, speed: float) -> None:
        self._step_s = speed * _TICK_S
        self._now_s = 1000.0
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Return the time, s; never the same twice, so that events keep their order."""
        self._now_s += _READING_S
        return self._now_s

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self._now_s += self._step_s
