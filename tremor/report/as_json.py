"""The result as JSON text, and its schema; the document itself is made by `Analysis`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from tremor.report import messages
from tremor.results import codec
from tremor.results.analysis import Analysis

__all__ = ["document_of", "render", "render_chunks", "schema", "schema_text"]

#: Windows that are converted at once: as dictionaries those of a day would take 100 MB.
_WINDOWS_AT_ONCE: Final = 2048
_NO_WINDOWS: Final = '"windows": []'


def render(analysis: Analysis, *, one_line: bool = False) -> str:
    """Return the document of an analysis as text.

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
    return "".join(render_chunks(analysis, one_line=one_line))


def render_chunks(analysis: Analysis, *, one_line: bool = False) -> Iterator[str]:
    """Yield what `render` returns in chunks, so that it is never in memory as a whole.

    Parameters
    ----------
    analysis, one_line
        As for `render`.

    Yields
    ------
    str
        Chunks that make the document when joined.
    """
    table = analysis.windows
    empty = replace(analysis, windows=table.select(slice(0, 0)))
    text = empty.to_json(indent=None if one_line else 2)
    head, tail = text.split(_NO_WINDOWS, 1)
    start, between, end = ("", ", ", "") if one_line else ("\n    ", ",\n    ", "\n  ")
    encode = msgspec.json.Encoder().encode

    def lines(first: int) -> str:
        part = table.select(slice(first, first + _WINDOWS_AT_ONCE))
        windows = part.to_dicts(messages.window_reasons(part))
        return between.encode().join(map(encode, windows)).decode()

    yield head + '"windows": ['
    for part in map(lines, range(0, len(table), _WINDOWS_AT_ONCE)):
        yield start + part
        start = between
    yield (end if len(table) else "") + "]" + tail


def document_of(record: object) -> dict[str, Any]:
    """Convert any record of a result, such as a window, to a JSON object."""
    return codec.write(record, messages)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return Analysis.schema()


def schema_text() -> str:
    """Return the JSON Schema of the document as text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
