"""A sensor through bleak's own Linux backend and a made-up daemon: all goes well."""

from __future__ import annotations

import asyncio
import time
from itertools import count

import pytest
from rigs.models import PMD_CONTROL, PMD_DATA

from devices import PROFILES, open_source
from devices.link.options import HostClocks, LinkOptions
from devices.link.source import SensorSource
from devices.profile import RequestedSettings
from tremor.errors import InvalidInputError
from tremor.packets import LinkEvent, Packet

from ..conftest import QUICK, Taken, indices_of, read

START = bytes.fromhex("02 02 02 01 08 00 00 01 C8 00 01 01 10 00").hex()
STOP = "0302"


def source_of(sensor, taken, **options):
    return open_source(sensor, tap=taken.tap, timeouts=QUICK, **options)


def run(work):
    asyncio.run(work)


def test_every_sample_comes_once_in_order_and_the_sensor_is_stopped(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 10.0}}), Taken()

    async def main():
        async with source_of("polar-h10", taken) as source:
            assert source.is_linked
            assert source.name == "Polar H10 1A2B3C4D"
            assert source.nominal_sampling_rate_hz == 200.0
            assert source.rssi_dbm == -58
            assert await source.battery_percent() == 81
            await read(source, taken, n=1500)

    run(main())
    assert taken.indices == list(range(len(taken.indices)))
    assert taken.positions == list(range(len(taken.positions)))
    seen = rig.look("h10")
    assert [data for uuid, data in seen["writes"] if uuid == PMD_CONTROL][-2:] == [START, STOP]
    assert not seen["started"]
    assert not seen["connected"]
    assert taken.kinds == ["connected", "started", "stopped"]
    assert "MTU 247" in taken.events[0].detail


def test_lines_that_are_cut_anywhere_come_out_whole(bluetooth):
    bluetooth({"uart": {"speed": 10.0}})
    taken = Taken()

    async def main():
        async with source_of("nordic-uart", taken) as source:
            assert source.name == "Calf-IMU"
            await read(source, taken, n=600)
            assert source.n_rejected <= 1  # a first line that is cut
            assert await source.battery_percent() is None

    run(main())
    first = taken.indices[0]
    assert taken.indices == list(range(first, first + len(taken.indices)))
    assert {len(one.data) for one in taken.packets} == {20}


def test_what_is_tapped_is_decoded_to_the_same_samples(bluetooth):
    taken = Taken()
    bluetooth({"h10": {"speed": 4.0}})

    async def main():
        async with source_of("polar-h10", taken) as source:
            await read(source, taken, n=360)
            await source.stop()
            taken.blocks += source.decode_waiting()
            return source.started.settings

    settings = asyncio.run(main())
    decoder, on, blocks = PROFILES["polar-h10"].make_decoder(settings), False, []
    for item in taken.items:
        if isinstance(item, LinkEvent):
            on = item.kind == "started"
        elif on:
            blocks += decoder.feed(item.characteristic, item.data, item.arrival_s)
    assert indices_of(blocks) == taken.indices


def test_packets_are_tapped_as_they_came_with_two_clocks(bluetooth):
    taken = Taken()
    bluetooth({"h10": {}})
    ticks = count()
    clocks = HostClocks(monotonic=lambda: float(next(ticks)), wall=lambda: 1e9)
    source = SensorSource(
        "polar-h10", tap=taken.tap, link=LinkOptions(timeouts=QUICK), clocks=clocks
    )

    async def main():
        async with source:
            await read(source, taken, n=72)

    run(main())
    data = [one for one in taken.packets if one.characteristic == PMD_DATA]
    assert {len(one.data) for one in data} == {226}
    assert any(one.characteristic == PMD_CONTROL for one in taken.packets)  # replies, too
    times = [one.arrival_s for one in taken.items]
    assert times == sorted(times)
    assert all(time_s == int(time_s) for time_s in times)
    assert {one.wall_s for one in taken.items} == {1e9}


@pytest.mark.parametrize("wanted", ["A0:9e:1a:00:00:01", "Polar H10 1A2B3C4D", "1a2b", ""])
def test_sensor_is_found_by_address_name_or_part_of_it_or_alone(bluetooth, wanted):
    taken = Taken()
    bluetooth({"h10": {"speed": 4.0, "late_name": 3}})

    async def main():
        async with source_of(wanted, taken) as source:
            assert source.profile.slug == "polar-h10"
            await read(source, taken, n=36)

    run(main())


def test_rate_and_range_are_asked_for(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with source_of("polar-h10", taken, sampling_rate_hz=100, range_g=4) as source:
            await read(source, taken, n=36)
            assert source.started.settings.sampling_rate_hz == 100.0
            assert source.started.settings.range_g == 4.0

    run(main())
    writes = [data for _, data in rig.look("h10")["writes"]]
    assert "0202020104000001640001011000" in writes


def test_what_the_sensor_cannot_do_is_refused_before_anything_is_sought():
    with pytest.raises(InvalidInputError, match="cannot sample at 123 Hz"):
        SensorSource("polar-h10", RequestedSettings(sampling_rate_hz=123))


def test_reading_outside_of_the_context_is_refused():
    source = SensorSource("polar-h10")

    async def main():
        async for _ in source:
            pass

    with pytest.raises(InvalidInputError, match="async with"):
        asyncio.run(main())
    with pytest.raises(InvalidInputError, match="async with"):
        _ = source.name


def test_stop_ends_the_reading_after_what_waits(bluetooth):
    rig, taken = bluetooth({"h10": {"speed": 4.0}}), Taken()

    async def main():
        async with source_of("polar-h10", taken) as source:
            await read(source, taken, n=36)
            await source.stop()
            taken.blocks += source.decode_waiting()
            assert not source.is_open()

    run(main())
    assert taken.indices == list(range(len(taken.indices)))
    assert not rig.look("h10")["started"]


def test_two_sensors_at_once_share_the_clock_and_none_loses_anything(bluetooth):
    second = {"model": "h10", "name": "Polar H10 99999999", "address": "A0:9E:1A:00:00:02"}
    rig = bluetooth({"h10": {"speed": 4.0}, "other": {"speed": 4.0, **second}})
    left, right = Taken(), Taken()
    begin_s = time.monotonic()

    async def one(wanted, taken):
        async with source_of(wanted, taken) as source:
            await read(source, taken, n=400)

    async def main():
        await asyncio.gather(one("1A2B3C4D", left), one("99999999", right))

    run(main())
    for taken in (left, right):
        assert taken.indices == list(range(len(taken.indices)))
    for taken in (left, right):
        assert all(begin_s <= one.arrival_s <= time.monotonic() for one in taken.packets)
    assert not rig.look("h10")["connected"]
    assert not rig.look("other")["connected"]


def test_reader_that_stops_for_a_while_loses_nothing(bluetooth):
    """The program stands still for 1 s at 111 packets/s: they wait in the bus and in the line."""
    rig, taken = bluetooth({"h10": {"speed": 20.0}}), Taken()

    async def main():
        async with source_of("polar-h10", taken) as source:
            await read(source, taken, n=360)
            time.sleep(1.0)
            await read(source, taken, n=4500)
            assert source.counts.n_restarts == 0

    run(main())
    assert taken.indices == list(range(len(taken.indices)))
    assert rig.look("h10")["acquired"] == []  # the way that would have lost some is not used


@pytest.mark.parametrize("how", ["raise", "cancel", "break"])
def test_sensor_is_stopped_on_every_way_out(bluetooth, how):
    # It takes the daemon some time.
    rig, taken = bluetooth({"h10": {"speed": 4.0, "disconnect_s": 0.5}}), Taken()

    async def main():
        async with source_of("polar-h10", taken) as source:
            async for block in source:
                taken.blocks.append(block)
                if how == "raise":
                    raise ZeroDivisionError
                if how == "cancel":
                    asyncio.current_task().cancel()
                else:
                    break

    ends = {"raise": ZeroDivisionError, "cancel": asyncio.CancelledError}
    if how in ends:
        with pytest.raises(ends[how]):
            run(main())
    else:
        run(main())
    seen = rig.look("h10")
    assert [data for _, data in seen["writes"]][-1] == STOP
    assert not seen["connected"]
    assert taken.kinds[-1] == "stopped"


def test_cancelled_while_it_connects_leaves_nothing_connected(bluetooth):
    rig = bluetooth({"h10": {"never_resolves": 1}})

    async def main():
        task = asyncio.create_task(source_of("polar-h10", Taken()).__aenter__())
        async with asyncio.timeout(60):
            while not (await asyncio.to_thread(rig.look, "h10"))["connected"]:
                await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert not rig.look("h10")["connected"]


def test_tap_that_fails_ends_the_stream_and_is_told(bluetooth):
    bluetooth({"h10": {"speed": 4.0}})
    rows = []

    def tap(item):
        if isinstance(item, Packet) and item.characteristic == PMD_DATA:
            raise OSError(28, "No space left on device")

    async def main():
        async with open_source("polar-h10", tap=tap, timeouts=QUICK) as source:
            async for block in source:
                rows.append(block)

    with pytest.raises(OSError, match="No space left"):
        run(main())
