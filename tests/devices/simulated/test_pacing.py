"""The clock of simulated sensors waits for their readers, and lets a stall come in a burst."""

from __future__ import annotations

import asyncio

import pytest

import devices
from devices.simulated.pacing import MOST_WAITING, STEP_S, PacedClock
from tremor.errors import InvalidInputError


class Host:
    """Clock of the computer, set by a test."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def host():
    return Host()


@pytest.mark.parametrize("speed", [1.0, 25.0])
def test_it_runs_at_its_speed_where_the_sensors_deliver(host, speed):
    clock = PacedClock(speed, now=host)
    for _ in range(100):
        clock.allow("one")
        host.now_s += 0.01
        clock.time_s()
    assert clock.time_s() == pytest.approx(speed)
    assert clock.host_s() == pytest.approx(1000.0 + speed)
    assert clock.radio_s() == pytest.approx(1.0)


def test_it_takes_a_step_at_a_time_whatever_the_speed(host):
    clock = PacedClock(1e9, now=host)
    for number in range(1, 5):
        clock.allow("one")
        host.now_s += 0.01
        assert clock.time_s() == number * STEP_S


def test_the_slowest_sensor_holds_it_until_it_is_released(host):
    clock = PacedClock(100.0, now=host)
    clock.allow("fast")
    clock.hold("slow")
    host.now_s += 0.4
    assert clock.time_s() == 0.0
    clock.release("slow")
    assert clock.time_s() == 0.0
    host.now_s += 0.4
    assert clock.time_s() == STEP_S


@pytest.mark.parametrize("stall_s", [2.0, 30.0, 60.0])
def test_what_a_stall_of_the_computer_delays_comes_in_a_burst(host, stall_s):
    clock = PacedClock(1.0, now=host)
    clock.allow("one")
    host.now_s += stall_s
    assert clock.time_s() == stall_s


def test_sensor_waits_for_its_reader():
    async def main():
        async with devices.open_source(
            "simulated", options={"speed": "1e6", "scene": "index"}
        ) as source:
            most = 0
            for _ in range(200):  # nobody reads
                await asyncio.sleep(0.001)
                most = max(most, source.n_waiting)
            began_s = source.now_s()
            n_samples = 0
            async for block in source:
                n_samples += len(block.acceleration_ms2)
                if n_samples > 20_000:
                    break
            return most, source.now_s() - began_s

    most, took_s = asyncio.run(asyncio.wait_for(main(), 60.0))
    assert MOST_WAITING < most < 4 * MOST_WAITING
    assert took_s < 400.0  # of its own time: as long as so many samples take


def test_rate_that_it_lacks_is_refused_before_a_leg_is_made():
    with pytest.raises(InvalidInputError, match="1e\\+09"):
        devices.open_source("simulated", sampling_rate_hz=1e9)
