"""Numbers as text: one rule of rounding for all reports. Nothing else is computed here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tremor.estimate import Estimate

__all__ = [
    "clock",
    "decimals_of",
    "figure",
    "number",
    "percent",
    "percents",
    "span",
    "value_text",
]

_SIGNIFICANT: Final = 3
#: Durations from which on minutes are shown, and hours, s.
_IN_MINUTES_S: Final = 600.0
_IN_HOURS_S: Final = 10800.0


def decimals_of(estimate: Estimate) -> int:
    """Return the decimals with which the width of the interval has two significant digits.

    Parameters
    ----------
    estimate : Estimate
        With a value.

    Returns
    -------
    int
        At most those of four significant digits of the value; those of three without an interval.

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
    """Format a number with the given decimals, or with three significant digits.

    Examples
    --------
    >>> number(0.43721), number(52.0), number(None)
    ('0.437', '52.0', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.{_decimals_for(value) if decimals is None else decimals}f}"


def value_text(estimate: Estimate, unit: str) -> str:
    """Format the value with its unit; empty if there is none."""
    if estimate.value is None:
        return ""
    return f"{number(estimate.value, decimals_of(estimate))} {unit}".rstrip()


def figure(value: float) -> str:
    """Format a number with three significant digits, and one from 1000 on as a whole number.

    Examples
    --------
    >>> figure(1489.6), figure(0.4), figure(82.49)
    ('1490', '0.4', '82.5')
    """
    if value == 0.0:
        return "0"
    digits = max(2 - math.floor(math.log10(abs(value))), 0)
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Format a share in per cent; small shares keep two significant digits.

    Examples
    --------
    >>> percent(0.8025), percent(0.00043), percent(0.0)
    ('80 %', '0.043 %', '0 %')
    """
    if share == 0.0 or share >= 0.095:
        return f"{100.0 * share:.0f} %"
    decimals = 1 - math.floor(math.log10(100.0 * share))
    return f"{100.0 * share:.{min(decimals, 6)}f} %"


def percents(shares: Sequence[float]) -> list[str]:
    """Format shares of one whole in whole per cent, which rounding does not bring above 100.

    Examples
    --------
    >>> percents([0.335, 0.335, 0.33]), percents([0.555, 0.445])
    (['34 %', '33 %', '33 %'], ['56 %', '44 %'])
    """
    exact = [100.0 * share for share in shares]
    whole = [math.floor(one) for one in exact]
    left = round(sum(exact)) - sum(whole)
    order = sorted(range(len(exact)), key=lambda k: (whole[k] - exact[k], k))
    for k in order[: max(left, 0)]:
        whole[k] += 1
    return [f"{one} %" for one in whole]


def clock(seconds: float) -> str:
    """Format a time as minutes and seconds, or hours, minutes and seconds.

    Examples
    --------
    >>> clock(62.4), clock(3723.0)
    ('1:02', '1:02:03')
    """
    whole = math.floor(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span(seconds: float, *, of_s: float = 0.0) -> str:
    """Format a duration in the unit that suits it, or the longer one that it is part of.

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
