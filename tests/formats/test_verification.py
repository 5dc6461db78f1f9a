"""Unit and gravity are held against the samples, whichever way a capture comes in."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import tremor
from tremor.analysis.quality import quality_of
from tremor.formats import parquet
from tremor.formats.csv.native import NativePreamble, write_native_csv
from tremor.opening import read
from tremor.recording import Recording
from tremor.report.messages import sentence
from tremor.settings import AnalysisSettings
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

RATE_HZ = 50.0
N = 1500
TIME_S = np.arange(N) / RATE_HZ
RNG = np.random.default_rng(11)
LINEAR_MS2 = RNG.normal(0.0, 0.02, (N, 3))
GRAVITY_MS2 = np.tile([0.0, 0.6 * STANDARD_GRAVITY_MS2, 0.8 * STANDARD_GRAVITY_MS2], (N, 1))
TOTAL_MS2 = LINEAR_MS2 + GRAVITY_MS2


def codes(recording):
    return {one.code for one in recording.warnings}


def csv(path, header, samples):
    rows = [
        f"{t:.3f},{x:.7f},{y:.7f},{z:.7f}" for t, (x, y, z) in zip(TIME_S, samples, strict=True)
    ]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def headed(path, unit_in, samples):
    header = f"time_s,acc_x ({unit_in}),acc_y ({unit_in}),acc_z ({unit_in})"
    return read(csv(path, header, samples))


def native(path, samples):
    write_native_csv(path, samples, time_s=TIME_S, preamble=NativePreamble(gravity="included"))
    return read(path)


def folder(path, samples):
    path.mkdir()
    native(path / "samples.csv", samples)
    return read(path)


def parquet_file(path, samples):
    pytest.importorskip("pyarrow")
    recording = Recording.from_arrays(samples, sampling_rate_hz=RATE_HZ, gravity="included")
    parquet.write_recording_parquet(path, recording)
    return read(path)


def frame(_, samples):
    table = pd.DataFrame(samples, columns=["acc_x_ms2", "acc_y_ms2", "acc_z_ms2"])
    table.insert(0, "time_s", TIME_S)
    return tremor.analyze(table).recording


def array(_, samples):
    return tremor.analyze(samples, sampling_rate_hz=RATE_HZ).recording


def phyphox(path, samples):
    axes = ",".join(f'"Acceleration {axis} (m/s^2)"' for axis in "xyz")
    return read(csv(path, f'"Time (s)",{axes}', samples))


WAYS = {
    "header": lambda path, samples: headed(path, "m/s^2", samples),
    "--unit": lambda path, samples: read(csv(path, "time_s,x,y,z", samples), unit="m/s^2"),
    "--columns": lambda path, samples: read(
        csv(path, "a,b,c,d", samples), columns="time_s,x_ms2,y_ms2,z_ms2"
    ),
    "named format": phyphox,
    "native": native,
    "folder": folder,
    "Parquet": parquet_file,
    "DataFrame": frame,
    "array": array,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_unit_is_warned_of_by_every_way(tmp_path, way):
    recording = WAYS[way](tmp_path / "capture", TOTAL_MS2 / STANDARD_GRAVITY_MS2)
    [found] = [one for one in recording.warnings if one.code == "UNIT_CONTRADICTED"]
    assert (found.values["unit"], found.values["fits"]) == ("m/s^2", "g")
    assert abs(found.values["factor"] - 9.80665) < 1e-9
    said = sentence(found)
    assert "1 long, as gravity is in g" in said
    assert "9.807" in said
    assert "--unit g" in said
    assert quality_of(recording, AnalysisSettings()).level != "good"


@pytest.mark.parametrize("way", WAYS)
def test_a_right_unit_is_not(tmp_path, way):
    recording = WAYS[way](tmp_path / "capture", TOTAL_MS2)
    assert not codes(recording)
    assert recording.gravity == "included"


@pytest.mark.parametrize("way", ["native", "folder", "Parquet"])
def test_gravity_that_a_file_names_and_does_not_hold_is_said(tmp_path, way):
    recording = WAYS[way](tmp_path / "capture", LINEAR_MS2)
    assert "GRAVITY_ABSENT" in codes(recording)
    assert recording.gravity == "removed"


@pytest.mark.parametrize(
    "name",
    [
        "m/s^2", "m/s²", "m/s2", "ms^-2", "m s⁻²", "m·s⁻²", "m/s/s", "meter/s^2", "m/s**2",
        "meters per second squared", "metres/second^2", "m.s-2",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("prefix", "unit"), [("", "m/s^2"), ("c", "cm/s^2"), ("m", "mm/s^2")])
def test_spellings_of_metres_are_read(tmp_path, name, prefix, unit):
    long = {"": "", "c": "centi", "m": "milli"}[prefix]
    shown = (long if name.startswith("met") else prefix) + name
    recording = headed(tmp_path / "a.csv", shown, TOTAL_MS2 / ACCELERATION_UNIT_MS2[unit])
    assert recording.unit_in == unit
    assert not codes(recording)


@pytest.mark.parametrize(
    "name", ["mg", "milli-g", "milli g", "mG", "milliG", "milligravity", "milli-gee", "10^-3 g"]
)
def test_spellings_of_a_thousandth_of_g_are_read(tmp_path, name):
    recording = headed(tmp_path / "a.csv", name, TOTAL_MS2 / ACCELERATION_UNIT_MS2["mg"])
    assert recording.unit_in == "mg"
    assert not codes(recording)


@pytest.mark.parametrize("shift_s", [0.0, 0.004, 0.5, 20.0, 86_400.0, -86_400.0])
@pytest.mark.parametrize("is_zip", [True, False])
def test_gravity_of_another_time_is_left_out_and_said(tmp_path, shift_s, is_zip):
    start_ns = 1_700_000_000_000_000_000
    texts = {}
    for name, values, shift in (
        ("Accelerometer.csv", LINEAR_MS2, 0.0),
        ("Gravity.csv", GRAVITY_MS2, shift_s),
    ):
        rows = [
            f"{start_ns + round((t + shift) * 1e9)},{t:.6f},{z:.6f},{y:.6f},{x:.6f}"
            for t, (x, y, z) in zip(TIME_S, values, strict=True)
        ]
        texts[name] = "\n".join(["time,seconds_elapsed,z,y,x", *rows])
    path = tmp_path / ("both.zip" if is_zip else "both")
    if is_zip:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
    else:
        path.mkdir()
        for name, text in texts.items():
            (path / name).write_text(text)
    recording = read(path)
    if abs(shift_s) < 1.0:
        assert recording.gravity == "included"
        assert not codes(recording)
        length = np.linalg.norm(recording.acceleration_ms2, axis=1)
        assert np.nanmax(np.abs(length - STANDARD_GRAVITY_MS2)) < 0.2
    else:
        assert recording.gravity == "removed"
        assert "GRAVITY_FILE_ELSEWHERE" in codes(recording)
        assert np.abs(recording.acceleration_ms2).max() < 0.2


def test_names_that_only_hold_the_letters_of_lin_are_no_claim(tmp_path):
    for stem in ("baseline_acc", "inclinometer_acc"):
        path = csv(
            tmp_path / "a.csv",
            f"time_s,{stem}_x (g),{stem}_y (g),{stem}_z (g)",
            TOTAL_MS2 / STANDARD_GRAVITY_MS2,
        )
        recording = read(path)
        assert recording.gravity == "included"
        assert not codes(recording)
    # A word that stands whole is a claim, and the samples have the last word.
    header = ",".join(["time_s", *(f"linear acceleration {axis} (m/s2)" for axis in "xyz")])
    assert codes(read(csv(tmp_path / "b.csv", header, TOTAL_MS2))) == {"GRAVITY_PRESENT"}
    assert codes(read(csv(tmp_path / "b.csv", header, LINEAR_MS2))) == {"UNIT_NOT_SHOWN"}


def test_samples_beyond_any_sensor_make_the_unit_doubtful(tmp_path):
    # A swing of 60 m/s^2 without gravity, named as g: 61 g. Named as 1000 times more, 6100 g.
    swing = 60.0 * np.sin(2.0 * np.pi * 1.4 * TIME_S)[:, None] * [0.6, 0.8, 0.0] + LINEAR_MS2
    path = tmp_path / "a.csv"
    assert "UNIT_IMPOSSIBLE" not in codes(headed(path, "g", swing))
    assert "UNIT_IMPOSSIBLE" in codes(headed(path, "g", 1000.0 * swing / STANDARD_GRAVITY_MS2))


def test_a_parquet_file_does_not_repeat_its_warnings(tmp_path):
    pytest.importorskip("pyarrow")
    recording = headed(tmp_path / "a.csv", "m/s^2", TOTAL_MS2 / STANDARD_GRAVITY_MS2)
    path = tmp_path / "a.parquet"
    parquet.write_recording_parquet(path, recording)
    again = read(path)
    assert again.warnings == recording.warnings
    assert again.decisions == recording.decisions
    assert replace(again, warnings=()).gravity == "included"
