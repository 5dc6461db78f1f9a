"""Start, stop and decoding of Polar sensors."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from rigs.captures import packets

from devices.decoding.uuids import BATTERY_LEVEL
from devices.profile import Ask, Read, StreamSettings, Subscribe
from devices.sensors import polar_h10, polar_verity
from devices.sensors.polar_control import (
    CONTROL,
    DATA,
    join_replies,
)
from tremor.errors import InvalidInputError, PacketError, SensorRefusedError
from tremor.units import STANDARD_GRAVITY_MS2

VECTORS = packets("polar")

H10, VERITY = polar_h10.PROFILE, polar_verity.PROFILE
STOP, SDK_ON, SDK_OFF = b"\x03\x02", b"\x02\x09", b"\x03\x09"
SETTINGS, SDK_SETTINGS = b"\x01\x02", b"\x04\x02"
OK = {
    STOP: [bytes.fromhex("f003020000")],
    SDK_ON: [bytes.fromhex("f002090000")],
    SDK_OFF: [bytes.fromhex("f003090000")],
}
H10_SETTINGS = bytes.fromhex("f0010200000004190032006400c800010110000203020004000800")
VERITY_SETTINGS = bytes.fromhex("f001020000000134000101100002010800040103")
SDK_OFFER = bytes.fromhex("f00402000000051a00340068 00d000a001010110000204020004000800 1000040103")
H10_START = bytes.fromhex("0202020108000001c80001011000")
VERITY_START = bytes.fromhex("0202000134000101100002010800040103")
SDK_START = bytes.fromhex("0202000168000101100002010800040103")
STARTED = bytes.fromhex("f002020000")
FEATURES = {
    H10.slug: bytes.fromhex("0f05000000000000000000000000000000"),
    VERITY.slug: bytes.fromhex("0f6e000000000000000000000000000000"),
}


def answers_of(profile, more=()):
    """Return the replies of a sensor in good order; ``more`` replaces some."""
    base = {
        CONTROL: [FEATURES[profile.slug]],
        SETTINGS: [H10_SETTINGS if profile is H10 else VERITY_SETTINGS],
        SDK_SETTINGS: [SDK_OFFER],
        H10_START: [bytes.fromhex("f00202000001")],
        VERITY_START: [STARTED],
        SDK_START: [STARTED],
        **OK,
    }
    return base | dict(more)


def refusal(status, *, request=2, kind=2):
    return bytes([0xF0, request, kind, status, 0])


def written(steps):
    return [step.data for step in steps if isinstance(step, Ask)]


def frame(stamp_ns, samples, frame_type=0x01):
    payload = b"".join(struct.pack("<3h", *sample) for sample in samples)
    return struct.pack("<BQB", 2, stamp_ns, frame_type) + payload


def test_every_request_of_the_vectors_is_one_that_is_sent(talk):
    _, started = talk(VERITY.start(VERITY.settings()), answers_of(VERITY))
    sent = {
        *written(talk(H10.start(H10.settings()), answers_of(H10))[0]),
        *written(talk(VERITY.start(VERITY.settings()), answers_of(VERITY))[0]),
        *written(talk(VERITY.start(VERITY.settings(sampling_rate_hz=52)), answers_of(VERITY))[0]),
        *written(talk(VERITY.stop(started.settings), answers_of(VERITY))[0]),
    }
    requests = {bytes.fromhex(one["hex"]) for one in VECTORS if one["direction"] == "write"}
    assert len(requests) == 6
    assert requests <= sent


def test_the_h10_is_started_with_the_bytes_of_its_specification(talk):
    steps, started = talk(H10.start(H10.settings(sampling_rate_hz=200)), answers_of(H10))
    assert steps[:2] == [Subscribe(CONTROL), Subscribe(DATA)]
    assert steps[2] == Read(CONTROL)
    assert written(steps) == [SETTINGS, H10_START]
    assert started.settings == H10.settings(sampling_rate_hz=200)
    assert started.notes == ()
    assert written(talk(H10.stop(started.settings), answers_of(H10))[0]) == [STOP]


def test_the_verity_sense_enters_its_sdk_mode_for_other_rates_and_leaves_it(talk):
    steps, started = talk(VERITY.start(VERITY.settings()), answers_of(VERITY))
    assert written(steps) == [SDK_ON, SDK_SETTINGS, SDK_START]
    assert started.settings.sampling_rate_hz == 104.0
    stop_steps, _ = talk(VERITY.stop(started.settings), answers_of(VERITY))
    assert written(stop_steps) == [STOP, SDK_OFF]
    assert all(step.optional for step in stop_steps)


def test_the_verity_sense_needs_no_sdk_mode_for_what_it_does_anyway(talk):
    settings = VERITY.settings(sampling_rate_hz=52, range_g=8)
    steps, _ = talk(VERITY.start(settings), answers_of(VERITY))
    assert written(steps) == [SETTINGS, VERITY_START]


def test_a_factor_goes_into_the_options_and_scales_the_samples(talk):
    reply = bytes.fromhex("f0020200000501 40da7f39")
    settings = VERITY.settings(sampling_rate_hz=52, factor="7.5")  # of a run before
    _, started = talk(VERITY.start(settings), answers_of(VERITY, {VERITY_START: [reply]}))
    assert float(started.settings.options["factor"]) == pytest.approx(0.000244, rel=1e-6)
    (vector,) = (one for one in VECTORS if "prev_frame_ts_ns" in one["expected"])
    live = VERITY.make_decoder(started.settings)
    again = VERITY.decoder(sampling_rate_hz=52, factor=started.settings.options["factor"])
    for decoder in (live, again):
        (block,) = decoder.feed(DATA, bytes.fromhex(vector["hex"]), 1.0)
        mg = block.acceleration_ms2 / (STANDARD_GRAVITY_MS2 / 1000.0)
        # The source cuts to whole mg.
        np.testing.assert_array_equal(np.trunc(mg[:2] + 1e-4), vector["expected"]["mG_first"])
        np.testing.assert_array_equal(np.trunc(mg[-1] + 1e-4), vector["expected"]["mG_last"])


def test_without_a_factor_counts_are_scaled_by_the_range():
    (vector,) = (one for one in VECTORS if "G_per_count" in one["expected"])
    (block,) = VERITY.decoder(sampling_rate_hz=52, range_g=8).feed(
        DATA, bytes.fromhex(vector["hex"]), 0.0
    )
    raw = np.array(vector["expected"]["raw"])
    factor = vector["expected"]["G_per_count"]
    np.testing.assert_allclose(
        block.acceleration_ms2, raw * factor * STANDARD_GRAVITY_MS2, rtol=1e-3
    )


@pytest.mark.parametrize("place", [0, 15, 16, 17, 18])
def test_samples_in_mg_become_si(place):
    vector = VECTORS[place]
    (block,) = VERITY.decoder().feed(DATA.upper(), bytes.fromhex(vector["hex"]), 3.0)
    stated = vector["expected"].get("samples") or vector["expected"]["first"]
    np.testing.assert_allclose(
        block.acceleration_ms2[: len(stated)],
        np.array(stated) * STANDARD_GRAVITY_MS2 / 1000.0,
        rtol=1e-12,
    )
    assert block.device_time_s[-1] == pytest.approx(
        vector["expected"]["timestamp_ns"] * 1e-9, abs=1e-6
    )
    assert block.arrival_s == 3.0


def test_a_stream_that_a_killed_run_left_is_stopped_and_started_anew(talk):
    answers = answers_of(H10, {H10_START: [refusal(6), STARTED]})
    steps, _ = talk(H10.start(H10.settings()), answers)
    assert written(steps) == [SETTINGS, H10_START, STOP, H10_START]


def test_the_sdk_mode_is_not_toggled_while_a_stream_is_left(talk):
    answers = answers_of(VERITY, {SDK_ON: [refusal(12, kind=9), OK[SDK_ON][0]]})
    steps, _ = talk(VERITY.start(VERITY.settings()), answers)
    assert written(steps) == [SDK_ON, STOP, SDK_ON, SDK_SETTINGS, SDK_START]


def test_an_sdk_mode_that_is_on_already_is_fine(talk):
    answers = answers_of(VERITY, {SDK_ON: [refusal(6, kind=9)]})
    steps, started = talk(VERITY.start(VERITY.settings()), answers)
    assert written(steps) == [SDK_ON, SDK_SETTINGS, SDK_START]
    assert started.settings.sampling_rate_hz == 104.0


@pytest.mark.parametrize("status", [1, 2, 3])
def test_without_sdk_mode_the_nearest_rate_is_taken_and_said(talk, status):
    oh1 = bytes.fromhex("f001020000000132000101100002010800040103")
    start = bytes.fromhex("0202000132000101100002010800040103")
    answers = answers_of(
        VERITY, {SDK_ON: [refusal(status, kind=9)], SETTINGS: [oh1], start: [STARTED]}
    )
    _, started = talk(VERITY.start(VERITY.settings(range_g=4)), answers)
    assert (started.settings.sampling_rate_hz, started.settings.range_g) == (50.0, 8.0)
    assert [note for note in started.notes if "SDK mode" in note]
    assert "104 Hz is not offered; it samples at 50 Hz" in started.notes
    assert "a range of 4 g is not offered; it has 8 g" in started.notes
    VERITY.settings(sampling_rate_hz=started.settings.sampling_rate_hz)


def test_firmware_that_has_no_list_of_sdk_settings_is_asked_for_the_plain_one(talk):
    plain = bytes.fromhex("f0010200000002 3400 68000101100002010800040103")
    answers = answers_of(VERITY, {SDK_SETTINGS: [refusal(1, request=4)], SETTINGS: [plain]})
    steps, _ = talk(VERITY.start(VERITY.settings()), answers)
    assert written(steps) == [SDK_ON, SDK_SETTINGS, SETTINGS, SDK_START]


def test_settings_that_come_in_parts_are_joined(talk):
    parts = [
        bytes.fromhex("f0010200010004 1900 3200 6400 c8"),
        bytes.fromhex("f00102000100 0101 1000"),
        bytes.fromhex("f0010200000203 0200 0400 0800"),
    ]
    assert join_replies(parts[:1]) is None
    assert join_replies(parts[:2]) is None
    assert join_replies(parts) == H10_SETTINGS
    steps, _ = talk(H10.start(H10.settings()), answers_of(H10, {SETTINGS: [parts]}))
    assert written(steps) == [SETTINGS, H10_START]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (1, "does not know this request"),
        (3, "does not support this"),
        (5, "does not accept one of the settings"),
        (8, "sampling rate"),
        (9, "range"),
        (10, r"short packets \(invalid MTU\).*232 bytes"),
        (12, "another measurement is running"),
        (13, "on its charger; take it off"),
        (14, "memory is full"),
        (99, "no known reason"),
    ],
)
def test_a_refusal_becomes_a_sentence_with_what_to_do(talk, status, words):
    answers = answers_of(H10, {H10_START: [refusal(status)]})
    with pytest.raises(SensorRefusedError, match=words) as caught:
        talk(H10.start(H10.settings()), answers)
    message = str(caught.value)
    assert message.startswith("Polar H10 did not start the accelerometer: ")
    assert f"status {status}" in message
    assert ";" in message


@pytest.mark.parametrize("status", [5, 12, 13])
def test_an_sdk_mode_that_is_refused_for_another_reason_ends_the_start(talk, status):
    answers = answers_of(VERITY, {SDK_ON: [refusal(status, kind=9)]})
    with pytest.raises(SensorRefusedError, match="did not enter the SDK mode"):
        talk(VERITY.start(VERITY.settings()), answers)


def test_a_sensor_without_acceleration_is_refused(talk):
    answers = answers_of(H10, {CONTROL: [bytes.fromhex("0f01")]})
    with pytest.raises(SensorRefusedError, match="no stream of acceleration"):
        talk(H10.start(H10.settings()), answers)


def test_replies_to_other_requests_are_waited_past(talk):
    steps, _ = talk(H10.start(H10.settings()), answers_of(H10))
    start = next(step for step in steps if isinstance(step, Ask) and step.data == H10_START)
    assert start.is_reply(STARTED)
    for other in ("f001020000", "f002090000", "0102", "0f05", "", "f00202"):
        assert not start.is_reply(bytes.fromhex(other))


def test_losses_are_counted_by_stamps_at_the_true_rate():
    # 36 samples a packet at 202 Hz instead of 200 Hz; every fifth packet is lost.
    decoder, step_ns = H10.decoder(sampling_rate_hz=200), round(36e9 / 202)
    for row in range(100):
        if row % 5 == 3:
            continue
        (block,) = decoder.feed(DATA, frame(10**9 + row * step_ns, [(0, 0, 1000)] * 36), 0.0)
        assert block.first_index == 36 * row
    steps_s = np.diff(block.device_time_s)
    np.testing.assert_allclose(steps_s, 1 / 202, rtol=1e-3)


def test_repeated_and_reordered_packets_are_refused_and_leave_no_trace():
    decoder = H10.decoder()
    packets = [frame(10**9 + row * 180_000_000, [(0, 0, 1000)] * 36) for row in range(4)]
    decoder.feed(DATA, packets[0], 0.0)
    decoder.feed(DATA, packets[1], 0.2)
    for old in packets[1::-1]:
        with pytest.raises(PacketError, match="out of order"):
            decoder.feed(DATA, old, 0.3)
    (block,) = decoder.feed(DATA, packets[2], 0.4)
    assert block.first_index == 72


def test_a_frame_that_is_refused_leaves_no_trace():
    decoder = H10.decoder()
    packets = [frame(10**9 + row * 180_000_000, [(0, 0, 1000)] * 36) for row in range(3)]
    decoder.feed(DATA, packets[0], 0.0)
    with pytest.raises(PacketError, match="cut"):
        decoder.feed(DATA, packets[1][:97], 0.2)
    (block,) = decoder.feed(DATA, packets[2], 0.4)
    assert block.first_index == 72


def test_a_lost_link_is_a_jump_detected_by_the_stamps():
    decoder = H10.decoder()
    for row in range(300):
        decoder.feed(DATA, frame(10**9 + row * 180_000_000, [(0, 0, 1000)] * 36), 0.18 * row)
    decoder.restart()
    (block,) = decoder.feed(DATA, frame(10**9 + 1000 * 180_000_000, [(0, 0, 1000)] * 36), 181.0)
    assert block.first_index == 36_000


def test_other_characteristics_and_other_measurements_carry_no_samples():
    decoder = VERITY.decoder()
    assert decoder.feed(CONTROL, bytes.fromhex("f002020000"), 0.0) == []
    assert decoder.feed(BATTERY_LEVEL, b"", 0.0) == []
    gyro = next(one for one in VECTORS if one["expected"].get("type") == "GYRO")
    assert decoder.feed(DATA, bytes.fromhex(gyro["hex"]), 0.0) == []
    assert decoder.n_rejected == 0


def test_an_option_of_the_sdk_is_not_needed_to_stop(talk):
    # A start that failed half-way hands over what was asked for.
    settings = StreamSettings(sampling_rate_hz=52.0, range_g=8.0)
    assert written(talk(VERITY.stop(settings), answers_of(VERITY))[0]) == [STOP, SDK_OFF]
    silent = {STOP: [None], SDK_OFF: [None]}
    assert written(talk(VERITY.stop(settings), silent)[0]) == [STOP, SDK_OFF]


@pytest.mark.parametrize("factor", ["0", "-1", "nan", "inf", "much"])
def test_a_factor_that_is_none_is_refused(factor):
    with pytest.raises(InvalidInputError, match="the number that the sensor named"):
        VERITY.decoder(factor=factor)
