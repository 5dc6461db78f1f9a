"""Cautions weigh: what a machine did is no evidence of a tired muscle, and that is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tremor.estimate import Estimate
from tremor.explanation.answers.context import Context
from tremor.explanation.explain import with_explanations
from tremor.explanation.lowering import SHAKING_CAUTIONS
from tremor.notes import note
from tremor.report.messages import sentence
from tremor.results.analysis import Episode
from tremor.results.cautions import CAUTION_CODES, Caution
from tremor.results.estimates import estimates_of

MISSING = Estimate.missing(note("NO_EPISODE"))


def caution(code="machine", strength=1.0, about=("tremor", "muscle_fatigue")):
    return Caution(
        code=code,
        about=about,
        strength=strength,
        statement=note("MACHINE_LIKE", even_share=0.99, frequency_hz=8.3),
    )


def fatigue(analysis, *cautions, **answers):
    found = with_explanations(replace(analysis, cautions=cautions), Context(**answers))
    return next(one for one in found.explanations if one.id == "muscle_fatigue"), found


def test_nothing_measured_on_a_machine_counts_and_each_says_why(analysis_of):
    plain, _ = fatigue(analysis_of())
    found, _ = fatigue(analysis_of(), caution())
    assert plain.log_odds > plain.prior
    assert found.log_odds == found.prior
    assert found.word == "cannot tell"
    measured = [one for one in found.evidence if one.origin == "measured"]
    assert {"recovery", "line_width"} <= {one.key for one in measured}
    assert {one.weight for one in measured} == {0.0}
    assert all("it may be a machine" in sentence(one.statement) for one in measured)


def test_half_a_caution_takes_half_of_the_weight(analysis_of):
    plain, _ = fatigue(analysis_of())
    found, _ = fatigue(analysis_of(), caution(strength=0.5))
    assert found.log_odds - found.prior == pytest.approx(0.5 * (plain.log_odds - plain.prior))
    assert "Only 50 % of it counts" in sentence(found.evidence[0].statement)


def test_a_change_of_posture_lowers_the_recovery_alone(analysis_of):
    plain, _ = fatigue(analysis_of())
    found, _ = fatigue(analysis_of(), caution("posture_change", about=("recovery",)))
    weights = {one.key: one.weight for one in found.evidence}
    assert weights["recovery"] == 0.0
    assert weights["line_width"] == {one.key: one.weight for one in plain.evidence}["line_width"]


def test_answers_count_whatever_the_sensor_saw(analysis_of):
    found, _ = fatigue(analysis_of(), caution(), rpe=9)
    assert found.log_odds > found.prior


def test_the_answer_removes_or_confirms_it(analysis_of):
    plain, _ = fatigue(analysis_of())
    removed, _ = fatigue(analysis_of(), caution(), shaking="none")
    confirmed, _ = fatigue(analysis_of(), shaking="vehicle")
    assert removed.log_odds == plain.log_odds
    assert confirmed.log_odds == confirmed.prior
    assert "you say that nothing else shook the leg" in sentence(removed.evidence[0].statement)
    assert "you say that a vehicle shook the leg" in sentence(confirmed.evidence[0].statement)


def test_it_is_asked_where_the_answer_could_change_most(analysis_of):
    answered = {"rpe": 5.0, "load": "usual", "duration_min": 30.0}
    _, found = fatigue(analysis_of(), caution(), **answered)
    assert found.sensitivity.question.key == "shaking"
    _, found = fatigue(analysis_of(), **answered)
    assert found.sensitivity.question.key != "shaking"


@pytest.mark.parametrize("code", sorted(SHAKING_CAUTIONS))
def test_every_answer_on_the_shaking_has_its_words(code):
    assert sentence(note("CAUTION_CONFIRMED", caution=code)).startswith("you say that ")


def weights_of(analysis, id_="muscle_fatigue", **answers):
    found = with_explanations(analysis, Context(**answers))
    return {one.key: one for each in found.explanations if each.id == id_ for one in each.evidence}


@pytest.mark.parametrize("answer", ["leg_cooled", "cold"])
def test_fading_counts_half_on_a_leg_that_was_cooled(analysis_of, answer):
    full = weights_of(analysis_of())["recovery"]
    half = weights_of(analysis_of(), **{answer: True})["recovery"]
    assert half.weight == pytest.approx(0.5 * full.weight)
    assert half.weight_in_full == full.weight
    assert "Only 50 % of it counts, because" in sentence(half.statement)
    assert weights_of(analysis_of(), **{answer: False})["recovery"] == full
    stays = analysis_of(recovery="persists")
    assert weights_of(stays, **{answer: True})["recovery"] == weights_of(stays)["recovery"]


def test_arms_that_worked_take_the_weight_of_hands_and_half_of_that_of_several(analysis_of):
    twitching = {"other_muscles": ["hand", "several"]}
    plain = weights_of(analysis_of(), "non_running_contributors", **twitching)
    worked = weights_of(
        analysis_of(), "non_running_contributors", upper_body_work=True, **twitching
    )
    assert plain["hand"].weight > 0.0
    assert worked["hand"].weight == 0.0
    assert worked["hand"].not_counted
    assert worked["several_muscles"].weight == 0.5 * plain["several_muscles"].weight
    assert "your arms worked hard" in sentence(worked["hand"].statement)


def test_machine_that_ran_for_part_of_the_tremor_counts_by_that_part(analysis_of):
    episodes = tuple(
        Episode(start_s=start_s, end_s=start_s + 50.0, **estimates_of(None, otherwise=MISSING))
        for start_s in (0.0, 60.0)
    )
    analysis = replace(analysis_of(), episodes=episodes)
    first, second = (
        replace(caution(), start_s=start_s, end_s=start_s + 50.0) for start_s in (0.0, 60.0)
    )
    half, _ = fatigue(analysis, first)
    whole, _ = fatigue(analysis, first, second)
    recovery = next(one for one in half.evidence if one.key == "recovery")
    assert recovery.weight == pytest.approx(0.5 * recovery.weight_in_full)
    assert whole.log_odds == whole.prior


def test_weighings_that_cannot_be_right_do_not_count(analysis_of):
    run = {"mass_before_kg": 70, "mass_after_kg": 65}
    found = weights_of(analysis_of(), "electrolytes_metabolites", duration_min=30, **run)
    assert found["mass_loss"].not_counted
    assert "beyond the 5.73 L/h ever seen" in sentence(found["mass_loss"].statement)
    found = weights_of(analysis_of(), "electrolytes_metabolites", duration_min=120, **run)
    assert found["mass_loss"].weight > 0.0


def test_sweat_counts_once_by_weight_or_by_judgement(analysis_of):
    judged = weights_of(analysis_of(), "electrolytes_metabolites", sweat="heavy")
    assert judged["sweat"].weight > 0.0
    weighed = {"mass_before_kg": 70, "mass_after_kg": 68.2}
    both = weights_of(analysis_of(), "electrolytes_metabolites", sweat="heavy", **weighed)
    assert both["sweat"].not_counted
    assert both["mass_loss"].weight > judged["sweat"].weight
    assert sentence(both["sweat"].statement).endswith("you weighed yourself, which tells more.")
    # Where the weighings cannot be right, the judgement is what there is.
    wrong = {"mass_before_kg": 70, "mass_after_kg": 64, "duration_min": 30}
    again = weights_of(analysis_of(), "electrolytes_metabolites", sweat="heavy", **wrong)
    assert again["sweat"] == judged["sweat"]


def test_two_grounds_are_both_told_and_the_stronger_counts(analysis_of):
    posture = caution("posture_change", strength=0.3, about=("recovery",))
    for answers, kept in (({}, 0.7), ({"leg_cooled": True}, 0.5)):
        found, _ = fatigue(analysis_of(), posture, **answers)
        one = next(each for each in found.evidence if each.key == "recovery")
        assert one.weight == pytest.approx(kept * one.weight_in_full)
        assert "the leg was turned meanwhile" in sentence(one.statement)
    assert "the leg was cooled, and cooling calms every tremor; " in sentence(one.statement)


@pytest.mark.parametrize("code", CAUTION_CODES)
def test_every_caution_has_its_words(code):
    given = note("CAUTION_GIVEN", caution=code)
    lowered = sentence(note("NOT_COUNTED", statement=note("NO_EPISODE"), why=(given,)))
    assert lowered.endswith(f"Not counted, because {sentence(given)}.")
    assert " " in sentence(given)
    assert sentence(note("QUALITY_CAUTION", caution=code)).startswith("caution: ")


@pytest.mark.parametrize("bandwidth_hz", [(0.03, 0.01, 0.1), (0.2, 0.1, 0.5), (1.4, 1.1, 1.8)])
def test_a_line_narrower_than_any_muscles_is_no_evidence(analysis_of, bandwidth_hz):
    found, _ = fatigue(analysis_of(recovery=None, bandwidth_hz=bandwidth_hz))
    assert found.log_odds == found.prior
