from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from tremor.errors import InvalidInputError
from tremor.report import as_json, messages
from tremor.results.analysis import Analysis
from tremor.results.windows import WindowTable


@pytest.mark.parametrize("kind", ["analysis", "no_tremor", "insufficient"])
def test_document_is_read_back_without_loss(kind, request):
    document = request.getfixturevalue(kind).to_dict()
    again = json.loads(json.dumps(document, allow_nan=False))
    assert Analysis.from_dict(again).to_dict() == document
    assert Analysis.from_json(json.dumps(document)).to_dict() == document


@pytest.mark.parametrize("kind", ["analysis", "no_tremor", "insufficient"])
def test_document_follows_the_schema(kind, request):
    jsonschema.Draft202012Validator.check_schema(as_json.schema())
    validator = jsonschema.Draft202012Validator(as_json.schema())
    document = json.loads(as_json.render(request.getfixturevalue(kind)))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_additions_are_free_and_known_keys_are_held_to_their_type(analysis):
    validator = jsonschema.Draft202012Validator(as_json.schema())
    document = analysis.to_dict() | {"added_later": 1, "recovery": None, "explanations": []}
    assert validator.is_valid(document)
    document["summary"]["frequency_hz"] = 8.3
    assert not validator.is_valid(document)


def test_columns_and_single_windows_give_the_same_dictionaries(analysis):
    table = analysis.windows
    written = table.to_dicts(messages.window_reasons(table))
    assert written == [as_json.document_of(window) for window in table]


def test_window_table_is_rebuilt_column_by_column(analysis):
    again = WindowTable.from_windows(list(analysis.windows))
    for name in ("start_s", "reason", "score", "method", "polarisation"):
        np.testing.assert_array_equal(getattr(again, name), getattr(analysis.windows, name))
    for name, column in analysis.windows.estimates.items():
        np.testing.assert_array_equal(again.estimates[name], column)


def test_table_without_windows_is_read_back(analysis):
    document = analysis.to_dict() | {"windows": []}
    assert Analysis.from_dict(document).to_dict() == document


@pytest.mark.parametrize(
    ("change", "says"),
    [({"schema": "other/1"}, "other/1"), ({"summary": {}}, "not a whole"), ({"windows": 3}, "not")],
)
def test_document_that_is_not_whole_is_refused(analysis, change, says):
    with pytest.raises(InvalidInputError, match=says):
        Analysis.from_dict(analysis.to_dict() | change)


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_text_that_is_no_analysis_is_refused(text):
    with pytest.raises(InvalidInputError):
        Analysis.from_json(text)


def test_one_line_for_streams_and_indented_for_reading(analysis):
    assert "\n" not in as_json.render(analysis, one_line=True)
    assert json.loads(as_json.render(analysis)) == analysis.to_dict()
