"""The pages of the documentation: each is reachable, and what it shows can be typed.

That they build without a warning is for ``nox -s docs``.
"""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import devices
import tremor
from tremor.cli.main import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {
    page.relative_to(DOCS).with_suffix("").as_posix(): page.read_text(encoding="utf-8")
    for page in sorted(DOCS.rglob("*.md"))
    if "_build" not in page.parts
}
#: Pages with commands beside those of the documentation.
OTHERS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "sample_data/README.md")
}
FENCE = re.compile(r"^```(.*)\n([\s\S]*?)^```$", re.MULTILINE)
#: What ends a command within a line of the shell.
SHELL = {">", "|", "&&", ";", "<"}


def entries_of(name: str) -> Iterator[str]:
    """Yield the pages that the tables of contents of a page list."""
    for info, body in FENCE.findall(PAGES[name]):
        if info == "{toctree}":
            for line in body.splitlines():
                if line and not line.startswith(":"):
                    yield posixpath.normpath(posixpath.join(posixpath.dirname(name), line))


def commands_of(text: str) -> Iterator[str]:
    """Yield what is to be typed: lines of blocks without a language, and code within a sentence."""
    for info, body in FENCE.findall(text):
        if info == "":
            yield from re.findall(r"^\s*((?:\.venv/bin/)?tremor\b.*)$", body, re.MULTILINE)
    yield from re.findall(r"(?<!`)`(tremor [^`]+)`(?!`)", FENCE.sub("", text))


def check(line: str) -> None:
    """Fail where a command, an option or a value in a line does not exist."""
    words = shlex.split(line, comments=True)[1:]
    end = next((at for at, word in enumerate(words) if word in SHELL), len(words))
    command: click.Command = cli
    context = click.Context(cli, info_name="tremor")
    words = words[:end]
    while True:
        typed, rest, _ = command.make_parser(context).parse_args(list(words))
        for param in command.get_params(context):
            if not isinstance(param.type, click.Path | click.File):
                for value in _values(typed.get(param.name)):
                    param.type.convert(value, param, context)
                    if "--set" in param.opts:
                        tremor.AnalysisSettings().with_overrides([value])
        if not isinstance(command, click.Group) or not rest or rest[0] in {"COMMAND", "ID"}:
            return
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"no command {rest[0]}")
        context = click.Context(found, context, rest[0], **found.context_settings)
        command, words = found, rest[1:]


def _values(typed: object) -> tuple[str, ...]:
    if isinstance(typed, str):
        return (typed,)
    return tuple(one for one in typed if isinstance(one, str)) if isinstance(typed, list) else ()


def test_every_page_is_reachable_from_the_index():
    seen, waiting = set(), ["index"]
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting += [one for one in entries_of(name) if one not in seen]
    assert seen == set(PAGES)


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_commands_and_their_options_exist(name):
    for line in commands_of({**PAGES, **OTHERS}[name]):
        try:
            check(line)
        except (click.ClickException, tremor.TremorError) as error:
            pytest.fail(f"{line}: {error}")


def test_guides_show_commands():
    assert sum(len(list(commands_of(text))) for text in PAGES.values()) > 60
    assert len(list(commands_of(OTHERS["README.md"]))) > 20


@pytest.mark.parametrize(
    "line",
    [
        "tremor measure capture.csv",
        "tremor analyze capture.csv --plot",
        "tremor convert capture.csv --to xlsx out.xlsx",
        "tremor simulate capture made_up.csv",
        "tremor simulate session made_up.csv --rms strong",
        "tremor analyze capture.csv --set band_high=20",
        "tremor analyze capture.csv --html",
    ],
)
def test_what_does_not_exist_is_noticed(line):
    with pytest.raises((click.ClickException, tremor.TremorError)):
        check(line)


def test_reference_holds_every_public_name():
    pages = PAGES["reference/python"] + PAGES["reference/sensors"]
    documented = set(re.findall(r"\.\. auto\w+:: ([\w.]+)", pages))
    public = {f"tremor.{name}" for name in tremor.__all__} - {"tremor.__version__"}
    public |= {f"devices.{name}" for name in devices.__all__}
    # All errors are documented together.
    assert public - documented == {"tremor.TremorError"}
    assert documented - public == {"tremor.errors"}


@pytest.mark.parametrize("name", PAGES)
def test_python_of_the_pages_uses_names_that_exist(name):
    for info, body in FENCE.findall(PAGES[name]):
        if info == "python":
            for node in ast.walk(ast.parse(body)):
                if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "tremor":
                    assert node.attr in tremor.__all__
