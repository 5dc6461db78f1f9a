"""The file form of the answers: TOML or JSON in, TOML out.

Text only: whether an answer makes sense is checked in `tremor.explanation.answers.checking`; the
template to fill in is `tremor.report.context_template`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from tremor.errors import ContextError
from tremor.files import read_small
from tremor.settings import TEXT_BOUNDS

__all__ = ["SCHEMA", "as_toml", "read_mapping"]

SCHEMA: Final = "tremor.context/1"


def read_mapping(path: Path) -> dict[str, Any]:
    """Read the sections and keys of a context file, whatever they hold.

    Parameters
    ----------
    path : Path
        TOML, or JSON where it starts with ``{``; UTF-8 with or without byte-order mark.

    Returns
    -------
    dict
        As the file has it.

    Raises
    ------
    ContextError
        If the file cannot be read or is neither.
    """
    try:
        raw = read_small(path, most_bytes=TEXT_BOUNDS.most_settings_bytes)
    except OSError as error:
        raise ContextError(
            [f"cannot be read: {error.strerror or error}; make one with: tremor context new"],
            str(path),
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContextError(
            ["is not UTF-8 text; give a TOML or JSON file, saved as UTF-8"], str(path)
        ) from error
    name, parse = ("JSON", _parse_json) if text.lstrip().startswith("{") else ("TOML", _parse_toml)
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ContextError(
            [f"is not {name}: {detail}; write lines such as rpe = 8 under [run]"], str(path)
        ) from error


def _parse_toml(text: str) -> dict[str, Any]:
    longest = TEXT_BOUNDS.longest_settings_line
    if any(len(line) > longest for line in text.splitlines()):
        raise ValueError(f"a line has more than {longest} characters")
    # Some editors end lines by a carriage return alone, which TOML does not know.
    return tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))


def _parse_json(text: str) -> dict[str, Any]:
    document = json.loads(text, object_pairs_hook=_without_repetition)
    return dict(document)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is given twice")
    return record


def as_toml(record: Mapping[str, Any]) -> str:
    """Return a record of sections as TOML."""
    return tomli_w.dumps(record)
