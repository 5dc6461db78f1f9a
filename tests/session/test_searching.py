from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from devices import PROFILES
from devices.link.discovery import DiscoveredDevice
from devices.link.radio import Peripheral
from devices.profile import Advertisement
from tremor.errors import InvalidInputError
from tremor.session.choosing import Wish
from tremor.session.plan import Plan
from tremor.session.searching import Search

SENSORS = tuple(
    DiscoveredDevice(
        Peripheral(address, Advertisement(name="Polar H10 1A2B3C4D"), -60, False, None),
        PROFILES["polar-h10"],
    )
    for address in ("first", "second")
)


class Keys:
    is_there = True

    def __init__(self, *pressed):
        self._pressed = list(pressed)

    def take(self):
        return self._pressed.pop(0) if self._pressed else ""


def choose(keyboard, *, asks=True):
    notes = []
    plan = Plan(wishes=(Wish("", ""),), folder=Path("x"), asks=asks)
    chosen = asyncio.run(Search(plan, say=notes.append, keyboard=keyboard).choose(SENSORS))
    return "none" if chosen is None else chosen.peripheral.address, notes


def test_number_chooses_and_q_does_not():
    assert choose(Keys("", "9x", "2"))[0] == "second"
    assert choose(Keys("1"))[0] == "first"
    assert choose(Keys("q"))[0] == "none"
    _, notes = choose(Keys("1"))
    assert notes[1].startswith("  1  Polar H10")


def test_strongest_is_taken_and_told_where_nobody_is_asked():
    chosen, notes = choose(Keys("2"), asks=False)
    assert chosen == "first"
    assert "taking the strongest" in notes[0]


def test_settings_that_a_kind_cannot_have_are_refused_before_it_is_sought():
    def search(text, **settings):
        plan = Plan(wishes=(Wish("", text),), folder=Path("x"), **settings)
        return Search(plan, say=lambda _: None, keyboard=Keys())

    with pytest.raises(InvalidInputError, match="3"):
        search("polar-h10", sampling_rate_hz=3.0).check_settings()
    search("polar-h10", sampling_rate_hz=200.0).check_settings()
    search("Calf-IMU", sampling_rate_hz=3.0).check_settings()  # who knows what that is
