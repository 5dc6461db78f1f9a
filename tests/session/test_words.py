"""What is said to the runner: the sentences of the catalogue are those that are used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tremor
from tremor.report import messages

PACKAGE = Path(tremor.__file__).parent
#: Section, the files that use it, and how they name a message.
SECTIONS = {
    "session": (
        "session/*.py",
        r'(?:_said\(\s*|"session",\s*)"(\w+)"|why = "(\w+)" if .* else "(\w+)"',
    ),
    "coaching": ("session/coaching.py", r'_Rule\(\s*"(\w+)"'),
    "strap_check": ("session/strap_check.py", r'_said\(\s*"(\w+)"'),
    "status": ("session/view.py", r'_said\(\s*"(\w+)"|"(line_\w+)"|else "(nominal_rate)"'),
    "keys": ("cli/keyboard.py", r'text\("keys", "(\w+)"'),
}
OTHERS = {"session": {"session/view.py", "session/strap_check.py", "session/coaching.py"}}


def used(section):
    pattern, names = SECTIONS[section]
    return {
        name
        for path in PACKAGE.glob(pattern)
        if str(path.relative_to(PACKAGE).as_posix()) not in OTHERS.get(section, ())
        for found in re.finditer(names, path.read_text(encoding="utf-8"))
        for name in found.groups()
        if name
    }


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("section", SECTIONS)
def test_sentences_are_those_that_are_used(section, language):
    assert set(messages.catalogue(language)[section]) == used(section)
