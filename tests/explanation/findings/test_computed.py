"""What follows from answers: the numbers of the formulas, and the answers that lack."""

from __future__ import annotations

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.findings.computed import compute
from tremor.explanation.findings.heat import heat_index_c, wbgt_c
from tremor.notes import note

FULL = Context(
    temperature_c=30,
    humidity_pct=70,
    sun="shade",
    mass_before_kg=70.0,
    mass_after_kg=68.6,
    fluid_ml=500,
    urine_ml=100,
    duration_min=75,
)


def by_key(context):
    return {quantity.key: quantity for quantity in compute(context).quantities}


def test_numbers_are_those_of_the_formulas():
    computed = by_key(FULL)
    assert computed["wbgt_c"].estimate == wbgt_c(30, 70, "shade")
    assert computed["wbgt_c"].word == note("RACE_FLAG", flag="high")
    assert computed["heat_index_c"].estimate == heat_index_c(30, 70)
    assert computed["rate_l_per_h"].estimate.value == pytest.approx(1.44)
    assert computed["mass_change_pct"].estimate.value == pytest.approx(2.0)


def test_nothing_answered_gives_reasons_and_no_number():
    computed = by_key(Context())
    assert set(computed) == set(by_key(FULL))
    assert all(quantity.estimate.value is None for quantity in computed.values())
    fields = ("temperature_c", "humidity_pct")
    assert computed["wbgt_c"].estimate.reason == note("NOT_ANSWERED", questions=fields)
    assert computed["wbgt_c"].word is None


def test_one_half_of_the_air_names_the_other():
    computed = by_key(Context(temperature_c=20))
    assert computed["heat_index_c"].estimate.reason == note(
        "NOT_ANSWERED", questions=("humidity_pct",)
    )
