from __future__ import annotations

import asyncio
import os
import signal

import pytest

from tremor.session.stopping import Stop, StoppedError, signals_stop


def test_work_that_is_done_is_given():
    async def main():
        stop = Stop()
        return await stop.or_done(asyncio.sleep(0, "done"))

    assert asyncio.run(main()) == "done"


def test_error_of_the_work_comes_through():
    async def fail():
        raise OSError("no")

    async def main():
        await Stop().or_done(fail())

    with pytest.raises(OSError, match="no"):
        asyncio.run(main())


def test_work_is_cancelled_and_may_clean_up_where_the_session_is_to_end():
    told = []

    async def work():
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            told.append("clean")

    async def main():
        stop = Stop()
        asyncio.get_running_loop().call_later(0.01, stop.ask, "key")
        await stop.or_done(work())

    with pytest.raises(StoppedError):
        asyncio.run(main())
    assert told == ["clean"]


def test_who_asked_first_is_kept():
    async def main():
        stop = Stop()
        assert not stop.is_asked
        stop.ask("key")
        stop.ask("interrupted")
        return stop.why

    assert asyncio.run(main()) == "key"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_signals_ask_and_a_second_ctrl_c_gives_up():
    before = signal.getsignal(signal.SIGTERM)

    async def main():
        stop = Stop()
        with signals_stop(stop):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.05)
            assert stop.why == "terminated"
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert signal.getsignal(signal.SIGTERM) == before
