"""A number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from tremor.errors import InvalidInputError
from tremor.notes import Note

__all__ = ["LEVEL", "Estimate"]

#: Nominal coverage of all intervals.
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, or the reason why there is none.

    Parameters
    ----------
    value : float or None
        The estimate; its unit ends the name of the field that holds it.
    low, high : float or None
        Limits of the interval; None for one that the data do not set.
    level : float
        Nominal coverage of the interval.
    method : str
        Name of the method that made the number.
    reason : Note or None
        Why there is no number; None where there is one.

    Raises
    ------
    InvalidInputError
        If there is neither a value nor a reason, or a number is not finite.

    Examples
    --------
    >>> Estimate(8.31, 8.25, 8.37, method="whittle").high
    8.37
    >>> Estimate.missing(Note("NO_EPISODE")).value is None
    True
    """

    value: float | None
    low: float | None
    high: float | None
    level: float = LEVEL
    method: str = ""
    reason: Note | None = None

    def __post_init__(self) -> None:
        if self.value is None:
            if self.reason is None:
                raise InvalidInputError("an estimate without a value needs its reason")
            return
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                raise InvalidInputError(
                    f"{name} of an estimate is {number}; give a number or a reason"
                )

    @classmethod
    def missing(cls, reason: Note) -> Self:
        """Make an estimate without a value.

        Parameters
        ----------
        reason : Note
            Why there is no number.

        Returns
        -------
        Estimate
            Without value and limits, with the reason.
        """
        return cls(None, None, None, reason=reason)
