"""Which recording from before a run a later session is held against."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tremor.formats.folder.manifest import write_manifest
from tremor.session.baselines import baselines_in, newest_baseline
from tremor.sessions import captures_of

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


def recording(folder, *, day, placement="left-calf", purpose="baseline"):
    folder.mkdir(parents=True)
    manifest = {"placement": placement, "extra": {"purpose": purpose} if purpose else {}}
    if day:
        manifest["started_at"] = f"2026-05-{day:02d}T09:00:00+00:00"
    write_manifest(folder, manifest)


@pytest.fixture
def root(tmp_path):
    recording(tmp_path / "old", day=1)
    recording(tmp_path / "newest", day=8)
    recording(tmp_path / "later", day=20)
    recording(tmp_path / "run", day=9, purpose="")
    recording(tmp_path / "pair" / "right-calf", day=5, placement="right-calf")
    recording(tmp_path / "nowhere", day=9, placement=None)
    recording(tmp_path / "never", day=None)
    recording(tmp_path / ".hidden", day=9)
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    return tmp_path


def test_the_newest_of_the_same_leg_before_the_session(root):
    assert newest_baseline(root, "left-calf", before=NOW).name == "newest"
    assert newest_baseline(root, "right-calf", before=NOW).name == "pair/right-calf"
    assert newest_baseline(root, "left-thigh", before=NOW) is None
    assert newest_baseline(root, "left-calf", before=NOW.replace(day=1, hour=1)) is None


def test_what_has_neither_time_nor_leg_is_none(root):
    assert [one.name for one in baselines_in(root)] == ["later", "newest", "pair/right-calf", "old"]


def test_a_trend_of_the_folder_leaves_them_out(root):
    assert [one.name for one in captures_of(root)] == ["notes.txt", "run"]
