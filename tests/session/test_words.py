"""What is said to the runner: the sentences of the catalogue are those that are used."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import tremor
from tremor.report import messages
from tremor.session.view import RestState, Stage

PACKAGE = Path(tremor.__file__).parent
#: Section, and the files that use it.
SECTIONS = {
    "session": ("session/*.py", "cli/after_recording.py", "cli/record.py"),
    "coaching": ("session/coaching.py",),
    "strap_check": ("session/strap_check.py",),
    "status": ("session/view.py",),
    "keys": ("cli/keyboard.py",),
}
#: Functions that take the name of a sentence, and the section that they take it from.
SHORT_FORMS = {
    ("session.py", "_said"): "session",
    ("coaching.py", "_Rule"): "coaching",
    ("strap_check.py", "_said"): "strap_check",
    ("view.py", "_said"): "status",
}


def nodes_of(section):
    for pattern in SECTIONS[section]:
        for path in PACKAGE.glob(pattern):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.name, node


def constant(node):
    return node.value if isinstance(node, ast.Constant) else None


def names_called_for(section):
    for file, node in nodes_of(section):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if node.func.id == "text" and constant(node.args[0]) == section:
            yield constant(node.args[1])
        elif SHORT_FORMS.get((file, node.func.id)) == section:
            yield constant(node.args[0])


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_sentence_that_is_called_for_is_there(section, language):
    # A name that depends on something is no constant, and is looked up by other tests.
    names = set(names_called_for(section)) - {None}
    assert names
    assert names <= set(messages.catalogue(language)[section])


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_no_sentence_is_left_over(section, language):
    constants = {constant(node) for _, node in nodes_of(section)}
    stages = {f"stage_{stage}" for stage in get_args(Stage)}
    lines = {f"line_{state}" for state in get_args(RestState)}
    assert set(messages.catalogue(language)[section]) <= constants | stages | lines


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("stage", get_args(Stage))
def test_every_stage_has_a_name(stage, language):
    assert messages.catalogue(language)["status"][f"stage_{stage}"]
