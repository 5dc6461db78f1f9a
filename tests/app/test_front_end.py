from __future__ import annotations

import pytest

from tremor.app.front_end import (
    Feed,
    PageControls,
    PageScreen,
    WindowSeries,
    sensor_state,
    session_state,
    spoken,
)
from tremor.session.interface import Command
from tremor.session.view import SensorView, SessionView, Tremor
from tremor.settings import APP_BOUNDS


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def view(**facts):
    return SensorView(label="left-calf", **facts)


@pytest.mark.parametrize(
    ("now", "strength", "frequency", "why"),
    [
        (Tremor("tremor", 8.43, 0.4512), "0.451 m/s^2", "8.4 Hz", ""),
        (Tremor("no_tremor"), "-", "-", "too small to measure"),
        (Tremor("tremor"), "-", "-", "too small to measure"),
        (Tremor("moving"), "-", "-", "moving"),
        (None, "-", "-", "The first value comes after some seconds of rest."),
    ],
)
def test_no_number_without_a_reason(now, strength, frequency, why):
    state = sensor_state(view(now=now))
    assert (state["strength"], state["frequency"]) == (strength, frequency)
    assert why in state["why"]
    assert bool(state["why"]) == (strength == "-")


def test_trouble_is_said():
    assert "for 0:16" in sensor_state(view(lost_for_s=16.0))["trouble"]
    paused = sensor_state(view(lost_for_s=16.0, is_paused=True))["trouble"]
    assert paused.startswith("The phone has been paused for 0:16")
    assert sensor_state(view(ended="it was switched off"))["trouble"] == "it was switched off"
    assert sensor_state(view())["trouble"] == ""


def test_what_is_not_known_is_not_a_number():
    state = sensor_state(view(lost_share=None))
    assert (state["loss"], state["battery"], state["rate"]) == ("not told",) * 3
    assert sensor_state(view(lost_share=0.031, battery_percent=81))["loss"] == "3.1 %"


def test_time_is_that_of_the_measurement():
    facts = {"time_s": 65.0, "duration_s": 300.0, "sensors": ()}
    assert session_state(SessionView(stage="measure", **facts))["time"] == "1:05 of 5:00"
    assert session_state(SessionView(stage="settle", **facts))["time"] == ""
    assert session_state(None)["stage"] == "find"


def test_the_screen_takes_a_state_four_times_a_second_or_for_a_new_window():
    clock = Clock()
    screen, made = PageScreen(Feed(), now=clock), []
    for _ in range(20):
        screen.show(lambda: made.append(clock.now_s))
        clock.now_s += 0.05
    assert len(made) == pytest.approx(1.0 / APP_BOUNDS.show_interval_s, abs=1)
    n_made = len(made)
    screen.hurry()
    screen.show(lambda: made.append(clock.now_s))
    screen.show(lambda: made.append(clock.now_s), at_once=True)
    assert len(made) == n_made + 2


def test_somebody_is_there_while_a_page_is_loaded_again():
    clock = Clock()
    feed = Feed(now=clock)
    controls = PageControls(feed)
    assert not controls.is_there
    with feed.listening():
        clock.now_s += 1000.0
        assert controls.is_there
    clock.now_s += APP_BOUNDS.away_s - 1.0
    assert controls.is_there
    clock.now_s += 2.0
    assert not controls.is_there


def test_commands_wait_once_and_are_bounded():
    controls = PageControls(Feed())
    for _ in range(1000):
        controls.give(Command("marker"))
    assert len(controls.take()) == APP_BOUNDS.most_commands
    assert controls.take() == ()
    assert set(controls.labels) == {"marker", "pain", "stop", "go_on", "check_again"}


def test_all_listeners_hear_of_news():
    feed = Feed()
    with feed.listening() as one, feed.listening() as other:
        PageScreen(feed).note("Sit down.")
        assert one.is_set()
        assert other.is_set()
        feed.close()
        assert feed.is_closed


def test_a_sentence_that_comes_again_is_counted():
    screen = PageScreen(Feed())
    for words in ("Sit down.", "The disk is full.", "The disk is full.", "Sit down."):
        screen.note(words)
    assert list(screen.notes) == ["Sit down.", "The disk is full. (2 times)", "Sit down."]


def test_windows_without_tremor_are_gaps_of_the_line():
    series = WindowSeries()
    shaking = {"verdict": "tremor", "end_s": 4.0, "rms_ms2": {"value": 0.5}}
    series.add("leg", {**shaking, "frequency_hz": {"value": 8.4}})
    series.add("leg", {**shaking, "verdict": "moving", "end_s": 6.0, "frequency_hz": None})
    assert series.since("leg", 0) == [(4.0, 0.5, 8.4), (6.0, None, None)]
    assert series.since("leg", 1) == [(6.0, None, None)]
    assert series.since("other", 0) == []


def test_a_screen_reader_hears_the_values_of_each_leg():
    legs = (
        SensorView(label="left-calf", now=Tremor("tremor", 8.43, 0.4512)),
        SensorView(label="right-calf", now=Tremor("no_tremor")),
    )
    assert spoken(legs) == "left calf: 0.451 m/s^2, 8.4 Hz. right calf: too small to measure"
    assert spoken([view()]) == ""
