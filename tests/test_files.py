"""A file is there whole, or not at all; what was there before stays until then."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from rigs.failing_calls import ERRORS, Calls, open_handles

from tremor import system_calls
from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import (
    is_part_of,
    refuse_existing,
    remove_abandoned,
    require_parent,
    whole_file,
    whole_folder,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_replaces_the_old_one_when_it_is_whole(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    with whole_file(path) as stream:
        stream.write(b"new")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["page.html"]


def test_what_goes_wrong_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(TypeError), whole_file(path) as stream:
        stream.write("no bytes")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"), whole_file(path) as stream:
        stream.write(b"half")
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["page.html"]


def test_an_error_names_what_was_asked_for(tmp_path):
    for make in (whole_file, whole_folder):
        path = tmp_path / ("x" * 250)
        with pytest.raises(OSError, match="too long") as raised, make(path):
            pass
        assert raised.value.filename == str(path)


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_file_has_the_mode_that_the_user_wants(tmp_path):
    mask = os.umask(0o027)
    try:
        with whole_file(tmp_path / "page.html"):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o640


def test_an_existing_file_is_refused_unless_asked(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(WouldOverwriteError, match="exists"), whole_file(path, overwrite=False):
        pass
    with pytest.raises(WouldOverwriteError, match="or --overwrite to replace it"):
        refuse_existing(path, overwrite=False, option="--overwrite")
    refuse_existing(path, overwrite=True)
    assert names(tmp_path) == ["page.html"]


@pytest.mark.skipif(os.name != "posix", reason="pipes have no names there")
@pytest.mark.parametrize(
    "make",
    [lambda path: os.mkfifo(path), lambda path: path.mkdir(), lambda path: path.symlink_to(path)],
    ids=["pipe", "folder", "loop"],
)
def test_what_is_no_file_is_never_replaced(tmp_path, make):
    path = tmp_path / "page.html"
    make(path)
    before = path.lstat()
    with pytest.raises(InvalidInputError, match="no regular file"), whole_file(path):
        pass
    with pytest.raises(InvalidInputError, match="no regular file"):
        write_text(path, "new")
    with pytest.raises(InvalidInputError, match="no regular file"):
        refuse_existing(path, overwrite=True)
    assert path.lstat() == before
    assert names(tmp_path) == ["page.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
def test_a_device_is_never_replaced():
    # A user who may do anything would put a file in its place.
    with pytest.raises(InvalidInputError, match="no regular file"):
        refuse_existing(Path("/dev/full"), overwrite=True)


@pytest.mark.skipif(os.name != "posix", reason="links need a right there")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_and_its_file_is_written(tmp_path, is_there):
    (tmp_path / "pages").mkdir()
    target = tmp_path / "pages" / "today.html"
    if is_there:
        target.write_text("old", encoding="utf-8")
    link = tmp_path / "page.html"
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert names(tmp_path / "pages") == ["today.html"]


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="does not exist"):
        require_parent(tmp_path / "none" / "page.html")


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "dataset"
    with pytest.raises(FileNotFoundError), whole_folder(folder) as part:
        (part / "none" / "a").write_text("half", encoding="utf-8")
    assert names(tmp_path) == []
    folder.mkdir()
    with whole_folder(folder) as part:
        (part / "a").write_text("whole", encoding="utf-8")
    assert names(tmp_path) == ["dataset"]
    assert names(folder) == ["a"]
    with pytest.raises(WouldOverwriteError, match="not empty"), whole_folder(folder):
        pass


# --- each system call fails in its turn ----------------------------------------------------------

WHOLE_FILE = {
    *((name, "page.html") for name in ("open_whole", "write", "sync", "replace")),
    *((name, "parent") for name in ("make_folder", "open_folder", "sync", "close")),
}


def found_and_failing(monkeypatch, tmp_path, work):
    """Yield each call that some work makes, in a new folder, while it fails."""
    with monkeypatch.context() as patched:
        calls = Calls(patched, tmp_path / "once" / "x")
        (tmp_path / "once").mkdir()
        work(tmp_path / "once")
    for key in sorted(calls.counts):
        for turn, error in [*((0, error) for error in ERRORS), (None, errno.EIO)]:
            folder = tmp_path / f"{key} {turn} {error}"
            folder.mkdir()
            with monkeypatch.context() as patched:
                failing = Calls(patched, folder / "x")
                failing.failing, failing.error = (key, turn), error
                yield key, folder, failing


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="it looks there")
def test_a_text_is_written_whole_or_not_whichever_call_fails(tmp_path, monkeypatch):
    def work(folder):
        write_text(folder / "page.html", "new")

    seen, n_open = set(), open_handles()
    for key, folder, failing in found_and_failing(monkeypatch, tmp_path, work):
        (folder / "page.html").write_text("old", encoding="utf-8")
        refused = ""
        try:
            work(folder)
        except InvalidInputError as error:
            refused = str(error)
        seen.add(key)
        text = (folder / "page.html").read_text(encoding="utf-8")
        # Renamed, and its name perhaps not on the disk: that is refused as well.
        was_renamed = key[1] == "parent" and key[0] != "make_folder"
        # What cannot be listed cannot be synced, and a close loses nothing there.
        may_pass = key == ("open_folder", "parent") and failing.error == errno.EACCES
        assert bool(refused) != may_pass, (key, failing.error)
        assert text == ("new" if was_renamed else "old"), key
        assert may_pass or os.strerror(failing.error) in refused
        assert [path.name for path in folder.iterdir()] == ["page.html"]
        assert open_handles() == n_open
    assert seen == WHOLE_FILE


def test_a_folder_is_there_whole_or_not_whichever_call_fails(tmp_path, monkeypatch):
    def work(folder):
        (folder / "bids").mkdir(exist_ok=True)
        with whole_folder(folder / "bids") as part:
            (part / "README").write_text("new", encoding="utf-8")

    seen = set()
    for key, folder, _ in found_and_failing(monkeypatch, tmp_path, work):
        seen.add(key)
        with suppress(OSError):
            work(folder)
        assert [one.name for one in folder.iterdir() if one.name != "bids"] == []
        inside = [one.name for one in folder.glob("bids/*")]
        assert inside in ([], ["README"])
    assert {name for name, _ in seen} == {
        "close", "make_folder", "open_folder", "open_written", "remove_folder", "replace", "sync",
    }  # fmt: skip
    assert ("sync", "README") in seen


def test_a_folder_is_the_old_or_the_new_whole_whichever_call_fails(tmp_path, monkeypatch):
    def work(folder):
        old = folder / "bids"
        old.mkdir(exist_ok=True)
        for name in ("README", "old"):
            (old / name).write_text("old", encoding="utf-8")
        with whole_folder(old, overwrite=True) as part:
            (part / "sub-1").mkdir()
            (part / "sub-1" / "README").write_text("new", encoding="utf-8")

    seen = set()
    for key, folder, failing in found_and_failing(monkeypatch, tmp_path, work):
        seen.add(key)
        refused = False
        try:
            work(folder)
        except OSError:
            refused = True
        inside = {path.name: path.read_text() for path in (folder / "bids").rglob("README")}
        inside |= {path.name: "dir" for path in (folder / "bids").iterdir() if path.is_dir()}
        is_new = inside == {"README": "new", "sub-1": "dir"}
        assert is_new or inside == {"README": "old"}
        may_pass = key[0] == "open_folder" and failing.error == errno.EACCES
        assert refused or is_new
        assert refused or may_pass or key == ("remove_tree", "bids"), key
        left = [one.name for one in folder.iterdir() if one.name != "bids"]
        assert not left or key[0] == "remove_tree"
    written = {("sync", "README"), ("sync", "sub-1")}
    assert written | {("replace", "bids"), ("remove_tree", "bids")} <= seen


def test_files_are_on_the_disk_before_their_folder_has_its_name(tmp_path, monkeypatch):
    done = []

    def noted(name, call):
        return lambda *arguments: (done.append(name), call(*arguments))[1]

    for name in ("sync", "sync_all", "replace"):
        monkeypatch.setattr(system_calls, name, noted(name, getattr(system_calls, name)))
    with whole_folder(tmp_path / "few") as part:
        for name in ("a", "b"):
            (part / name).write_text("x", encoding="utf-8")
    assert done == ["sync", "sync", "sync", "replace", "sync"]
    done.clear()
    monkeypatch.setattr("tremor.files._MOST_SYNCED_ALONE", 1)
    with whole_folder(tmp_path / "many") as part:
        for name in ("a", "b"):
            (part / name).write_text("x", encoding="utf-8")
    assert done == ["sync_all", "replace", "sync"]


def test_two_of_one_process_number_do_not_share_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 1)
    path = tmp_path / "page.html"
    with whole_file(path) as one, whole_file(path) as other:
        one.write(b"one")
        other.write(b"other")
        parts = names(tmp_path)
        assert len(set(parts)) == 2
        assert all(is_part_of(name, "page.html") for name in parts)
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["page.html"]


def test_what_was_left_is_removed_and_what_is_being_made_stays(tmp_path):
    for name in (".bids.7.part", ".bids.7-0123abcd.part", ".bids.8-0123abcd.part", "bids.7.part"):
        (tmp_path / name).mkdir()
    (tmp_path / ".bids.9.part").write_text("x", encoding="utf-8")
    for name in (".bids.7.part", ".bids.7-0123abcd.part", "bids.7.part", ".bids.9.part"):
        os.utime(tmp_path / name, (1e9, 1e9))
    remove_abandoned(tmp_path / "bids")
    assert names(tmp_path) == [".bids.8-0123abcd.part", "bids.7.part"]
