"""A folder or an archive of several captures is refused with their names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tremor.errors import CaptureNotRecognisedError
from tremor.opening import read

ROWS = "".join(f"{n / 100},0.{n % 7},6.0,7.7567\n" for n in range(300))
TABLE = "time_s,x (m/s^2),y (m/s^2),z (m/s^2)\n" + ROWS
PHYPHOX = "Time (s),X (m/s^2),Y (m/s^2),Z (m/s^2)\n" + ROWS
GYROSCOPE = PHYPHOX.replace("m/s^2", "rad/s")


def _place(path: Path, files: dict[str, str]) -> Path:
    """Write files to a zip archive or to a folder, by the name of the path."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize("where", ["several", "several.zip"])
@pytest.mark.parametrize(
    "files",
    [
        {"left.csv": TABLE, "right.csv": TABLE},
        {"Accelerometer.csv": PHYPHOX, "morning.csv": TABLE},
        {"Accelerometer.csv": PHYPHOX, "evening.txt": TABLE, "notes.txt": "slept well"},
    ],
)
def test_several_captures_are_refused_with_their_names(
    tmp_path: Path, where: str, files: dict[str, str]
) -> None:
    with pytest.raises(CaptureNotRecognisedError, match="holds 2 captures") as refused:
        read(_place(tmp_path / where, files))
    for name, text in files.items():
        assert (name in str(refused.value)) == (text != "slept well")


def test_folders_within_an_archive_are_recordings_of_their_own(tmp_path: Path) -> None:
    files = {"Monday/Accelerometer.csv": PHYPHOX, "Tuesday/Accelerometer.csv": PHYPHOX}
    with pytest.raises(CaptureNotRecognisedError, match="Monday, Tuesday"):
        read(_place(tmp_path / "week.zip", files))


@pytest.mark.parametrize("where", ["one", "one.zip"])
def test_what_belongs_to_one_recording_is_no_other(tmp_path: Path, where: str) -> None:
    files = {
        "Accelerometer.csv": PHYPHOX,
        "Gyroscope.csv": GYROSCOPE,
        "Linear Acceleration.csv": PHYPHOX,
        "meta/time.csv": "event,experiment time,system time\nSTART,0,1700000000\n",
        "notes.txt": "slept well",
    }
    assert read(_place(tmp_path / where, files)).sampling_rate_hz == pytest.approx(100.0)


def test_an_archive_packed_on_a_mac_holds_one_capture(tmp_path: Path) -> None:
    files = {"walk/Accelerometer.csv": PHYPHOX, "__MACOSX/walk/._Accelerometer.csv": "Mac OS X"}
    recording = read(_place(tmp_path / "walk.zip", files))
    assert recording.sampling_rate_hz == pytest.approx(100.0)


def test_an_archive_of_empatica_is_that_of_its_accelerometer(tmp_path):
    path = tmp_path / "1560279825_A01.zip"
    head = "1560279825.000000, 1560279825.000000, 1560279825.000000\n32.0, 32.0, 32.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "ACC.csv", head + "".join(f"{n % 5},20,{60 - n % 3}\n" for n in range(400))
        )
        archive.writestr("EDA.csv", "1560279825.0\n4.0\n" + "0.1\n" * 50)
        archive.writestr("tags.csv", "1560279925.11\n")
        archive.writestr("info.txt", "The files in this archive\n")
    recording = read(path)
    assert (recording.sampling_rate_hz, recording.unit_in) == (32.0, "g/64")
