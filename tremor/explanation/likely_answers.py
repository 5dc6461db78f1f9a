"""The table of the interview: how often each answer is expected, and when it stops asking.

What is chosen from it is `tremor.explanation.interview`; what an answer weighs is the table of
evidence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import product
from types import MappingProxyType
from typing import Any, Final

from tremor.errors import ContextError, InvalidInputError
from tremor.explanation.answers.checking import Answer, checked, contradictions
from tremor.explanation.answers.questions import by_attribute, topic_fields

__all__ = [
    "Answers",
    "InterviewTable",
    "LikelyAnswers",
    "LikelyFinding",
    "Limits",
    "Prompt",
    "QuestionList",
    "interview_table",
    "read_interview",
]

SCHEMA: Final = "tremor.interview/1"

#: Attributes that one prompt asks for: one question, or a list of what may hold.
Prompt = tuple[str, ...]
#: Answers by attribute; what is missing is not answered.
Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How the interview chooses and when it stops.

    Parameters
    ----------
    most_prompts : int
        It asks no more than this.
    least_leader_change : float
        It stops where all that is open changes what leads with less than this chance, 0 to 1.
    least_change : float
        A question is left out that is expected to change the chances to lead by less, as the mean
        square of the change.
    least_warning_change : float
        A question is asked all the same that is expected to change the chance of a warning by this.
    evenness : float
        Part of each share that is spread evenly over the answers, 0 to 1.
    futures : int
        Number of made-up completions of the answers that are weighed.
    seed : int
        Of those completions.
    reasons : mapping of str to str
        Why, for each of them.
    """

    most_prompts: int
    least_leader_change: float
    least_change: float
    least_warning_change: float
    evenness: float
    futures: int
    seed: int
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyAnswers:
    """How often each answer to a question is expected.

    Parameters
    ----------
    key : str
        Attribute of the answer.
    answers : tuple of (answer, float)
        Answers and the share of runners that give them; together at most 1.
    reason : str
        Why these.
    times : str
        Attribute whose answer multiplies them; empty where they are the answers themselves.
    in_doubt : tuple of (answer, float)
        The same where a caution doubts that a muscle shook the leg; empty where that is no matter.
    """

    key: str
    answers: tuple[tuple[Any, float], ...]
    reason: str
    times: str = ""
    in_doubt: tuple[tuple[Any, float], ...] = ()

    @property
    def unanswered(self) -> float:
        """Share of runners that do not answer."""
        return max(1.0 - sum(share for _, share in self.answers), 0.0)

    def with_none(self, evenness: float) -> tuple[tuple[Any, float], ...]:
        """Return the answers and "not answered" with a part of their shares evened out."""
        open_share = self.unanswered
        even = (1.0 - open_share) * evenness / len(self.answers)
        evened = tuple((one, share * (1.0 - evenness) + even) for one, share in self.answers)
        return (*evened, (None, open_share)) if open_share > 0.0 else evened


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyFinding:
    """How often a measurement is expected to give a word or a number.

    Parameters
    ----------
    finding : str
        Name of the finding.
    values : tuple of (str or float, float)
        What is found, and in which share of the captures; in the others it is not known.
    reason : str
        Why these.
    """

    finding: str
    values: tuple[tuple[str | float, float], ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionList:
    """Questions that one prompt asks together.

    Parameters
    ----------
    key, wording : str
        Its name, and the question.
    asks : tuple of str
        Attributes of the questions: of yes and no or of several words, or numbers of one unit.
    labels : mapping of str to str
        What each item says: by attribute, or by attribute and word, as in ``medicines.diuretic``;
        empty for numbers.
    """

    key: str
    wording: str
    asks: Prompt
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewTable:
    """All of it; answers by attribute, lists by name."""

    limits: Limits
    lists: Mapping[str, QuestionList]
    answers: Mapping[str, LikelyAnswers]
    measured: tuple[LikelyFinding, ...]

    def where_in_doubt(self) -> InterviewTable:
        """Return the table for a recording of which a caution doubts that a muscle shook it."""
        answers = {
            key: replace(one, answers=one.in_doubt or one.answers)
            for key, one in self.answers.items()
        }
        return replace(self, answers=MappingProxyType(answers))

    def chains(self, *, with_lists: bool) -> Iterator[tuple[str, tuple[Prompt, ...]]]:
        """Iterate over what is asked together: each list, and each topic beyond the lists."""
        lists = self.lists if with_lists else {}
        listed = {name for one in lists.values() for name in one.asks}
        for key, one in lists.items():
            yield key, (one.asks,)
        for topic, names in topic_fields().items():
            alone = tuple((name,) for name in names if name not in listed)
            if alone:
                yield topic, alone

    def tries(self, asked: tuple[Prompt, ...], given: Answers) -> Iterator[tuple[float, Answers]]:
        """Iterate over what a runner may answer to some open prompts.

        Parameters
        ----------
        asked : tuple of Prompt
            The open prompts.
        given : mapping
            What is answered already.

        Yields
        ------
        share : float
            How often, 0 to 1; what contradicts the given answers is left out.
        answers : mapping
            What is given and these.
        """
        for combination in product(*(self._replies(prompt, given) for prompt in asked)):
            share = 1.0
            answers = dict(given)
            for reply, part in combination:
                share *= part
                for name, value in reply.items():
                    answers[name] = self._scaled(name, value, answers)
            if not contradictions(answers):
                yield share, answers

    def _replies(self, prompt: Prompt, given: Answers) -> list[tuple[Answers, float]]:
        """Return the replies to one prompt with their shares; a list is answered whole, or not."""
        likely = [self._likely(name, given) for name in prompt]
        if len(prompt) == 1:
            return [({prompt[0]: value}, share) for value, share in likely[0]]
        unanswered = self.unanswered(prompt)
        found: list[tuple[Answers, float]] = [(dict.fromkeys(prompt), unanswered)]
        answered = [[(one, part) for one, part in each if one is not None] for each in likely]
        for combination in product(*answered):
            share = 1.0 - unanswered
            for (_, part), each in zip(combination, answered, strict=True):
                share *= part / sum(one for _, one in each)
            values = (value for value, _ in combination)
            found.append((dict(zip(prompt, values, strict=True)), share))
        return found

    def unanswered(self, prompt: Prompt) -> float:
        """Return the share of runners that do not answer a prompt."""
        return max(self.answers[name].unanswered for name in prompt)

    def _likely(self, name: str, given: Answers) -> tuple[tuple[Any, float], ...]:
        """Return the answers to one question, fitting to a multiple that is given already."""
        one = self.answers[name]
        multiples = [other for other in self.answers.values() if other.times == name]
        for other in multiples:
            multiple = given.get(other.key)
            if isinstance(multiple, float):
                answered = 1.0 - one.unanswered
                fitting = tuple(
                    (multiple / factor, share * answered) for factor, share in other.answers
                )
                return (*fitting, (None, 1.0 - sum(share for _, share in fitting)))
        return one.with_none(self.limits.evenness)

    def _scaled(self, name: str, value: Answer, answers: Answers) -> Answer:
        """Return an answer; one that is a multiple of another only where that is answered."""
        other = self.answers[name].times
        if not other or value is None:
            return value
        base = answers.get(other)
        return value * base if isinstance(base, float) and isinstance(value, float) else None


@cache
def interview_table() -> InterviewTable:
    """Return the table of the interview.

    Returns
    -------
    InterviewTable
        As it ships.

    Examples
    --------
    >>> interview_table().limits.most_prompts
    10
    """
    text = files("tremor.explanation").joinpath("interview.toml").read_text(encoding="utf-8")
    return read_interview(tomllib.loads(text))


def read_interview(table: Mapping[str, Any]) -> InterviewTable:
    """Build the table of the interview and check it.

    Parameters
    ----------
    table : mapping
        What the file holds.

    Returns
    -------
    InterviewTable
        The table.

    Raises
    ------
    InvalidInputError
        If anything is wrong; it lists all: another schema, an unknown question, an answer that
        cannot be given, shares beyond 1, something without a reason.
    """
    if table.get("schema") != SCHEMA:
        raise InvalidInputError(
            f"the interview has schema {table.get('schema')!r}; this version reads {SCHEMA!r}"
        )
    try:
        found = InterviewTable(
            limits=Limits(**table["limits"]),
            lists=MappingProxyType({row["key"]: _list(row) for row in table["list"]}),
            answers=MappingProxyType({row["key"]: _likely(row) for row in table["answer"]}),
            measured=tuple(
                LikelyFinding(
                    finding=row["finding"], values=_pairs(row["likely"]), reason=row["reason"]
                )
                for row in table["measured"]
            ),
        )
    except (KeyError, TypeError) as error:
        raise InvalidInputError(f"the interview is not whole: {error}") from error
    problems = [problem for one in found.answers.values() for problem in _problems(one)]
    problems += [
        f"{name}: a limit without a reason"
        for name in Limits.__dataclass_fields__
        if name != "reasons" and not found.limits.reasons.get(name)
    ]
    if problems:
        raise InvalidInputError("the interview is not sound: " + "; ".join(problems))
    return found


def _list(row: Mapping[str, Any]) -> QuestionList:
    labels: dict[str, str] = {}
    for name, label in row.get("labels", {}).items():
        words = label.items() if isinstance(label, Mapping) else ()
        labels |= {f"{name}.{word}": text for word, text in words} or {name: label}
    return QuestionList(
        key=row["key"],
        wording=row["wording"],
        asks=tuple(row["asks"]),
        labels=MappingProxyType(labels),
    )


def _likely(row: Mapping[str, Any]) -> LikelyAnswers:
    return LikelyAnswers(
        key=row["key"],
        answers=_pairs(row["likely"]),
        reason=row["reason"],
        times=row.get("times", ""),
        in_doubt=_pairs(row.get("in_doubt", [])),
    )


def _pairs(rows: list[Mapping[str, Any]]) -> tuple[tuple[Any, float], ...]:
    return tuple((_plain(row["is"]), float(row["share"])) for row in rows)


def _plain(value: str | bool | float | list[str]) -> Answer:
    """Return an answer of the file as `Context` holds it."""
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, bool | str) else float(value)


def _problems(one: LikelyAnswers) -> list[str]:
    question = by_attribute().get(one.key)
    if question is None:
        return [f"{one.key}: there is no such question"]
    found = [] if one.reason.strip() else [f"{one.key}: shares without a reason"]
    for shares in ([share for _, share in pairs] for pairs in (one.answers, one.in_doubt)):
        total = sum(shares)
        if total <= 1.0 + 1e-9 and all(share > 0.0 for share in shares):
            continue
        found.append(f"{one.key}: shares must be positive, and one at most in all")
    for value, _ in (*one.answers, *one.in_doubt) if not one.times else ():
        try:
            checked(question, value)
        except ContextError as error:
            found += error.problems
    return found
