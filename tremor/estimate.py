"""A number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from tremor.errors import InvalidInputError

__all__ = ["INTERVAL_TARGETS", "Estimate"]

#: What the interval of a frequency is for, by method; it stands in every result.
INTERVAL_TARGETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "whittle": "the centre of the process, which another stretch of the same tremor shares; "
        "where the centre wanders within a window, the interval of that window is for what it "
        "held",
        "least_squares": "the frequency that the samples held",
    }
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, or the reason why there is none.

    Parameters
    ----------
    value : float or None
        The estimate, in the unit that ends the name of the field that holds it.
    low, high : float or None
        Limits of the interval; one of them may be None where only the other can be given.
    level : float
        Nominal coverage of the interval.
    method : str
        How the number was made, in the field's words.
    reason : str
        Why there is no number; empty where there is one.

    Examples
    --------
    >>> Estimate(8.31, 8.25, 8.37, method="whittle").to_dict()["high"]
    8.37
    >>> Estimate.missing("the window holds a gap of 0.4 s").value is None
    True
    """

    value: float | None
    low: float | None
    high: float | None
    level: float = 0.95
    method: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.value is None:
            if not self.reason:
                raise InvalidInputError("an estimate without a value needs its reason")
            return
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise InvalidInputError(
                    f"{name} of an estimate is {number}; give a number or a reason"
                )

    @classmethod
    def missing(cls, reason: str) -> Self:
        """Make the estimate that could not be made.

        Parameters
        ----------
        reason : str
            Why there is no number.

        Returns
        -------
        Estimate
            Without value and limits.
        """
        return cls(None, None, None, reason=reason)

    def to_dict(self) -> dict[str, float | str | None] | None:
        """Give the form that the JSON holds: a dictionary, or None where there is no number."""
        if self.value is None:
            return None
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "method": self.method,
        }

    @classmethod
    def from_dict(cls, record: dict[str, float | str | None] | None, reason: str = "") -> Self:
        """Read the form that the JSON holds.

        Parameters
        ----------
        record : dict or None
            What `to_dict` gave.
        reason : str
            What the JSON says in the neighbouring ``reason`` where the record is None.

        Returns
        -------
        Estimate
            The estimate as it was.
        """
        if record is None:
            return cls.missing(reason or "not estimated")
        return cls(**record)  # type: ignore[arg-type]
