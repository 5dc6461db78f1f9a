from __future__ import annotations

from pathlib import Path

import pytest

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE
from tremor.session.folders import make_room, needed_bytes

FILES = (MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE, "report.html", "context.toml")


def fill(folder, names=FILES):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("x", encoding="utf-8")
    return folder


@pytest.mark.parametrize("overwrite", [True, False])
def test_new_and_empty_folders_are_taken_and_nothing_is_left(tmp_path, overwrite):
    make_room(tmp_path / "new" / "deep", overwrite=overwrite)
    make_room(tmp_path, overwrite=overwrite)
    assert list(tmp_path.iterdir()) == []


def test_recording_stays_unless_it_may_be_replaced(tmp_path):
    fill(tmp_path)
    with pytest.raises(WouldOverwriteError, match="--overwrite"):
        make_room(tmp_path, overwrite=False)
    assert len(list(tmp_path.iterdir())) == len(FILES)
    make_room(tmp_path, overwrite=True)
    assert list(tmp_path.iterdir()) == []


def test_recordings_of_several_sensors_are_replaced(tmp_path):
    fill(tmp_path / "left")
    fill(tmp_path / "right")
    fill(tmp_path, ["context.toml"])
    make_room(tmp_path, overwrite=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("strange", ["thesis.docx", "left/photo.jpg", "left/more/samples.csv"])
def test_nothing_else_is_ever_removed(tmp_path, strange):
    fill(tmp_path / "left")
    path = tmp_path / strange
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    with pytest.raises(WouldOverwriteError, match="no part of a recording"):
        make_room(tmp_path, overwrite=True)
    assert path.exists()
    assert (tmp_path / "left" / SAMPLES_FILE).exists()


def test_file_in_its_place_stays(tmp_path):
    path = tmp_path / "x"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(WouldOverwriteError, match="is a file"):
        make_room(path, overwrite=True)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there nobody can write, not even root")
def test_folder_that_cannot_be_written_is_refused():
    with pytest.raises(InvalidInputError, match="cannot be written"):
        make_room(Path("/proc/self/x"), overwrite=False)


def test_room_grows_with_rate_and_time():
    small = needed_bytes(duration_s=60.0, sampling_rate_hz=52.0, gyro=False)
    large = needed_bytes(duration_s=3600.0, sampling_rate_hz=416.0, gyro=True)
    assert small < 11_000_000
    assert 300_000_000 < large < 400_000_000
