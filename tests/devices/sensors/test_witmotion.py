"""WitMotion: captures, cutting, damage, what must be refused, and what is written."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rigs.captures import packets

from devices.profile import Advertisement, Ask, Subscribe, Unsubscribe, Write
from devices.sensors.witmotion import PROFILE
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2 as G

VECTORS = packets("witmotion")
NOTIFIED = [one for one in VECTORS if one["direction"] == "notify" and "acc_raw" in one["expected"]]
CUT = [one for one in NOTIFIED if one["edited"]]
WHOLE = [one for one in NOTIFIED if not one["edited"]]
SEVERAL = [one for one in VECTORS if "frames" in one["expected"]]
DATA = PROFILE.data_characteristics[0]
VIBRATION = bytes.fromhex(next(one["hex"] for one in VECTORS if "WTVB01" in one["sensor"]))
REPLY = bytes.fromhex(next(one["hex"] for one in VECTORS if "0x71" in one["sensor"]))
UNLOCK = bytes.fromhex("ffaa6988b5")
SAVE = bytes.fromhex("ffaa000000")
RATE_ASKED, BATTERY_ASKED = bytes.fromhex("ffaa270300"), bytes.fromhex("ffaa276400")


def short(ax, ay=0, az=2048, *, yaw=0):
    return b"\x55\x61" + struct.pack("<9h", ax, ay, az, 0, 0, 0, 0, 0, yaw)


def long(ax, millisecond, *, second=0):
    return short(ax) + struct.pack("<6BH", 25, 6, 28, 8, 53, second, millisecond)


def counts(blocks):
    """Return the x of every sample, in counts: the tests number samples by it."""
    return [round(x / G * 2048) for block in blocks for x in block.acceleration_ms2[:, 0]]


def places(blocks):
    return [
        block.first_index + row for block in blocks for row in range(len(block.acceleration_ms2))
    ]


def feed_all(decoder, chunks):
    return [
        block for at, chunk in enumerate(chunks) for block in decoder.feed(DATA, chunk, 0.1 * at)
    ]


@pytest.mark.parametrize("vector", WHOLE, ids=lambda one: one["sensor"])
def test_a_frame_is_one_sample(vector):
    (block,) = PROFILE.decoder().feed(DATA, bytes.fromhex(vector["hex"]), 1.5)
    expected = vector["expected"]
    np.testing.assert_allclose(block.acceleration_ms2 / G, [expected["acc_g"]], atol=1e-6)
    np.testing.assert_allclose(block.angular_velocity_deg_s, [expected["gyr_dps"]], atol=1e-6)
    assert block.arrival_s == 1.5
    if "device_time" in expected:
        wanted = np.datetime64(expected["device_time"]).astype("datetime64[ms]").astype(int) / 1e3
        np.testing.assert_allclose(block.device_time_s, [wanted], atol=1e-3)
    else:
        assert block.device_time_s is None


@pytest.mark.parametrize("vector", SEVERAL, ids=lambda one: str(len(one["hex"]) // 2))
@pytest.mark.parametrize("cut", [None, 15, 1, 21, 39])
def test_several_frames_in_any_cutting(vector, cut):
    data = bytes.fromhex(vector["hex"])
    blocks = feed_all(PROFILE.decoder(), [data] if cut is None else [data[:cut], data[cut:]])
    found = np.concatenate([block.acceleration_ms2 for block in blocks])
    expected = [frame["acc_g"] for frame in vector["expected"]["frames"]]
    np.testing.assert_allclose(found / G, expected, atol=1e-6)
    assert places(blocks) == list(range(len(expected)))


@pytest.mark.parametrize("vector", CUT, ids=lambda one: one["hex"][:12])
def test_a_cut_frame_is_waited_for(vector):
    data = bytes.fromhex(vector["hex"])
    decoder = PROFILE.decoder()
    assert decoder.feed(DATA, data, 0.0) == []
    blocks = decoder.feed(DATA, bytes(4) + short(7), 0.1)
    np.testing.assert_allclose(
        blocks[0].acceleration_ms2[0] / G, vector["expected"]["acc_g"], atol=1e-6
    )
    assert decoder.n_rejected == 0


def test_replies_to_registers_are_no_samples():
    decoder = PROFILE.decoder()
    assert decoder.feed(DATA, REPLY, 0.0) == []
    blocks = feed_all(decoder, [short(0) + short(1), REPLY + short(2), short(3)])
    assert counts(blocks) == places(blocks) == [0, 1, 2, 3]
    assert decoder.n_rejected == 0


def test_the_vibration_sensor_is_refused():
    decoder = PROFILE.decoder()
    with pytest.raises(PacketError, match="WTVB01"):
        decoder.feed(DATA, VIBRATION, 0.0)
    with pytest.raises(PacketError, match="WTVB01"):
        decoder.feed(DATA, VIBRATION * 3, 0.1)
    assert not PROFILE.recognises(Advertisement("WTVB01-BT50", (PROFILE.services[0],)))


@pytest.mark.parametrize(
    ("advertisement", "is_it"),
    [
        (Advertisement("WT901BLE68"), True),
        (Advertisement("WT9011DCL-BT50"), True),
        (Advertisement("BWT901BLE5.0"), True),
        (Advertisement("", (PROFILE.services[0],)), True),
        (Advertisement("HMSoft", ("0000ffe5-0000-1000-8000-00805f9b34fb",)), False),
        (Advertisement("SWTHING"), False),
        (Advertisement("Polar H10 12345678"), False),
    ],
)
def test_recognition(advertisement, is_it):
    assert PROFILE.recognises(advertisement) is is_it


@given(st.lists(st.integers(1, 70), min_size=1, max_size=30), st.booleans())
def test_every_cutting_of_either_length_gives_the_same_samples(lengths, is_long):
    stream = b"".join(
        long(n, 10 * n % 1000, second=n // 100) if is_long else short(n) for n in range(60)
    )
    chunks = []
    while stream:
        length = lengths[len(chunks) % len(lengths)]
        chunks.append(stream[:length])
        stream = stream[length:]
    decoder = PROFILE.decoder()
    blocks = feed_all(decoder, chunks)
    assert counts(blocks) == places(blocks) == list(range(60))
    assert decoder.n_rejected == 0


def test_frames_of_28_bytes_at_the_smallest_link():
    decoder = PROFILE.decoder()
    frames = [long(n, 10 * n) for n in range(20)]
    blocks = feed_all(decoder, [part for frame in frames for part in (frame[:20], frame[20:])])
    assert counts(blocks) == list(range(20))
    assert decoder.n_rejected == 0


def test_a_clock_that_stands_still_stamps_nothing():
    blocks = feed_all(PROFILE.decoder(), [long(n, 500) * 2 for n in range(4)])
    assert all(block.device_time_s is None for block in blocks)
    assert counts(blocks) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_header_in_the_angles_does_not_mislead():
    # A sensor that lies still at a yaw of 136.8 degrees sends the header twice in every frame.
    frames = [short(n, yaw=0x6155) for n in range(30)]
    stream = b"".join(frames)[9:]
    decoder = PROFILE.decoder()
    blocks = feed_all(decoder, [stream[at : at + 33] for at in range(0, len(stream), 33)])
    assert counts(blocks) == list(range(1, 30))
    assert places(blocks) == list(range(29))
    assert decoder.n_rejected == 11


def test_after_damage_the_stream_is_found_again_and_the_torn_frame_is_missing():
    frames = [short(n) for n in range(20)]
    decoder = PROFILE.decoder()
    whole = b"".join(frames)
    torn = whole[: 10 * 20 + 7] + whole[11 * 20 :]  # frame 10 lost its last 13 bytes
    blocks = feed_all(decoder, [torn[at : at + 40] for at in range(0, len(torn), 40)])
    assert counts(blocks) == places(blocks) == [n for n in range(20) if n != 10]
    assert decoder.n_rejected == 7
    largest = max(np.abs(block.acceleration_ms2).max() for block in blocks)
    assert largest < 1.1 * G, "no sample is made of two torn frames"


def test_lost_notifications_cannot_be_told_and_are_not_invented():
    decoder = PROFILE.decoder()
    blocks = feed_all(decoder, [short(0) + short(1), short(6) + short(7)])
    assert places(blocks) == [0, 1, 2, 3]
    assert not PROFILE.detects_loss
    assert "cannot be told" in PROFILE.loss


def test_a_lost_link_is_a_jump_by_the_clock_of_the_host():
    decoder = PROFILE.decoder(sampling_rate_hz=100.0)
    feed = [decoder.feed(DATA, short(n), 0.01 * n) for n in range(500)]
    assert feed[-1][0].first_index == 499
    decoder.feed(DATA, short(500)[:9], 5.0)
    decoder.restart()
    (block,) = decoder.feed(DATA, short(0), 65.0)
    assert abs(block.first_index - 6500) <= 10
    assert decoder.n_rejected == 0


def reply_of(register, value):
    return b"\x55\x71" + struct.pack("<Hh7h", register, value, *[0] * 7)


def test_start_writes_what_the_captures_hold(talk):
    commands = {
        one["expected"]["command"]: bytes.fromhex(one["hex"])
        for one in VECTORS
        if one["direction"] == "write"
    }
    for rate_hz in (10, 50, 100, 200):
        answers = {RATE_ASKED: [None], BATTERY_ASKED: [None]}
        steps, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=rate_hz)), answers)
        written = [step.data for step in steps if isinstance(step, Write)]
        assert steps[0] == Subscribe(DATA)
        assert written == [commands["unlock"], commands[f"rate {rate_hz}"]]
        asked = [step.data for step in steps if isinstance(step, Ask)]
        assert asked == [RATE_ASKED, commands["read 64"]]
        assert started.settings.sampling_rate_hz == rate_hz
        assert "measured" in started.notes[0]
        times = [type(step).__name__ for step in steps]
        assert "Write Write" not in " ".join(times), "two writes need a pause between them"


def test_the_rate_is_saved_only_when_asked(talk):
    answers = {RATE_ASKED: [None], BATTERY_ASKED: [None]}
    steps, _ = talk(PROFILE.start(PROFILE.settings(save="yes")), answers)
    assert SAVE in [step.data for step in steps if isinstance(step, Write)]
    with pytest.raises(InvalidInputError, match="yes or no"):
        PROFILE.settings(save="maybe")
    with pytest.raises(InvalidInputError, match="no option 'safe'"):
        PROFILE.settings(safe="yes")


def test_what_the_sensor_says_of_rate_and_battery_is_believed(talk):
    answers = {
        RATE_ASKED: [short(1) + reply_of(0x03, 0x08)],
        BATTERY_ASKED: [reply_of(0x64, 387)],
    }
    _, started = talk(PROFILE.start(PROFILE.settings(sampling_rate_hz=200)), answers)
    assert started.settings.sampling_rate_hz == 50.0
    assert "200 Hz was asked for" in started.notes[0]
    assert started.notes[1].startswith("battery 3.87 V")


def test_stop_turns_notifications_off(talk):
    steps, nothing = talk(PROFILE.stop(PROFILE.settings()), {})
    assert steps == [Unsubscribe(DATA)]
    assert nothing is None


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_no_bytes_raise_another_error(chunks):
    decoder = PROFILE.decoder()
    last = -1
    for chunk in chunks:
        try:
            blocks = decoder.feed(DATA, b"\x55\x61"[: len(chunk) % 3] + chunk, 0.0)
        except PacketError:
            continue
        for place in places(blocks):
            assert place > last
            last = place
