import ast
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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("nan")])
@pytest.mark.parametrize(
    "within",
    [
        lambda value: value,
        lambda value: (0.0, {"low": value}),
        lambda value: Note("BY_RATE", {"rate_hz": value}),
    ],
)
def test_a_note_of_a_number_that_is_not_finite_is_a_fault_of_the_program(value, within):
    with pytest.raises(ValueError, match="not finite: factor") as raised:
        note("QUALITY_SCALE", factor=within(value))
    assert not isinstance(raised.value, InvalidInputError)
