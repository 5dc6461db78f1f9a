"""BIDS datasets of motion are read, ours without loss, and accepted by the official validator."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.errors import (
    CaptureNotRecognisedError,
    CaptureReadError,
    InvalidInputError,
    TremorError,
)
from tremor.formats.bids import write_recording_bids
from tremor.recording import Recording, SensorInfo

STEM = "sub-01/motion/sub-01_task-rest_tracksys-imu"


@pytest.fixture
def recording() -> Recording:
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    samples[100:103] = np.nan
    return Recording.from_arrays(
        samples,
        sampling_rate_hz=101.0,
        started_at=datetime(2026, 5, 1, 9, 30, 0, 250_000, tzinfo=UTC),
        placement="left-calf",
        sensor=SensorInfo("Polar H10 1", "polar-h10", 39.2266),
    )


def _validate(dataset: Path) -> list[str]:
    """Return the codes of the errors that the official validator finds."""
    beside = Path(sys.executable).parent / "bids-validator-deno"
    validator = str(beside) if beside.exists() else shutil.which("bids-validator-deno")
    if validator is None:
        pytest.skip("the official validator is not installed: pip install bids-validator-deno")
    done = subprocess.run(
        [validator, "--json", str(dataset)], capture_output=True, text=True, check=False
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [issue["code"] for issue in issues if issue["severity"] == "error"]


@pytest.mark.parametrize("bare", [False, True])
def test_the_official_validator_accepts_a_dataset(
    tmp_path: Path, recording: Recording, bare: bool
) -> None:
    if bare:
        recording = Recording.from_arrays(recording.acceleration_ms2, sampling_rate_hz=25.0)
    write_recording_bids(tmp_path / "data", recording, subject="A7", task="postrun")
    assert _validate(tmp_path / "data") == []


def test_the_official_validator_finds_what_is_wrong(tmp_path: Path, recording: Recording) -> None:
    write_recording_bids(tmp_path / "data", recording)
    (tmp_path / "data" / f"{STEM}_channels.tsv").unlink()
    assert _validate(tmp_path / "data")


@pytest.mark.parametrize("name", ["", f"{STEM}_motion.tsv"])
def test_ours_is_read_as_it_was_written(tmp_path: Path, recording: Recording, name: str) -> None:
    write_recording_bids(tmp_path / "data", recording)
    again = tremor.read(tmp_path / "data" / name)
    np.testing.assert_allclose(
        again.acceleration_ms2, recording.acceleration_ms2, rtol=0.0, atol=5.01e-7
    )
    for fact in ("started_at", "sampling_rate_hz", "gaps", "sensor", "placement", "gravity"):
        assert getattr(again, fact) == getattr(recording, fact)
    assert again.history[: len(recording.history)] == recording.history
    told = tremor.read(tmp_path / "data" / name, placement="right-thigh", gravity="removed")
    assert (str(told.placement), told.gravity) == ("right-thigh", "removed")
    with pytest.raises(InvalidInputError, match="leave out --columns"):
        tremor.read(tmp_path / "data" / name, columns="time_s,x,y,z")


def test_a_long_gap_and_its_segments_are_kept(tmp_path: Path) -> None:
    rows = np.random.default_rng(3).normal(0.0, 0.1, (4000, 3))
    rows[:, 2] += 9.81
    time_s = np.arange(4000) / 100.0 + np.where(np.arange(4000) < 2000, 0.0, 600.0)
    lines = "".join(
        f"{t:.3f},{x:.5f},{y:.5f},{z:.5f}\n"
        for t, (x, y, z) in zip(time_s, rows.tolist(), strict=True)
    )
    (tmp_path / "two.csv").write_text("time_s,x (m/s^2),y (m/s^2),z (m/s^2)\n" + lines)
    two = tremor.read(tmp_path / "two.csv")
    assert len(two.segments) == 2
    write_recording_bids(tmp_path / "data", two)
    for facts in ("with", "without"):
        if facts == "without":
            _as_of_others(tmp_path / "data")
        again = tremor.read(tmp_path / "data")
        assert (again.segments, again.n_samples) == (two.segments, two.n_samples)
        assert [gap.n_lost for gap in again.gaps] == [gap.n_lost for gap in two.gaps]


def _change(path: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def _as_of_others(dataset: Path, *, latency: bool = True) -> None:
    """Take out what only this program writes, and the stamps if they are not to be there."""
    _change(dataset / f"{STEM}_motion.json", lambda content: content.pop("TremorAnalyzer"))
    if not latency:
        for name, cut in ((f"{STEM}_channels.tsv", 1), (f"{STEM}_motion.tsv", None)):
            lines = (dataset / name).read_text().splitlines()
            if cut is None:
                lines = [line.partition("\t")[2] for line in lines]
            else:
                del lines[cut]
            (dataset / name).write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("latency", [True, False])
def test_that_of_others_is_read_by_its_channels(
    tmp_path: Path, recording: Recording, latency: bool
) -> None:
    dataset = tmp_path / "data"
    write_recording_bids(dataset, recording)
    _as_of_others(dataset, latency=latency)
    again = tremor.read(dataset)
    assert (again.unit_in, str(again.placement)) == ("m/s^2", "left-calf")
    assert again.sampling_rate_hz == pytest.approx(101.0, rel=1e-6)
    assert again.started_at == recording.started_at
    assert [gap.n_lost for gap in again.gaps] == [3]
    assert ("RATE_DECLARED" in [one.code for one in again.warnings]) != latency


def test_a_dataset_of_several_recordings_is_refused_with_their_names(
    tmp_path: Path, recording: Recording
) -> None:
    dataset = tmp_path / "data"
    write_recording_bids(dataset, recording)
    for file in list((dataset / "sub-01" / "motion").iterdir()):
        shutil.copy(file, file.with_name(file.name.replace("task-rest", "task-stand")))
    with pytest.raises(CaptureNotRecognisedError, match=r"task-rest.*task-stand"):
        tremor.read(dataset)
    assert tremor.read(dataset / f"{STEM}_motion.tsv").n_samples == 397
    assert tremor.read(dataset, source="task-stand").n_samples == 397


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("channels.tsv", "m/s^2", "rad/s", "no known unit of acceleration"),
        ("channels.tsv", "ACCEL", "GYRO", "needs three channels of type ACCEL"),
        ("channels.tsv", "acc_z\tz", "acc_z\ty", "needs three channels of type ACCEL"),
        ("motion.tsv", "n/a", "lost", "other than numbers"),
        ("motion.tsv", "\t", "\t0\t", "has 7 columns"),
        ("motion.json", "{", "[", "damaged JSON"),
    ],
)
def test_a_dataset_that_is_wrong_is_refused_in_one_line(
    tmp_path: Path, recording: Recording, name: str, old: str, new: str, message: str
) -> None:
    write_recording_bids(tmp_path / "data", recording)
    file = tmp_path / "data" / f"{STEM}_{name}"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(CaptureReadError, match=message) as refused:
        tremor.read(tmp_path / "data")
    assert len(str(refused.value).splitlines()) == 1


def test_what_is_missing_is_named(tmp_path: Path, recording: Recording) -> None:
    write_recording_bids(tmp_path / "data", recording)
    (tmp_path / "data" / f"{STEM}_channels.tsv").unlink()
    with pytest.raises(CaptureReadError, match=r"_channels\.tsv is missing beside the samples"):
        tremor.read(tmp_path / "data")
    (tmp_path / "data" / f"{STEM}_motion.tsv").unlink()
    with pytest.raises(CaptureNotRecognisedError, match="without motion recordings"):
        tremor.read(tmp_path / "data")


def _outcome(path: Path) -> tuple[str, Recording | None]:
    try:
        return "", tremor.read(path)
    except TremorError as refused:
        return str(refused), None


def test_a_truncated_file_has_fewer_samples_or_is_refused(
    tmp_path: Path, recording: Recording
) -> None:
    dataset = tmp_path / "data"
    write_recording_bids(dataset, recording)
    for name in ("motion.tsv", "channels.tsv", "motion.json"):
        file = dataset / f"{STEM}_{name}"
        whole = file.read_bytes()
        for cut in range(0, len(whole) - 1, 50 if len(whole) < 4000 else 997):
            file.write_bytes(whole[:cut])
            message, again = _outcome(dataset)
            assert len(message.splitlines()) == (again is None)
            if again is not None:
                n = len(again.acceleration_ms2)
                assert n < 400
                np.testing.assert_allclose(
                    again.acceleration_ms2, recording.acceleration_ms2[:n], rtol=0.0, atol=5.01e-7
                )
        file.write_bytes(whole)


@pytest.mark.parametrize("facts", [None, 3, {"n_places": 400}, {"n_places": 400, "warnings": 3}])
def test_facts_of_another_shape_are_refused_or_left(
    tmp_path: Path, recording: Recording, facts: object
) -> None:
    write_recording_bids(tmp_path / "data", recording)
    _change(
        tmp_path / "data" / f"{STEM}_motion.json",
        lambda content: content.update(TremorAnalyzer=facts),
    )
    if isinstance(facts, dict):
        with pytest.raises(CaptureReadError, match="facts that are damaged"):
            tremor.read(tmp_path / "data")
    else:
        assert tremor.read(tmp_path / "data").n_samples == 397
