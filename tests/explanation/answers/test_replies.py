"""Replies to lists and pairs of the interview."""

from __future__ import annotations

import pytest

from tremor.errors import ContextError
from tremor.explanation.answers.questions import by_attribute
from tremor.explanation.answers.replies import items_of, read_reply

ASKED = by_attribute()
LIST = [ASKED["other_muscles"], ASKED["cramp"], ASKED["short_sleep"]]
NOTHING = {"other_muscles": (), "cramp": False, "short_sleep": False}


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("none", {}),
        ("No", {}),
        ("4", {"cramp": True}),
        ("1, 5", {"other_muscles": ("eyelid",), "short_sleep": True}),
        ("1 5", {"other_muscles": ("eyelid",), "short_sleep": True}),
        ("2;1", {"other_muscles": ("eyelid", "hand")}),
        ("sleep, cram", {"cramp": True, "short_sleep": True}),
        ("eyelid", {"other_muscles": ("eyelid",)}),
    ],
)
def test_items_of_a_list(text, changed):
    assert read_reply(LIST, text) == NOTHING | changed


@pytest.mark.parametrize("text", ["6", "0, 1", "knee", "s", ",", "1, knee"])
def test_what_is_none_of_the_items_is_refused(text):
    with pytest.raises(ContextError):
        read_reply(LIST, text)


def test_items_are_numbered_in_the_order_of_the_questions():
    assert [one.name for one in items_of(LIST)] == [
        "other_muscles.eyelid",
        "other_muscles.hand",
        "other_muscles.several",
        "cramp",
        "short_sleep",
    ]


def test_of_a_choice_the_usual_holds_where_nothing_else_is_named():
    run = [ASKED["load"], ASKED["sweat"], ASKED["salt"]]
    assert [one.name for one in items_of(run)] == [
        "load.easier",
        "load.harder",
        "load.new",
        "sweat.low",
        "sweat.heavy",
        "salt",
    ]
    assert read_reply(run, "none") == {"load": "usual", "sweat": "medium", "salt": False}
    assert read_reply(run, "2, heavy") == {"load": "harder", "sweat": "heavy", "salt": False}
    with pytest.raises(ContextError):
        read_reply(run, "2, 3")


def test_two_weights():
    weights = [ASKED["mass_before_kg"], ASKED["mass_after_kg"]]
    assert read_reply(weights, "70 69") == {"mass_before_kg": 70.0, "mass_after_kg": 69.0}
    for text in ("70", "10 kg 70 kg", "70 kg 1h05"):
        with pytest.raises(ContextError):
            read_reply(weights, text)


def test_one_question_is_read_as_ever():
    assert read_reply([ASKED["duration_min"]], "1h05") == {"duration_min": 65.0}
