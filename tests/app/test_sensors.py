from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from devices import PROFILES
from devices.link import discovery
from tremor.app.sensors import SensorEntry, Sensors, host_of
from tremor.errors import InvalidInputError, LinkError


def heard(name, *, address, profile):
    return SimpleNamespace(
        profile=profile,
        label=name,
        peripheral=SimpleNamespace(
            address=address,
            rssi_dbm=-61,
            is_connected=False,
            advertisement=SimpleNamespace(name=name),
        ),
    )


def test_known_sensors_in_reach_come_first(monkeypatch):
    kind = PROFILES["polar-h10"]

    async def scan(_):
        return [
            heard("Polar H10 01", address="A0:9E:1A:00:00:01", profile=kind),
            heard("Television", address="A0:9E:1A:00:00:02", profile=None),
        ]

    monkeypatch.setattr(discovery, "scan", scan)
    sensors = Sensors()
    assert sensors.usual == "simulated"
    asyncio.run(sensors.listen())
    first, second, *_ = sensors.entries()
    assert (first.address, second.key) == ("A0:9E:1A:00:00:01", "phyphox")
    assert "Polar H10" in first.label
    assert first.rates[0] == ("", "200, as usual")
    assert sensors.usual == first.key
    assert sensors.find("A0:9E:1A:00:00:02") is None
    assert sensors.said == "One sensor is in reach."


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_rates_are_those_of_the_sensor_that_show_a_tremor(profile):
    offered = dict(SensorEntry("x", "x", "x", profile=profile).rates)
    if len(profile.rates_hz) < 2:
        assert offered == {}
        return
    assert offered.pop("") == f"{profile.default_rate_hz:g}, as usual"
    assert {float(one) for one in offered} == {
        one for one in profile.rates_hz if one >= 20.0 and one != profile.default_rate_hz
    }
    # 90 % of half the rate is what is looked at: all of the band up to 15 Hz, or less.
    assert all(("alone" in words) == (float(one) < 100.0 / 3.0) for one, words in offered.items())
    for one in offered:
        assert profile.settings(sampling_rate_hz=float(one)).sampling_rate_hz == float(one)


def test_a_slow_rate_says_what_it_does_not_see():
    rates = dict(SensorEntry("x", "x", "x", profile=PROFILES["simulated"]).rates)
    assert rates["25"] == "25, for tremor up to 11 Hz alone"


def test_without_bluetooth_it_says_so_and_rehearsals_stay(monkeypatch):
    async def scan(_):
        raise LinkError("Bluetooth is switched off; switch it on")

    monkeypatch.setattr(discovery, "scan", scan)
    sensors = Sensors()
    asyncio.run(sensors.listen())
    assert sensors.said == "Bluetooth is switched off; switch it on"
    assert sensors.find("simulated") is not None


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("192.168.1.20", "192.168.1.20"),
        (" http://192.168.1.20:8080/ ", "192.168.1.20:8080"),
        ("My-Phone.local:80", "my-phone.local:80"),
    ],
)
def test_an_address_is_taken_as_it_is_shown(typed, host):
    assert host_of(typed) == host


@pytest.mark.parametrize("typed", ["", "a b", "-x", "1.2.3.4/get", "u@h", "1.2.3.4:80:80", "é"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(InvalidInputError, match="phyphox"):
        host_of(typed)
