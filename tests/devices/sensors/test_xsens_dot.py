from __future__ import annotations

import struct

import numpy as np
import pytest
from rigs.captures import packets

from devices.profile import Pause, Read, StreamSettings, Subscribe, Write
from devices.sensors.xsens_dot import (
    CONTROL,
    DEVICE_CONTROL,
    MEDIUM,
    PROFILE,
    SHORT,
    decode_payload,
    measure_request,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError

VECTORS = packets("xsens_dot")
SAMPLES = [one for one in VECTORS if one["direction"] == "notify"]
CONTROLS = [one for one in VECTORS if one["characteristic"] == CONTROL]
MESSAGES = [one for one in VECTORS if "checksum_ok" in one["expected"]]
IDLE, MEASURING = b"\x01\x00\x00", b"\x01\x01\x15"


def device_control(rate_hz):
    return bytes(8) + b"Movella DOT".ljust(16, b"\x00") + struct.pack("<H", rate_hz) + bytes(6)


def packet(stamp_us, acceleration=(0.0, 0.0, 9.81), turn=(0.0, 0.0, 0.0)):
    return struct.pack("<I3f3f12x", stamp_us % 2**32, *acceleration, *turn)


def test_all_vectors_are_tested():
    assert len(SAMPLES) + len(CONTROLS) + len(MESSAGES) == len(VECTORS) == 21


@pytest.mark.parametrize("vector", SAMPLES, ids=lambda one: one["hex"][:8])
def test_samples_decode(vector):
    expected, data = vector["expected"], bytes.fromhex(vector["hex"])
    mode = 20 if "mag_au" in expected else 21 if "gyr_dps" in expected else 6
    decoder = PROFILE.decoder(gyro=True, mode=f"{mode}")
    (block,) = decoder.feed(vector["characteristic"].upper(), data, 0.0)
    assert block.device_time_s[0] == pytest.approx(expected["timestamp_us"] * 1e-6)
    acceleration = expected.get("acc_mps2", expected.get("free_acc_mps2"))
    if acceleration is not None:
        np.testing.assert_allclose(block.acceleration_ms2, [acceleration], rtol=1e-9)
    if mode == 6:
        assert block.angular_velocity_deg_s is None
    else:
        np.testing.assert_allclose(block.angular_velocity_deg_s, [expected["gyr_dps"]])
        without = PROFILE.decoder().feed(MEDIUM, data, 0.0)[0]
        assert without.angular_velocity_deg_s is None


def test_the_stamp_wraps():
    before, after = (one for one in SAMPLES if one["characteristic"] == SHORT)
    decoder = PROFILE.decoder(sampling_rate_hz=60)
    (first,) = decoder.feed(SHORT, bytes.fromhex(before["hex"]), 0.0)
    (second,) = decoder.feed(SHORT, bytes.fromhex(after["hex"]), 0.0167)
    assert second.first_index - first.first_index == 1
    step_us = (second.device_time_s[0] - first.device_time_s[0]) * 1e6
    assert step_us == pytest.approx(after["expected"]["delta_us"], abs=0.01)


@pytest.mark.parametrize("vector", CONTROLS, ids=lambda one: one["hex"])
def test_control_bytes(vector):
    data = bytes.fromhex(vector["hex"])
    assert measure_request(data[2], on="start" in vector["expected"]["command"]) == data


@pytest.mark.parametrize("vector", MESSAGES, ids=lambda one: one["expected"]["name"])
def test_messages_of_its_memory_carry_no_samples(vector):
    data = bytes.fromhex(vector["hex"])
    assert (sum(data) % 256 == 0) is vector["expected"]["checksum_ok"]
    assert PROFILE.decoder().feed(vector["characteristic"], data, 0.0) == []


def test_it_is_started_after_its_notifications_and_stopped(talk):
    answers = {CONTROL: [IDLE, MEASURING], DEVICE_CONTROL: [device_control(60)]}
    steps, started = talk(PROFILE.start(PROFILE.settings()), answers)
    assert steps == [
        Read(CONTROL),
        Read(DEVICE_CONTROL, optional=True),
        Subscribe(MEDIUM),
        Write(CONTROL, b"\x01\x01\x15"),
        Read(CONTROL),
    ]
    assert started.notes == ()
    steps, _ = talk(PROFILE.stop(started.settings), {})
    assert steps == [Write(CONTROL, b"\x01\x00\x15")]


def test_one_that_still_measures_is_stopped_first(talk):
    # After a lost link it goes on, here in a mode of another program.
    answers = {CONTROL: [b"\x01\x01\x05", MEASURING], DEVICE_CONTROL: [device_control(60)]}
    steps, _ = talk(PROFILE.start(PROFILE.settings()), answers)
    assert steps[1] == Write(CONTROL, b"\x01\x00\x05")
    assert isinstance(steps[2], Pause)


def test_its_rate_is_set_and_nothing_else(talk):
    answers = {
        CONTROL: [IDLE, MEASURING],
        DEVICE_CONTROL: [device_control(60), device_control(30)],
    }
    steps, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=30)), answers)
    (write,) = (
        step for step in steps if isinstance(step, Write) and step.characteristic != CONTROL
    )
    assert write.data == b"\x10" + device_control(30)[1:]
    assert (started.settings.sampling_rate_hz, started.notes) == (30.0, ())


def test_a_rate_that_is_not_taken_is_said(talk):
    answers = {CONTROL: [IDLE, MEASURING], DEVICE_CONTROL: [device_control(120)]}
    _, started = talk(PROFILE.start(PROFILE.settings()), answers)
    assert started.settings.sampling_rate_hz == 120.0
    assert started.notes == ("60 Hz was not taken; its output rate is 120 Hz",)


@pytest.mark.parametrize("control", [None, b"", bytes(16)])
def test_without_a_rate_to_read_it_starts_and_says_so(talk, control):
    answers = {CONTROL: [IDLE, MEASURING], DEVICE_CONTROL: [control]}
    _, started = talk(PROFILE.start(PROFILE.settings()), answers)
    assert started.settings.sampling_rate_hz == 60.0
    assert "could not be read" in started.notes[0]


@pytest.mark.parametrize("state", [IDLE, b"\x01\x01\x05"])
def test_one_that_does_not_start_is_refused(talk, state):
    answers = {CONTROL: [IDLE, state], DEVICE_CONTROL: [device_control(60)]}
    with pytest.raises(SensorRefusedError, match="did not start mode 21; end its recording"):
        talk(PROFILE.start(PROFILE.settings()), answers)


def test_a_mode_that_cannot_be_decoded_is_refused(talk):
    with pytest.raises(InvalidInputError, match="choose one of 21, 20, 6"):
        PROFILE.settings(mode="17")
    settings = StreamSettings(sampling_rate_hz=60.0, options={"mode": "17"})
    with pytest.raises(InvalidInputError):
        talk(PROFILE.start(settings), {})
    with pytest.raises(InvalidInputError):
        PROFILE.make_decoder(settings)


@pytest.mark.parametrize("length", [0, 3, 20, 27, 41])
def test_packets_of_the_wrong_length_are_refused(length):
    with pytest.raises(PacketError, match="28 to 40 bytes"):
        decode_payload(packet(0)[:length].ljust(length, b"\x00"), 21)


@pytest.mark.parametrize("number", [float("nan"), float("-inf"), 400.0])
def test_what_it_cannot_measure_is_refused(number):
    with pytest.raises(PacketError, match="cannot measure"):
        decode_payload(packet(0, acceleration=(0.0, number, 0.0)), 21)


def test_losses_and_repeats_are_detected_by_the_stamps():
    decoder = PROFILE.decoder(sampling_rate_hz=60)
    for row in range(500):
        if row % 9 in (4, 5):
            continue
        data = packet(2**32 - 10**6 + round(row * 1e6 / 59.8))
        (block,) = decoder.feed(MEDIUM, data, row / 59.8)
        assert block.first_index == row
    with pytest.raises(PacketError, match="out of order"):
        decoder.feed(MEDIUM, data, 9.0)
    assert decoder.n_rejected == 0


def test_gravity_is_taken_out_by_one_mode_only():
    assert PROFILE.includes_gravity({"mode": "21"})
    assert PROFILE.includes_gravity({"mode": "20"})
    assert not PROFILE.includes_gravity({"mode": "6"})
