"""Where on the body a sensor is worn: the places that options take."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from tremor.errors import InvalidInputError

__all__ = ["SITES", "known_placement"]

#: A misspelt place would keep sessions of one leg apart for good.
SITES: Final = (
    "calf", "shin", "thigh", "hamstring", "knee", "ankle", "foot", "leg", "hip", "back", "arm",
    "forearm", "wrist", "hand",
)  # fmt: skip


def known_placement(placement: str) -> str:
    """Return a placement in lower case, if its place on the body is known.

    Parameters
    ----------
    placement : str
        Such as ``left-calf``; may be empty.

    Returns
    -------
    str
        The placement.

    Raises
    ------
    InvalidInputError
        If the place or the side is not known.

    Examples
    --------
    >>> known_placement(" Left-Calf")
    'left-calf'
    """
    text = placement.strip().lower()
    side, hyphen, site = text.rpartition("-")
    if not text or (site in SITES and side in (("left", "right") if hyphen else ("",))):
        return text
    near = get_close_matches(site, SITES, n=1)
    before = "left-" if side.startswith("l") else "right-" if side else ""
    hint = f"; did you mean {before}{near[0]}?" if near else ""
    raise InvalidInputError(
        f"placement is {placement!r}{hint}; give one of {', '.join(SITES)}, with its side before "
        "it, such as left-calf"
    )
