"""One road: a path, a recording, an array and a table of the same samples give the same result."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tremor
from tremor.errors import ContextError, InsufficientDataError, InvalidInputError
from tremor.formats.activity_file import Activity
from tremor.pipeline import ReadOptions, RestInfo, analyze, baseline_rms_ms2
from tremor.settings import AnalysisSettings

FS = 100.0
ROOT = Path(tremor.__file__).parents[1]


def leg(n=3000, *, trembles=True, seed=0):
    samples = 0.01 * np.random.default_rng(seed).standard_normal((n, 3))
    samples[:, 2] += 9.80665
    if trembles:
        samples[:, 0] += 0.4 * np.sin(2.0 * np.pi * 8.3 * np.arange(n) / FS)
    return samples


def frame_of(samples):
    time_s = np.arange(len(samples)) / FS
    return pd.DataFrame({"time_s": time_s, **dict(zip("xyz", samples.T, strict=True))})


@pytest.fixture(scope="module")
def samples():
    return leg()


@pytest.fixture(scope="module")
def measured(samples):
    return analyze(samples, sampling_rate_hz=FS)


def numbers_of(analysis):
    document = analysis.to_dict()
    return {key: document[key] for key in ("status", "windows", "episodes", "summary")}


def test_array_list_and_recording_are_the_same(samples, measured):
    recording = tremor.Recording.from_arrays(samples, sampling_rate_hz=FS)
    assert numbers_of(analyze(recording)) == numbers_of(measured)
    assert numbers_of(analyze(samples.tolist(), sampling_rate_hz=FS)) == numbers_of(measured)


def test_path_and_table_are_the_same(samples, measured, tmp_path):
    frame = frame_of(samples)
    path = tmp_path / "leg.csv"
    frame.to_csv(path, index=False, float_format="%.9f")
    of_path, of_frame = analyze(path), analyze(frame)
    assert numbers_of(analyze(str(path))) == numbers_of(of_path)
    assert of_path.status == of_frame.status == measured.status == "measured"
    for found in (of_path, of_frame):
        # The file has nine decimals; the scale of gravity is corrected in both.
        assert found.summary.frequency_hz.value == pytest.approx(
            measured.summary.frequency_hz.value, rel=1e-6
        )
        assert found.summary.rms_ms2.value == pytest.approx(of_path.summary.rms_ms2.value, rel=1e-6)


def test_settings_are_taken_as_a_mapping(samples):
    found = analyze(samples, sampling_rate_hz=FS, settings={"band_high_hz": 12})
    assert found.settings == AnalysisSettings(band_high_hz=12.0)


def test_context_is_taken_as_a_mapping_of_answers_or_sections(samples):
    by_name = analyze(samples, sampling_rate_hz=FS, context={"rpe": 9})
    by_section = analyze(samples, sampling_rate_hz=FS, context={"run": {"rpe": 9}})
    object_ = analyze(samples, sampling_rate_hz=FS, context=tremor.Context(rpe=9))
    assert by_name.explanations == by_section.explanations == object_.explanations
    assert by_name.explanations[0].id == "muscle_fatigue"


def test_watch_fills_in_the_time_since_the_stop(samples):
    recording = tremor.Recording.from_arrays(
        samples, sampling_rate_hz=FS, started_at=datetime(2026, 5, 3, 18, 30, tzinfo=UTC)
    )
    watch = Activity(
        source="run.fit", sport="running", stopped_at=datetime(2026, 5, 3, 18, 20, tzinfo=UTC)
    )
    asked = tremor.Context(minutes_since_stop=10.0)
    by_watch, by_answer = analyze(recording, activity=watch), analyze(recording, context=asked)
    assert by_watch.options == {"fit": "run.fit"}
    assert replace(by_watch, options=by_answer.options).to_dict() == by_answer.to_dict()


def test_baseline_is_a_level_or_a_capture(samples):
    still = leg(6000, trembles=False, seed=1)
    level_ms2 = baseline_rms_ms2(still, sampling_rate_hz=FS)
    assert 0.0 <= level_ms2 < 0.02
    recording = tremor.Recording.from_arrays(still, sampling_rate_hz=FS)
    of_level = analyze(samples, sampling_rate_hz=FS, rest=RestInfo(baseline=level_ms2))
    of_capture = analyze(samples, sampling_rate_hz=FS, rest=RestInfo(baseline=recording))
    assert of_capture.to_dict() == of_level.to_dict()


def test_baseline_that_is_too_short_is_refused():
    with pytest.raises(InsufficientDataError, match="record a minute seated"):
        baseline_rms_ms2(leg(500, trembles=False), sampling_rate_hz=FS)


def test_progress_is_reported_stage_by_stage(samples, tmp_path):
    path = tmp_path / "leg.csv"
    frame_of(samples).to_csv(path, index=False)
    told = []
    analyze(path, progress=lambda stage, share: told.append((stage, share)))
    stages = [stage for stage, _ in told]
    assert stages == sorted(stages)
    assert [one for one in told if one[1] == 0.0] == [("read", 0.0), ("windows", 0.0)]
    assert all(0.0 <= share <= 1.0 for _, share in told)


@pytest.mark.parametrize(
    ("capture", "options", "says"),
    [
        (42, {}, "int is no capture; give a Recording, a path, an"),
        (None, {}, "NoneType is no capture"),
        (leg(300), {}, "an array has no clock; give sampling_rate_hz="),
        (leg(300)[:, 0], {"sampling_rate_hz": FS}, r"shape \(300,\); give a Recording"),
        (leg(300)[:, :2], {"sampling_rate_hz": FS}, r"shape \(300, 2\)"),
        (leg(300).T, {"sampling_rate_hz": FS}, r"shape \(3, 300\): transpose it"),
        (leg(300) + 0j, {"sampling_rate_hz": FS}, "does not hold numbers"),
        (leg(300) > 0.0, {"sampling_rate_hz": FS}, "does not hold numbers"),
        ([[1.0, 2.0, 3.0], [1.0]], {"sampling_rate_hz": FS}, "does not hold numbers"),
        (["a.csv", Path("b.csv")], {}, "takes one capture"),
        ("", {}, "the path is empty"),
        (leg(300), {"sampling_rate_hz": "100"}, "sampling rate is '100'"),
        (leg(300), {"sampling_rate_hz": True}, "sampling rate is True"),
        (leg(300), {"sampling_rate_hz": FS, "settings": {3: 4}}, "3 is no key"),
        (leg(300), {"sampling_rate_hz": FS, "context": {3: 4}}, "3 is no key"),
        (leg(300), {"sampling_rate_hz": FS, "reading": {"unit": "g"}}, "give ReadOptions"),
        (leg(300), {"sampling_rate_hz": FS, "rest": {"start_s": 3}}, "give a RestInfo"),
        (leg(300), {"sampling_rate_hz": FS, "activity": "run.fit"}, "give an Activity"),
        (leg(300), {"sampling_rate_hz": FS, "progress": 3}, "give a function"),
        ([["a", "b", "c"]], {"sampling_rate_hz": FS}, "does not hold numbers"),
        (leg(300), {"sampling_rate_hz": -1.0}, "give 1 to 20000 Hz"),
        (leg(300), {"sampling_rate_hz": FS, "reading": ReadOptions(unit="g")}, "leave unit= out"),
        (leg(300), {"sampling_rate_hz": FS, "reading": ReadOptions(columns="x")}, "for files"),
        (leg(300), {"sampling_rate_hz": FS, "settings": {"band": 12}}, "there is no setting"),
        (leg(300), {"sampling_rate_hz": FS, "settings": 12}, "settings are a int"),
        (leg(300), {"sampling_rate_hz": FS, "context": "tired"}, "context is a str"),
        (pd.DataFrame({"a": [1.0], "b": [2.0]}), {}, "a DataFrame needs a time column"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_capture_is_refused_in_a_line_that_says_what_is_taken(capture, options, says):
    with pytest.raises(InvalidInputError, match=says) as error:
        analyze(capture, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "facts", [{"start_s": -1.0}, {"start_s": "3"}, {"baseline": -0.1}, {"baseline": float("nan")}]
)
def test_rest_is_described_by_numbers_from_zero_on(facts):
    with pytest.raises(InvalidInputError, match="give a number of 0 or more"):
        RestInfo(**facts)


def test_masked_samples_are_lost(samples):
    masked = np.ma.masked_array(samples, mask=np.zeros(samples.shape, dtype=bool))
    masked[700, 1] = np.ma.masked
    found = analyze(masked, sampling_rate_hz=FS)
    assert [gap.n_lost for gap in found.recording.gaps] == [1]


def test_rate_is_an_argument_or_one_of_the_options(samples, measured):
    reading = ReadOptions(sampling_rate_hz=FS)
    assert numbers_of(analyze(samples, reading=reading)) == numbers_of(measured)
    wrong = ReadOptions(sampling_rate_hz=50.0)
    of_argument = analyze(samples, sampling_rate_hz=FS, reading=wrong)
    assert numbers_of(of_argument) == numbers_of(measured)


def test_baseline_recording_has_its_own_rate_and_unit(samples):
    still = tremor.Recording.from_arrays(leg(6000, trembles=False, seed=1), sampling_rate_hz=FS)
    frame = frame_of(samples / 9.80665)
    found = analyze(frame, reading=ReadOptions(unit="g"), rest=RestInfo(baseline=still))
    assert found.status == "measured"


def test_recording_keeps_its_own_rate():
    recording = tremor.Recording.from_arrays(leg(300), sampling_rate_hz=FS)
    with pytest.raises(InvalidInputError, match="has its sampling rate"):
        analyze(recording, sampling_rate_hz=50.0)


def test_all_problems_of_the_answers_are_reported(samples):
    with pytest.raises(ContextError) as error:
        analyze(samples, sampling_rate_hz=FS, context={"rpe": 11, "sunn": "full"})
    assert len(error.value.problems) == 2


def test_python_m_tremor_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "tremor", "--version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("tremor-analyzer ")
