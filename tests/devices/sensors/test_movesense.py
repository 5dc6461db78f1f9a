from __future__ import annotations

import struct

import numpy as np
import pytest
from rigs.captures import packets

from devices.profile import Ask, Subscribe
from devices.sensors.movesense import (
    NOTIFY,
    PROFILE,
    WRITE,
    decode_payload,
    status_of,
    subscribe_request,
    unsubscribe_request,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

VECTORS = packets("movesense")
#: Which of the stated quantities a payload holds, in order.
QUANTITIES = ("acc", "gyro", "magn")
PAYLOADS = [
    one
    for one in VECTORS
    if one["expected"].get("holds") == "payload" and set(QUANTITIES) & set(one["expected"])
]
OTHERS = [
    one
    for one in VECTORS
    if one["expected"].get("holds") == "payload" and not set(QUANTITIES) & set(one["expected"])
]
NOTIFICATIONS = [
    one for one in VECTORS if one["direction"] == "notify" and "holds" not in one["expected"]
]
WELL = b"\xc8\x00"


def packet(stamp_ms, groups, *, kind=2, reference=1):
    triples = [triple for group in groups for triple in group]
    return (
        bytes([kind, reference])
        + struct.pack("<I", stamp_ms % 2**32)
        + b"".join(struct.pack("<3f", *triple) for triple in triples)
    )


def still(n):
    return [(0.0, 0.0, 9.81)] * n


def parts_of(whole, size):
    return whole[:size], bytes([3, whole[1]]) + whole[size:]


@pytest.mark.parametrize("vector", PAYLOADS, ids=lambda one: one["sensor"])
def test_payloads_decode_to_what_the_vendors_converter_gives(vector):
    expected = vector["expected"]
    names = [name for name in QUANTITIES if name in expected]
    stamp_ms, groups = decode_payload(bytes.fromhex(vector["hex"]), len(names))
    assert stamp_ms == expected["timestamp_ms"]
    assert len(groups[0]) == expected["n_samples"]
    for name, group in zip(names, groups, strict=True):
        np.testing.assert_allclose(group, expected[name], atol=1e-6)


@pytest.mark.parametrize("vector", OTHERS, ids=lambda one: one["sensor"])
def test_temperature_and_heart_are_no_acceleration(vector):
    with pytest.raises(PacketError, match="cut"):
        decode_payload(bytes.fromhex(vector["hex"]), 1)


@pytest.mark.parametrize("vector", NOTIFICATIONS, ids=lambda one: one["sensor"])
def test_notifications_decode(vector):
    expected = vector["expected"]
    decoder = PROFILE.decoder(sampling_rate_hz=52, gyro="gyro" in expected)
    (block,) = decoder.feed(NOTIFY.upper(), bytes.fromhex(vector["hex"]), 4.0)
    acceleration = expected.get("acc", expected.get("samples"))
    np.testing.assert_allclose(block.acceleration_ms2, acceleration, atol=1e-6)
    assert block.device_time_s[0] == pytest.approx(expected["timestamp_ms"] / 1000.0)
    if "gyro" in expected:
        np.testing.assert_allclose(block.angular_velocity_deg_s, expected["gyro"], atol=1e-6)
    else:
        assert block.angular_velocity_deg_s is None


def test_a_packet_in_two_parts_is_joined():
    (vector,) = (one for one in VECTORS if "acc_first" in one["expected"])
    data, expected = bytes.fromhex(vector["hex"]), vector["expected"]
    decoder = PROFILE.decoder(sampling_rate_hz=52, gyro=True, path="/Meas/IMU9/52")
    assert decoder.feed(NOTIFY, data[:102], 0.00) == []
    (block,) = decoder.feed(NOTIFY, data[102:], 0.01)
    assert len(block.acceleration_ms2) == expected["n_samples"]
    np.testing.assert_allclose(block.acceleration_ms2[0], expected["acc_first"], atol=1e-6)
    assert block.device_time_s[0] == pytest.approx(expected["timestamp_ms"] / 1000.0)
    _, groups = decode_payload(data[2:102] + data[104:], 3)
    np.testing.assert_allclose(groups[2][-1], expected["magn_last"], atol=1e-6)


@pytest.mark.parametrize("size", [158, 120, 150])
def test_a_long_packet_is_joined_wherever_it_is_parted(size):
    # At 150 the first part holds whole samples: the first packet is taken for one, no later one.
    decoder = PROFILE.decoder(sampling_rate_hz=104, gyro=True)
    blocks = []
    for row in range(10):
        whole = packet(77 * row, [still(8), [(1.0, 2.0, 3.0)] * 8])
        for part in parts_of(whole, size):
            try:
                blocks += decoder.feed(NOTIFY, part, 0.077 * row)
            except PacketError:
                assert (row, size) == (0, 150)
    assert len(blocks) == 10
    for block in blocks[1:]:
        np.testing.assert_allclose(block.acceleration_ms2, still(8), rtol=1e-6)
        np.testing.assert_allclose(block.angular_velocity_deg_s, [(1.0, 2.0, 3.0)] * 8)
    assert [block.first_index for block in blocks] == list(range(0, 80, 8))


def test_parts_that_are_lost_give_a_gap():
    decoder = PROFILE.decoder(sampling_rate_hz=104, gyro=True)
    first_indices = []
    for row in range(12):
        first, second = parts_of(packet(round(8e3 / 104 * row), [still(8), still(8)]), 158)
        if row == 7:
            with pytest.raises(PacketError, match="without its first part"):
                decoder.feed(NOTIFY, second, 0.077 * row)
            continue
        assert decoder.feed(NOTIFY, first, 0.077 * row) == []
        if row != 4:
            (block,) = decoder.feed(NOTIFY, second, 0.077 * row)
            first_indices.append(block.first_index)
    assert first_indices == [8 * row for row in range(12) if row not in (4, 7)]
    assert decoder.n_rejected == 1


def test_a_first_part_is_forgotten_with_the_link():
    decoder = PROFILE.decoder(sampling_rate_hz=104, gyro=True)
    first, second = parts_of(packet(0, [still(8), still(8)]), 158)
    assert decoder.feed(NOTIFY, first, 0.0) == []
    decoder.restart()
    with pytest.raises(PacketError, match="without its first part"):
        decoder.feed(NOTIFY, second, 1.0)


@pytest.mark.parametrize("length", [0, 1, 2, 5, 6, 17, 20, 50, 97])
def test_what_short_links_leave_of_a_packet_is_refused(length):
    whole = packet(1000, [still(8)])
    assert len(whole) == 102
    with pytest.raises(PacketError):
        PROFILE.decoder(sampling_rate_hz=104).feed(NOTIFY, whole[:length], 0.0)


@pytest.mark.parametrize("triple", [(float("nan"), 0, 0), (0, float("inf"), 0), (0, 0, 300.0)])
def test_what_it_cannot_measure_is_refused(triple):
    with pytest.raises(PacketError, match="cannot measure"):
        PROFILE.decoder().feed(NOTIFY, packet(0, [[triple]]), 0.0)


def test_unknown_packets_are_refused_and_replies_carry_no_samples():
    decoder = PROFILE.decoder()
    assert decoder.feed(NOTIFY, bytes([1, 1]) + WELL, 0.0) == []
    assert decoder.feed(WRITE, b"\x09\x09", 0.0) == []
    with pytest.raises(PacketError, match="begins with 0x09"):
        decoder.feed(NOTIFY, b"\x09\x01\x00", 0.0)


def test_losses_wraps_and_repeats_are_detected_by_the_stamps():
    decoder, begin_ms = PROFILE.decoder(sampling_rate_hz=104), 2**32 - 5000
    for row in range(400):
        if row % 7 == 3:
            continue
        data = packet(begin_ms + round(8e3 / 103.2 * row), [still(8)])
        (block,) = decoder.feed(NOTIFY, data, 0.077 * row)
        assert block.first_index == 8 * row
        if row % 50 == 1:
            with pytest.raises(PacketError, match="out of order"):
                decoder.feed(NOTIFY, data, 0.077 * row)
    assert block.device_time_s[0] > begin_ms / 1000.0


def test_requests_are_those_of_the_vectors():
    requests = [one for one in VECTORS if one["direction"] == "write"]
    assert len(requests) == 5
    for vector in requests:
        expected = vector["expected"]
        if expected["command"] == "SUBSCRIBE":
            data = subscribe_request(expected["ref"], expected["path"])
        else:
            data = unsubscribe_request(expected["ref"])
        assert data.hex() == vector["hex"]


@pytest.mark.parametrize(
    ("gyro", "rate_hz", "request_hex"),
    [
        (False, 104, "01012f4d6561732f4163632f313034"),
        (True, 104, "01022f4d6561732f494d55362f313034"),
        (False, 208, "01012f4d6561732f4163632f323038"),
    ],
)
@pytest.mark.parametrize("order", ["little", "big"])
def test_it_is_started_and_stopped(talk, gyro, rate_hz, request_hex, order):
    request = bytes.fromhex(request_hex)
    reply = bytes([1, request[1]]) + (200).to_bytes(2, order)
    settings = PROFILE.settings(sampling_rate_hz=rate_hz, gyro=gyro)
    steps, started = talk(PROFILE.start(settings), {request: [reply]})
    assert steps[0] == Subscribe(NOTIFY)
    assert [step.data for step in steps[1:]] == [request]
    assert started.settings.options["path"] == request[2:].decode()
    end = unsubscribe_request(request[1])
    for silent in (False, True):
        answer = None if silent else bytes([1, request[1]]) + WELL
        steps, _ = talk(PROFILE.stop(started.settings), {end: [answer]})
        assert [step.data for step in steps] == [end]


def test_a_subscription_that_a_killed_run_left_is_ended_first(talk):
    request, end = subscribe_request(1, "/Meas/Acc/104"), unsubscribe_request(1)
    conflict = b"\x01\x01" + (409).to_bytes(2, "little")
    answers = {request: [conflict, b"\x01\x01" + WELL], end: [b"\x01\x01" + WELL]}
    steps, _ = talk(PROFILE.start(PROFILE.settings()), answers)
    assert [step.data for step in steps if isinstance(step, Ask)] == [request, end, request]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("9401", r"no such measurement at this rate.*\(404\)"),
        ("01fb", r"all its subscriptions are taken.*\(507\)"),
        ("fb01", r"all its subscriptions are taken.*\(507\)"),
        ("ffff", "no known reason"),
        ("", "no known reason"),
    ],
)
def test_a_refusal_becomes_a_sentence_with_what_to_do(talk, field, words):
    request, end = subscribe_request(1, "/Meas/Acc/104"), unsubscribe_request(1)
    answers = {request: [b"\x01\x01" + bytes.fromhex(field)], end: [None]}
    with pytest.raises(SensorRefusedError, match=words) as caught:
        talk(PROFILE.start(PROFILE.settings()), answers)
    assert ";" in str(caught.value)


def test_a_status_is_read_in_both_orders():
    for status in (200, 201, 403, 404, 507):
        for order in ("little", "big"):
            assert status_of(b"\x01\x01" + status.to_bytes(2, order)) == status
    assert status_of(b"\x01\x01") is None


def test_packets_of_another_subscription_are_left_alone(talk):
    request = subscribe_request(1, "/Meas/Acc/104")
    _, started = talk(PROFILE.start(PROFILE.settings()), {request: [b"\x01\x01" + WELL]})
    decoder = PROFILE.make_decoder(started.settings)
    assert decoder.feed(NOTIFY, packet(0, [still(8)], reference=9), 0.0) == []
    assert len(decoder.feed(NOTIFY, packet(0, [still(8)]), 0.0)) == 1


def test_a_path_without_acceleration_is_refused():
    for path in ("/Meas/Gyro/52", "nonsense"):
        with pytest.raises(InvalidInputError, match="sends no acceleration"):
            PROFILE.decoder(path=path)


@pytest.mark.parametrize("reference", ["0", "256", "one", "-1"])
def test_a_reference_that_no_packet_bears_is_refused(reference):
    with pytest.raises(InvalidInputError, match="from 1 to 255"):
        PROFILE.decoder(reference=reference)
