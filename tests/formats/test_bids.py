"""A BIDS dataset holds the recording by the rules of its motion modality."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.bids import write_recording_bids
from tremor.recording import Recording, SensorInfo

STEM = "sub-01_task-rest_tracksys-imu"


@pytest.fixture
def recording():
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    samples[100:103] = np.nan
    return Recording.from_arrays(
        samples,
        sampling_rate_hz=101.0,
        started_at=datetime(2026, 5, 1, 9, 30, 0, 250_000, tzinfo=UTC),
        placement="left-calf",
        sensor=SensorInfo("Polar H10 1", "polar-h10"),
    )


def test_the_files_are_those_of_the_specification(tmp_path, recording):
    files = write_recording_bids(tmp_path / "data", recording)
    names = sorted(str(file.relative_to(tmp_path / "data")) for file in files)
    assert names == [
        "README.md",
        "dataset_description.json",
        "participants.tsv",
        f"sub-01/motion/{STEM}_channels.json",
        f"sub-01/motion/{STEM}_channels.tsv",
        f"sub-01/motion/{STEM}_motion.json",
        f"sub-01/motion/{STEM}_motion.tsv",
        "sub-01/sub-01_scans.tsv",
    ]
    assert all(file.is_file() for file in files)
    assert [child.name for child in tmp_path.iterdir()] == ["data"]


def test_samples_are_rows_without_a_header(tmp_path, recording):
    write_recording_bids(tmp_path / "data", recording)
    motion = tmp_path / "data" / "sub-01" / "motion"
    lines = (motion / f"{STEM}_motion.tsv").read_text().splitlines()
    assert len(lines) == 400
    assert lines[100].split("\t") == ["0.990099", "n/a", "n/a", "n/a"]
    there = np.array([line.split("\t") for line in lines if "n/a" not in line], dtype=float)
    kept = ~np.isnan(recording.acceleration_ms2[:, 0])
    assert_allclose(there[:, 1:], recording.acceleration_ms2[kept], atol=5.01e-7)
    assert_allclose(there[:, 0], np.flatnonzero(kept) / 101.0, atol=5.01e-7)
    channels = [
        line.split("\t") for line in (motion / f"{STEM}_channels.tsv").read_text().splitlines()
    ]
    assert channels[0][:5] == ["name", "component", "type", "tracked_point", "units"]
    assert [row[2] for row in channels[1:]] == ["LATENCY", "ACCEL", "ACCEL", "ACCEL"]
    assert channels[2][:5] == ["acc_x", "x", "ACCEL", "left-calf", "m/s^2"]
    assert len({len(row) for row in channels}) == 1


def test_the_sidecar_says_what_is_required(tmp_path, recording):
    write_recording_bids(tmp_path / "data", recording, subject="A7", task="postrun")
    data = tmp_path / "data"
    stem = "sub-A7_task-postrun_tracksys-imu"
    sidecar = json.loads((data / "sub-A7" / "motion" / f"{stem}_motion.json").read_text())
    assert (sidecar["TaskName"], sidecar["TrackingSystemName"]) == ("postrun", "imu")
    assert sidecar["SamplingFrequency"] == sidecar["SamplingFrequencyEffective"] == 101.0
    assert json.loads((data / "dataset_description.json").read_text())["BIDSVersion"]
    assert (data / "sub-A7" / "sub-A7_scans.tsv").read_text() == (
        f"filename\tacq_time\nmotion/{stem}_motion.tsv\t2026-05-01T09:30:00.250000Z\n"
    )


def test_nothing_is_written_over(tmp_path, recording):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(WouldOverwriteError, match="not empty"):
        write_recording_bids(tmp_path, recording)
    with pytest.raises(InvalidInputError, match="does not exist"):
        write_recording_bids(tmp_path / "no" / "data", recording)
    with pytest.raises(InvalidInputError, match="task 'post-run' is no BIDS label"):
        write_recording_bids(tmp_path / "data", recording, task="post-run")
    (tmp_path / "empty").mkdir()
    assert write_recording_bids(tmp_path / "empty", recording)
