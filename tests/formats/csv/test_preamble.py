"""What lines above the samples, and the name of a file, state of its rate, unit and start."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tremor.errors import CaptureReadError
from tremor.formats.readers import sniff
from tremor.opening import read

N_ROWS = 400


def _write(
    folder: Path, above: str, *, header: str = "acc_x,acc_y,acc_z", name: str = "a.csv"
) -> Path:
    timed = header.startswith("time")
    rows = (f"{n / 100:.2f}," * timed + f"{0.1 * (n % 7):.3f},0.2,0.95" for n in range(N_ROWS))
    path = folder / name
    path.write_text(above + header + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "above",
    [
        "# sampling_rate: 52 Hz\n",
        "# Sample Rate (Hz): 52\n",
        "Fs=52\n",
        "ODR: 52 Hz, range: 4 g\n",
        "% Sampling frequency: 52,0 Hz\n",
        "Sample Rate,52,,\nSerial,X12,,\n",
        "// update rate 52Hz\n",
        "OutputRate:,52Hz\n",
        "Acquisition frequency: 52 Hz\n",
        "# Config: data_rate = 52.0 Hz, filter = 488 Hz\n",
        "@ data rate: 0.052 kHz\n",
        "# Sample interval: 19.230769 ms\n",
        "Logging period = 19.230769 msec\n",
    ],
)
def test_a_stated_rate_is_that_of_rows_without_stamps(tmp_path: Path, above: str) -> None:
    recording = read(_write(tmp_path, above))
    assert recording.sampling_rate_hz == pytest.approx(52.0, rel=1e-6)
    assert "RATE_DECLARED" in [one.code for one in recording.warnings]


@pytest.mark.parametrize(
    "above",
    [
        "# cutoff frequency: 20 Hz\n",
        "# heart rate: 92\n",
        "# sample rate: 900000 Hz\n",
        "# sample rate divider: 4\n",
        "# rate of perceived exertion 13\n",
    ],
)
def test_other_numbers_are_no_sampling_rate(tmp_path: Path, above: str) -> None:
    with pytest.raises(CaptureReadError, match="--sampling-rate"):
        read(_write(tmp_path, above))


def test_beside_stamps_a_stated_rate_is_nominal_only(tmp_path: Path) -> None:
    recording = read(_write(tmp_path, "# sample rate: 104 Hz\n", header="time_s,x,y,z"))
    assert recording.sampling_rate_hz == pytest.approx(100.0, rel=1e-3)
    assert recording.nominal_sampling_rate_hz == 104.0


def test_hertz_in_a_file_name_are_no_rate_beside_stamps(tmp_path: Path) -> None:
    recording = read(_write(tmp_path, "", header="time_s,x,y,z", name="left_calf_52Hz.csv"))
    assert recording.sampling_rate_hz == pytest.approx(100.0, rel=1e-3)
    assert recording.nominal_sampling_rate_hz is None
    assert read(_write(tmp_path, "", name="left_52Hz.csv")).sampling_rate_hz == 52.0


def test_what_is_said_goes_before_what_is_stated(tmp_path: Path) -> None:
    path = _write(tmp_path, "# sampling_rate: 52 Hz\n# units: mg\n")
    assert read(path, sampling_rate_hz=40.0, unit="g").sampling_rate_hz == 40.0


def test_a_stated_unit_and_start_count(tmp_path: Path) -> None:
    above = "# unit: g\n# start time: 2024-05-05T10:00:00+02:00\n# rate: 100 Hz\n"
    recording = read(_write(tmp_path, above))
    assert recording.unit_in == "g"
    assert "UNIT_FROM_GRAVITY" not in [one.code for one in recording.warnings]
    assert recording.started_at == datetime(2024, 5, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        "# " + "sample rate " * 5000,
        "#" + " " * 60_000,
        "rate" + "-" * 50_000,
        "units" + " " * 50_000 + "x",
        "start time: 2024-05-05 " + "1:" * 25_000,
        "axis1 " * 10_000,
        "(" * 60_000,
        "x: 1." + "1" * 60_000,
    ],
    ids=lambda line: line[:8].strip(),
)
def test_no_line_takes_long(tmp_path: Path, line: str) -> None:
    path = _write(tmp_path, line[:60_000] + "\n", header="time_s,x,y,z")
    begin = time.perf_counter()
    sniff(path)
    assert time.perf_counter() - begin < 2.0
