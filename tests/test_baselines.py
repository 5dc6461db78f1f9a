"""Which recording from before a run a later session is held against, in report and trend."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest

from tremor import pipeline
from tremor.baselines import LevelBefore, baselines_in, level_before, newest_baseline
from tremor.formats.folder.manifest import (
    BASELINE,
    LEVEL_BEFORE_KEY,
    PURPOSE_KEY,
    read_manifest,
    write_manifest,
)
from tremor.recorder import Recorder, StreamDescription
from tremor.recorder.counts import Zero
from tremor.recording import SampleBlock, SensorInfo
from tremor.sessions import Session, captures_of, trend

FS = 52.0
HALF_LIFE_S = 40.0
FLOOR_MS2 = 0.12
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


# --- the number of a report and that of a trend ------------------------------------------------


def leg(folder, envelope_ms2, *, wall_s, extra):
    """Record a leg that trembles at about 8 Hz with this RMS, on one axis."""
    rng = np.random.default_rng(round(wall_s) % 1000)
    n = len(envelope_ms2)
    phase = 2.0 * np.pi * (8.0 * np.arange(n) / FS + np.cumsum(rng.normal(0.0, 0.02, n)))
    samples = rng.normal([0.0, 0.0, 9.81], 0.005, (n, 3))
    samples[:, 0] += np.sqrt(2.0) * envelope_ms2 * np.sin(phase)
    stream = StreamDescription(
        sensor=SensorInfo("Leg", "polar-h10"), sampling_rate_hz=FS, detects_loss=True
    )

    async def main():
        zero = Zero(500.0, wall_s)
        async with Recorder(folder, stream=stream, placement="left-calf", zero=zero) as recorder:
            for key, value in extra.items():
                recorder.add(key, value)
            for first in range(0, n, 26):
                block = samples[first : first + 26]
                at_s = (first + len(block)) / FS
                recorder.take(
                    SampleBlock(first, block, 500.0 + at_s, None, at_s - np.arange(len(block)) / FS)
                )

    asyncio.run(main())


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """A level before the run, and two runs after each of which the tremor fades to it."""
    folder = tmp_path_factory.mktemp("week")
    leg(folder / "before", np.full(round(60 * FS), FLOOR_MS2), wall_s=1.8e9, extra=PURPOSE)
    time_s = np.arange(round(150 * FS)) / FS
    fading = np.hypot(0.4 * 0.5 ** (time_s / HALF_LIFE_S), FLOOR_MS2)
    leg(folder / "held", fading, wall_s=1.8e9 + 7200.0, extra={})
    leg(folder / "alone", fading, wall_s=1.8e9 + 9e4, extra={LEVEL_BEFORE_KEY: None})
    return folder


PURPOSE = {PURPOSE_KEY: BASELINE}


def half_life(analysis):
    found = analysis.recovery.half_life_s
    return (found.value, found.low, found.high, analysis.recovery.floor)


def test_a_trend_has_the_numbers_of_the_reports(week):
    (baseline,) = baselines_in(week)
    level = baseline.level()
    assert level.rms_ms2 == pytest.approx(FLOOR_MS2, rel=0.01)
    report = pipeline.analyze(week / "held", rest=level.rest)
    unheld = pipeline.analyze(week / "held")
    assert half_life(report) != half_life(unheld)  # else nothing below is shown
    assert report.recovery.half_life_s.value == pytest.approx(HALF_LIFE_S, rel=0.1)
    alone = pipeline.analyze(week / "alone")
    assert (report.recovery.floor, alone.recovery.floor) == ("baseline", "fitted")
    rows = {row.name: row.half_life_s for row in trend(week).sessions}
    assert rows == {"held": report.recovery.half_life_s, "alone": alone.recovery.half_life_s}
    assert half_life(Session.read(week / "held").leg()) == half_life(report)


def test_with_other_settings_the_level_is_of_that_band_too(week):
    settings = {"band_high_hz": 12.0}
    (baseline,) = baselines_in(week)
    report = pipeline.analyze(week / "held", settings=settings, rest=baseline.level(settings).rest)
    assert half_life(Session.read(week / "held", settings=settings).leg()) == half_life(report)


def held_at(folder, level, *, day=9):
    recording(folder, day=day, purpose="")
    document = read_manifest(folder)
    write_manifest(folder, {**document, "extra": {LEVEL_BEFORE_KEY: level}})


def test_what_the_report_was_held_against_is_kept_beside_the_samples(root):
    held_at(root / "one", LevelBefore(name="gone", rms_ms2=0.07).to_dict())
    assert level_before(root / "one", root) == LevelBefore(name="gone", rms_ms2=0.07)
    # Of another band it has to be measured again, which a recording that is gone cannot be.
    assert level_before(root / "one", root, settings={"band_high_hz": 12.0}) is None


@pytest.mark.parametrize(
    "level", [None, 0.07, {}, {"rms_ms2": "0.07"}, {"rms_ms2": -1.0}, {"rms_ms2": 1e400}]
)
def test_what_is_no_level_holds_against_nothing(root, level):
    if isinstance(level, dict) and level.get("rms_ms2") == 1e400:
        assert LevelBefore.from_dict(level) is None  # JSON holds no such number
        return
    held_at(root / "one", level)
    assert level_before(root / "one", root) is None


def test_a_recording_from_before_the_run_is_held_against_nothing(root):
    assert level_before(root / "newest", root) is None
    assert level_before(root / "never", root) is None
