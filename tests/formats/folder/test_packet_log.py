"""The packet log: what was written is read, and damage costs no more than itself."""

from __future__ import annotations

import math
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError
from tremor.formats.folder.packet_log import (
    FILE_HEAD,
    StreamGranted,
    encode_record,
    read_packet_log,
)
from tremor.packets import LinkEvent, Packet

UUID = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
moments = st.floats(min_value=0.0, max_value=1e11, exclude_max=True)
records = st.one_of(
    st.builds(Packet, moments, moments, st.just(UUID), st.binary(max_size=300)),
    st.builds(LinkEvent, moments, moments, st.sampled_from(["lost", "marker"]), st.text()),
    st.builds(
        StreamGranted,
        moments,
        moments,
        st.just("polar-h10"),
        st.just({"sampling_rate_hz": 200.0, "range_g": None, "gyro": False, "options": {}}),
    ),
)


def packets(n):
    return [Packet(float(i), 1.7e9 + i, UUID, bytes([i % 256]) * 40) for i in range(n)]


def written(folder, content, *, head=FILE_HEAD):
    path = folder / "packets.bin"
    path.write_bytes(head + content)
    return path


@given(st.lists(records, max_size=20))
def test_what_was_written_is_read(tmp_path_factory, some):
    path = written(tmp_path_factory.mktemp("log"), b"".join(map(encode_record, some)))
    log = read_packet_log(path)
    assert list(log.records) == some
    assert (log.n_bytes_left_out, log.damaged_at) == (0, None)


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("<BddB", 1, math.inf, 1.7e9, 4) + b"2a37" + bytes(20),
        struct.pack("<BddB", 1, 3.0, -1e300, 4) + b"2a37" + bytes(20),
        struct.pack("<BddB", 2, math.nan, 1.7e9, 4) + b"lost",
        struct.pack("<BddB", 3, 3.0, 1.7e9, 4) + b"mine" + b"[" * 100_000,
    ],
)
def test_a_record_that_no_recorder_wrote_is_left_out(tmp_path, body):
    record = struct.pack("<4sII", b"\xf5TRP", len(body), zlib.crc32(body)) + body
    whole = encode_record(packets(1)[0])
    log = read_packet_log(written(tmp_path, record + whole))
    assert log.records == tuple(packets(1))
    assert log.n_bytes_left_out == len(record)


def test_a_cut_anywhere_leaves_all_whole_records(tmp_path):
    some = packets(3)
    content = FILE_HEAD + b"".join(map(encode_record, some))
    size = len(encode_record(some[0]))
    for n in range(len(content) + 1):
        log = read_packet_log(written(tmp_path, content[:n], head=b""))
        n_whole = max(0, n - len(FILE_HEAD)) // size
        assert list(log.records) == some[:n_whole]
        expected = n if n < len(FILE_HEAD) else (n - len(FILE_HEAD)) % size
        assert log.n_bytes_left_out == expected


def test_trailing_zeros_are_left_out(tmp_path):
    content = b"".join(map(encode_record, packets(5)))
    log = read_packet_log(written(tmp_path, content + bytes(4096)))
    assert len(log.records) == 5
    assert log.n_bytes_left_out == 4096
    assert log.damaged_at == len(FILE_HEAD) + len(content)


@pytest.mark.parametrize("at", range(0, 90, 7))
def test_a_flipped_byte_costs_its_record_alone(tmp_path, at):
    some = packets(3)
    encoded = [encode_record(one) for one in some]
    damaged = bytearray(encoded[1])
    damaged[at] ^= 0x5A
    log = read_packet_log(written(tmp_path, encoded[0] + damaged + encoded[2]))
    assert list(log.records) == [some[0], some[2]]
    assert log.n_bytes_left_out == len(damaged)
    assert log.damaged_at == len(FILE_HEAD) + len(encoded[0])


def test_a_record_within_the_data_of_a_packet_is_data(tmp_path):
    inner = encode_record(packets(1)[0])
    outer = Packet(1.0, 2.0, UUID, inner)
    assert read_packet_log(written(tmp_path, encode_record(outer))).records == (outer,)


def test_other_files_are_refused_by_name(tmp_path):
    with pytest.raises(CaptureNotFoundError, match=r"packets\.bin does not exist"):
        read_packet_log(tmp_path / "packets.bin")
    with pytest.raises(CaptureReadError, match="is not a packet log"):
        read_packet_log(written(tmp_path, b"time_s,x,y,z\n", head=b""))
    with pytest.raises(CaptureReadError, match="version 9 and 1 is known; update"):
        read_packet_log(written(tmp_path, b"", head=FILE_HEAD[:8] + struct.pack("<H", 9)))


def test_what_no_sensor_sends_is_refused():
    with pytest.raises(InvalidInputError, match="255 at most"):
        encode_record(Packet(0.0, 0.0, "x" * 300, b""))
    with pytest.raises(InvalidInputError, match="16777216 at most"):
        encode_record(Packet(0.0, 0.0, UUID, bytes(1 << 24)))
