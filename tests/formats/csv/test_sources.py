"""Rows of several devices in one table are refused with their names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tremor.errors import CaptureNotRecognisedError
from tremor.opening import read


def _write(path: Path, column: str, of_row: list[str], *, delimiter: str = ",") -> Path:
    """Write rows at 100 Hz with a further column."""
    lines = [delimiter.join(("time_s", column, "x (m/s^2)", "y (m/s^2)", "z (m/s^2)"))]
    for n, cell in enumerate(of_row):
        cells = (f"{n / 100:.2f}", cell, f"{0.1 * np.sin(n):.4f}", "6.0", "7.7567")
        lines.append(delimiter.join(cells))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("column", "sources"),
    [
        ("device", ("A", "B")),
        ("Sensor ID", ("1", "2")),
        ("sensor", ("left ankle", "right ankle", "waist")),
        ("mac", ("AA:01", "AA:02")),
        ("side", ("L", "R")),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_sources_that_take_turns_are_refused(
    tmp_path: Path, column: str, sources: tuple[str, ...], delimiter: str
) -> None:
    path = _write(tmp_path / "two.csv", column, list(sources) * 300, delimiter=delimiter)
    with pytest.raises(CaptureNotRecognisedError, match="rows of several sources") as refused:
        read(path)
    for name in (column, *sources):
        assert repr(name) in str(refused.value)


def test_a_source_that_comes_late_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "two.csv", "device", ["A"] * 9000 + ["B"] * 3000)
    with pytest.raises(CaptureNotRecognisedError, match="'A', 'B'"):
        read(path)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("device", ["A"] * 600),
        ("device", ["A", ""] * 300),
        ("id", [str(n) for n in range(600)]),
        ("activity", ["walk"] * 200 + ["sit"] * 200 + ["walk"] * 200),
        ("accuracy", ["3", "2"] * 300),
    ],
)
def test_other_columns_are_no_sources(tmp_path: Path, column: str, cells: list[str]) -> None:
    recording = read(_write(tmp_path / "one.csv", column, cells))
    assert recording.sampling_rate_hz == pytest.approx(100.0)


def test_a_known_column_of_persons_tells_them_apart_without_a_header(tmp_path: Path) -> None:
    rows = (
        f"{33 + (n >= 300)},Jogging,{49105962326000 + 10_000_000 * n},0.5,-4.0,8.9;"
        for n in range(600)
    )
    path = tmp_path / "wisdm.txt"
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(CaptureNotRecognisedError, match=r"'33', '34'.*--source 33"):
        read(path)
    assert read(path, source="34").n_samples == 300


def test_a_part_of_the_names_chooses_among_several_sensors(tmp_path: Path) -> None:
    header = "time_s," + ",".join(
        f"{side}_acc_{axis}" for side in ("left", "right") for axis in "xyz"
    )
    rows = (f"{n / 100:.2f},0.1,0.2,0.95,1.0,2.0,9.5" for n in range(400))
    path = tmp_path / "legs.csv"
    path.write_text(header + "\n" + "\n".join(rows) + "\n")
    with pytest.raises(CaptureNotRecognisedError, match=r"left_acc_\*, right_acc_\*.*--source"):
        read(path)
    assert read(path, source="right").unit_in == "m/s^2"
    assert read(path, source="left").unit_in == "g"


def test_an_archive_of_two_captures_is_read_by_the_name_of_one(tmp_path: Path) -> None:
    path = tmp_path / "legs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, up in (("left.csv", 9.7), ("right.csv", 9.9)):
            rows = "".join(f"{n / 100:.2f},0.1,0.2,{up}\n" for n in range(400))
            archive.writestr(name, "time_s,x,y,z\n" + rows)
    with pytest.raises(CaptureNotRecognisedError, match="--source"):
        read(path)
    samples = read(path, source="right").acceleration_ms2
    assert samples[:, 2].mean() == pytest.approx(9.9)


def test_a_time_column_without_stamps_is_none(tmp_path: Path) -> None:
    path = tmp_path / "MT_01.txt"
    rows = "".join(f"{n:05d}\t\t0.1\t0.2\t9.{n % 10}\n" for n in range(400))
    header = "PacketCounter\tSampleTimeFine\tAcc_X\tAcc_Y\tAcc_Z\n"
    path.write_text("// Sample rate: 50.0Hz\n// Start Time: Unknown\n" + header + rows)
    assert read(path).sampling_rate_hz == 50.0


def test_the_name_of_a_place_before_an_axis_is_a_source(tmp_path: Path) -> None:
    header = "time_s,ankle_x,ankle_y,ankle_z,thigh_x,thigh_y,thigh_z\n"
    rows = "".join(f"{n / 100:.2f},0.1,0.2,0.95,1.0,2.0,9.5\n" for n in range(400))
    path = tmp_path / "leg.csv"
    path.write_text(header + rows)
    with pytest.raises(CaptureNotRecognisedError, match="no three columns"):
        read(path)
    assert read(path, source="thigh").unit_in == "m/s^2"
