"""What a finding is, and how its numbers are written. Which there are is `findings`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tremor.results.explanations import Origin

if TYPE_CHECKING:
    from tremor.estimate import Estimate

__all__ = ["Finding", "figure", "not_answered", "not_measured", "with_interval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact, or what is lacking for it.

    Parameters
    ----------
    key : str
        Its name.
    statement : str
        The fact as a sentence; what is not known, where it is not.
    origin : {"measured", "answered", "computed"}
        Where it comes from.
    word : str or None
        What kind of fact it is; None where the number tells all.
    value : float or None
        The number, in `unit`.
    unit : str
        Unit of the number.
    low, high : float or None
        Interval of the number, where it has one.
    fields : tuple of str
        Answers of the context that it looks at.
    unanswered : tuple of str
        Those of them that it lacks.
    """

    key: str
    statement: str
    origin: Origin
    word: str | None = None
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    fields: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether there is a fact."""
        return self.word is not None or self.value is not None

    @property
    def weighed_by(self) -> float | str:
        """Give what the bins of the evidence look at: the word, or else the number."""
        if self.word is not None:
            return self.word
        assert self.value is not None
        return self.value


def not_answered(key: str, *unanswered: str) -> Finding:
    """Make the finding that answers of these names would give."""
    return Finding(
        key=key,
        statement="not answered: " + ", ".join(unanswered),
        origin="answered",
        fields=unanswered,
        unanswered=unanswered,
    )


def not_measured(key: str, what: str, reason: str) -> Finding:
    """Make the finding that the sensor could not give."""
    return Finding(
        key=key, statement=f"Not measured: {what}; {reason.rstrip('.')}.", origin="measured"
    )


def with_interval(estimate: Estimate, unit: str) -> str:
    """Write a number with its interval and unit; empty where there is none.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> with_interval(Estimate(82.49, 61.6, 123.3), "s")
    '82 s (62 to 123 s)'
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None:
        return ""
    if low is not None and high is not None and high > low:
        # The width of the interval shows two digits.
        decimals = max(1 - math.floor(math.log10(high - low)), 0)
        return f"{value:.{decimals}f} {unit} ({low:.{decimals}f} to {high:.{decimals}f} {unit})"
    if low is not None and high is None:
        return f"{figure(value)} {unit} (at least {figure(low)} {unit})"
    if high is not None and low is None:
        return f"{figure(value)} {unit} (at most {figure(high)} {unit})"
    return f"{figure(value)} {unit}"


def figure(value: float) -> str:
    """Write three significant digits, and whole numbers in full.

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
