"""Rows as wide as their header; units of acceleration, and of other quantities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tremor.errors import CaptureNotRecognisedError, CaptureReadError
from tremor.formats.csv.quantities import foreign_quantity, unit_named
from tremor.opening import read
from tremor.units import ACCELERATION_UNIT_MS2

N_ROWS = 500


def _write(path: Path, header: str, row: str, *, n_rows: int = N_ROWS, scale: float = 1.0) -> Path:
    lines = [header]
    for n in range(n_rows):
        x, y, z = (scale * part for part in (0.1 * np.sin(n), 6.0, 7.7567))
        lines.append(row.format(t=n / 100, n=n, x=x, y=y, z=z))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time_s,x,y,z", "{t:.2f},{n},{x:.4f},{y:.4f},{z:.4f}"),  # a column without a name
        ("x,y,z", "{n},{x:.4f},{y:.4f},{z:.4f}"),  # names of rows
        ("time_s\tx\ty\tz", "{t:.2f}\t{x:.4f}\t{y:.4f}\t{z:.4f}\t3"),
        ("n,time_s,x,y,z,mark", "{t:.2f},{x:.4f},{y:.4f},{z:.4f},0"),  # a name without a column
    ],
)
def test_rows_of_another_width_are_refused(tmp_path: Path, header: str, row: str) -> None:
    path = _write(tmp_path / "capture.csv", header, row)
    with pytest.raises(CaptureNotRecognisedError, match=r"\d cells in its rows and \d names"):
        read(path)


def test_decimal_commas_between_commas_are_refused_by_name(tmp_path: Path) -> None:
    path = _write(tmp_path / "capture.csv", "time_s;x;y;z", "{t:.2f};{x:.4f};{y:.4f};{z:.4f}")
    path.write_text(path.read_text().replace(".", ",").replace(";", ","))
    with pytest.raises(CaptureNotRecognisedError, match="decimal commas"):
        read(path)


def test_decimal_commas_between_commas_are_refused_where_columns_are_declared(
    tmp_path: Path,
) -> None:
    path = _write(tmp_path / "capture.csv", "", "{t:.2f};{x:.4f};{y:.4f};{z:.4f}")
    path.write_text(path.read_text().strip().replace(".", ",").replace(";", ","))
    with pytest.raises(CaptureNotRecognisedError, match="decimal commas"):
        read(path, columns="time_s,x,y,z")


def test_axes_without_numbers_are_said(tmp_path: Path) -> None:
    path = _write(tmp_path / "capture.csv", "time_s,x,y,z", "{t:.2f}")
    with pytest.raises(CaptureNotRecognisedError, match="axes hold no numbers"):
        read(path)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time_s;x;y;z", "{t:.2f};{x:.4f};{y:.4f};{z:.4f};"),  # a delimiter at the end of rows
        ("time_s;x;y;z;", "{t:.2f};{x:.4f};{y:.4f};{z:.4f}"),
        ("time_s,x,y,z", "{t:.2f},{x:.4f},{y:.4f},{z:.4f},,"),
        ('time_s,x,y,z,"a, b"', '{t:.2f},{x:.4f},{y:.4f},{z:.4f},"a, b"'),
    ],
)
def test_empty_and_quoted_cells_do_not_widen_a_row(tmp_path: Path, header: str, row: str) -> None:
    recording = read(_write(tmp_path / "capture.csv", header, row))
    assert recording.sampling_rate_hz == pytest.approx(100.0)
    assert np.median(recording.acceleration_ms2, axis=0)[1:] == pytest.approx([6.0, 7.7567])


def test_a_wide_row_after_the_first_ones_is_refused(tmp_path: Path) -> None:
    row = "{t:.2f},{x:.4f},{y:.4f},{z:.4f}"
    path = _write(tmp_path / "capture.csv", "time_s,x,y,z", row, n_rows=20_000)
    lines = path.read_text().splitlines()
    lines[15_000] = lines[15_000].replace(",", ",7,", 1)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(CaptureReadError, match=r"has 5 cells in the line '149.99,7,"):
        read(path)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("mm/s^2", "mm/s^2"),
        ("mm/s²", "mm/s^2"),
        ("cm/s2", "cm/s^2"),
        ("milli-g", "mg"),
        ("milli g", "mg"),
        ("m s⁻²", "m/s^2"),
        ("m·s⁻²", "m/s^2"),
        ("G", "g"),
    ],
)
def test_units_of_acceleration_are_read(tmp_path: Path, unit: str, name: str) -> None:
    header = "time_s," + ",".join(f"acc_{axis} ({unit})" for axis in "xyz")
    row = "{t:.2f},{x:.6f},{y:.6f},{z:.6f}"
    scale = 1.0 / ACCELERATION_UNIT_MS2[name]
    recording = read(_write(tmp_path / "capture.csv", header, row, scale=scale))
    assert recording.unit_in == name
    median = np.median(recording.acceleration_ms2, axis=0)
    assert median[1:] == pytest.approx([6.0, 7.7567], rel=1e-4)


FOREIGN_UNITS = {
    "rad/s": "angular velocity",
    "rad·s⁻¹": "angular velocity",
    "dps": "angular velocity",
    "deg/s": "angular velocity",
    "°/s": "angular velocity",
    "uT": "a magnetic field",
    "µT": "a magnetic field",
    "LSB": "numbers without a known size",
    "counts": "numbers without a known size",
    "m/s": "a velocity",
    "hPa": "a pressure",
}


@pytest.mark.parametrize("unit", FOREIGN_UNITS)
@pytest.mark.parametrize("place", ["({})", "[{}]", "below"])
def test_units_of_other_quantities_are_refused(tmp_path: Path, unit: str, place: str) -> None:
    if place == "below":
        header = f"time,acc_x,acc_y,acc_z\ns,{unit},{unit},{unit}"
    else:
        header = "time_s," + ",".join(f"{axis} {place.format(unit)}" for axis in "xyz")
    path = _write(tmp_path / "capture.csv", header, "{t:.2f},{x:.4f},{y:.4f},{z:.4f}")
    with pytest.raises(CaptureNotRecognisedError, match=FOREIGN_UNITS[unit]):
        read(path)


def test_a_suffix_names_a_foreign_unit(tmp_path: Path) -> None:
    row = "{t:.2f},{x:.4f},{y:.4f},{z:.4f}"
    path = _write(tmp_path / "capture.csv", "time_s,x_dps,y_dps,z_dps", row)
    with pytest.raises(CaptureNotRecognisedError, match="angular velocity"):
        read(path)


def test_acceleration_beside_other_quantities_is_found(tmp_path: Path) -> None:
    header = "time_s,x (rad/s),y (rad/s),z (rad/s),acc_x (m/s^2),acc_y (m/s^2),acc_z (m/s^2)"
    path = _write(tmp_path / "capture.csv", header, "{t:.2f},1,2,3,{x:.4f},{y:.4f},{z:.4f}")
    median = np.median(read(path).acceleration_ms2, axis=0)
    assert median[1:] == pytest.approx([6.0, 7.7567])


def test_no_unit_is_both() -> None:
    for unit in ACCELERATION_UNIT_MS2:
        assert unit_named(unit) == unit
        assert foreign_quantity(unit) is None


def test_a_header_behind_a_hash_is_one(tmp_path: Path) -> None:
    header, row = "#time,accel_x,accel_y,accel_z", "{t:.6f},{x:.3f},{y:.3f},{z:.3f}"
    recording = read(_write(tmp_path / "raw.csv", header, row, scale=1000.0))
    assert recording.unit_in == "mm/s^2"
    assert len(recording.acceleration_ms2) == N_ROWS
    median = np.median(recording.acceleration_ms2, axis=0)
    assert median[1:] == pytest.approx([6.0, 7.7567], rel=1e-4)


def test_blanks_separate_declared_columns(tmp_path: Path) -> None:
    path = _write(tmp_path / "raw.txt", "  9 8 7", "  {x:.4f}  {y:.4f} {z:.4f} ")
    recording = read(path, columns="x_ms2,y_ms2,z_ms2", sampling_rate_hz=50.0)
    assert len(recording.acceleration_ms2) == N_ROWS + 1
    median = np.median(recording.acceleration_ms2, axis=0)
    assert median[1:] == pytest.approx([6.0, 7.7567])


def test_the_head_of_an_empatica_file_is_no_sample(tmp_path: Path) -> None:
    head = "1551453301.0, 1551453301.0, 1551453301.0\n32.0, 32.0, 32.0"
    path = _write(tmp_path / "ACC.csv", head, "{x:.0f},{y:.0f},{z:.0f}", scale=64 / 9.80665)
    recording = read(path, columns="x,y,z", unit="g/64", sampling_rate_hz=32.0)
    assert len(recording.acceleration_ms2) == N_ROWS
    assert np.abs(recording.acceleration_ms2).max() < 10.0


def test_decimal_commas_in_quotes_are_read(tmp_path: Path) -> None:
    row = '"{t:.2f}";"{x:.4f}";"{y:.4f}";"{z:.4f}"'
    path = _write(tmp_path / "capture.csv", "time_s;x;y;z", row)
    path.write_text(path.read_text().replace(".", ",").replace(";", ","))
    recording = read(path)
    assert recording.sampling_rate_hz == pytest.approx(100.0)
    median = np.median(recording.acceleration_ms2, axis=0)
    assert median[1:] == pytest.approx([6.0, 7.7567])


@pytest.mark.parametrize("units", ["ms,m/(s^2),m/(s^2),m/(s^2)", "(ms),(m/s^2),(m/s^2),(m/s^2)"])
def test_a_row_of_units_names_those_of_time_and_acceleration(tmp_path: Path, units: str) -> None:
    rows = "".join(f"{10 * n},0.1,6.0,7.7567\n" for n in range(N_ROWS))
    path = tmp_path / "capture.csv"
    path.write_text(f"Time,Acc X,Acc Y,Acc Z\n{units}\n{rows}")
    recording = read(path)
    assert recording.sampling_rate_hz == pytest.approx(100.0)
    assert recording.unit_in == "m/s^2"
    assert {one.code for one in recording.warnings}.isdisjoint(
        {"UNIT_FROM_GRAVITY", "TIME_UNIT_GUESSED"}
    )
