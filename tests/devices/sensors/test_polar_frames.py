from __future__ import annotations

import struct

import numpy as np
import pytest
from rigs.captures import packets

from devices.sensors.polar_frames import decode_deltas, decode_frame
from tremor.errors import PacketError

VECTORS = packets("polar")
FRAMES = [one for one in VECTORS if one["direction"] == "notify" and "holds" not in one["expected"]]
KINDS = {"ACC": 2, "GYRO": 5}


def raw_of(expected):
    """Return the samples that a vector states, by their index."""
    if "samples" in expected:
        return dict(enumerate(expected["samples"]))
    if "raw" in expected:
        return dict(enumerate(expected["raw"]))
    first = expected.get("raw_first", expected.get("first"))
    return dict(enumerate(first)) | {-1: expected.get("raw_last", expected.get("last"))}


@pytest.mark.parametrize("vector", FRAMES, ids=lambda one: one["hex"][:24])
def test_frames_decode_to_what_their_sources_state(vector):
    expected = vector["expected"]
    frame = decode_frame(bytes.fromhex(vector["hex"]))
    assert frame.kind == KINDS[expected["type"]]
    assert frame.stamp_ns == expected["timestamp_ns"]
    assert frame.frame_type == expected["frame_type"]
    for place, sample in raw_of(expected).items():
        np.testing.assert_allclose(frame.samples[place], sample, rtol=1e-7)
    if "n_samples" in expected:
        assert len(frame.samples) == expected["n_samples"]
    total = expected.get("sum_xyz", expected.get("raw_sum_xyz"))
    if total is not None:
        assert np.sum(frame.samples, axis=0).tolist() == total


def test_bit_patterns_of_floats_are_exact():
    (vector,) = (one for one in VECTORS if "bit_patterns" in one["expected"])
    frame = decode_frame(bytes.fromhex(vector["hex"]))
    patterns = [
        [f"0x{struct.unpack('<I', struct.pack('<f', number))[0]:08x}" for number in sample]
        for sample in frame.samples
    ]
    assert patterns == vector["expected"]["bit_patterns"]


def test_a_block_that_was_cut_gives_nothing():
    (vector,) = (one for one in VECTORS if "truncated_block" in one["expected"])
    expected = vector["expected"]
    data = bytes.fromhex(vector["hex"])
    with pytest.raises(PacketError, match=r"cut after 43 samples.*60 differences.* 68 bytes"):
        decode_deltas(data, n_channels=3, n_bits=16)
    n_whole = 6 + 2 + -(-6 * 42 * 3 // 8)
    samples = decode_deltas(data[:n_whole], n_channels=3, n_bits=16)
    assert len(samples) == expected["samples_before_truncation"]
    assert [list(samples[0]), list(samples[1]), list(samples[-1])] == [
        expected["ref"],
        expected["second"],
        expected["last"],
    ]


def test_channels_of_22_bits_take_three_bytes():
    (vector,) = (one for one in VECTORS if one["expected"].get("holds") == "reference sample")
    samples = decode_deltas(bytes.fromhex(vector["hex"]), n_channels=4, n_bits=22)
    assert [list(sample) for sample in samples] == [vector["expected"]["channels"]]


@pytest.mark.parametrize("frame_type", [0x00, 0x01, 0x02])
def test_plain_samples_of_each_width(frame_type):
    width = frame_type + 1
    samples = ((-7, 100, -128), (127, 0, 1))
    payload = b"".join(
        number.to_bytes(width, "little", signed=True) for sample in samples for number in sample
    )
    frame = decode_frame(struct.pack("<BQB", 2, 5, frame_type) + payload)
    assert frame.samples == samples


@pytest.mark.parametrize("vector", FRAMES, ids=lambda one: one["hex"][:24])
def test_every_cut_within_a_frame_is_refused_or_falls_between_samples(vector):
    data = bytes.fromhex(vector["hex"])
    whole = decode_frame(data)
    for length in range(len(data)):
        try:
            frame = decode_frame(data[:length])
        except PacketError:
            continue
        # Nothing tells a packet that was cut just between two samples or two blocks.
        assert frame.samples == whole.samples[: len(frame.samples)]


@pytest.mark.parametrize("length", [20, 97])
def test_what_short_links_leave_of_a_frame_is_refused(length):
    data = bytes.fromhex(FRAMES[0]["hex"])
    assert len(data) == 226
    with pytest.raises(PacketError, match="no whole number of samples"):
        decode_frame(data[:length])


@pytest.mark.parametrize(
    ("head", "payload", "message"),
    [
        ("02", "", "ends within its header"),
        ("02 0000000000000000 82", "000000000000", "type 0x82"),
        ("02 0000000000000000 01", "", "no whole number of samples"),
        ("02 0000000000000000 80", "0000", "ends in the first one"),
        ("02 0000000000000000 80", "000000000000 21 01 ffffffff", "differences of 33 bits"),
        ("02 0000000000000000 80", "000000000000 04", "cut after 1 samples"),
        ("02 0000000000000000 80", "ff7f00000000 02 01 01", "leaves the 16 bits"),
        ("05 0000000000000000 81", "0000807f 00000000 00000000", "numbers that are none"),
        ("3f 0000000000000000 01", "000000000000", "kind 63"),
    ],
)
def test_what_cannot_be_is_refused(head, payload, message):
    with pytest.raises(PacketError, match=message):
        decode_frame(bytes.fromhex(head + payload))


def test_frames_of_other_measurements_have_no_samples():
    assert decode_frame(bytes.fromhex("00 0000000000000000 00 010203")).samples == ()
