from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.advice import advice_table
from tremor.explanation.answers.questions import QUESTIONS
from tremor.explanation.claims import article, read_article
from tremor.explanation.evidence import evidence_table

#: Claims by section, as the article is known.
IDS = [
    *("A1", "A2", "A3"),
    *("F1", "F2", "F3", "F4"),
    *("E1", "E2", "E3", "E4", "E5"),
    *("N1", "N2", "N3", "N4", "N5", "N6", "N7"),
    *("P1", "P2", "P3", "P4"),
]


def cited():
    table, advice = evidence_table(), advice_table()
    return [
        *(claim for one in table.hypotheses.values() for claim in one.claims),
        *(claim for one in table.entries.values() for claim in one.claims),
        *(claim for one in advice.advice for claim in one.claims),
    ]


def test_claims_are_those_of_the_article_in_its_order():
    assert list(article().claims) == IDS
    assert all(len(claim.text) > 20 for claim in article().claims.values())


def test_every_claim_that_is_cited_exists_and_every_claim_is_used():
    assert set(cited()) == set(IDS)


def test_questions_cite_claims_that_exist():
    assert {claim for one in QUESTIONS for claim in one.claims} <= set(IDS)


def test_ids_and_sections_go_together():
    sections = {claim.id[0]: set() for claim in article().claims.values()}
    for claim in article().claims.values():
        sections[claim.id[0]].add(claim.section)
    assert sections == {
        "A": {"introduction"},
        "F": {"Muscle Fatigue"},
        "E": {"Electrolytes and Metabolites"},
        "N": {"Non-Running-Related Contributors"},
        "P": {"Prevention and Treatment"},
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.update(schema="other/1"), "schema 'other/1'"),
        (lambda table: table["claim"].append(table["claim"][0]), "A1 stands twice"),
        (lambda table: table["claim"][3].pop("text"), "F1"),
    ],
)
def test_unsound_claims_are_refused(change, says):
    table = tomllib.loads(
        files("tremor.explanation").joinpath("article.toml").read_text(encoding="utf-8")
    )
    change(table)
    with pytest.raises(InvalidInputError, match=says):
        read_article(table)
