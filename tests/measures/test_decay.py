"""The model of the decay: truth, laws, and what is refused."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tremor
from tremor.analysis.recovery import fit_recovery
from tremor.errors import InvalidInputError
from tremor.measures.recovery import Recovery

STEP_S = 4.0
RELATIVE_SD = 0.14  # of the RMS over 4 s of a line 1 Hz wide


def rest(minutes, *, half_life_s=None, initial=0.5, floor=0.06, seed=0, waxing=0.0):
    rng = np.random.default_rng(seed)
    t = np.arange(2.0, 60.0 * minutes, STEP_S)
    fading = initial**2 * np.exp(-2.0 * t * np.log(2.0) / half_life_s) if half_life_s else 0.0
    law = np.sqrt(fading + floor**2) if half_life_s else np.full(t.size, initial)
    slow = np.zeros(t.size)
    for i in range(1, t.size):
        keep = np.exp(-STEP_S / 10.0)
        slow[i] = keep * slow[i - 1] + np.sqrt(1 - keep**2) * rng.standard_normal()
    rms = law * np.exp(RELATIVE_SD * rng.standard_normal(t.size) + waxing * slow)
    return t, rms, np.full(t.size, RELATIVE_SD)


def test_a_decay_gives_its_half_life_floor_and_start():
    held = {"half_life_s": 0, "floor_rms_ms2": 0, "initial_rms_ms2": 0}
    truth = {"half_life_s": 70.0, "floor_rms_ms2": 0.06, "initial_rms_ms2": np.hypot(0.5, 0.06)}
    for seed in range(12):
        found = fit_recovery(*rest(7.0, half_life_s=70.0, seed=seed, waxing=0.2))
        assert found.verdict == "decays"
        for name, value in truth.items():
            estimate = getattr(found, name)
            held[name] += estimate.low <= value <= estimate.high
    # 12 intervals of 95 %: fewer than 9 hold with a chance of 3 in 10000.
    assert min(held.values()) >= 9


def test_a_floor_from_before_the_run_narrows_the_interval():
    t, rms, sd = rest(4.0, half_life_s=60.0, seed=3)
    free, known = fit_recovery(t, rms, sd), fit_recovery(t, rms, sd, floor_ms2=0.06)
    width = [np.log(r.half_life_s.high / r.half_life_s.low) for r in (free, known)]
    assert width[1] < width[0]
    assert known.floor == "baseline"
    assert free.floor == "fitted"


def test_constant_tremor_is_rarely_called_fading():
    verdicts = [fit_recovery(*rest(5.0, seed=seed, waxing=0.25)).verdict for seed in range(40)]
    # 8 % of 40 is 3.2; more than 8 with a chance below 1 %.
    assert verdicts.count("decays") <= 8
    assert set(verdicts) <= {"decays", "persists", "not_determined"}


def test_steady_tremor_over_a_long_rest_persists():
    assert fit_recovery(*rest(10.0, seed=1)).verdict == "persists"


def test_what_is_not_determined_asks_for_more_rest():
    found = fit_recovery(*rest(1.5, half_life_s=200.0, seed=5, waxing=0.25))
    assert found.verdict == "not_determined"
    assert found.half_life_s.value is None
    assert found.more_rest_needed_s.value >= 60.0
    assert found.reason


@pytest.mark.parametrize("n", [0, 1, 7])
def test_too_few_windows_are_insufficient(n):
    t, rms, sd = rest(5.0, half_life_s=60.0)
    found = fit_recovery(t[:n], rms[:n], sd[:n])
    assert found.verdict == "insufficient"
    assert "at least 8" in found.reason
    assert found.half_life_s.value is None
    assert found.half_life_s.reason


def test_scale_changes_the_levels_and_nothing_else():
    t, rms, sd = rest(6.0, half_life_s=60.0, seed=2)
    one, three = fit_recovery(t, rms, sd), fit_recovery(t, 3.0 * rms, sd)
    assert_allclose(three.half_life_s.value, one.half_life_s.value, rtol=1e-6)
    assert_allclose(three.fraction_gone.value, one.fraction_gone.value, rtol=1e-6)
    assert_allclose(three.initial_rms_ms2.value, 3.0 * one.initial_rms_ms2.value, rtol=1e-6)


def test_inputs_are_not_written_into():
    series = rest(6.0, half_life_s=60.0)
    before = [column.copy() for column in series]
    fit_recovery(*series)
    for column, was in zip(series, before, strict=True):
        assert_allclose(column, was, rtol=0, atol=0)


def test_nonsense_is_refused_by_name():
    t, rms, sd = rest(5.0, half_life_s=60.0)
    with pytest.raises(InvalidInputError):
        fit_recovery(t[::-1], rms, sd)
    with pytest.raises(InvalidInputError):
        fit_recovery(t, -rms, sd)
    with pytest.raises(InvalidInputError):
        fit_recovery(t, rms[:-1], sd)


def test_values_that_are_missing_are_counted():
    t, rms, sd = rest(6.0, half_life_s=60.0)
    rms[[3, 8]] = np.nan
    found = fit_recovery(t, rms, sd)
    assert found.verdict == "decays"
    assert found.n_left_out == 2


@pytest.mark.parametrize("minutes", [0.2, 1.5, 7.0])
def test_json_and_back(minutes):
    found = fit_recovery(*rest(minutes, half_life_s=70.0))
    record = found.to_dict()
    assert Recovery.from_dict(json.loads(json.dumps(record, allow_nan=False))).to_dict() == record


def test_the_face_gives_it():
    assert tremor.fit_recovery is fit_recovery
