"""Cleanup that a cancelled task still completes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

__all__ = ["finish_despite_cancellation"]


async def finish_despite_cancellation(cleanup: Coroutine[object, object, None]) -> None:
    """Finish cleanup despite cancellation, then re-raise.

    Parameters
    ----------
    cleanup : coroutine
        Work to finish; it must limit its own duration.

    Raises
    ------
    asyncio.CancelledError
        If the calling task was cancelled meanwhile.
    """
    task = asyncio.ensure_future(cleanup)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
