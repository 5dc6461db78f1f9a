"""A result is written to JSON without NaN, as its schema says, and read back whole."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields, replace

import jsonschema
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from tremor import synthesis as syn
from tremor.analysis.offline import analyze
from tremor.errors import InvalidInputError
from tremor.recording import CaptureInfo, Recording, SensorInfo
from tremor.report import as_html, as_text, messages, view
from tremor.results import codec
from tremor.results.analysis import SCHEMA, Analysis
from tremor.results.estimates import ESTIMATE_NAMES, ESTIMATES
from tremor.results.scores import SCORES
from tremor.results.verdicts import REASONS, VERDICTS
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings


def recording_of(name, duration_s, *, fs=100.0, losses=()):
    scene = syn.SCENES[name](clock=syn.SensorClock(nominal_rate_hz=fs), duration_s=duration_s)
    rendered = syn.render(replace(scene, losses=losses), seed=2)
    samples = rendered.acceleration_ms2.copy()
    samples[~rendered.kept] = np.nan
    return Recording.from_arrays(
        samples, sampling_rate_hz=fs, placement="left-calf",
        sensor=SensorInfo(name="made up", range_ms2=156.9),
    )  # fmt: skip


@pytest.fixture(scope="module")
def analyses():
    loss = syn.Loss(start_s=55.0, duration_s=0.5)
    return {
        "measured": analyze(recording_of("post_run", 80.0, losses=(loss,))),
        "no_tremor": analyze(recording_of("quiet", 20.0)),
        "insufficient": analyze(recording_of("walk", 20.0)),
        "too short": analyze(recording_of("quiet", 2.0)),
        "too slow": analyze(recording_of("quiet", 20.0, fs=8.0)),
    }


KINDS = pytest.mark.parametrize(
    "kind", ["measured", "no_tremor", "insufficient", "too short", "too slow"]
)


def assert_plain(value, path="document"):
    """Only what JSON knows, no NaN, no numpy."""
    if isinstance(value, dict):
        for key, one in value.items():
            assert type(key) is str, path
            assert_plain(one, f"{path}.{key}")
    elif isinstance(value, list):
        for k, one in enumerate(value):
            assert_plain(one, f"{path}[{k}]")
    else:
        assert value is None or type(value) in (str, bool, int, float), f"{path}: {type(value)}"
        assert value == value, f"{path} is NaN"
        assert value not in (float("inf"), float("-inf")), f"{path} is infinite"


@KINDS
def test_the_document_is_plain(analyses, kind):
    assert_plain(analyses[kind].to_dict())


@KINDS
def test_the_document_is_as_its_schema_says(analyses, kind):
    schema = Analysis.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(analyses[kind].to_json())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["schema"] == SCHEMA == "tremor.analysis/1"


@KINDS
def test_read_back_it_is_the_same(analyses, kind):
    one = analyses[kind]
    other = Analysis.from_dict(one.to_dict())
    assert other.to_dict() == one.to_dict()
    assert Analysis.from_json(one.to_json()).to_json() == one.to_json()
    assert other.settings == one.settings
    # The JSON holds the name of the sensor alone.
    sensor = one.recording.sensor and SensorInfo(str(one.recording.sensor))
    assert other.recording == replace(one.recording, sensor=sensor)
    assert len(other.windows) == len(one.windows)
    for column in ("reason", "score", "threshold", "method", "polarisation"):
        assert_array_equal(getattr(other.windows, column), getattr(one.windows, column))
    for name in ESTIMATE_NAMES:
        assert_array_equal(other.windows.estimates[name], one.windows.estimates[name])


@KINDS
def test_what_is_missing_has_its_reason_beside_it(analyses, kind):
    document = analyses[kind].to_dict()
    records = [document["summary"], *document["episodes"], *document["windows"]]
    for record in records:
        if any(record[name] is None for name in ESTIMATE_NAMES):
            assert record["reason"]
    for name in ESTIMATE_NAMES:
        one = getattr(analyses[kind].summary, name)
        assert (one.value is None) == (one.reason is not None)


@KINDS
def test_windows_are_written_alike_one_by_one_and_in_columns(analyses, kind):
    table = analyses[kind].windows
    sentences = messages.window_reasons(table)
    assert [codec.write(window, messages) for window in table] == table.to_dicts(sentences)
    assert sentences == [messages.sentence(window.reason) for window in table]
    assert table.verdict.tolist() == [window.verdict for window in table]
    for verdict in VERDICTS:
        assert_array_equal(table.where(verdict), table.verdict == verdict)


@KINDS
def test_the_frame_has_a_row_a_window_and_units_in_its_names(analyses, kind):
    found = analyses[kind]
    frame = found.windows_frame()
    assert len(frame) == len(found.windows)
    expected = ["start_s", "end_s", "verdict", "reason"]
    for name in ESTIMATE_NAMES:
        expected += [name, f"{name}_low", f"{name}_high"]
    assert list(frame.columns)[: len(expected) + 1] == [*expected, "coherence"]
    assert set(frame.columns[len(expected) + 1 :]) == set(found.windows.scores)
    for name in ESTIMATE_NAMES:
        assert_array_equal(
            frame[[name, f"{name}_low", f"{name}_high"]].to_numpy(), found.windows.estimates[name]
        )
    missing = frame["frequency_hz"].isna().to_numpy()
    assert_array_equal(missing, frame["verdict"].to_numpy() != "tremor")


def test_an_analysis_and_its_columns_cannot_be_changed(analyses):
    found = analyses["measured"]
    with pytest.raises(FrozenInstanceError):
        found.status = "no_tremor"
    table = found.windows
    columns = (*table.estimates.values(), *table.scores.values())
    for column in (table.score, table.reason, *columns):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_the_table_is_a_sequence(analyses):
    table = analyses["measured"].windows
    assert table[-1] == table[len(table) - 1]
    assert [w.start_s for w in table[2:5]] == [4.0, 6.0, 8.0]
    with pytest.raises(IndexError, match=r"^window 99999 of"):
        table[99999]


def test_tables_are_put_one_after_the_other(analyses):
    table = analyses["measured"].windows
    twice = WindowTable.concatenate([table, table])
    assert list(twice) == 2 * list(table)
    assert len(WindowTable.concatenate([])) == 0


def test_every_reason_names_a_verdict_and_both_its_numbers():
    assert {reason.verdict for reason in REASONS.values()} == set(VERDICTS)
    for name in REASONS:
        text = messages.text("window", name, score=12.0, threshold=34.0)
        assert "12" in text, name
        assert "34" in text, name


@pytest.mark.parametrize("schema", [None, "tremor.analysis/2", "something/1"])
def test_another_schema_is_refused(analyses, schema):
    document = analyses["no_tremor"].to_dict() | {"schema": schema}
    with pytest.raises(InvalidInputError, match=r"this version reads 'tremor\.analysis/1'"):
        Analysis.from_dict(document)


@pytest.mark.parametrize(
    "key",
    ["status", "software", "source", "settings", "recording", "windows", "episodes", "summary"],
)
def test_half_a_document_is_refused(analyses, key):
    document = analyses["measured"].to_dict()
    del document[key]
    with pytest.raises(InvalidInputError, match=f"not a whole tremor.analysis/1: .*`{key}`"):
        Analysis.from_dict(document)


@pytest.mark.parametrize(("text", "message"), [("{", "is not JSON"), ("[]", "not an analysis")])
def test_other_text_is_refused(text, message):
    with pytest.raises(InvalidInputError, match=message):
        Analysis.from_json(text)


def test_keys_that_are_not_known_are_left_out(analyses):
    document = analyses["measured"].to_dict() | {"later": {"x": 1}}
    assert Analysis.from_dict(document).to_dict() == analyses["measured"].to_dict()


def test_settings_of_an_earlier_version_that_are_no_more_are_left_out(analyses):
    analysis = replace(analyses["measured"], settings=AnalysisSettings(window_s=5.0))
    document = analysis.to_dict()
    document["settings"]["a_setting_of_before"] = 8.0
    assert Analysis.from_dict(document).settings == analysis.settings


def test_the_settings_in_the_document_are_those_that_were_used():
    settings = AnalysisSettings(window_s=6.0)
    found = analyze(recording_of("quiet", 20.0), settings=settings)
    assert found.to_dict()["settings"] == settings.to_dict()


def test_the_result_says_what_its_intervals_are_for(analyses):
    document = next(one for one in analyses.values() if one.episodes).to_dict()
    methods = {one["frequency_hz"]["method"] for one in document["episodes"]}
    assert methods
    assert methods <= set(document["intervals"])


def test_every_fact_of_a_capture_is_in_the_document_in_the_order_of_its_fields(analyses):
    record = analyses["measured"].to_dict()["recording"]
    assert list(record) == [item.name for item in fields(CaptureInfo) if item.name != "source"]
    assert codec.write(codec.read(CaptureInfo, record), messages) == record


def changed(document, path, value):
    """The document with another value somewhere in it."""
    document = json.loads(json.dumps(document))
    *way, last = path
    part = document
    for step in way:
        part = part[step]
    part[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "good"),
        (("summary", "still_s"), "20"),
        (("summary", "frequency_hz"), 8.3),
        (("recording", "n_samples"), 1.5),
        (("recording", "gravity"), "some"),
        (("recording", "started_at"), "noon"),
        (("recording", "sampling_rate_hz"), -1.0),
        (("windows", 0, "decided_by", "value"), None),
        (("windows", 0, "decided_by", "key"), "whim"),
        (("windows", 0, "verdict"), "perhaps"),
        (("settings", "window_s"), "long"),
    ],
)
def test_a_wrong_type_or_value_is_refused_in_one_line_that_says_where(analyses, path, value):
    document = changed(analyses["measured"].to_dict(), path, value)
    with pytest.raises(InvalidInputError) as refused:
        Analysis.from_json(json.dumps(document))
    assert "\n" not in str(refused.value)
    assert "not a whole tremor.analysis/1" in str(refused.value)


def test_depth_without_end_is_refused_in_one_line():
    with pytest.raises(InvalidInputError, match="not JSON"):
        Analysis.from_json('{"schema": "tremor.analysis/1", "x": ' + "[" * 100_000)


def test_a_document_without_codes_is_read_with_its_sentences(analyses):
    document = json.loads(analyses["too short"].to_json())
    reason = document["summary"]["reason"]
    for part in ("summary", "recovery"):
        for name in ("reason_code", "reason_codes", "missing", "reasons", "remark_code"):
            document[part].pop(name, None)
    again = Analysis.from_dict(document).to_dict()
    assert again["summary"]["reason"] == reason
    assert again["recovery"]["reason"] == document["recovery"]["reason"]


def test_warnings_of_a_document_without_values_keep_their_text(analyses):
    document = json.loads(analyses["measured"].to_json())
    document["recording"]["warnings"] = [{"code": "SINGLE_STAMP", "message": "all alike"}]
    again = Analysis.from_dict(document)
    assert [messages.sentence(one) for one in again.recording.warnings] == ["all alike"]
    assert "all alike" in as_text.render(again)


@KINDS
def test_codes_are_read_back_as_notes(analyses, kind):
    one, other = analyses[kind], Analysis.from_json(analyses[kind].to_json())
    assert other.summary == one.summary
    assert other.episodes == one.episodes
    assert other.recovery.reason == one.recovery.reason
    assert list(other.windows) == list(one.windows)


def test_every_score_of_a_window_stands_in_the_table(analyses):
    named = {name for one in analyses.values() for name in one.windows.scores}
    assert named == set(SCORES)
    assert all(score.unit and score.meaning for score in SCORES.values())


def test_every_estimate_has_its_name_unit_and_place_in_the_schema():
    parts = Analysis.schema()["$defs"]
    assert sorted(entry.rank for entry in ESTIMATES) == list(range(1, len(ESTIMATES) + 1))
    for entry in ESTIMATES:
        assert view.estimate_name(entry)
        for part in ("WindowAnalysis", "Episode", "Summary"):
            assert parts[part]["properties"][entry.name]["description"].endswith(f"{entry.unit}.")


def test_the_tables_for_other_programs_have_a_row_a_thing(analyses):
    found = analyses["measured"]
    episodes, row = found.episodes_frame(), found.summary_row()
    assert len(episodes) == len(found.episodes)
    assert len(row) == 1
    summary = found.summary
    for name in ESTIMATE_NAMES:
        assert row[name][0] == getattr(summary, name).value
        assert episodes[f"{name}_low"][0] == getattr(found.episodes[0], name).low
    assert row["recovery"][0] == found.recovery.verdict
    for name in ("initial_rms_ms2", "final_rms_ms2"):
        estimate = getattr(summary, name)
        shown = [row[f"{name}{end}"][0] for end in ("", "_low", "_high")]
        assert shown == [estimate.value, estimate.low, estimate.high]
        assert estimate.value is not None
    none = analyses["too short"]
    assert len(none.episodes_frame()) == 0
    assert none.summary_row()["status"][0] == "insufficient"
    assert pd.isna(none.summary_row()["rms_ms2"][0])


@KINDS
def test_a_result_is_shown_in_few_lines(analyses, kind):
    text = repr(analyses[kind])
    assert len(text.splitlines()) <= 12
    assert all(len(line) <= 80 for line in text.splitlines())


@KINDS
def test_a_notebook_shows_the_finding_and_the_figures(analyses, kind):
    found = analyses[kind]
    assert "<script" not in found._repr_html_()
    assert (found.summary.rms_ms2.value is not None) == (
        "RMS acceleration</th>" in found._repr_html_()
    )
    figure = found.plot()
    assert len(figure.subfigs) == 1 + (found.spectrum is not None)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_the_page_of_an_analysis_is_its_report(analyses):
    assert analyses["measured"].to_html() == as_html.render(analyses["measured"])
