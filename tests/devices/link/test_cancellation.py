from __future__ import annotations

import asyncio

import pytest

from devices.link.cancellation import finish_despite_cancellation


def test_cleanup_of_a_cancelled_task_is_finished_first():
    done = []

    async def main():
        started, may_end = asyncio.Event(), asyncio.Event()

        async def cleanup():
            started.set()
            await may_end.wait()
            done.append("cleanup")

        task = asyncio.create_task(finish_despite_cancellation(cleanup()))
        await started.wait()
        for _ in range(2):  # also when it is cancelled again
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert done == ["cleanup"]


def test_error_of_the_cleanup_is_raised():
    async def cleanup():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(finish_despite_cancellation(cleanup()))
