"""Replies of the control point, as their sources state them."""

from __future__ import annotations

import pytest
from rigs.captures import packets

from devices.sensors.polar_control import parse_features, parse_reply, parse_settings

VECTORS = packets("polar")
REPLIES = [
    one for one in VECTORS if one["direction"] == "indicate" and "holds" not in one["expected"]
]
NUMBERS = {"sample_rate": 0, "resolution": 1, "range": 2, "channels": 4, "factor": 5}
KINDS = {"ECG": 0, "PPG": 1, "ACC": 2, "PPI": 3, "GYRO": 5, "MAG": 6, "SDK_MODE": 9}


@pytest.mark.parametrize("vector", REPLIES, ids=lambda one: one["hex"])
def test_replies_are_read_as_their_sources_state(vector):
    expected = vector["expected"]
    reply = parse_reply(bytes.fromhex(vector["hex"]))
    assert (reply.request, reply.kind) == (expected["op"], KINDS[expected["type"]])
    assert reply.more is bool(expected["more"])
    assert (reply.status == 0) is (expected["status"] == "SUCCESS")
    settings = parse_settings(reply.parameters)
    for name, values in expected.get("settings", {}).items():
        assert list(settings[NUMBERS[name]]) == values
    if "params_hex" in expected:
        assert reply.parameters.hex() == expected["params_hex"]
        assert settings == {}


def test_settings_are_read_by_the_width_of_each():
    (vector,) = (one for one in VECTORS if one["expected"].get("holds") == "parameters")
    settings = parse_settings(bytes.fromhex(vector["hex"]))
    expected = {NUMBERS[name]: some for name, some in vector["expected"]["settings"].items()}
    assert {number: list(values) for number, values in settings.items()} == expected


def test_the_factor_of_old_firmware_is_read():
    reply = parse_reply(bytes.fromhex("f0020200000501 40da7f39"))
    assert parse_settings(reply.parameters)[5][0] == pytest.approx(0.000244, rel=1e-6)


@pytest.mark.parametrize("data", ["", "f0", "f00202", "01020506", "0f05000000"])
def test_what_is_no_reply_is_told_from_one(data):
    assert parse_reply(bytes.fromhex(data)) is None


@pytest.mark.parametrize(
    "vector", [one for one in VECTORS if one["direction"] == "read"], ids=lambda one: one["hex"]
)
def test_features_are_read(vector):
    expected = {KINDS[name] for name in vector["expected"]["features"]}
    assert parse_features(bytes.fromhex(vector["hex"])) == expected
