"""The table of vignettes: how it is read, and the space of runners that it is drawn over.

A vignette is one runner: what the sensor saw, what was answered, and what a specialist expects of
the explanations, with the ground. `FACTORS` is the space; every pair of its levels occurs in some
vignette.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "explanation" / "vignettes.toml"

#: Short names of the explanations in the table; "nobody" is that none can be said to fit.
EXPLANATIONS = {
    "fatigue": "muscle_fatigue",
    "electrolytes": "electrolytes_metabolites",
    "contributors": "non_running_contributors",
}
NOBODY = "nobody"
#: What the sensor saw of the course of the tremor, and what else may stand with it.
COURSES = ("fades", "stays", "open", "none", "unseen")
CAUTIONS = ("machine", "vehicle", "voluntary", "posture", "strap", "holes")
RHYTHMS = ("pulses", "slow")
HARD = ("mixed", "contradiction", "missing")


@dataclass(frozen=True, kw_only=True)
class Vignette:
    """One runner and what is expected.

    Parameters
    ----------
    name : str
        The runner in a few words.
    seen : str
        A course, then cautions and rhythms, separated by commas.
    answers : mapping
        Answers by attribute, as `Context` takes them.
    why, ground : str
        The expectation in one sentence, and claims of the article and literature behind it.
    review : str
        What the second pass made of it: "kept", "stricter", or "corrected: " and the reason.
    hard : str
        What makes it hard: mixed causes, a contradiction, or missing answers; empty if nothing.
    leads : list of str
        Explanations that may stand first; empty if nothing is expected of the order.
    equal, apart : list of str
        Explanations that must be, and must not be, among those that fit about equally.
    at_least, at_most : mapping of str to str
        Limits of the word of an explanation.
    warns, may_warn : list of str
        Warning signs that must be shown, and those that may be; no others.
    says, never_says : list of str
        Advice that must be, and must not be, given.
    not_counted : list of str
        Evidence that must stand there without weight.
    beside : str
        Name of the vignette that a twin differs from in one fact.
    raises, lowers, keeps : list of str
        Explanations whose support must be higher than there, lower, and the same.
    """

    name: str
    seen: str
    answers: Mapping[str, Any]
    why: str
    ground: str
    review: str
    hard: str = ""
    leads: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    at_least: Mapping[str, str] = field(default_factory=dict)
    at_most: Mapping[str, str] = field(default_factory=dict)
    warns: list[str] = field(default_factory=list)
    may_warn: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    never_says: list[str] = field(default_factory=list)
    not_counted: list[str] = field(default_factory=list)
    beside: str = ""
    raises: list[str] = field(default_factory=list)
    lowers: list[str] = field(default_factory=list)
    keeps: list[str] = field(default_factory=list)

    @property
    def sights(self) -> tuple[str, ...]:
        """What was seen, word by word."""
        return tuple(word.strip() for word in self.seen.split(","))

    @property
    def narrows(self) -> bool:
        """Whether it demands a leader or excludes one."""
        return bool(self.apart) or 0 < len(set(self.leads) & set(EXPLANATIONS)) < len(EXPLANATIONS)


def read_vignettes() -> tuple[Vignette, ...]:
    """Return all vignettes, in the order of the table."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(Vignette(**row) for row in table["vignette"])


_Level = Callable[[Vignette], bool]


def _seen(word: str) -> _Level:
    return lambda one: word in one.sights


def _is(key: str, *values: object) -> _Level:
    return lambda one: one.answers.get(key) in values and key in one.answers


def _within(key: str, low: float, high: float) -> _Level:
    return lambda one: key in one.answers and low <= one.answers[key] < high


def _holds(key: str, *words: str) -> _Level:
    return lambda one: bool(set(words) & set(one.answers.get(key, ())))


def _empty(key: str) -> _Level:
    return lambda one: key in one.answers and not one.answers[key]


def _lost(low: float, high: float) -> _Level:
    def is_so(one: Vignette) -> bool:
        before, after = (one.answers.get(f"mass_{when}_kg") for when in ("before", "after"))
        return bool(before and after) and low <= 100.0 * (before - after) / before < high

    return is_so


def _warm(low: float, high: float) -> _Level:
    return _within("temperature_c", low, high)


_ANY = float("inf")

#: The space: each factor with its levels. "Not answered" is no level, as it occurs all the time.
FACTORS: Mapping[str, Mapping[str, _Level]] = {
    "course": {word: _seen(word) for word in COURSES},
    "caution": {word: _seen(word) for word in CAUTIONS},
    "rhythm": {word: _seen(word) for word in RHYTHMS},
    "shaking": {
        word: _is("shaking", word) for word in ("none", "vehicle", "machine", "own_movement")
    },
    "effort": {
        "easy": _within("rpe", 0, 4.5),
        "medium": _within("rpe", 4.5, 8),
        "hard": _within("rpe", 8, 11),
        "unaccustomed": _is("load", "harder", "new"),
    },
    "length": {
        "short": _within("duration_min", 0, 30),
        "middle": _within("duration_min", 30, 60),
        "long": _within("duration_min", 60, 180),
        "very long": _within("duration_min", 180, _ANY),
        "by distance": lambda one: (
            "distance_km" in one.answers and "duration_min" not in one.answers
        ),
    },
    "kind": {"intervals": _is("kind", "intervals"), "race": _is("kind", "race", "hills")},
    "heat": {
        "cool": _warm(-40, 14),
        "mild": _warm(14, 23),
        "warm": _warm(23, 29),
        "hot": _warm(29, _ANY),
    },
    "mass": {
        "kept": _lost(0, 1),
        "lost": _lost(1, 3),
        "much lost": _lost(3, 100),
        "gained": _lost(-100, 0),
    },
    "salt": {"taken": _is("salt", True), "not taken": _is("salt", False)},
    "sweat": {"low": _is("sweat", "low"), "heavy": _is("sweat", "heavy")},
    "other muscles": {
        "none": _empty("other_muscles"),
        "eyelid": _holds("other_muscles", "eyelid"),
        "hand": _holds("other_muscles", "hand"),
        "several": _holds("other_muscles", "several"),
    },
    "cramp": {"yes": _is("cramp", True), "no": _is("cramp", False)},
    "caffeine": {
        "none": _within("caffeine_mg", 0, 50),
        "some": _within("caffeine_mg", 50, 400),
        "much": _within("caffeine_mg", 400, _ANY),
    },
    "stimulant": {"yes": _is("other_stimulant", True)},
    "medicine": {
        "none": _empty("medicines"),
        **{
            word: _holds("medicines", word)
            for word in ("diuretic", "corticosteroid", "estrogen", "other")
        },
    },
    "autoimmune": {"yes": _is("autoimmune", True)},
    "mind and food": {
        "stress": _within("stress", 7, 11),
        "short sleep": _is("short_sleep", True),
        "poor diet": _is("poor_diet", True),
    },
    "meal": {
        "just eaten": _within("hours_since_meal", 0, 4),
        "fasted": _within("hours_since_meal", 8, _ANY),
    },
    "recurrence": {
        "without running": _is("tremor_without_running", True),
        "only after running": _is("tremor_without_running", False),
        "for days": _within("days_lasting", 3, 14),
        "for weeks": _within("days_lasting", 14, _ANY),
    },
    "cold": {"yes": _is("cold", True)},
    "leg cooled": {"yes": _is("leg_cooled", True)},
    "upper body": {"yes": _is("upper_body_work", True)},
    "warning signs": {
        "none": _empty("signs"),
        "now": _holds(
            "signs", "confusion", "collapse", "chest_pain", "irregular_pulse", "one_sided_weakness"
        ),
        "today": _holds("signs", "dark_urine", "numbness", "swelling", "vomiting", "fever"),
    },
}

#: Pairs that cannot be: where no tremor was seen, it has no rhythm.
_IMPOSSIBLE = {
    frozenset((("course", course), ("rhythm", rhythm)))
    for course in ("none", "unseen")
    for rhythm in RHYTHMS
} - {frozenset((("course", "unseen"), ("rhythm", "pulses")))}


def levels_of(one: Vignette) -> list[tuple[str, str]]:
    """Return the levels that a vignette has, as (factor, level)."""
    return [
        (factor, level)
        for factor, levels in FACTORS.items()
        for level, has in levels.items()
        if has(one)
    ]


def pairs_of(one: Vignette) -> Iterator[frozenset[tuple[str, str]]]:
    """Yield the pairs of levels of two factors that a vignette has."""
    for first, second in combinations(levels_of(one), 2):
        if first[0] != second[0]:
            yield frozenset((first, second))


def all_pairs() -> set[frozenset[tuple[str, str]]]:
    """Return every pair of levels of two factors that can be."""
    levels = [(factor, level) for factor, found in FACTORS.items() for level in found]
    pairs = {
        frozenset((first, second))
        for first, second in combinations(levels, 2)
        if first[0] != second[0]
    }
    return pairs - _IMPOSSIBLE
