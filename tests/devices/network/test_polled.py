"""phyphox over a network: ten minutes with drop-outs, a pause and a clearing, and what is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rigs.phones import (
    PhyphoxPhone,
    assert_alike,
    index_of,
    indices_of,
    listening,
    positions_of,
    serving,
)

from devices import open_source
from devices.network.polled import PolledSource
from devices.profile import RequestedSettings
from devices.sensors.phyphox import PROFILE
from tremor.errors import LinkError, SensorLostError, SensorNotFoundError, SensorRefusedError
from tremor.opening import read
from tremor.recorder import Recorder
from tremor.redecoding import redecode
from tremor.session.track import describe

from .conftest import QUICK, FastClock

pytestmark = pytest.mark.usefixtures("loopback")

SPEED = 60.0
AWAY_S = ((120.0, 240.0), (270.0, 390.0))


def source_at(port, clock, tap=None, timeouts=QUICK):
    return PolledSource(
        PROFILE,
        RequestedSettings(),
        host="127.0.0.1",
        ports=[port],
        tap=tap,
        timeouts=timeouts,
        clocks=clock.host,
    )


class UsedPhone(PhyphoxPhone):
    """A phone whose user pauses for 40 s, and clears the buffers once.

    Each is done right after an answer, so that what is lost does not depend on the machine.
    """

    def __init__(self):
        super().__init__()
        self.uses = [(400.0, self.pause), (440.0, self.start), (520.0, self.clear)]
        self.used_s = []
        self.n_answers = 0

    def answer(self, target):
        answered = super().answer(target)
        if not target.startswith("/get?acc_time="):
            return answered
        self.n_answers += 1
        # The first answers after a pause are not the last before the clearing.
        if self.uses and self.now_s >= self.uses[0][0] and self.n_answers >= 5:
            self.uses.pop(0)[1]()
            self.used_s.append(self.now_s)
            self.n_answers = 0 if len(self.used_s) == 2 else 5
        return answered


async def recorded(folder, taken):
    phone, clock, blocks = UsedPhone(), FastClock(SPEED), []
    async with serving(phone, clock=clock.phone_s, away=AWAY_S, chunked=True) as port:
        source = source_at(port, clock, taken)
        async with source:
            stream = describe(source)
            async with Recorder(folder, stream=stream, now=source.now_s) as recorder:
                for item in taken.items:
                    recorder.tap(item)
                source._tap = lambda item: (taken(item), recorder.tap(item))
                async for block in source:
                    blocks.append(block)
                    recorder.take(block)
                    if clock.phone_s() > 600.0 and not phone.uses:
                        break
                await source.stop()
            return phone, blocks


def test_ten_minutes_with_drop_outs_are_whole_and_read_again_alike(tmp_path, taken):
    phone, blocks = asyncio.run(recorded(tmp_path / "one", taken))
    indices, positions = indices_of(blocks), positions_of(blocks)
    assert_alike([one - indices[0] for one in indices], positions)
    assert indices[-1] / phone.rate_hz > 590.0
    gaps_s = [(b - a - 1) / phone.rate_hz for a, b in pairwise(indices) if b > a + 1]
    long_s = [one for one in gaps_s if one > 0.1]
    # The pause; neither the drop-outs nor the clearing lost more than a sample or two.
    paused_s, resumed_s, _ = phone.used_s
    assert long_s == pytest.approx([resumed_s - paused_s], abs=2.5 / phone.rate_hz)
    assert taken.kinds.count("lost") == taken.kinds.count("restarted") >= 2
    assert taken.kinds[-1] == "stopped"
    assert phone.commands == ["cmd=start", "cmd=stop"]

    live, again = read(tmp_path / "one"), redecode(tmp_path / "one").recording
    np.testing.assert_array_equal(live.acceleration_ms2, again.acceleration_ms2)
    there = np.isfinite(live.acceleration_ms2[:, 0])
    assert np.count_nonzero(there) == len(indices)
    assert live.sampling_rate_hz == pytest.approx(phone.rate_hz, rel=1e-4)
    first = indices[0]
    # By time, not by row: on a busy computer a gap may be of a minute, which takes no rows.
    places = np.rint(live.times()[there] * phone.rate_hz)
    carried = [index_of(row) - first for row in live.acceleration_ms2[there].tolist()]
    assert np.abs(places - carried).max() <= 1

    replayed = asyncio.run(played(tmp_path / "one"))
    assert_alike(indices_of(replayed), indices)
    assert_alike(positions_of(replayed), positions)


class ClearedBetween(PhyphoxPhone):
    """A phone whose user clears between an answer and that to ``/time``, after a pause."""

    n_cleared = 0

    def answer(self, target):
        if target == "/time" and self.now_s > 60.0 and not self.n_cleared:
            self.n_cleared += 1
            self.clear()
        return super().answer(target)


@pytest.mark.parametrize("renews_session", [True, False])
def test_clearing_right_after_an_answer_moves_none_of_its_rows(taken, renews_session):
    async def main():
        phone, clock, blocks = ClearedBetween(renews_session=renews_session), FastClock(20.0), []
        async with (
            serving(phone, clock=clock.phone_s) as port,
            source_at(port, clock, taken) as source,
        ):
            phone.now_s = clock.phone_s()
            async for block in source:
                blocks.append(block)
                if clock.phone_s() > 60.0 and phone.is_measuring and len(phone.events) == 1:
                    phone.pause()
                    await asyncio.sleep(0.5)
                    phone.now_s = clock.phone_s()
                    phone.start()
                if clock.phone_s() > 100.0:
                    break
            await source.stop()
        return phone, blocks

    phone, blocks = asyncio.run(main())
    assert phone.n_cleared == 1
    indices = indices_of(blocks)
    assert_alike([one - indices[0] for one in indices], positions_of(blocks))


async def played(folder):
    source = open_source(f"replay:{folder}", speed=300.0)
    async with source:
        return [block async for block in source]


def test_phone_that_is_not_there_is_said_with_what_to_look_at():
    async def main(port):
        async with source_at(port, FastClock(1.0)):
            pass

    async def closed_port():
        async with listening(lambda *_: None) as port:
            return port

    port = asyncio.run(closed_port())
    with pytest.raises(SensorNotFoundError, match=r"nothing listens.*same Wi-Fi.*remote access"):
        asyncio.run(main(port))


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", SensorRefusedError, "status 404"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", LinkError, "it is not HTTP.*is it the phone"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", LinkError, "longer than"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", LinkError, "ended within its body"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", LinkError, "not the app on the phone.*no JSON.*address"),
        (b"HTTP/1.1 200 OK\r\n\r\n{}", LinkError, "not the app on the phone.*not of an experim"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, LinkError, "head is too long"),
        (b"", LinkError, "ended within its head"),
        (None, SensorNotFoundError, "did not answer within.*same Wi-Fi"),
    ],
)
def test_whatever_answers_there_is_said_in_words(reply, kind, says):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if reply is None:
            await reader.read()
        else:
            writer.write(reply)
            writer.close()
            await reader.read()

    async def main():
        async with listening(serve) as port, source_at(port, FastClock(1.0)):
            pass

    with pytest.raises(kind, match=says) as caught:
        asyncio.run(main())
    assert "\n" not in str(caught.value)


def test_phone_that_stays_away_is_given_up():
    phone, clock = PhyphoxPhone(), FastClock(SPEED)
    timeouts = replace(QUICK, give_up_s=1.5)

    async def main():
        async with serving(phone, clock=clock.phone_s, away=[(100.0, 1e9)]) as port:
            source = source_at(port, clock, timeouts=timeouts)
            async with source, asyncio.timeout(30.0):
                async for _ in source:
                    pass

    with pytest.raises(SensorLostError, match="did not come back within"):
        asyncio.run(main())
