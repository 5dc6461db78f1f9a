from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from devices.link import discovery
from tremor.app.sensors import Sensors, host_of
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
    kind = SimpleNamespace(name="Polar H10", slug="polar-h10")

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
    assert sensors.usual == first.key
    assert sensors.find("A0:9E:1A:00:00:02") is None
    assert sensors.said == "One sensor is in reach."


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
