"""What open questions are expected to change: what leads in the end, and the warnings.

The runner's remaining answers are drawn as often as the table of the interview expects them. A
question counts by how much the chance of each explanation to lead in the end differs between its
answers, so that two answers that change what leads only together count, too. Which question is
asked is decided in `interview`; nothing here is random but for the fixed seed of the draws.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import add
from typing import TYPE_CHECKING, Any, Final, cast

from tremor.explanation.advice import advice_table, warnings_of
from tremor.explanation.findings.answered import ANSWERED
from tremor.explanation.likely_answers import Answers, InterviewTable, Prompt
from tremor.explanation.lowering import cautions_in_force, lowered
from tremor.explanation.weighing import weigh

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.evidence import EvidenceTable
    from tremor.explanation.findings.finding import Finding
    from tremor.results.analysis import Analysis
    from tremor.results.cautions import Caution

__all__ = ["Change", "Outlook", "look_ahead"]

#: Weights by explanation, in the order of the article, in millionths of log-odds: whole numbers, so
#: that sums do not hang on their order and what is equal is equal.
Vector = tuple[int, int, int]
#: Weights that an answer adds, and the share of runners for whom it does.
Outcomes = dict[Vector, float]

_PER_LOG_ODDS: Final = 1_000_000
#: Of the outcomes of a list, of which there may be a hundred, the rarest are passed over.
_COVERED_SHARE: Final = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the answers to a list, a topic, or the first prompts of it are expected to change.

    Parameters
    ----------
    topic : str
        Name of the list or the topic.
    asked : tuple of Prompt
        Its open prompts that are looked at.
    prompts : float
        How many of them the runner is expected to see: what follows a question that is not
        answered is left out.
    leader_change : float
        Expected change of the chances to lead in the end, as the mean square (the fall of the Brier
        score that the answers are expected to bring), 0 to 1.
    warning_change : float
        Expected change of the chance of a warning, 0 to 1.
    leaders : tuple of str
        Explanations that an answer would put in the place of the one that leads now.
    explanation : str
        The explanation that an answer could move most.
    largest_change : float
        By how much, in log-odds, up or down.
    new_leader : str or None
        What would lead after the answer that changes most; None where what leads stays.
    """

    topic: str
    asked: tuple[Prompt, ...]
    prompts: float
    leader_change: float
    warning_change: float
    leaders: tuple[str, ...]
    explanation: str
    largest_change: float
    new_leader: str | None

    @property
    def worth(self) -> float:
        """Expected change for each prompt."""
        return (self.leader_change + self.warning_change) / self.prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the answers so far leave open.

    Parameters
    ----------
    leader : str
        What leads now.
    leader_change : float
        Chance that something else leads with all answers, 0 to 1.
    changes : tuple of Change
        For each list and topic with open prompts, and for the first of them alone; only where
        something can change.
    """

    leader: str
    leader_change: float
    changes: tuple[Change, ...]


def look_ahead(
    context: Context,
    analysis: Analysis | None,
    skipped: Collection[str],
    evidence: EvidenceTable,
    interview: InterviewTable,
    *,
    with_lists: bool = True,
) -> Outlook:
    """Weigh what each open topic is expected to change.

    Parameters
    ----------
    context : Context
        What was answered.
    analysis : Analysis or None
        What was measured; None weighs what a sensor is expected to measure.
    skipped : collection of str
        Attributes that were asked and not answered; they stay open for good.
    evidence : EvidenceTable
        The weights.
    interview : InterviewTable
        How often each answer is expected.
    with_lists : bool
        Whether the lists of the interview are looked at, or each of their topics by itself.

    Returns
    -------
    Outlook
        The same for the same input.
    """
    weigher = _Weigher(analysis, evidence)
    given = context.answered()
    base = weigher.state(given)
    chains = _open_chains(given, skipped, interview, with_lists=with_lists)
    outcomes = {
        key: weigher.outcomes(prompts, given, base, interview) for key, prompts in chains.items()
    }
    drawn = {key: _draws(key, found, interview) for key, found in outcomes.items()}
    if analysis is None:
        for one in interview.measured:
            found = weigher.measurement(one.finding, one.values)
            drawn[one.finding] = _draws(one.finding, found, interview)
    futures = _Futures(base.total, drawn, weigher, interview.limits.futures)
    warned = _warning_changes(given, skipped, interview)
    changes: list[Change] = []
    for key, prompts in chains.items():
        for n in range(1, len(prompts) + 1):
            asked = prompts[:n]
            found = (
                outcomes[key]
                if n == len(prompts)
                else weigher.outcomes(asked, given, base, interview)
            )
            change = _change(key, asked, found, futures, warned, interview)
            if change is not None:
                changes.append(change)
    return Outlook(
        leader=weigher.leader_name(base.total),
        leader_change=futures.leader_change,
        changes=tuple(changes),
    )


def _open_chains(
    given: Answers, skipped: Collection[str], interview: InterviewTable, *, with_lists: bool
) -> dict[str, tuple[Prompt, ...]]:
    """Return what is still open of each list and topic."""
    found = {}
    for key, prompts in interview.chains(with_lists=with_lists):
        open_prompts = (
            tuple(name for name in prompt if given.get(name) is None and name not in skipped)
            for prompt in prompts
        )
        left = tuple(prompt for prompt in open_prompts if prompt)
        if left:
            found[key] = left
    return found


class _Reading:
    """Stands in for the context, and remembers which answers a finding looks at."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Answer:
        self.read.add(name)
        return self._answers.get(name)


@dataclass(frozen=True, slots=True)
class _State:
    """Weights of each finding, the answers that each looks at, and the sum of the weights."""

    weights: Mapping[str, Vector]
    reads: Mapping[str, frozenset[str]]
    total: Vector


class _Weigher:
    """Weighs single findings, so that an answer weighs only what looks at it."""

    def __init__(self, analysis: Analysis | None, evidence: EvidenceTable) -> None:
        self._evidence = evidence
        self._ids = tuple(evidence.hypotheses)
        self._priors = tuple(_whole(one.prior) for one in evidence.hypotheses.values())
        self._limit = _whole(evidence.rules.sum_limit)
        self.known_leaders: dict[Vector, int] = {}
        self._known: defaultdict[str, list[tuple[Answers, Vector]]] = defaultdict(list)
        self._find: dict[str, Callable[[Context], Finding]] = dict(ANSWERED)
        self._cautions: tuple[Caution, ...] = ()
        if analysis is not None:
            # Findings of the sensor need numpy, which questions before a recording do without.
            from tremor.explanation.findings.collect import FROM_BOTH, measured_findings

            self._cautions = cautions_in_force(analysis)
            for one in measured_findings(analysis):
                self._find[one.key] = partial(_constant, one)
            for key, find in FROM_BOTH.items():
                self._find[key] = partial(find, analysis)

    def state(self, given: Answers) -> _State:
        """Weigh every finding."""
        found = {key: self._weight(key, given) for key in self._find}
        weights = {key: weight for key, (weight, _) in found.items()}
        return _State(
            weights, {key: read for key, (_, read) in found.items()}, _sum(weights.values())
        )

    def _weight(self, key: str, answers: Answers) -> tuple[Vector, frozenset[str]]:
        """Weigh one finding; what it looks at decides whether it was weighed before."""
        for read, known in self._known[key]:
            if all(answers.get(name) == value for name, value in read.items()):
                return known, frozenset(read)
        reading = _Reading(answers)
        context = cast("Context", reading)
        findings = lowered((self._find[key](context),), self._cautions, context, self._evidence)
        vector = self._vector(weigh(findings, self._evidence))
        self._known[key].append(({name: answers.get(name) for name in reading.read}, vector))
        return vector, frozenset(reading.read)

    def _vector(self, weighed: Sequence[Any]) -> Vector:
        return tuple(
            sum(_whole(one.bin.weights.get(id_, 0.0)) for one in weighed) for id_ in self._ids
        )

    def outcomes(
        self, asked: tuple[Prompt, ...], given: Answers, base: _State, interview: InterviewTable
    ) -> Outcomes:
        """Return what the answers to some prompts add to the sums, and how often."""
        names = {name for prompt in asked for name in prompt}
        touched = [key for key, read in base.reads.items() if not read.isdisjoint(names)]
        before = _sum(base.weights[key] for key in touched)
        found: defaultdict[Vector, float] = defaultdict(float)
        for share, answers in interview.tries(asked, given):
            after = _sum(self._weight(key, answers)[0] for key in touched)
            found[_difference(after, before)] += share
        total = sum(found.values())
        return {added: share / total for added, share in found.items()}

    def measurement(
        self, finding: str, values: Sequence[tuple[str | float, float]]
    ) -> Outcomes:
        """Return what a measurement is expected to add to the sums, and how often."""
        entries = [one for one in self._evidence.entries.values() if one.finding == finding]
        found: defaultdict[Vector, float] = defaultdict(float)
        for value, share in values:
            bins = [entry.bin_of(value, *_exact(value)) for entry in entries]
            added = tuple(
                sum(_whole(one.weights.get(id_, 0.0)) for one in bins) for id_ in self._ids
            )
            found[added] += share
        found[(0,) * len(self._ids)] += max(1.0 - sum(found.values()), 0.0)
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
        return self._ids[self.leader(total)]

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the explanations, in the order of the vectors."""
        return self._ids


def _constant(finding: Finding, context: Context) -> Finding:  # noqa: ARG001 - as the others
    return finding


def _whole(log_odds: float) -> int:
    return round(log_odds * _PER_LOG_ODDS)


def _exact(value: str | float) -> tuple[float | None, float | None]:
    return (None, None) if isinstance(value, str) else (value, value)


def _sum(vectors: Any) -> Vector:  # noqa: ANN401 - any vectors
    columns = tuple(zip(*vectors, strict=True))
    return tuple(map(sum, columns)) if columns else (0, 0, 0)


def _difference(one: Vector, other: Vector) -> Vector:
    return tuple(a - b for a, b in zip(one, other, strict=True))


@lru_cache
def _permutation(topic: str, n: int, seed: int) -> tuple[int, ...]:
    """Return the places of a topic among the draws; its own, so that others do not move it."""
    places = list(range(n))
    random.Random(f"{seed} {topic}").shuffle(places)
    return tuple(places)


def _draws(topic: str, outcomes: Outcomes, interview: InterviewTable) -> list[Vector]:
    """Draw what a topic adds in each future, each outcome as often as it is expected."""
    n = interview.limits.futures
    ordered = sorted(outcomes.items())
    drawn: list[Vector] = []
    reached, cumulated = 0, 0.0
    for added, share in ordered:
        cumulated += share
        upto = min(round(cumulated * n), n)
        drawn += [added] * (upto - reached)
        reached = upto
    drawn += [ordered[-1][0]] * (n - len(drawn))
    return [drawn[place] for place in _permutation(topic, n, interview.limits.seed)]


class _Futures:
    """Completions of the answers, as often as they are expected."""

    def __init__(
        self, now: Vector, drawn: Mapping[str, list[Vector]], weigher: _Weigher, n: int
    ) -> None:
        self.now = now
        self.weigher = weigher
        rows = list(zip(*drawn.values(), strict=True)) if drawn else [()] * n
        totals = [_sum((now, *row)) for row in rows]
        self._n = n
        self._others = {
            topic: Counter(map(_difference, totals, added)) for topic, added in drawn.items()
        }
        leaders = [weigher.leader(total) for total in totals]
        self.leader = weigher.leader(now)
        self.leader_change = sum(one != self.leader for one in leaders) / n

    def expected_change(self, topic: str, outcomes: Outcomes) -> float:
        """Return the mean square by which the outcomes of a topic change the chances to lead."""
        weighed: list[tuple[float, list[float]]] = []
        covered = 0.0
        for added, share in sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0])):
            weighed.append((share, self._chances(topic, added)))
            covered += share
            if covered >= _COVERED_SHARE:
                break
        mean = [
            sum(share * chances[place] for share, chances in weighed) / covered
            for place in range(len(self.now))
        ]
        return sum(
            share * sum((one - other) ** 2 for one, other in zip(chances, mean, strict=True))
            for share, chances in weighed
        )

    def _chances(self, topic: str, added: Vector) -> list[float]:
        """Return the chance of each explanation to lead in the end after one outcome of a topic."""
        counts = dict.fromkeys(range(len(self.now)), 0)
        known, leader = self.weigher.known_leaders, self.weigher.leader
        x, y, z = added
        for (a, b, c), n in self._others[topic].items():
            total = (a + x, b + y, c + z)
            place = known.get(total)
            counts[leader(total) if place is None else place] += n
        return [count / self._n for count in counts.values()]


def _change(
    topic: str,
    asked: tuple[Prompt, ...],
    outcomes: Outcomes,
    futures: _Futures,
    warned: Mapping[str, float],
    interview: InterviewTable,
) -> Change | None:
    names = (name for prompt in asked for name in prompt)
    warning_change = max((warned.get(name, 0.0) for name in names), default=0.0)
    if not warning_change and all(not any(added) for added in outcomes):
        return None
    weigher = futures.weigher
    leader_change = futures.expected_change(topic, outcomes)
    leaders, explanation, largest, new_leader = _extremes(outcomes, futures)
    return Change(  # a keyword for each field of the record
        topic=topic,
        asked=asked,
        prompts=_expected_prompts(asked, interview),
        leader_change=leader_change,
        warning_change=warning_change,
        leaders=leaders,
        explanation=explanation,
        largest_change=largest,
        new_leader=new_leader,
    )


def _extremes(
    outcomes: Outcomes, futures: _Futures
) -> tuple[tuple[str, ...], str, float, str | None]:
    """Return who could lead, and what the answer that changes most does to which explanation."""
    weigher = futures.weigher
    now = weigher.odds(futures.now)
    found: list[tuple[bool, int, int, int]] = []
    for added in outcomes:
        total = tuple(one + more for one, more in zip(futures.now, added, strict=True))
        moves = [abs(a - b) for a, b in zip(weigher.odds(total), now, strict=True)]
        place, leader = moves.index(max(moves)), weigher.leader(total)
        found.append((leader != futures.leader, max(moves), -place, -leader))
    others = {-leader for is_new, _, _, leader in found if is_new}
    is_new, largest, place, leader = max(found)
    return (
        tuple(weigher.ids[one] for one in sorted(others)),
        weigher.ids[-place],
        largest / _PER_LOG_ODDS,
        weigher.ids[-leader] if is_new else None,
    )


def _expected_prompts(asked: tuple[Prompt, ...], interview: InterviewTable) -> float:
    """Return how many of some prompts are seen: what follows an open one is left out."""
    prompts, reached = 0.0, 1.0
    for prompt in asked:
        prompts += reached
        reached *= 1.0 - interview.unanswered(prompt)
    return prompts


class _NeededError(Exception):
    """An open answer that a warning looks at."""


class _Asking(_Reading):
    """Stands in for the context, and stops at the first open answer."""

    def __init__(self, answers: Answers, is_open: Callable[[str], bool]) -> None:
        super().__init__(answers)
        self._is_open = is_open

    def __getattr__(self, name: str) -> Answer:
        if name not in self._answers and self._is_open(name):
            raise _NeededError(name)
        return self._answers.get(name)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Answers that settle the warnings, how often they are given, and the warnings."""

    share: float
    assigned: Answers
    signs: frozenset[str]


def _warning_changes(
    given: Answers, skipped: Collection[str], interview: InterviewTable
) -> dict[str, float]:
    """Return the expected change of the chances of the warnings by each open answer."""
    leaves = tuple(_leaves(given, {}, 1.0, skipped, interview))
    signs = frozenset().union(*(leaf.signs for leaf in leaves))
    names = {name for leaf in leaves for name in leaf.assigned}
    return {name: sum(_spread(name, sign, leaves) for sign in signs) for name in names}


def _leaves(
    given: Answers,
    assigned: Answers,
    share: float,
    skipped: Collection[str],
    interview: InterviewTable,
) -> Iterator[_Leaf]:
    """Iterate over the answers to what the warnings look at, one question after the other."""
    answers = {**given, **assigned}
    context = _Asking(answers, lambda name: name in interview.answers and name not in skipped)
    try:
        signs = warnings_of(cast("Context", context), advice_table())
    except _NeededError as needed:
        name = str(needed)
        for part, tried in interview.tries(((name,),), answers):
            more = {**assigned, name: tried[name]}
            yield from _leaves(given, more, share * part, skipped, interview)
    else:
        yield _Leaf(share, assigned, frozenset(sign.id for sign in signs))


def _spread(name: str, sign: str, leaves: Sequence[_Leaf]) -> float:
    """Return by how much the chance of a warning differs between the answers to one question.

    Only where the question matters: an answer that no warning looks at changes none.
    """
    shares: defaultdict[Answer, float] = defaultdict(float)
    warned: defaultdict[Answer, float] = defaultdict(float)
    for leaf in leaves:
        if name in leaf.assigned:
            shares[leaf.assigned[name]] += leaf.share
            warned[leaf.assigned[name]] += leaf.share if sign in leaf.signs else 0.0
    chance = sum(warned.values()) / sum(shares.values())
    return sum(abs(warned[value] - share * chance) for value, share in shares.items())
