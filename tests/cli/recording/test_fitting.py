"""Taps that come in pieces, and the choice between sensors: the session's own eyes and hands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from devices import PROFILES
from devices.finding import Found
from devices.profile import Advertisement
from devices.radio import Peripheral
from tremor.cli.recording.choosing import Wish
from tremor.cli.recording.fitting import with_new_taps
from tremor.cli.recording.plan import Plan
from tremor.cli.recording.session import _Session
from tremor.cli.recording.stopping import Stop

FS = 104.0
SENSORS = tuple(
    Found(
        Peripheral(address, Advertisement(name="Polar H10 1A2B3C4D"), -60, False, None),
        PROFILES["polar-h10"],
    )
    for address in ("first", "second")
)


def tapped(at_s, *, duration_s=8.0, frequency_hz=12.0):
    time_s = np.arange(round(duration_s * FS)) / FS
    samples = np.tile([0.0, 9.81, 0.0], (len(time_s), 1))
    samples += 0.05 * np.random.default_rng(0).standard_normal(samples.shape)
    for one_s in at_s:
        since_s = np.maximum(time_s - one_s, 0.0)
        swing = np.exp(-0.3 * 2 * np.pi * frequency_hz * since_s)
        samples[:, 2] += np.where(time_s >= one_s, 25.0 * swing, 0.0)
    return samples


@pytest.mark.parametrize("step_s", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("late_s", [0.0, 0.15])
def test_each_tap_is_felt_once_however_often_one_looks(step_s, late_s):
    samples, taps = tapped((2.0, 3.1)), ()
    for now_s in np.arange(0.5, 8.0, step_s):
        there = samples[: max(0, round((now_s - late_s) * FS))]
        track = SimpleNamespace(
            recent=lambda seconds, there=there: there[-round(seconds * FS) :], rate_hz=FS
        )
        taps = with_new_taps(taps, track, elapsed_s=float(now_s))
    assert [tap.time_s for tap in taps] == pytest.approx([2.0 + late_s, 3.1 + late_s], abs=0.03)
    assert all(tap.ring_s < 0.12 for tap in taps)


class Keys:
    is_there = True

    def __init__(self, *pressed):
        self._pressed = list(pressed)

    def take(self):
        return self._pressed.pop(0) if self._pressed else ""


class Silent:
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def choose(keyboard, *, asks=True):
    async def main():
        screen = Silent()
        session = _Session(
            Plan(wishes=(Wish("", ""),), folder=Path("x"), asks=asks),
            screen=screen,
            keyboard=keyboard,
            stop=Stop(),
            emit=lambda *_: None,
        )
        return await session._choose(SENSORS), screen.notes

    chosen, notes = asyncio.run(main())
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
