"""Water and sodium of sweat: the published example, bounds, and answers that are missing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.explanation.findings.sweat import sweat_loss
from tremor.notes import note


def test_sweat_loss_of_the_published_example():
    loss = sweat_loss(70.0, 68.6, 500.0, 100.0, 75.0)
    assert loss.volume_l.value == pytest.approx(1.8)
    assert loss.rate_l_per_h.value == pytest.approx(1.44)
    assert loss.mass_change_pct.value == pytest.approx(2.0)
    assert loss.sodium_mmol.value == pytest.approx(65.0, abs=0.5)
    assert loss.sodium_mg.value == pytest.approx(1490.0, abs=10.0)
    assert loss.remarks == ()


def test_limits_of_sweat_loss():
    loss = sweat_loss(70.0, 68.6, 500.0, 100.0, 75.0)
    error = 0.1 * math.sqrt(2.0)
    assert (loss.volume_l.low, loss.volume_l.high) == pytest.approx((1.8 - error, 1.8 + error))
    assert loss.mass_change_pct.high - loss.mass_change_pct.low == pytest.approx(2 * error / 0.7)
    assert loss.sodium_mg.low == pytest.approx((1.8 - error) * 18.2 * 22.99)
    assert loss.sodium_mg.high == pytest.approx((1.8 + error) * 70.8 * 22.99)


def test_what_is_not_answered_is_named_and_never_taken_as_zero():
    loss = sweat_loss(70.0, 68.6, None, None, 75.0)
    assert loss.volume_l.reason == note("NOT_ANSWERED", questions=("fluid_ml", "urine_ml"))
    assert loss.rate_l_per_h.reason == loss.sodium_mg.reason == loss.volume_l.reason
    assert loss.mass_change_pct.value == pytest.approx(2.0)
    assert sweat_loss(70.0, 68.6, 0.0, 0.0, None).rate_l_per_h.reason == note(
        "NOT_ANSWERED", questions=("duration_min",)
    )
    nothing = sweat_loss(None, None, None, None, None)
    assert nothing.mass_change_pct.reason == note(
        "NOT_ANSWERED", questions=("mass_before_kg", "mass_after_kg")
    )


def test_gain_is_negative_and_less_than_no_sweat_is_refused():
    loss = sweat_loss(70.0, 71.0, 500.0, 0.0, 60.0)
    assert loss.mass_change_pct.value == pytest.approx(-100.0 / 70.0)
    assert loss.volume_l.value is None
    assert loss.volume_l.reason.code == "SWEAT_NEGATIVE"
    assert loss.volume_l.reason.values["volume_l"] == pytest.approx(-0.5)


def test_run_without_duration_has_no_rate():
    assert sweat_loss(70.0, 69.0, 0.0, 0.0, 0.0).rate_l_per_h.reason == note("RUN_OF_ZERO_MIN")


def test_rate_beyond_all_athletes_is_remarked():
    loss = sweat_loss(70.0, 66.0, 500.0, 0.0, 30.0)
    assert loss.rate_l_per_h.value == pytest.approx(9.0)
    (remark,) = loss.remarks
    assert remark.code == "SWEAT_RATE_TOO_HIGH"
    assert remark.values == {"sweat_rate_l_per_h": pytest.approx(9.0), "highest_l_per_h": 5.73}


@given(
    st.floats(30, 150),
    st.floats(0.9, 1.05),
    st.floats(0, 5000),
    st.floats(0, 2000),
    st.floats(1, 600),
)
def test_limits_hold_the_values(before, ratio, fluid, urine, duration):
    loss = sweat_loss(before, before * ratio, fluid, urine, duration)
    for estimate in (loss.volume_l, loss.rate_l_per_h, loss.mass_change_pct, loss.sodium_mg):
        assert estimate.value is None or estimate.low <= estimate.value <= estimate.high
