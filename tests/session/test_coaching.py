from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tremor.session.coaching import Coach, Moment

CALM = Moment(time_s=0.0, left_s=600.0, is_still=True)


def said(*changes, step_s=1.0):
    """Return (time, message) of every message while the moment changes at each step."""
    coach, words = Coach(), []
    for n, change in enumerate(changes):
        moment = replace(CALM, time_s=n * step_s, left_s=600.0 - n * step_s, **change)
        message = coach.at(moment)
        if message:
            words.append((n * step_s, message))
    return words


def test_calm_runner_hears_nothing():
    assert said(*[{}] * 300) == []


def test_movement_and_rest_are_told_once():
    words = said(*[{}] * 10, *[{"is_still": False}] * 5, *[{}] * 60)
    # It is over before the next word may be said.
    assert words == [(10.0, "You moved; that is fine, hold still again.")]
    words = said(*[{}] * 10, *[{"is_still": False}] * 15, *[{}] * 60)
    assert [time_s for time_s, _ in words] == [10.0, 16.0, 25.0]
    assert words[2][1] == "Good. Stay like this."


def test_restless_runner_is_not_talked_to_all_the_time():
    words = said(*[{"is_still": n % 2 == 0} for n in range(120)])
    times_s = [time_s for time_s, _ in words]
    assert min(b - a for a, b in pairwise(times_s)) >= 6.0
    assert len(words) <= 20


def test_long_movement_is_told_every_half_minute():
    words = said(*[{"is_still": False}] * 100)
    assert [time_s for time_s, _ in words] == [1.0, 31.0, 61.0, 91.0]


def test_lost_link_does_not_wait_for_other_words():
    words = said({}, {"is_still": False}, {"lost": ("",)}, {"lost": ("",)}, {"lost": ()})
    assert [time_s for time_s, _ in words] == [1.0, 2.0, 4.0]
    assert "link is lost" in words[1][1]
    assert words[2][1] == "The sensor is back."


def test_lost_link_of_one_of_two_sensors_is_named():
    one, both = ("left-calf",), ("left-calf", "right-calf")
    words = [said for _, said in said({}, {"lost": one}, {"lost": both}, {"lost": one}, {})]
    assert words[0].startswith("The link to the left calf is lost.")
    assert words[1].startswith("The link to the right calf is lost.")
    assert words[2:] == [f"The sensor on the {side} calf is back." for side in ("right", "left")]
    together = said({}, {"lost": both})[0][1]
    assert together.startswith("The link to the left calf and right calf is lost.")


def test_a_pause_is_no_lost_link():
    paused = {"lost": ("",), "paused": ("",)}
    words = [said for _, said in said({}, paused, paused, {})]
    assert "press play" in words[0]
    assert "link" not in words[0]
    assert words[1:] == ["The sensor is back."]
    one = ("left-calf",)
    named = said({}, {"lost": one, "paused": one})[0][1]
    assert named.startswith("Nothing is measured on the left calf:")


def test_disk_and_loss_and_battery_are_told():
    assert said({}, {"disk_trouble": "the disk is full"})[0][1] == "The disk is full."
    assert "9.0 %" in said({}, *[{"lost_share": 0.09}] * 2)[0][1]
    assert said({}, *[{"lost_share": 0.04}] * 50) == []
    battery = said({}, *[{"battery_percent": 7}] * 500)
    assert len(battery) == 1
    assert "7 %" in battery[0][1]


def test_last_minute_is_told():
    coach = Coach()
    words = [coach.at(replace(CALM, time_s=float(n), left_s=300.0 - n)) for n in range(301)]
    assert [(n, text) for n, text in enumerate(words) if text] == [
        (240, "The last minute has begun. Stay like this.")
    ]
