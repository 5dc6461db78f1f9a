"""Declared packets become samples, placed by counter, by time, or by neither."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoding.packet_decoder import PacketDecoder
from devices.decoding.packet_layout import parse_layout
from devices.profile import finished
from tremor.errors import PacketError

DATA = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


def decoder(text, rate_hz=100.0):
    return PacketDecoder(parse_layout(text), DATA, rate_hz)


def xyz(x):
    return struct.pack("<3h", x, 0, 0)


def samples(blocks):
    return [int(x) for block in blocks for x in block.acceleration_ms2[:, 0]]


def places(blocks):
    return [
        block.first_index + row for block in blocks for row in range(len(block.acceleration_ms2))
    ]


def test_several_packets_share_a_notification():
    one = decoder("i16 ax ay az m/s2")
    blocks = one.feed(DATA, xyz(1) + xyz(2) + xyz(3), 0.0)
    assert (samples(blocks), places(blocks)) == ([1, 2, 3], [0, 1, 2])


def test_other_characteristics_carry_no_samples():
    assert decoder("i16 ax ay az m/s2").feed(DATA.replace("6e4", "7e4"), xyz(1), 0.0) == []


@pytest.mark.parametrize("length", [0, 1, 5, 7, 13])
def test_torn_packets_are_refused_and_the_next_is_decoded(length):
    one = decoder("i16 ax ay az m/s2")
    with pytest.raises(PacketError, match=f"{length} bytes"):
        one.feed(DATA, bytes(length), 0.0)
    assert places(one.feed(DATA, xyz(1), 0.1)) == [0]


def test_a_counter_shows_losses_repeats_and_wraps():
    one = decoder("u8 n, i16 ax ay az m/s2")
    blocks = []
    for at, n in enumerate([253, 254, 255, 0, 3, 4]):
        blocks += one.feed(DATA, bytes((n,)) + xyz(n), 0.01 * at)
    assert places(blocks) == [0, 1, 2, 3, 6, 7]
    with pytest.raises(PacketError, match="twice"):
        one.feed(DATA, b"\x04" + xyz(4), 0.07)
    assert one.n_rejected == 1


def test_a_counter_counts_packets_of_several_samples():
    one = decoder("u16 n, u32 t_ms | i16 ax ay az m/s2")
    blocks = []
    for n in (0, 1, 4):
        packet = struct.pack("<HI", n, 5000 + 30 * n) + xyz(1) + xyz(2) + xyz(3)
        blocks += one.feed(DATA, packet, 0.03 * n)
    assert [block.first_index for block in blocks] == [0, 3, 12]
    np.testing.assert_allclose(blocks[2].device_time_s, [5.12, 5.13, 5.14], atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "per_s"), [("u32 t_us", 1e6), ("u32 t_ms", 1e3), ("f32 t_s", 1.0)]
)
def test_a_time_shows_losses(kind, per_s):
    one = decoder(f"{kind}, i16 ax ay az m/s2")
    code = "f" if kind.startswith("f") else "I"
    lost = {50, 51, 52, 80}
    blocks = []
    for n in range(100):
        if n in lost:
            continue
        stamp = n / 101.0 * per_s  # the sensor runs 1 % fast
        stamp = stamp if code == "f" else round(stamp)
        blocks += one.feed(DATA, struct.pack("<" + code, stamp) + xyz(n), n / 101.0)
    assert places(blocks) == samples(blocks) == [n for n in range(100) if n not in lost]


def test_a_counter_of_microseconds_wraps_after_71_minutes():
    one = decoder("u32 t_us, i16 ax ay az m/s2")
    blocks = []
    for n in range(300):
        stamp = (2**32 - 1_000_000 + 10_000 * n) % 2**32
        blocks += one.feed(DATA, struct.pack("<I", stamp) + xyz(n), 0.01 * n)
    assert places(blocks) == list(range(300))
    assert np.all(np.diff(np.concatenate([b.device_time_s for b in blocks])) > 0)


def test_without_either_the_count_goes_on():
    one = decoder("i16 ax ay az m/s2")
    blocks = one.feed(DATA, xyz(0), 0.0) + one.feed(DATA, xyz(9), 5.0)
    assert places(blocks) == [0, 1]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_a_header_finds_packets_in_any_cutting(lengths):
    one = decoder("header A55A, u8 n, i16 ax ay az m/s2")
    stream = b"".join(b"\xa5\x5a" + bytes((n,)) + xyz(n) for n in range(50))
    blocks = []
    k = 0
    while stream:
        length = lengths[k % len(lengths)]
        blocks += one.feed(DATA, stream[:length], 0.01 * k)
        stream, k = stream[length:], k + 1
    blocks += finished(one)
    assert samples(blocks) == places(blocks) == list(range(50))
    assert one.n_rejected == 0


@pytest.mark.parametrize("layout", ["u16 n, i16 ax ay az m/s2", "i16 ax ay az m/s2, u16 n"])
@pytest.mark.parametrize("shift", range(10))
def test_lost_bytes_of_whole_packets_make_no_packet_of_two(layout, shift):
    """Packets of 10 bytes in notifications of 20: each lost one is two packets."""
    one = decoder("header A55A, " + layout)
    names = layout.startswith("u16")
    stream = b"".join(
        b"\xa5\x5a" + (struct.pack("<H", n) + xyz(n) if names else xyz(n) + struct.pack("<H", n))
        for n in range(600)
    )[shift:]
    blocks = []
    for at in range(0, len(stream), 20):
        if at % 1000 != 500:
            blocks += one.feed(DATA, stream[at : at + 20], at / 1000)
    blocks += finished(one)
    first = samples(blocks)[0]
    assert first <= 3
    assert [n - first for n in samples(blocks)] == places(blocks)
    assert len(places(blocks)) > 0.93 * 600


def test_a_packet_that_cannot_be_is_left_out_of_a_stream():
    one = decoder("header A55A, f32 ax ay az m/s2")
    good = b"\xa5\x5a" + struct.pack("<3f", 1.0, 0.0, 9.8)
    bad = b"\xa5\x5a" + struct.pack("<3f", 1.0, float("nan"), 9.8)
    blocks = one.feed(DATA, good * 2, 0.0) + one.feed(DATA, bad + good, 0.1)
    assert places(blocks) == [0, 1, 3]
    assert one.n_rejected > 0


@given(
    st.sampled_from(
        [
            "i16 ax ay az g",
            "header A5, u8 n, i16 ax ay az g",
            "f32 t_s | f32 ax ay az m/s2",
            "f64 t_s, i8 ax ay az g",
        ]
    ),
    st.lists(st.binary(max_size=40), max_size=20),
)
def test_no_bytes_raise_another_error(text, chunks):
    one = decoder(text)
    last = -1
    for at, chunk in enumerate(chunks):
        try:
            blocks = one.feed(DATA, chunk, 0.1 * at)
        except PacketError:
            continue
        for place in places(blocks):
            assert place > last
            last = place


def test_a_pace_that_nobody_can_tell_is_no_error():
    one = decoder("f64 t_s, i16 ax ay az m/s2")
    blocks = []
    for n in range(18):
        blocks += one.feed(DATA, struct.pack("<d", 4.0**n) + xyz(n), 0.01 * n)
    found = places(blocks)
    assert found[0] == 0
    assert found == sorted(set(found))


def test_the_pace_of_a_sketch_is_found_out():
    one = decoder("u32 t_ms, i16 ax ay az m/s2", rate_hz=100.0)
    lost = {40, 41}
    blocks = [
        block
        for n in range(100)
        if n not in lost
        for block in one.feed(DATA, struct.pack("<I", 20 * n) + xyz(n), n / 50.0)
    ]
    assert places(blocks) == samples(blocks) == [n for n in range(100) if n not in lost]


@pytest.mark.parametrize("n_bits", [16, 32])
@pytest.mark.parametrize(("tick", "tick_s"), [("*8 ms", 8e-3), ("/32768 s", 1 / 32768)])
@pytest.mark.parametrize("rate_hz", [20.0, 47.0, 104.0])
def test_coarse_and_fine_ticks_keep_every_sample_in_its_place(n_bits, tick, tick_s, rate_hz):
    # The rate is not the one that is asked for, and 5 % of the packets are lost later on.
    one = decoder(f"u{n_bits} t {tick}, i16 ax ay az m/s2")
    rng, blocks = random.Random(3), []
    for number in range(3000):
        if number > 1000 and rng.random() < 0.05:
            continue
        ticks = int((7.0 + number / rate_hz) / tick_s) % 2**n_bits
        packet = ticks.to_bytes(n_bits // 8, "little") + xyz(number)
        blocks += one.feed(DATA, packet, number / rate_hz + 0.01)
    assert len(blocks) > 2800
    off = np.subtract(places(blocks), samples(blocks))
    if tick_s * rate_hz < 0.5:
        assert not off.any()
    else:  # a lost sample is told from a late one only a few packets later
        assert np.abs(off).max() <= 1
        assert np.count_nonzero(off) < 0.02 * len(off)
        assert off[-1] == 0
