"""Laws of the weighing, over random answers and every kind of measurement."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tremor.errors import ContextError
from tremor.explanation.advice import advice_table
from tremor.explanation.answers.context import Context
from tremor.explanation.claims import article
from tremor.explanation.evidence import SOURCED, evidence_table
from tremor.explanation.explain import explain, with_explanations
from tremor.explanation.findings.collect import FINDINGS, find
from tremor.explanation.weighing import log_odds, support_of, weigh
from tremor.notes import note
from tremor.results.cautions import CAUTION_CODES, Caution, Part
from tremor.results.explanations import EXPLANATION_IDS

F, E, N = EXPLANATION_IDS
TABLE = evidence_table()
FEW = settings(max_examples=40, deadline=None)

_YES_NO = (
    "salt",
    "poor_diet",
    "other_stimulant",
    "autoimmune",
    "tremor_without_running",
    "short_sleep",
    "cramp",
    "cold",
    "leg_cooled",
    "upper_body_work",
)


def _number(low, high):
    return st.floats(low, high, allow_nan=False).map(lambda value: round(value, 2))


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "distance_km": _number(0, 60),
        "duration_min": _number(1, 400),
        "rpe": _number(0, 10),
        "load": st.sampled_from(["easier", "usual", "harder", "new"]),
        "kind": st.sampled_from(["steady", "intervals", "hills", "race"]),
        "minutes_since_stop": _number(0, 120),
        "temperature_c": _number(-10, 40),
        "humidity_pct": _number(0, 100),
        "sun": st.sampled_from(["shade", "mixed", "full"]),
        "shaking": st.sampled_from(["none", "vehicle", "machine", "own_movement"]),
        "mass_before_kg": _number(55, 80),
        "mass_after_kg": _number(55, 80),
        "sweat": st.sampled_from(["low", "medium", "heavy"]),
        "fluid_ml": _number(0, 4000),
        "urine_ml": _number(0, 1000),
        "hours_since_meal": _number(0, 20),
        "caffeine_mg": _number(0, 900),
        "medicines": st.lists(
            st.sampled_from(["diuretic", "corticosteroid", "estrogen", "other"]), unique=True
        ),
        "days_lasting": _number(0, 40),
        "stress": _number(0, 10),
        "other_muscles": st.lists(st.sampled_from(["eyelid", "hand", "several"]), unique=True),
        "signs": st.lists(st.sampled_from(["dark_urine", "confusion", "fever"]), unique=True),
        **dict.fromkeys(_YES_NO, st.booleans()),
    },
)
SEEN = st.sampled_from(
    [
        {"recovery": "decays"},
        {"recovery": "persists"},
        {"recovery": "not_determined", "frequency_hz": 5.1},
        {"recovery": None, "bandwidth_hz": (1.2, 0.8, 1.9), "occupancy": 0.2},
        {"recovery": "persists", "windows": ("line",) * 20 + ("only_impacts",) * 12},
        {"status": "no_tremor"},
        {"status": "insufficient"},
    ]
)


def context_of(answers):
    try:
        return Context(**answers)
    except ContextError:
        assume(False)


def odds_of(analysis, context):
    return log_odds(weigh(find(analysis, context), TABLE), TABLE)


@FEW
@given(answers=ANSWERS, seen=SEEN, data=st.data())
def test_what_is_not_answered_changes_nothing(analysis_of, answers, seen, data):
    context = context_of(answers)
    open_fields = [name for name in Context.__dataclass_fields__ if name not in answers]
    named = data.draw(st.lists(st.sampled_from(open_fields), unique=True)) if open_fields else []
    analysis = analysis_of(**seen)
    again = Context(**answers, **dict.fromkeys(named))
    assert explain(analysis, again) == explain(analysis, context)


@FEW
@given(answers=ANSWERS, seen=SEEN, seed=st.integers(0, 1000))
def test_order_changes_nothing(analysis_of, answers, seen, seed):
    context = context_of(answers)
    analysis = analysis_of(**seen)
    findings = list(find(analysis, context))
    shuffled = random.Random(seed).sample(findings, len(findings))
    assert weigh(shuffled, TABLE) == weigh(findings, TABLE)
    backwards = Context(**dict(reversed(list(answers.items()))))
    assert explain(analysis, backwards) == explain(analysis, context)


@FEW
@given(answers=ANSWERS, seen=SEEN)
def test_fact_that_supports_never_lowers_support(analysis_of, answers, seen):
    weighed = weigh(find(analysis_of(**seen), context_of(answers)), TABLE)
    whole = log_odds(weighed, TABLE)
    for index, one in enumerate(weighed):
        without = log_odds(weighed[:index] + weighed[index + 1 :], TABLE)
        for id_, weight in one.bin.weights.items():
            assert math.copysign(1.0, weight) * (whole[id_] - without[id_]) >= -1e-12


CAUTIONS = st.lists(
    st.builds(
        lambda code, about, strength: Caution(
            code=code, about=about, strength=strength, statement=note("NO_EPISODE")
        ),
        st.sampled_from(CAUTION_CODES),
        st.lists(st.sampled_from(get_args(Part)), min_size=1, unique=True).map(tuple),
        st.floats(0.0, 1.0).map(lambda value: round(value, 2)),
    ),
    max_size=3,
)


@FEW
@given(answers=ANSWERS, seen=SEEN, cautions=CAUTIONS, seed=st.integers(0, 1000))
def test_doubt_only_takes_away_says_so_and_has_no_order(analysis_of, answers, seen, cautions, seed):
    context = context_of(answers)
    analysis = replace(analysis_of(**seen), cautions=tuple(cautions))
    found = explain(analysis, context)
    for explanation in found:
        for one in explanation.evidence:
            assert 0.0 <= one.weight * one.weight_in_full <= one.weight_in_full**2
            lowered = one.statement.code in {"NOT_COUNTED", "COUNTED_LESS"}
            assert lowered or one.weight == one.weight_in_full
    shuffled = random.Random(seed).sample(cautions, len(cautions))
    assert explain(replace(analysis, cautions=tuple(shuffled)), context) == found


SUPPORTING = [
    ({"rpe": 9}, F),
    ({"load": "harder"}, F),
    ({"cramp": True}, F),
    ({"other_muscles": []}, F),
    ({"temperature_c": 34, "humidity_pct": 80, "sun": "full"}, E),
    ({"mass_before_kg": 70, "mass_after_kg": 67}, E),
    ({"sweat": "heavy"}, E),
    ({"medicines": ["diuretic"]}, E),
    ({"medicines": ["diuretic"]}, N),
    ({"caffeine_mg": 600}, N),
    ({"other_stimulant": True}, N),
    ({"other_muscles": ["eyelid"]}, N),
    ({"autoimmune": True}, N),
    ({"tremor_without_running": True}, N),
    ({"stress": 9}, N),
    ({"short_sleep": True}, N),
    ({"poor_diet": True}, N),
    ({"poor_diet": True}, E),
]


@pytest.mark.parametrize(("fact", "id_"), SUPPORTING)
@settings(max_examples=15, deadline=None)
@given(answers=ANSWERS, seen=SEEN)
def test_answer_that_supports_never_lowers_support(analysis_of, fact, id_, answers, seen):
    open_ = {name: value for name, value in answers.items() if name not in fact}
    analysis = analysis_of(**seen)
    before, after = context_of(open_), context_of(open_ | fact)
    assert odds_of(analysis, after)[id_] >= odds_of(analysis, before)[id_] - 1e-12


@FEW
@given(answers=ANSWERS, seen=SEEN)
def test_support_is_the_sum_that_is_shown_and_stays_within_limits(analysis_of, answers, seen):
    rules = TABLE.rules
    found = explain(analysis_of(**seen), context_of(answers))
    assert {one.id for one in found} == set(EXPLANATION_IDS)
    assert [one.log_odds for one in found] == sorted((one.log_odds for one in found), reverse=True)
    for one in found:
        total = math.fsum(evidence.weight for evidence in one.evidence)
        held = min(max(total, -rules.sum_limit), rules.sum_limit)
        assert one.log_odds == pytest.approx(one.prior + held, abs=1e-12)
        assert one.support == pytest.approx(1.0 / (1.0 + math.exp(-one.log_odds)))
        assert 0.0 < one.support_low <= one.support <= one.support_high < 1.0
        if one.word != "cannot tell":
            limits = {"strong": (rules.strong_from, 1.0), "weak": (0.0, rules.moderate_from)}
            low, high = limits.get(one.word, (rules.moderate_from, rules.strong_from))
            assert low <= one.support <= high


@FEW
@given(answers=ANSWERS, seen=SEEN)
def test_every_statement_cites_a_claim_or_is_marked_as_literature(analysis_of, answers, seen):
    found = with_explanations(analysis_of(**seen), context_of(answers))
    statements = [
        *(evidence for one in found.explanations for evidence in one.evidence),
        *(missing for one in found.explanations for missing in one.missing),
        *found.warning_signs,
        *found.advice,
    ]
    assert statements
    for one in statements:
        assert set(one.claims) <= set(article().claims)
        assert one.claims or one.grade in SOURCED
    for one in found.explanations:
        assert one.claims


@FEW
@given(answers=ANSWERS, seen=SEEN)
def test_sensor_never_warns_and_signs_always_do(analysis_of, answers, seen):
    context = context_of(answers)
    found = with_explanations(analysis_of(**seen), context)
    assert (
        found.warning_signs
        == with_explanations(analysis_of(status="no_tremor"), context).warning_signs
    )
    assert set(context.signs or ()) <= {sign.id for sign in found.warning_signs}
    urgency = ["now", "today", "soon"]
    order = [urgency.index(sign.urgency) for sign in found.warning_signs]
    assert order == sorted(order)


def test_sum_is_held_within_its_limit(analysis_of):
    everything = Context(
        medicines=["diuretic", "corticosteroid", "estrogen", "other"],
        other_muscles=["eyelid", "hand", "several"],
        other_stimulant=True,
        tremor_without_running=True,
        caffeine_mg=900,
        stress=10,
        autoimmune=True,
        poor_diet=True,
        short_sleep=True,
    )
    found = {one.id: one for one in explain(analysis_of(recovery="persists"), everything)}
    assert found[N].log_odds == TABLE.hypotheses[N].prior + TABLE.rules.sum_limit
    assert sum(evidence.weight for evidence in found[N].evidence) > TABLE.rules.sum_limit


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({}, "cannot tell"),
        ({"other_muscles": []}, "cannot tell"),  # one answer, though several facts
        ({"rpe": 6}, "cannot tell"),
        ({"rpe": 6, "temperature_c": 12, "humidity_pct": 50}, "weak"),
    ],
)
def test_electrolytes_need_two_answers(analysis_of, answers, word):
    found = {one.id: one for one in explain(analysis_of(), Context(**answers))}
    assert found[E].word == word


def test_every_finding_of_a_full_analysis_has_its_origin(analysis_of):
    found = find(analysis_of(), Context(rpe=9, temperature_c=30, humidity_pct=50))
    assert [one.key for one in found] == list(FINDINGS)
    origins = {one.key: one.origin for one in found if one.known}
    assert origins == {
        **dict.fromkeys(
            ("frequency", "amplitude", "recovery", "line_width", "direction", "pattern"), "measured"
        ),
        "slow_line": "measured",
        "effort": "answered",
        "heat": "computed",
    }


def test_weights_do_not_depend_on_what_stands_beside_them(analysis_of):
    """Two facts weigh what each of them weighs alone."""
    analysis = analysis_of(status="no_tremor")
    prior = odds_of(analysis, Context())
    stress, food = Context(stress=9), Context(poor_diet=True)
    both = odds_of(analysis, Context(stress=9, poor_diet=True))
    for id_ in EXPLANATION_IDS:
        apart = [odds_of(analysis, one)[id_] - prior[id_] for one in (stress, food)]
        assert both[id_] - prior[id_] == pytest.approx(sum(apart))


def test_support_of_even_odds_is_a_half():
    assert support_of(0.0) == 0.5


def test_signs_of_the_table_are_those_that_the_context_knows():
    signs = {one.sign for one in advice_table().warnings if one.sign is not None}
    context = Context(signs=sorted(signs))
    assert set(context.signs) == signs
    with pytest.raises(ContextError):
        Context(signs=["sneezing"])


def test_saved_result_is_explained_anew_without_samples(analysis_of):
    analysis = analysis_of(recovery="persists")
    context = Context(rpe=9, temperature_c=32, humidity_pct=60, signs=["fever"])
    found = with_explanations(analysis, context)
    again = with_explanations(replace(found, explanations=(), sensitivity=None), context)
    assert again.to_dict() == found.to_dict()
    assert (
        with_explanations(found, Context()).to_dict() == with_explanations(analysis, None).to_dict()
    )
