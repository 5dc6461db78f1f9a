"""The chances of the warnings, and by how much open answers are expected to change them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tremor.explanation.advice import advice_table, warnings_of

if TYPE_CHECKING:
    from tremor.explanation.answers.checking import Answer
    from tremor.explanation.answers.context import Context
    from tremor.explanation.likely_answers import Answers, InterviewTable

__all__ = ["warning_changes"]


class _NeededError(Exception):
    """An open answer that a warning looks at."""


class _Asking:
    """Stands in for the context, and stops at the first open answer."""

    def __init__(self, answers: Answers, is_open: Callable[[str], bool]) -> None:
        self._answers = answers
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


def warning_changes(
    given: Answers, skipped: Collection[str], interview: InterviewTable
) -> dict[str, float]:
    """Return the expected change of the chances of the warnings by each open answer.

    Parameters
    ----------
    given : mapping
        What is answered, by attribute.
    skipped : collection of str
        Attributes that were asked and not answered.
    interview : InterviewTable
        How often each answer is expected.

    Returns
    -------
    dict of str to float
        By attribute, only of those that a warning looks at.
    """
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
