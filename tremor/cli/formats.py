"""``tremor formats``: the captures that can be read, or everything about one kind of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import click

from tremor.cli.options import common_options
from tremor.cli.streams import echo, print_json
from tremor.errors import InvalidInputError

if TYPE_CHECKING:
    from tremor.formats.catalog import FormatFacts, RefusedKind

__all__ = ["SCHEMA", "formats"]

SCHEMA: Final = "tremor.formats/1"

_EPILOG: Final = """\b
Examples:
  tremor formats
  tremor formats phyphox
  tremor formats --json

\b
Exit codes:
  0  done
  2  wrong usage, or a format that is not known
"""
_WIDTH: Final = 80
_LABEL: Final = 13
#: Heading and width of each column of the table, two blanks apart.
_COLUMNS: Final = (("format", 23), ("told apart by", 23), ("to be given", 15), ("seen", 11))
_FOOT: Final = (
    "seen: whether the entry was made from a real file or only from a description of the format. "
    "Whatever a file says can be overridden: see the options of tremor check. More of one: tremor "
    "formats NAME"
)


@click.command(epilog=_EPILOG)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@common_options
def formats(*, name: str | None, as_json: bool) -> None:
    """Show the kinds of captures that can be read, and those that are refused by name.

    NAME is one of the first column; with it, all that is known of that format is shown.
    """
    from tremor.formats.catalog import readable_formats, refused_kinds

    known = readable_formats()
    shown = known if name is None else (_named(name, known),)
    refused = refused_kinds() if name is None else ()
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "formats": [asdict(one) for one in shown],
                "refused": [asdict(one) for one in refused],
            }
        )
        return
    for line in _table(shown, refused) if name is None else _page(shown[0]):
        echo(line)


def _named(name: str, known: Sequence[FormatFacts]) -> FormatFacts:
    by_name = {key.lower(): one for one in known for key in (one.name, one.slug)}
    wanted = name.strip().lower()
    if wanted in by_name:
        return by_name[wanted]
    near = get_close_matches(wanted, by_name, n=1)
    hint = f"did you mean {by_name[near[0]].slug}?" if near else "tremor formats lists them"
    raise InvalidInputError(f"there is no format {name!r}; {hint}")


def _table(shown: Iterable[FormatFacts], refused: Iterable[RefusedKind]) -> Iterator[str]:
    yield from _row([heading for heading, _ in _COLUMNS])
    yield "-" * _WIDTH
    for one in shown:
        yield from _row(
            [one.slug, ", ".join(one.told_by) or "-", " ".join(one.to_give) or "-", one.seen]
        )
    yield ""
    yield "Refused by name"
    for kind in refused:
        yield from textwrap.wrap(
            f"{kind.name}: {kind.remedy}",
            _WIDTH,
            initial_indent="  - ",
            subsequent_indent="    ",
        )
    yield ""
    yield from textwrap.wrap(_FOOT, _WIDTH)


def _row(cells: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a row whose cells are wrapped to their columns."""
    wrapped = [
        textwrap.wrap(cell, width, break_long_words=False) or [""]
        for cell, (_, width) in zip(cells, _COLUMNS, strict=True)
    ]
    for index in range(max(map(len, wrapped))):
        texts = [lines[index] if index < len(lines) else "" for lines in wrapped]
        padded = [f"{text:<{width}}" for text, (_, width) in zip(texts, _COLUMNS, strict=True)]
        yield "  ".join(padded).rstrip()


def _page(one: FormatFacts) -> Iterator[str]:
    yield f"{one.name} ({one.slug})"
    yield ""
    facts = {
        "told apart by": ", ".join(one.told_by),
        "time": one.time,
        "unit": " or ".join(one.units) or "as the header says, else told by gravity",
        "gravity": one.gravity,
        "to be given": " ".join(one.to_give) or "nothing",
        "files": ", ".join(one.members),
        "made from": "a real file" if one.seen == "real file" else "its description",
    }
    for label, text in facts.items():
        if text:
            yield from textwrap.wrap(
                text,
                _WIDTH,
                initial_indent=f"{label:<{_LABEL}}  ",
                subsequent_indent=" " * (_LABEL + 2),
                break_long_words=False,
                break_on_hyphens=False,
            )
    if one.remark:
        yield ""
        yield from textwrap.wrap(one.remark, _WIDTH)
    if one.example:
        yield ""
        yield "Such as"
        for line in one.example:
            text = line.replace("\t", " ")
            yield "  " + (text if len(text) <= _WIDTH - 2 else text[: _WIDTH - 5] + "...")
