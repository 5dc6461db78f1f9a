"""Cautions weigh: what a machine did is no evidence of a tired muscle, and that is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.explain import with_explanations
from tremor.notes import note
from tremor.report.messages import sentence
from tremor.results.cautions import CAUTION_CODES, Caution


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
    assert "a vehicle or a seat" in sentence(confirmed.evidence[0].statement)


def test_it_is_asked_where_the_answer_could_change_most(analysis_of):
    answered = {"rpe": 5.0, "load": "usual", "duration_min": 30.0}
    _, found = fatigue(analysis_of(), caution(), **answered)
    assert found.sensitivity.question.key == "shaking"
    _, found = fatigue(analysis_of(), **answered)
    assert found.sensitivity.question.key != "shaking"


@pytest.mark.parametrize("code", CAUTION_CODES)
def test_every_caution_has_its_words(code):
    lowered = note("NOT_COUNTED", statement=note("NO_EPISODE"), caution=code)
    assert sentence(lowered).count(":") == 1
    assert sentence(note("QUALITY_CAUTION", caution=code)).startswith("caution: ")


@pytest.mark.parametrize("bandwidth_hz", [(0.03, 0.01, 0.1), (0.2, 0.1, 0.5), (1.4, 1.1, 1.8)])
def test_a_line_narrower_than_any_muscles_is_no_evidence(analysis_of, bandwidth_hz):
    found, _ = fatigue(analysis_of(recovery=None, bandwidth_hz=bandwidth_hz))
    assert found.log_odds == found.prior
