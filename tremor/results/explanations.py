"""What the explanations came to: records that an analysis carries. Nothing is weighed here.

They stand beside the other records of the document, below the room that fills them, so that
writing and reading a result needs no knowledge of how its explanations were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, Self

__all__ = [
    "EXPLANATION_IDS",
    "Advice",
    "Direction",
    "Evidence",
    "Explanation",
    "Grade",
    "Missing",
    "OpenQuestion",
    "Origin",
    "Sensitivity",
    "SupportWord",
    "WarningSign",
]

#: In the order of the article.
EXPLANATION_IDS: Final = (
    "muscle_fatigue",
    "electrolytes_metabolites",
    "non_running_contributors",
)
Origin = Literal["measured", "answered", "computed"]
Direction = Literal["for", "against", "neutral"]
Grade = Literal["article", "literature", "judgement"]
SupportWord = Literal["strong", "moderate", "weak", "cannot tell"]


def _known(cls: type, record: Mapping[str, Any]) -> dict[str, Any]:
    """Take the fields of a record; keys that are not known are left out, lists become tuples."""
    return {
        item.name: tuple(value) if isinstance(value, list) else value
        for item in fields(cls)
        if item.name in record
        for value in (record[item.name],)
    }


def _plain(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the dataclasses below
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(record).items()
    }


class _Written:
    """A record whose fields are what the JSON holds."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return _plain(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        return cls(**_known(cls, record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(_Written):
    """One finding, and how it weighs for one explanation.

    Parameters
    ----------
    key : str
        Name of the entry in the table of evidence.
    statement : str
        The fact, in a sentence.
    value : float, str or None
        The number or the word that was looked at.
    unit : str
        Unit of the number; empty for a word.
    low, high : float or None
        Interval of the number, where it has one.
    origin : {"measured", "answered", "computed"}
        By the sensor, by the runner, or from answers by a formula.
    direction : {"for", "against", "neutral"}
        Sign of the weight.
    weight : float
        Change of the log-odds (natural logarithm).
    reason : str
        Why it weighs so.
    claims : tuple of str
        Claims of the article that it touches; empty only for context from the literature.
    grade : {"article", "literature", "judgement"}
        On whose word the weight rests.
    source : str
        Whom the literature is; empty for the other grades.
    """

    key: str
    statement: str
    value: float | str | None
    unit: str
    low: float | None
    high: float | None
    origin: Origin
    direction: Direction
    weight: float
    reason: str
    claims: tuple[str, ...]
    grade: Grade
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(_Written):
    """A fact that would weigh and is not known.

    Parameters
    ----------
    key : str
        Name of the question; of the entry in the table of evidence where it was not measured.
    statement : str
        What is not known.
    largest_weight : float
        The largest change of the log-odds, up or down, that one of its entries could make.
    claims : tuple of str
        Claims that it would touch.
    grade : {"article", "literature", "judgement"}
        As for `Evidence`.
    """

    key: str
    statement: str
    largest_weight: float
    claims: tuple[str, ...]
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One of the three explanations of the article, with all that speaks for and against it.

    Parameters
    ----------
    id : str
        One of `EXPLANATION_IDS`.
    support : float
        ``1 / (1 + exp(-log_odds))``, 0 to 1. The three need not add up to 1.
    support_low, support_high : float
        What 95 % of the redraws of weights and priors give.
    word : {"strong", "moderate", "weak", "cannot tell"}
        The support in a word; "cannot tell" where too little is known that bears on it.
    log_odds : float
        Prior and sum of the weights.
    prior : float
        Log-odds before anything is known.
    evidence : tuple of Evidence
        In the order of the table.
    missing : tuple of Missing
        What could weigh most first.
    claims : tuple of str
        Claims that the explanation itself rests on.
    """

    id: str
    support: float
    support_low: float
    support_high: float
    word: SupportWord
    log_odds: float
    prior: float
    evidence: tuple[Evidence, ...]
    missing: tuple[Missing, ...]
    claims: tuple[str, ...]

    def pointing(self, direction: Direction) -> tuple[Evidence, ...]:
        """Give the evidence of one direction, the heaviest first."""
        found = [one for one in self.evidence if one.direction == direction]
        return tuple(sorted(found, key=lambda one: -abs(one.weight)))

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        return _plain(self) | {
            "evidence": [one.to_dict() for one in self.evidence],
            "missing": [one.to_dict() for one in self.missing],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        return cls(
            **_known(cls, record)
            | {
                "evidence": tuple(Evidence.from_dict(one) for one in record["evidence"]),
                "missing": tuple(Missing.from_dict(one) for one in record["missing"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion(_Written):
    """The unanswered question whose answer could change most.

    Parameters
    ----------
    key : str
        Name of the question in the table of evidence.
    text : str
        The question.
    fields : tuple of str
        The answers of the context that it asks for.
    explanation : str
        The explanation that an answer could move most.
    largest_change : float
        By how much, in log-odds, up or down.
    leader : str or None
        The explanation that would lead after the answer that changes most; None where the leader
        would stay whatever the answer.
    """

    key: str
    text: str
    fields: tuple[str, ...]
    explanation: str
    largest_change: float
    leader: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """How much the order of the explanations hangs on the weights, which are judgement.

    Parameters
    ----------
    leader : str
        The explanation with the largest log-odds.
    about_equal : tuple of str
        All explanations within the limit of the leader, itself among them; one name where it leads
        clearly.
    share : float
        Share of the redraws of all weights and priors that have the same leader, 0 to 1.
    seed, draws : int
        Of the redraws.
    question : OpenQuestion or None
        What one more answer could change most; None where everything is answered.
    """

    leader: str
    about_equal: tuple[str, ...]
    share: float
    seed: int
    draws: int
    question: OpenQuestion | None

    def to_dict(self) -> dict[str, Any]:
        """Give the form that the JSON holds."""
        question = None if self.question is None else self.question.to_dict()
        return _plain(self) | {"question": question}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read the form that the JSON holds."""
        question = record.get("question")
        return cls(
            **_known(cls, record)
            | {"question": None if question is None else OpenQuestion.from_dict(question)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningSign(_Written):
    """A sign that the runner ticked and that needs help, whatever was measured.

    Parameters
    ----------
    id : str
        Name of the sign.
    statement : str
        What it can mean and what to do.
    claims : tuple of str
        Empty: the article does not name it.
    urgency : {"now", "today", "soon"}
        How fast help is needed.
    grade : {"literature"}
        All of them are context from the literature.
    """

    id: str
    statement: str
    claims: tuple[str, ...]
    urgency: Literal["now", "today", "soon"]
    grade: Grade = "literature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(_Written):
    """Something that the runner can do.

    Parameters
    ----------
    id : str
        Name of the advice.
    text : str
        What to do.
    claims : tuple of str
        Claims that it rests on; empty only for context from the literature.
    explanation : str or None
        The explanation that it goes with; None for what holds whatever leads.
    grade : {"article", "literature", "judgement"}
        On whose word it rests.
    """

    id: str
    text: str
    claims: tuple[str, ...]
    explanation: str | None
    grade: Grade
