"""Numbers over time as bars of one text line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["sparkline"]

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII_BARS: Final = ".:-=+*#@"


def sparkline(values: Sequence[float], *, width: int, unicode: bool = True) -> str:
    """Draw numbers as bars of a text line, from 0 to the largest.

    Parameters
    ----------
    values : sequence of float
        In order of time, none below 0. NaN is drawn as a centred dot, or as a blank in ASCII.
    width : int
        Columns; of several values in a column the largest is drawn.
    unicode : bool
        Whether the terminal can show more than ASCII.

    Returns
    -------
    str
        At most ``width`` characters; empty if no value is above 0.

    Examples
    --------
    >>> sparkline([8.0, 4.0, 2.0, 1.0], width=10)
    '█▅▃▂'
    >>> sparkline([8.0, 4.0, 2.0, 1.0], width=2)
    '█▃'
    """
    top = max((value for value in values if value == value), default=0.0)
    if top <= 0.0:
        return ""
    n_columns = min(len(values), width)
    largest = [-1.0] * n_columns
    for index, value in enumerate(values):
        column = index * n_columns // len(values)
        if value > largest[column]:  # never true of NaN
            largest[column] = value
    bars, none = (_BARS, "·") if unicode else (_ASCII_BARS, " ")
    return "".join(
        none if value < 0.0 else bars[min(int(value / top * len(bars)), len(bars) - 1)]
        for value in largest
    )
