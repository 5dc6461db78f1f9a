"""What is found in folders, by patterns and in manifests."""

import os
from pathlib import Path

import pytest

from tremor.batch.items import OUTPUTS, Shard, gather_items, parse_shard
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_manifest_is_read_as_a_spreadsheet_saves_it(tmp_path, encoding, end, sign):
    lines = [
        ["PATH", "Subject", "baseline", "Born", ""],
        ["säng 1.csv", "007", '"0,02"', "1.2.1990", ""],
        ["b\\two.csv", '"O""Neil; Ann, \tB"', "", "", ""],
        ["", "", "", "", "", "", ""],
    ]
    text = end.join(sign.join(line) for line in lines) + end
    (tmp_path / "list.csv").write_bytes(text.encode(encoding))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.csv").write_text("")
    one, two = gather_items([str(tmp_path / "list.csv")])
    assert (one.path, one.subject, one.baseline) == (str(tmp_path / "säng 1.csv"), "007", "0.02")
    assert one.other == {"born": "1.2.1990"}
    assert (two.path, two.subject) == (str(tmp_path / "b/two.csv"), 'O"Neil; Ann, \tB')


def test_two_spellings_of_a_path_are_one_capture(folder):
    (folder / "list.csv").write_text(
        f"path,subject,session\nb/one.csv,s1,\n./b/../b/one.csv,,x\n{folder}/b/one.csv,s1,x\n"
    )
    items = gather_items([str(folder / "b"), str(folder / "list.csv")])
    assert [(one.subject, one.session) for one in items] == [("s1", "x"), ("", "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,subject\na.csv,s1\na.csv,s2\n", "a.csv is listed twice, with subject 's1' and 's2'"),
        ("path,subject,Subject\na.csv,s1,s2\n", "two columns 'subject'"),
        ('path,note\n"a\nb.csv",\nc.csv,x,y\n', "line 4 .* more cells"),
        ("path,context\na.csv,s3://lab/a.toml\n", "line 2 .* are files"),
    ],
)
def test_what_a_manifest_cannot_mean_is_refused(tmp_path, text, said):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(CaptureReadError, match=said):
        gather_items([str(tmp_path / "list.csv")])


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of Unix")
def test_links_that_lead_back_and_pipes_are_left_out(folder):
    (folder / "b" / "loop").symlink_to(folder)
    (folder / "b" / "again").symlink_to(folder / "b")
    (folder / "c" / "elsewhere").symlink_to(folder / "a")
    os.mkfifo(folder / "b" / "pipe.csv")
    assert names(gather_items([str(folder)])) == [
        "three.txt", "one.csv", "two.csv", "three.txt",
    ]  # fmt: skip


def test_what_a_batch_wrote_is_no_capture(folder):
    for name in (*OUTPUTS, "kept.csv"):
        (folder / "b" / name).write_text("x,y\n")
    found = names(gather_items([str(folder / "b")]))
    assert found == ["kept.csv", "one.csv", "two.csv"]
    (folder / "b" / "batch.json").unlink()
    (folder / "b" / "dictionary.csv").unlink()
    assert "summary.csv" in names(gather_items([str(folder / "b")]))


def test_what_stands_beside_captures_is_none(tmp_path):
    for name in (
        "sub-1_task-rest_tracksys-imu_motion.tsv", "sub-1_task-rest_tracksys-imu_motion.json",
        "sub-1_task-rest_tracksys-imu_channels.tsv", "participants.tsv", "README.txt", "day.cwa",
    ):  # fmt: skip
        (tmp_path / name).write_text("")
    found = names(gather_items([str(tmp_path)]))
    assert found == ["day.cwa", "sub-1_task-rest_tracksys-imu_motion.tsv"]


def test_a_folder_that_cannot_be_listed_fails_alone(folder, monkeypatch):
    whole = Path.iterdir

    def refuse(self):
        if self.name == "a":
            raise PermissionError(13, "Permission denied")
        return whole(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert names(gather_items([str(folder)])) == ["a", "one.csv", "two.csv"]


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
