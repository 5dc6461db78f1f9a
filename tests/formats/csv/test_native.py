"""The native CSV holds what it was given, in the form that its module describes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.csv.native import (
    NativePreamble,
    native_header,
    native_rows,
    parse_native_markers,
    write_native_csv,
    write_recording_csv,
)
from tremor.recording import Placement, Recording, SensorInfo

SAMPLES = np.array([[0.1, -0.2, 9.8], [1e-9, -1e-9, 9.81], [1.0, 2.0, 3.0]])
REMOVED = NativePreamble(gravity="removed")
STAMPS = [0.0, 0.0095238, 1.25]


def test_file_in_full(tmp_path):
    path = tmp_path / "some.csv"
    write_native_csv(
        path,
        SAMPLES,
        time_s=STAMPS,
        preamble=NativePreamble(
            gravity="included",
            nominal_sampling_rate_hz=104.0,
            started_at=datetime(2026, 5, 1, 7, 30, tzinfo=timezone(timedelta(hours=2))),
            sensor=SensorInfo(name="Überall 3", profile="nordic-uart", range_ms2=156.9064),
            placement=Placement("calf", "left"),
            note="after 21 km",
        ),
        decimals=4,
    )
    assert path.read_bytes().decode("utf-8") == (
        "# tremor-csv 1\n"
        "# started_at: 2026-05-01T07:30:00+02:00\n"
        "# nominal_sampling_rate_hz: 104.0\n"
        "# sensor: Überall 3\n"
        "# sensor_profile: nordic-uart\n"
        "# sensor_range_ms2: 156.9064\n"
        "# placement: left-calf\n"
        "# unit: m/s^2\n"
        "# gravity: included\n"
        "# note: after 21 km\n"
        "time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2\n"
        "0.000000,0.1000,-0.2000,9.8000\n"
        "0.009524,0.0000,0.0000,9.8100\n"
        "1.250000,1.0000,2.0000,3.0000\n"
    )


def test_unknown_keys_are_absent_and_angular_velocity_has_its_columns(tmp_path):
    path = tmp_path / "some.csv"
    write_native_csv(
        path, SAMPLES, time_s=STAMPS, preamble=REMOVED, angular_velocity_deg_s=10 * SAMPLES
    )
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "# tremor-csv 1",
        "# unit: m/s^2",
        "# gravity: removed",
        "time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s",
    ]
    table = np.loadtxt(lines[4:], delimiter=",")
    assert_allclose(table[:, 1:4], SAMPLES, atol=5e-7)
    assert_allclose(table[:, 4:], 10 * SAMPLES, atol=5e-7)


def test_rows_of_many_samples_agree_with_those_of_few(tmp_path):
    rng = np.random.default_rng(0)
    samples, stamps = rng.standard_normal((40_000, 3)), np.arange(40_000) / 104.0
    path = tmp_path / "long.csv"
    write_native_csv(path, samples, time_s=stamps, preamble=REMOVED)
    table = np.loadtxt(path, delimiter=",", skiprows=4)
    assert_allclose(table[:, 0], stamps, atol=5.1e-7)
    assert_allclose(table[:, 1:], samples, atol=5.1e-7)
    assert native_rows(samples[:2], time_s=stamps[:2]) == "".join(
        path.read_text(encoding="utf-8").splitlines(keepends=True)[4:6]
    )


def test_lost_samples_of_a_recording_are_absent_rows(tmp_path):
    samples = np.zeros((500, 3))
    samples[:, 2] = 9.81
    samples[100:150] = np.nan
    path = tmp_path / "gap.csv"
    write_recording_csv(path, Recording.from_arrays(samples, sampling_rate_hz=100.0))
    text = path.read_text(encoding="utf-8")
    assert "nan" not in text
    time_s = np.loadtxt(text.splitlines()[4:], delimiter=",")[:, 0]
    assert len(time_s) == 450
    assert_allclose(time_s[[99, 100]], [0.99, 1.50])


def test_what_exists_is_kept_unless_asked(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(WouldOverwriteError, match=r"some\.csv exists"):
        write_native_csv(path, SAMPLES, time_s=STAMPS, preamble=REMOVED)
    assert path.read_text(encoding="utf-8") == "precious"
    write_native_csv(path, SAMPLES, time_s=STAMPS, preamble=REMOVED, overwrite=True)
    assert path.read_text(encoding="utf-8").startswith("# tremor-csv 1\n")
    assert [one.name for one in tmp_path.iterdir()] == ["some.csv"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "some.csv"
    path.write_text("precious", encoding="utf-8")

    def break_down(*_args, **_kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("tremor.formats.csv.native.native_rows", break_down)
    with pytest.raises(OSError, match="disk full"):
        write_native_csv(path, SAMPLES, time_s=STAMPS, preamble=REMOVED, overwrite=True)
    assert path.read_text(encoding="utf-8") == "precious"
    assert [one.name for one in tmp_path.iterdir()] == ["some.csv"]


@pytest.mark.parametrize(
    ("samples", "stamps", "match"),
    [
        (SAMPLES[:, :2], STAMPS, "shape"),
        (SAMPLES, STAMPS[:2], "shape"),
        (SAMPLES * np.nan, STAMPS, "not finite"),
        (SAMPLES, [0.0, 0.2, 0.1], r"goes back at sample 2, from 0\.200000"),
    ],
)
def test_unusable_samples_are_refused(tmp_path, samples, stamps, match):
    with pytest.raises(InvalidInputError, match=match):
        write_native_csv(tmp_path / "x.csv", samples, time_s=stamps, preamble=REMOVED)
    assert not list(tmp_path.iterdir())


def test_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(InvalidInputError, match="nowhere does not exist"):
        write_native_csv(tmp_path / "nowhere" / "x.csv", SAMPLES, time_s=STAMPS, preamble=REMOVED)


def test_header_refuses_what_would_break_its_lines():
    with pytest.raises(InvalidInputError, match="note spans several lines"):
        native_header(NativePreamble(gravity="removed", note="a\nb"))
    with pytest.raises(InvalidInputError, match="gravity is 'some'"):
        NativePreamble(gravity="some")
    with pytest.raises(InvalidInputError, match="no time zone"):
        NativePreamble(gravity="removed", started_at=datetime.now(UTC).replace(tzinfo=None))


@pytest.mark.parametrize("text", ["", "[", "[[]]", '[[1, "x", "y"]]', '[["1", "pain", "7"]]', "3"])
def test_markers_that_cannot_be_understood_are_left(text: str) -> None:
    assert parse_native_markers(text) == ()
