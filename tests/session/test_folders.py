from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import pytest
from rigs.failing_calls import Calls, open_handles

from tremor import system_calls
from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.formats.folder.manifest import MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE
from tremor.recorder import FolderLock
from tremor.session.folders import (
    ClaimedFolder,
    default_folder,
    needed_bytes,
    require_room,
    was_begun,
)

FILES = (MANIFEST_FILE, PACKETS_FILE, SAMPLES_FILE, "report.html", "context.toml")


def fill(folder, names=FILES):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"{folder.name} {name}", encoding="utf-8")
    return folder


def tree(folder):
    """Return the contents of all files below a folder, by their paths."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("overwrite", [True, False])
def test_new_and_empty_folders_are_taken_and_nothing_is_left(tmp_path, overwrite):
    for folder in (tmp_path / "new" / "deep", tmp_path):
        require_room(folder, overwrite=overwrite)
        assert list(tmp_path.iterdir()) == []
        ClaimedFolder(folder, overwrite=overwrite).give_back()
        assert list(tmp_path.iterdir()) == []


def test_name_of_each_new_folder_is_synced(tmp_path, monkeypatch):
    """In the folder above it, by its name; the one above the last is called the parent here."""
    folder = tmp_path / "new" / "deep"
    calls = Calls(monkeypatch, folder)
    claimed = ClaimedFolder(folder, overwrite=False)
    synced = {name for call, name in calls.counts if call == "sync"}
    claimed.give_back()
    assert synced == {"parent", tmp_path.name}


def test_recording_stays_unless_it_may_be_replaced(tmp_path):
    before = tree(fill(tmp_path))
    for attempt in (require_room, ClaimedFolder):
        with pytest.raises(WouldOverwriteError, match="--overwrite"):
            attempt(tmp_path, overwrite=False)
    require_room(tmp_path, overwrite=True)
    assert tree(tmp_path) == before


SEVERAL = {"one": [""], "two": ["left", "right"]}


@pytest.fixture(params=SEVERAL.values(), ids=SEVERAL)
def old(request, tmp_path):
    for part in request.param:
        fill(tmp_path / part)
    fill(tmp_path, ["context.toml"])
    return tmp_path


def test_what_is_replaced_is_back_where_nothing_was_recorded(old):
    before = tree(old)
    claimed = ClaimedFolder(old, overwrite=True)
    assert [path.name for path in old.iterdir()] == [".replaced"]
    claimed.give_back()
    assert tree(old) == before
    assert not (old / ".replaced").exists()


def test_what_is_replaced_goes_when_the_new_one_is_whole(old):
    claimed = ClaimedFolder(old, overwrite=True)
    fill(old, [SAMPLES_FILE])
    assert claimed.keep(is_whole=True) is None
    assert [path.name for path in old.iterdir()] == [SAMPLES_FILE]


def test_what_is_replaced_stays_until_a_new_one_is_whole(old):
    before = tree(old)
    claimed = ClaimedFolder(old, overwrite=True)
    fill(old, [SAMPLES_FILE])
    kept = claimed.keep(is_whole=False)
    assert kept == old / ".replaced" / "1"
    assert tree(kept) == before
    with pytest.raises(WouldOverwriteError, match="--overwrite"):
        require_room(old, overwrite=False)
    again = ClaimedFolder(old, overwrite=True)
    assert tree(kept) == before
    assert again.keep(is_whole=True) is None
    assert list(old.iterdir()) == []


def test_replaced_recording_alone_is_no_empty_folder(old):
    """As a crash leaves it, between moving it aside and the first file of the new one."""
    ClaimedFolder(old, overwrite=True).lock.release()
    with pytest.raises(WouldOverwriteError, match="--overwrite"):
        require_room(old, overwrite=False)


@pytest.mark.parametrize("part", ["", "left"])
def test_running_recording_is_never_touched(tmp_path, part):
    fill(tmp_path / part)
    (tmp_path / part / MANIFEST_FILE).write_text(
        '{"schema": "tremor.recording/1", "process_id": 4711}', encoding="utf-8"
    )
    before = tree(tmp_path)
    lock = FolderLock(tmp_path / part)
    for attempt in (require_room, ClaimedFolder):
        with pytest.raises(WouldOverwriteError, match=r"being recorded by process 4711;"):
            attempt(tmp_path, overwrite=True)
    assert tree(tmp_path) == before
    lock.release()
    require_room(tmp_path, overwrite=True)


@pytest.mark.skipif(os.name != "posix", reason="there is no fork")
def test_crash_releases_the_lock(tmp_path):
    child = os.fork()
    if not child:
        FolderLock(tmp_path)
        os._exit(0)
    os.waitpid(child, 0)
    FolderLock(tmp_path).release()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it looks there")
def test_lock_is_released_although_another_process_shares_its_handle(tmp_path):
    n_open = open_handles()
    lock = FolderLock(tmp_path)
    (handle,) = [
        int(path.name)
        for path in Path("/proc/self/fd").iterdir()
        if path.is_symlink() and path.readlink() == tmp_path
    ]
    shared = os.dup(handle)  # as that of a process that was forked meanwhile
    lock.release()
    FolderLock(tmp_path).release()
    os.close(shared)
    lock.release()  # a second time: nothing happens, to no other file either
    assert open_handles() == n_open
    with pytest.raises(WouldOverwriteError):
        keep_twice(tmp_path)
    assert open_handles() == n_open


def keep_twice(folder):
    first = FolderLock(folder)
    try:
        FolderLock(folder)
    finally:
        first.release()


def test_only_the_folder_of_the_session_stays_locked(tmp_path):
    fill(tmp_path / "left")
    claimed = ClaimedFolder(tmp_path, overwrite=True)
    FolderLock(tmp_path / ".replaced" / "1" / "left").release()
    claimed.give_back()


@pytest.mark.skipif(sys.platform != "linux", reason="there the size of files can be limited")
def test_disk_without_room_for_a_byte_is_refused_before_anybody_sits_down(tmp_path):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(InvalidInputError, match=r"cannot be written \(File too large\)"):
            require_room(tmp_path, overwrite=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_reason_without_a_number_is_said_in_its_own_words(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("the dog ate it")

    monkeypatch.setattr(system_calls, "make_folder", refuse)
    with pytest.raises(InvalidInputError, match=r"cannot be written \(the dog ate it\)"):
        ClaimedFolder(tmp_path / "new", overwrite=False)


def test_recording_was_begun_if_its_packets_are_new(tmp_path):
    assert not was_begun(tmp_path, since_s=0.0)
    path = tmp_path / PACKETS_FILE
    path.write_bytes(b"")
    os.utime(path, (1000.0, 1000.0))
    assert was_begun(tmp_path, since_s=1000.01)  # clocks of files are coarse
    assert not was_begun(tmp_path, since_s=1000.1)


def test_name_of_a_folder_holds_what_any_system_allows():
    now = datetime(2026, 5, 3, 18, 7, 9)
    folder = default_folder(now, placement="left-calf: über/2", is_baseline=True)
    assert str(folder) == "baseline-20260503-180709-left-calf__über_2"


@pytest.mark.parametrize("n_before", range(len(FILES)))
def test_disk_that_refuses_a_move_leaves_everything(tmp_path, monkeypatch, n_before):
    before = tree(fill(tmp_path))
    replace, calls = os.replace, []

    def refuse(source, target):
        calls.append(1)
        if len(calls) == n_before + 1:
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(system_calls, "replace", refuse)
    with pytest.raises(InvalidInputError, match=r"Input/output error.*--out"):
        ClaimedFolder(tmp_path, overwrite=True)
    assert tree(tmp_path) == before
    ClaimedFolder(tmp_path, overwrite=True).give_back()


@pytest.mark.parametrize("strange", ["thesis.docx", "left/photo.jpg", "left/more/samples.csv"])
def test_nothing_else_is_ever_removed(tmp_path, strange):
    fill(tmp_path / "left")
    path = tmp_path / strange
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    for attempt in (require_room, ClaimedFolder):
        with pytest.raises(WouldOverwriteError, match="no part of a recording"):
            attempt(tmp_path, overwrite=True)
    assert path.exists()
    assert (tmp_path / "left" / SAMPLES_FILE).exists()


def test_what_a_killed_program_left_half_written_is_part_of_a_recording(tmp_path):
    left = [".report.html.4711.part", ".recording.json.12.part"]
    living = ".report.html.4711-0a1b2c3d.part"
    fill(tmp_path, [*FILES, *left, living])
    for name in left:
        os.utime(tmp_path / name, (1e9, 1e9))
    require_room(tmp_path, overwrite=True)
    claimed = ClaimedFolder(tmp_path, overwrite=True)
    there = {path.name for path in tmp_path.iterdir()}
    claimed.keep(is_whole=True)
    assert living in there
    assert there.isdisjoint([*FILES, *left])


def test_file_in_its_place_stays(tmp_path):
    path = tmp_path / "x"
    path.write_text("x", encoding="utf-8")
    for attempt in (require_room, ClaimedFolder):
        with pytest.raises(WouldOverwriteError, match="is a file"):
            attempt(path, overwrite=True)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there nobody can write, not even root")
@pytest.mark.parametrize("attempt", [require_room, ClaimedFolder])
def test_folder_that_cannot_be_written_is_refused(attempt):
    with pytest.raises(InvalidInputError, match="cannot be written"):
        attempt(Path("/proc/self/x"), overwrite=False)


def test_room_grows_with_rate_and_time():
    small = needed_bytes(duration_s=60.0, sampling_rate_hz=52.0, gyro=False)
    large = needed_bytes(duration_s=3600.0, sampling_rate_hz=416.0, gyro=True)
    assert small < 11_000_000
    assert 300_000_000 < large < 400_000_000
