"""The summary of a watch: what is taken, what is never taken, and files that are broken."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from tremor.errors import ActivityReadError
from tremor.formats import activity_file
from tremor.formats.activity_file import Activity, read_activity

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
STOP = START + timedelta(minutes=66)
#: Somewhere in semicircles; both numbers are unlikely by chance.
LATITUDE, LONGITUDE = 573_912_345, -123_498_765
RUNNING, CYCLING = 1, 2
TIMER, START_EVENT, STOP_ALL = 0, 0, 4


def session(**changes):
    fields = {
        "timestamp": STOP + timedelta(seconds=40),
        "start_time": START,
        "start_position_lat": LATITUDE,
        "start_position_long": LONGITUDE,
        "sport": RUNNING,
        "total_elapsed_time": 3960.0,
        "total_timer_time": 3900.0,
        "total_distance": 12034.2,
        "avg_heart_rate": 152,
        "max_heart_rate": 178,
        "avg_temperature": 27,
        "max_temperature": 31,
    }
    return ("session", {**fields, **changes})


def record(second, **changes):
    fields = {
        "timestamp": START + timedelta(seconds=second),
        "position_lat": LATITUDE + second,
        "position_long": LONGITUDE - second,
        "heart_rate": 100 + second % 60,
        "distance": 3.0 * second,
        "temperature": 25,
    }
    return ("record", {**fields, **changes})


def event(moment, kind):
    return ("event", {"timestamp": moment, "event": TIMER, "event_type": kind})


HEAD = ("file_id", {"type": 4})


@pytest.fixture
def write(tmp_path, fit_bytes):
    def write(*messages, name="run.fit"):
        path = tmp_path / name
        path.write_bytes(fit_bytes(HEAD, *messages))
        return path

    return write


def whole_run():
    return (
        event(START, START_EVENT),
        *(record(second) for second in range(0, 30, 10)),
        event(STOP, STOP_ALL),
        session(),
    )


def test_summary_of_a_run(write):
    assert read_activity(write(*whole_run())) == Activity(
        source="run.fit",
        sport="running",
        started_at=START,
        stopped_at=STOP,
        duration_s=3900.0,
        distance_m=12034.2,
        mean_heart_rate_bpm=152.0,
        max_heart_rate_bpm=178.0,
        mean_temperature_c=27.0,
        max_temperature_c=31.0,
    )


def test_no_position_leaves_the_reader(write):
    names = {field.name for field in dataclasses.fields(Activity)}
    asked = {name for fields in activity_file._FIELDS.values() for name in fields}
    for name in names | asked:
        assert not any(word in name for word in ("position", "lat", "lon", "gps", "altitude"))
    for messages in (whole_run(), whole_run()[:-1]):
        text = repr(read_activity(write(*messages)))
        degrees = [f"{value * 180 / 2**31:.4f}"[:-1] for value in (LATITUDE, LONGITUDE)]
        for trace in (str(LATITUDE)[:5], str(abs(LONGITUDE))[:5], *degrees):
            assert trace not in text


def test_stop_is_that_of_the_timer_then_start_and_length_then_the_stamp(write):
    assert read_activity(write(session())).stopped_at == START + timedelta(seconds=3960)
    without_length = session(total_elapsed_time=None)
    assert read_activity(write(without_length)).stopped_at == STOP + timedelta(seconds=40)
    paused = (event(START + timedelta(minutes=5), STOP_ALL), event(STOP, STOP_ALL))
    assert read_activity(write(*paused, session())).stopped_at == STOP


def test_what_the_session_leaves_out_comes_from_the_samples(write):
    bare = session(
        avg_heart_rate=None, max_heart_rate=None, avg_temperature=None, max_temperature=None
    )
    activity = read_activity(write(*(record(second) for second in range(3)), bare))
    assert (activity.mean_heart_rate_bpm, activity.max_heart_rate_bpm) == (101.0, 102.0)
    assert activity.mean_temperature_c == 25.0


def test_invalid_values_are_none(write):
    bare = session(
        **dict.fromkeys(("avg_heart_rate", "avg_temperature", "total_distance", "sport"))
    )
    activity = read_activity(write(bare))
    assert activity.mean_heart_rate_bpm is None
    assert activity.mean_temperature_c is None
    assert activity.distance_m is None
    assert activity.sport is None


def test_cold_is_negative(write):
    assert read_activity(write(session(avg_temperature=-7))).mean_temperature_c == -7.0


def test_the_last_run_of_several_sessions(write):
    later = START + timedelta(hours=2)
    first, second = (
        session(),
        session(start_time=later, total_timer_time=1200.0, total_elapsed_time=1260.0),
    )
    ride = session(sport=CYCLING, start_time=later + timedelta(hours=1))
    activity = read_activity(
        write(first, second, ride, event(later + timedelta(hours=3), STOP_ALL))
    )
    assert activity.duration_s == 1200.0
    assert activity.stopped_at == later + timedelta(seconds=1260)
    assert activity.remarks == ("of 3 sessions the last run is taken",)


def test_another_sport_is_told(write):
    assert read_activity(write(session(sport=CYCLING))).sport == "cycling"


def test_without_a_session_the_samples_are_summed_up(write):
    activity = read_activity(
        write(("sport", {"sport": RUNNING}), *(record(s) for s in range(0, 101, 10)))
    )
    assert activity.sport == "running"
    assert (activity.duration_s, activity.distance_m) == (100.0, 300.0)
    assert activity.stopped_at == START + timedelta(seconds=100)
    assert "holds no summary" in activity.remarks[0]


def test_a_file_cut_anywhere_gives_a_summary_or_one_clear_refusal(write, tmp_path):
    whole = write(*whole_run()).read_bytes()
    path = tmp_path / "cut.fit"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refusal = ""
        try:
            remarks = read_activity(path).remarks
        except ActivityReadError as error:
            refusal, remarks = str(error), ()
        assert bool(remarks) != (str(path) in refusal and "\n" not in refusal)


def test_a_flipped_byte_never_ends_in_another_error(write, tmp_path):
    whole = bytearray(write(*whole_run()).read_bytes())
    path = tmp_path / "flipped.fit"
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        with contextlib.suppress(ActivityReadError):
            read_activity(path)


def test_wrong_checksum_is_remarked(write):
    path = write(*whole_run())
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert read_activity(path).remarks == ("its checksum does not match: parts may be wrong",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a FIT file; export"),
        (b"<gpx></gpx>", "is not a FIT file; export"),
        (b"time,x,y,z\n" * 50, "is not a FIT file; export"),
    ],
)
def test_foreign_files_are_refused(tmp_path, content, message):
    path = tmp_path / "run.fit"
    path.write_bytes(content)
    with pytest.raises(ActivityReadError, match=message):
        read_activity(path)


def test_fit_file_without_activity(write):
    with pytest.raises(ActivityReadError, match="a FIT file without an activity; give the file"):
        read_activity(write())


def test_file_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.fit"):
        with pytest.raises(ActivityReadError, match="cannot be read"):
            read_activity(path)
