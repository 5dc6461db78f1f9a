"""Numbers as people read them. One rule of rounding for text and page; nothing is computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tremor.estimate import Estimate

__all__ = [
    "clock",
    "decimals_of",
    "number",
    "percent",
    "range_text",
    "span",
    "value_text",
]

_SIGNIFICANT: Final = 3
#: From so many seconds on a length of time is told in minutes, and in hours.
_IN_MINUTES_S: Final = 600.0
_IN_HOURS_S: Final = 10800.0


def decimals_of(estimate: Estimate) -> int:
    """Return the decimals at which the width of the interval shows two significant digits.

    Parameters
    ----------
    estimate : Estimate
        With a value.

    Returns
    -------
    int
        Three significant digits of the value where there is no interval, never more than four.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> decimals_of(Estimate(8.314, 8.253, 8.375))
    2
    """
    if estimate.value is None:
        return 0
    if estimate.low is not None and estimate.high is not None and estimate.high > estimate.low:
        width = estimate.high - estimate.low
        finest = max(_decimals_for(estimate.value) + 1, 0)
        return min(max(1 - math.floor(math.log10(width)), 0), finest)
    return _decimals_for(estimate.value)


def _decimals_for(value: float) -> int:
    if value == 0.0:
        return 0
    return min(max(_SIGNIFICANT - 1 - math.floor(math.log10(abs(value))), 0), 6)


def number(value: float | None, decimals: int | None = None) -> str:
    """Return a number with so many decimals, or with three significant digits.

    Examples
    --------
    >>> number(0.43721), number(52.0), number(None)
    ('0.437', '52.0', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.{_decimals_for(value) if decimals is None else decimals}f}"


def value_text(estimate: Estimate, unit: str) -> str:
    """Return the value with its unit; empty where there is none."""
    if estimate.value is None:
        return ""
    return f"{number(estimate.value, decimals_of(estimate))} {unit}".rstrip()


def range_text(estimate: Estimate) -> str:
    """Return the interval in brackets; empty where there is none.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> range_text(Estimate(8.314, 8.253, 8.375))
    '(8.25 to 8.38)'
    >>> range_text(Estimate(0.2, None, 0.31))
    '(up to 0.310)'
    """
    if estimate.value is None:
        return ""
    decimals = decimals_of(estimate)
    if estimate.low is not None and estimate.high is not None:
        return f"({number(estimate.low, decimals)} to {number(estimate.high, decimals)})"
    if estimate.high is not None:
        return f"(up to {number(estimate.high, decimals)})"
    if estimate.low is not None:
        return f"(at least {number(estimate.low, decimals)})"
    return ""


def percent(share: float) -> str:
    """Return a share in per cent; small shares keep two significant digits.

    Examples
    --------
    >>> percent(0.8025), percent(0.00043), percent(0.0)
    ('80 %', '0.043 %', '0 %')
    """
    if share == 0.0 or share >= 0.095:
        return f"{100.0 * share:.0f} %"
    decimals = 1 - math.floor(math.log10(100.0 * share))
    return f"{100.0 * share:.{min(decimals, 6)}f} %"


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, or hours, minutes and seconds.

    Examples
    --------
    >>> clock(62.4), clock(3723.0)
    ('1:02', '1:02:03')
    """
    whole = math.floor(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span(seconds: float, *, of_s: float = 0.0) -> str:
    """Return a length of time in the unit one would say it in, or that of its whole.

    Examples
    --------
    >>> span(188.4), span(4800.0), span(17126.0), span(10800.0)
    ('188 s', '80 min', '4 h 45 min', '3 h')
    >>> span(594.0, of_s=2400.0), span(20.0, of_s=2400.0)
    ('10 min', '20 s')
    """
    if seconds < (_IN_MINUTES_S if of_s < _IN_MINUTES_S else 60.0):
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60.0)
    if seconds < _IN_HOURS_S:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
