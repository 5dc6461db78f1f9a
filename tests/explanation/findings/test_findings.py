from __future__ import annotations

import pytest

from tremor.explanation.answers.context import Context
from tremor.explanation.findings.collect import find
from tremor.report.messages import sentence


def of(analysis, key, **answers):
    return next(one for one in find(analysis, Context(**answers)) if one.key == key)


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({"rpe": 8}, "hard"),
        ({"rpe": 7.9}, "medium"),
        ({"rpe": 2, "load": "new"}, "hard"),
        ({"rpe": 4}, "light"),
        ({"rpe": 4, "duration_min": 29}, "light and short"),
        ({"rpe": 4, "duration_min": 30}, "light"),
        ({"load": "easier", "duration_min": 20}, "light and short"),
        ({"rpe": 6, "load": "easier"}, "medium"),
        ({"duration_min": 20}, None),
    ],
)
def test_effort(analysis_of, answers, word):
    assert of(analysis_of(), "effort", **answers).word == word


@pytest.mark.parametrize(
    ("answers", "value", "unanswered"),
    [
        ({"temperature_c": 30, "humidity_pct": 70}, 32.58, ()),
        ({"temperature_c": 20, "humidity_pct": 50}, 19.86, ()),
        ({"temperature_c": 8}, 8.48, ()),  # whatever the humidity, it is below 18
        ({"temperature_c": 38}, 25.49, ()),  # dry air already makes it 23 and more
        ({"temperature_c": 25}, None, ("humidity_pct",)),
        ({"humidity_pct": 60}, None, ("temperature_c",)),
        ({}, None, ("temperature_c", "humidity_pct")),
    ],
)
def test_heat_is_said_as_far_as_the_answers_go(analysis_of, answers, value, unanswered):
    found = of(analysis_of(), "heat", **answers)
    assert found.value == (None if value is None else pytest.approx(value, abs=0.01))
    assert found.unanswered == unanswered
    assert found.low is None or found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("answers", "loss_pct", "gain"),
    [
        ({"mass_before_kg": 70, "mass_after_kg": 67.9}, 3.0, "no"),
        ({"mass_before_kg": 70, "mass_after_kg": 70.7, "duration_min": 121}, -1.0, "yes"),
        ({"mass_before_kg": 70, "mass_after_kg": 70.7, "duration_min": 120}, -1.0, "no"),
        ({"mass_before_kg": 70, "mass_after_kg": 70.7}, -1.0, None),
        ({"mass_before_kg": 70, "mass_after_kg": 70.7, "distance_km": 42.2}, -1.0, "yes"),
        ({"mass_before_kg": 70, "mass_after_kg": 70.7, "distance_km": 24}, -1.0, None),
        ({"mass_before_kg": 70}, None, None),
    ],
)
def test_body_mass(analysis_of, answers, loss_pct, gain):
    loss = of(analysis_of(), "mass_loss", **answers)
    assert loss.value == (None if loss_pct is None else pytest.approx(loss_pct))
    assert of(analysis_of(), "mass_gain", **answers).word == gain


def test_sodium_is_that_of_the_sweat_unless_salt_was_taken(analysis_of):
    sweat = {
        "mass_before_kg": 70.0,
        "mass_after_kg": 68.6,
        "fluid_ml": 500.0,
        "urine_ml": 100.0,
        "duration_min": 75.0,
    }
    lost = of(analysis_of(), "sodium", salt=False, **sweat)
    assert lost.value == pytest.approx(1486, abs=2)  # 1.8 L of 35.9 mmol/L, 22.99 mg each
    assert lost.low < lost.value < lost.high
    assert of(analysis_of(), "sodium", salt=True).word == "replaced"
    assert of(analysis_of(), "sodium", **sweat).unanswered == ("salt",)


@pytest.mark.parametrize(
    ("answers", "value"),
    [
        ({"caffeine_mg": 350}, 350.0),
        ({"caffeine_mg": 350, "mass_before_kg": 50}, 490.0),
        ({"caffeine_mg": 420, "mass_before_kg": 100}, 420.0),
        ({"caffeine_mg": 0}, 0.0),
    ],
)
def test_caffeine_counts_by_body_mass_or_by_the_dose(analysis_of, answers, value):
    assert of(analysis_of(), "caffeine", **answers).value == pytest.approx(value)


@pytest.mark.parametrize("caffeine_mg", [None, 0, 450])
def test_empty_stomach_counts_with_and_without_caffeine(analysis_of, caffeine_mg):
    found = of(analysis_of(), "meal", hours_since_meal=9, caffeine_mg=caffeine_mg)
    assert found.value == 9.0
    assert of(analysis_of(), "meal", caffeine_mg=caffeine_mg).value is None


@pytest.mark.parametrize(
    ("answers", "value"),
    [({"duration_min": 45, "distance_km": 30}, 45.0), ({"distance_km": 21}, 63.0), ({}, None)],
)
def test_distance_stands_in_for_a_duration_that_is_not_answered(analysis_of, answers, value):
    assert of(analysis_of(), "duration", **answers).value == value
    assert of(analysis_of(), "duration", distance_km=12).value is None


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({"kind": "intervals", "minutes_since_stop": 9}, "yes"),
        ({"kind": "intervals", "minutes_since_stop": 10}, "no"),
        ({"kind": "race"}, "no"),
        ({"kind": "intervals"}, None),
        ({"minutes_since_stop": 3}, None),
    ],
)
def test_lactic_acid_needs_intervals_that_ended_just_now(analysis_of, answers, word):
    assert of(analysis_of(), "recent_intervals", **answers).word == word


@pytest.mark.parametrize(
    ("muscles", "words"),
    [
        ([], {"only_worked_muscles": "yes", "eyelid": "no", "several_muscles": "no"}),
        (["eyelid"], {"only_worked_muscles": "no", "eyelid": "yes", "several_muscles": "no"}),
        (None, {"only_worked_muscles": None, "eyelid": None, "several_muscles": None}),
    ],
)
def test_none_is_an_answer_and_silence_is_not(analysis_of, muscles, words):
    for key, word in words.items():
        assert of(analysis_of(), key, other_muscles=muscles).word == word


def test_tremor_that_fades_is_stated_with_its_interval(analysis_of):
    found = of(analysis_of(half_life_s=60.0), "recovery")
    assert (found.word, found.value, found.low, found.high) == ("decays", 60.0, 48.0, 78.0)
    assert sentence(found.statement) == (
        "It fades with rest: it halved every 60 s (48 to 78 s); "
        "after 10 min of rest 90 % of it was gone."
    )


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({"recovery": "not_determined"}, "Not determined: whether it fades with rest"),
        ({"recovery": None}, "Not measured: whether it fades with rest"),
        ({"status": "no_tremor"}, "the sensor saw no tremor"),
        ({"status": "insufficient"}, "no tremor above 0.03 m/s^2"),
    ],
)
def test_what_was_not_measured_says_why(analysis_of, seen, says):
    found = of(analysis_of(**seen), "recovery")
    assert not found.known
    assert says in sentence(found.statement)


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        ({}, "steady"),
        ({"occupancy": 0.3}, "on and off"),
        ({"windows": ("line",) * 20 + ("only_impacts",) * 3}, "single pulses"),
        ({"windows": ("line",) * 40 + ("only_impacts",) * 3}, "steady"),
        ({"windows": ("line",) * 10 + ("only_impacts",) * 2}, "steady"),
        ({"status": "no_tremor"}, None),
    ],
)
def test_pattern(analysis_of, seen, word):
    assert of(analysis_of(**seen), "pattern").word == word


@pytest.mark.parametrize(
    ("frequency_hz", "answers", "word"),
    [
        (5.0, {"duration_min": 90}, "yes"),
        (5.0, {"duration_min": 30}, "no"),
        (5.0, {}, None),
        (8.0, {}, "no"),
    ],
)
def test_slow_tremor_needs_long_work(analysis_of, frequency_hz, answers, word):
    assert of(analysis_of(frequency_hz=frequency_hz), "slow_line", **answers).word == word


@pytest.mark.parametrize(
    ("frequency_hz", "kept"), [(3.4, 0.0), (5.0, 1.0), (11.8, 1.0), (13.2, 0.0), (14.7, 0.0)]
)
def test_the_width_counts_only_where_tired_muscle_shakes(analysis_of, frequency_hz, kept):
    found = of(analysis_of(frequency_hz=frequency_hz), "line_width")
    assert found.known
    assert found.kept == kept
    assert ("not counted" in sentence(found.statement)) is (kept == 0.0)
