"""What a finding is: one fact with its origin, or what it lacks.

All findings are collected in `tremor.explanation.findings.collect`; their sentences are made in
`tremor.report.messages`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tremor.notes import Note, note
from tremor.results.explanations import Origin

if TYPE_CHECKING:
    from tremor.estimate import Estimate

__all__ = ["Finding", "interval", "not_answered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact, or what is lacking for it.

    Parameters
    ----------
    key : str
        Its name.
    statement : Note
        The fact; what is not known, where it is not.
    origin : {"measured", "answered", "computed"}
        By the sensor, by the runner, or from answers by a formula.
    word : str or None
        What kind of fact it is; None where the number says all.
    value : float or None
        The number, in `unit`.
    unit : str
        Unit of the number.
    low, high : float or None
        Interval of the number, in `unit`, where it has one.
    fields : tuple of str
        Answers of the context that it looks at.
    unanswered : tuple of str
        Those of them that it lacks.
    kept : float
        Share of its weight that counts, 0 to 1; less than 1 where a caution lowers it.
    """

    key: str
    statement: Note
    origin: Origin
    word: str | None = None
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    fields: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    kept: float = 1.0

    @property
    def known(self) -> bool:
        """Whether there is a fact."""
        return self.word is not None or self.value is not None

    @property
    def weighed_by(self) -> float | str:
        """What the bins of the evidence look at: the word, or else the number."""
        if self.word is not None:
            return self.word
        assert self.value is not None
        return self.value


def not_answered(key: str, *unanswered: str) -> Finding:
    """Make the finding that lacks answers.

    Parameters
    ----------
    key : str
        Name of the finding.
    *unanswered : str
        Fields of the context that it lacks.

    Returns
    -------
    Finding
        Without a value.
    """
    return Finding(
        key=key,
        statement=note("NOT_ANSWERED", questions=unanswered),
        origin="answered",
        fields=unanswered,
        unanswered=unanswered,
    )


def interval(estimate: Estimate) -> dict[str, float | None]:
    """Return an estimate as a value of a note.

    Examples
    --------
    >>> from tremor.estimate import Estimate
    >>> interval(Estimate(8.3, 8.2, 8.4))
    {'value': 8.3, 'low': 8.2, 'high': 8.4}
    """
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
