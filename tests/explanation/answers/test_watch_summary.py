"""From a watch to answers: units, the runner's word, other sports, clocks that disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.watch_summary import (
    answers_from_activity,
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


def test_another_sport_fills_nothing():
    ride = replace(RUN, sport="open_water_swimming")
    assert with_activity(Context(rpe=3), ride) == Context(rpe=3)


def test_what_cannot_be_is_left_out():
    broken = replace(RUN, distance_m=5e6, mean_temperature_c=120.0, duration_s=None)
    assert answers_from_activity(broken) == {}
