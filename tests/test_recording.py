"""A recording keeps what came in, marks what is missing, and cannot be changed afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.integrity import Rails
from tremor.recording import (
    CaptureInfo,
    Gap,
    Placement,
    Recording,
    SensorInfo,
    gaps_of,
)
from tremor.storage import ArraySamples, RowStore, StoredSamples


def still(n=500, seed=1):
    """A sensor at rest, gravity on z."""
    return np.array([0.0, 0.0, 9.81]) + np.random.default_rng(seed).normal(0, 0.01, (n, 3))


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ([], []),
        ([0, 0, 0], []),
        ([1, 1, 0], [(0.0, 0.5, 2)]),
        ([0, 1, 1], [(0.25, 0.5, 2)]),
        ([1, 1, 1, 1], [(0.0, 1.0, 4)]),
        ([0, 1, 0, 1, 1, 0], [(0.25, 0.25, 1), (0.75, 0.5, 2)]),
    ],
)
def test_gaps_are_the_runs_of_lost_samples(lost, expected):
    found = gaps_of(np.array(lost, dtype=bool), sampling_rate_hz=4.0)
    assert found == tuple(Gap(*one) for one in expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=60))
def test_gaps_hold_every_lost_sample_once(lost):
    rebuilt = np.zeros(len(lost), dtype=bool)
    gaps = gaps_of(np.array(lost, dtype=bool), sampling_rate_hz=8.0)  # eighths are exact
    for gap in gaps:
        first = int(gap.start_s * 8.0)
        assert gap.duration_s * 8.0 == gap.n_lost
        assert not rebuilt[max(0, first - 1) : first + gap.n_lost].any(), "gaps touch"
        rebuilt[first : first + gap.n_lost] = True
    assert_array_equal(rebuilt, np.array(lost, dtype=bool))


# --- from_arrays ---------------------------------------------------------------------------------


def test_the_input_is_neither_changed_nor_kept():
    samples = still()
    samples[10, 1] = np.nan
    before = samples.copy()
    recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
    assert_array_equal(samples, before)
    samples[:] = 0.0
    assert_array_equal(recording.acceleration_ms2[0], before[0])


def test_nothing_of_a_recording_can_be_written_into():
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0)
    for item in fields(Recording):
        with pytest.raises(FrozenInstanceError):
            setattr(recording, item.name, None)
    for array in (recording.acceleration_ms2, recording.clipped):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_replace_changes_one_thing_and_shares_the_samples():
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0)
    other = replace(recording, sampling_rate_hz=104.0)
    assert (recording.sampling_rate_hz, other.sampling_rate_hz) == (100.0, 104.0)
    assert other.acceleration_ms2 is recording.acceleration_ms2


@pytest.mark.parametrize("kind", [np.float32, np.int16, list])
def test_other_kinds_of_numbers_become_float64(kind):
    rows = [[1, 2, 9], [2, 1, 9], [1, 3, 10], [0, 2, 9]]
    recording = Recording.from_arrays(
        rows if kind is list else np.array(rows, dtype=kind), sampling_rate_hz=50.0
    )
    assert recording.acceleration_ms2.dtype == np.float64
    assert_array_equal(recording.acceleration_ms2, np.array(rows, dtype=float))


def test_duration_counts_gaps_and_n_samples_does_not():
    samples = still(500)
    samples[100:150] = np.nan
    samples[490:] = np.nan
    recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
    assert recording.duration_s == 5.0
    assert recording.n_samples == 440
    assert recording.gaps == (Gap(1.0, 0.5, 50), Gap(4.9, 0.1, 10))


def test_a_row_that_misses_one_axis_is_lost_as_a_whole():
    samples = still(100)
    samples[7, 2] = np.nan
    recording = Recording.from_arrays(samples, sampling_rate_hz=100.0)
    assert np.isnan(recording.acceleration_ms2[7]).all()
    assert [gap.n_lost for gap in recording.gaps] == [1]


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_column_is_a_single_axis_instrument(shape):
    column = np.random.default_rng(2).normal(0, 1.0, 300)
    column[50:60] = np.nan
    recording = Recording.from_arrays(column.reshape(shape), sampling_rate_hz=60.0)
    assert recording.acceleration_ms2.shape == (300, 3)
    there = ~np.isnan(column)
    assert_array_equal(recording.acceleration_ms2[there, 0], column[there])
    assert (recording.acceleration_ms2[there, 1:] == 0.0).all()
    assert np.isnan(recording.acceleration_ms2[~there]).all()
    assert recording.dead_axes == ()
    assert [warning.code for warning in recording.warnings] == ["SINGLE_AXIS"]


def test_two_columns_of_zeros_say_the_same_as_one_column():
    column = np.random.default_rng(2).normal(0, 1.0, 300)
    three = np.zeros((300, 3))
    three[:, 0] = column
    one, other = (Recording.from_arrays(x, sampling_rate_hz=60.0) for x in (column, three))
    assert_array_equal(one.acceleration_ms2, other.acceleration_ms2)
    assert one.warnings == other.warnings
    assert one.dead_axes == other.dead_axes == ()


def test_three_moving_axes_bring_no_warning():
    assert Recording.from_arrays(still(), sampling_rate_hz=100.0).warnings == ()


def test_an_axis_that_holds_one_value_is_dead():
    samples = still()
    samples[:, 1] = 0.25
    assert Recording.from_arrays(samples, sampling_rate_hz=100.0).dead_axes == ("y",)


@pytest.mark.parametrize(
    ("length_ms2", "gravity"), [(9.81, "included"), (0.5, "removed"), (19.6, "removed")]
)
def test_gravity_is_recognised_by_the_median_length(length_ms2, gravity):
    samples = still() * length_ms2 / 9.81
    assert Recording.from_arrays(samples, sampling_rate_hz=100.0).gravity == gravity


def test_gravity_that_is_declared_is_believed():
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0, gravity="removed")
    assert recording.gravity == "removed"


def test_a_declared_range_decides_what_is_clipped():
    samples = still()
    samples[40:43, 0] = [19.0, 19.6, 19.7]
    sensor = SensorInfo(name="x", range_ms2=19.6)
    recording = Recording.from_arrays(samples, sampling_rate_hz=100.0, sensor=sensor)
    assert_array_equal(np.flatnonzero(recording.clipped), [41, 42])


@pytest.mark.parametrize(
    ("text", "placement"),
    [
        ("left-calf", Placement("calf", "left")),
        (" Right-Thigh ", Placement("thigh", "right")),
        ("shin", Placement("shin")),
        ("lower-back", Placement("lower-back")),
        ("left-", Placement("left-")),
    ],
)
def test_placement_is_read_and_written(text, placement):
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0, placement=text)
    assert recording.placement == placement
    assert str(placement) == text.strip().lower()


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(30, 2), (30, 4), (10, 3, 1), (3, 30)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InvalidInputError, match=r"has shape .*; give \(n, 3\)"):
        Recording.from_arrays(np.ones(shape), sampling_rate_hz=100.0)


@pytest.mark.parametrize("rate_hz", [0.0, -100.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate_hz):
    with pytest.raises(InvalidInputError, match="give a positive number of hertz"):
        Recording.from_arrays(still(), sampling_rate_hz=rate_hz)


def test_the_rate_has_no_default():
    with pytest.raises(TypeError, match="sampling_rate_hz"):
        Recording.from_arrays(still())


def test_an_infinite_sample_is_named():
    samples = still()
    samples[17, 0] = np.inf
    with pytest.raises(InvalidInputError, match="sample 17 is infinite"):
        Recording.from_arrays(samples, sampling_rate_hz=100.0)


@pytest.mark.parametrize("n_there", [0, 1])
def test_fewer_than_two_samples_are_too_few(n_there):
    samples = np.full((20, 3), np.nan)
    samples[:n_there] = 1.0
    with pytest.raises(InsufficientDataError, match=f"^{n_there} usable samples?; at least 2"):
        Recording.from_arrays(samples, sampling_rate_hz=100.0)


def test_nothing_at_all_is_too_few():
    with pytest.raises(InsufficientDataError, match="0 usable samples"):
        Recording.from_arrays([], sampling_rate_hz=100.0)


def test_an_unknown_word_for_gravity_is_refused():
    with pytest.raises(InvalidInputError, match="give one of included, removed"):
        Recording.from_arrays(still(), sampling_rate_hz=100.0, gravity="yes")


def test_a_start_without_a_time_zone_is_refused():
    with pytest.raises(InvalidInputError, match="no time zone"):
        Recording.from_arrays(
            still(), sampling_rate_hz=100.0, started_at=datetime(2026, 5, 1, 7, 30)
        )
    started_at = datetime(2026, 5, 1, 7, 30, tzinfo=UTC)
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0, started_at=started_at)
    assert recording.started_at == started_at


def test_a_mask_of_another_length_is_refused():
    with pytest.raises(InvalidInputError, match=r"clipped has shape \(3,\); give \(500,\)"):
        ArraySamples(still(), np.zeros(3, dtype=bool))


def test_a_fact_is_reached_by_its_name_and_changed_by_replace():
    recording = Recording.from_arrays(still(), sampling_rate_hz=100.0)
    for item in fields(CaptureInfo):
        assert getattr(recording, item.name) == getattr(recording.info, item.name)
    other = replace(recording, placement=Placement("calf", "left"))
    assert other.samples is recording.samples
    assert other.info == replace(recording.info, placement=Placement("calf", "left"))
    assert other != recording
    assert replace(recording) != recording


def test_duration_follows_the_rate():
    recording = Recording.from_arrays(still(500), sampling_rate_hz=100.0)
    assert replace(recording, sampling_rate_hz=50.0).duration_s == 10.0


def test_samples_on_disk_are_those_in_memory():
    rows = np.random.default_rng(0).normal(0.0, 1.0, (700, 3))
    rows[:, 0] = np.clip(rows[:, 0], -1.0, 1.0)
    store = RowStore(3, in_memory_rows=100)
    store.append(rows)
    rails = Rails(np.full(3, -np.inf), np.array([9.81, np.inf, np.inf]))
    with Recording(samples=StoredSamples(store, 9.81, rails), sampling_rate_hz=50.0) as on_disk:
        assert on_disk.duration_s == 14.0
        kept = on_disk.in_memory()
        assert kept.info == on_disk.info
        for one in (on_disk, kept):
            assert_array_equal(one.acceleration_ms2, 9.81 * rows)
            assert_array_equal(one.clipped, rows[:, 0] == 1.0)
            assert not one.acceleration_ms2.flags.writeable
            assert_array_equal(one.samples.read(690, 900), 9.81 * rows[690:])
            assert one.samples.clipped(690, 900).shape == (10,)
    assert_array_equal(kept.acceleration_ms2, 9.81 * rows)
