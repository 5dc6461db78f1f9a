from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.formats.data_frame import recording_from_frame
from tremor.formats.readers import ReadOptions
from tremor.opening import read
from tremor.units import STANDARD_GRAVITY_MS2

FS = 104.0
N = 1040


def samples_of(n=N):
    samples = 0.02 * np.random.default_rng(0).standard_normal((n, 3))
    samples[:, 2] += STANDARD_GRAVITY_MS2
    return samples


SAMPLES = samples_of()
ELAPSED_NS = np.round(np.arange(N) * 1e9 / FS).astype(np.int64)
START_NS = 1_777_800_000_000_000_000  # 2026-05-03T09:20:00Z


def frame(axes=("x", "y", "z"), *, scale=1.0, **columns):
    return pd.DataFrame({**columns, **dict(zip(axes, scale * SAMPLES.T, strict=True))})


@pytest.mark.parametrize(
    "columns",
    [
        {"time_s": ELAPSED_NS / 1e9},
        {"time": ELAPSED_NS / 1e9},
        {"t": ELAPSED_NS / 1e9},
        {"time_ms": ELAPSED_NS / 1e6},
        {"time_us": ELAPSED_NS // 1000},
        {"time_ns": ELAPSED_NS},
        {"time_ns": ELAPSED_NS + START_NS},
        {"time": pd.to_timedelta(ELAPSED_NS)},
        {"time": pd.to_datetime(ELAPSED_NS + START_NS)},
        {"time": pd.to_datetime(ELAPSED_NS + START_NS, utc=True)},
        {"timestamp": pd.to_datetime(ELAPSED_NS + START_NS, utc=True).astype(str)},
        {"time_ns": ELAPSED_NS.astype(str)},
        {"time_s": pd.Categorical(ELAPSED_NS / 1e9)},
    ],
    ids=lambda columns: f"{next(iter(columns))} {np.asarray(next(iter(columns.values()))).dtype}",
)
def test_stamps_of_every_kind_give_the_same_clock(columns):
    recording = recording_from_frame(frame(**columns))
    assert recording.sampling_rate_hz == pytest.approx(FS, rel=1e-6)
    assert len(recording.acceleration_ms2) == N
    assert recording.sampling_rate_sd_hz is not None


@pytest.mark.parametrize("index", [
    pd.to_datetime(ELAPSED_NS + START_NS, utc=True),
    pd.to_timedelta(ELAPSED_NS),
    pd.Index(ELAPSED_NS / 1e9, name="time_s"),
])  # fmt: skip
def test_index_may_hold_the_stamps(index):
    recording = recording_from_frame(frame().set_index(index))
    assert recording.sampling_rate_hz == pytest.approx(FS, rel=1e-6)


def test_start_is_known_with_its_zone_only():
    aware = frame(time=pd.to_datetime(ELAPSED_NS + START_NS, utc=True).tz_convert("Asia/Tokyo"))
    start = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
    assert recording_from_frame(aware).started_at == start
    naive = recording_from_frame(frame(time=pd.to_datetime(ELAPSED_NS + START_NS)))
    assert naive.started_at is None
    assert [one.code for one in naive.warnings] == ["TIME_ZONE_UNKNOWN"]
    assert recording_from_frame(frame(time_ns=ELAPSED_NS + START_NS)).started_at == start
    assert recording_from_frame(frame(time_s=ELAPSED_NS / 1e9)).started_at is None


@pytest.mark.parametrize(
    ("axes", "scale", "options"),
    [
        (("acc_x_ms2", "acc_y_ms2", "acc_z_ms2"), 1.0, {}),
        (("acc_x_g", "acc_y_g", "acc_z_g"), 1.0 / STANDARD_GRAVITY_MS2, {}),
        (("x_mg", "y_mg", "z_mg"), 1000.0 / STANDARD_GRAVITY_MS2, {}),
        (("x", "y", "z"), 1.0 / STANDARD_GRAVITY_MS2, {"unit": "g"}),
        (("x_ms2", "y_ms2", "z_ms2"), 1.0 / STANDARD_GRAVITY_MS2, {"unit": "g"}),
    ],
    ids=str,
)
def test_unit_is_that_of_the_option_or_the_names(axes, scale, options):
    recording = recording_from_frame(
        frame(axes, scale=scale, time_ns=ELAPSED_NS), ReadOptions(**options)
    )
    np.testing.assert_allclose(recording.acceleration_ms2, SAMPLES, rtol=1e-12)
    assert recording.gravity == "included"


def test_other_columns_and_their_order_do_not_matter():
    table = frame(("acc_x", "acc_y", "acc_z"), gyr_x=0.0, label="rest", time_ns=ELAPSED_NS)
    table = table[["acc_z", "label", "acc_y", "time_ns", "gyr_x", "acc_x"]]
    np.testing.assert_array_equal(recording_from_frame(table).acceleration_ms2, SAMPLES)


def test_missing_rows_are_gaps_and_missing_values_lost_samples():
    table = frame(time_ns=ELAPSED_NS).drop(range(300, 352))
    table.loc[600, "y"] = np.nan
    recording = recording_from_frame(table)
    assert [gap.n_lost for gap in recording.gaps] == [52, 1]
    assert np.isnan(recording.acceleration_ms2[600]).all()


def test_rows_without_a_stamp_are_left_out_and_noted():
    table = frame(time_s=ELAPSED_NS / 1e9)
    table.loc[[0, 500], "time_s"] = np.nan
    recording = recording_from_frame(table)
    assert [(one.code, one.values) for one in recording.warnings if one.code == "NO_STAMP"] == [
        ("NO_STAMP", {"n_rows": 2})
    ]
    np.testing.assert_array_equal(recording.acceleration_ms2[0], SAMPLES[1])


def test_declared_rate_stands_in_for_stamps():
    recording = recording_from_frame(frame(), ReadOptions(sampling_rate_hz=FS))
    assert recording.sampling_rate_hz == FS
    assert [one.code for one in recording.warnings] == ["RATE_DECLARED"]


def test_table_and_its_file_are_one_recording(tmp_path):
    table = frame(("acc_x_ms2", "acc_y_ms2", "acc_z_ms2"), time_ns=ELAPSED_NS)
    table.to_csv(tmp_path / "leg.csv", index=False)
    of_file, of_table = read(tmp_path / "leg.csv"), recording_from_frame(table)
    np.testing.assert_allclose(of_table.acceleration_ms2, of_file.acceleration_ms2, rtol=1e-12)
    assert of_table.sampling_rate_hz == pytest.approx(of_file.sampling_rate_hz, rel=1e-12)
    assert of_table.scale_correction == pytest.approx(of_file.scale_correction, rel=1e-12)
    assert (of_table.gravity, of_table.gaps) == (of_file.gravity, of_file.gaps)


@pytest.mark.parametrize(
    ("table", "options", "says"),
    [
        (frame(), {}, "there is no time column"),
        (frame(("a", "b", "c"), time_ns=ELAPSED_NS), {}, "three axes"),
        (frame(time_ns=ELAPSED_NS).drop(columns="y"), {}, "three axes"),
        (frame(scale=0.102, time_ns=ELAPSED_NS), {}, "gravity in g"),
        (frame(scale=102.0, time_ns=ELAPSED_NS), {}, "gravity in mg"),
        (frame(time=ELAPSED_NS), {}, "name it time_s, time_ms"),
        (frame(time_s=0.0), {}, "name it time_s, time_ms"),
        (frame(time="soon"), {}, "neither numbers nor datetimes"),
        (frame(time_ns=ELAPSED_NS).assign(x="a"), {}, "does not hold numbers"),
        (frame(time_ns=ELAPSED_NS), {"unit": "stone"}, "unit 'stone' is not known"),
        (frame(time_ns=ELAPSED_NS[::-1]), {}, "falls by .* sort the rows"),
        (frame(time_ns=ELAPSED_NS).assign(x=True), {}, "holds bool"),
        (frame(time_ns=ELAPSED_NS).assign(x=1j), {}, "holds complex128"),
        (frame(time_ns=ELAPSED_NS).assign(x=np.inf), {}, "row 0 is infinite"),
        (frame(time_ns=np.roll(ELAPSED_NS, 500)), {}, "jump back|falls"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_in_a_line(table, options, says):
    with pytest.raises(InvalidInputError, match=says) as error:
        recording_from_frame(table, ReadOptions(**options))
    assert "\n" not in str(error.value)


def test_one_row_is_not_enough():
    with pytest.raises(InsufficientDataError):
        recording_from_frame(frame(time_s=ELAPSED_NS / 1e9).head(1))
