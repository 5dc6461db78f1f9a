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
_YEAR_S: Final = 365.25 * 86_400.0
#: Days from which on hours are not said, and years from which on days are not.
_MANY_DAYS: Final = 4
_MANY_YEARS: Final = 2


def decimals_of(estimate: Estimate, *, most_digits: int = 4) -> int:
    """Return the decimals with which the width of the interval has two significant digits.

    Parameters
    ----------
    estimate : Estimate
        With a value.
    most_digits : int
        Significant digits of the value that are not exceeded.

    Returns
    -------
    int
        Those of three significant digits without an interval.

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
        finest = max(_decimals_for(estimate.value) + most_digits - _SIGNIFICANT, 0)
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


def value_text(estimate: Estimate, unit: str, *, most_digits: int = 4) -> str:
    """Format the value with its unit; empty if there is none.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> frequency_hz = Estimate(8.3904, 8.3881, 8.3927)
    >>> value_text(frequency_hz, "Hz"), value_text(frequency_hz, "Hz", most_digits=3)
    ('8.390 Hz', '8.39 Hz')
    """
    if estimate.value is None:
        return ""
    decimals = decimals_of(estimate, most_digits=most_digits)
    return f"{number(estimate.value, decimals)} {unit}".rstrip()


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
    >>> clock(62.4), clock(356.5), clock(3723.0)
    ('1:02', '5:57', '1:02:03')
    """
    whole = _nearest(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def span(seconds: float) -> str:
    """Format a duration in words, with the seconds that `clock` shows.

    Examples
    --------
    >>> span(45.2), span(356.5), span(4800.0), span(17126.0)
    ('45 s', '5 min 57 s', '1 h 20 min', '4 h 45 min')
    >>> span(864_000.0), span(1.7e9)
    ('10 days', '54 years')
    """
    whole = _nearest(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    days = _nearest(seconds / 86_400.0)
    if days >= _MANY_YEARS * 365:
        return f"{_nearest(seconds / _YEAR_S)} years"
    if days >= _MANY_DAYS:
        return f"{days} days"
    minutes = _nearest(seconds / 60.0)
    return _two(minutes // 60, "h", minutes % 60, "min")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def _nearest(value: float) -> int:
    """Round to the nearest whole number, a half up, so that all reports agree."""
    return math.floor(value + 0.5)
