"""The English texts in the tables of `tremor.explanation`, as sections of the catalogue.

They are there because they explain the weights and limits beside them. They are read through
`tremor.report.messages` only, so that another language can override each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tremor.explanation.advice import advice_table
from tremor.explanation.answers.question_schema import SECTIONS as ANSWER_SECTIONS
from tremor.explanation.answers.question_schema import TOPICS
from tremor.explanation.answers.questions import QUESTIONS
from tremor.explanation.claims import article
from tremor.explanation.evidence import evidence_table
from tremor.explanation.likely_answers import interview_table

__all__ = ["SECTIONS", "texts_of"]


def texts_of(section: str) -> dict[str, str]:
    """Return the texts of one table.

    Parameters
    ----------
    section : str
        Name of the section of the catalogue.

    Returns
    -------
    dict
        Texts by name, such as ``recovery.decays.reason``; empty ones are left out.
    """
    return {name: text for name, text in _TABLES[section]() if text}


def _advice() -> Iterator[tuple[str, str]]:
    for row in advice_table().advice:
        yield f"{row.id}.text", row.text
        yield f"{row.id}.source", row.source


def _warning_sign() -> Iterator[tuple[str, str]]:
    for row in advice_table().warnings:
        yield f"{row.id}.name", row.name
        yield f"{row.id}.text", row.text
        yield f"{row.id}.source", row.source


def _claim() -> Iterator[tuple[str, str]]:
    yield "title", article().title
    yield "publisher", article().publisher
    for claim in article().claims.values():
        yield f"{claim.id}.section", claim.section
        yield f"{claim.id}.text", claim.text
        yield f"{claim.id}.attributed_to", claim.attributed_to
        yield f"{claim.id}.disputed", claim.disputed


def _evidence() -> Iterator[tuple[str, str]]:
    for entry in evidence_table().entries.values():
        yield f"{entry.key}.looks_at", entry.looks_at
        yield f"{entry.key}.source", entry.source
        for one in entry.bins:
            yield f"{entry.key}.{one.key}.reason", one.reason
            yield f"{entry.key}.{one.key}.source", one.source


def _lowering() -> Iterator[tuple[str, str]]:
    for row in evidence_table().lowerings:
        yield f"{row.answer}.{row.finding}.because", row.because


def _explanation() -> Iterator[tuple[str, str]]:
    for row in evidence_table().hypotheses.values():
        yield f"{row.id}.name", row.name
        yield f"{row.id}.first_line", row.first_line
        yield f"{row.id}.prior_reason", row.prior_reason


def _rule() -> Iterator[tuple[str, str]]:
    table = evidence_table()
    for name, reason in table.rules.reasons.items():
        yield f"{name}.reason", reason
    yield "redraws.reason", table.redraws.reason


def _question_list() -> Iterator[tuple[str, str]]:
    for one in interview_table().lists.values():
        yield f"{one.key}.wording", one.wording
        for name, label in one.labels.items():
            yield f"{one.key}.{name}", label


def _question() -> Iterator[tuple[str, str]]:
    for topic in TOPICS.values():
        yield f"{topic.key}.text", topic.text
        yield f"{topic.key}.what", topic.what


def _answer() -> Iterator[tuple[str, str]]:
    for section, title in ANSWER_SECTIONS.items():
        yield f"{section}.title", title
    for question in QUESTIONS:
        yield f"{question.path}.title", question.title
        yield f"{question.path}.wording", question.wording
        yield f"{question.path}.why", question.why


_TABLES: Final[Mapping[str, Callable[[], Iterator[tuple[str, str]]]]] = {
    "advice": _advice,
    "answer": _answer,
    "claim": _claim,
    "evidence": _evidence,
    "explanation": _explanation,
    "lowering": _lowering,
    "question": _question,
    "question_list": _question_list,
    "rule": _rule,
    "warning_sign": _warning_sign,
}

#: The sections whose English texts are in tables.
SECTIONS: Final = tuple(_TABLES)
