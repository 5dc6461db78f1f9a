"""The records of the explanations in an analysis; `tremor.explanation` weighs them.

They are defined here with the other records, so that a result can be written and read without
`tremor.explanation`. Their texts are notes, from which `tremor.report.messages` makes sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tremor.notes import Note

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
    "WeighingRules",
]

#: In the order of the article.
EXPLANATION_IDS: Final = (
    "muscle_fatigue",
    "electrolytes_metabolites",
    "non_running_contributors",
)
Origin = Literal["measured", "answered", "computed"]
Direction = Literal["for", "against", "neutral"]
#: On whose word a weight rests: the article, others, nobody's; or others', as far as that is known
#: at second hand only.
Grade = Literal["article", "literature", "judgement", "not verified"]
SupportWord = Literal["strong", "moderate", "weak", "cannot tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One finding, and its weight for one explanation.

    Parameters
    ----------
    key : str
        Name of the entry in the table of evidence.
    statement : Note
        The fact.
    value : float, str or None
        The number or the word that was weighed.
    unit : str
        Unit of the number; empty for a word.
    low, high : float or None
        Interval of the number, where it has one.
    origin : {"measured", "answered", "computed"}
        Whether it was measured by the sensor, answered by the runner, or computed from answers.
    direction : {"for", "against", "neutral"}
        Sign of the weight.
    weight : float
        Change of the log-odds (natural logarithm).
    reason : Note
        Why it has this weight.
    claims : tuple of str
        Claims of the article that it concerns; empty only for context from the literature.
    grade : {"article", "literature", "judgement", "not verified"}
        What the weight rests on.
    source : Note or None
        Citation of the literature; None where there is none.
    weight_in_full : float or None
        The weight had no caution and no answer lowered it; None in results that do not hold it.
    """

    key: str
    statement: Note
    value: float | str | None
    unit: str
    low: float | None
    high: float | None
    origin: Origin
    direction: Direction
    weight: float
    reason: Note
    claims: tuple[str, ...]
    grade: Grade
    source: Note | None = None
    weight_in_full: float | None = None

    @property
    def not_counted(self) -> bool:
        """Whether it would weigh, and was taken out for what is in doubt about it."""
        return not self.weight and bool(self.weight_in_full)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A fact that would have a weight but is not known.

    Parameters
    ----------
    key : str
        Name of the question; of the entry in the table of evidence where it was not measured.
    statement : Note
        What is not known, and why.
    largest_weight : float
        The largest change of the log-odds, up or down, that one of its entries could make.
    claims : tuple of str
        Claims that it would concern.
    grade : {"article", "literature", "judgement", "not verified"}
        As for `Evidence`.
    """

    key: str
    statement: Note
    largest_weight: float
    claims: tuple[str, ...]
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One of the three explanations of the article, with the evidence for and against it.

    Parameters
    ----------
    id : str
        One of `EXPLANATION_IDS`.
    support : float
        ``1 / (1 + exp(-log_odds))``, 0 to 1. The three need not add up to 1.
    support_low, support_high : float
        Limits of 95 % of the redraws of weights and priors.
    word : {"strong", "moderate", "weak", "cannot tell"}
        The support in a word; "cannot tell" if too little is known that bears on it.
    log_odds : float
        Prior and sum of the weights.
    prior : float
        Log-odds before anything is known.
    evidence : tuple of Evidence
        In the order of the table.
    missing : tuple of Missing
        Those that could weigh most first.
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
        """Return the evidence of one direction, the largest weight first."""
        found = [one for one in self.evidence if one.direction == direction]
        return tuple(sorted(found, key=lambda one: -abs(one.weight)))

    def not_counted(self) -> tuple[Evidence, ...]:
        """Return the evidence that would weigh, and was taken out for what is in doubt about it."""
        return tuple(one for one in self.evidence if one.not_counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """The unanswered question whose answer could change most.

    Parameters
    ----------
    key : str
        Name of the question in the table of evidence.
    text : Note
        The question.
    fields : tuple of str
        Fields of the context that it asks for.
    explanation : str
        The explanation that an answer could move most.
    largest_change : float
        By how much, in log-odds, up or down.
    leader : str or None
        The explanation that would lead after the answer that changes most; None if no answer
        changes the leader.
    """

    key: str
    text: Note
    fields: tuple[str, ...]
    explanation: str
    largest_change: float
    leader: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighingRules:
    """The limits and redraws with which the explanations were weighed.

    Parameters
    ----------
    sum_limit : float
        The sum of the weights was held between minus and plus this, log-odds.
    equal_within : float
        Explanations were about equal if their log-odds differed by less.
    strong_from, moderate_from : float
        Least support for each word, 0 to 1.
    weight_factor_low, weight_factor_high : float
        Each weight was redrawn between these multiples of itself.
    prior_shift : float
        Each prior was redrawn within this, up or down, log-odds.
    """

    sum_limit: float
    equal_within: float
    strong_from: float
    moderate_from: float
    weight_factor_low: float
    weight_factor_high: float
    prior_shift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """How much the order of the explanations depends on the weights, which are judgement.

    Parameters
    ----------
    leader : str
        The explanation with the largest log-odds.
    about_equal : tuple of str
        The leader and all explanations within the limit of it; one name if it leads clearly.
    share : float
        Share of the redraws of all weights and priors that have the same leader, 0 to 1.
    seed, draws : int
        Seed and number of the redraws.
    question : OpenQuestion or None
        The question whose answer could change most; None if everything is answered.
    rules : WeighingRules or None
        The limits and redraws; None in results from before version 0.2.
    second : str or None
        The explanation that comes next; None in results from before version 0.2.
    lead_log_odds : float or None
        By how much the log-odds of the leader are larger than its; None as for `second`.
    changes : tuple of Note
        What would change what leads: its lead, open answers, another recording.
    """

    leader: str
    about_equal: tuple[str, ...]
    share: float
    seed: int
    draws: int
    question: OpenQuestion | None
    rules: WeighingRules | None = None
    second: str | None = None
    lead_log_odds: float | None = None
    changes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningSign:
    """A sign that the runner ticked and that needs help, whatever was measured.

    Parameters
    ----------
    id : str
        Name of the sign.
    statement : Note
        What it can mean and what to do.
    claims : tuple of str
        Empty: the article does not name it.
    urgency : {"now", "today", "soon"}
        How soon help is needed.
    grade : {"literature"}
        All of them are context from the literature.
    """

    id: str
    statement: Note
    claims: tuple[str, ...]
    urgency: Literal["now", "today", "soon"]
    grade: Grade = "literature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A piece of advice for the runner.

    Parameters
    ----------
    id : str
        Name of the advice.
    text : Note
        What to do.
    claims : tuple of str
        Claims that it rests on; empty only for context from the literature.
    explanation : str or None
        The explanation that it belongs to; None for general advice.
    grade : {"article", "literature", "judgement", "not verified"}
        What it rests on.
    disputed : tuple of Note
        Who disputes it, and on what ground; empty where nobody does.
    """

    id: str
    text: Note
    claims: tuple[str, ...]
    explanation: str | None
    grade: Grade
    disputed: tuple[Note, ...] = ()
