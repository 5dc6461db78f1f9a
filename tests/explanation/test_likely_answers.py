"""The table of the interview: whole, sound, and what it makes of answers that belong together."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.answers.questions import QUESTIONS, by_attribute, topic_fields
from tremor.explanation.answers.replies import is_list, items_of
from tremor.explanation.findings.collect import FINDINGS
from tremor.explanation.likely_answers import interview_table, read_interview

TABLE = interview_table()
RAW = tomllib.loads(
    files("tremor.explanation").joinpath("interview.toml").read_text(encoding="utf-8")
)


def test_every_question_of_a_topic_has_likely_answers():
    assert set(TABLE.answers) == {one.attribute for one in QUESTIONS if one.topic}


@pytest.mark.parametrize("one", TABLE.answers.values(), ids=lambda one: one.key)
def test_shares_are_shares_and_have_a_reason(one):
    shares = [share for _, share in one.answers]
    assert min(shares) > 0.0
    assert sum(shares) <= 1.0 + 1e-9
    assert one.unanswered >= 0.0
    assert one.reason.endswith(".")
    assert sum(share for _, share in one.with_none(0.25)) == pytest.approx(1.0)


def test_measurements_are_findings_with_a_bin():
    for one in TABLE.measured:
        assert one.finding in FINDINGS
        assert sum(share for _, share in one.values) <= 1.0


def test_lists_hold_questions_of_one_kind_and_label_each_item():
    asked = by_attribute()
    for one in TABLE.lists.values():
        questions = [asked[name] for name in one.asks]
        kinds = {question.kind for question in questions}
        assert kinds == {"number"} or "number" not in kinds
        assert all(question.otherwise for question in questions if question.kind == "choice")
        items = items_of(questions) if is_list(questions) else ()
        assert set(one.labels) == {item.name for item in items}


def test_chains_hold_each_question_once_with_lists_and_without():
    for with_lists in (True, False):
        chains = dict(TABLE.chains(with_lists=with_lists))
        names = [name for prompts in chains.values() for prompt in prompts for name in prompt]
        assert sorted(names) == sorted(TABLE.answers)
    assert set(chains) == set(topic_fields())


@pytest.mark.parametrize("prompts", [(("cramp",),), (("cramp", "cold"),), (("sun",), ("load",))])
def test_shares_of_what_is_tried_add_up(prompts):
    assert sum(share for share, _ in TABLE.tries(prompts, {})) == pytest.approx(1.0)


def test_a_list_is_answered_whole_or_not_at_all():
    for _, answers in TABLE.tries((("cramp", "cold"),), {}):
        assert (answers["cramp"] is None) == (answers["cold"] is None)


def test_body_mass_after_goes_with_that_before_and_the_other_way_round():
    given = {"mass_before_kg": 120.0}
    after = {answers["mass_after_kg"] for _, answers in TABLE.tries((("mass_after_kg",),), given)}
    assert 115.0 < min(after - {None}) < 120.0 < max(after - {None}) < 122.0
    given = {"mass_after_kg": 120.0}
    before = {
        answers["mass_before_kg"] for _, answers in TABLE.tries((("mass_before_kg",),), given)
    }
    assert 118.0 < min(before - {None}) < 120.0 < max(before - {None}) < 125.0


def broken(**changes):
    raw = copy.deepcopy(RAW)
    for path, value in changes.items():
        section, _, rest = path.partition("__")
        if section == "answer":
            raw["answer"][0][rest] = value
        elif section == "limits":
            raw["limits"][rest] = value
        else:
            raw[section] = value
    return raw


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "x"}, "this version reads"),
        ({"answer__key": "shoe_size"}, "there is no such question"),
        ({"answer__likely": [{"is": 20, "share": 0.7}, {"is": 45, "share": 0.6}]}, "one at most"),
        ({"answer__likely": [{"is": -20, "share": 0.7}]}, "allowed is"),
        ({"answer__reason": " "}, "without a reason"),
        ({"limits__reasons": {}}, "a limit without a reason"),
        ({"limits__most": 3}, "not whole"),
    ],
)
def test_table_that_is_not_sound_is_refused(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        read_interview(broken(**changes))
