"""From a watch to answers: units, the runner's word, other sports, clocks that disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.watch_summary import (
    answers_from_activity,
    told_of_activity,
    with_activity,
)
from tremor.formats.activity_file import Activity

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
STOP = START + timedelta(minutes=66)
RUN = Activity(
    source="activity.fit",
    sport="running",
    started_at=START,
    stopped_at=STOP,
    duration_s=3900.0,
    distance_m=12034.2,
    mean_heart_rate_bpm=152.4,
    max_heart_rate_bpm=178.0,
    mean_temperature_c=27.3,
)


def test_units_and_rounding():
    captured = (STOP + timedelta(minutes=6, seconds=6)).astimezone(timezone(timedelta(hours=2)))
    assert answers_from_activity(RUN, capture_started_at=captured) == {
        "distance_km": 12.03,
        "duration_min": 65.0,
        "temperature_c": 27.0,
        "minutes_since_stop": 6.1,
    }


def test_without_the_start_of_the_capture_the_rest_is_not_answered():
    assert "minutes_since_stop" not in answers_from_activity(RUN)


@pytest.mark.parametrize(
    ("after_start", "minutes"),
    [(-1, None), (10, 0.0), (66, 0.0), (126, 60.0), (66 + 10081, None)],
)
def test_time_since_stop(after_start, minutes):
    captured = START + timedelta(minutes=after_start)
    answers = answers_from_activity(RUN, capture_started_at=captured)
    assert answers.get("minutes_since_stop") == minutes


def test_start_without_zone_is_refused():
    with pytest.raises(InvalidInputError, match="has no time zone"):
        answers_from_activity(RUN, capture_started_at=datetime(2026, 6, 1, 9))


def test_the_word_of_the_runner_wins():
    context = with_activity(Context(distance_km=10, temperature_c=22, rpe=7), RUN)
    assert context == Context(distance_km=10, temperature_c=22, rpe=7, duration_min=65)


def test_another_sport_fills_nothing_and_is_said():
    ride = replace(RUN, sport="open_water_swimming")
    assert with_activity(Context(rpe=3), ride) == Context(rpe=3)
    assert told_of_activity(ride, {}) == (
        "from activity.fit: nothing, as it is no run but open water swimming"
    )


def test_what_cannot_be_is_left_out():
    broken = replace(RUN, distance_m=5e6, mean_temperature_c=120.0, duration_s=None)
    assert answers_from_activity(broken) == {}
    assert "no answer" in told_of_activity(replace(broken, mean_heart_rate_bpm=None), {})


def test_line_tells_what_was_taken_and_what_is_wrong():
    activity = replace(RUN, remarks=("it breaks off",))
    assert told_of_activity(activity, answers_from_activity(activity)) == (
        "from activity.fit: distance 12.03 km, duration 65 min, temperature at the watch "
        "27 °C (worn on the wrist it reads too warm); heart rate, not used: "
        "152 bpm in the mean, 178 bpm at most; it breaks off"
    )


def test_unnamed_sport_is_taken_for_a_run_and_said():
    activity = Activity(source="a.fit", distance_m=5000.0)
    answers = answers_from_activity(activity)
    assert answers == {"distance_km": 5.0}
    assert told_of_activity(activity, answers) == (
        "from a.fit: distance 5 km; it does not name its sport, taken for a run"
    )
