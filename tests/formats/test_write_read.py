"""What is written is read back: laws of every form of a recording."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import tremor
from tremor.decisions import ReadingDecision
from tremor.errors import CaptureReadError, InvalidInputError, WouldOverwriteError
from tremor.formats import parquet
from tremor.formats.bids import write_recording_bids
from tremor.formats.csv.native import write_recording_csv
from tremor.notes import Note
from tremor.recording import Marker, Placement, Recording, SensorInfo

PASSED_OVER = Note(
    "PASSED_OVER", {"columns": (Note("COLUMN_PASSED_OVER", {"column": "t", "why": "back"}),)}
)
MARKERS = (Marker(0.25, "pain", "7"), Marker(0.5, "marker", "sat\tdown; [ü]\n"))
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def recordings(draw):
    """Noise of a sensor with gaps, at any rate; first and last sample are there."""
    n = draw(st.integers(300, 1500))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # So weak that the samples show whether gravity is in them: a contradiction would be said.
    samples = rng.normal(0.0, draw(st.sampled_from([0.01, 0.3, 1.5])), (n, 3))
    gravity = draw(st.sampled_from(["included", "removed"]))
    if draw(st.booleans()):  # clipped at a rail of two standard deviations
        rail = 2.0 * samples.std()
        samples = samples.clip(-rail, rail)
    samples[:, 2] += 9.80665 if gravity == "included" else 0.0
    for _ in range(draw(st.integers(0, 3))):
        first = draw(st.integers(20, n - 60))
        samples[first : first + draw(st.integers(1, 30))] = np.nan
    rate_hz = draw(st.floats(20.0, 500.0))
    placed = st.sampled_from(["left-calf", "thigh", "right-foot"]).map(Placement.from_text)
    named = st.sampled_from(["Polar H10 1", "Ü-2"])
    ranges = st.none() | st.sampled_from([39.2266, 78.4532])
    zone = timezone(timedelta(minutes=draw(st.integers(-720, 720))))
    moments = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1))
    started_at = draw(st.none() | moments)
    made = Recording.from_arrays(
        samples,
        sampling_rate_hz=rate_hz,
        started_at=None if started_at is None else started_at.replace(tzinfo=zone),
        placement=draw(st.none() | placed),
        sensor=draw(st.none() | st.builds(SensorInfo, named, st.just("polar-h10"), ranges)),
        gravity=gravity,
    )
    return replace(made, nominal_sampling_rate_hz=draw(st.none() | st.just(round(rate_hz, 1))))


def same_facts(one, other):
    names = ("nominal_sampling_rate_hz", "sensor", "placement", "gravity", "dead_axes")
    return all(getattr(one, name) == getattr(other, name) for name in names)


@quiet
@given(recordings())
def test_csv_is_read_as_it_was_written(tmp_path, recording):
    path = tmp_path / "some.csv"
    recording = replace(recording, markers=MARKERS)
    write_recording_csv(path, recording, overwrite=True)
    again = tremor.read(path)
    assert_allclose(again.acceleration_ms2, recording.acceleration_ms2, rtol=0.0, atol=5.01e-7)
    assert same_facts(again, recording)
    # Stamps are rounded to a microsecond: the slope of n of them is as sure as that allows.
    n = len(recording.acceleration_ms2)
    unsure = 1e-6 * recording.sampling_rate_hz / n
    assert_allclose(again.sampling_rate_hz, recording.sampling_rate_hz, rtol=unsure)
    assert [gap.n_lost for gap in again.gaps] == [gap.n_lost for gap in recording.gaps]
    assert again.started_at == recording.started_at
    assert (again.clipped == recording.clipped).all()
    assert again.markers == recording.markers


@quiet
@given(recordings())
def test_bids_is_read_as_it_was_written(tmp_path, recording):
    path = tmp_path / "data"
    shutil.rmtree(path, ignore_errors=True)
    recording = replace(recording, sampling_rate_sd_hz=1 / 3, unit_in="mg", markers=MARKERS)
    write_recording_bids(path, recording)
    again = tremor.read(path)
    assert_allclose(again.acceleration_ms2, recording.acceleration_ms2, rtol=0.0, atol=5.01e-7)
    assert (again.clipped == recording.clipped).all()
    history = (*recording.history, again.history[-1])
    assert again.info == replace(recording.info, history=history, source=again.source)


@quiet
@given(recordings())
def test_parquet_is_read_as_it_was_written(tmp_path, recording):
    pytest.importorskip("pyarrow")
    path = tmp_path / "some.parquet"
    recording = replace(
        recording,
        sampling_rate_sd_hz=1 / 3,
        unit_in="mg",
        scale_correction=0.1 + 0.2,
        decisions=(
            ReadingDecision("unit", "mg", "said"),
            ReadingDecision("time_column", "µs", "told", PASSED_OVER),
        ),
        warnings=(Note("RECORDING_CUT", {"why": Note("MANIFEST_CUT", {"file": "3 °"})}),),
    )
    parquet.write_recording_parquet(path, recording, overwrite=True)
    again = tremor.read(path)
    assert np.array_equal(again.acceleration_ms2, recording.acceleration_ms2, equal_nan=True)
    assert (again.clipped == recording.clipped).all()
    history = (*recording.history, "read some.parquet as tremor-parquet")
    assert again.info == replace(recording.info, history=history, source=again.source)
    assert again.source.format == "tremor-parquet"


@pytest.fixture
def recording():
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    return Recording.from_arrays(
        samples, sampling_rate_hz=101.0, started_at=datetime(2026, 5, 1, tzinfo=UTC)
    )


def test_parquet_takes_no_columns_and_other_words_count(tmp_path, recording):
    pytest.importorskip("pyarrow")
    path = tmp_path / "some.parquet"
    parquet.write_recording_parquet(path, recording)
    with pytest.raises(InvalidInputError, match="says its columns itself"):
        tremor.read(path, columns="x,y,z")
    again = tremor.read(path, placement="right-calf", gravity="removed")
    assert (str(again.placement), again.gravity) == ("right-calf", "removed")
    with pytest.raises(WouldOverwriteError, match="exists"):
        parquet.write_recording_parquet(path, recording)
    with pytest.raises(InvalidInputError, match="does not exist"):
        parquet.write_recording_parquet(tmp_path / "no" / "some.parquet", recording)


def test_parquet_that_is_damaged_or_of_others_is_refused(tmp_path, recording):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path = tmp_path / "some.parquet"
    parquet.write_recording_parquet(path, recording)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(CaptureReadError, match="damaged Parquet file"):
        tremor.read(path)
    pyarrow.parquet.write_table(arrow.table({"x": [1.0]}), path)
    with pytest.raises(CaptureReadError, match="not written by tremor convert"):
        tremor.read(path)


def test_without_pyarrow_the_way_to_install_it_is_said(tmp_path, recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'tremor-analyzer\[parquet\]'"):
        parquet.write_recording_parquet(tmp_path / "some.parquet", recording)
