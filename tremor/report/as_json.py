"""The result as JSON, and the schema that it follows. The document itself is made by `Analysis`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from tremor.results.analysis import Analysis, WindowTable

__all__ = ["render", "render_pieces", "schema", "schema_text"]

#: Windows that become text at once: a day of them as dictionaries would fill 100 MB.
_WINDOWS: Final = 2048
_NO_WINDOWS: Final = '"windows": []'


def render(analysis: Analysis, *, one_line: bool = False) -> str:
    """Give the document of an analysis as text.

    Parameters
    ----------
    analysis : Analysis
        The result.
    one_line : bool
        One line for a stream of results; indented otherwise, a line for each window.

    Returns
    -------
    str
        JSON.
    """
    return "".join(render_pieces(analysis, one_line=one_line))


def render_pieces(analysis: Analysis, *, one_line: bool = False) -> Iterator[str]:
    """Give what `render` gives, piece by piece, so that it is never in memory as a whole.

    Parameters
    ----------
    analysis, one_line
        As for `render`.

    Yields
    ------
    str
        Joined they are the document.
    """
    table = analysis.windows
    empty = replace(analysis, windows=_part(table, 0, 0))
    text = empty.to_json(indent=None if one_line else 2)
    head, tail = text.split(_NO_WINDOWS, 1)
    start, between, end = ("", ", ", "") if one_line else ("\n    ", ",\n    ", "\n  ")
    encode = msgspec.json.Encoder().encode

    def lines(first: int) -> str:
        windows = _part(table, first, first + _WINDOWS).to_dicts()
        return between.encode().join(map(encode, windows)).decode()

    yield head + '"windows": ['
    for part in map(lines, range(0, len(table), _WINDOWS)):
        yield start + part
        start = between
    yield (end if len(table) else "") + "]" + tail


def _part(table: WindowTable, begin: int, end: int) -> WindowTable:
    columns = {
        item.name: getattr(table, item.name)[begin:end]
        for item in fields(table)
        if item.name != "scores"
    }
    return replace(
        table,
        **columns,
        scores={name: column[begin:end] for name, column in table.scores.items()},
    )


def schema_text() -> str:
    """Give the JSON Schema of the document as it ships."""
    path = files("tremor.report").joinpath("analysis.schema.json")
    return path.read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """Give the JSON Schema of the document."""
    loaded: dict[str, Any] = json.loads(schema_text())
    return loaded
