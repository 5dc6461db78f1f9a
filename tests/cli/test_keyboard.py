from __future__ import annotations

import pytest

from tremor.cli.keyboard import KeyBindings, Keyboard
from tremor.session.interface import Command


def commands(keys, *, step_s=0.0):
    bindings = KeyBindings()
    given = [bindings.command(key, now_s=n * step_s) for n, key in enumerate(keys)]
    return [command for command in given if command is not None]


@pytest.mark.parametrize("number", "0123456789")
def test_pain_has_a_number(number):
    assert commands("p" + number) == [Command("pain", number)]
    assert commands("P" + number) == [Command("pain", number)]


def test_marker_and_stop():
    assert commands("mMq") == [Command("marker"), Command("marker"), Command("stop")]


def test_strap_check_is_repeated_or_left():
    assert commands("rR") == [Command("check_again")] * 2
    assert commands("\r\n ") == [Command("go_on")] * 3


@pytest.mark.parametrize("keys", ["p", "px", "p\x1b", "é\t", "x"])
def test_keys_without_a_command_do_nothing(keys):
    assert commands(keys) == []


def test_number_without_a_pain_right_before_chooses():
    assert commands("7") == commands("px7") == commands("p\x1b7") == [Command("choose", "7")]
    assert commands("p7", step_s=6.0) == [Command("choose", "7")]


def test_letter_after_p_keeps_its_command():
    assert commands("pm5") == [Command("marker"), Command("choose", "5")]
    assert commands("pp5") == [Command("pain", "5")]
    assert commands("p\n3") == [Command("go_on"), Command("choose", "3")]


def test_rating_is_awaited_only_after_p():
    bindings = KeyBindings()
    assert not bindings.awaits_rating
    bindings.command("p", now_s=0.0)
    assert bindings.awaits_rating
    bindings.command("3", now_s=1.0)
    assert not bindings.awaits_rating


def test_hint_names_every_key_of_a_measurement_in_a_line():
    hint = Keyboard(is_wanted=False).hint
    assert hint == "keys: m marker   p then 0-9 pain or cramp   q stop and save"


def test_no_terminal_no_keys():
    with Keyboard(is_wanted=True) as keyboard:  # pytest's stdin is none
        assert not keyboard.is_there
        assert keyboard.take() == ()
