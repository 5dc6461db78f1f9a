"""A file is there whole, or not at all; what was there before stays until then."""

from __future__ import annotations

import os

import pytest

from tremor.errors import InvalidInputError, WouldOverwriteError
from tremor.files import refuse_existing, require_parent, whole_file, whole_folder


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
