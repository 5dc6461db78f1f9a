from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from tremor.errors import InvalidInputError
from tremor.explanation.advice import advice_for, advice_table, read_advice, warnings_of
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import by_attribute
from tremor.report.messages import sentence

F, E, N = "muscle_fatigue", "electrolytes_metabolites", "non_running_contributors"
TABLE = advice_table()


def advised(*leading, **answers):
    context = Context(**answers)
    return advice_for(leading, context, warnings_of(context, TABLE), TABLE)


def ids(*leading, **answers):
    return [one.id for one in advised(*leading, **answers)]


def test_every_sign_that_can_be_ticked_warns():
    assert {one.sign for one in TABLE.warnings if one.sign} == set(by_attribute()["signs"].choices)


def test_signs_are_in_the_order_of_their_urgency():
    order = [["now", "today", "soon"].index(one.urgency) for one in TABLE.warnings]
    assert order == sorted(order)


def test_advice_goes_with_what_leads_and_general_advice_is_last():
    for leading in ((F,), (E,), (N,), (F, E), (E, N)):
        found = advised(*leading)
        tied = [one.explanation for one in found if one.explanation is not None]
        assert set(tied) == set(leading)
        assert [one.explanation for one in found[-3:]] == [None, None, None]
        assert len(found) == len(tied) + 3


def test_cramp_gets_stretch_and_massage_and_what_lasts_the_list_of_the_article():
    assert ids(F, cramp=True)[0] == "spasm"
    assert "stretch" in sentence(advised(F, cramp=True)[0].text)
    for answers in ({"days_lasting": 3}, {"tremor_without_running": True}):
        chronic = next(one for one in advised(F, **answers) if one.id == "chronic")
        assert all(
            word in sentence(chronic.text)
            for word in ("physiotherapy", "ultrasound", "acupuncture")
        )
    assert "chronic" not in ids(F, days_lasting=2)


@pytest.mark.parametrize("length", [{}, {"duration_min": 30}, {"distance_km": 24}])
def test_who_weighs_more_is_not_told_to_drink(length):
    given = ids(F, E, N, mass_before_kg=70, mass_after_kg=70.5, **length)
    assert "drink" not in given
    assert "overdrank" in given
    assert "drink" in ids(F, E, N, mass_before_kg=70, mass_after_kg=70, **length)


def test_what_has_lasted_for_weeks_is_not_said_to_end_by_itself():
    assert "ends_by_itself" not in ids(F, days_lasting=14)
    assert "keep_running" not in ids(F, days_lasting=14)
    assert "not_settling" in ids(F, days_lasting=14)
    # From three days on the article's advice for what keeps coming back is given instead.
    assert "ends_by_itself" not in ids(F, days_lasting=3)
    assert "ends_by_itself" not in ids(F, tremor_without_running=True)
    assert "ends_by_itself" in ids(F, days_lasting=2)


def test_who_takes_a_medicine_is_told_to_ask_whatever_leads():
    assert "medicines" in ids(E, medicines=["diuretic"])
    assert "medicines" in ids(N)
    assert "medicines" not in ids(E, medicines=[])


def test_cooler_hours_are_advised_after_heat_alone():
    assert "cooler" in ids(E, temperature_c=31, humidity_pct=60)
    assert "cooler" not in ids(E, temperature_c=9, humidity_pct=60)
    assert "cooler" not in ids(E)


def test_drinking_is_never_advised_beyond_what_is_missing():
    def told(**answers):
        return next(sentence(one.text) for one in advised(E, **answers) if one.id == "drink")

    assert told().endswith("Never drink more than you lost as sweat.")
    weighed = told(mass_before_kg=70, mass_after_kg=68.2, fluid_ml=500, urine_ml=100)
    assert weighed.endswith("you are 1.8 L short; do not drink more than that.")
    kept = told(mass_before_kg=70, mass_after_kg=70, duration_min=30)
    assert kept.endswith("you are short of nothing; drink only against thirst.")
    assert "drink" not in ids(E, mass_before_kg=70, mass_after_kg=71, duration_min=150)


def test_advice_that_physiotherapists_dispute_says_so():
    disputed = {one.id: one for one in advised(F, E, N, days_lasting=4, cramp=True) if one.disputed}
    assert set(disputed) == {"chronic", "massage"}
    for one in disputed.values():
        assert one.grade == "article"
        assert all(sentence(why).startswith("Physiotherapists dispute") for why in one.disputed)


def test_empty_stomach_is_advised_to_eat():
    assert "eat_before" in ids(N, hours_since_meal=9)
    assert "eat_before" not in ids(N, hours_since_meal=2)
    assert "eat_before" not in ids(N)
    assert "eat_before" not in ids(F, hours_since_meal=9)


def test_where_help_is_needed_it_is_the_only_advice():
    assert ids(F, E, signs=["dark_urine"], cramp=True) == ["help_first"]
    assert "help_first" not in ids(F, days_lasting=20)  # soon is not now


@pytest.mark.parametrize(
    ("answers", "signs"),
    [
        ({}, ()),
        ({"signs": []}, ()),
        ({"signs": ["fever", "confusion"]}, ("confusion", "fever")),
        ({"mass_before_kg": 70, "mass_after_kg": 70.5, "duration_min": 150}, ("mass_gain",)),
        ({"mass_before_kg": 70, "mass_after_kg": 70.5, "duration_min": 90}, ()),
        ({"days_lasting": 14}, ("lasting",)),
        ({"days_lasting": 13}, ()),
    ],
)
def test_signs_come_from_answers(answers, signs):
    assert tuple(one.id for one in warnings_of(Context(**answers), TABLE)) == signs


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.update(schema="x/1"), "x/1"),
        (lambda table: table["advice"][0].update(when="rain"), "nobody knows the condition 'rain'"),
        (lambda table: table["advice"][1].update(claims=[]), "cites no claim"),
        (lambda table: table["advice"].append(table["advice"][0]), "stands twice"),
        (lambda table: table["advice"][4].update(explanation="luck"), "no explanation 'luck'"),
        (lambda table: table["warning"][0].pop("sign"), "needs a sign"),
        (lambda table: table["warning"][0].pop("text"), "not whole"),
    ],
)
def test_unsound_advice_is_refused(change, says):
    table = tomllib.loads(
        files("tremor.explanation").joinpath("advice.toml").read_text(encoding="utf-8")
    )
    change(table)
    with pytest.raises(InvalidInputError, match=says):
        read_advice(table)
