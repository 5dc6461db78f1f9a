from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from devices import PROFILES
from devices.link.discovery import DiscoveredDevice
from devices.link.radio import Peripheral
from devices.profile import Advertisement
from tremor.errors import InvalidInputError
from tremor.session.interface import Command
from tremor.session.plan import Plan
from tremor.session.searching import Search
from tremor.session.sensor_choice import RequestedSensor

SENSORS = tuple(
    DiscoveredDevice(
        Peripheral(address, Advertisement(name="Polar H10 1A2B3C4D"), -60, False, None),
        PROFILES["polar-h10"],
    )
    for address in ("first", "second")
)


class Controls:
    is_there = True

    def __init__(self, *given):
        self._given = list(given)

    def take(self):
        return self._given.pop(0) if self._given else ()


def choose(controls, *, asks=True):
    notes = []
    plan = Plan(sensors=(RequestedSensor("", ""),), folder=Path("x"), asks=asks)
    chosen = asyncio.run(Search(plan, say=notes.append, controls=controls).choose(SENSORS))
    return "none" if chosen is None else chosen.peripheral.address, notes


def number(*numbers):
    return [Command("choose", one) for one in numbers]


def test_number_chooses_and_stop_does_not():
    assert choose(Controls((), [*number("9", "0"), Command("marker")], number("2")))[0] == "second"
    assert choose(Controls(number("1")))[0] == "first"
    assert choose(Controls([Command("stop")]))[0] == "none"
    _, notes = choose(Controls(number("1")))
    assert notes[1].startswith("  1  Polar H10")


def test_strongest_is_taken_and_told_where_nobody_is_asked():
    chosen, notes = choose(Controls(number("2")), asks=False)
    assert chosen == "first"
    assert "taking the strongest" in notes[0]


def test_settings_that_a_kind_cannot_have_are_refused_before_it_is_sought():
    def search(text, **settings):
        plan = Plan(sensors=(RequestedSensor("", text),), folder=Path("x"), **settings)
        return Search(plan, say=lambda _: None, controls=Controls())

    with pytest.raises(InvalidInputError, match="3"):
        search("polar-h10", sampling_rate_hz=3.0).check_settings()
    search("polar-h10", sampling_rate_hz=200.0).check_settings()
    search("Calf-IMU", sampling_rate_hz=3.0).check_settings()  # who knows what that is


def test_phone_is_not_searched_for_and_it_is_said_how_it_is_reached(monkeypatch):
    monkeypatch.setattr("devices.network.pushed.own_address", lambda: "192.168.1.5")
    notes = []

    def source_of(name):
        plan = Plan(sensors=(RequestedSensor("", name),), folder=Path("x"))
        search = Search(plan, say=notes.append, controls=Controls())
        search.check_settings()
        return asyncio.run(search.source_of(plan.sensors[0], tap=lambda _: None))

    assert source_of("phyphox:192.168.1.20").address == "192.168.1.20:8080"
    assert source_of("sensor-logger:9000").address == "192.168.1.5:9000"
    assert "192.168.1.20:8080; keep its screen on" in notes[0]
    assert "push URL http://192.168.1.5:9000" in notes[1]


def test_options_that_a_phone_does_not_know_are_refused_before_it_is_reached():
    plan = Plan(
        sensors=(RequestedSensor("", "phyphox:192.168.1.20"),),
        folder=Path("x"),
        options={"loss": "2%"},
    )
    with pytest.raises(InvalidInputError, match="no option 'loss'"):
        Search(plan, say=lambda _: None, controls=Controls()).check_settings()
