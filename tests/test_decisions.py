"""A decision is about one of the known subjects, reached in one of four ways, and kept as JSON."""

from __future__ import annotations

import json

import pytest

from tremor.decisions import ABOUT, ReadingDecision
from tremor.errors import InvalidInputError
from tremor.notes import note


@pytest.mark.parametrize("why", [None, note("MEAN_VECTOR", length=1.003, unit="g", at_rest=True)])
@pytest.mark.parametrize("how", ["said", "named", "told", "guessed"])
def test_is_read_as_it_was_written(how, why):
    for about in ABOUT:
        decision = ReadingDecision(about, "µ", how, why)
        assert ReadingDecision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


@pytest.mark.parametrize("wrong", [("colour", "red", "told"), ("unit", "g", "felt")])
def test_nothing_else_is_a_decision(wrong):
    with pytest.raises(InvalidInputError, match=f"{wrong[0]}|{wrong[2]}"):
        ReadingDecision(*wrong)
