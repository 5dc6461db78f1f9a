"""Growth of a tremor, and growth again after it had faded."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures.decay_growth import find_turn, grew_again, growth
from tremor.measures.decay_posterior import RmsSeries
from tremor.settings.recoveries import RecoverySettings

RULES = RecoverySettings()
T = np.arange(2.0, 400.0, 4.0)


def series(law, *, seed=0, sd=0.12, posture=None):
    scatter = sd * np.random.default_rng(seed).standard_normal(T.size)
    return RmsSeries(T, law * np.exp(scatter), np.full(T.size, sd**2), posture)


def as_it_is(rms):
    return rms


def waxing(seed, *, log_sd=0.3, time_s=20.0):
    """Waxing and waning, as an AR(1) of the log RMS."""
    rng = np.random.default_rng(seed)
    state, decay = rng.standard_normal(), np.exp(-4.0 / time_s)
    values = []
    for _ in T:
        values.append(state)
        state = decay * state + np.sqrt(1.0 - decay**2) * rng.standard_normal()
    return np.exp(log_sd * np.array(values))


def test_a_tremor_that_fades_and_grows_turns_at_its_lowest_point():
    points = series(np.hypot(0.5 * 0.5 ** (np.minimum(T, 400.0 - T) / 40.0), 0.01))
    turn = find_turn(points, rules=RULES)
    assert T[turn] == pytest.approx(200.0, abs=20.0)
    found = grew_again(points, turn, as_it_is)
    assert found.code == "GREW_AGAIN"
    assert found.values["turn_s"] == T[turn]
    assert found.values["times"] > 5.0


@pytest.mark.parametrize(
    "law",
    [
        np.full(T.size, 0.3),
        np.hypot(0.5 * 0.5 ** (T / 40.0), 0.05),
        0.05 * np.exp(T / 150.0),
    ],
    ids=["constant", "fading", "growing"],
)
def test_there_is_no_turn_where_nothing_turns(law):
    assert find_turn(series(law), rules=RULES) is None


def test_waxing_and_waning_seldom_turns():
    """Of 40 constant tremors, and 40 that fade to a floor, at most 3 each."""
    for law in (np.full(T.size, 0.3), np.hypot(0.5 * 0.5 ** (T / 40.0), 0.1)):
        turns = [
            find_turn(series(law * waxing(seed), seed=seed), rules=RULES) for seed in range(40)
        ]
        assert sum(turn is not None for turn in turns) <= 3


def test_a_step_between_postures_is_no_growth():
    posture = (T > 200.0).astype(int)
    law = np.hypot(0.5 * 0.5 ** (T / 40.0), 0.05) * np.where(posture, 4.0, 1.0)
    assert find_turn(series(law), rules=RULES) is not None
    assert find_turn(series(law, posture=posture), rules=RULES) is None


def test_growth_is_told_by_its_factor():
    assert_allclose(growth(series(0.1 * np.exp(T / 200.0)), as_it_is, RULES), np.exp(2.0), rtol=0.3)
    assert growth(series(np.full(T.size, 0.3)), as_it_is, RULES) is None
    assert growth(series(0.3 * np.exp(-T / 200.0)), as_it_is, RULES) is None
