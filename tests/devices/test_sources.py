from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices import PROFILES, open_source
from devices.catalog import network_profile
from devices.link.source import SensorSource
from devices.network.polled import PolledSource
from devices.network.pushed import PushedSource
from devices.replay import ReplaySource
from tremor.errors import CaptureNotFoundError, InvalidInputError


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "capture.csv"
    rows = [f"{i / 100:.2f},0.0,0.0,9.81" for i in range(300)]
    path.write_text("time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("as_text", [True, False])
def test_path_is_played(capture, as_text):
    source = open_source(str(capture) if as_text else capture, speed=None)
    assert isinstance(source, ReplaySource)

    async def main():
        async with source:
            return np.concatenate([block.acceleration_ms2 async for block in source])

    assert asyncio.run(main()).shape == (300, 3)


def test_path_that_is_not_there_is_told_as_one(tmp_path):
    with pytest.raises(CaptureNotFoundError, match="does not exist"):
        open_source(tmp_path / "nowhere.csv")
    with pytest.raises(CaptureNotFoundError, match="does not exist"):
        open_source("nowhere.csv")


@pytest.mark.parametrize(
    "text", ["", *PROFILES, "AA:BB:CC:DD:EE:FF", "Polar H10 1A2B3C4D", "8A2B-1C", "v1.2"]
)
def test_everything_else_is_a_sensor(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if text == "simulated" or network_profile(text) is not None:
        pytest.skip("has a source of its own")
    assert isinstance(open_source(text), SensorSource)


def test_file_named_like_a_sensor_is_the_sensor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "polar-h10").mkdir()
    assert isinstance(open_source("polar-h10"), SensorSource)


def test_settings_are_checked_before_anything_is_opened():
    with pytest.raises(InvalidInputError, match="has no range of 16 g"):
        open_source("polar-h10", range_g=16)


def test_simulated_sensor_imitates_the_one_that_is_named():
    source = open_source("simulated:polar-h10", options={"scene": "index"}, sampling_rate_hz=100)
    assert isinstance(source, SensorSource)
    model = source._link.backend.client.radio.models[0]
    assert model.slug == "polar-h10"
    assert model.sampling_rate_hz == 100.0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("phyphox:192.168.1.20", "192.168.1.20:8080"),
        ("phyphox:192.168.1.20:8081", "192.168.1.20:8081"),
        ("phyphox:http://192.168.1.20:8081/", "192.168.1.20:8081"),
        ("http://192.168.1.20:8081/", "192.168.1.20:8081"),
        ("http://192.168.1.20", "192.168.1.20:8080"),
        ("Phyphox:phone.local", "phone.local:8080"),
        ("phyphox:[fe80::1]:8080", "[fe80::1]:8080"),
        ("phyphox:fe80::1", "[fe80::1]:8080"),
        ("phyphox:HTTP://192.168.1.20:8081/index.html", "192.168.1.20:8081"),
    ],
)
def test_phone_that_answers_is_named_by_its_address(text, address):
    source = open_source(text)
    assert isinstance(source, PolledSource)
    assert source.address == address


def test_phone_that_pushes_is_named_by_a_port():
    source = open_source("sensor-logger:192.168.1.5:9000", options={"signal": "sum"})
    assert isinstance(source, PushedSource)
    assert source.address == "192.168.1.5:9000"
    assert open_source("sensor-logger:192.168.1.5").address == "192.168.1.5:8000"


def test_phone_that_pushes_is_received_in_the_network_of_this_computer(monkeypatch):
    monkeypatch.setattr("devices.network.pushed.own_address", lambda: "192.168.1.5")
    assert open_source("sensor-logger").address == "192.168.1.5:8000"
    assert open_source("sensor-logger:9000").address == "192.168.1.5:9000"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("phyphox", "the app shows it"),
        ("phyphox:", "the app shows it"),
        ("phyphox:a b", "the app shows it"),
        ("phyphox:a/b@c", "the app shows it"),
        ("phyphox:phone:1:2", "give a number from 1 to 65535"),
        ("phyphox:1.2.3.4:port", "give a number from 1 to 65535"),
        ("phyphox:1.2.3.4:70000", "give a number from 1 to 65535"),
        ("sensor-logger:a b:1", "no address of this computer"),
        ("sensor-logger:0", "give a number from 1 to 65535"),
    ],
)
def test_phone_without_a_usable_address_is_refused(text, says):
    with pytest.raises(InvalidInputError, match=says):
        open_source(text)


@pytest.mark.parametrize("text", ["phyphox:1.2.3.4", "sensor-logger:9000"])
def test_options_of_a_phone_are_checked_before_it_is_reached(text):
    with pytest.raises(InvalidInputError, match="no option 'speed'"):
        open_source(text, options={"speed": "2"})
    with pytest.raises(InvalidInputError, match="no angular velocity"):
        open_source(text, gyro=True)
