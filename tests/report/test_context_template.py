"""The template: every question is in it, and it reads back as what was answered."""

from __future__ import annotations

import tomllib

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import QUESTIONS
from tremor.report.context_template import commented_toml

SOME = Context(rpe=7.5, salt=True, sun="full", medicines=("estrogen",), signs=())


@pytest.mark.parametrize("context", [Context(), SOME], ids=["nothing", "some"])
def test_template_reads_back(context):
    assert Context.from_dict(tomllib.loads(commented_toml(context.to_dict()))) == context


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.path)
def test_template_holds_every_question_and_what_is_allowed(question):
    lines = commented_toml({}).splitlines()
    place = lines.index(f"# {question.wording}")
    key_line = next(line for line in lines[place:] if line.startswith(f"# {question.key} ="))
    told = " ".join(line.lstrip("# ") for line in lines[place + 1 : lines.index(key_line)])
    assert told == question.allowed


def test_template_fits_a_terminal():
    assert max(map(len, commented_toml({}).splitlines())) <= 90
