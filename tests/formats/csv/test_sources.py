"""Rows of several devices in one table are refused with their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.readers import read


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
