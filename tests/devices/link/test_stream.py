"""The line of packets between a link and whoever reads."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices.link.stream import PacketStream
from tremor.errors import LinkError, PacketError
from tremor.packets import Packet
from tremor.recording import SampleBlock


class Decoder:
    """One sample a packet, whose byte is its index; ``!`` is refused."""

    n_rejected = 7

    def __init__(self):
        self.calls = []

    def feed(self, characteristic_uuid, data, arrival_s):  # noqa: ARG002
        self.calls.append(data)
        if data == b"!":
            raise PacketError("not of this sensor")
        return [SampleBlock(data[0], np.zeros((1, 3)), arrival_s)]

    def restart(self, began_s=None):
        self.calls.append(("restart", began_s))


@pytest.fixture
def told():
    return []


@pytest.fixture
def decoder():
    return Decoder()


@pytest.fixture
def stream(told, decoder):
    made = PacketStream(longest_s=10.0, on_event=lambda kind, detail: told.append((kind, detail)))
    made.begin(decoder)
    return made


def put(stream, *numbers):
    for number in numbers:
        stream.put(Packet(float(number), 0.0, "uuid", bytes([number])))


def read_all(stream):
    async def main():
        return [block.first_index async for block in stream.blocks()]

    return asyncio.run(main())


def test_what_was_put_in_comes_out_in_order_and_ends(stream):
    put(stream, 1, 2, 3)
    stream.end()
    assert read_all(stream) == [1, 2, 3]
    assert stream.counts.n_packets == 3
    assert stream.n_rejected == 7


def test_error_comes_after_what_waited(stream):
    put(stream, 1)
    stream.end(LinkError("lost"))
    stream.end(LinkError("and again"))
    found = []

    async def main():
        async for block in stream.blocks():
            found.append(block.first_index)

    with pytest.raises(LinkError, match="lost"):
        asyncio.run(main())
    assert found == [1]


def test_refused_packet_is_told_and_the_next_one_decoded(stream, told):
    put(stream, 1)
    stream.put(Packet(1.5, 0.0, "uuid", b"!"))
    put(stream, 2)
    stream.end()
    assert read_all(stream) == [1, 2]
    assert told == [("refused", "not of this sensor")]
    assert stream.counts.n_refused == 1


def test_decoder_starts_anew_where_the_link_was_lost(stream, decoder):
    put(stream, 1)
    stream.restart(7.0)
    put(stream, 2)
    stream.end()
    read_all(stream)
    assert decoder.calls == [b"\x01", ("restart", 7.0), b"\x02"]


def test_too_long_a_line_drops_the_latest_tells_once_and_starts_anew(stream, told, decoder):
    put(stream, 1, 5, 11, 12, 13, 14)  # the first has waited for 10 s when 11 comes
    assert read_some(stream) == [1, 5, 11]
    put(stream, 20, 21)
    stream.end()
    assert read_all(stream) == [20, 21]
    assert stream.counts.n_dropped == 3
    assert [kind for kind, _ in told] == ["dropped"]
    assert told[0][1].startswith("3 packets were not decoded: the program was more than 10 s")
    assert decoder.calls[-3:] == [("restart", None), b"\x14", b"\x15"]


def test_what_was_dropped_at_the_end_is_told_too(stream, told):
    put(stream, 1, 12)
    stream.end()
    assert [kind for kind, _ in told] == ["dropped"]


def read_some(stream):
    return [block.first_index for block in stream.decode_waiting()]


def test_reader_waits_for_what_comes_and_others_get_their_turn(stream):
    turns = []

    async def others():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def feed():
        await asyncio.sleep(0.02)
        put(stream, *range(100, 150))
        await asyncio.sleep(0.02)
        stream.end()

    async def main():
        tasks = [asyncio.create_task(others()), asyncio.create_task(feed())]
        found, at = [], []
        async for block in stream.blocks():
            found.append(block.first_index)
            at.append(len(turns))
        tasks[0].cancel()
        return found, at

    stream._longest_s = 1e9
    found, at = asyncio.run(main())
    assert found == list(range(100, 150))
    assert len(set(at)) == 50
