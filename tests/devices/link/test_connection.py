"""When a connection counts as failed, on a timer that is made up."""

from __future__ import annotations

import asyncio

import pytest
from bleak.backends.device import BLEDevice

from devices import PROFILES
from devices.link.connection import SensorConnection
from devices.link.discovery import DiscoveredDevice
from devices.link.options import HostClocks, LinkOptions, LinkTimeouts
from devices.link.radio import Peripheral
from devices.profile import Advertisement
from devices.simulated.backend import backend_of
from devices.simulated.opening import model_of


def failure_at(*readings_s, sampling_rate_hz=200.0, lose=False):
    """Return the failure of a connection without packets, whose timer has these readings, s."""
    model = model_of({"scene": "index", "like": "polar-h10"}, sampling_rate_hz=None)
    device = BLEDevice(model.address, model.name, None)
    peripheral = Peripheral(model.address, Advertisement(model.name), None, False, device)
    timer = iter((0.0, 0.0, *readings_s))

    async def main():
        connection = SensorConnection(
            DiscoveredDevice(peripheral, PROFILES["polar-h10"]),
            receive=lambda _: None,
            options=LinkOptions(timeouts=LinkTimeouts(silence_s=4.0), backend=backend_of(model)),
            clocks=HostClocks(timer=lambda: next(timer)),
        )
        connection.begin_stream()
        if lose:
            connection.lost.set()
        failure = await connection.wait_for_failure(sampling_rate_hz)
        assert not connection.is_streaming
        assert list(timer) == []
        return failure

    return asyncio.run(main())


def test_silence_is_a_failure():
    failure = failure_at(4.0, 4.5)
    assert failure.reason == "the sensor fell silent"
    assert failure.silent_s == 4.5


def test_delay_of_this_program_is_no_silence():
    # The timeout is due at 4 s and fires at 9 s: packets may be waiting in the system.
    assert failure_at(4.0, 9.0, 13.0, 13.0).silent_s == pytest.approx(4.0)


def test_sensor_with_few_packets_may_be_silent_for_longer():
    # 160 samples of a packet at 10 Hz take 16 s.
    assert failure_at(17.0, 17.0, sampling_rate_hz=10.0).silent_s == 17.0


def test_lost_link_is_a_failure():
    failure = failure_at(0.0, lose=True)
    assert failure.reason == "the sensor is out of reach, or ended the link"
    assert failure.silent_s is None
