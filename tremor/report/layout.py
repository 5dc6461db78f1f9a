"""Lines for the terminal: of 80 columns, or of fewer on a narrower one."""

from __future__ import annotations

import re
import textwrap
from contextvars import ContextVar
from typing import Final

__all__ = ["WIDTH", "columns", "in_ascii", "use_columns", "wrapped"]

#: Most columns of a line, and the fewest: words are to fit into them.
WIDTH: Final = 80
_LEAST_WIDTH: Final = 32
_COLUMNS: ContextVar[int] = ContextVar("columns", default=WIDTH)
#: A number and its unit, and the ids of claims, stay together.
_KEPT_TOGETHER: Final = re.compile(
    r"(?<=\d) (?=(?:%|°C|Hz|s|min|h|kg|mg|mm|L)(?![\w/]))|(?<=\b[AFENP]\d) (?=[AFENP]\d\b)"
)


def columns() -> int:
    """Return how many columns a line may have."""
    return _COLUMNS.get()


def use_columns(width: int) -> None:
    """Set how many columns a line may have, from here on in this context.

    Parameters
    ----------
    width : int
        Columns of the terminal; taken as 80 at most and as 32 at least.
    """
    _COLUMNS.set(min(WIDTH, max(_LEAST_WIDTH, width)))


def wrapped(text: str, *, indent: int = 0, hang: int = 0) -> list[str]:
    """Break a text into lines of at most 80 columns, or `columns`, where its words allow it.

    Parameters
    ----------
    text : str
        Runs of blanks in it are columns and stay.
    indent : int
        Columns before every line.
    hang : int
        Columns more before every line but the first.

    Returns
    -------
    list of str
        At least one line.

    Examples
    --------
    >>> wrapped("for      it fades", indent=2)
    ['  for      it fades']
    """
    lines = textwrap.wrap(
        _KEPT_TOGETHER.sub("\N{NO-BREAK SPACE}", text),
        width=columns(),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines] or [""]


def in_ascii(text: str) -> str:
    """Write for a terminal that shows ASCII alone, no line longer than before.

    Examples
    --------
    >>> in_ascii("at 31 °C")
    'at 31 C'
    """
    return text.replace("°C", "C")
