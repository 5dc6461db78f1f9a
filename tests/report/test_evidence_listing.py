"""The listing of claims, evidence and advice: all of it, and each entry by its name."""

from __future__ import annotations

import pytest

from tremor.errors import InvalidInputError
from tremor.report import evidence_listing


def test_tables_fit_eighty_columns():
    text = evidence_listing.render()
    assert max(len(line) for line in text.splitlines()) <= 80
    for name in evidence_listing.names():
        assert name in text


@pytest.mark.parametrize("name", evidence_listing.names())
def test_everything_with_a_name_is_shown_alone(name):
    text = evidence_listing.render_one(name.upper())
    assert max(len(line) for line in text.splitlines()) <= 80
    assert name in text
    document = evidence_listing.document(name)
    assert set(document) - {"schema"} <= {
        "claims",
        "explanations",
        "evidence",
        "advice",
        "warning_signs",
    }


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("fatigue", "muscle_fatigue"),
        ("Muscle", "muscle_fatigue"),
        ("electro", "electrolytes_metabolites"),
        ("contributors", "non_running_contributors"),
        ("rest", "rest"),  # a whole name is never the beginning of another
    ],
)
def test_short_name_that_only_one_can_mean_is_understood(asked, meant):
    assert evidence_listing.render_one(asked) == evidence_listing.render_one(meant)


def test_beginning_that_several_have_is_refused():
    with pytest.raises(InvalidInputError, match="nothing is called 'm'"):
        evidence_listing.render_one("m")
