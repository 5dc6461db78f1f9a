"""What goes wrong with a sensor, a link, a daemon or a bus, and what becomes of the samples."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from rigs.models import PMD_CONTROL

from devices import open_source
from tremor.errors import (
    InvalidInputError,
    LinkError,
    SensorLostError,
    SensorNotFoundError,
    SensorRefusedError,
)

from ..conftest import QUICK, Taken, read, wait_until

ONCE = replace(QUICK, attempts=1)


def source_of(taken, *, sensor="polar-h10", timeouts=QUICK, **options):
    return open_source(sensor, tap=taken.tap, timeouts=timeouts, **options)


def stream(taken, *, n=72, **options):
    """Open, read so many samples, close."""

    async def main():
        async with source_of(taken, **options) as source:
            await read(source, taken, n=n)
            return source.counts

    return asyncio.run(main())


# Beginning


@pytest.mark.parametrize(
    "fault",
    [
        {"connect_faults": ["le-connection-abort-by-local"] * 2},
        {"connect_faults": ["InProgress"]},
        {"connect_faults": ["br-connection-canceled"]},
        {"connect_faults": ["hang"]},
        {"connect_faults": ["vanish"]},
        {"never_resolves": 1},
        {"reads_in_progress": 5},
    ],
    ids=str,
)
def test_trouble_that_passes_while_it_connects_is_waited_out(bluetooth, fault):
    rig, taken = bluetooth({"h10": {"speed": 4.0, **fault}}), Taken()
    # A busy machine may need more attempts than the fault does.
    stream(taken, timeouts=replace(QUICK, connect_s=0.8, attempts=20))
    assert taken.indices == list(range(len(taken.indices)))
    assert not rig.look("h10")["connected"]


def test_services_that_never_come_are_told_and_nothing_stays_connected(bluetooth):
    rig = bluetooth({"h10": {"never_resolves": 99}})
    with pytest.raises(
        LinkError, match=r"could not connect to Polar H10 .* did not answer in time"
    ):
        stream(Taken(), timeouts=replace(ONCE, connect_s=0.8))
    assert not rig.look("h10")["connected"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"powered": False}, "Bluetooth is off; turn it on"),
        ({"adapter": False}, "there is no Bluetooth adapter; plug in"),
        ({"daemon": False}, "the Bluetooth daemon is not running; install bluez"),
    ],
)
def test_bluetooth_that_is_not_there_is_told_with_its_remedy(bluetooth, options, message):
    bluetooth({"h10": {}}, **options)
    with pytest.raises(LinkError, match=message):
        stream(Taken())


def test_no_bus_is_told_with_its_remedy(bluetooth):
    bluetooth().kill_bus()
    with pytest.raises(LinkError, match="there is no D-Bus system bus; start it"):
        stream(Taken())


def test_bluetooth_that_is_not_allowed_is_told_with_its_remedy(bluetooth):
    rig = bluetooth({"h10": {}})
    rig.do("discovery_error", name="org.freedesktop.DBus.Error.AccessDenied")
    with pytest.raises(LinkError, match="Bluetooth is not allowed; add yourself"):
        stream(Taken())


def test_sensor_that_is_not_there_is_told_with_what_to_do(bluetooth):
    bluetooth({"uart": {}})
    with pytest.raises(
        SensorNotFoundError, match=r"'polar-h10' was not found within 0.3 s; wear or"
    ):
        stream(Taken(), timeouts=replace(QUICK, find_s=0.3))


def test_sensor_that_is_none_is_told(bluetooth):
    bluetooth({"uart": {"name": "Fridge", "advertised": []}})
    with pytest.raises(SensorNotFoundError, match=r"Fridge .* is no sensor that is known"):
        stream(Taken(), sensor="fridge", timeouts=replace(QUICK, find_s=0.3))


def test_words_that_fit_two_sensors_are_not_guessed_about(bluetooth):
    second = {"model": "h10", "name": "Polar H10 99999999", "address": "A0:9E:1A:00:00:02"}
    bluetooth({"h10": {}, "other": second})
    with pytest.raises(InvalidInputError, match=r"2 sensors fit 'polar-h10': .*99999999"):
        stream(Taken(), timeouts=replace(QUICK, settle_s=0.6))


def test_refusal_is_told_in_words_and_the_sensor_let_go(bluetooth):
    rig = bluetooth({"h10": {"replies": {"02": "f0020208"}}})
    with pytest.raises(SensorRefusedError, match="sampling rate"):
        stream(Taken())
    seen = rig.look("h10")
    assert not seen["connected"]
    assert seen["calls"].count("Connect") == 1  # it would say the same again


def test_error_of_the_attribute_protocol_is_told(bluetooth):
    bluetooth({"h10": {"write_errors": {PMD_CONTROL: 0x0E}}})
    with pytest.raises(LinkError, match="'GATT Protocol Error: Unlikely Error'"):
        stream(Taken(), timeouts=ONCE)


def test_sensor_that_wants_to_be_paired_says_so(bluetooth):
    bluetooth({"h10": {"write_errors": {PMD_CONTROL: 0x05}}})
    with pytest.raises(SensorRefusedError, match="wants to be paired first; pair it: give --pair"):
        stream(Taken(), timeouts=ONCE)


def test_sensor_that_wants_to_be_paired_and_is_silent_about_it(bluetooth):
    rig = bluetooth({"h10": {"needs_pairing": True, "speed": 4.0}})
    with pytest.raises(LinkError, match=r"did not confirm a write within 1.5 s; .*--pair"):
        stream(Taken(), timeouts=replace(ONCE, step_s=1.5))
    taken = Taken()
    stream(taken, pair=True)
    assert taken.indices[:10] == list(range(taken.indices[0], taken.indices[0] + 10))
    assert rig.look("h10")["paired"]


def test_pairing_that_fails_is_told(bluetooth):
    bluetooth({"h10": {"needs_pairing": True, "pairing_fails": True}})
    with pytest.raises(SensorRefusedError, match="pairing failed; open 'bluetoothctl' beside"):
        stream(Taken(), pair=True)


def test_sensor_without_the_characteristics_is_told(bluetooth):
    bluetooth({"h10": {"table": {}}})
    with pytest.raises(SensorRefusedError, match=r"has no characteristic fb005c81.*firmware"):
        stream(Taken())


def test_sensor_that_is_connected_already_is_found_and_attached_to(bluetooth):
    """Another program was killed: the sensor is connected, streams, and is not in any scan."""
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()
    rig.do("connect", "h10")
    rig.do("set", "h10", streaming=True, zero_s=time.monotonic())
    stream(taken)
    seen = rig.look("h10")
    assert "Connect" not in seen["calls"]
    assert not seen["connected"]
    first = taken.indices[0]
    assert taken.indices == list(range(first, first + len(taken.indices)))


# While it streams


def wait_for(taken, kind, times=1):
    return lambda: taken.kinds.count(kind) >= times


def check_gaps(taken):
    """Whatever came is where it belongs; a gap is a jump of the index, and nothing else is."""
    offset = taken.positions[0] - taken.indices[0]
    assert [place - offset for place in taken.positions] == taken.indices
    steps = [b - a for a, b in pairwise(taken.indices)]
    return [step - 1 for step in steps if step != 1]


def test_lost_link_is_made_again_and_the_gap_is_true(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with source_of(taken) as source:
            for round_ in (1, 2):
                await read(source, taken, n=108)
                rig.do("lose", "h10")
                await read(source, taken, until=wait_for(taken, "restarted", round_))
            await read(source, taken, n=72)
            assert source.counts.n_restarts == 2
            assert source.is_linked

    asyncio.run(main())
    gaps = check_gaps(taken)
    assert len(gaps) == 2
    assert all(gap > 0 for gap in gaps)
    assert taken.kinds == [
        "connected", "started", "lost", "connected", "restarted", "lost", "connected",
        "restarted", "stopped",
    ]  # fmt: skip
    assert "out of reach" in taken.events[2].detail
    assert not rig.look("h10")["connected"]


def test_losses_and_lost_links_together_leave_every_sample_in_its_place(bluetooth):
    """A minute at 40 times real time, one notification in 50 lost, three links lost."""
    rig, taken = bluetooth({"h10": {"speed": 40.0, "lose_every": 50}}), Taken()

    async def main():
        async with source_of(taken) as source:
            for round_ in (1, 2, 3):
                await read(source, taken, n=3000)
                rig.do("lose", "h10")
                await read(source, taken, until=wait_for(taken, "restarted", round_))
            await read(source, taken, n=3000)
            return source.counts

    counts = asyncio.run(main())
    gaps = check_gaps(taken)
    assert len(taken.indices) >= 12_000
    assert sum(gap == 36 for gap in gaps) >= 4
    assert sum(gap > 36 for gap in gaps) >= 3
    assert (counts.n_refused, counts.n_dropped, counts.n_restarts) == (0, 0, 3)


def test_silent_link_is_dropped_and_made_again(bluetooth):
    rig, taken = bluetooth({"h10": {}}), Taken()

    async def main():
        async with source_of(taken, timeouts=replace(QUICK, silence_s=3.0)) as source:
            await read(source, taken, n=108)
            rig.do("set", "h10", silent=True)
            reading = asyncio.create_task(read(source, taken, until=wait_for(taken, "restarted")))
            await wait_until(wait_for(taken, "silent"))
            rig.do("set", "h10", silent=False)
            await reading

    asyncio.run(main())
    assert taken.kinds[:4] == ["connected", "started", "silent", "lost"]
    assert "fell silent" in taken.events[3].detail
    assert len(check_gaps(taken)) == 1


def test_notifications_that_are_lost_are_a_gap_of_that_length(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 2.0}}), Taken()

    async def main():
        async with source_of(taken) as source:
            await read(source, taken, n=108)
            rig.do("set", "h10", to_lose=3)
            await read(source, taken, until=lambda: check_gaps(taken))

    asyncio.run(main())
    assert check_gaps(taken) == [3 * 36]


def test_sensor_that_does_not_come_back_is_lost_for_good(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        timeouts = replace(QUICK, find_s=0.3, give_up_s=0.8)
        async with source_of(taken, timeouts=timeouts) as source:
            await read(source, taken, n=72)
            rig.do("set", "h10", in_reach=False)
            rig.do("lose", "h10")
            await read(source, taken, n=10_000)

    with pytest.raises(SensorLostError, match=r"was lost \(the sensor is out of reach.* not found"):
        asyncio.run(main())
    assert taken.indices[:72] == list(range(72))


def test_sensor_that_starts_and_sends_nothing_is_lost_for_good(bluetooth):
    rig, taken = bluetooth({"h10": {"silent": True}}), Taken()

    async def main():
        timeouts = replace(QUICK, silence_s=0.5, give_up_s=1.0)
        async with source_of(taken, timeouts=timeouts) as source:
            await read(source, taken, n=1)

    with pytest.raises(SensorLostError, match=r"was lost \(the sensor fell silent\)"):
        asyncio.run(main())
    assert "silent" in taken.kinds
    assert not rig.look("h10")["connected"]


def test_leaving_while_the_sensor_is_sought_does_not_wait_for_it(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        # The search would take an hour.
        timeouts = replace(QUICK, find_s=3600.0)
        async with asyncio.timeout(120), source_of(taken, timeouts=timeouts) as source:
            await read(source, taken, n=72)
            rig.do("set", "h10", in_reach=False)
            rig.do("lose", "h10")
            await wait_until(wait_for(taken, "lost"))
            assert not source.is_linked

    asyncio.run(main())
    assert "restarted" not in taken.kinds


def test_bluetooth_that_is_turned_off_and_on_again(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with source_of(taken) as source:
            await read(source, taken, n=72)
            rig.do("power", on=False)
            await wait_until(wait_for(taken, "lost"))
            await asyncio.sleep(0.5)
            rig.do("power", on=True)
            await read(source, taken, until=wait_for(taken, "restarted"))

    asyncio.run(main())
    assert len(check_gaps(taken)) == 1


def test_bus_that_is_killed_and_comes_back(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with source_of(taken) as source:
            await read(source, taken, n=72)
            rig.kill_bus()
            await wait_until(wait_for(taken, "lost"))
            rig.start_bus()
            rig.start_daemon()
            await read(source, taken, until=wait_for(taken, "restarted"))
            await read(source, taken, n=72)

    asyncio.run(main())
    assert taken.positions == sorted(set(taken.positions))


def test_frames_that_a_small_mtu_cuts_are_refused_and_counted(bluetooth):
    bluetooth({"h10": {"speed": 4.0, "mtu": 100}})
    taken = Taken()

    async def main():
        async with source_of(taken) as source:
            reading = asyncio.create_task(read(source, taken, n=1))
            await wait_until(wait_for(taken, "refused", 3))
            reading.cancel()
            return source.counts

    counts = asyncio.run(main())
    assert taken.blocks == []
    assert counts.n_refused >= 3
    assert {len(one.data) for one in taken.packets if len(one.data) > 40} == {97}


def test_reader_that_is_too_far_behind_is_told_what_was_left_out(bluetooth):
    bluetooth({"h10": {}})
    taken = Taken()

    async def main():
        async with source_of(taken, timeouts=replace(QUICK, queue_s=0.3)) as source:
            await read(source, taken, n=36)
            await wait_until(lambda: source.counts.n_dropped >= 2)
            await read(source, taken, until=wait_for(taken, "dropped"))
            await read(source, taken, n=36)
            await source.stop()
            taken.blocks += source.decode_waiting()
            return source.counts

    counts = asyncio.run(main())
    gaps = check_gaps(taken)
    assert counts.n_dropped >= 2
    # On a busy machine packets may be dropped more than once.
    details = [event.detail for event in taken.events if event.kind == "dropped"]
    dropped = [int(detail.partition(" ")[0]) for detail in details]
    assert all("packets were not decoded" in detail for detail in details)
    assert sum(dropped) == counts.n_dropped
    assert gaps == [36 * n for n in dropped[: len(gaps)]]
    assert gaps
    # What was dropped was tapped all the same.
    assert len([one for one in taken.packets if len(one.data) == 226]) >= (
        len(taken.indices) // 36 + counts.n_dropped
    )


def test_program_that_stands_still_does_not_take_the_sensor_for_silent(bluetooth):
    bluetooth({"h10": {}})
    taken = Taken()

    async def main():
        async with source_of(taken, timeouts=replace(QUICK, silence_s=1.5)) as source:
            await read(source, taken, n=72)
            time.sleep(3.5)  # more than twice as long as silence may last
            await read(source, taken, n=500)

    asyncio.run(main())
    assert check_gaps(taken) == []
    assert taken.kinds == ["connected", "started", "stopped"]
