from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.evidence import evidence_table
from tremor.explanation.explain import with_explanations
from tremor.explanation.findings.collect import find
from tremor.explanation.likely_answers import interview_table
from tremor.explanation.sensitivity import redraw
from tremor.explanation.weighing import about_equal, log_odds, weigh

TABLE = evidence_table()


def weighed(analysis, **answers):
    return weigh(find(analysis, Context(**answers)), TABLE)


def test_redraws_are_the_same_each_time_and_around_the_sum(analysis_of):
    found = weighed(analysis_of(), rpe=9)
    first, second = redraw(found, TABLE), redraw(found, TABLE)
    assert first == second
    for id_, odds in log_odds(found, TABLE).items():
        middle = 0.5 * (first.log_odds_low[id_] + first.log_odds_high[id_])
        assert middle == pytest.approx(odds, abs=0.1)


def test_limits_of_one_prior_are_those_of_its_shift(analysis_of):
    """Nothing known: the prior alone is redrawn, uniformly within 0.5, so 95 % lie within 0.475."""
    drawn = redraw(weighed(analysis_of(status="no_tremor")), TABLE)
    for id_, hypothesis in TABLE.hypotheses.items():
        # sd of the 2.5 % quantile of 500 uniform draws over a width of 1 is 0.007
        np.testing.assert_allclose(drawn.log_odds_low[id_], hypothesis.prior - 0.475, atol=0.03)
        np.testing.assert_allclose(drawn.log_odds_high[id_], hypothesis.prior + 0.475, atol=0.03)
    assert drawn.leader_share == 1.0


def test_share_falls_where_leaders_are_close(analysis_of):
    clear = redraw(weighed(analysis_of(), rpe=9), TABLE)
    close = redraw(
        weighed(
            analysis_of(recovery="persists"), rpe=9, temperature_c=31, humidity_pct=65, sun="full"
        ),
        TABLE,
    )
    assert clear.leader_share > 0.99
    assert 0.4 < close.leader_share < 0.95


def test_wider_redraws_give_wider_limits(analysis_of):
    found = weighed(analysis_of(), rpe=9)
    wide = replace(TABLE, redraws=replace(TABLE.redraws, weight_factor_low=0.2, prior_shift=1.0))
    narrow, broad = redraw(found, TABLE), redraw(found, wide)
    for id_ in TABLE.hypotheses:
        assert broad.log_odds_high[id_] - broad.log_odds_low[id_] > (
            narrow.log_odds_high[id_] - narrow.log_odds_low[id_]
        )


@pytest.mark.parametrize(
    ("odds", "names"),
    [
        ({"a": 1.0, "b": 0.31, "c": -2.0}, ("a", "b")),
        ({"a": 1.0, "b": 0.29, "c": -2.0}, ("a",)),
        ({"a": 0.0, "b": 0.5, "c": 0.1}, ("b", "c", "a")),
    ],
)
def test_about_equal_is_within_the_limit(odds, names):
    assert about_equal(odds, TABLE.rules) == names


def test_question_that_can_change_the_leader_goes_first(analysis_of):
    analysis = analysis_of(recovery="persists")
    known = {"rpe": 6, "duration_min": 70, "tremor_without_running": False}
    known |= {"medicines": [], "other_muscles": []}
    question = with_explanations(analysis, Context(**known)).sensitivity.question
    assert question.key == "body_mass"
    assert question.leader == "electrolytes_metabolites"
    assert question.fields == ("mass_before_kg", "mass_after_kg")
    lost = Context(**known, mass_before_kg=70, mass_after_kg=67.5)
    assert with_explanations(analysis, lost).sensitivity.leader == question.leader


def test_change_that_is_promised_is_the_change_that_comes(analysis_of):
    analysis = analysis_of()
    before = with_explanations(analysis, Context(rpe=5))
    question = before.sensitivity.question
    assert question.fields == ("tremor_without_running",)
    after = with_explanations(analysis, Context(rpe=5, tremor_without_running=True))
    odds = [
        next(one.log_odds for one in found.explanations if one.id == question.explanation)
        for found in (before, after)
    ]
    assert odds[1] - odds[0] == pytest.approx(question.largest_change)


def test_question_that_is_answered_is_not_asked_again(analysis_of):
    analysis = analysis_of()
    asked = []
    context = Context()
    for _ in range(40):
        question = with_explanations(analysis, context).sensitivity.question
        if question is None:
            break
        assert question.key not in asked
        asked.append(question.key)
        likely = interview_table().answers
        answers = {name: likely[name].answers[0][0] for name in question.fields}
        if question.key == "body_mass":
            answers["mass_after_kg"] *= 70.0
        context = Context(**context.answered() | answers)
    assert question is None
    assert len(asked) >= 15
