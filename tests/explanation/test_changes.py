"""What would change the result: what is promised is what comes, and nothing else is promised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.explain import with_explanations
from tremor.notes import note
from tremor.report.messages import sentence
from tremor.results.cautions import Caution

E = "electrolytes_metabolites"


def changes_of(analysis, **answers):
    sensitivity = with_explanations(analysis, Context(**answers)).sensitivity
    return {one.code: one.values for one in sensitivity.changes}, sensitivity


@pytest.mark.parametrize(
    ("seen", "answers", "how"),
    [
        ({"recovery": "decays"}, {"rpe": 9}, "wide"),
        ({"recovery": "persists"}, {"rpe": 8}, "some"),
        ({"recovery": "persists"}, {"rpe": 5}, "close"),
    ],
)
def test_lead_is_told_by_its_width(analysis_of, seen, answers, how):
    found, sensitivity = changes_of(analysis_of(bandwidth_hz=(1.4, 1.1, 1.8), **seen), **answers)
    assert found["LEADS"]["how"] == how
    assert found["LEADS"]["lead_log_odds"] == sensitivity.lead_log_odds
    assert found["LEADS"]["second"] == sensitivity.second != sensitivity.leader
    assert (how == "close") == (len(sensitivity.about_equal) > 1)


def test_longer_rest_that_could_change_the_leader_does_so(analysis_of):
    answers = {"rpe": 6, "sweat": "heavy", "mass_before_kg": 70, "mass_after_kg": 67.8}
    found, before = changes_of(analysis_of(recovery="not_determined"), **answers)
    promised = found["LONGER_REST_COULD_CHANGE"]
    _, after = changes_of(analysis_of(recovery=promised["verdict"]), **answers)
    assert after.leader == promised["leader"] != before.leader


def test_longer_rest_that_changes_nothing_is_not_asked_for(analysis_of):
    answers = {"rpe": 9, "duration_min": 130}
    found, before = changes_of(analysis_of(recovery="not_determined"), **answers)
    assert "LONGER_REST_WOULD_NOT_CHANGE" in found
    for verdict in ("decays", "persists"):
        assert changes_of(analysis_of(recovery=verdict), **answers)[1].leader == before.leader
    known, _ = changes_of(analysis_of(recovery="decays"), **answers)
    assert not any(code.startswith("LONGER") for code in known)


@pytest.mark.parametrize(("minutes", "says"), [(None, "a longer rest"), (1, "1 minute longer")])
def test_minutes_that_are_missing_are_told(minutes, says):
    said = sentence(note("LONGER_REST_COULD_CHANGE", verdict="persists", leader=E, minutes=minutes))
    assert f"{says}: if it stays, electrolytes and metabolites would come first." in said


def test_doubt_that_hides_another_leader_is_told(analysis_of):
    answers = {"rpe": 6, "sweat": "heavy", "mass_before_kg": 70, "mass_after_kg": 67.8}
    turned = Caution(
        code="posture_change",
        about=("recovery",),
        strength=1.0,
        statement=note("POSTURE_TURNED", angle_deg=40.0, at_s=60.0),
    )
    analysis = analysis_of(recovery="persists")
    found, before = changes_of(replace(analysis, cautions=(turned,)), **answers)
    _, sure = changes_of(analysis, **answers)
    assert found["SURER_RECORDING_COULD_CHANGE"]["leader"] == sure.leader == E != before.leader
    assert "SURER_RECORDING_COULD_CHANGE" not in changes_of(analysis, **answers)[0]


@pytest.mark.parametrize(
    ("strength", "answers", "again"),
    [
        (1.0, {}, True),
        (0.5, {}, False),
        (1.0, {"shaking": "none"}, False),
        (None, {"shaking": "vehicle"}, True),
    ],
)
def test_another_recording_is_asked_for_where_nothing_measured_counts(
    analysis_of, strength, answers, again
):
    machine = Caution(
        code="machine",
        about=("tremor", "muscle_fatigue"),
        strength=strength or 0.0,
        statement=note("MACHINE_LIKE", even_share=0.99, frequency_hz=8.3),
    )
    analysis = replace(analysis_of(), cautions=() if strength is None else (machine,))
    found, _ = changes_of(analysis, rpe=9, **answers)
    assert ("RECORD_WITHOUT_SHAKING" in found) == again


def test_answers_that_could_change_the_leader_are_named_two_at_most(analysis_of):
    analysis = analysis_of(recovery="persists")
    answers = {"rpe": 6, "duration_min": 70, "tremor_without_running": False}
    sensitivity = with_explanations(analysis, Context(**answers)).sensitivity
    named = [one for one in sensitivity.changes if one.code == "ANSWER_COULD_CHANGE"]
    assert [one.values["leader"] for one in named] == [E, E]
    assert named[0].values["question"] == sensitivity.question.key


def test_nothing_recorded_and_nothing_answered_ask_for_both(analysis_of):
    found, _ = changes_of(analysis_of(status="insufficient"))
    assert set(found) == {"ANSWER_TELLS_MOST", "NOTHING_RECORDED"}
