"""Of each decision it is known whether the user said it, the file named it, or the data told it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import tremor
from tremor.formats.csv.native import NativePreamble, write_native_csv
from tremor.opening import read
from tremor.recording import Placement

RATE_HZ = 50.0
N = 1000
START = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
SAMPLES_G = np.array([0.0, 0.6, 0.8]) + np.random.default_rng(3).normal(0.0, 0.002, (N, 3))


def table(folder, header, stamp, *, delimiter=",", decimal=".", scale=1.0):
    """A capture at rest; ``stamp`` formats the time of a row, s."""
    lines = [delimiter.join(header)] if header else []
    for row in range(N):
        numbers = [f"{scale * value:.6f}".replace(".", decimal) for value in SAMPLES_G[row]]
        stamps = [] if stamp is None else [stamp(row / RATE_HZ)]
        lines.append(delimiter.join([*stamps, *numbers]))
    path = folder / "capture.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def decided(recording):
    return {one.about: (one.value, one.how) for one in recording.decisions}


def test_what_the_header_names_is_named(tmp_path):
    path = table(tmp_path, ["time (ms)", "ax (g)", "ay (g)", "az (g)"], lambda t: f"{1e3 * t:.0f}")
    found = decided(read(path))
    assert found["time_column"] == ("time (ms)", "named")
    assert found["time_unit"] == ("ms", "named")
    assert found["unit"] == ("g", "named")
    assert found["gravity"] == ("included", "told")
    assert found["sampling_rate"] == ("50 Hz", "told")
    assert found["delimiter"] == (",", "told")
    assert found["format"] == ("headed-csv", "told")
    assert "capture" not in found
    assert "started_at" not in found


def test_what_the_data_tell_is_told_or_guessed(tmp_path):
    path = table(
        tmp_path, ["time", "ax", "ay", "az"], lambda t: f"{t:.3f}".replace(".", ","),
        delimiter=";", decimal=",", scale=1000.0,
    )  # fmt: skip
    recording = read(path)
    found = decided(recording)
    assert found["time_unit"] == ("s", "guessed")
    assert found["unit"] == ("mg", "told")
    assert found["delimiter"] == (";", "told")
    assert found["decimal"] == (",", "told")
    assert {"UNIT_FROM_GRAVITY", "TIME_UNIT_GUESSED"} <= {one.code for one in recording.warnings}


@pytest.mark.parametrize(
    ("stamp", "form"),
    [
        (lambda t: (START + timedelta(seconds=t)).isoformat(), ("ISO 8601", "told")),
        (lambda t: f"{START + timedelta(seconds=t):%d/%m/%Y %H:%M:%S.%f}", ("M/d/yyyy", "guessed")),
        (lambda t: f"{START + timedelta(seconds=t):%H:%M:%S.%f}", ("HH:MM:SS", "told")),
    ],
)
def test_the_form_of_dates_is_told(tmp_path, stamp, form):
    found = decided(read(table(tmp_path, ["time", "ax (g)", "ay (g)", "az (g)"], stamp)))
    assert found["date_form"] == form
    assert "time_unit" not in found
    zone_known = form == ("ISO 8601", "told")
    assert found.get("started_at") == ((START.isoformat(), "told") if zone_known else None)


def test_dates_in_numbers_are_told(tmp_path):
    path = table(
        tmp_path,
        ["time", "ax (g)", "ay (g)", "az (g)"],
        lambda t: f"{round(1e3 * (START.timestamp() + t))}",
    )
    found = decided(read(path))
    assert found["time_unit"] == ("ms", "told")
    assert found["started_at"] == (START.isoformat(), "told")


def test_what_the_user_says_is_said(tmp_path):
    path = table(tmp_path, [], None)
    recording = read(
        path, columns="x,y,z", unit="g", sampling_rate_hz=50.0, gravity="included",
        placement="left-calf",
    )  # fmt: skip
    found = decided(recording)
    assert found["format"] == ("declared-columns", "said")
    assert found["unit"] == ("g", "said")
    assert found["gravity"] == ("included", "said")
    assert found["sampling_rate"] == ("50 Hz", "said")
    assert found["placement"] == ("left-calf", "said")
    assert "time_column" not in found
    assert decided(read(path, columns="x_g,y_g,z_g", sampling_rate_hz=50.0))["unit"] == (
        "g",
        "said",
    )


def test_what_the_preamble_declares_is_named(tmp_path):
    path = tmp_path / "native.csv"
    preamble = NativePreamble(
        gravity="included", started_at=START, placement=Placement("calf", "left")
    )
    write_native_csv(path, 9.80665 * SAMPLES_G, time_s=np.arange(N) / RATE_HZ, preamble=preamble)
    found = decided(read(path))
    assert found["format"] == ("tremor-csv", "named")
    assert found["gravity"] == ("included", "named")
    assert found["started_at"] == (START.isoformat(), "named")
    assert found["placement"] == ("left-calf", "named")
    # What the user says takes precedence, and is said.
    assert decided(read(path, placement="thigh"))["placement"] == ("thigh", "said")


def test_decisions_are_in_the_json_with_their_grounds(tmp_path):
    path = table(tmp_path, ["time_s", "ax", "ay", "az"], lambda t: f"{t:.3f}")
    document = tremor.analyze(path).to_dict()["recording"]["decisions"]
    unit = next(one for one in document if one["about"] == "unit")
    assert (unit["value"], unit["how"]) == ("g", "told")
    assert unit["why_code"]["code"] == "MEAN_VECTOR"
    assert unit["why"] == "the mean vector at rest is 1 long"


def test_a_data_frame_decides_like_a_file():
    frame = pd.DataFrame(SAMPLES_G, columns=["acc_x_g", "acc_y_g", "acc_z_g"])
    frame.insert(0, "time_s", np.arange(N) / RATE_HZ)
    found = decided(tremor.analyze(frame).recording)
    assert found["time_column"] == ("time_s", "named")
    assert found["unit"] == ("g", "named")
