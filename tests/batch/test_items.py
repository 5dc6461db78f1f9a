"""What is found in folders, by patterns and in manifests."""

from pathlib import Path

import pytest

from tremor.batch.items import Shard, gather_items, parse_shard
from tremor.errors import CaptureNotFoundError, CaptureReadError, InvalidInputError


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b/two.csv",
        "b/one.csv",
        "a/three.txt",
        "a/three.truth.json",
        "c/notes.md",
        ".x/y.csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("time_s,x,y,z\n")
    return tmp_path


def names(items):
    return [Path(item.path).name for item in items]


def test_folders_are_searched_to_any_depth_in_order(folder):
    assert names(gather_items([str(folder)])) == ["three.txt", "one.csv", "two.csv"]


def test_a_pattern_finds_files_and_folders(folder):
    assert names(gather_items([f"{folder}/*/t*"])) == ["three.txt", "two.csv"]
    assert names(gather_items([f"{folder}/b"])) == ["one.csv", "two.csv"]


def test_a_capture_named_twice_is_done_once(folder):
    assert names(gather_items([str(folder / "b"), str(folder / "b" / "one.csv")])) == [
        "one.csv",
        "two.csv",
    ]


def test_a_recording_and_a_folder_of_sensor_files_are_one_capture_each(tmp_path):
    for name in (
        "rec/recording.json",
        "rec/samples.csv",
        "rec/packets.bin",
        "phone/Accelerometer.csv",
        "phone/Gyroscope.csv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert names(gather_items([str(tmp_path)])) == ["phone", "rec"]


def test_a_manifest_says_whose_captures_they_are(folder):
    (folder / "list.csv").write_text(
        "Path,subject,group,placement,side,session,context,baseline,arm\n"
        "b/one.csv,s1,runner,calf,left,before,one.toml,0.02,9\n"
        "b/two.csv,s2,,right-thigh,,after,,b/one.csv,\n"
    )
    one, two = gather_items([str(folder / "list.csv")])
    assert (one.subject, one.group, one.placement, one.session) == (
        "s1",
        "runner",
        "left-calf",
        "before",
    )
    assert (one.baseline, one.context) == ("0.02", str(folder / "one.toml"))
    assert one.other == {"arm": "9"}
    assert (two.placement, two.baseline) == ("right-thigh", str(folder / "b/one.csv"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,subject\n,s1\n", "line 2 .* has no path"),
        ("path,subject\na.csv,s1,x\n", "line 2 .* more cells"),
    ],
)
def test_a_bad_manifest_is_refused_with_its_line(tmp_path, text, said):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(CaptureReadError, match=said):
        gather_items([str(tmp_path / "list.csv")])


def test_nothing_to_do_is_said(tmp_path):
    with pytest.raises(CaptureNotFoundError, match="no capture in"):
        gather_items([str(tmp_path)])
    with pytest.raises(CaptureNotFoundError, match="does not exist"):
        gather_items([str(tmp_path / "none.csv")])


def test_ids_are_unique_and_names_for_files(tmp_path):
    for name in ("a b/c.csv", "a_b/c.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    ids = [item.id for item in gather_items([str(tmp_path)])]
    assert len(set(ids)) == 2
    assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-") for one in ids)


def test_shares_hold_each_capture_once(folder):
    items = gather_items([str(folder)])
    for n in (1, 2, 3, 7):
        held = [item for i in range(n) for item in items if Shard(i + 1, n).holds(item)]
        assert sorted(held, key=lambda item: item.number) == list(items)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "-1/2", "1/2/3", ""])
def test_a_wrong_share_is_refused(text):
    with pytest.raises(InvalidInputError, match="I/N"):
        parse_shard(text)
