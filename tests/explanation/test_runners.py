"""Runners as they come: what was measured, what was answered, and what must lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.explain import with_explanations
from tremor.notes import note

F, E, N = "muscle_fatigue", "electrolytes_metabolites", "non_running_contributors"
FADES = {"recovery": "decays", "half_life_s": 60.0}
STAYS = {"recovery": "persists"}
OPEN = {"recovery": "not_determined"}
NONE = {"status": "no_tremor"}
UNSEEN = {"status": "insufficient"}
AT_LEAST_MODERATE = {"moderate", "strong"}


@dataclass(frozen=True)
class Runner:
    name: str
    seen: dict[str, Any]
    answers: dict[str, Any]
    leader: str
    equal: bool = False
    words: dict[str, set[str]] = field(default_factory=dict)
    warned: tuple[str, ...] = ()
    advised: tuple[str, ...] = ()
    not_advised: tuple[str, ...] = ()


COOL = {"temperature_c": 9, "humidity_pct": 60}
HOT = {"temperature_c": 31, "humidity_pct": 65}
LOST_3_PCT = {"mass_before_kg": 70, "mass_after_kg": 67.9}

RUNNERS = [
    Runner(
        "cool hard race that fades in a minute",
        FADES,
        {"kind": "race", "rpe": 10, "duration_min": 42, **COOL},
        F,
        words={F: {"strong"}, E: {"weak"}, N: {"cannot tell"}},
        advised=("rest", "build_up"),
        not_advised=("drink", "stimulants"),
    ),
    Runner(
        "hot humid long run with 3 % loss and a tremor that stays",
        STAYS,
        {"rpe": 7, "duration_min": 130, **HOT, **LOST_3_PCT, "sweat": "heavy"},
        E,
        words={E: {"strong"}},
        advised=("drink", "massage", "cooler"),
        not_advised=("rest",),
    ),
    Runner(
        "easy run, much caffeine, an eyelid that twitches, a tremor that stays",
        STAYS,
        {"rpe": 3, "duration_min": 25, "caffeine_mg": 500, "other_muscles": ["eyelid"]},
        N,
        words={N: AT_LEAST_MODERATE},
        advised=("stimulants",),
    ),
    Runner(
        "the same, where the tremor fades",
        FADES,
        {"rpe": 3, "duration_min": 25, "caffeine_mg": 500, "other_muscles": ["eyelid"]},
        N,
        equal=True,
        words={N: AT_LEAST_MODERATE},
    ),
    Runner(
        "hard and hot, and it fades",
        FADES,
        {"rpe": 9, "duration_min": 75, **HOT},
        F,
        words={F: AT_LEAST_MODERATE, E: AT_LEAST_MODERATE},
    ),
    Runner(
        "hard and hot, and it stays",
        STAYS,
        {"rpe": 9, "duration_min": 50, **HOT},
        F,  # tremor of fatigue lasts for up to hours, and heat raises every tremor
        equal=True,
        words={F: AT_LEAST_MODERATE, E: AT_LEAST_MODERATE},
        advised=("rest", "drink"),
    ),
    Runner(
        "drank more than was lost over three hours",
        OPEN,
        {"mass_before_kg": 70, "mass_after_kg": 71, "duration_min": 180, "fluid_ml": 4000},
        F,
        warned=("mass_gain",),
        advised=("help_first",),
        not_advised=("drink", "rest", "massage"),
    ),
    Runner(
        "a kilogram more after half an hour is a drink that is still underway",
        OPEN,
        {"mass_before_kg": 70, "mass_after_kg": 71, "duration_min": 30},
        F,
        not_advised=("help_first",),
    ),
    Runner(
        "dark urine, whatever was measured",
        FADES,
        {"rpe": 9, "signs": ["dark_urine"]},
        F,
        warned=("dark_urine",),
        advised=("help_first",),
        not_advised=("massage", "drink", "ends_by_itself"),
    ),
    Runner(
        "confusion in the heat, no tremor seen",
        NONE,
        {**HOT, "rpe": 9, "signs": ["confusion", "vomiting"]},
        F,
        warned=("confusion", "vomiting"),
        not_advised=("ends_by_itself",),
    ),
    Runner(
        "nothing answered, it fades",
        FADES,
        {},
        F,
        words={F: {"strong"}, E: {"cannot tell"}, N: {"cannot tell"}},
        advised=("rest", "ends_by_itself"),
    ),
    Runner(
        "nothing answered, it stays",
        STAYS,
        {},
        F,
        equal=True,
        words={F: {"moderate"}, E: {"cannot tell"}, N: {"cannot tell"}},
    ),
    Runner(
        "nothing answered, nothing seen",
        NONE,
        {},
        F,
        words={F: {"cannot tell"}, E: {"cannot tell"}, N: {"cannot tell"}},
        not_advised=("rest", "build_up"),
    ),
    Runner(
        "nothing answered, nothing that could be judged",
        UNSEEN,
        {},
        F,
        words={F: {"cannot tell"}, E: {"cannot tell"}, N: {"cannot tell"}},
        not_advised=("rest", "build_up"),
    ),
    Runner(
        "first run after a winter",
        FADES,
        {"load": "new", "duration_min": 35, **COOL},
        F,
        words={F: {"strong"}},
    ),
    Runner(
        "intervals that ended just now",
        OPEN,
        {"kind": "intervals", "minutes_since_stop": 4, "rpe": 9},
        F,
        words={F: {"strong"}, E: AT_LEAST_MODERATE},
    ),
    Runner(
        "trembles without running, for weeks",
        STAYS,
        {"tremor_without_running": True, "days_lasting": 21, "rpe": 4, "duration_min": 40},
        N,
        words={N: AT_LEAST_MODERATE},
        warned=("lasting",),
        advised=("chronic", "see_someone"),
    ),
    Runner(
        "a diuretic and an amphetamine",
        STAYS,
        {"medicines": ["diuretic"], "other_stimulant": True, "rpe": 5},
        N,
        equal=True,
        advised=("medicines", "stimulants"),
    ),
    Runner(
        "a diuretic in the heat",
        STAYS,
        {"medicines": ["diuretic"], "rpe": 5, **HOT, "duration_min": 60},
        E,
        words={E: {"strong"}},
    ),
    Runner(
        "a calf that cramps after a hard run",
        FADES,
        {"cramp": True, "rpe": 9},
        F,
        advised=("spasm", "rest"),
    ),
    Runner(
        "twitches everywhere after heavy sweating",
        STAYS,
        {"other_muscles": ["several"], "sweat": "heavy", **LOST_3_PCT, "rpe": 6},
        E,
        words={E: AT_LEAST_MODERATE},  # sweat counts once, and studies support it weakly
    ),
    Runner(
        "salt not taken, litres of sweat",
        OPEN,
        {
            "mass_before_kg": 75,
            "mass_after_kg": 73.2,
            "fluid_ml": 1000,
            "urine_ml": 0,
            "salt": False,
            **HOT,
            "duration_min": 100,
        },
        E,
        equal=True,
        words={E: {"strong"}},
        advised=("drink",),
    ),
    Runner(
        "stressed, short of sleep, poorly fed, easy run",
        STAYS,
        {"stress": 9, "short_sleep": True, "poor_diet": True, "rpe": 2, "duration_min": 20},
        N,
        equal=True,
        advised=("stress_and_food",),
    ),
    Runner(
        "an easy run on an empty stomach after a bad night under stress",
        STAYS,
        {
            "rpe": 3,
            "duration_min": 25,
            "hours_since_meal": 13,
            "short_sleep": True,
            "stress": 8,
        },
        N,
        words={F: {"weak"}, N: AT_LEAST_MODERATE},
        advised=("eat_before", "stress_and_food"),
    ),
    Runner(
        "coffee and a night without food before a hard run do not lead",
        FADES,
        {"rpe": 9, "duration_min": 60, "caffeine_mg": 250, "hours_since_meal": 11},
        F,
        words={F: {"strong"}, N: {"weak"}},
        not_advised=("stimulants", "eat_before"),
    ),
    Runner(
        "a leg in ice after a medium run: fading says half as much",
        FADES,
        {"rpe": 6, "duration_min": 40, "leg_cooled": True, **HOT, **LOST_3_PCT},
        F,
        equal=True,
        words={F: AT_LEAST_MODERATE, E: AT_LEAST_MODERATE},
    ),
    Runner(
        "hands that tremble after rowing say nothing of the leg",
        OPEN,
        {"rpe": 6, "duration_min": 45, "other_muscles": ["hand"], "upper_body_work": True},
        F,
        words={F: AT_LEAST_MODERATE, N: {"weak"}},
    ),
    Runner(
        "in a train, whatever the sensor saw",
        STAYS,
        {"rpe": 9, "shaking": "vehicle"},
        F,
        words={F: {"strong"}},
    ),
    Runner(
        "a very long run in mild air",
        OPEN,
        {"rpe": 6, "distance_km": 50, "temperature_c": 15, "humidity_pct": 50},
        F,
        words={F: {"strong"}, E: {"weak"}},
    ),
    Runner(
        "an autoimmune condition, an easy run, an eyelid",
        OPEN,
        {"autoimmune": True, "rpe": 3, "duration_min": 28, "other_muscles": ["eyelid"]},
        N,
        words={N: AT_LEAST_MODERATE},
    ),
]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.name)
def test_runner_gets_what_fits(runner, analysis_of):
    found = with_explanations(analysis_of(**runner.seen), Context(**runner.answers))
    words = {one.id: one.word for one in found.explanations}
    assert found.explanations[0].id == found.sensitivity.leader == runner.leader
    assert (len(found.sensitivity.about_equal) > 1) == runner.equal
    for id_, allowed in runner.words.items():
        assert words[id_] in allowed
    assert tuple(sign.id for sign in found.warning_signs) == runner.warned
    given = {one.id for one in found.advice}
    assert set(runner.advised) <= given
    assert not set(runner.not_advised) & given


def test_there_are_enough_runners_and_each_explanation_leads_for_some():
    assert len(RUNNERS) >= 20
    assert {runner.leader for runner in RUNNERS} == {F, E, N}


def test_unanswered_lists_what_is_missing_the_heaviest_first(analysis_of):
    found = with_explanations(analysis_of(**OPEN), None)
    for one in found.explanations:
        weights = [missing.largest_weight for missing in one.missing]
        assert weights == sorted(weights, reverse=True)
        assert len(weights) >= 5
    fatigue = found.explanations[0]
    assert fatigue.missing[0].statement == note("QUESTION_NOT_ANSWERED", question="effort")
    assert any(one.statement.code == "NOT_DETERMINED" for one in fatigue.missing)
