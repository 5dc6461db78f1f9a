"""Notes of a saved result whose values are missing, or of another kind, have a page still."""

from __future__ import annotations

import json

import pytest
from rigs.fuzz_targets import TARGETS

from tremor.report import as_html, as_text
from tremor.results.analysis import Analysis


@pytest.fixture(scope="module")
def saved():
    (case,) = TARGETS["results"].seeds()
    (content,) = case.files.values()
    return content.decode()


def with_values(document, change):
    """Return a JSON document whose notes have other values."""
    if isinstance(document, list):
        return [with_values(one, change) for one in document]
    if not isinstance(document, dict):
        return document
    if set(document) == {"code", "values"}:
        return {"code": document["code"], "values": change(document["values"])}
    return {key: with_values(one, change) for key, one in document.items()}


CHANGES = {
    "without values": lambda _: {},
    "numbers": lambda values: dict.fromkeys(values, 5),
    "none": dict.fromkeys,
    "words": lambda values: dict.fromkeys(values, "x.y"),
    "lists": lambda values: {key: [1, "x"] for key in values},
    "others": lambda _: {"later": 1},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_result_is_rendered_whatever_its_notes_hold(saved, change):
    document = with_values(json.loads(saved), CHANGES[change])
    assert document != json.loads(saved)
    analysis = Analysis.from_json(json.dumps(document))
    assert "<html" in as_html.render(analysis)
    assert as_text.render(analysis, unicode=True)
    assert as_text.render_screen(analysis, unicode=False, has_page=False)
