from __future__ import annotations

import pytest

from tremor.cli.keyboard import Action, Keyboard, KeyMeanings


def actions(keys, *, step_s=0.0):
    meanings = KeyMeanings()
    taken = [meanings.take(key, now_s=n * step_s) for n, key in enumerate(keys)]
    return [action for action in taken if action is not None]


@pytest.mark.parametrize("number", "0123456789")
def test_pain_has_a_number(number):
    assert actions("p" + number) == [Action("pain", number)]
    assert actions("P" + number) == [Action("pain", number)]


def test_marker_and_stop():
    assert actions("mMq") == [Action("marker"), Action("marker"), Action("stop")]


@pytest.mark.parametrize("keys", ["p", "7", "px7", "p\x1b7", "é\n \t", "p\n3"])
def test_what_means_nothing_does_nothing(keys):
    assert actions(keys) == []


def test_number_long_after_is_none_of_a_pain():
    assert actions("p7", step_s=6.0) == []


def test_letter_after_p_keeps_its_meaning():
    assert actions("pm5") == [Action("marker")]
    assert actions("pp5") == [Action("pain", "5")]


def test_waits_for_a_number_only_after_p():
    meanings = KeyMeanings()
    assert not meanings.waits_for_number
    meanings.take("p", now_s=0.0)
    assert meanings.waits_for_number
    meanings.take("3", now_s=1.0)
    assert not meanings.waits_for_number


def test_no_terminal_no_keys():
    with Keyboard(is_wanted=True) as keyboard:  # pytest's stdin is none
        assert not keyboard.is_there
        assert keyboard.take() == ""
