"""Lines of text become samples: units found out, times told, damage counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoding.text_decoder import TextDecoder, parse_fields
from devices.profile import finished
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2 as G

DATA = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


def decoder(rate_hz=100.0, **told):
    return TextDecoder(DATA, rate_hz, **told)


def line(t, x=0.0, z=1.0, *, unit=1.0, time=1000.0):
    stamp = f"{t * time:.6f}" if time == 1.0 else f"{round(t * time)}"
    return f"{stamp},{x * unit:.5f},0,{z * unit:.5f}\n".encode()


def places(blocks):
    return [
        block.first_index + row for block in blocks for row in range(len(block.acceleration_ms2))
    ]


def xs(blocks):
    return [float(x) for block in blocks for x in block.acceleration_ms2[:, 0]]


def test_lines_in_any_cutting():
    stream = b"".join(line(n / 100, x=n / 1000) for n in range(60))
    for length in (1, 3, 7, 19, 20, 21, 100, 5000):
        one = decoder()
        blocks = [
            block
            for at in range(0, len(stream), length)
            for block in one.feed(DATA, stream[at : at + length], at / 2000)
        ]
        blocks += finished(one)
        assert places(blocks) == list(range(60))
        np.testing.assert_allclose(xs(blocks), np.arange(60) / 1000 * G, atol=1e-4)
        assert one.n_rejected == 0


@pytest.mark.parametrize("unit", [1.0, G, 1000.0, 2048.0, 4096.0, 8192.0, 16384.0])
def test_gravity_tells_the_unit(unit):
    one = decoder()
    blocks = [b for n in range(20) for b in one.feed(DATA, line(n / 100, unit=unit), n / 100)]
    z = np.concatenate([block.acceleration_ms2[:, 2] for block in blocks])
    np.testing.assert_allclose(z, G, rtol=1e-4)
    assert places(blocks) == list(range(20))


def test_a_strange_unit_is_named_and_can_be_given():
    one = decoder()
    for n in range(49):
        assert one.feed(DATA, line(n / 100, unit=37.0), n / 100) == []
    with pytest.raises(PacketError, match="acc_unit"):
        one.feed(DATA, line(0.49, unit=37.0), 0.49)
    given_unit = decoder(unit_ms2=G / 37.0)
    (block,) = given_unit.feed(DATA, line(0.5, unit=37.0), 0.5)
    np.testing.assert_allclose(block.acceleration_ms2, [[0, 0, G]], rtol=1e-4)


def test_a_unit_that_movement_hides_waits_for_stillness_and_nothing_is_lost():
    one = decoder()
    blocks = []
    for n in range(30):
        blocks += one.feed(DATA, line(n / 100, x=0.4, z=0.2 if n < 20 else 0.99, unit=G), n / 100)
        assert bool(blocks) == (n >= 20)
    assert places(blocks) == list(range(30))


@pytest.mark.parametrize("time", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 160.0])
def test_the_step_tells_the_unit_of_the_time(time, rate_hz):
    one = decoder(100.0)
    blocks = [
        block
        for n in range(60)
        for block in one.feed(DATA, line(2.0 + n / rate_hz, time=time), n / rate_hz)
    ]
    assert places(blocks) == list(range(60))
    stamps = np.concatenate([b.device_time_s for b in blocks if b.device_time_s is not None])
    np.testing.assert_allclose(stamps[-1], 2.0 + 59 / rate_hz, atol=1e-3)
    assert len(stamps) >= 55


def test_lost_lines_are_detected_by_their_time():
    lost = {30, 31, 50}
    one = decoder()
    blocks = [
        block
        for n in range(100)
        if n not in lost
        for block in one.feed(DATA, line(n / 100, x=n / 1000), n / 100)
    ]
    assert places(blocks) == [n for n in range(100) if n not in lost]


def test_times_that_jitter_are_no_loss():
    rng = np.random.default_rng(5)
    one = decoder()
    blocks = []
    for n in range(2000):
        t = n / 100 + rng.uniform(0.0, 0.002)
        blocks += one.feed(DATA, line(t), n / 100)
    assert places(blocks) == list(range(2000))


def test_milliseconds_wrap():
    one = decoder()
    blocks = []
    for n in range(50):
        stamp = (2**32 - 200 + 10 * n) % 2**32
        blocks += one.feed(DATA, f"{stamp},0,0,1\n".encode(), n / 100)
    assert places(blocks) == list(range(50))
    stamps = np.concatenate([b.device_time_s for b in blocks if b.device_time_s is not None])
    np.testing.assert_allclose(np.diff(stamps), 0.01, atol=1e-6)


def test_a_time_that_never_moves_is_no_time():
    one = decoder()
    blocks = [b for n in range(30) for b in one.feed(DATA, b"5,0,0,1\n", n / 100)]
    assert places(blocks) == list(range(30))
    assert all(block.device_time_s is None for block in blocks)


def test_lines_that_came_twice_are_counted():
    one = decoder()
    for n in range(10):
        one.feed(DATA, line(n / 100), n / 100)
    assert one.feed(DATA, line(0.09), 0.1) == []
    assert one.n_rejected == 1
    assert places(one.feed(DATA, line(0.10), 0.1)) == [10]


def test_a_first_line_without_its_beginning_spoils_nothing():
    one = decoder()
    stream = b"".join(line(77.0 + n / 100, x=n / 1000) for n in range(30))[3:]  # 77000 -> 00
    blocks = one.feed(DATA, stream, 0.0)
    assert places(blocks) == list(range(30))


def test_a_first_line_that_lost_three_fields_is_no_sample_of_another_shape():
    one = decoder()
    whole = b"".join(b"%d,0.1,0.2,9.7,1,2,3\n" % (1000 + 10 * n) for n in range(20))
    blocks = one.feed(DATA, whole[len(b"1000,0.1,0.2,") - 4 :], 0.0)
    assert sum(len(block.acceleration_ms2) for block in blocks) >= 19
    np.testing.assert_allclose(blocks[-1].acceleration_ms2[-1], [0.1, 0.2, 9.7])
    np.testing.assert_allclose(blocks[-1].angular_velocity_deg_s[-1], [1, 2, 3])


def test_without_a_time_the_first_line_is_dropped():
    one = decoder(fields=("ax", "ay", "az"))
    blocks = one.feed(DATA, b"2,0,1\n0,0,1\n0,0,1\n", 0.0)
    assert places(blocks) == [0, 1]
    assert one.n_rejected == 1


@pytest.mark.parametrize(
    "text",
    [
        b"1,2,3",
        b"1,2,3,4,5",
        b"1,nan,0,1",
        b"1,inf,0,1",
        b"1,a,0,1",
        b"t,ax,ay,az",
        b"1,,0,1",
        b"1,0x1,0,1",
        b"1,1_0,0,1",
        b"\xff\xfe",
        b"ESP-ROM:esp32c3",
        b"1,1e99,0,1",
    ],
)
def test_what_is_no_line_is_counted(text):
    one = decoder(unit_ms2=G)
    one.feed(DATA, line(0.0) + line(0.01), 0.0)
    blocks = one.feed(DATA, text + b"\n" + line(0.02), 0.1)
    assert places(blocks) == [2]
    assert one.n_rejected == 1


@pytest.mark.parametrize(
    "text",
    [b"10,0,0,1", b"10;0;0;1", b"10\t0\t0\t1", b"10 0 0 1", b"10, 0, 0, 1", b" 10 ,0,0,+1.0 \r"],
)
def test_separators(text):
    (block,) = decoder().feed(DATA, text + b"\n", 0.0)
    np.testing.assert_allclose(block.acceleration_ms2, [[0, 0, G]])


def test_a_line_without_end_is_dropped_and_counted_once():
    one = decoder()
    for _ in range(100):
        assert one.feed(DATA, b"\x00" * 200, 0.0) == []
    assert one.n_rejected == 1
    assert places(one.feed(DATA, b"end\n" + line(0.0) + line(0.01), 1.0)) == [0, 1]


def test_a_lost_link_is_a_jump_detected_by_the_time():
    one = decoder()
    for n in range(500):
        one.feed(DATA, line(n / 100), n / 100)
    one.feed(DATA, line(5.0)[:7], 5.0)
    one.restart()
    blocks = one.feed(DATA, b"3,0,0,1\n" + line(65.0) + line(65.01), 65.02)
    assert places(blocks) == [6500, 6501]


def test_a_link_lost_before_the_time_is_known_is_a_jump_all_the_same():
    one = decoder()
    assert places(one.feed(DATA, line(0.0), 0.0)) == [0]
    one.restart()
    blocks = one.feed(DATA, b"".join(line(10 + n / 100) for n in range(5)), 10.0)
    first, *rest = places(blocks)
    assert abs(first - 1000) <= 20
    assert rest == [first + 1 + n for n in range(len(rest))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ax,ay", "all of ax ay az"),
        ("t,ax,ay,az,gx", "all of gx gy gz"),
        ("t,ax,ay,az,temp", "'temp'"),
        ("ax,ay,az,ax", "ax twice"),
        ("", "''"),
    ],
)
def test_fields_are_checked(text, says):
    with pytest.raises(InvalidInputError, match=says):
        parse_fields(text)


def test_fields_in_another_order():
    one = decoder(fields=parse_fields("_, az, ay, ax, t"), time_unit_s=1e-3)
    one.feed(DATA, b"acc,1,0,0,10\n", 0.0)
    (block,) = one.feed(DATA, b"acc,0.9,0,0.1,20\n", 0.01)
    np.testing.assert_allclose(block.acceleration_ms2, [[0.1 * G, 0, 0.9 * G]])
    np.testing.assert_allclose(block.device_time_s, [0.02])


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30), st.text("0123456789.,-e+\n ", max_size=40).map(str.encode)
        ),
        max_size=40,
    ),
    st.integers(0, 40),
)
def test_no_bytes_raise_another_error(chunks, restart_at):
    one = decoder()
    last = -1
    for at, chunk in enumerate(chunks):
        if at == restart_at:
            one.restart()
        try:
            blocks = one.feed(DATA, chunk, 0.1 * at)
        except PacketError:
            continue
        for place in places(blocks):
            assert place > last
            last = place
        for block in blocks:
            assert np.all(np.isfinite(block.acceleration_ms2))


@pytest.mark.parametrize("size", [20, 61, 182])
def test_lost_pieces_of_a_stream_put_no_line_in_another_place(size):
    rng = np.random.default_rng(3)
    rows = np.round(rng.normal((0.1, -0.2, 0.97), 0.05, (6000, 3)), 3)
    text = b"".join(
        b"%d,%s\r\n" % (1000 + 10 * n, ",".join(f"{one:.3f}" for one in row).encode())
        for n, row in enumerate(rows)
    )
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    one = decoder(unit_ms2=G)
    n_right = n_wrong = 0
    for at, piece in enumerate(pieces):
        if at * size > 3000 and rng.random() < 0.02:
            continue
        for block in one.feed(DATA, piece, 60.0 * at / len(pieces)):
            for row, sample in enumerate(block.acceleration_ms2 / G, block.first_index):
                is_right = row < len(rows) and np.allclose(sample, rows[row], atol=1e-9)
                n_right += is_right
                n_wrong += not is_right
    assert n_right > 0.92 * len(rows)
    assert n_wrong == 0
    assert one.n_rejected > 0


@pytest.mark.parametrize("begin", range(20))
def test_lost_bytes_of_whole_lines_make_no_line_of_two(begin):
    """Lines of 30 bytes in pieces of 20: three lost pieces are two lines, wherever they begin."""
    lines = [b"%d,%.4f,0.%04d,1.0000\r\n" % (1_000_000 + 10 * n, n / 1e4, n) for n in range(600)]
    assert {len(one) for one in lines} == {30}
    text = b"".join(lines)[begin:]
    one = decoder(unit_ms2=G)
    blocks = []
    for at in range(0, len(text), 20):
        if at % 1000 not in (500, 520, 540):
            blocks += one.feed(DATA, text[at : at + 20], at / 3000)
    blocks += finished(one)
    carried = np.concatenate([block.acceleration_ms2 for block in blocks])[:, :2] / G * 1e4
    ahead = carried - np.array(places(blocks))[:, None]
    # Of the first line only the end may have come, and then the second is sample 0.
    np.testing.assert_allclose(ahead, ahead[0, 0], atol=1e-6)
    assert len(carried) > 0.85 * len(lines)


def test_a_clock_that_was_set_anew_is_believed_after_some_lines():
    one = decoder()
    for n in range(300):
        one.feed(DATA, line(n / 100), n / 100)
    blocks = [b for n in range(300, 400) for b in one.feed(DATA, line(5000 + n / 100), n / 100)]
    assert one.n_rejected == 4
    assert len(places(blocks)) == 96


def test_decimals_that_vary_are_no_damage():
    rng = np.random.default_rng(4)
    one = decoder(unit_ms2=G)
    blocks = []
    for n in range(300):
        x, y, z = (round(float(value), 2) for value in rng.normal(0.0, 1.0, 3))
        blocks += one.feed(DATA, f"{10 * n},{x},{y},{z}\n".encode(), n / 100)
    assert places(blocks) == list(range(300))
    assert one.n_rejected == 0


def test_a_stall_of_the_link_loses_nothing():
    one = decoder()
    blocks = []
    for n in range(1500):
        arrival_s = 8.0 if 300 <= n < 800 else n / 100  # 5 s of lines come at once
        blocks += one.feed(DATA, line(n / 100), arrival_s)
    assert places(blocks) == list(range(1500))
    assert one.n_rejected == 0
