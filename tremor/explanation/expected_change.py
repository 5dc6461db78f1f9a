"""What open questions are expected to change: what leads in the end, and the warnings.

The runner's remaining answers are drawn as often as the table of the interview expects them. A
question counts by how much the chance of each explanation to lead in the end differs between its
answers, so that two answers that change what leads only together count, too. Which question is
asked is decided in `interview`; nothing here is random but for the fixed seed of the draws.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import add, sub
from typing import TYPE_CHECKING, Final

from tremor.explanation.added_weights import PER_LOG_ODDS, Outcomes, Vector, Weigher, added_up
from tremor.explanation.likely_answers import Answers, InterviewTable, Prompt
from tremor.explanation.lowering import SHAKING_CAUTIONS
from tremor.explanation.warning_chances import warning_changes

if TYPE_CHECKING:
    from tremor.explanation.answers.context import Context
    from tremor.explanation.evidence import EvidenceTable
    from tremor.results.analysis import Analysis

__all__ = ["Change", "Outlook", "look_ahead"]

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
    cautions = () if analysis is None else analysis.cautions
    if any(one.code in SHAKING_CAUTIONS for one in cautions):
        interview = interview.where_in_doubt()
    weigher = Weigher(analysis, evidence)
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
    warned = warning_changes(given, skipped, interview)
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
        self, now: Vector, drawn: Mapping[str, list[Vector]], weigher: Weigher, n: int
    ) -> None:
        self.now = now
        self.weigher = weigher
        rows = list(zip(*drawn.values(), strict=True)) if drawn else [()] * n
        totals = [added_up(now, row) for row in rows]
        self._n = n
        self._others = {
            topic: Counter(
                tuple(map(sub, total, added)) for total, added in zip(totals, one, strict=True)
            )
            for topic, one in drawn.items()
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
        for others, n in self._others[topic].items():
            total = tuple(map(add, others, added))
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
        total = tuple(map(add, futures.now, added))
        moves = [abs(a - b) for a, b in zip(weigher.odds(total), now, strict=True)]
        place, leader = moves.index(max(moves)), weigher.leader(total)
        found.append((leader != futures.leader, max(moves), -place, -leader))
    others = {-leader for is_new, _, _, leader in found if is_new}
    is_new, largest, place, leader = max(found)
    return (
        tuple(weigher.ids[one] for one in sorted(others)),
        weigher.ids[-place],
        largest / PER_LOG_ODDS,
        weigher.ids[-leader] if is_new else None,
    )


def _expected_prompts(asked: tuple[Prompt, ...], interview: InterviewTable) -> float:
    """Return how many of some prompts are seen: what follows an open one is left out."""
    prompts, reached = 0.0, 1.0
    for prompt in asked:
        prompts += reached
        reached *= 1.0 - interview.unanswered(prompt)
    return prompts
