"""What is taken as an answer, what is refused, and that all is told at once."""

from __future__ import annotations

import dataclasses
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tremor
from tremor.errors import ContextError, InvalidInputError
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import QUESTIONS, by_attribute


def answers_to(question):
    return (
        st.none()
        | {
            "number": st.floats(question.lowest, question.highest),
            "choice": st.sampled_from(question.choices or ("",)),
            "yes_no": st.booleans(),
            "several": st.lists(st.sampled_from(question.choices or ("",)), unique=True),
        }[question.kind]
    )


def are_possible(answers):
    before, after = answers["mass_before_kg"], answers["mass_after_kg"]
    return before is None or after is None or 0.71 * before <= after <= 1.19 * before


CONTEXTS = st.fixed_dictionaries(
    {question.attribute: answers_to(question) for question in QUESTIONS}
).filter(are_possible)


def problems_of(**answers):
    with pytest.raises(ContextError) as caught:
        Context(**answers)
    return list(caught.value.problems)


def test_nothing_answered():
    context = Context()
    assert all(getattr(context, name) is None for name in by_attribute())
    assert context.to_dict() == {"schema": "tremor.context/1"}
    assert repr(context) == "Context()"


def test_names_and_sections_are_the_same_answers():
    flat = Context(rpe=8, other_stimulant=True, signs=["fever"], medicines=())
    assert flat == Context(
        schema="tremor.context/1",
        run={"rpe": 8.0},
        stimulants={"other": True},
        warning={"signs": ("fever",)},
        health={"medicines": []},
    )
    assert flat.medicines == ()
    assert flat.other_muscles is None


def test_it_is_a_public_name():
    assert tremor.Context is Context


@given(CONTEXTS)
def test_round_trips(answers):
    context = Context(**answers)
    assert Context.from_dict(context.to_dict()) == context
    assert Context.from_dict(json.loads(json.dumps(context.to_dict()))) == context
    assert pickle.loads(pickle.dumps(context)) == context
    assert dataclasses.replace(context) == context


@given(CONTEXTS, st.randoms())
def test_order_of_the_answers_does_not_matter(answers, random):
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    reordered = Context(**dict(shuffled))
    assert list(reordered.answered().items()) == list(Context(**answers).answered().items())


@pytest.mark.parametrize("name", ["context.toml", "context.json"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_files(tmp_path, name, mark, line_end):
    context = Context(rpe=8, sun="full", medicines=("diuretic", "other"), cramp=False, signs=())
    text = context.to_toml() if name.endswith("toml") else json.dumps(context.to_dict(), indent=1)
    path = tmp_path / name
    path.write_bytes(mark + text.replace("\n", line_end).encode())
    assert Context.from_file(path) == context


def test_null_in_json_is_not_answered(tmp_path):
    path = tmp_path / "context.json"
    path.write_text('{"run": {"rpe": null}, "body": {}}', encoding="utf-8")
    assert Context.from_file(path) == Context()


def test_numbers_of_numpy_are_numbers():
    assert Context(rpe=np.int64(8), temperature_c=np.float32(20.5)).temperature_c == 20.5


def test_limits_are_allowed():
    for question in QUESTIONS:
        if question.kind == "number":
            for value in (question.lowest, question.highest):
                assert getattr(Context(**{question.attribute: value}), question.attribute) == value


@pytest.mark.parametrize(
    "question", [q for q in QUESTIONS if q.kind == "number"], ids=lambda q: q.key
)
@pytest.mark.parametrize(
    "value", [True, "seven", math.nan, math.inf, -math.inf, [7], 10**400, -1e9]
)
def test_what_is_no_number_in_range_is_refused(question, value):
    (problem,) = problems_of(**{question.attribute: value})
    assert problem.startswith(f"{question.path} is ")
    assert problem.endswith(f"allowed is {question.allowed}")
    assert len(problem) < 200


@pytest.mark.parametrize(
    "question", [q for q in QUESTIONS if q.kind != "number"], ids=lambda q: q.key
)
@pytest.mark.parametrize("value", [1, 0.0, "yess", {"a": 1}, ["nonsense"], [["fever"]]])
def test_other_kinds_refuse_what_they_do_not_know(question, value):
    (problem,) = problems_of(**{question.attribute: value})
    assert problem.startswith(question.path)
    assert question.allowed in problem


def test_one_word_is_no_list_and_the_message_shows_how_to_write_it():
    (problem,) = problems_of(signs="fever")
    assert problem.endswith('did you mean ["fever"]?')


def test_repeated_words_count_once_in_the_order_of_the_table():
    context = Context(other_muscles=["several", "eyelid", "several"])
    assert context.other_muscles == ("eyelid", "several")


def test_all_problems_are_told_at_once():
    problems = problems_of(
        enviroment={"sun": "ful", "humidity_pct": 120},
        body={"rpe": 3, "mass_before_kg": 70, "mass_after_kg": 210},
        run=3,
        duration=60,
        schema="tremor.context/9",
        salt="no",
    )
    assert problems == [
        "there is no section [enviroment]; did you mean [environment]?",
        "there is no key body.rpe; did you mean run.rpe?",
        "run is 3 and should be a section; write [run] and its keys",
        "there is no key duration; did you mean run.duration_min?",
        'schema is "tremor.context/9"; this version reads "tremor.context/1"',
        "environment.humidity_pct is 120; allowed is a number from 0 to 100 %",
        'environment.sun is "ful"; allowed is one of shade, mixed, full; did you mean "full"?',
        'intake.salt is "no"; allowed is true or false',
        "body.mass_after_kg is 210 kg with 70 kg before; allowed is 49.0 to 84.0 kg, "
        "as one of the two is mistyped otherwise",
    ]


def test_unknown_key_without_a_neighbour_lists_what_there_is():
    assert problems_of(run={"qqq": 1}) == [
        "there is no key run.qqq; known in [run]: distance_km, duration_min, rpe, load, kind, "
        "minutes_since_stop, upper_body_work"
    ]
    assert "known: warning, run" in problems_of(qqq={"rpe": 1})[0]
    assert "known sections: warning, run" in problems_of(qqq=1)[0]


def test_an_answer_given_twice_is_refused():
    assert problems_of(rpe=3, run={"rpe": 4}) == ["run.rpe is given twice; leave one out"]


def test_the_error_is_one_of_the_family_and_survives_a_process():
    with pytest.raises(InvalidInputError) as caught:
        Context(rpe=11, stress=-1)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert str(again).count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"run = [", "is not TOML"),
        (b'{"run": ', "is not JSON"),
        (b'{"run": {"rpe": 1, "rpe": 2}}', "rpe is given twice"),
        (b'{"a":' * 10_000, "is not JSON: nested too deeply"),
        (b"\xff\xfer\x00u\x00n\x00", "is not UTF-8 text"),
        (b"\x00\x01\x02", "is not TOML"),
        (b"rpe = " + b"9" * 5000, "is not TOML: a line has more than 2000 characters"),
        (b"a" + b".a" * 20_000 + b" = 1", "is not TOML: a line has more than 2000 characters"),
        (b"#" * 65_537, "cannot be read: it has more than 65536 bytes"),
        (b"[run]\nrpe = 2026-01-01", "run.rpe is 2026-01-01; allowed is"),
        (b"[run]\nrpe = nan", "run.rpe is NaN; allowed is"),
        (b"[[run]]\nrpe = 3", "run is [{"),
    ],
)
def test_files_that_cannot_be_read_are_refused_by_name(tmp_path, content, message):
    path = tmp_path / "context.toml"
    path.write_bytes(content)
    with pytest.raises(ContextError) as caught:
        Context.from_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_file_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.toml"):
        with pytest.raises(ContextError, match=r"cannot be read: .*; make one with"):
            Context.from_file(path)


def test_empty_file_answers_nothing(tmp_path):
    path = tmp_path / "context.toml"
    path.write_bytes(b"")
    assert Context.from_file(path) == Context()
