"""What open questions are expected to change, against sums over all answers."""

from __future__ import annotations

import random

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import topic_fields
from tremor.explanation.evidence import evidence_table
from tremor.explanation.expected_change import look_ahead
from tremor.explanation.findings.collect import measured_findings
from tremor.explanation.likely_answers import interview_table
from tremor.explanation.sensitivity import leader_of, log_odds_of

EVIDENCE, INTERVIEW = evidence_table(), interview_table()


def outlook(context, analysis, skipped=(), **options):
    return look_ahead(context, analysis, skipped, EVIDENCE, INTERVIEW, **options)


def odds(context, analysis):
    found = log_odds_of(analysis, context, measured_findings(analysis), EVIDENCE)
    return {id_: round(one, 6) for id_, one in found.items()}  # equal sums are equal


def drawn(rng, n):
    answers = {}
    for name in rng.sample(sorted(INTERVIEW.answers), n):
        one = INTERVIEW.answers[name]
        if not one.times:
            answers[name] = rng.choice(one.answers)[0]
    return Context(**answers)


@pytest.mark.parametrize("seed", range(4))
def test_what_leads_and_the_largest_change_are_those_of_weighing_everything(analysis_of, seed):
    """Only what an answer touches is weighed anew; the sums must be those of all of it."""
    context = drawn(random.Random(seed), 8)
    analysis = analysis_of(recovery=("decays", "persists")[seed % 2])
    found = outlook(context, analysis, with_lists=False)
    now = odds(context, analysis)
    assert found.leader == leader_of(now)
    whole = {one.topic: one for one in found.changes}
    for topic in topic_fields():
        names = tuple(name for name in topic_fields()[topic] if getattr(context, name) is None)
        if not names:
            assert topic not in whole
            continue
        changes = [
            (leader_of(then) != leader_of(now), max(abs(then[id_] - now[id_]) for id_ in now))
            for _, answers in INTERVIEW.tries(tuple((name,) for name in names), context.answered())
            for then in [odds(Context(**answers), analysis)]
        ]
        is_new, largest = max(changes)
        if topic in whole:
            assert whole[topic].largest_change == pytest.approx(largest, abs=2e-6)
            assert (whole[topic].new_leader is not None) == is_new
        else:
            assert largest < 1e-9


def test_chance_of_another_leader_falls_as_answers_come(analysis_of):
    analysis = analysis_of(recovery="persists")
    every = {name: one.answers[0][0] for name, one in INTERVIEW.answers.items() if not one.times}
    every |= {"mass_after_kg": 69.7}
    open_chance = outlook(Context(), analysis).leader_change
    assert 0.05 < open_chance < 0.9
    assert outlook(Context(**every), analysis).leader_change == 0.0
    skipped = tuple(INTERVIEW.answers)
    assert outlook(Context(), analysis, skipped).leader_change == 0.0


def test_a_question_that_weighs_more_is_expected_to_change_more(analysis_of):
    found = outlook(Context(), analysis_of(recovery="persists"), with_lists=False)
    worth = {one.topic: one.leader_change for one in found.changes}
    assert worth["tremor_without_running"] > worth["stress"] > 0.0
    assert worth["body_mass"] > worth["duration"] > 0.0


def test_chances_of_a_warning_come_from_days_and_from_weighings_of_a_long_run(analysis_of):
    analysis = analysis_of()
    warned = {one.topic: one.warning_change for one in outlook(Context(), analysis).changes}
    assert warned["days_lasting"] > 0.05
    assert warned["duration"] > 0.0
    assert warned["weights"] > 0.0
    assert warned["about_you"] == 0.0
    long = outlook(Context(duration_min=200), analysis).changes
    short = outlook(Context(duration_min=40), analysis).changes
    assert {one.topic: one.warning_change for one in long}["weights"] > warned["weights"]
    assert {one.topic: one.warning_change for one in short}["weights"] < 1e-12


def test_it_is_the_same_each_time_and_for_any_order_of_answers(analysis_of):
    analysis = analysis_of()
    answers = {"rpe": 6, "temperature_c": 26, "cramp": True}
    assert outlook(Context(**answers), analysis) == outlook(
        Context(**dict(reversed(answers.items()))), analysis
    )
