"""What single answers add to the sums of weights, and how often: only what they touch is weighed.

A finding is a pure function of the answers that it looks at. Which ones these are is seen while it
is found, so that an answer weighs anew only the findings that look at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import sub
from typing import TYPE_CHECKING, Final, cast

from tremor.explanation.findings.answered import ANSWERED
from tremor.explanation.likely_answers import Answers, InterviewTable, Prompt
from tremor.explanation.lowering import cautions_in_force, lowered
from tremor.explanation.weighing import Weighed, weigh

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.evidence import EvidenceTable
    from tremor.explanation.findings.finding import Finding
    from tremor.results.analysis import Analysis
    from tremor.results.cautions import Caution

__all__ = ["PER_LOG_ODDS", "Outcomes", "Reading", "State", "Vector", "Weigher", "added_up"]

#: Weights by explanation, in the order of the article, in millionths of log-odds: whole numbers, so
#: that sums do not hang on their order and what is equal is equal.
Vector = tuple[int, ...]
#: Weights that an answer adds, and the share of runners for whom it does.
Outcomes = dict[Vector, float]
PER_LOG_ODDS: Final = 1_000_000


class Reading:
    """Stands in for the context, and remembers which answers a finding looks at."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Answer:
        self.read.add(name)
        return self._answers.get(name)


@dataclass(frozen=True, slots=True)
class State:
    """Weights of each finding, the answers that each looks at, and the sum of the weights."""

    weights: Mapping[str, Vector]
    reads: Mapping[str, frozenset[str]]
    total: Vector


class Weigher:
    """Weighs single findings, so that an answer weighs only what looks at it."""

    def __init__(self, analysis: Analysis | None, evidence: EvidenceTable) -> None:
        self._evidence = evidence
        self.ids = tuple(evidence.hypotheses)
        self._priors = tuple(_whole(one.prior) for one in evidence.hypotheses.values())
        self._limit = _whole(evidence.rules.sum_limit)
        self.zero: Vector = (0,) * len(self.ids)
        self.known_leaders: dict[Vector, int] = {}
        #: Of each finding, by the names of the answers that it looks at: weights by those answers.
        self._known: defaultdict[str, dict[frozenset[str], dict[tuple[Answer, ...], Vector]]]
        self._known = defaultdict(lambda: defaultdict(dict))
        self._find: dict[str, Callable[[Context], Finding]] = dict(ANSWERED)
        self._measured: dict[str, Finding] = {}
        self._cautions: tuple[Caution, ...] = ()
        if analysis is not None:
            # Findings of the sensor need numpy, which questions before a recording do without.
            from tremor.explanation.findings.collect import FROM_BOTH, measured_findings

            self._cautions = cautions_in_force(analysis)
            self._measured = {one.key: one for one in measured_findings(analysis)}
            for key, find in FROM_BOTH.items():
                self._find[key] = partial(find, analysis)

    def state(self, given: Answers) -> State:
        """Weigh every finding."""
        found = {key: self._weight(key, given) for key in (*self._find, *self._measured)}
        weights = {key: weight for key, (weight, _) in found.items()}
        reads = {key: read for key, (_, read) in found.items()}
        return State(weights, reads, added_up(self.zero, weights.values()))

    def _weight(self, key: str, answers: Answers) -> tuple[Vector, frozenset[str]]:
        """Weigh one finding; what it looks at decides whether it was weighed before."""
        for read, known in self._known[key].items():
            vector = known.get(tuple(map(answers.get, read)))
            if vector is not None:
                return vector, read
        reading = Reading(answers)
        context = cast("Context", reading)
        finding = self._measured[key] if key in self._measured else self._find[key](context)
        findings = lowered((finding,), self._cautions, context, self._evidence)
        vector = self._vector(weigh(findings, self._evidence))
        read = frozenset(reading.read)
        self._known[key][read][tuple(map(answers.get, read))] = vector
        return vector, read

    def _vector(self, weighed: Sequence[Weighed]) -> Vector:
        return tuple(
            sum(_whole(one.bin.weights.get(id_, 0.0)) for one in weighed) for id_ in self.ids
        )

    def outcomes(
        self, asked: tuple[Prompt, ...], given: Answers, base: State, interview: InterviewTable
    ) -> Outcomes:
        """Return what the answers to some prompts add to the sums, and how often."""
        names = {name for prompt in asked for name in prompt}
        touched = [key for key, read in base.reads.items() if not read.isdisjoint(names)]
        before = added_up(self.zero, (base.weights[key] for key in touched))
        found: defaultdict[Vector, float] = defaultdict(float)
        for share, answers in interview.tries(asked, given):
            after = added_up(self.zero, (self._weight(key, answers)[0] for key in touched))
            found[tuple(map(sub, after, before))] += share
        whole = sum(found.values())  # less than 1 where some answers contradict what is given
        return {added: share / whole for added, share in found.items()}

    def measurement(self, finding: str, values: Sequence[tuple[str | float, float]]) -> Outcomes:
        """Return what a measurement is expected to add to the sums, and how often."""
        entries = [one for one in self._evidence.entries.values() if one.finding == finding]
        found: defaultdict[Vector, float] = defaultdict(float)
        for value, share in values:
            bins = [entry.bin_of(value, *_exact(value)) for entry in entries]
            added = tuple(
                sum(_whole(one.weights.get(id_, 0.0)) for one in bins) for id_ in self.ids
            )
            found[added] += share
        found[self.zero] += max(1.0 - sum(found.values()), 0.0)
        return dict(found)

    def odds(self, total: Vector) -> Vector:
        """Return log-odds for sums of weights."""
        most = self._limit
        return tuple(
            [
                prior + (one if -most < one < most else most if one > 0 else -most)
                for prior, one in zip(self._priors, total, strict=True)
            ]
        )

    def leader(self, total: Vector) -> int:
        """Return the place of what leads; of equal ones the first."""
        odds = self.odds(total)
        self.known_leaders[total] = leader = odds.index(max(odds))
        return leader

    def leader_name(self, total: Vector) -> str:
        """Return what leads."""
        return self.ids[self.leader(total)]


def _whole(log_odds: float) -> int:
    return round(log_odds * PER_LOG_ODDS)


def _exact(value: str | float) -> tuple[float | None, float | None]:
    return (None, None) if isinstance(value, str) else (value, value)


def added_up(start: Vector, vectors: Iterable[Vector]) -> Vector:
    """Add vectors to a first one."""
    return tuple(map(sum, zip(start, *vectors, strict=True)))
