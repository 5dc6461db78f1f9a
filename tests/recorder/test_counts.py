"""The counts of a recording that has not begun."""

from __future__ import annotations

from dataclasses import asdict

from tremor.recorder import Recorder


def test_before_the_start_nothing_is_counted(tmp_path):
    counts = asdict(Recorder(tmp_path).counts)
    assert counts.pop("last_arrival_s") is None
    assert set(counts.pop("disk").values()) == {0, ""}
    assert set(counts.values()) == {0}
