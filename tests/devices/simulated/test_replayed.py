"""What a link brought comes again over the same link: samples, commands, lost links."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from rigs.loop_clock import LoopClock

from devices import PROFILES
from devices.link.options import HostClocks, LinkOptions
from devices.link.source import SensorSource
from devices.simulated.backend import backend_of
from devices.simulated.opening import model_of
from devices.simulated.replayed import ReplayedSensor
from devices.sources import open_source
from tremor.errors import CaptureReadError
from tremor.formats.folder.packet_log import FILE_HEAD, StreamGranted, encode_record
from tremor.packets import Packet

LIKES = ["polar-h10", "polar-verity-sense", "witmotion", "movesense", "nordic-uart", "simulated"]


async def taken(source, n_samples):
    blocks, n = [], 0
    async with source:
        async for block in source:
            blocks.append(block)
            n += len(block.acceleration_ms2)
            if n >= n_samples:
                break
        return blocks, source.started.settings


def logged(path, like, n_samples, **options):
    """Listen to a simulated sensor, keep its packets as a recording does, and give its blocks."""
    records = []
    model = model_of({"scene": "index", **options, "like": like}, sampling_rate_hz=None)
    clock = LoopClock(20.0)
    source = SensorSource(
        model.address,
        profile=PROFILES[like],
        tap=records.append,
        link=LinkOptions(backend=backend_of(model, now=clock.now)),
        clocks=HostClocks(monotonic=clock.now),
    )

    async def listen():
        async with clock:
            return await taken(source, n_samples)

    blocks, settings = asyncio.run(listen())
    known = {
        "sampling_rate_hz": settings.sampling_rate_hz,
        "range_g": settings.range_g,
        "gyro": settings.gyro,
        "options": dict(settings.options),
    }
    records.insert(0, StreamGranted(0.0, 0.0, like, known))
    path.write_bytes(FILE_HEAD + b"".join(map(encode_record, records)))
    return blocks


def rows_of(blocks, n):
    index = np.concatenate(
        [block.first_index + np.arange(len(block.acceleration_ms2)) for block in blocks]
    )
    return index[:n], np.concatenate([block.acceleration_ms2 for block in blocks])[:n]


@pytest.mark.parametrize("like", LIKES)
def test_the_same_samples_come_to_the_same_commands(tmp_path, like):
    path = tmp_path / "packets.bin"
    blocks = logged(path, like, 800)
    source = open_source(f"replay:{tmp_path}", speed=20.0)
    again, _ = asyncio.run(taken(source, 700))
    n = 700
    for first, second in zip(rows_of(blocks, n), rows_of(again, n), strict=True):
        assert np.array_equal(first, second)
    (model,) = source._link.backend.client.radio.models
    assert [data for _, data in model.unexpected] == []


def test_a_lost_link_is_lost_again(tmp_path):
    path = tmp_path / "packets.bin"
    blocks = logged(path, "polar-h10", 2400, disconnects="4", away="2")
    kinds = []
    source = open_source(
        f"replay:{path}", speed=20.0, tap=lambda one: kinds.append(getattr(one, "kind", ""))
    )
    again, _ = asyncio.run(taken(source, 2200))
    assert "restarted" in kinds
    first, second = rows_of(blocks, 2200), rows_of(again, 2200)
    assert np.array_equal(first[1], second[1])
    assert np.array_equal(first[0], second[0])


def test_a_program_that_asks_for_something_else_is_found_out(tmp_path):
    path = tmp_path / "packets.bin"
    logged(path, "polar-h10", 400)
    model = open_source(f"replay:{path}")._link.backend.client.radio.models[0]
    model.connected(0.0)
    model.write("fb005c81-02e7-f387-1cad-8acd2d8df0c8", b"\x02\x07", 0.0)
    assert model.unexpected == [("fb005c81-02e7-f387-1cad-8acd2d8df0c8", b"\x02\x07")]


def test_a_log_without_packets_or_sensor_is_refused(tmp_path):
    path = tmp_path / "packets.bin"
    path.write_bytes(FILE_HEAD + encode_record(Packet(0.0, 0.0, "2a37", b"\x00")))
    with pytest.raises(CaptureReadError, match="does not say which sensor"):
        open_source(f"replay:{path}")
    granted = StreamGranted(0.0, 0.0, "polar-h10", {"sampling_rate_hz": 200.0})
    path.write_bytes(FILE_HEAD + encode_record(granted))
    with pytest.raises(CaptureReadError, match="holds no packets"):
        open_source(f"replay:{path}")


def test_it_is_a_sensor_like_the_others(tmp_path):
    path = tmp_path / "packets.bin"
    logged(path, "simulated", 200)
    model = open_source(f"replay:{path}")._link.backend.client.radio.models[0]
    assert isinstance(model, ReplayedSensor)
    assert backend_of(model).client.radio.model(model.address) is model
    assert not model.has_ended
