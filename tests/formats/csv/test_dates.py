"""Forms of dates, told by the whole column, and zones that are named."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from tremor.formats.csv.dates import (
    RunningDates,
    date_forms,
    has_zone,
    named_order,
    named_zone,
    read_moment,
    zone_in_name,
)
from tremor.formats.csv.even_dates import parse_even_dates
from tremor.opening import read

FORMS = {
    "yyyy-MM-dd T": "%Y-%m-%dT%H:%M:%S.{ms}",
    "yyyy-MM-dd": "%Y-%m-%d %H:%M:%S.{ms}",
    "comma": "%Y-%m-%d %H:%M:%S,{ms}",
    "colon": "%Y-%m-%d %H:%M:%S:{ms}",
    "slashes": "%Y/%m/%d %H:%M:%S.{ms}",
    "dd.MM.yyyy": "%d.%m.%Y %H:%M:%S.{ms}",
    "dd.MM.yy": "%d.%m.%y %H:%M:%S.{ms}",
    "dd/MM/yyyy": "%d/%m/%Y %H:%M:%S.{ms}",
    "MM/dd/yyyy": "%m/%d/%Y %H:%M:%S.{ms}",
    "MM/dd/yy": "%m/%d/%y %H:%M:%S.{ms}",
    "dd-MM-yyyy": "%d-%m-%Y %H:%M:%S.{ms}",
    "yy-MM-dd": "%y-%m-%d %H:%M:%S.{ms}",
    "American noon": "%m/%d/%Y %I:%M:%S.{ms} %p",
    "MATLAB": "%d-%b-%Y %H:%M:%S.{ms}",
    "month first by name": "%b %d %Y %H:%M:%S.{ms}",
    "compact T": "%Y%m%dT%H%M%S.{ms}",
    "compact": "%Y%m%d_%H%M%S{ms}",
    "Z": "%Y-%m-%dT%H:%M:%S.{ms}Z",
    "offset": "%Y-%m-%d %H:%M:%S.{ms} +0000",
    "name of the zone": "%Y-%m-%d %H:%M:%S.{ms} UTC",
}
#: Just before midnight, before noon, and before the end of a month.
STARTS = [
    datetime(2024, 6, 5, 23, 59, 58, tzinfo=UTC),
    datetime(2023, 11, 14, 11, 59, 58, tzinfo=UTC),
    datetime(2021, 1, 31, 23, 59, 58, tzinfo=UTC),
    datetime(2024, 12, 12, 0, 59, 58, tzinfo=UTC),
]


def written(form, start, n=400):
    moments = [start + timedelta(milliseconds=10 * row) for row in range(n)]
    return pd.Series(
        [one.strftime(form).format(ms=f"{one.microsecond // 1000:03d}") for one in moments]
    )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"{start:%m-%d}")
@pytest.mark.parametrize("n_chunks", [1, 3])
def test_time_goes_on_in_every_form(form, start, n_chunks):
    cells = written(form, start)
    dates = RunningDates.of(date_forms(cells[0]), cells[0])
    parts = [
        dates.seconds(cells.iloc[one]) for one in np.array_split(np.arange(len(cells)), n_chunks)
    ]
    assert_allclose(np.concatenate(parts), np.arange(400) / 100.0, atol=1e-9)
    # The next day, or a day over 12 where the year has four digits, tells the form.
    if start.hour == 23 or (start.day > 12 and "%y" not in form):
        assert dates.epoch_s() == start.timestamp()
        assert dates.notes() == []


def test_a_day_over_12_late_in_the_column_tells_the_form():
    cells = pd.Series(["05/06/2018 10:00:00", "05/06/2018 10:00:01", "13/06/2018 10:00:00"])
    dates = RunningDates.of(date_forms(cells[0]), cells[0])
    assert dates.forms[0].shown == "M/d/yyyy"
    assert_allclose(dates.seconds(cells), [0.0, 1.0, 8 * 86_400.0])
    assert dates.forms[0].shown == "d/M/yyyy"
    assert dates.epoch_s() == datetime(2018, 6, 5, 10, tzinfo=UTC).timestamp()


def test_a_form_that_only_the_start_depends_on_is_guessed_aloud():
    cells = written(FORMS["dd/MM/yyyy"], datetime(2024, 6, 5, 10, tzinfo=UTC))
    dates = RunningDates.of(date_forms(cells[0]), cells[0])
    dates.seconds(cells)
    assert dates.notes()[0].values == {"form": "M/d/yyyy", "other": "d/M/yyyy"}
    named = RunningDates.of(date_forms(cells[0], "dm"), cells[0])
    named.seconds(cells)
    assert named.notes() == []
    assert named.epoch_s() == datetime(2024, 6, 5, 10, tzinfo=UTC).timestamp()


def test_the_dates_have_the_last_word_over_the_form_that_is_named():
    cells = written(FORMS["dd/MM/yyyy"], datetime(2024, 6, 5, 23, 59, 58, tzinfo=UTC))
    dates = RunningDates.of(date_forms(cells[0], "md"), cells[0])
    assert_allclose(dates.seconds(cells), np.arange(400) / 100.0, atol=1e-9)
    assert dates.forms[0].shown == "d/M/yyyy"


def test_whole_seconds_may_be_written_without_a_fraction():
    cells = pd.Series(["5.6.2018 1:00:00", "5.6.2018 1:00:00.5", "5.6.2018 1:00:01"])
    dates = RunningDates.of(date_forms(cells[0]), cells[0])
    assert_allclose(dates.seconds(cells), [0.0, 0.5, 1.0])


@pytest.mark.parametrize("text", ["12", "2018", "12:30", "32/13/2018 10:00:00", "noon", ""])
def test_what_is_no_date_has_no_form(text):
    assert date_forms(text) == ()


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("date format M/d/yyyy at 40 Hz", "md"),
        ("Date format: dd.MM.yyyy", "dm"),
        ("DD-MM-YYYY", "dm"),
        ("yyyy-MM-dd", "ymd"),
        ("daily/monthly", ""),
    ],
)
def test_the_order_that_a_preamble_names(text, order):
    assert named_order([text]) == order


@pytest.mark.parametrize(
    ("name", "offset_s"),
    [
        ("time (01:00)", 3600.0),
        ("timestamp (-0700)", -25_200.0),
        ("Time (UTC)", 0.0),
        ("time_utc", 0.0),
        ("Time [UTC+2:00]", 7200.0),
    ],
)
def test_the_zone_that_a_column_names(name, offset_s):
    assert zone_in_name(name).offset_s == offset_s


def test_names_without_a_zone_and_zones_of_the_database():
    assert zone_in_name("time (s)") is None
    assert zone_in_name("Timestamp (ms)") is None
    assert named_zone("Nowhere/Land") is None
    berlin = named_zone("Europe/Berlin")
    summer = datetime(2024, 6, 5, 12, tzinfo=UTC).timestamp()
    winter = datetime(2024, 1, 5, 12, tzinfo=UTC).timestamp()
    assert (summer - berlin.to_utc(summer), winter - berlin.to_utc(winter)) == (7200.0, 3600.0)


@pytest.mark.parametrize("form", ["Z", "offset", "name of the zone"])
def test_a_zone_at_the_end_of_a_date_is_seen(form):
    cell = written(FORMS[form], STARTS[0])[0]
    assert has_zone(cell)
    assert read_moment(cell, date_forms(cell)[0]) == STARTS[0]


def capture_of(cells, tmp_path, name="time", header=""):
    rng = np.random.default_rng(0)
    xyz = np.array([0.1, 0.2, 9.8]) + 0.02 * rng.standard_normal((len(cells), 3))
    rows = [
        f"{one};" + ";".join(f"{v:.4f}" for v in row) for one, row in zip(cells, xyz, strict=True)
    ]
    path = tmp_path / "capture.csv"
    path.write_text(
        f"{header}{name};acc_x (m/s^2);acc_y (m/s^2);acc_z (m/s^2)\n" + "\n".join(rows) + "\n"
    )
    return path


def test_a_zone_makes_the_start_known(tmp_path):
    start = datetime(2024, 6, 5, 22, 0, 0, tzinfo=UTC)
    local = written(FORMS["dd.MM.yyyy"], start + timedelta(hours=2), 1000)
    assert read(capture_of(local, tmp_path)).started_at is None
    assert read(capture_of(local, tmp_path, "time (+02:00)")).started_at == start
    assert (
        read(capture_of(local, tmp_path, "time", "# timezone: Europe/Berlin\n")).started_at == start
    )


@pytest.mark.parametrize("hours", [1, -1])
def test_summer_time_in_local_dates_is_no_gap(tmp_path, hours):
    start = datetime(2024, 3, 31, 1, 59, 55, tzinfo=UTC)
    cells = written(FORMS["yyyy-MM-dd"], start, 500).tolist()
    cells += written(FORMS["yyyy-MM-dd"], start + timedelta(hours=hours, seconds=5), 500).tolist()
    recording = read(capture_of(cells, tmp_path))
    assert recording.gaps == ()
    assert_allclose(recording.sampling_rate_hz, 100.0, rtol=1e-6)
    assert "SUMMER_TIME" in [one.code for one in recording.warnings]


@pytest.mark.parametrize("form", ["dd.MM.yyyy", "MM/dd/yy", "slashes", "yy-MM-dd"])
def test_dates_of_one_width_are_converted_as_others_are(form):
    cells = written(FORMS[form], STARTS[0])
    found = date_forms(cells[0])[0]
    even = parse_even_dates(cells, found.date_format + found.time_format)
    longer = pd.concat([cells, pd.Series([cells[0].rstrip("0") + "0" * 9])], ignore_index=True)
    assert even is not None
    np.testing.assert_array_equal(found.parse(longer)[:-1], even)


@pytest.mark.parametrize(
    "bad",
    ["05.06.2018 24:00:00", "31.06.2018 10:00:00", "05.06.2018 1O:00:00", "05/06/2018 10:00:00"],
)
def test_a_cell_that_is_no_date_of_the_form_is_none(bad):
    cells = pd.Series(["05.06.2018 10:00:00"] * 3 + [bad])
    dates = RunningDates.of(date_forms(cells[0]), cells[0])
    assert np.flatnonzero(np.isnan(dates.seconds(cells))).tolist() == [3]
