"""The listing of claims, evidence and advice: all of it, and each entry by its name."""

from __future__ import annotations

import pytest

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
