from __future__ import annotations

import asyncio

import pytest

from devices import PROFILES
from devices.link.discovery import DiscoveredDevice
from devices.link.radio import Peripheral
from devices.profile import Advertisement
from tremor.errors import InvalidInputError, SensorNotFoundError
from tremor.session.sensor_choice import (
    RequestedSensor,
    candidate_text,
    candidates,
    find_sensor,
    parse_sensors,
    unknown_sensors,
)


def found(name, address, slug, *, rssi_dbm=-60, is_connected=False):
    # What a kind is recognised by is not looked at here: profiles are filled in.
    peripheral = Peripheral(address, Advertisement(name=name), rssi_dbm, is_connected, None)
    return DiscoveredDevice(peripheral, PROFILES.get(slug) if slug else None)


H10 = found("Polar H10 1A2B3C4D", "A0:9E:1A:00:00:01", "polar-h10")
OTHER = found("Polar H10 99999999", "A0:9E:1A:00:00:02", "polar-h10", rssi_dbm=-80)
STRANGER = found("Fridge", "DE:AD:00:00:00:01", "")


def test_any_known_sensor_may_be_meant():
    assert candidates([H10, OTHER, STRANGER], "", profile=None) == (H10, OTHER)


@pytest.mark.parametrize("text", ["polar h10 1a2b3c4d", "a0:9e:1a:00:00:01"])
def test_whole_name_and_address_mean_one(text):
    assert candidates([OTHER, H10], text, profile=None) == (H10,)


def test_part_of_a_name_may_mean_several():
    assert candidates([H10, OTHER], "h10", profile=None) == (H10, OTHER)


def test_stranger_is_meant_by_name_and_kind_alone():
    assert candidates([STRANGER], "fridge", profile=None) == ()
    assert candidates([STRANGER], "fridge", profile=PROFILES["nordic-uart"]) == (STRANGER,)


def test_candidate_is_told_with_signal_and_no_control_characters():
    assert candidate_text(H10) == "Polar H10, Polar H10 1A2B3C4D (A0:9E:1A:00:00:01), -60 dBm"
    evil = found("a\x1b[31mb", "C0:00:00:00:00:01", "polar-h10", is_connected=True)
    assert "\x1b" not in candidate_text(evil)
    assert candidate_text(evil).endswith("connected")


def parsed(*texts, has_profile=False):
    return parse_sensors(texts, has_profile=has_profile)


def test_sensors_are_parsed():
    assert parsed() == (RequestedSensor("", ""),)
    assert parsed("Polar H10") == (RequestedSensor("", "Polar H10"),)
    assert parsed("Left=polar-h10", "right=simulated:witmotion") == (
        RequestedSensor("left", "polar-h10"),
        RequestedSensor("right", "simulated:witmotion"),
    )
    assert RequestedSensor("", "simulated:polar-h10").is_simulated
    assert not RequestedSensor("", "simulator").is_simulated


@pytest.mark.parametrize(
    "texts",
    [["a", "b"], ["left=a", "left=b"], ["=a"], ["../x=a"], ["left=a", "b"], [""], [" "], ["a="]],
)
def test_sensors_that_cannot_be_told_apart_are_refused(texts):
    with pytest.raises(InvalidInputError):
        parsed(*texts)


def test_file_is_no_sensor():
    with pytest.raises(InvalidInputError, match="tremor replay"):
        parsed(__file__)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("polaar-h10", "polar-h10"),
        ("polar-h1", "polar-h10"),
        ("leg=Movesens2", "movesense"),
        ("simulatd:polar-h10", "simulated"),
        ("repaly:folder", "replay"),
        ("phypox:192.168.1.20", "phyphox"),
    ],
)
def test_a_misspelt_kind_is_no_name_to_listen_for(text, kind):
    with pytest.raises(InvalidInputError, match=f"did you mean {kind}"):
        parsed(text)
    assert len(parsed(text, has_profile=True)) == 1


@pytest.mark.parametrize(
    "text",
    ["Polar H10", "polar h1", "movesens", "Movesense2", "A0:9E:1A:00:00:02", "WT901BLE68", "leg"],
)
def test_names_and_addresses_are_no_misspelt_kinds(text):
    assert parsed(text)[0].text == text


@pytest.mark.parametrize("slug", PROFILES)
def test_each_kind_is_known_as_it_is(slug):
    assert parsed(slug)[0].text == slug


@pytest.mark.parametrize("text", ["fridge", "de:ad:00:00:00:01"])
def test_stranger_that_was_heard_is_listed_with_the_option_that_settles_it(monkeypatch, text):
    async def scan(duration_s):  # noqa: ARG001
        return [STRANGER]

    async def choose(candidates):
        raise AssertionError(candidates)

    monkeypatch.setattr("devices.link.discovery.scan", scan)
    assert unknown_sensors([H10, STRANGER], text) == (STRANGER,)
    with pytest.raises(SensorNotFoundError, match=r"heard, but .*Fridge .*--profile") as caught:
        asyncio.run(find_sensor(RequestedSensor("", text), profile=None, taken=(), choose=choose))
    assert "not heard" not in str(caught.value)
    with pytest.raises(SensorNotFoundError, match=r"was not heard .*1 device of no known kind"):
        asyncio.run(find_sensor(RequestedSensor("", ""), profile=None, taken=(), choose=choose))
