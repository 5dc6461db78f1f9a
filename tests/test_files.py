"""A file is there whole, or not at all; what was there before stays until then."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from rigs.failing_calls import ERRORS, Calls, open_handles

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import refuse_existing, require_parent, whole_file, whole_folder, write_text


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
    assert {"make_folder", "open_folder", "sync", "close", "remove_folder", "replace"} == {
        name for name, _ in seen
    }
