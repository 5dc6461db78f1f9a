"""Sensor Logger over a network: ten minutes with drop-outs, and what is refused."""

from __future__ import annotations

import asyncio
import json
import math
import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from rigs.phones import SensorLoggerPhone, assert_alike, indices_of, listening, positions_of, push

from devices import open_source
from devices.network.pushed import PushedSource
from devices.network.receiver import LONGEST_MESSAGE
from devices.profile import RequestedSettings
from devices.sensors.sensor_logger import PROFILE
from tremor.errors import LinkError, SensorLostError, SensorNotFoundError
from tremor.opening import read
from tremor.recorder import Recorder
from tremor.redecoding import redecode
from tremor.session.track import describe

from .conftest import QUICK, FastClock

pytestmark = pytest.mark.usefixtures("loopback")

SPEED = 90.0
AWAY_S = ((150.0, 230.0), (400.0, 480.0))


def source_of(clock, tap=None, timeouts=QUICK, **options):
    return PushedSource(
        PROFILE,
        RequestedSettings(),
        host="127.0.0.1",
        port=0,
        tap=tap,
        timeouts=timeouts,
        clocks=clock.host,
        **options,
    )


def port_of(source):
    return int(source.address.rpartition(":")[2])


async def port_once_open(source):
    while not port_of(source):
        await asyncio.sleep(0.01)
    return port_of(source)


class Pushing:
    """Pushes what a phone measures, second by second of its time, with what goes wrong."""

    def __init__(self, phone, clock, *, until_s, away=()):
        self.phone, self.clock, self.until_s, self.away = phone, clock, until_s, away
        self.rng = random.Random(1)
        self.statuses = []
        self.lost = set()

    async def run(self, source):
        phone, port = self.phone, await port_once_open(source)
        late, is_away = None, False
        while phone.now_s < self.until_s:
            while self.clock.phone_s() < phone.now_s + phone.batch_s:
                await asyncio.sleep(0.005)
            begin_s = phone.now_s
            _, body = phone.message()
            if any(begin_s < b and phone.now_s > a for a, b in self.away):
                self.lost.update(range(int(begin_s), int(phone.now_s)))
                is_away = True
                continue
            while is_away and source.is_linked:  # on a busy computer it takes longer to be missed
                await asyncio.sleep(0.02)
            is_away = False
            if late is None and begin_s > 30.0 and self.rng.random() < 0.05:
                late = body  # another connection overtakes it
                continue
            self.statuses.append(await push(port, body))
            if late is not None:
                self.statuses.append(await push(port, late))
                late = None
            if self.rng.random() < 0.05:  # its answer was lost, and the app tries again
                self.statuses.append(await push(port, body))


async def recorded(folder, taken):
    phone, clock, blocks = SensorLoggerPhone(batch_s=2.0), FastClock(SPEED), []
    pushing = Pushing(phone, clock, until_s=600.0, away=AWAY_S)
    source = source_of(clock, taken)
    pushes = asyncio.create_task(pushing.run(source))
    async with source:
        async with Recorder(folder, stream=describe(source), now=source.now_s) as recorder:
            for item in taken.items:
                recorder.tap(item)
            source._tap = lambda item: (taken(item), recorder.tap(item))
            pushes.add_done_callback(lambda _: stopping.append(asyncio.create_task(source.stop())))
            stopping = []
            async for block in source:
                blocks.append(block)
                recorder.take(block)
        await asyncio.gather(pushes, *stopping)
    return phone, pushing, blocks


def test_ten_minutes_with_drop_outs_have_true_gaps_and_are_read_again_alike(tmp_path, taken):
    phone, pushing, blocks = asyncio.run(recorded(tmp_path / "one", taken))
    indices, positions = indices_of(blocks), positions_of(blocks)
    assert_alike([one - indices[0] for one in indices], positions)
    assert all(after > before for before, after in pairwise(indices))
    gone = sorted(set(range(indices[0], indices[-1] + 1)) - set(indices))
    seconds = {int(index / phone.rate_hz + 1e-9) for index in gone}
    assert seconds == pushing.lost
    assert len(pushing.lost) >= 150
    assert set(pushing.statuses) == {200}
    assert indices[-1] / phone.rate_hz > 590.0
    assert taken.kinds.count("lost") == taken.kinds.count("restarted") >= 2
    assert taken.kinds[-1] == "stopped"

    live, again = read(tmp_path / "one"), redecode(tmp_path / "one").recording
    np.testing.assert_array_equal(live.acceleration_ms2, again.acceleration_ms2)
    assert np.count_nonzero(np.isfinite(live.acceleration_ms2[:, 0])) == len(indices)
    assert live.sampling_rate_hz == pytest.approx(phone.rate_hz, rel=1e-4)

    async def played():
        async with open_source(f"replay:{tmp_path / 'one'}", speed=300.0) as source:
            return [block async for block in source]

    replayed = asyncio.run(played())
    assert_alike(indices_of(replayed), indices)
    assert_alike(positions_of(replayed), positions)


def message(**changes):
    _, body = SensorLoggerPhone(**changes).message()
    return body


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        (message(), {}, 200),
        (message(), {"fields": ()}, 200),
        (message(), {"fields": ("Content-Type: text/plain; charset=UTF-8",)}, 200),
        (message(), {"fields": ("Expect: 100-continue",)}, 100),
        (message(), {"fields": ("Content-Type: text/html",)}, 415),
        (message(), {"fields": ("Content-Type: application/json", "Origin: http://x")}, 403),
        (message(), {"method": "GET"}, 405),
        (message(), {"method": "OPTIONS"}, 405),
        (b"<html>", {}, 400),
        (b"{}", {}, 400),
        (b"[" * 50_000, {}, 400),
        (b" " * (LONGEST_MESSAGE + 1), {}, 413),
        (message(device="phone-2"), {}, 409),
        (b"", {"fields": ("X: " + "y" * 70_000,)}, 431),
        (b"", {"fields": ("no field",)}, 400),
    ],
)
def test_what_is_no_message_of_this_phone_is_refused_with_a_status(body, options, status, taken):
    async def main():
        clock = FastClock(1.0)
        source = source_of(clock, taken)
        phone = SensorLoggerPhone()

        async def begin():
            port = await port_once_open(source)
            await push(port, phone.message()[1])

        beginning = asyncio.create_task(begin())
        async with source:
            await beginning
            return await push(port_of(source), body, **options), source.counts.n_packets

    answered, n_packets = asyncio.run(main())
    assert answered == status
    assert n_packets == (status in (100, 200))
    assert taken.kinds.count("shared") == (status not in (100, 200))
    assert "refused" not in taken.kinds


def test_nobody_pushes_and_it_is_said_what_to_enter():
    async def main():
        async with source_of(FastClock(1.0), first_s=0.2):
            pass

    with pytest.raises(SensorNotFoundError, match=r"http://127\.0\.0\.1:\d+ .*Push URL.*firewall"):
        asyncio.run(main())


def test_what_came_instead_of_a_message_is_said():
    async def main(body):
        source = source_of(FastClock(1.0), first_s=1.0)

        async def begin():
            await push(await port_once_open(source), body)

        beginning = asyncio.create_task(begin())
        try:
            async with source:
                pass
        finally:
            await beginning

    with pytest.raises(SensorNotFoundError, match=r"more than 1 MB.*batch period.*Push URL"):
        asyncio.run(main(b" " * (LONGEST_MESSAGE + 1)))
    with pytest.raises(SensorNotFoundError, match="no message of Sensor Logger"):
        asyncio.run(main(b"<html>"))


def test_messages_that_wait_for_a_lost_one_are_kept_at_the_end(taken):
    phone = SensorLoggerPhone(batch_s=0.25)

    async def main():
        source = source_of(FastClock(1.0), taken)

        async def begin():
            port = await port_once_open(source)
            for number in range(20):
                body = phone.message()[1]
                if number != 17:
                    await push(port, body)
            await source.stop()

        beginning = asyncio.create_task(begin())
        async with source:
            blocks = [block async for block in source]
        await beginning
        return blocks

    indices = indices_of(asyncio.run(main()))
    assert indices[-1] == math.ceil(20 * 0.25 * phone.rate_hz) - 1
    begin, end = (math.ceil(k * 0.25 * phone.rate_hz) for k in (17, 18))
    gone = sorted(set(range(indices[0], indices[-1] + 1)) - set(indices))
    assert gone == list(range(begin, end))


def test_port_in_use_is_said_with_another():
    async def main():
        async with listening(lambda *_: None) as port:
            source = open_source(f"sensor-logger:127.0.0.1:{port}")
            assert source.address == f"127.0.0.1:{port}"
            async with source:
                pass

    with pytest.raises(LinkError, match="is in use; give another, as sensor-logger:PORT"):
        asyncio.run(main())


def test_phone_that_pushes_no_more_is_given_up():
    clock = FastClock(SPEED)
    timeouts = replace(QUICK, give_up_s=1.5)
    source = source_of(clock, timeouts=timeouts)

    async def main():
        pushing = asyncio.create_task(Pushing(SensorLoggerPhone(), clock, until_s=60.0).run(source))
        async with source, asyncio.timeout(30.0):
            async for _ in source:
                pass
        await pushing

    with pytest.raises(SensorLostError, match=r"pushed no more.*did not come back within"):
        asyncio.run(main())


def test_no_address_of_anybody_is_kept(taken):
    clock = FastClock(SPEED)
    source = source_of(clock, taken)

    async def main():
        pushing = asyncio.create_task(Pushing(SensorLoggerPhone(), clock, until_s=20.0).run(source))
        async with source:
            await pushing
            return describe(source)

    stream = asyncio.run(main())
    text = json.dumps(stream.to_manifest()) + "".join(
        getattr(item, "detail", "") for item in taken.items
    )
    assert "127.0.0.1" not in text


@pytest.mark.parametrize(
    ("sends", "gravity"), [(("accelerometer",), "removed"), (("totalacceleration",), "included")]
)
def test_recording_says_whether_gravity_is_in(sends, gravity, tmp_path, taken):
    clock = FastClock(SPEED)
    source = source_of(clock, taken)

    async def main():
        pushing = asyncio.create_task(
            Pushing(SensorLoggerPhone(sends=sends), clock, until_s=40.0).run(source)
        )
        async with source, Recorder(tmp_path / "x", stream=describe(source)) as recorder:
            for item in taken.items:
                recorder.tap(item)
            source._tap = recorder.tap
            await pushing
            await source.stop()
            for block in source.decode_waiting():
                recorder.take(block)

    asyncio.run(main())
    assert read(tmp_path / "x").gravity == gravity
    assert redecode(tmp_path / "x").recording.gravity == gravity
