"""Frames are found in any cutting of a stream, and again after damage."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from devices.decoding.framing import Framer

HEADER = b"\xa5\x5a"
SIZE = 8


def always(frames, aligned):
    return bool(frames) or aligned


def frame(number):
    return HEADER + number.to_bytes(6, "little")


def framer():
    return Framer(HEADER, (SIZE,), always)


def all_frames(one, chunks):
    return [found for chunk in chunks for found in one.feed(chunk)]


@given(st.integers(3, 30), st.lists(st.integers(1, 23), min_size=1, max_size=20))
def test_any_cutting_gives_the_same_frames(n_frames, lengths):
    stream = b"".join(frame(number) for number in range(n_frames))
    chunks = []
    while stream:
        length = lengths[len(chunks) % len(lengths)]
        chunks.append(stream[:length])
        stream = stream[length:]
    one = framer()
    found = all_frames(one, chunks)
    # At the end of a stream that is cut unluckily a frame may still wait for a second one.
    assert [int.from_bytes(f.data[2:], "little") for f in found] == list(range(n_frames))
    assert all(f.n_skipped == 0 for f in found)
    assert one.n_skipped_bytes == 0


@given(st.integers(0, 7), st.binary(min_size=1, max_size=40))
def test_frames_after_damage_are_all_found_and_the_damage_is_counted(cut, noise):
    noise = noise.replace(HEADER[:1], b"\x00")
    before, after = [frame(n) for n in range(4)], [frame(n) for n in range(10, 14)]
    torn = frame(9)[:cut] if cut else b""
    assume((len(torn) + len(noise)) % SIZE)
    one = framer()
    found = all_frames(one, [b"".join(before), torn + noise + b"".join(after)])
    data = [f.data for f in found]
    assert data[:4] == before
    assert data[-3:] == after[-3:]
    assert one.n_skipped_bytes > 0
    assert sum(f.n_skipped for f in found) == one.n_skipped_bytes


def test_a_header_inside_the_data_is_no_frame():
    tricky = HEADER + b"\x01" + HEADER + b"\x02\x03\x04"
    one = framer()
    stream = tricky * 5
    assert [f.data for f in all_frames(one, [stream[:5], stream[5:]])] == [tricky] * 5


def test_whole_notifications_that_are_lost_leave_no_trace():
    one = framer()
    found = all_frames(one, [frame(0), frame(1), frame(5)])
    assert [f.n_skipped for f in found] == [0, 0, 0]


def test_frames_that_prove_longer_than_they_looked():
    long = [HEADER + bytes([n]) * 10 for n in (1, 2, 3)]
    one = Framer(HEADER, (SIZE, 12), always)
    stream = b"".join(long)
    found = all_frames(one, [stream[:8], stream[8:20], stream[20:]])
    assert [f.data[:8] for f in found] == [one_frame[:8] for one_frame in long]
    assert one.size == 12
    assert one.n_skipped_bytes == 0


def test_noise_is_held_within_bounds_and_counted():
    one = framer()
    for _ in range(100):
        assert one.feed(b"\x11" * 100) == []
    assert one.n_skipped_bytes >= 10_000 - 1024


def test_replies_are_left_out_alone_and_among_frames():
    one = Framer(HEADER, (SIZE,), always, replies={b"\xee\xee": 4})
    reply = b"\xee\xee\x01\x02"
    assert one.feed(reply) == []
    found = all_frames(
        one, [frame(0) + frame(1), reply + frame(2), frame(3) + reply[:3], reply[3:]]
    )
    assert [f.data for f in found] == [frame(n) for n in range(4)]
    assert one.n_skipped_bytes == 0


def test_restart_forgets_half_a_frame():
    one = framer()
    assert len(one.feed(frame(0))) == 1
    assert one.feed(frame(1)[:5]) == []
    one.restart()
    assert [f.data for f in one.feed(frame(2))] == [frame(2)]
    assert one.n_skipped_bytes == 0
