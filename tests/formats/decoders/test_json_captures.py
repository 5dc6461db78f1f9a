"""JSON captures are decoded to the tone, the rate and the losses that were put in."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
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
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.decoders import json_text
from tremor.formats.decoders.catalog import DECODERS
from tremor.settings.decoders import JsonBounds

START_NS = 1_760_000_000_000_000_000
TONE_HZ = 8.0


@dataclass(frozen=True)
class Written:
    """JSON of some program, and what is known of it."""

    content: object
    slug: str
    rate_hz: float
    gravity: str
    n_lost: int = 0
    started_s: float | None = None
    sensor: str = ""
    markers: tuple[str, ...] = field(default=())


def _tone(n: int, rate_hz: float, *, gravity: float) -> np.ndarray:
    """Return 0.5 m/s^2 at 8 Hz on two axes, noise, and gravity on the third; shape (n, 3)."""
    time_s = np.arange(n) / rate_hz
    samples = np.random.default_rng(3).normal(0.0, 0.01, (n, 3))
    samples[:, 0] += 0.5 * np.sin(2 * np.pi * TONE_HZ * time_s)
    samples[:, 1] += 0.3 * np.sin(2 * np.pi * TONE_HZ * time_s)
    samples[:, 2] += gravity
    return samples


def _vectors(samples: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip("xyz", map(float, row), strict=True)) for row in samples]


def _movesense(arrays: tuple[str, ...], wrap: Callable[[list[dict]], object]) -> object:
    """Write packets of 8 samples at 104.3 Hz, stamps in whole ms, the 20th packet lost."""
    samples = _vectors(_tone(8 * 200, 104.3, gravity=9.81))
    packets = []
    for first in range(0, len(samples), 8):
        if first != 8 * 20:
            one = dict.fromkeys(arrays, samples[first : first + 8])
            packets.append({"Timestamp": int(5000 + 1e3 * first / 104.3), **one})
    return wrap(packets)


def _movesense_logbook() -> Written:
    packets = _movesense(
        ("ArrayAcc", "ArrayGyro", "ArrayMagn"), lambda some: {"Meas": {"IMU9": some}}
    )
    return Written(packets, "movesense-json", 104.3, "included", n_lost=8)


def _movesense_app() -> Written:
    packets = _movesense(
        ("ArrayAcc",),
        lambda some: {
            "Device": {"serial": "174430000123"},
            "TimeDetailed": {"utcTime": START_NS // 1000, "relativeTime": 5000},
            "data": [{"acc": one} for one in some],
        },
    )
    return Written(
        packets,
        "movesense-json",
        104.3,
        "included",
        n_lost=8,
        started_s=START_NS / 1e9,
        sensor="Movesense 174430000123",
    )


def _sensor_rows(sensor: str, samples: np.ndarray, *, lost: slice) -> list[dict[str, str]]:
    rows = []
    for n, vector in enumerate(_vectors(samples)):
        stamp = {"sensor": sensor, "time": str(START_NS + n * 10_000_000)}
        rows.append(
            {
                **stamp,
                "seconds_elapsed": str(n / 100),
                **{axis: str(vector[axis]) for axis in "zyx"},
            }
        )
    del rows[lost]
    return rows


def _sensor_logger_total() -> Written:
    rows = _sensor_rows("TotalAcceleration", _tone(1600, 100, gravity=9.81), lost=slice(500, 530))
    rows += _sensor_rows("Gyroscope", _tone(1600, 100, gravity=0.0), lost=slice(0))
    rows += [
        {"sensor": "Metadata", "version": 3, "device name": "Pixel 8"},
        {
            "sensor": "Annotation",
            "time": str(START_NS + 4_000_000_000),
            "seconds_elapsed": "4.0",
            "text": "sat down",
        },
    ]
    return Written(
        rows,
        "sensor-logger-json",
        100.0,
        "included",
        30,
        START_NS / 1e9,
        "Pixel 8",
        ("sat down",),
    )


def _sensor_logger_parts() -> Written:
    rows = _sensor_rows("Accelerometer", _tone(1600, 100, gravity=0.0), lost=slice(500, 530))
    still = np.tile([0.0, 0.0, 9.81], (1600, 1))
    rows += _sensor_rows("Gravity", still, lost=slice(500, 530))
    return Written(rows, "sensor-logger-json", 100.0, "included", 30, START_NS / 1e9)


def _sensor_logger_removed() -> Written:
    rows = _sensor_rows("Accelerometer", _tone(1600, 100, gravity=0.0), lost=slice(500, 530))
    late = [{**row, "time": str(int(row["time"]) + 10**14)} for row in rows]
    rows += [{**row, "sensor": "Gravity", "z": "9.81"} for row in late]
    return Written(rows, "sensor-logger-json", 100.0, "removed", 30, START_NS / 1e9)


def _mpower(wrap: Callable[[list[dict]], object]) -> Written:
    samples = _vectors(_tone(1600, 100, gravity=9.80665) / 9.80665)
    rows = [{"timestamp": 48123.25 + n / 100, **vector} for n, vector in enumerate(samples)]
    del rows[700:740]
    return Written(wrap(rows), "timed-vectors-json", 100.0, "included", n_lost=40)


def _mpower_motion() -> Written:
    moving = _vectors(_tone(1600, 100, gravity=0.0) / 9.80665)
    rows = [
        {
            "attitude": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0},
            "timestamp": 48123.25 + n / 100,
            "userAcceleration": vector,
            "gravity": {"x": 0.0, "y": 0.0, "z": -1.0},
        }
        for n, vector in enumerate(moving)
    ]
    return Written(rows, "timed-vectors-json", 100.0, "included")


def _edge_impulse() -> Written:
    samples = _tone(1000, 62.5, gravity=9.81)
    rows = [[round(value, 5) for value in row] + [0.1, 0.2, 0.3] for row in samples.tolist()]
    rows[400][1] = None
    names = [("accX", "m/s2"), ("accY", "m/s2"), ("accZ", "m/s2")]
    names += [("gyrX", "rad/s"), ("gyrY", "rad/s"), ("gyrZ", "rad/s")]
    content = {
        "protected": {"ver": "v1", "alg": "HS256", "iat": 1_760_000_000},
        "signature": "0" * 64,
        "payload": {
            "device_name": "ac:87:a3:0a:2d:1b",
            "device_type": "DISCO-L475VG-IOT01A",
            "interval_ms": 16,
            "sensors": [{"name": name, "units": unit} for name, unit in names],
            "values": rows,
        },
    }
    return Written(
        content, "edge-impulse-json", 62.5, "included", n_lost=1, sensor="ac:87:a3:0a:2d:1b"
    )


WRITERS: dict[str, Callable[[], Written]] = {
    "movesense logbook": _movesense_logbook,
    "movesense app": _movesense_app,
    "sensor logger, total": _sensor_logger_total,
    "sensor logger, gravity beside": _sensor_logger_parts,
    "sensor logger, gravity of another day": _sensor_logger_removed,
    "mpower": lambda: _mpower(lambda rows: rows),
    "mpower items": lambda: _mpower(lambda rows: {"items": rows}),
    "mpower motion": _mpower_motion,
    "edge impulse": _edge_impulse,
}


def _tone_found_hz(recording: tremor.Recording) -> float:
    """Return the frequency of the strongest line above 2 Hz, by a periodogram of 16-fold length."""
    samples = recording.acceleration_ms2[:, 0]
    samples = np.nan_to_num(samples - np.nanmean(samples))
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 16 * len(samples))) ** 2
    frequency_hz = np.fft.rfftfreq(16 * len(samples), 1 / recording.sampling_rate_hz)
    return float(frequency_hz[np.argmax(np.where(frequency_hz > 2.0, power, 0.0))])


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("indent", [None, 2])
def test_what_was_put_in_is_found(tmp_path: Path, name: str, indent: int | None) -> None:
    written = WRITERS[name]()
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(written.content, indent=indent), encoding="utf-8")
    recording = tremor.read(path)
    assert recording.source is not None
    assert recording.source.format == written.slug
    assert recording.sampling_rate_hz == pytest.approx(written.rate_hz, rel=1e-4)
    assert recording.gravity == written.gravity
    assert sum(gap.n_lost for gap in recording.gaps) == written.n_lost
    assert _tone_found_hz(recording) == pytest.approx(TONE_HZ, rel=1e-3)
    still = np.linalg.norm(np.nanmean(recording.acceleration_ms2, axis=0))
    assert still == pytest.approx(9.81 if written.gravity == "included" else 0.0, abs=0.02)
    rms = np.nanstd(recording.acceleration_ms2[:, 0])
    assert rms == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    if written.started_s is None:
        assert recording.started_at is None
    else:
        assert recording.started_at is not None
        assert recording.started_at.timestamp() == pytest.approx(written.started_s, abs=2e-3)
    assert str(recording.sensor or "").startswith(written.sensor)
    assert tuple(marker.text for marker in recording.markers) == written.markers
    if written.markers:
        assert recording.markers[0].time_s == pytest.approx(4.0, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("movesense logbook", {"format": "told", "time_unit": "named", "unit": "named"}),
        ("sensor logger, total", {"format": "told", "time_unit": "named", "unit": "told"}),
        ("mpower", {"format": "told", "time_unit": "guessed", "unit": "told"}),
        ("edge impulse", {"format": "told", "sampling_rate": "named", "unit": "named"}),
    ],
)
def test_what_was_decided_is_said(tmp_path: Path, name: str, how: dict[str, str]) -> None:
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(WRITERS[name]().content))
    found = {one.about: one.how for one in tremor.read(path).decisions}
    assert how.items() <= found.items()


@pytest.mark.parametrize("name", WRITERS)
def test_exactly_one_decoder_claims(tmp_path: Path, name: str) -> None:
    written = WRITERS[name]()
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(written.content))
    capture = CaptureFile(path, path.name, opener_of(path))
    head = path.read_bytes()[:4096]
    assert [one.slug for one in DECODERS if one.claims(head, capture)] == [written.slug]


@pytest.mark.parametrize("name", WRITERS)
def test_a_truncated_capture_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    whole = json.dumps(WRITERS[name]().content).encode()
    path = tmp_path / "capture.json"
    cuts = [*range(51, 4000, 50), *np.linspace(4000, len(whole) - 1, 20).astype(int)]
    for cut in cuts:
        path.write_bytes(whole[:cut])
        with pytest.raises(CaptureReadError) as refused:
            tremor.read(path)
        assert len(str(refused.value).splitlines()) == 1
        assert "--columns" not in str(refused.value)


def _outcome(path: Path) -> tuple[str, tremor.Recording | None]:
    try:
        return "", tremor.read(path)
    except TremorError as refused:
        return str(refused), None


@pytest.mark.parametrize("name", WRITERS)
def test_a_wrong_type_anywhere_is_refused_or_loses_samples(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(5)
    text = json.dumps(WRITERS[name]().content)
    values = list(re.finditer(r'(?<=[:,\[] )("[^"]*"|[-\d.e]+)(?=[,}\]])', text))
    path = tmp_path / "capture.json"
    parts = ["null", "true", '"a"', "{}", "[]", "1e999", "-0", '"\\u0000"', "9" * 5000]
    for part in parts:
        begin, end = values[int(rng.integers(5, len(values)))].span()
        path.write_text(text[:begin] + part + text[end:])
        message, recording = _outcome(path)
        assert len(message.splitlines()) == (recording is None)
        if recording is not None:
            assert recording.sampling_rate_hz == pytest.approx(WRITERS[name]().rate_hz, rel=0.01)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "deep.json"
    row = '{"timestamp": 1.0, "x": 1, "y": 2, "z": 3}'
    path.write_text(f"[{row}, " + opening * 200_000)
    with pytest.raises(CaptureReadError, match="too deeply"):
        tremor.read(path)


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "JSON_BOUNDS", JsonBounds(most_bytes=1_000_000))
    path = tmp_path / "huge.json"
    path.write_text(json.dumps(WRITERS["mpower"]().content).ljust(1_000_001))
    with pytest.raises(CaptureReadError, match=r"more than 1 MB.*export it as CSV"):
        tremor.read(path)


def test_packets_of_two_sensors_are_refused(tmp_path: Path) -> None:
    packets = _movesense(("ArrayAcc",), lambda some: {"Meas": {"Acc": some + some}})
    path = tmp_path / "both.json"
    path.write_text(json.dumps(packets))
    with pytest.raises(CaptureReadError, match="several sensors or recordings"):
        tremor.read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"sensor": "Gyroscope", "seconds_elapsed": "0", "time": "1", "x": "1"}], "without acc"),
        ({"payload": {"interval_ms": 10, "sensors": [], "values": []}}, "without acceleration"),
        (
            {
                "payload": {
                    "interval_ms": 0.001,
                    "sensors": [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"],
                    "values": [[1, 2, 3]] * 20,
                }
            },
            "no accelerometer has",
        ),
        (
            {
                "payload": {
                    "interval_ms": 10,
                    "sensors": [{"name": axis, "units": "rad/s"} for axis in "xyz"],
                    "values": [[1, 2, 3]] * 20,
                }
            },
            "angular velocity",
        ),
        ({"Meas": {"Gyro": [{"Timestamp": 1, "ArrayGyro": []}]}}, "without acceleration"),
        ([{"t": 1, "v": [1, 2, 3]}] * 20, "shape that is not known"),
        ([{"timestamp": n, "x": 0, "y": 0, "z": 9.8} for n in range(300)], "row counter"),
    ],
)
def test_json_without_a_capture_is_refused_by_name(
    tmp_path: Path, content: object, message: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(CaptureReadError, match=message):
        tremor.read(path)


def test_options_of_the_user_count(tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(WRITERS["mpower"]().content))
    recording = tremor.read(path, unit="m/s^2", placement="left-calf")
    assert (recording.unit_in, str(recording.placement)) == ("m/s^2", "left-calf")
    with pytest.raises(InvalidInputError, match="leave out --columns"):
        tremor.read(path, columns="time_s,x,y,z")


def test_the_only_capture_of_an_archive_is_read(tmp_path: Path) -> None:
    path = tmp_path / "walk.zip"
    text = json.dumps(WRITERS["mpower"]().content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("walk.json", text)
        archive.writestr("notes.json", '{"slept": "well"}')
    assert tremor.read(path).sampling_rate_hz == pytest.approx(100.0, rel=1e-4)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("rest.json", text)
    with pytest.raises(CaptureNotRecognisedError, match=r"2 captures: walk\.json, rest\.json"):
        tremor.read(path)
