"""Answers and the line on a sports watch, as they are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tremor.explanation.answers.questions import QUESTIONS, by_attribute
from tremor.explanation.answers.text_input import from_text
from tremor.explanation.answers.watch_summary import answers_from_activity
from tremor.formats.activity_file import Activity
from tremor.report.answer_text import activity_text, answer_text, choice_text
from tremor.report.messages import section

RUN = Activity(
    source="activity.fit",
    sport="running",
    duration_s=3900.0,
    distance_m=12034.2,
    mean_heart_rate_bpm=152.4,
    max_heart_rate_bpm=178.0,
    mean_temperature_c=27.3,
)


def test_not_answered_is_said():
    assert answer_text(by_attribute()["rpe"], None) == "not answered"
    assert answer_text(by_attribute()["rpe"], 8.0) == "8 of 10"


def test_another_sport_is_said():
    ride = replace(RUN, sport="open_water_swimming")
    assert activity_text(ride, {}) == (
        "from activity.fit: nothing, as it is no run but open water swimming"
    )


def test_file_without_answers_is_said():
    assert "no answer" in activity_text(replace(RUN, mean_heart_rate_bpm=None), {})


def test_line_tells_what_was_taken_and_what_is_wrong():
    activity = replace(RUN, remarks=("it breaks off",))
    assert activity_text(activity, answers_from_activity(activity)) == (
        "from activity.fit: distance 12.03 km, duration 65 min, temperature at the watch "
        "27 °C (worn on the wrist it reads too warm); heart rate, not used: "
        "152 bpm in the mean, 178 bpm at most; it breaks off"
    )


def test_unnamed_sport_is_taken_for_a_run_and_said():
    activity = Activity(source="a.fit", distance_m=5000.0)
    answers = answers_from_activity(activity)
    assert answers == {"distance_km": 5.0}
    assert activity_text(activity, answers) == (
        "from a.fit: distance 5 km; it does not name its sport, taken for a run"
    )


CHOICES = [(one, choice) for one in QUESTIONS for choice in one.choices]


@pytest.mark.parametrize(("question", "choice"), CHOICES, ids=lambda one: str(one)[:20])
def test_a_word_is_shown_as_people_write_it_and_understood_as_it_is_shown(question, choice):
    shown = choice_text(question, choice)
    assert "_" not in shown
    answer = from_text(question, shown)
    assert answer == ((choice,) if question.kind == "several" else choice)
    assert answer_text(question, answer) == shown


def test_no_word_of_the_catalogue_is_left_over():
    assert set(section("choice")) == {f"{one.attribute}.{choice}" for one, choice in CHOICES}


def test_one_sided_is_written_as_such():
    assert answer_text(by_attribute()["signs"], ("one_sided_weakness",)) == "one-sided weakness"
