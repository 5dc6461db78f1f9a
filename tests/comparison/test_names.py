"""What sessions are called where files have the same name."""

from pathlib import Path

import pytest

from tremor.comparison.names import distinct_names, shortest_tails


@pytest.mark.parametrize(
    ("paths", "called"),
    [
        (["/home/me/a.csv", "/home/me/b.csv"], ("a.csv", "b.csv")),
        (["/home/me/mon/raw.csv", "/home/me/tue/raw.csv"], ("mon/raw.csv", "tue/raw.csv")),
        (["/a/x/y/raw.csv", "/b/x/y/raw.csv"], ("a/x/y/raw.csv", "b/x/y/raw.csv")),
        (["/home/raw.csv", "/home/mon/raw.csv"], ("home/raw.csv", "mon/raw.csv")),
        (["/home/raw.csv", "/home/raw.csv"], ("raw.csv", "raw.csv")),
    ],
)
def test_tail_is_the_shortest_that_is_alone(paths, called):
    assert shortest_tails([Path(one) for one in paths]) == called


def test_names_that_are_alone_stay_and_no_two_are_the_same():
    names = ["one.csv", "raw.csv", "raw.csv", "raw.csv", "raw.csv"]
    mon, tue = Path("/home/mon/raw.csv"), Path("/home/tue/raw.csv")
    found = distinct_names(names, [Path("/home/one.csv"), mon, tue, tue, None])
    assert found == ("one.csv", "mon/raw.csv", "tue/raw.csv (1)", "tue/raw.csv (2)", "raw.csv")


def test_relative_path_gets_the_folder_that_it_is_in(tmp_path, monkeypatch):
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert shortest_tails([Path("raw.csv"), Path("old/raw.csv")]) == ("runs/raw.csv", "old/raw.csv")
