import ast
import json
import math
import string
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.errors import InvalidInputError
from tremor.notes import CODES, Note, note
from tremor.report import messages

PACKAGE = Path(tremor.__file__).parent


def names_in(template):
    """The values that a template names, in all of its forms."""
    forms = [template] if isinstance(template, str) else list(template.values())
    named = {
        field.split(".")[0].split("[")[0]
        for form in forms
        for _, field, _, _ in string.Formatter().parse(form)
        if field
    }
    return named if isinstance(template, str) else named | {template["by"]}


def codes_in_the_code():
    """Every code that is written as ``note("CODE", ...)``."""
    return {
        node.args[0].value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "note"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_code_is_made_somewhere_and_none_besides():
    assert codes_in_the_code() == set(CODES)


def test_every_code_has_a_message():
    assert set(messages.catalogue("en")["note"]) == set(CODES)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_language_has_messages_of_codes_only(language):
    assert set(messages.catalogue(language).get("note", {})) <= set(CODES)


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_message_names_values_of_its_code_only(language, code):
    template = messages.catalogue(language).get("note", {}).get(code, "")
    assert names_in(template) <= set(CODES[code])


def test_a_note_is_read_as_it_was_written():
    inner = note("MANIFEST_CUT", file="recording.json")
    outer = Note("RECORDING_CUT", {"why": inner, "axes": ("x", "y")})
    assert Note.from_dict(outer.to_dict()) == outer


def test_a_note_with_other_values_is_refused():
    with pytest.raises(InvalidInputError, match="GAPS takes the values n_gaps"):
        note("GAPS", n=1)
    with pytest.raises(InvalidInputError, match="not a code"):
        note("GAP")


def test_what_cannot_be_filled_in_is_its_text_or_its_code():
    assert messages.sentence(Note("LATER")) == "LATER"
    assert messages.sentence(Note("GAPS")) == "GAPS"
    assert messages.sentence(Note("GAPS", {"text": "gaps: 2"})) == "gaps: 2"
    assert messages.sentence(Note("RATE_DECLARED", {"rate_hz": "fast"})) == "RATE_DECLARED"


def test_a_language_without_a_catalogue_is_refused():
    with pytest.raises(InvalidInputError, match=f"available are {', '.join(messages.LANGUAGES)}"):
        messages.use_language("tlh")


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf")]
)
def test_a_number_that_is_not_finite_is_unknown(value):
    made = note("GAPS", n_gaps=1, n_lost=40, longest_s=value, longest_at_s=np.float64(12.0))
    assert made.values["longest_s"] is None
    assert messages.sentence(made) == "gaps: 1, samples lost: 40, the longest unknown s at 12 s"
    json.dumps(made.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("within", "told"),
    [
        (lambda one: (0.0, {"length_s": one}), (0.0, {"length_s": None})),
        (lambda one: {"value": 1.0, "low": 0.5, "high": one}, None),
        (lambda one: Note("BY_RATE", {"rate_hz": one}), Note("BY_RATE", {"rate_hz": None})),
        (lambda _: True, True),
        (lambda _: 10**400, 10**400),
    ],
)
def test_neither_is_one_within_others(within, told):
    assert note("QUALITY_SCALE", factor=within(math.inf)).values == {"factor": told}


def test_an_interval_without_an_end_is_unknown():
    made = note("FINDING_AMPLITUDE", rms_ms2={"value": 0.3, "low": 0.2, "high": math.nan})
    assert messages.sentence(made) == "Its RMS acceleration is unknown."
