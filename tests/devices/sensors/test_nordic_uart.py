"""Nordic UART: lines and presets on captures, options that are checked, and what is written."""

from __future__ import annotations

import numpy as np
import pytest
from rigs.captures import packets

from devices.decoding.boards import BOARDS, NUS_SERVICE, NUS_WRITE
from devices.decoding.packet_layout import parse_layout
from devices.decoding.text_decoder import parse_fields
from devices.profile import Advertisement, Subscribe, Unsubscribe, Write
from devices.sensors.nordic_uart import OPTIONS, PROFILE
from tremor.errors import InvalidInputError, PacketError
from tremor.units import STANDARD_GRAVITY_MS2 as G

VECTORS = packets("nordic_uart")
DATA = PROFILE.data_characteristics[0]
LINES = [bytes.fromhex(one["hex"]) for one in VECTORS if one["sensor"] == "Generic NUS CSV"]
WHOLE, CUT, REST, MIXED = LINES
#: What each capture decodes to, in g and deg/s; the scales of ESP32 are those of its preset.
PACKETS = {
    "Adafruit": ("adafruit", lambda e: np.array(e["mps2"]) / G, None),
    "Arduino": ("arduino-nano33", lambda e: e["acc_g"], lambda e: e["gyro_dps"]),
    "ESP32": (
        "esp32-mpu6050",
        lambda e: np.array(e["i16"][:3]) / 16384,
        lambda e: np.array(e["i16"][3:]) / 131,
    ),
    "InfiniTime": ("infinitime", lambda e: e["g"], None),
    "OpenEarable": ("openearable", lambda e: np.array(e["acc"]) / G, lambda e: e["gyro"]),
    "TI": ("sensortag", lambda e: e["acc_g_if_range8"], lambda e: e["gyro_dps"]),
}
NOTIFIED = [
    one for one in VECTORS if one["direction"] == "notify" and one["sensor"].split()[0] in PACKETS
]


def rows(blocks):
    return np.concatenate([block.acceleration_ms2 for block in blocks]) / G


def test_every_vector_is_used():
    written = [one for one in VECTORS if one["direction"] == "write"]
    assert len(NOTIFIED) + len(LINES) + len(written) == len(VECTORS) == 14


@pytest.mark.parametrize("vector", NOTIFIED, ids=lambda one: one["sensor"])
def test_presets_decode_the_captures(vector):
    preset, acceleration_g, angular = PACKETS[vector["sensor"].split()[0]]
    decoder = PROFILE.decoder(preset=preset)
    (block,) = decoder.feed(vector["characteristic"], bytes.fromhex(vector["hex"]), 0.0)
    expected = vector["expected"]
    np.testing.assert_allclose(rows([block]), [acceleration_g(expected)], atol=1e-6)
    if angular is None:
        assert block.angular_velocity_deg_s is None
    else:
        np.testing.assert_allclose(block.angular_velocity_deg_s, [angular(expected)], atol=1e-5)
    if "timestamp_ms" in expected:
        np.testing.assert_allclose(block.device_time_s, [expected["timestamp_ms"] / 1000])


def test_the_packet_number_of_esp32_tells_a_loss():
    first, second = (
        bytes.fromhex(one["hex"]) for one in VECTORS if one["sensor"].startswith("ESP32")
    )
    later = second[:1] + (9).to_bytes(4, "little") + second[5:]
    decoder = PROFILE.decoder(preset="esp32-mpu6050")
    places = [decoder.feed(DATA, one, 0.01)[0].first_index for one in (first, second, later)]
    assert places == [0, 1, 4]
    with pytest.raises(PacketError, match="20 bytes"):
        decoder.feed(DATA, later[:20], 0.02)  # what a link of 23 bytes leaves of it


def test_a_line():
    np.testing.assert_allclose(
        rows(PROFILE.decoder().feed(DATA, WHOLE, 0.0)), [[0.012, -0.981, 0.044]], atol=1e-12
    )


def test_lines_over_notifications():
    decoder = PROFILE.decoder()
    assert decoder.feed(DATA, CUT, 0.0) == []
    blocks = decoder.feed(DATA, REST, 0.01)
    np.testing.assert_allclose(
        rows(blocks), [[0.012, -0.981, 0.044], [0.010, -0.980, 0.050]], atol=1e-12
    )
    assert [block.first_index for block in blocks] == [0, 1]
    assert decoder.n_rejected == 0


@pytest.mark.parametrize("options", [{}, {"acc_unit": "g"}, {"fields": "t,ax,ay,az"}])
def test_what_is_no_line_is_counted(options):
    decoder = PROFILE.decoder(**options)
    blocks = decoder.feed(DATA, MIXED, 0.0)
    np.testing.assert_allclose(rows(blocks), [[0.1, 0.2, 0.3]], atol=1e-12)
    assert decoder.n_rejected == 4


def test_a_declared_layout_decodes_on_any_characteristic():
    other = "19b10001-e8f2-537e-4f6c-d104768a1214"
    decoder = PROFILE.decoder(layout="i16 ax ay az /2048 g", characteristic=other.upper())
    assert decoder.feed(DATA, bytes(6), 0.0) == []
    np.testing.assert_allclose(rows(decoder.feed(other, b"\0\0\0\0\0\x08", 0.0)), [[0, 0, 1]])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layuot": "u8 n"}, "no option 'layuot'; choose one of preset"),
        ({"preset": "esp8266"}, "no preset 'esp8266'; choose one of arduino-nano33"),
        ({"layout": "u8 n"}, "needs ax ay az"),
        ({"fields": "t,ax"}, "all of ax ay az"),
        ({"acc_unit": "furlong"}, "choose one of g"),
        ({"time_unit": "min"}, "give one of s, ms, us, ns"),
        ({"characteristic": "ffe1"}, "full UUID"),
        ({"layout": "i16 ax ay az g", "acc_unit": "g"}, "give one of them"),
        ({"preset": "infinitime", "fields": "t,ax,ay,az"}, "give one of them"),
    ],
)
def test_options_are_checked_before_anything_connects(options, says):
    with pytest.raises(InvalidInputError, match=says):
        PROFILE.settings(**options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, True),
        ({"fields": "ax,ay,az"}, False),
        ({"layout": "i16 ax ay az g"}, False),
        ({"layout": "u8 n, i16 ax ay az g"}, True),
        ({"layout": "u32 t_ms, i16 ax ay az g"}, True),
        ({"preset": "infinitime"}, False),
        ({"preset": "bangle"}, True),
        ({"preset": "bangle-demo"}, False),
    ],
)
def test_the_file_says_whether_losses_can_be_told(talk, options, told):
    settings = PROFILE.settings(**options)
    assert PROFILE.loss_rule(settings).detects_loss is told
    _, started = talk(PROFILE.start(settings), {})
    assert any("cannot be told" in note for note in started.notes) is not told


@pytest.mark.parametrize("name", BOARDS)
def test_presets_are_whole(name, talk):
    preset = BOARDS[name]
    assert preset.source
    assert bool(preset.layout) != bool(preset.fields)
    if preset.layout:
        assert parse_layout(preset.layout).size <= 244
    else:
        parse_fields(preset.fields)
    settings = PROFILE.settings(sampling_rate_hz=50, preset=name)
    steps, _ = talk(PROFILE.start(settings), {})
    assert steps[0] == Subscribe(preset.characteristic)
    assert talk(PROFILE.stop(settings), {})[0][-1] == Unsubscribe(preset.characteristic)
    assert all(len(step.data) <= 20 for step in steps if isinstance(step, Write))


def written(steps):
    return {
        step.characteristic: b"".join(
            one.data
            for one in steps
            if isinstance(one, Write) and one.characteristic == step.characteristic
        )
        for step in steps
        if isinstance(step, Write)
    }


def test_presets_write_what_the_captures_hold(talk):
    wanted = {
        one["characteristic"]: bytes.fromhex(one["hex"])
        for one in VECTORS
        if one["direction"] == "write"
    }
    for preset, rate_hz in (("adafruit", 100), ("openearable", 50), ("sensortag", 10)):
        settings = PROFILE.settings(sampling_rate_hz=rate_hz, preset=preset)
        sent = written(talk(PROFILE.start(settings), {})[0])
        (characteristic,) = set(sent) & set(wanted)
        if preset == "sensortag":  # the capture asks for 2 g, and this for 8 g
            assert sent[characteristic][0] == wanted[characteristic][0]
            assert sent[characteristic][1] == 2
        else:
            assert sent[characteristic] == wanted[characteristic]
    stopped = written(talk(PROFILE.stop(PROFILE.settings(preset="openearable")), {})[0])
    assert list(stopped.values()) == [bytes(9)]


def test_start_and_stop_are_text_with_escapes(talk):
    settings = PROFILE.settings(start=r"\x03go\n", stop="halt")
    assert written(talk(PROFILE.start(settings), {})[0]) == {NUS_WRITE: b"\x03go\n"}
    assert written(talk(PROFILE.stop(settings), {})[0]) == {NUS_WRITE: b"halt"}


def test_a_watch_is_told_to_send_its_rate(talk):
    settings = PROFILE.settings(sampling_rate_hz=50, preset="bangle")
    code = written(talk(PROFILE.start(settings), {})[0])[NUS_WRITE]
    assert code.startswith(b"reset();\n")
    assert b"setPollInterval(20)" in code
    decoder = PROFILE.decoder(sampling_rate_hz=50, preset="bangle")
    sent = b"".join(b"A,%d,10,-20,1000\r\n" % (1764000000000 + 20 * n) for n in range(30))
    blocks = decoder.feed(DATA, b">\x1b[J\r\n" + sent, 0.0)
    assert sum(len(block.acceleration_ms2) for block in blocks) == 30
    np.testing.assert_allclose(rows(blocks)[-1], [0.01, -0.02, 1.0], atol=1e-12)
    np.testing.assert_allclose(blocks[-1].device_time_s[-1], 1764000000.58, atol=1e-4)


def test_recognition_is_by_the_service():
    assert PROFILE.recognises(Advertisement("M5-IMU", (NUS_SERVICE,)))
    assert PROFILE.recognises(Advertisement("Bangle.js 1a2b"))
    assert not PROFILE.recognises(Advertisement("M5-IMU"))


def test_the_options_are_those_of_the_help():
    assert PROFILE.options == OPTIONS
