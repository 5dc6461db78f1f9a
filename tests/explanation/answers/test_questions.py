"""The table of questions, walked: the contract, and what every question and topic must hold."""

from __future__ import annotations

import dataclasses
import tomllib

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.answers.question_schema import SECTIONS, TOPICS
from tremor.explanation.answers.questions import QUESTIONS, by_attribute
from tremor.explanation.claims import article
from tremor.report import messages
from tremor.report.context_template import commented_toml

#: The contract, written out by hand: section, keys.
CONTRACT = {
    "run": "distance_km duration_min rpe load kind minutes_since_stop upper_body_work",
    "environment": "temperature_c humidity_pct sun shaking leg_cooled",
    "body": "mass_before_kg mass_after_kg sweat",
    "intake": "fluid_ml urine_ml salt hours_since_meal poor_diet",
    "stimulants": "caffeine_mg other",
    "health": "medicines autoimmune tremor_without_running days_lasting",
    "today": "stress short_sleep other_muscles cramp cold",
    "warning": "signs",
}


def test_table_is_the_contract():
    for section, keys in CONTRACT.items():
        assert [q.key for q in QUESTIONS if q.section == section] == keys.split()
    assert set(SECTIONS) == set(CONTRACT)
    assert [field.name for field in dataclasses.fields(Context)] == list(by_attribute())


def test_warning_signs_are_asked_first():
    assert QUESTIONS[0].attribute == "signs"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.path)
def test_every_question_says_what_why_and_what_is_allowed(question):
    assert question.wording[0].isupper()
    assert question.why
    assert 0 < len(question.title) <= 22
    assert (question.kind == "number") == (question.lowest < question.highest)
    assert bool(question.choices) == (question.kind in {"choice", "several"})
    assert question.section in SECTIONS


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.path)
def test_claims_of_a_question_are_claims_of_the_article(question):
    assert set(question.claims) <= set(article().claims)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.path)
def test_every_question_is_a_field_of_the_file_and_of_the_catalogue(question):
    value = {
        "number": question.lowest,
        "choice": question.choices[:1] and question.choices[0],
        "yes_no": True,
        "several": question.choices[:1],
    }[question.kind]
    context = Context(**{question.section: {question.key: value}})
    assert getattr(context, question.attribute) == value
    assert Context.from_dict(tomllib.loads(context.to_toml())) == context
    assert f"# {question.key} =" in commented_toml({})
    for text in ("title", "wording", "why"):
        shown = messages.text("answer", f"{question.path}.{text}")
        assert shown == getattr(question, text)


def test_every_question_but_two_belongs_to_a_topic():
    assert {one.topic for one in QUESTIONS if one.topic} == set(TOPICS)
    without = {one.attribute for one in QUESTIONS if not one.topic}
    assert without == {"distance_km", "signs"}  # used where given, not asked for


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_its_sentences(topic):
    assert messages.text("question", f"{topic}.text").endswith("?")
    assert messages.text("question", f"{topic}.what")[0].islower()
