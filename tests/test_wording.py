"""What no string that ships may say, and that numbers have their units.

Looked at are the tables of the explanations, the template of the page, every sentence in the code
that readers may meet, the help of every command, and the documentation.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tremor.cli.main import _COMMANDS, cli
from tremor.report import evidence_listing as explain_text
from tremor.report import messages

PACKAGE = Path(__file__).parents[1] / "tremor"
SENSORS = PACKAGE.parent / "devices"
DOCS = PACKAGE.parent / "docs"
FORBIDDEN = re.compile(
    r"diagnos|disease|deficien|dehydrat|\bproves?\b|\babnormal|\bcaused by\b"
    r"|(?<!half-)(?<!log-)\bnormal(?!is|iz)",
    re.IGNORECASE,
)
#: Rooms whose sentences speak of findings; the other numbers are syntax, settings and exit codes.
SPEAKING = ("explanation", "report")
TABLES = sorted(
    [
        *(PACKAGE / "explanation").glob("*.toml"),
        *(PACKAGE / "report" / "languages").glob("*.toml"),
    ]
)

#: A number that stands in a sentence, with what follows it.
NUMBER = re.compile(r"(?<![\w.+^-])[+-]?\d+(?:\.\d+)?(?=(?P<after>.{0,24}))")
_UNITS = (
    *("%", "°C", "°F", "Hz", "min", "h", "s", "kg", "mg", "g", "mm", "L", "m/s\\^2"),
    *("days?", "weeks?", "minutes?", "times", "draws", "km", "mmol/L"),
    # Who was measured, in a source.
    *(
        "persons?",
        "men",
        "healthy persons",
        "patients",
        "with essential tremor",
        "anxious patients",
    ),
    *("canoeists", "swimmers", "marathoners", "Ironman", "ultramarathon runners", "studies"),
)
_OTHER_END = r"-[\d.]+| (?:to|and|of) (?:under )?[\d.]+"
UNIT = re.compile(rf"^(?:{_OTHER_END})? ?(?:{'|'.join(_UNITS)})(?![\w/])")
#: Numbers that need none: scales, years, log-odds, and amounts that are counts.
NO_UNIT = re.compile(
    r"scale of 0 to 10|(?:\d )?of 10\b|\b(?:19|20)\d\d\b|[+-]0\.7|within 0\.5|2000 of them"
    # Syntax of what is to be typed, a time zone, and parts of a sentence whose unit is put in.
    r"|rpe = 8|[+]01:00|^, 0 to $|^ 0$"
    # Keys of a scale of pain.
    r"|then 0-9 pain|0 \(none\) to 9 \(worst\)"
    # One of what is counted, in the form for a single one.
    r"|\b1 (?:gap|sample)\b"
)


def strings_of(table: object) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    elif isinstance(table, dict):
        for value in table.values():
            yield from strings_of(value)
    elif isinstance(table, list):
        for value in table:
            yield from strings_of(value)


def sentences_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of the strings of a module that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
            and " " in node.value
        ):
            yield node.lineno, node.value


def modules(*roots: Path) -> list[Path]:
    return sorted(path for root in roots for path in root.rglob("*.py"))


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def bare_numbers(text: str) -> list[str]:
    kept = NO_UNIT.sub("", text)
    return [
        f"{found[0]!r} in {text!r}"
        for found in NUMBER.finditer(kept)
        if not UNIT.match(found["after"])
    ]


@pytest.mark.parametrize("path", modules(PACKAGE, SENSORS), ids=named)
def test_no_sentence_in_the_code_says_what_may_not_be_said(path):
    said = [f"{line}: {text}" for line, text in sentences_of(path) if FORBIDDEN.search(text)]
    assert said == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_no_table_says_what_may_not_be_said(path):
    strings = list(strings_of(tomllib.loads(path.read_text(encoding="utf-8"))))
    assert len(strings) > 50
    assert [text for text in strings if FORBIDDEN.search(text)] == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_numbers_in_the_tables_have_units(path):
    bare = []
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    table.get("prompt", {}).pop("example", None)  # what can be typed, with units and without
    for text in strings_of(table):
        if text.startswith("tremor."):
            continue
        bare += bare_numbers(text)
    assert bare == []


#: In `quantities` stand patterns of what is typed, and no sentences.
WITH_SENTENCES = [
    path for path in modules(*(PACKAGE / room for room in SPEAKING)) if path.name != "quantities.py"
]


@pytest.mark.parametrize("path", WITH_SENTENCES, ids=named)
def test_numbers_in_the_sentences_have_units(path):
    assert [one for _, text in sentences_of(path) for one in bare_numbers(text)] == []


def test_template_says_nothing_that_may_not_be_said():
    for path in (PACKAGE / "report" / "templates").glob("*.j2"):
        page = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not FORBIDDEN.search(page)


def test_documentation_says_nothing_that_may_not_be_said():
    # The vignettes report what was measured in blood, in the words of the studies.
    pages = [page for page in DOCS.rglob("*.md") if page != DOCS / "vignettes.md"]
    assert len(pages) > 15
    assert [page for page in pages if FORBIDDEN.search(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_help_says_nothing_that_may_not_be_said(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=name))
    assert not FORBIDDEN.search(text)


def test_tables_as_printed_say_nothing_that_may_not_be_said():
    assert not FORBIDDEN.search(explain_text.render())


@pytest.mark.parametrize(
    "text", ["This proves it.", "A disease detected", "your normal tremor", "we diagnose"]
)
def test_lint_finds_what_it_looks_for(text):
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", ["After 30 it fades.", "From 3 to 5 on.", "It was 7.5 in all."])
def test_lint_finds_numbers_without_units(text):
    assert bare_numbers(text)


#: A number of things, and the things in the plural.
PLURAL = re.compile(r"\{n(_\w+)?\} (?:(?!of |more\b)[a-z]+ ){0,2}[a-z]+s\b")
#: More than one by what they are, or counted among others.
ALWAYS_SEVERAL = {
    "RESTS_JOINED", "INTERVIEW_LIMIT", "several", "title_sessions", "first_windows", "strongest",
    "choose", "redraws", "redraws_unknown", "1", "other", "TOO_FEW_TREMOR_WINDOWS",
}  # fmt: skip


def test_one_is_not_said_in_the_plural():
    plurals = set()
    for section in messages.catalogue("en").values():
        for name, content in section.items():
            texts = content.items() if isinstance(content, dict) else [(name, content)]
            plurals |= {key for key, one in texts if PLURAL.search(one)}
    assert plurals == ALWAYS_SEVERAL
    for n, words in ((1, "1 sample"), (2, "2 samples")):
        values = {"folder": "leg", "duration": "0:01", "lost": ""}
        assert words in messages.text("session", "saved", n_samples=n, **values)
