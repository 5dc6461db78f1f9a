from __future__ import annotations

import asyncio

import numpy as np
import pytest

from devices import PROFILES, open_source
from devices.link.source import SensorSource
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
    if text == "simulated":
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
