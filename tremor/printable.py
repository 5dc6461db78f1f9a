"""Text from outside made safe to show: names of files, members and columns, cells, answers.

A terminal obeys control characters, and marks of direction reorder what stands around them.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["escaped_json", "printable", "printable_lines"]

#: Controls of C0 and C1, marks without width, of lines and of direction, halves of surrogates.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
#: Those of them that JSON may hold as they are.
_UNSAFE_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb]"
)


def printable(text: object) -> str:
    r"""Return a text in which each character that a terminal might obey is written as its code.

    Parameters
    ----------
    text : object
        Any text, or what becomes one, such as a path.

    Returns
    -------
    str
        One line that can be encoded.

    Examples
    --------
    >>> printable("red\x1b[31m.csv"), printable("Größe.csv")
    ('red\\x1b[31m.csv', 'Größe.csv')
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), shown)


def printable_lines(text: str) -> str:
    r"""Return a text of several lines in which nothing else is obeyed by a terminal or a page.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same lines, each as `printable` returns it.

    Examples
    --------
    >>> printable_lines("one\nt\x1b[31mwo\n")
    'one\nt\\x1b[31mwo\n'
    """
    if _UNSAFE.search(text.replace("\n", "")) is None:
        return text
    return "\n".join(map(printable, text.split("\n")))


def escaped_json(document: str) -> str:
    r"""Return a JSON document that holds the same, without characters that a terminal might obey.

    Parameters
    ----------
    document : str
        JSON; outside of its texts it is ASCII.

    Returns
    -------
    str
        The document, which can be encoded.

    Examples
    --------
    >>> escaped_json('{"name": "a\x9b31m"}')
    '{"name": "a\\u009b31m"}'
    """
    if document.isascii():
        return document
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
