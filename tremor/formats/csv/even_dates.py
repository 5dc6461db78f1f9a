"""Dates that are all written with the same number of characters, converted at once.

The forms of dates, and those of changing width, are `tremor.formats.csv.dates`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_even_dates"]

_PART: Final = {
    "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<y>\d{2})", "%m": r"(?P<m>\d{2})", "%d": r"(?P<d>\d{2})",
    "%H": r"(?P<H>\d{2})", "%M": r"(?P<M>\d{2})", "%S": r"(?P<S>\d{2})",
}  # fmt: skip
_END: Final = r"(?:[.,:](?P<f>\d{1,9}))?\s*(?:Z|UTC|GMT)?"
#: Years of two digits from here on are of the last century.
_FIRST_OLD_YEAR: Final = 69
_DAY_NS: Final = 86_400 * 10**9


def parse_even_dates(cells: pd.Series, strptime_format: str) -> npt.NDArray[np.int64] | None:
    """Convert dates whose digits all stand in the same places.

    Parameters
    ----------
    cells : Series
        Text.
    strptime_format : str
        Form of date and time to whole seconds; what follows is a fraction and UTC.

    Returns
    -------
    ndarray of int64, shape (n,), or None
        ns since 1970; None if the cells are not all alike, or one is no date.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.Series(["05.06.2018 00:00:00.000", "05.06.2018 00:00:00.010"])
    >>> np.diff(parse_even_dates(cells, "%d.%m.%Y %H:%M:%S")).tolist()
    [10000000]
    """
    first = str(cells.iloc[0])
    pattern = re.sub(r"%[A-Za-z]", lambda part: _PART.get(part[0], "(?!)"), strptime_format)
    found = re.fullmatch(pattern.replace(".", r"\.") + _END, first)
    if found is None or not first.isascii():
        return None
    try:
        text = np.asarray(cells.to_numpy(dtype=object), dtype="S")
    except (UnicodeEncodeError, TypeError, ValueError):
        return None
    if text.itemsize != len(first):
        return None
    codes = text.view(np.uint8).reshape(len(text), len(first))
    is_digit = np.array([one.isdigit() for one in first])
    same = np.frombuffer(first.encode(), dtype=np.uint8)
    digits = codes - ord("0")
    if not (codes[:, ~is_digit] == same[~is_digit]).all() or (digits[:, is_digit] > 9).any():
        return None
    parts = {name: _number(digits, *found.span(name)) for name in found.groupdict() if found[name]}
    days = _days(parts)
    if days is None or parts["H"].max() > 23 or max(parts["M"].max(), parts["S"].max()) > 59:
        return None
    seconds = 3600 * parts["H"] + 60 * parts["M"] + parts["S"]
    moments = days * _DAY_NS + seconds * 10**9
    if "f" in parts:
        moments += parts["f"] * 10 ** (9 - len(found["f"]))
    return moments


def _number(digits: npt.NDArray[np.uint8], begin: int, end: int) -> npt.NDArray[np.int64]:
    number = np.zeros(len(digits), dtype=np.int64)
    for place in range(begin, end):
        number = 10 * number + digits[:, place]
    return number


def _days(parts: dict[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.int64] | None:
    """Return the days since 1970; None if a date does not exist."""
    if "Y" in parts:
        year = parts["Y"]
    else:
        year = parts["y"] + np.where(parts["y"] < _FIRST_OLD_YEAR, 2000, 1900)
    key = 10_000 * year + 100 * parts["m"] + parts["d"]
    begins = np.concatenate(([0], np.flatnonzero(np.diff(key)) + 1))
    if len(begins) > len(key) // 2 + 1:
        return None
    days = []
    for one in key[begins].tolist():
        try:
            moment = datetime(one // 10_000, one // 100 % 100, one % 100, tzinfo=UTC)
        except ValueError:
            return None
        days.append(round(moment.timestamp()) // 86_400)
    return np.repeat(np.array(days, dtype=np.int64), np.diff(np.append(begins, len(key))))
