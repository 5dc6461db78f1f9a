"""What the commands print besides their results: messages and warnings, and JSON documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tremor.cli.options import is_quiet
from tremor.printable import escaped_json, printable

if TYPE_CHECKING:
    from tremor.notes import Note

__all__ = ["json_text", "print_json", "say", "shows_unicode", "warn", "warn_of_capture"]


def say(message: str) -> None:
    """Write one line to stderr, with the name of the tool; a closed stderr ends nothing."""
    with suppress(OSError):
        click.echo("tremor: " + printable(" ".join(message.split())), err=True)


def warn(message: str) -> None:
    """Write one warning to stderr, unless ``-q`` was given."""
    if not is_quiet():
        click.echo("warning: " + printable(" ".join(message.split())), err=True)


def warn_of_capture(file: Path, warnings: Iterable[Note]) -> None:
    """Write the warnings of a capture to stderr, one line each."""
    from tremor.report.messages import sentence

    for one in warnings:
        warn(f"{file.name}: {sentence(one)}")


def print_json(document: object, *, one_line: bool = False) -> None:
    """Write a JSON document to stdout.

    Parameters
    ----------
    document : object
        Dictionaries, lists, text and finite numbers.
    one_line : bool
        Without indentation, as one of several.
    """
    click.echo(json_text(document, one_line=one_line))


def json_text(document: Any, *, one_line: bool = False) -> str:  # noqa: ANN401 - what JSON holds
    """Return a document as JSON; arguments as in `print_json`."""
    indent = None if one_line else 2
    text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False)
    return escaped_json(text)


def shows_unicode() -> bool:
    """Check whether stdout can show more than ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
