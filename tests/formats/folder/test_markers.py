"""What the runner marked comes back with the recording, on the time of its samples."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tremor.formats.folder.markers import read_markers
from tremor.recording import Marker

BEGIN = datetime(2026, 5, 3, 18, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    def write(markers, **others):
        document = {"schema": "tremor.recording/1", "started_at": BEGIN.isoformat(), **others}
        (tmp_path / "recording.json").write_text(
            json.dumps({**document, "markers": markers}), encoding="utf-8"
        )
        return tmp_path

    return write


def test_markers_count_from_the_first_sample(folder):
    path = folder(
        [
            {"time_s": 31.0, "kind": "pain", "detail": "4"},
            {"time_s": 11.0, "kind": "marker", "detail": "stood up"},
        ]
    )
    later = datetime(2026, 5, 3, 18, 0, 1, tzinfo=UTC)
    assert read_markers(path, started_at=later) == (
        Marker(time_s=10.0, kind="marker", text="stood up"),
        Marker(time_s=30.0, kind="pain", text="4"),
    )


@pytest.mark.parametrize(
    "markers", [None, [], [7], [{"kind": "marker"}], [{"time_s": "x", "kind": "pain"}]]
)
def test_what_cannot_be_read_is_no_marker(folder, markers):
    assert read_markers(folder(markers), started_at=BEGIN) == ()


def test_folder_without_a_manifest_has_none(tmp_path):
    assert read_markers(tmp_path, started_at=BEGIN) == ()
