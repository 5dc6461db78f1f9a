"""What can be typed for an answer, and what cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.errors import ContextError
from tremor.explanation.answers.questions import QUESTIONS, by_attribute
from tremor.explanation.answers.text_input import from_text
from tremor.report.answer_text import answer_text

ASKED = by_attribute()


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("distance_km", " 12 ", 12.0),
        ("distance_km", "12,5", 12.5),
        ("distance_km", ".5km", 0.5),
        ("temperature_c", "-3 °C", -3.0),
        ("humidity_pct", "70%", 70.0),
        ("rpe", "7.", 7.0),
        ("days_lasting", "3 Days", 3.0),
        ("salt", "Y", True),
        ("salt", "no", False),
        ("load", "harder", "harder"),
        ("load", "H", "harder"),
        ("load", "4", "new"),
        ("signs", "none", ()),
        ("signs", "dark urine", ("dark_urine",)),
        ("signs", "fever, 4", ("chest_pain", "fever")),
        ("signs", "fever 4", ("chest_pain", "fever")),
        ("signs", "one-sided weakness; Numbness,", ("one_sided_weakness", "numbness")),
        ("other_muscles", "eye hand", ("eyelid", "hand")),
        ("cramp", "", None),
        ("signs", "  ", None),
    ],
)
def test_answers(name, text, answer):
    assert from_text(ASKED[name], text) == answer


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("distance_km", "far"),
        ("distance_km", "12 m"),
        ("distance_km", "1e3"),
        ("distance_km", "nan"),
        ("distance_km", "inf"),
        ("distance_km", "-1"),
        ("distance_km", "1 2"),
        ("distance_km", "1_0"),
        ("distance_km", "9" * 400),
        ("rpe", "11"),
        ("rpe", "8 km"),
        ("salt", "maybe"),
        ("salt", "1"),
        ("load", "5"),
        ("load", "0"),
        ("load", "²"),
        ("kind", "x"),
        ("sweat", "\ufffd"),
        ("signs", "fever, qqq"),
        ("signs", "11"),
        ("signs", ",fevers"),
        ("other_muscles", "-"),
    ],
)
def test_nonsense_is_refused_with_what_is_allowed(name, text):
    with pytest.raises(ContextError) as caught:
        from_text(ASKED[name], text)
    assert ASKED[name].allowed in str(caught.value)


def test_a_beginning_that_several_words_share_is_refused():
    with pytest.raises(ContextError):
        from_text(ASKED["signs"], "co")  # confusion, collapse


@given(st.sampled_from(QUESTIONS), st.text(max_size=30))
def test_any_text_is_an_answer_or_a_refusal(question, text):
    try:
        answer = from_text(question, text)
    except ContextError as error:
        answer = error
    assert isinstance(answer, float | str | bool | tuple | ContextError | None)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.path)
def test_what_is_shown_can_be_typed_again(question):
    answers = {
        "number": [
            question.lowest,
            7.25 if question.highest > 7.25 and question.lowest < 7 else 70.0,
        ],
        "choice": list(question.choices),
        "yes_no": [True, False],
        "several": [(), question.choices, question.choices[:1]],
    }[question.kind]
    for answer in answers:
        assert from_text(question, answer_text(question, answer).removesuffix("of 10")) == answer
