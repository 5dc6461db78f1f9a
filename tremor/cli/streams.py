"""What the commands print besides their results: messages and warnings, and JSON documents."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tremor.cli.options import is_quiet
from tremor.printable import escaped_json, printable, printable_lines
from tremor.report.layout import WIDTH, use_columns

if TYPE_CHECKING:
    from tremor.notes import Note

__all__ = [
    "echo",
    "fit_terminal",
    "json_text",
    "print_chunks",
    "print_json",
    "say",
    "shows_unicode",
    "warn",
    "warn_of_capture",
]

#: Longest word of a message, in characters: names of files have up to 255.
_LONGEST_WORD: Final = 300


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Write text, of several lines or of none, in which a terminal obeys nothing.

    Parameters
    ----------
    text : object
        Any text, or what becomes one, such as a path.
    err : bool
        To stderr rather than stdout.
    nl : bool
        With a line end behind it.
    """
    click.echo(printable_lines(str(text)), err=err, nl=nl)


def say(message: str) -> None:
    """Write one line to stderr, with the name of the tool; a closed stderr ends nothing."""
    with suppress(OSError):
        click.echo(f"tremor: {_one_line(message)}", err=True)


def warn(message: str) -> None:
    """Write one warning to stderr, unless ``-q`` was given."""
    if not is_quiet():
        click.echo(f"warning: {_one_line(message)}", err=True)


def _one_line(message: str) -> str:
    return printable(" ".join(map(_shortened, message.split())))


def _shortened(word: str) -> str:
    if len(word) <= _LONGEST_WORD:
        return word
    half = _LONGEST_WORD // 2
    return f"{word[:half]}...{word[-half:]}"


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


def print_chunks(chunks: Iterable[str]) -> None:
    """Write a JSON document to stdout that comes in pieces.

    Parameters
    ----------
    chunks : iterable of str
        What makes the document when joined; none ends within a character that is escaped.
    """
    for chunk in chunks:
        click.echo(escaped_json(chunk), nl=False)
    click.echo()


def json_text(document: Any, *, one_line: bool = False) -> str:  # noqa: ANN401 - what JSON holds
    """Return a document as JSON; arguments as in `print_json`."""
    indent = None if one_line else 2
    text = json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False)
    return escaped_json(text)


def fit_terminal() -> None:
    """Make lines as long as the terminal of stdout is wide; results in a file have 80 columns."""
    with suppress(OSError, ValueError, AttributeError):  # no terminal, or closed
        use_columns(os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH)


def shows_unicode() -> bool:
    """Check whether stdout can show more than ASCII."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
