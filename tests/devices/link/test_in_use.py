"""Sensors that other programs listen to, that were connected before, or that another run uses."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from devices import open_source
from devices.link.claim import SensorClaim
from devices.link.discovery import scan
from devices.link.repeats import RepeatFilter
from tremor.errors import SensorLostError, SensorRefusedError

from ..conftest import QUICK, Taken, read, wait_until


def stream(taken, sensor, *, n=200, before=lambda: None, timeouts=QUICK):
    async def main():
        async with open_source(sensor, tap=taken.tap, timeouts=timeouts) as source:
            before()
            await read(source, taken, n=n)
            return source.counts

    return asyncio.run(main())


@pytest.mark.parametrize(("kind", "sensor"), [("h10", "polar-h10"), ("uart", "nordic-uart")])
def test_what_comes_twice_for_another_program_is_left_out_and_told(bluetooth, kind, sensor):
    rig, taken = bluetooth({kind: {"speed": 4.0}}), Taken()
    rig.do("connect", kind)
    rig.do("listen", kind)
    counts = stream(taken, sensor)
    assert taken.kinds.count("shared") == 1
    assert counts.n_refused == 0, taken.events
    assert taken.indices == list(range(taken.indices[0], taken.indices[0] + len(taken.indices)))


def test_nothing_is_left_out_where_nobody_else_listens(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()
    stream(taken, "polar-h10")
    assert "shared" not in taken.kinds
    rig.do("connect", "h10")  # as a program that was killed leaves it: connected, none listens
    taken = Taken()
    stream(taken, "polar-h10")
    assert "shared" not in taken.kinds


def test_a_lost_link_of_our_own_is_no_other_program(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with open_source("polar-h10", tap=taken.tap, timeouts=QUICK) as source:
            await read(source, taken, n=72)
            rig.do("lose", "h10")
            await read(source, taken, until=lambda: "restarted" in taken.kinds)

    asyncio.run(main())
    assert "shared" not in taken.kinds


def test_a_program_that_joins_while_it_streams_is_told(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 20.0}}), Taken()

    async def main():
        async with open_source("polar-h10", tap=taken.tap, timeouts=QUICK) as source:
            await read(source, taken, n=72 * 36)
            rig.do("listen", "h10")
            await read(source, taken, until=lambda: "shared" in taken.kinds)
            n_before = source.counts.n_refused
            await read(source, taken, n=72 * 36)
            assert source.counts.n_refused == n_before

    asyncio.run(main())
    assert taken.indices == list(range(len(taken.indices)))


def test_repeats_are_the_same_bytes_at_once():
    repeats = RepeatFilter(is_shared=True)
    items = [(b"a", 0.0), (b"a", 1e-4), (b"a", 2e-4), (b"b", 3e-4), (b"a", 4e-4), (b"a", 0.9)]
    assert [repeats.is_repeat(*one) for one in items] == [False, True, True, False, False, False]
    assert repeats.n_repeats == 2


@pytest.mark.parametrize("n_listeners", [1, 2, 3])
@pytest.mark.parametrize("apart_s", [1e-4, 0.5])
def test_as_often_as_each_is_announced_a_value_is_one(n_listeners, apart_s):
    """A sensor at rest sends a value twice in a row; a stall pulls the announcements apart."""
    rng = np.random.default_rng(0)
    sent = [bytes([value]) for value in rng.integers(0, 3, 400)]
    repeats, kept, now_s = RepeatFilter(is_shared=True), [], 0.0
    for number, value in enumerate(sent):
        for _ in range(n_listeners):
            now_s += apart_s if number > 40 else 1e-5
            if not repeats.is_repeat(value, now_s):
                kept.append(value)
        now_s += 0.6
    # Until the number is known, one that is late may come twice.
    assert kept[-340:] == sent[-340:]


def test_what_was_announced_for_others_alone_tells_nothing():
    """A busy computer hears some before it is subscribed, and each that follows twice."""
    values = [bytes([value]) for value in range(60)]
    repeats, kept = RepeatFilter(is_shared=True, is_subscribed=False), []
    for number, value in enumerate(values):
        if number == 14:  # the answer comes after some that were announced for both
            repeats.begin()
        for copy in range(1 if number < 9 else 2):
            if not repeats.is_repeat(value, 0.02 * number + 1e-4 * copy):
                kept.append(value)
    assert kept == values
    assert repeats.is_shared


def heard(values, n_listeners):
    """Which announcements of values are kept, each announced as often as there are listeners."""
    repeats, kept = RepeatFilter(is_shared=False), []
    for number, (value, n) in enumerate(zip(values, n_listeners, strict=True)):
        kept += [
            value for copy in range(n) if not repeats.is_repeat(value, 0.01 * number + 1e-4 * copy)
        ]
    return kept, repeats


def test_a_program_that_begins_to_listen_later_is_recognised():
    rng = np.random.default_rng(1)
    values = [bytes([value]) for value in rng.integers(0, 200, 600)]
    kept, repeats = heard(values, [1] * 200 + [2] * 200 + [1] * 200)
    assert repeats.n_repeats > 150
    assert not repeats.is_shared  # it has ended
    assert kept[:200] == values[:200]
    assert kept[-300:] == values[-300:]
    assert len(kept) - len(values) < 40  # until it was certain


@pytest.mark.parametrize("times", [1, 2])
def test_a_sensor_that_repeats_values_by_itself_loses_none(times):
    """A sketch that reads faster than its chip measures sends every value twice."""
    rng = np.random.default_rng(2)
    values = [bytes([value]) for value in np.repeat(rng.integers(0, 3 * times, 900), times)]
    kept, repeats = heard(values, [1] * len(values))
    assert kept == values
    assert not repeats.is_shared


@pytest.mark.parametrize("sensor", ["", "polar-h10", "A0:9E:1A:00:00:01", "widget"])
@pytest.mark.parametrize("stays_connected", [True, False])
def test_sensor_with_the_name_of_its_generic_service_is_known_by_its_services(
    bluetooth, sensor, stays_connected
):
    rig, taken = bluetooth({"h10": {"speed": 4.0, "gap_name": "Widget"}}), Taken()
    rig.do("connect", "h10")
    if not stays_connected:
        rig.do("lose", "h10")
    listed = asyncio.run(scan(0.5))
    assert [(one.profile.slug, one.label) for one in listed] == [
        ("polar-h10", "Widget (A0:9E:1A:00:00:01)")
    ]
    stream(taken, sensor)
    assert len(taken.indices) >= 200


@pytest.mark.parametrize(("delay_s", "in_progress"), [(2.5, 0), (0.0, 3)])
def test_scan_that_begins_slowly_is_waited_for(bluetooth, delay_s, in_progress):
    rig = bluetooth({"h10": {}})
    rig.do("slow_discovery", delay_s=delay_s, in_progress=in_progress)
    listed = asyncio.run(scan(0.5))
    assert [one.profile.slug for one in listed] == ["polar-h10"]


def test_sensor_that_streams_a_moment_and_drops_is_given_up(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()
    timeouts = replace(
        QUICK, fruitful_s=1e6, most_fruitless=3, first_wait_s=0.01, longest_wait_s=0.05
    )

    async def main():
        async with open_source("polar-h10", tap=taken.tap, timeouts=timeouts) as source:
            for n in range(1, 5):
                await read(source, taken, n=len(taken.indices) + 36)
                rig.do("lose", "h10")
                await wait_until(lambda n=n: taken.kinds.count("lost") == n)
            await read(source, taken, n=10**9)

    with pytest.raises(SensorLostError, match=r"4 times in a row, each time within"):
        asyncio.run(main())
    assert taken.kinds.count("restarted") == 3
    assert taken.indices


def test_small_mtu_is_told_once_with_its_remedy(bluetooth):
    bluetooth({"h10": {"speed": 4.0, "mtu": 23}})
    taken = Taken()

    async def main():
        async with open_source("polar-h10", tap=taken.tap, timeouts=QUICK) as source:
            reading = asyncio.create_task(read(source, taken, n=1))
            await wait_until(lambda: taken.kinds.count("refused") > 2)
            reading.cancel()

    asyncio.run(main())
    (told,) = [one.detail for one in taken.events if one.kind == "mtu"]
    assert "no more than 20 bytes" in told
    assert "Bluetooth 4.2" in told
    assert "MTU" not in taken.events[0].detail  # BlueZ shows 23 where it knows none


def test_sensor_of_another_run_is_refused_and_that_run_is_told(bluetooth, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    rig, first, second = bluetooth({"h10": {"speed": 4.0}}), Taken(), Taken()

    async def main():
        async with open_source("polar-h10", tap=first.tap, timeouts=QUICK) as source:
            reading = asyncio.create_task(read(source, first, n=10**9))
            await wait_until(lambda: len(first.indices) > 72)
            with pytest.raises(SensorRefusedError, match="in use by another run"):
                async with open_source("polar-h10", tap=second.tap, timeouts=QUICK):
                    pass
            await wait_until(lambda: "claimed" in first.kinds)
            reading.cancel()

    asyncio.run(main())
    assert not second.packets
    assert "lost" not in first.kinds
    assert first.indices == list(range(len(first.indices)))
    assert not rig.look("h10")["connected"]
    stream(Taken(), "polar-h10")  # the claim is released


def test_claims_are_by_address_and_end_with_their_holder(tmp_path):
    one = SensorClaim("aa:bb", "x", folder=tmp_path)
    SensorClaim("AA:CC", "y", folder=tmp_path).release()
    assert one.asked_by() is None
    with pytest.raises(SensorRefusedError, match=r"x is in use .*\(process \d+\)"):
        SensorClaim("AA:BB", "x", folder=tmp_path)
    assert one.asked_by() is not None
    assert one.asked_by() is None
    one.release()
    SensorClaim("AA:BB", "x", folder=tmp_path).release()
    SensorClaim("AA:BB", "x", folder=tmp_path / "f" / "g").release()
    (tmp_path / "file").touch()
    SensorClaim("AA:BB", "x", folder=tmp_path / "file").release()  # no folder, no claim
