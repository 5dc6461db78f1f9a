"""Of several columns of time, the one that is the clock of the samples is read, and it is said."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import tremor
from tremor.errors import CaptureReadError
from tremor.formats.csv.headers import match_any_header
from tremor.notes import note
from tremor.opening import read
from tremor.report.messages import sentence

RATE_HZ = 52.0
N = 1040
TIME_S = np.arange(N) / RATE_HZ
START = datetime(2022, 2, 3, 22, 10, 5, tzinfo=UTC)
ACCELERATION_G = np.column_stack(
    (0.02 * np.sin(2 * np.pi * 5.5 * TIME_S), np.full(N, 0.6), np.full(N, 0.8))
)


def text(form, cut=None):
    return [(START + timedelta(seconds=float(t))).strftime(form)[:cut] for t in TIME_S]


def whole(scale, start_s=0.0):
    return [str(round((start_s + t) * scale)) for t in TIME_S]


COLUMNS = {
    "whole seconds": ("local time", text("%Y-%m-%d %H:%M:%S")),
    "milliseconds": ("time", text("%Y-%m-%dT%H:%M:%S.%f", -3)),
    "constant": ("session_timestamp (ms)", [str(1_643_926_205_000)] * N),
    "other sensor": (
        "gpsTimestamp(s)",
        [f"{1643926205 + np.floor(t):.3f}" for t in TIME_S],
    ),
    "interval": ("elapsed_since_last_ms", ["19"] * N),
    "counter": ("timestep", [str(row) for row in range(N)]),
    "ms of second": ("time_ms", [str(int(t * 1000) % 1000) for t in TIME_S]),
    "now and then": (
        "elapsed",
        ["" if row % 3 else f"{t:.9f}" for row, t in enumerate(TIME_S)],
    ),
    "rounded": ("time (ms)", whole(1e3)),
    "boot": ("uptimeNanos", whole(1e9, 1250.0)),
    "gyroscope": ("gyroscopeTimestamp(s)", [f"{t + 3.0:.9f}" for t in TIME_S]),
    "own": ("accelerometerTimestamp(s)", [f"{t + 3.0:.6f}" for t in TIME_S]),
    "micros": ("micros", whole(1e6, 1250.0)),
}


def decision(recording, about):
    """The decision of a recording about something."""
    return next(one for one in recording.decisions if one.about == about)


def capture(folder, *names, rate="", axes="acc_{} (g)"):
    chosen = [COLUMNS[name] for name in names]
    header = [name for name, _ in chosen] + [axes.format(axis) for axis in "xyz"]
    rows = [
        [cells[row] for _, cells in chosen] + [f"{value:.5f}" for value in ACCELERATION_G[row]]
        for row in range(N)
    ]
    path = folder / f"capture{rate}.csv"
    path.write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["constant", "milliseconds"], "milliseconds"),
        (["whole seconds", "boot"], "boot"),
        (["milliseconds", "other sensor", "boot"], "boot"),
        (["other sensor", "whole seconds", "own"], "own"),
        (["gyroscope", "own"], "own"),
        (["interval", "milliseconds"], "milliseconds"),
        (["counter", "milliseconds"], "milliseconds"),
        (["ms of second", "milliseconds"], "milliseconds"),
        (["rounded", "micros"], "micros"),
        (["now and then", "milliseconds"], "milliseconds"),
        (["constant", "interval", "counter", "micros"], "micros"),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_clock_of_the_samples_is_chosen(tmp_path, names, best, is_reversed):
    recording = read(capture(tmp_path, *(reversed(names) if is_reversed else names)))
    assert abs(recording.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4
    assert len(recording.acceleration_ms2) == N
    decided = decision(recording, "time_column")
    assert (decided.value, decided.how) == (COLUMNS[best][0], "told")
    passed = {one.values["column"] for one in decided.why.values["columns"]}
    assert passed == {COLUMNS[name][0] for name in names if name != best}


def test_why_a_column_was_passed_over_is_said(tmp_path):
    recording = read(capture(tmp_path, "constant", "whole seconds", "boot"))
    assert sentence(decision(recording, "time_column").why) == (
        "passed over: session_timestamp (ms) (constant), local time (no stamp of its own for each "
        "row)"
    )


def test_a_guessed_unit_is_warned_of_and_a_named_one_is_not(tmp_path):
    path = tmp_path / "boot.csv"
    for header, is_guessed in (("tick time", True), ("time_us", False)):
        rows = [f"{1_250_000_000 + round(t * 1e6)},0,0.6,0.8" for t in TIME_S]
        path.write_text("\n".join([f"{header},acc_x (g),acc_y (g),acc_z (g)", *rows]))
        recording = read(path)
        guesses = [one for one in recording.warnings if one.code == "TIME_UNIT_GUESSED"]
        assert bool(guesses) == is_guessed
        assert recording.started_at is None
        assert abs(recording.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4
    # What the user says is no guess.
    said = read(path, columns="time_us,x_g,y_g,z_g")
    assert "TIME_UNIT_GUESSED" not in [one.code for one in said.warnings]


@pytest.mark.parametrize(
    ("header", "scale", "fits"),
    [("time_ms", 1.0, "time_s"), ("time_s", 1e3, "time_ms"), ("t [ns]", 1e6, "time_us")],
)
def test_a_named_unit_of_an_impossible_rate_is_refused(tmp_path, header, scale, fits):
    path = tmp_path / "wrong.csv"
    rows = [f"{t * scale:.4f},0,0.6,0.8" for t in TIME_S]
    path.write_text("\n".join([f"{header},acc_x (g),acc_y (g),acc_z (g)", *rows]))
    with pytest.raises(CaptureReadError, match=rf"{fits} would make 52 Hz.*--columns"):
        read(path)
    recording = read(path, columns=f"{fits},x_g,y_g,z_g")
    assert abs(recording.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4


@pytest.mark.parametrize(("name", "why"), [("counter", "row counter"), ("ms of second", "again")])
def test_what_is_no_time_is_refused_with_the_way_out(tmp_path, name, why):
    path = capture(tmp_path, name)
    with pytest.raises(CaptureReadError, match=rf"{why}.*--sampling-rate"):
        read(path)
    recording = read(path, columns="_,x_g,y_g,z_g", sampling_rate_hz=RATE_HZ)
    assert recording.sampling_rate_hz == RATE_HZ


def test_dates_without_separators_are_read(tmp_path):
    path = tmp_path / "dates.csv"
    rows = [f"{stamp[:-3]},0,0.6,0.8" for stamp in text("%Y%m%d%H%M%S%f")]
    path.write_text("\n".join(["time,acc_x (g),acc_y (g),acc_z (g)", *rows]))
    recording = read(path)
    assert abs(recording.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4
    assert recording.gaps == ()


def test_a_file_name_is_the_rate_only_without_stamps(tmp_path):
    stamped = read(capture(tmp_path, "micros", rate="_64Hz"))
    assert abs(stamped.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4
    assert stamped.nominal_sampling_rate_hz is None
    bare = read(capture(tmp_path, rate="_64Hz"))
    assert bare.sampling_rate_hz == 64.0
    decided = decision(bare, "sampling_rate")
    assert (decided.value, decided.how) == ("64 Hz", "named")
    assert decided.why == note("BY_FILE_NAME")


def test_a_data_frame_is_read_like_its_file(tmp_path):
    path = capture(tmp_path, "constant", "whole seconds", "boot")
    recording = tremor.analyze(pd.read_csv(path)).recording
    assert abs(recording.sampling_rate_hz / RATE_HZ - 1.0) < 1e-4


@pytest.mark.parametrize("digits", ["1e-99999999", "1e999999", "9" * 400])
def test_numbers_of_any_size_are_no_clock(tmp_path, digits):
    path = tmp_path / "sizes.csv"
    rows = [f"{digits},{t * 1e3:.3f},0,0.6,0.8" for t in TIME_S]
    path.write_text("\n".join(["time,time_ms,acc_x (g),acc_y (g),acc_z (g)", *rows]))
    assert abs(read(path).sampling_rate_hz / RATE_HZ - 1.0) < 1e-4


def test_dates_of_an_impossible_rate_are_refused(tmp_path):
    path = tmp_path / "slow.csv"
    rows = [f"{START + timedelta(seconds=3 * row)},0,0.6,0.8" for row in range(100)]
    path.write_text("\n".join(["time,acc_x (g),acc_y (g),acc_z (g)", *rows]))
    with pytest.raises(CaptureReadError, match=r"0\.333333 Hz, which no accelerometer has"):
        read(path)


def test_a_row_counter_is_refused_though_it_is_named_as_seconds(tmp_path):
    path = tmp_path / "counter.csv"
    rows = [f"{row},{value[0]:.4f},0.6,0.8" for row, value in enumerate(ACCELERATION_G)]
    path.write_text("\n".join(["time (s),acc_x (g),acc_y (g),acc_z (g)", *rows]))
    with pytest.raises(CaptureReadError, match=r"1 Hz, which no accelerometer has"):
        read(path)


def test_stamps_that_start_again_are_refused_at_a_high_rate(tmp_path):
    path = tmp_path / "fast.csv"
    time_s = np.arange(6000) / 1600.0
    rows = [f"{t % 1 * 1e6:.0f},{0.1 * np.sin(50 * t):.4f},0.6,0.8" for t in time_s]
    path.write_text("\n".join(["time_us,acc_x (g),acc_y (g),acc_z (g)", *rows]))
    with pytest.raises(CaptureReadError, match="start again"):
        read(path)


@pytest.mark.parametrize(
    "name", ["Zeit [ms]", "zeit", "Messzeit (s)", "Uhrzeit", "Temps (s)", "tiempo", "Время"]
)
def test_a_time_column_may_be_named_in_another_language(name):
    matched = match_any_header([name, "X", "Y", "Z"])
    assert not isinstance(matched, str)
    assert matched.time == 0


@pytest.mark.parametrize("name", ["Zeitzone", "Temperatur", "tempo_bpmx"])
def test_what_only_begins_like_a_time_is_none(name):
    matched = match_any_header([name, "X", "Y", "Z"])
    assert not isinstance(matched, str)
    assert matched.time is None
