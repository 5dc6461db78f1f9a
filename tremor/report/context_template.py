"""The context file that holds every question, to be filled in with an editor."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Final

from tremor.explanation.answers.files import SCHEMA, as_toml
from tremor.explanation.answers.question_schema import SECTIONS, Question
from tremor.explanation.answers.questions import QUESTIONS
from tremor.report.messages import text

__all__ = ["commented_toml"]

_WIDTH: Final = 80


def commented_toml(record: Mapping[str, Any]) -> str:
    """Return a context file that holds every question, those without an answer as comments.

    Parameters
    ----------
    record : mapping
        What `Context.to_dict` returns.

    Returns
    -------
    str
        TOML.

    Examples
    --------
    >>> import tomllib
    >>> tomllib.loads(commented_toml({"run": {"rpe": 8}}))["run"]
    {'rpe': 8}
    """
    introduction = "".join(f"# {line}\n" for line in text("template", "introduction").splitlines())
    parts = [introduction + as_toml({"schema": SCHEMA})]
    for section in SECTIONS:
        lines = [f"[{section}]"]
        for question in QUESTIONS:
            if question.section == section:
                lines.append(_commented(question, record.get(section, {})))
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _commented(question: Question, answers: Mapping[str, Any]) -> str:
    if question.key in answers:
        line = as_toml({question.key: answers[question.key]}).rstrip("\n")
    else:
        line = f"# {question.key} = {'[]' if question.kind == 'several' else ''}".rstrip()
    wording = text("answer", f"{question.path}.wording")
    allowed = textwrap.fill(
        question.allowed, _WIDTH, initial_indent="#   ", subsequent_indent="#   "
    )
    return f"# {wording}\n{allowed}\n{line}"
