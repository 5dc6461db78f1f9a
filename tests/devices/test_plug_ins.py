"""A package beside this one adds a sensor: it is listed, found, recorded, replayed, redecoded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

GOOD = """
from dataclasses import replace

from devices.profile import Advertisement
from devices.sensors.simulated import PROFILE as SIMULATED

SERVICE = "ac3e0001-6c65-6720-7472-656d6f720000"


def recognises(advertisement: Advertisement) -> bool:
    return advertisement.name.startswith("Acme")


PROFILE = replace(
    SIMULATED, slug="acme-leg", name="Acme leg", name_pattern="Acme XX", services=(SERVICE,),
    recognises=recognises, remarks=("It is made of nothing.",),
)
FRAGILE = replace(PROFILE, slug="acme-fragile", recognises=lambda advertisement: 1 / 0)
TWICE = replace(PROFILE, slug="polar-h10")
NAMELESS = replace(PROFILE, slug="Acme Leg\\x1b[2J")
NOTHING = 7
"""
ENTRIES = {
    "acme": "acme_sensors:PROFILE",
    "fragile": "acme_sensors:FRAGILE",
    "twice": "acme_sensors:TWICE",
    "nameless": "acme_sensors:NAMELESS",
    "nothing": "acme_sensors:NOTHING",
    "missing": "acme_sensors:ABSENT",
    "broken": "acme_broken:PROFILE",
    "gone": "acme_gone:PROFILE",
}
#: A sensor of the package is simulated, recorded into a folder and read back in one process.
RECORD = """
import asyncio, json, sys
from pathlib import Path
import tremor
from tremor.redecoding import redecode
from devices import PROFILES
from devices.link.options import LinkOptions
from devices.link.source import SensorSource
from devices.simulated.backend import backend_of
from devices.simulated.opening import model_of
from devices.sources import open_source
from tremor.recorder import Recorder, StreamDescription
from tremor.recording import SensorInfo

folder = Path(sys.argv[1])

def own_sensor():
    model = model_of({"scene": "post_run", "speed": "40"}, sampling_rate_hz=104.0)
    model.name = "Acme 01"
    type(model).advertised = (PROFILES["acme-leg"].services[0],)
    return model

async def record(source, folder, recorder):
    async with source:
        settings = source.started.settings
        recorder.describe(StreamDescription(
            sensor=SensorInfo(source.name, source.profile.slug),
            sampling_rate_hz=settings.sampling_rate_hz, range_g=settings.range_g,
            gyro=settings.gyro, options=settings.options,
            loss=source.profile.loss, detects_loss=source.profile.detects_loss,
        ))
        async for _ in recorder.through(source):
            if recorder.counts.n_samples >= 2000:
                return

async def main():
    async with Recorder(folder) as recorder:
        link = LinkOptions(backend=backend_of(own_sensor()))
        await record(SensorSource("Acme", tap=recorder.tap, link=link), folder, recorder)
    async with open_source(f"replay:{folder}", speed=40.0) as source:
        async for block in source:
            first = block
            break
    return first

first = asyncio.run(main())
recording = tremor.read(folder)
again = redecode(folder).recording
print(json.dumps({
    "profile": recording.sensor.profile, "n": recording.n_samples, "redecoded": again.n_samples,
    "first": recording.acceleration_ms2[0].tolist(),
    "replayed": first.acceleration_ms2[0].tolist(),
    "again": again.acceleration_ms2[0].tolist(),
}))
"""


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """Install a package with good and broken sensors beside this one; return its search path."""
    site = tmp_path_factory.mktemp("site")
    (site / "acme_sensors.py").write_text(GOOD, encoding="utf-8")
    (site / "acme_broken.py").write_text("raise RuntimeError('two\\nlines')\n", encoding="utf-8")
    info = site / "acme_sensors-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-sensors\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in ENTRIES.items())
    (info / "entry_points.txt").write_text(f"[tremor_analyzer.sensors]\n{lines}")
    return os.pathsep.join([str(site), *sys.path])


def run(beside, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": beside},
        timeout=120,
        check=False,
    )


def test_it_is_listed_and_what_is_broken_is_one_line_each(beside):
    done = run(beside, "-m", "tremor", "sensors", "--json")
    assert done.returncode == 0
    slugs = [one["slug"] for one in json.loads(done.stdout)["sensors"]]
    assert slugs[-2:] == ["acme-leg", "acme-fragile"]
    assert "polar-h10" in slugs
    lines = done.stderr.splitlines()
    assert len(lines) == 6
    assert all("of acme-sensors is left out: " in line for line in lines)
    for name, why in (
        ("broken", "two lines"),
        ("gone", "acme_gone"),
        ("missing", "ABSENT"),
        ("nothing", "it is a int, not a SensorProfile"),
        ("twice", "the slug polar-h10 is taken"),
    ):
        assert any(f"'{name}'" in line and why in line for line in lines)
    assert "\x1b" not in done.stderr


def test_its_page_and_the_doctor_know_of_it(beside):
    page = run(beside, "-m", "tremor", "sensors", "acme-leg")
    assert page.returncode == 0
    assert page.stdout.startswith("Acme leg (acme-leg)")
    doctor = run(beside, "-m", "tremor", "doctor", "--json")
    (check,) = [one for one in json.loads(doctor.stdout)["checks"] if one["name"] == "devices"]
    assert check["state"] == "weak"
    assert "acme-sensors" in check["detail"]


def test_it_is_found_recorded_replayed_and_decoded_anew(beside, tmp_path):
    done = run(beside, "-c", RECORD, str(tmp_path / "session"))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["profile"] == "acme-leg"
    assert found["n"] >= 2000
    assert found["redecoded"] >= found["n"]
    assert found["first"] == found["again"]
    here, again = os.pathsep.join(sys.path), tmp_path / "again.csv"
    folder = str(tmp_path / "session")
    alone = run(here, "-m", "tremor", "convert", folder, "--redecode", "--to", "csv", str(again))
    assert alone.returncode == 2
    assert "'acme-leg'" in alone.stderr
    assert "install the package that brings its sensor" in alone.stderr
    assert found["first"] == pytest.approx(found["replayed"], abs=1e-6)  # rounded in the folder


def test_a_sensor_of_this_package_needs_no_search_for_others(beside):
    code = (
        "import importlib.metadata as metadata\n"
        "metadata.entry_points = None\n"
        "from devices import PROFILES\n"
        "print(PROFILES['polar-h10'].name, 'movesense' in PROFILES)"
    )
    done = run(beside, "-c", code)
    assert done.stdout.split() == ["Polar", "H10", "True"], done.stderr
