"""Numbers of things in words: one thing, several things."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, thing: str) -> str:
    """Return a number with what is counted, in the plural but for one.

    Parameters
    ----------
    number : int
        How many.
    thing : str
        Name of one, whose plural ends in an s.

    Examples
    --------
    >>> counted(1, "row"), counted(3, "usable sample")
    ('1 row', '3 usable samples')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"
