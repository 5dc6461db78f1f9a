"""What is made of a decay: the verdict, what each threshold does, and what no decay explains."""

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures.decay_posterior import RmsSeries
from tremor.measures.decay_verdict import judge_decay
from tremor.report.messages import sentence, sentences
from tremor.settings.recoveries import RecoverySettings

RULES = RecoverySettings()
#: They decide before a decay is judged.
EARLIER = {"baseline_least_s", "recovery_least_tremor_windows"}
STEP_S = 4.0
RELATIVE_SD = 0.14  # of the RMS over 4 s of a line 1 Hz wide


def rest(rest_s, law, *, seed=0):
    """Points every 4 s about a law of the RMS over time."""
    t = np.arange(2.0, rest_s, STEP_S)
    scatter = RELATIVE_SD * np.random.default_rng(seed).standard_normal(t.size)
    return RmsSeries(t, law(t) * np.exp(scatter), np.full(t.size, RELATIVE_SD**2))


def fading(half_life_s, *, initial=0.5, floor=0.06):
    return lambda t: np.hypot(initial * 0.5 ** (t / half_life_s), floor)


def steady(t):
    return np.full(t.size, 0.3)


def judge(points, *, floor_ms2=None, noise_ms2=0.0, **rules):
    return judge_decay(
        points,
        floor_ms2=floor_ms2,
        n_left_out=0,
        rules=replace(RULES, **rules),
        noise_ms2=noise_ms2,
    )


DECAY = rest(400.0, fading(60.0))
LONG_STEADY = rest(600.0, steady, seed=1)
SHORT_STEADY = rest(100.0, steady, seed=1)

# Of each rule: points that it decides on, a value, and what then differs from the default.
EFFECTS = {
    "recovery_least_points": (DECAY, 101.0, lambda found: found.verdict),
    "recovery_least_rest_s": (DECAY, 401.0, lambda found: found.verdict),
    "decays_least_log_bayes": (rest(60.0, fading(30.0)), 20.0, lambda found: found.verdict),
    "decays_least_drop": (DECAY, 1.0, lambda found: found.verdict),
    "persists_most_drop": (LONG_STEADY, 0.0, lambda found: found.verdict),
    "persists_least_rest_s": (LONG_STEADY, 601.0, lambda found: found.verdict),
    "half_life_least_taus_fitted": (DECAY, 20.0, lambda found: found.half_life_s.value),
    "half_life_least_taus_known": (DECAY, 20.0, lambda found: found.half_life_s.value),
    "reliable_taus_fitted": (
        rest(400.0, fading(130.0)), 9.0, lambda found: found.more_rest_needed_s.value,
    ),
    "reliable_taus_known": (
        rest(400.0, fading(80.0)), 9.0, lambda found: found.more_rest_needed_s.value,
    ),
    "settled_most_ratio": (DECAY, 1.0, lambda found: found.more_rest_needed_s.value),
    "bounded_tau_over_rest": (DECAY, 0.1, lambda found: found.half_life_s.high),
    "floor_overruled_log_bayes": (DECAY, -20.0, lambda found: found.floor),
    "plateau_least_probability": (
        rest(400.0, lambda t: fading(40.0)(np.maximum(t - 50.0, 0.0))), 1.0,
        lambda found: found.onset_s.value,
    ),
    "grows_again_least_log_bayes": (
        rest(400.0, lambda t: fading(40.0, floor=0.01)(np.minimum(t, 400.0 - t))), 20.0,
        lambda found: found.remark,
    ),
    "ends_s": (LONG_STEADY, 100.0, lambda found: found.final_rms_ms2.value),
    "lead_most_s": (DECAY, 1.0, lambda found: found.curve_time_s[0]),
    "rest_asked_s": (SHORT_STEADY, 900.0, lambda found: found.more_rest_needed_s.value),
    "more_rest_least_s": (rest(290.0, fading(60.0)), 240.0, lambda f: f.more_rest_needed_s.value),
    "rest_most_s": (SHORT_STEADY, 200.0, lambda found: found.more_rest_needed_s.value),
}  # fmt: skip


def test_every_rule_has_an_effect_to_show():
    assert {item.name for item in fields(RecoverySettings)} - EARLIER == set(EFFECTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_rule_decides_what_it_is_for(name):
    points, value, seen = EFFECTS[name]
    floor_ms2 = 0.06 if name.endswith("known") or name.startswith("floor") else None
    others = {}
    if name in ("reliable_taus_fitted", "reliable_taus_known", "more_rest_least_s"):
        others = {"settled_most_ratio": 1.0}
    before = judge(points, floor_ms2=floor_ms2, **others)
    after = judge(points, floor_ms2=floor_ms2, **others, **{name: value})
    assert seen(before) != seen(after)


@pytest.mark.parametrize(("rest_s", "verdict"), [(300.0, "persists"), (120.0, "not_determined")])
def test_a_tremor_that_grows_is_said_to_grow(rest_s, verdict):
    found = judge(rest(rest_s, lambda t: 0.05 * np.exp(t / 60.0)))
    assert found.verdict == verdict
    assert "the tremor grew to " in sentences(found.reason)
    assert found.fraction_gone.value is None
    assert found.half_life_s.value is None


def test_the_size_of_growth_is_given_where_it_says_something():
    found = judge(rest(400.0, lambda t: 0.1 * np.exp(t / 200.0)))
    times = float(sentences(found.reason).split("grew to ")[1].split()[0])
    assert_allclose(times, np.exp(2.0), rtol=0.3)
    from_nothing = judge(rest(400.0, lambda t: np.where(t > 300.0, 0.3, 0.001)))
    assert "over 100 times" in sentences(from_nothing.reason)


def test_a_tremor_gone_at_once_has_no_half_life_but_a_limit():
    found = judge(rest(300.0, lambda t: np.where(t < 20.0, 0.4, 0.005)))
    assert found.verdict == "decays"
    assert found.half_life_s.value is None
    assert "at most" in sentence(found.half_life_s.reason)
    assert found.fraction_gone.value > 0.9
    assert found.more_rest_needed_s.value is None


def test_a_lower_limit_at_the_edge_of_the_search_is_none():
    found = judge(rest(120.0, fading(9.5, floor=0.1), seed=4))
    assert found.half_life_s.value is not None
    assert found.half_life_s.low is None
    assert found.half_life_s.high > 9.5


def test_a_level_that_is_not_reached_is_remarked_upon():
    found = judge(rest(600.0, fading(40.0, floor=0.2)), floor_ms2=0.01)
    assert found.floor == "fitted"
    assert sentences(found.remark).startswith("the level before the run, 0.01 m/s^2, was not used")
    assert judge(DECAY, floor_ms2=0.06).remark == ()


def test_the_noise_of_the_sensor_is_no_tremor():
    points = rest(500.0, fading(50.0, floor=0.05))
    noisy = points._replace(rms_ms2=np.hypot(points.rms_ms2, 0.08))
    found = judge(noisy, noise_ms2=0.08)
    assert found.floor_rms_ms2.low < 0.05 < found.floor_rms_ms2.high
    assert_allclose(found.half_life_s.value, 50.0, rtol=0.3)


def test_a_short_rest_without_a_drop_is_said_to_be_steady_so_far():
    t = np.arange(2.0, 150.0, STEP_S)
    found = judge(RmsSeries(t, np.full(t.size, 0.3), np.full(t.size, 1e-5)))
    assert found.verdict == "not_determined"
    assert found.reason[0].code == "STEADY_SO_FAR"
    text = sentence(found.reason[0])
    assert "at most 1 % of the tremor went" in text
    assert "4 min 30 s" in text
