"""Boards are known by what they advertise, and decode what their sources state."""

from __future__ import annotations

import numpy as np
import pytest
from rigs.captures import packets

from devices import PROFILES
from devices.decoding.boards import BOARDS, NUS_SERVICE, preset_of
from devices.decoding.uuids import assigned_uuid
from devices.profile import Advertisement, RequestedSettings, Write
from tremor.units import STANDARD_GRAVITY_MS2

NORDIC_UART = PROFILES["nordic-uart"]


@pytest.mark.parametrize(
    ("advertisement", "preset"),
    [
        (Advertisement("Bangle.js a1b2", (NUS_SERVICE,)), "bangle"),
        (Advertisement("Puck.js 1a2b"), "puck"),
        (Advertisement("Nano 33 BLE Sense"), "arduino-nano33"),
        (Advertisement("M5StickC"), "m5-grayblue"),
        (Advertisement("", ("c87ace96-3523-11e9-b210-d663bd873d93",)), "m5-grayblue"),
        (Advertisement("OpenEarable-1A2B"), "openearable"),
        (Advertisement("CC2650 SensorTag"), "sensortag"),
        (Advertisement("any", (assigned_uuid(0xAA80),)), "sensortag"),
        (Advertisement("CIRCUITPY", (), (0x0822,)), "adafruit"),
        # A serial port is there, so that another program runs on the board.
        (Advertisement("M5StickC", (NUS_SERVICE,)), None),
        (Advertisement("Bluefruit52", (NUS_SERVICE,), (0x0822,)), None),
        (Advertisement("Calf-IMU", (NUS_SERVICE,)), None),
        (Advertisement("InfiniTime"), None),
    ],
)
def test_a_board_is_known_by_what_it_advertises(advertisement, preset):
    assert preset_of(advertisement) == preset
    settings = RequestedSettings().resolve(NORDIC_UART, advertisement)
    assert settings.options == ({} if preset is None else {"preset": preset})


def test_options_of_the_user_come_before_those_of_the_name():
    asked = RequestedSettings(options={"fields": "t,ax,ay,az"})
    settings = asked.resolve(NORDIC_UART, Advertisement("Bangle.js a1b2"))
    assert settings.options == {"fields": "t,ax,ay,az"}


@pytest.mark.parametrize(
    ("sensor", "preset", "key", "unit_ms2"),
    [
        ("Adafruit accelerometer service (synthetic)", "adafruit", "mps2", 1.0),
        ("OpenEarable v1 (synthetic)", "openearable", "acc", 1.0),
        ("TI SensorTag CC2650 (synthetic)", "sensortag", "acc_g_if_range8", STANDARD_GRAVITY_MS2),
        (
            "Arduino Nano 33 (typical 24-byte sketch, synthetic)",
            "arduino-nano33",
            "acc_g",
            STANDARD_GRAVITY_MS2,
        ),
    ],
)
def test_packets_of_boards_decode_to_what_is_stated(sensor, preset, key, unit_ms2):
    (packet,) = [one for one in packets("nordic_uart") if one["sensor"] == sensor]
    decoder = NORDIC_UART.decoder(preset=preset)
    (block,) = decoder.feed(packet["characteristic"], bytes.fromhex(packet["hex"]), 0.0)
    np.testing.assert_allclose(
        block.acceleration_ms2[0], np.array(packet["expected"][key]) * unit_ms2, rtol=1e-6
    )
    for name in ("gyro", "gyro_dps"):  # in the same packet, and so of the same moment
        if name in packet["expected"]:
            np.testing.assert_allclose(
                block.angular_velocity_deg_s[0], packet["expected"][name], rtol=1e-4
            )


@pytest.mark.parametrize("preset", ["bangle", "puck"])
def test_a_console_is_told_to_send_what_the_preset_reads(preset):
    steps = list(NORDIC_UART.start(NORDIC_UART.settings(preset=preset)))
    code = b"".join(step.data for step in steps if isinstance(step, Write)).decode()
    assert code.startswith("reset();\n\x03\x10if(1){")
    assert code.count("{") == code.count("}")
    assert code.count("(") == code.count(")")
    counts = {"bangle": "-12,30,1000", "puck": "-98,246,8192"}[preset]
    decoder, blocks = NORDIC_UART.decoder(preset=preset), []
    for number in range(40):
        line = f"A,{1795000000000 + 20 * number},{counts}\r\n".encode()
        blocks += decoder.feed(BOARDS[preset].characteristic, line, 0.02 * number)
    expected = np.array([-0.012, 0.03, 1.0]) * STANDARD_GRAVITY_MS2
    assert len(blocks) > 30
    np.testing.assert_allclose(blocks[-1].acceleration_ms2[-1], expected, atol=0.001)
