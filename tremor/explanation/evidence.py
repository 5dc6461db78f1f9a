"""The table of evidence: how findings weigh.

It is read and checked here. What is found is `findings`, and the weighing itself `weighing`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, get_args

from tremor.errors import InvalidInputError
from tremor.results.explanations import EXPLANATION_IDS, Grade, Origin, WeighingRules

__all__ = [
    "SOURCED",
    "Bin",
    "Entry",
    "EvidenceTable",
    "Hypothesis",
    "Lowering",
    "Redraws",
    "Rules",
    "evidence_table",
    "read_table",
]

SCHEMA: Final = "tremor.evidence/1"
#: Grades of what others say, which need a source and no claim.
SOURCED: Final = ("literature", "not verified")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A word, or a range of numbers, and what it weighs for each explanation that it touches.

    Parameters
    ----------
    weights : mapping of str to float
        Change of the log-odds by explanation; 0 is shown and neutral.
    reason : str
        Why.
    word : str or None
        The word that it holds; None for a range.
    low, high : float
        The range: ``low <= value < high``.
    source : str
        Citation, if different from the entry's.
    """

    weights: Mapping[str, float]
    reason: str
    word: str | None = None
    low: float = -math.inf
    high: float = math.inf
    source: str = ""

    @property
    def key(self) -> str:
        """Its name among the bins of its entry: its word, or the lower end of its range."""
        if self.word is not None:
            return self.word.replace(" ", "_")
        if not math.isinf(self.low):
            return f"from_{self.low:g}".replace(".", "_")
        return "any" if math.isinf(self.high) else f"below_{self.high:g}".replace(".", "_")

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the JSON holds; an open end of a range is left out."""
        where = {"is": self.word, "from": self.low, "below": self.high}
        ends = {
            name: limit
            for name, limit in where.items()
            if limit is not None and not (isinstance(limit, float) and math.isinf(limit))
        }
        source = {"source": self.source} if self.source else {}
        return {**ends, "weights": dict(self.weights), "reason": self.reason, **source}

    def holds(self, value: float | str) -> bool:
        """Check whether a value lies in the bin."""
        if isinstance(value, str):
            return value == self.word
        return self.word is None and self.low <= value < self.high

    def meets(self, low: float, high: float) -> bool:
        """Check whether an interval overlaps the bin."""
        return self.word is None and low < self.high and high >= self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One piece of evidence.

    Parameters
    ----------
    key : str
        Its name.
    finding : str
        The finding that it looks at.
    looks_at : str
        What that is, in a few words.
    bins : tuple of Bin
        Words, and ranges in rising order that leave no number out.
    grade : {"article", "literature", "judgement", "not verified"}
        What it rests on.
    claims : tuple of str
        Claims that it touches; empty only for literature.
    source : str
        Citation of the literature.
    unit : str
        Unit of the limits of the ranges; empty where there are none.
    whole_interval : bool
        Whether the interval counts, and not the value alone: then the bin that weighs least among
        those that the interval meets is taken.
    """

    key: str
    finding: str
    looks_at: str
    bins: tuple[Bin, ...]
    grade: Grade
    claims: tuple[str, ...]
    source: str = ""
    unit: str = ""
    whole_interval: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the form that the JSON holds."""
        return {
            "key": self.key,
            "finding": self.finding,
            "looks_at": self.looks_at,
            "unit": self.unit,
            "grade": self.grade,
            "claims": list(self.claims),
            "source": self.source,
            "bins": [one.to_dict() for one in self.bins],
        }

    def bin_of(
        self, value: float | str, low: float | None = None, high: float | None = None
    ) -> Bin:
        """Find the bin of a finding.

        Parameters
        ----------
        value : float or str
            Number or word.
        low, high : float or None
            Interval of a number; None is open.

        Returns
        -------
        Bin
            The one that counts.

        Raises
        ------
        InvalidInputError
            If no bin holds the value.
        """
        if self.whole_interval and not isinstance(value, str):
            met = [
                one
                for one in self.bins
                if one.meets(-math.inf if low is None else low, math.inf if high is None else high)
            ]
        else:
            met = [one for one in self.bins if one.holds(value)]
        if not met:
            raise InvalidInputError(f"evidence {self.key!r} has no bin for {value!r}")
        return min(met, key=lambda one: sum(abs(weight) for weight in one.weights.values()))

    def largest_weight(self, explanation: str) -> float:
        """Return the weight of largest magnitude for an explanation."""
        return max((one.weights.get(explanation, 0.0) for one in self.bins), key=abs)

    def touches(self, explanation: str) -> bool:
        """Check whether any bin names the explanation."""
        return any(explanation in one.weights for one in self.bins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """An answer of yes that makes a finding count less.

    Parameters
    ----------
    answer : str
        Attribute of the answer.
    finding : str
        Name of the finding.
    word : str
        The word of the finding that counts less.
    kept : float
        Share of its weight that it keeps, 0 to 1.
    because : str
        Why, as the end of a sentence.
    """

    answer: str
    finding: str
    word: str
    kept: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One explanation of the article before anything is known.

    Parameters
    ----------
    id, name : str
        Name in documents, and for readers.
    prior : float
        Log-odds.
    prior_reason : str
        Why.
    claims : tuple of str
        Claims that it rests on.
    least_facts : int
        With fewer facts that bear on it the word is "cannot tell".
    rests_on : tuple of {"measured", "answered", "computed"}
        What counts as such a fact.
    first_line : str
        What a reader should know before anything else.
    """

    id: str
    name: str
    prior: float
    prior_reason: str
    claims: tuple[str, ...]
    least_facts: int
    rests_on: tuple[Origin, ...]
    first_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Limits of the weighing: of the sum and between leaders in log-odds, of the words in support.

    Parameters
    ----------
    sum_limit : float
        The sum of the weights is held between minus and plus this.
    equal_within : float
        Explanations fit about equally where their log-odds differ by less.
    strong_from, moderate_from : float
        Least support, 0 to 1, for the word.
    least_kept : float
        A finding that keeps a smaller share of its weight is not counted at all.
    reasons : mapping of str to str
        Why, for each of them.
    """

    sum_limit: float
    equal_within: float
    strong_from: float
    moderate_from: float
    least_kept: float
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redraws:
    """How weights and priors are redrawn to see what hangs on them.

    Parameters
    ----------
    draws, seed : int
        How often, and from which seed.
    weight_factor_low, weight_factor_high : float
        Each weight is multiplied by a uniform number between them.
    prior_shift : float
        Each prior is moved by a uniform number within this, up or down.
    reason : str
        Why these.
    """

    draws: int
    seed: int
    weight_factor_low: float
    weight_factor_high: float
    prior_shift: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """All of it; entries and hypotheses by name, in the order of the file."""

    rules: Rules
    redraws: Redraws
    hypotheses: Mapping[str, Hypothesis]
    entries: Mapping[str, Entry]
    lowerings: tuple[Lowering, ...] = ()

    def applied(self) -> WeighingRules:
        """Return the limits and redraws as a result keeps them."""
        return WeighingRules(
            sum_limit=self.rules.sum_limit,
            equal_within=self.rules.equal_within,
            strong_from=self.rules.strong_from,
            moderate_from=self.rules.moderate_from,
            weight_factor_low=self.redraws.weight_factor_low,
            weight_factor_high=self.redraws.weight_factor_high,
            prior_shift=self.redraws.prior_shift,
        )


@cache
def evidence_table() -> EvidenceTable:
    """Return the table of evidence.

    Returns
    -------
    EvidenceTable
        As it ships.

    Examples
    --------
    >>> evidence_table().hypotheses["muscle_fatigue"].prior
    1.0
    """
    text = files("tremor.explanation").joinpath("evidence.toml").read_text(encoding="utf-8")
    return read_table(tomllib.loads(text))


def read_table(table: Mapping[str, Any]) -> EvidenceTable:
    """Build the table of evidence and check it.

    Parameters
    ----------
    table : mapping
        What the file holds.

    Returns
    -------
    EvidenceTable
        The table.

    Raises
    ------
    InvalidInputError
        If anything is wrong; it lists all: an unknown schema, grade or explanation, a name that
        stands twice, a weight without a reason, ranges that leave something out, an entry that
        rests on nothing.
    """
    if table.get("schema") != SCHEMA:
        raise InvalidInputError(
            f"the evidence has schema {table.get('schema')!r}; this version reads {SCHEMA!r}"
        )
    try:
        rules = dict(table["rules"])
        found = EvidenceTable(
            rules=Rules(**rules),
            redraws=Redraws(**table["redraws"]),
            hypotheses=_by("id", [Hypothesis(**_tuples(row)) for row in table["explanation"]]),
            entries=_by("key", [_entry(row) for row in table["evidence"]]),
            lowerings=tuple(_lowering(row) for row in table.get("lowering", ())),
        )
    except (KeyError, TypeError) as error:
        raise InvalidInputError(f"the evidence is not whole: {error}") from error
    problems = [problem for entry in found.entries.values() for problem in _problems(entry)]
    problems += _problems_of_lowerings(found)
    if tuple(found.hypotheses) != EXPLANATION_IDS:
        problems.append(f"the explanations must be {', '.join(EXPLANATION_IDS)}, in this order")
    if problems:
        raise InvalidInputError("the evidence is not sound: " + "; ".join(problems))
    return found


def _by(name: str, rows: Sequence[Any]) -> Mapping[str, Any]:
    keys = [getattr(row, name) for row in rows]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InvalidInputError(f"the evidence holds {', '.join(twice)} twice; give each its name")
    return MappingProxyType(dict(zip(keys, rows, strict=True)))


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _entry(row: Mapping[str, Any]) -> Entry:
    bins = tuple(_bin(one) for one in row["bin"])
    return Entry(**_tuples({key: value for key, value in row.items() if key != "bin"}), bins=bins)


def _bin(row: Mapping[str, Any]) -> Bin:
    return Bin(
        weights=MappingProxyType(dict(row["weights"])),
        reason=row["reason"],
        word=row.get("is"),
        low=row.get("from", -math.inf),
        high=row.get("below", math.inf),
        source=row.get("source", ""),
    )


def _lowering(row: Mapping[str, Any]) -> Lowering:
    return Lowering(**{"word" if key == "is" else key: value for key, value in row.items()})


def _problems_of_lowerings(table: EvidenceTable) -> list[str]:
    words = {(entry.finding, one.word) for entry in table.entries.values() for one in entry.bins}
    found = []
    for row in table.lowerings:
        if (row.finding, row.word) not in words:
            found.append(f"{row.answer} lowers {row.finding} = {row.word}, which nothing looks at")
        if not 0.0 <= row.kept < 1.0 or not row.because.strip():
            found.append(f"{row.answer} lowers {row.finding} by nothing, or without a reason")
    return found


def _problems(entry: Entry) -> list[str]:
    name = entry.key
    found = []
    if entry.grade not in get_args(Grade):
        found.append(f"{name}: grade {entry.grade!r} is none of {', '.join(get_args(Grade))}")
    if not entry.claims and entry.grade not in SOURCED:
        found.append(f"{name}: it cites no claim and is not marked as literature")
    if entry.grade in SOURCED and not entry.source:
        found.append(f"{name}: the literature has no source")
    for one in entry.bins:
        if not one.reason.strip():
            found.append(f"{name}: a weight without a reason")
        strangers = sorted(set(one.weights) - set(EXPLANATION_IDS))
        if strangers or not one.weights:
            found.append(f"{name}: weights for {', '.join(strangers) or 'nothing'}")
    words = [one.word for one in entry.bins if one.word is not None]
    if len(set(words)) < len(words):
        found.append(f"{name}: a word stands twice")
    ranges = [one for one in entry.bins if one.word is None]
    if ranges and (
        ranges[0].low != -math.inf
        or ranges[-1].high != math.inf
        or any(one.high != other.low for one, other in pairwise(ranges))
    ):
        found.append(f"{name}: the ranges leave numbers out or overlap")
    if len(ranges) > 1 and not entry.unit:
        found.append(f"{name}: limits without a unit")
    return found
