"""Files beside a capture say when it began, was paused, with what, and what the runner wrote."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.formats.companions import COMPANION_READERS
from tremor.formats.csv.dialects import FORMATS
from tremor.recording import SensorInfo

START_S = 1_760_000_000.0
START_NS = 1_760_000_000_000_000_000
RATE_HZ = 100.0
DEVICE = (
    '"property","value"\n"deviceModel","Pixel 8"\n"deviceBrand","google"\n'
    '"accelerometer Name","ICM45631"\n"accelerometer Range","78.45"\n'
)


def _samples(n: int) -> np.ndarray:
    samples = np.random.default_rng(4).normal(0.0, 0.01, (n, 3))
    samples[:, 0] += 0.5 * np.sin(2 * np.pi * 8.0 * np.arange(n) / RATE_HZ)
    samples[:, 2] += 9.81
    return samples


def _phyphox(n: int = 6000, *, first_s: float = 0.013) -> str:
    header = (
        '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"\n'
    )
    return header + "".join(
        f"{first_s + row / RATE_HZ:.9E},{x:.9E},{y:.9E},{z:.9E}\n"
        for row, (x, y, z) in enumerate(_samples(n))
    )


def _times(*events: tuple[str, float, float], delimiter: str = ",", decimal: str = ".") -> str:
    rows = [["event", "experiment time", "system time", "system time text"]]
    rows += [[event, f"{at:.6f}", f"{wall:.3f}", "2026"] for event, at, wall in events]
    text = "".join(
        delimiter.join(f'"{cell}"' if number == 0 else cell for cell in row) + "\n"
        for number, row in enumerate(rows)
    )
    return text.replace(".", decimal)


ONE_PAUSE = (
    ("START", 0.0, START_S),
    ("PAUSE", 20.0, START_S + 20.0),
    ("START", 20.0, START_S + 320.0),
    ("PAUSE", 60.1, START_S + 360.1),
)


def _place(path: Path, files: dict[str, str]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def _codes(recording: tremor.Recording) -> list[str]:
    return [one.code for one in recording.warnings]


@pytest.mark.parametrize("where", ["walk.zip", "walk", "walk/Raw Data.csv", "deep.zip"])
def test_a_pause_of_phyphox_is_a_gap_and_its_start_a_date(tmp_path: Path, where: str) -> None:
    files = {
        "Raw Data.csv": _phyphox(),
        "meta/time.csv": _times(*ONE_PAUSE),
        "meta/device.csv": DEVICE,
    }
    if where == "deep.zip":
        files = {f"walk 2026/{name}": text for name, text in files.items()}
    _place(tmp_path / where.partition("/")[0], files)
    recording = tremor.read(tmp_path / where)
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == pytest.approx(START_S + 0.013, abs=1e-3)
    assert [(gap.start_s, gap.duration_s) for gap in recording.gaps] == [
        (pytest.approx(19.99), pytest.approx(300.0, abs=0.02))
    ]
    assert recording.n_samples == 6000
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-6)
    assert recording.sensor == SensorInfo("google Pixel 8 (ICM45631)")
    paused = next(one for one in recording.warnings if one.code == "PAUSED")
    assert paused.values == {"n_pauses": 1, "total_s": pytest.approx(300.0)}


@pytest.mark.parametrize(("delimiter", "decimal"), [(";", ","), ("\t", ","), (",", ".")])
def test_without_a_pause_only_the_start_is_taken(
    tmp_path: Path, delimiter: str, decimal: str
) -> None:
    times = _times(
        ("START", 0.0, START_S),
        ("PAUSE", 60.1, START_S + 60.1),
        delimiter=delimiter,
        decimal=decimal,
    )
    files = {"Raw Data.csv": _phyphox(), "meta/time.csv": times}
    recording = tremor.read(_place(tmp_path / "walk.zip", files))
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == pytest.approx(START_S + 0.013, abs=1e-3)
    assert (recording.gaps, _codes(recording)) == ((), [])


@pytest.mark.parametrize(
    ("times", "why"),
    [
        (_times(("START", 0.0, START_S), ("PAUSE", 600.0, START_S + 600.0)), "other time"),
        (_times(("START", 900.0, START_S)), "other time"),
        (_times(("START", 0.0, 12.0), ("PAUSE", 60.0, 72.0)), "damaged"),
        (_times(*ONE_PAUSE[:2], ("START", 20.0, START_S - 5.0)), "damaged"),
        (_times(*ONE_PAUSE[:2], ("START", 2.0, START_S + 320.0)), "damaged"),
        ("event,time\nSTART,soon\n", "damaged"),
        ("", "damaged"),
        ("\x00\x01", "damaged"),
        ('"' * 999, "damaged"),
        ("START,1,1\n" * 200_000, "damaged"),
    ],
)
def test_a_companion_that_does_not_fit_is_said_and_not_used(
    tmp_path: Path, times: str, why: str
) -> None:
    files = {"Raw Data.csv": _phyphox(), "meta/time.csv": times}
    recording = tremor.read(_place(tmp_path / "walk", files))
    assert recording.started_at is None
    assert recording.gaps == ()
    unused = next(one for one in recording.warnings if one.code == "COMPANION_UNUSED")
    assert unused.values == {"file": "meta/time.csv", "why": why}


def test_companions_cut_anywhere_are_used_or_said(tmp_path: Path) -> None:
    whole = _times(*ONE_PAUSE)
    for cut in range(1, len(whole), 7):
        files = {"Raw Data.csv": _phyphox(), "meta/time.csv": whole[:cut]}
        recording = tremor.read(_place(tmp_path / "walk", files))
        assert (recording.started_at is None) == ("COMPANION_UNUSED" in _codes(recording))


def _sensor_logger(*, sensors: str, periods: str, offset_s: float = 0.0) -> dict[str, str]:
    rows = "".join(
        f"{START_NS + 10_000_000 * row},{row / 100:.7f},{z:.6f},{y:.6f},{x:.6f}\n"
        for row, (x, y, z) in enumerate(_samples(3000))
    )
    metadata = (
        "version,device name,recording epoch time,recording time,recording timezone,platform,"
        "appVersion,device id,sensors,sampleRateMs,standardisation\n"
        f"3,Pixel 8,{1e3 * (START_S + offset_s):.0f},2026-05-01_09-30-00,Europe/Berlin,android,"
        f"1.40,abc,{sensors},{periods},true\n"
    )
    annotations = (
        f"time,seconds_elapsed,text\n{START_NS + 4_000_000_000},4.0,sat down\n"
        f"{START_NS + 400_000_000_000},400.0,much later\n"
    )
    return {
        "TotalAcceleration.csv": "time,seconds_elapsed,z,y,x\n" + rows,
        "Metadata.csv": metadata,
        "Annotation.csv": annotations,
    }


@pytest.mark.parametrize("where", ["walk.zip", "walk"])
@pytest.mark.parametrize(
    ("sensors", "periods", "nominal_hz"),
    [
        ("Accelerometer|Gravity", "10", 100.0),
        ("Gravity|Accelerometer", "20|5", 200.0),
        ("Accelerometer", "0", None),
        ("Accelerometer", "", None),
    ],
)
def test_metadata_and_annotations_of_sensor_logger(
    tmp_path: Path, where: str, sensors: str, periods: str, nominal_hz: float | None
) -> None:
    files = _sensor_logger(sensors=sensors, periods=periods)
    recording = tremor.read(_place(tmp_path / where, files))
    assert recording.sensor == SensorInfo("Pixel 8")
    assert recording.nominal_sampling_rate_hz == nominal_hz
    assert recording.sampling_rate_hz == pytest.approx(100.0)
    assert ("RATE_OFF_NOMINAL" in _codes(recording)) == (nominal_hz == 200.0)
    assert [(one.time_s, one.text) for one in recording.markers] == [
        (pytest.approx(4.0), "sat down")
    ]


def test_a_chosen_source_keeps_what_lies_beside_it(tmp_path: Path) -> None:
    monday = _sensor_logger(sensors="Accelerometer", periods="10")
    files = {f"{day}/{name}": text for day in ("Mon", "Tue") for name, text in monday.items()}
    recording = tremor.read(_place(tmp_path / "week.zip", files), source="Tue")
    assert recording.sensor == SensorInfo("Pixel 8")
    assert len(recording.markers) == 1
    assert recording.history[0].startswith("read week.zip:Tue/TotalAcceleration.csv")


def test_metadata_of_another_recording_is_not_used(tmp_path: Path) -> None:
    files = _sensor_logger(sensors="Accelerometer", periods="10", offset_s=3600.0)
    recording = tremor.read(_place(tmp_path / "walk", files))
    assert recording.sensor is None
    assert "COMPANION_UNUSED" in _codes(recording)


def _faros(**facts: object) -> dict[str, str]:
    rows = "".join(f"{x:.1f},{y:.1f},{z:.1f}\n" for x, y, z in _samples(2000) / 9.80665e-3)
    said = {
        "start_time": "2026-05-01 16:54:12",
        "sample_freqs": {"ECG": 500.0, "ACC": 25.0},
        "units": {"ECG": "uV", "ACC": "mg"},
    }
    return {"ACC.csv": "X,Y,Z\n" + rows, "meta.json": json.dumps(said | facts)}


@pytest.mark.parametrize("before", ["", "faros_"])
def test_rate_and_unit_of_faros_are_those_of_its_metadata(tmp_path: Path, before: str) -> None:
    files = {before + name: text for name, text in _faros().items()}
    _place(tmp_path, files)
    recording = tremor.read(tmp_path / f"{before}ACC.csv")
    assert (recording.sampling_rate_hz, recording.unit_in) == (25.0, "mg")
    assert recording.started_at is None
    assert "TIME_ZONE_UNKNOWN" in _codes(recording)
    _place(tmp_path, {f"{before}meta.json": _faros(start_time="2026-05-01T16:54:12Z")["meta.json"]})
    started_at = tremor.read(tmp_path / f"{before}ACC.csv").started_at
    assert str(started_at) == "2026-05-01 16:54:12+00:00"


@pytest.mark.parametrize(
    "facts", [{"sample_freqs": {}}, {"sample_freqs": {"ACC": 0}}, {"units": 3}, {"start_time": "x"}]
)
def test_metadata_of_faros_of_another_shape_is_said(
    tmp_path: Path, facts: dict[str, object]
) -> None:
    _place(tmp_path, _faros(**facts))
    recording = tremor.read(tmp_path / "ACC.csv", sampling_rate_hz=25.0)
    assert "COMPANION_UNUSED" in _codes(recording)


def test_every_kind_of_companion_is_read_and_used() -> None:
    used = {one.kind for entry in FORMATS for one in entry.described_by}
    assert used == set(COMPANION_READERS)
