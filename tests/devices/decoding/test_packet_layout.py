"""The grammar of declared layouts: what it takes, what it refuses by name, what it reads."""

from __future__ import annotations

import math
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoding.packet_layout import GRAMMAR, MAX_ACCELERATION_MS2, parse_layout
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2 as G


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("i16 ax ay az /2048 g", 6),
        ("u32 t_us, i16 ax ay az /2048 g", 10),
        ("big,f32 ax ay az m/s2,f32 gx gy gz rad/s", 24),
        ("header A5 5A, u8 n, skip 3, i24 ax ay az *0.5 mg", 15),
        ("i16 ax /2048 g, i16 ay /2048 g, i16 az /1024 g", 6),
        ("f64 t_s | f32 ax ay az m/s^2, skip 4", 24),
        ("i16 ax ay az / 2048 g", 6),
    ],
)
def test_layouts_are_read(text, size):
    assert parse_layout(text).size == size


def test_the_examples_of_the_grammar_are_layouts():
    examples = [line.split(None, 1)[1] for line in GRAMMAR.splitlines() if line.startswith("exam")]
    assert len(examples) == 3
    assert [parse_layout(example).size for example in examples] == [16, 10, 8]


@pytest.mark.parametrize(
    ("text", "tick_s"),
    [("u16 t *8 ms", 8e-3), ("u32 t /32768 s", 1 / 32768), ("u32 t *1.46484375 ms", 48 / 32768)]
    + [(f"u32 t {unit}", seconds) for unit, seconds in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6))],
)
def test_a_tick_may_have_any_length(text, tick_s):
    layout = parse_layout(f"{text}, i16 ax ay az mg")
    assert layout.stamp.scale == pytest.approx(tick_s, rel=1e-12)
    assert layout.read(bytes(layout.size)).stamp == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it needs ax ay az"),
        ("i16 ax ay /2048 g", "has no az"),
        ("i16 ax ay az", "has no unit"),
        ("i16 ax ay az /2048", "is no unit"),
        ("i16 ax ay az /2048 stone", "choose one of g, mg"),
        ("i16 ax ay az /0 g", "positive number"),
        ("i16 ax ay az /-5 g", "positive number"),
        ("i16 ax ay az /1e999 g", "positive number"),
        ("i16 ax ay az *.. g", "positive number"),
        ("i12 ax ay az g", "type of number"),
        ("f16 ax ay az g", "type of number"),
        ("ax ay az g", "type of number"),
        ("i16 ax ay ax /2 g, i16 az g", "ax in the layout twice|ax is in the layout twice"),
        ("i16 ax ay az g, i16 gx gy deg/s", "all three"),
        ("i16 ax ay gz g", "mixes quantities"),
        ("i16 ax ay az deg/s", "choose one of g, mg"),
        ("i16 ax ay time g", "'time'"),
        ("u32 t_us us, i16 ax ay az g", "is no name|has a unit"),
        ("u32 t_us /2 us, i16 ax ay az g", "has it in its name"),
        ("u32 t_us, u32 t_ms, i16 ax ay az g", "both times"),
        ("i16 ax ay az g, header A5", "before all numbers"),
        ("header, i16 ax ay az g", "hexadecimal"),
        ("header XY, i16 ax ay az g", "hexadecimal"),
        ("skip, i16 ax ay az g", "skip 4"),
        ("skip -1, i16 ax ay az g", "skip 4"),
        ("skip 500, skip 500, i16 ax ay az g", "longer than 512"),
        ("u8 n | skip 1 | i16 ax ay az g", "has one |"),
        ("i16 ax ay az g | u8 n", "behind the"),
        ("u8 t_ms | u8 n, i16 ax ay az g", "before the"),
        ("a" * 5000 + "!", "type of number"),
        ("i16 " + "a" * 5000 + "!", "is no"),
    ],
)
def test_what_is_wrong_is_named(text, says):
    with pytest.raises(InvalidInputError, match=says.replace("|", r"\|") if "|" in text else says):
        parse_layout(text)


@given(st.text(max_size=60))
def test_no_text_raises_another_error(text):
    for whole in (text, f"{text} i16 ax ay az g", f"i16 ax ay az {text}", f"header {text}"):
        with suppress(InvalidInputError):
            parse_layout(whole)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("i8", "b"),
        ("i16", "h"),
        ("i32", "i"),
        ("i64", "q"),
        ("u16", "H"),
        ("f32", "f"),
        ("f64", "d"),
    ],
)
def test_numbers_of_every_type_and_order(order, kind, code):
    values = (1, 2, 100) if kind.startswith("u") else (1, -2, 100)
    data = struct.pack(("<" if order == "little" else ">") + 3 * code, *values)
    readings = parse_layout(f"{order}, {kind} ax ay az m/s2").read(data)
    assert readings.acceleration_ms2 == [values]


def test_24_bits_keep_their_sign():
    data = (-5).to_bytes(3, "little", signed=True) + (7).to_bytes(3, "little") + bytes(3)
    assert parse_layout("i24 ax ay az m/s2").read(data).acceleration_ms2 == [(-5, 7, 0)]


def test_units():
    data = struct.pack("<6h", 2048, 0, 0, 100, 0, 0)
    in_g = parse_layout("i16 ax ay az /2048 g, i16 gx gy gz *0.01 rad/s").read(data)
    assert in_g.acceleration_ms2[0][0] == pytest.approx(G, rel=1e-12)
    assert in_g.angular_velocity_deg_s[0][0] == pytest.approx(math.degrees(1.0), rel=1e-12)
    in_mg = parse_layout("i16 ax ay az mg, i16 gx gy gz mdeg/s").read(data)
    assert in_mg.acceleration_ms2[0][0] == pytest.approx(2.048 * G, rel=1e-12)
    assert in_mg.angular_velocity_deg_s[0][0] == pytest.approx(0.1, rel=1e-12)


def test_axes_may_come_in_any_order():
    layout = parse_layout("i16 az ax ay m/s2")
    assert layout.read(struct.pack("<3h", 1, 2, 3)).acceleration_ms2 == [(2, 3, 1)]


def test_samples_are_repeated_to_the_end():
    layout = parse_layout("header A5, u16 n, u32 t_ms | i16 ax ay az m/s2, skip 1")
    samples = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]
    data = b"\xa5" + struct.pack("<HI", 7, 1000)
    data += b"".join(struct.pack("<3hx", *one) for one in samples)
    readings = layout.read(data)
    assert readings.acceleration_ms2 == samples
    assert (readings.count, readings.stamp) == (7, 1000)
    for length in range(len(data)):
        if (length - 7) % 7 or length == 7:
            with pytest.raises(PacketError, match="bytes"):
                layout.read(data[:length])


@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, 1e30, MAX_ACCELERATION_MS2 * 1.01]
)
def test_numbers_that_cannot_be_are_refused(number):
    layout = parse_layout("f32 ax ay az m/s2")
    with pytest.raises(PacketError, match="cannot be"):
        layout.read(struct.pack("<3f", 0.0, number, 0.0))


def test_another_header_is_refused():
    layout = parse_layout("header A55A, i16 ax ay az m/s2")
    with pytest.raises(PacketError, match="starts with A55B"):
        layout.read(b"\xa5\x5b" + bytes(6))


@pytest.mark.parametrize("stamp", [math.nan, math.inf, 1e300])
def test_times_that_cannot_be_are_refused(stamp):
    layout = parse_layout("f64 t_s, i16 ax ay az m/s2")
    with pytest.raises(PacketError, match="t_s of a packet cannot be"):
        layout.read(struct.pack("<d3h", stamp, 0, 0, 0))
