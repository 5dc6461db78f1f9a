import json
import time
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.analysis.decay import baseline_floor, fit_recovery, recovery_of
from tremor.analysis.offline import analyze
from tremor.analysis.rest import find_rest_start
from tremor.errors import InvalidInputError
from tremor.recording import Recording
from tremor.report.as_json import document_of
from tremor.report.messages import sentence, sentences
from tremor.results import codec
from tremor.results.recovery import Recovery
from tremor.settings import AnalysisSettings
from tremor.synthesis import SCENES, SensorClock, render

SETTINGS = AnalysisSettings()
ESTIMATES = (
    "half_life_s",
    "time_constant_s",
    "initial_rms_ms2",
    "floor_rms_ms2",
    "fraction_gone",
    "more_rest_needed_s",
)


def rest(
    seed, *, rest_s=300.0, half_life_s=40.0, initial=0.4, floor=0.05, sd=0.15, waxing=(0.0, 10.0)
):
    """Points every 4 s: decay to a floor, scatter, and an AR(1) of the log amplitude."""
    rng = np.random.default_rng(seed)
    t = np.arange(2.0, rest_s, 4.0)
    fading = 0.0 if half_life_s is None else initial * 0.5 ** (t / half_life_s)
    log_gain, decay = np.empty(t.size), np.exp(-4.0 / waxing[1])
    state = rng.standard_normal()
    for i in range(t.size):
        log_gain[i] = waxing[0] * state
        state = decay * state + np.sqrt(1 - decay**2) * rng.standard_normal()
    rms = np.sqrt(fading**2 + floor**2) * np.exp(log_gain + sd * rng.standard_normal(t.size))
    return t, rms, np.full(t.size, sd)


def holds(estimate, truth):
    return estimate.low <= truth <= (np.inf if estimate.high is None else estimate.high)


# --- truth -------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor_ms2", [None, 0.05])
@pytest.mark.parametrize(("half_life_s", "rest_s"), [(20.0, 160.0), (40.0, 300.0), (80.0, 600.0)])
def test_recovers_what_was_put_in(half_life_s, rest_s, floor_ms2):
    found = fit_recovery(*rest(3, half_life_s=half_life_s, rest_s=rest_s), floor_ms2=floor_ms2)
    assert found.verdict == "decays"
    assert holds(found.half_life_s, half_life_s)
    assert found.half_life_s.high / found.half_life_s.low < 2.5
    assert_allclose(found.time_constant_s.value, found.half_life_s.value / np.log(2.0))
    assert holds(found.initial_rms_ms2, np.hypot(0.4, 0.05))
    assert found.floor == ("fitted" if floor_ms2 is None else "baseline")
    assert_allclose(found.floor_rms_ms2.value, 0.05, rtol=0.25)
    end = np.hypot(0.4 * 0.5 ** (found.rest_s / half_life_s), 0.05)
    assert holds(found.fraction_gone, 1.0 - end / np.hypot(0.4, 0.05))


def test_intervals_hold_under_waxing_and_waning():
    """Of 25 intervals at 95 %, fewer than 20 hold the truth once in 3000 sets."""
    held = 0
    for seed in range(25):
        found = fit_recovery(*rest(seed, waxing=(0.25, 10.0)))
        held += found.verdict == "decays" and holds(found.fraction_gone, 1.0 - 0.0504 / 0.4031)
    assert held >= 20


def test_a_decay_gives_its_half_life_floor_and_start():
    held = {"half_life_s": 0, "floor_rms_ms2": 0, "initial_rms_ms2": 0}
    truth = {"half_life_s": 70.0, "floor_rms_ms2": 0.06, "initial_rms_ms2": np.hypot(0.5, 0.06)}
    for seed in range(12):
        found = fit_recovery(
            *rest(seed, rest_s=420.0, half_life_s=70.0, initial=0.5, floor=0.06, waxing=(0.2, 10.0))
        )
        assert found.verdict == "decays"
        for name, value in truth.items():
            estimate = getattr(found, name)
            held[name] += holds(estimate, value)
    # 12 intervals of 95 %: fewer than 9 hold with a chance of 3 in 10000.
    assert min(held.values()) >= 9


def test_known_floor_narrows_the_interval():
    points = rest(5, rest_s=200.0, floor=0.1)
    free, known = fit_recovery(*points), fit_recovery(*points, floor_ms2=0.1)
    ratios = [one.half_life_s.high / one.half_life_s.low for one in (free, known)]
    assert ratios[1] < ratios[0]


def test_baseline_that_the_rest_contradicts_is_not_used():
    found = fit_recovery(*rest(1, rest_s=600.0, floor=0.2), floor_ms2=0.01)
    assert found.floor == "fitted"
    assert "not used" in sentences(found.remark)
    assert holds(found.half_life_s, 40.0)


# --- verdicts ----------------------------------------------------------------------------------


def test_steady_tremor_persists():
    found = fit_recovery(*rest(2, half_life_s=None, floor=0.3, rest_s=400.0))
    assert found.verdict == "persists"
    assert found.fraction_gone.high < 0.3
    assert found.fraction_gone.low == 0.0
    assert found.half_life_s.value is None
    assert "no decay" in sentence(found.half_life_s.reason)


def test_short_steady_rest_does_not_count_as_persistence():
    found = fit_recovery(*rest(2, half_life_s=None, floor=0.3, rest_s=150.0))
    assert found.verdict == "not_determined"
    assert "more minutes of rest" in sentences(found.reason)
    assert found.more_rest_needed_s.value >= 120.0


def test_waxing_and_waning_is_seldom_taken_for_decay():
    """At most 8 % of constant records: of 40, more than 8 come once in 100 sets."""
    found = [
        fit_recovery(*rest(s, half_life_s=None, floor=0.3, rest_s=200.0, waxing=(0.3, 20.0)))
        for s in range(40)
    ]
    assert sum(one.verdict == "decays" for one in found) <= 8
    assert sum(one.verdict == "not_determined" for one in found) >= 28


def test_short_rest_gives_a_lower_limit_in_words():
    found = fit_recovery(*rest(4, half_life_s=200.0, rest_s=160.0, sd=0.05))
    assert found.verdict == "decays"
    assert found.half_life_s.value is None
    assert "at least" in sentence(found.half_life_s.reason)
    assert found.more_rest_needed_s.value > 0.0


@pytest.mark.parametrize("rest_s", [0.0, 20.0, 29.0])
def test_too_little_is_insufficient(rest_s):
    t = np.arange(0.0, rest_s, 1.0)
    found = fit_recovery(t, np.full(t.size, 0.3), 0.1)
    assert found.verdict == "insufficient"
    assert "30 s are needed" in sentences(found.reason)
    assert all(getattr(found, name).value is None for name in ESTIMATES[:-1])


def test_few_points_are_insufficient():
    t = np.linspace(0.0, 280.0, 7)
    assert fit_recovery(t, np.exp(-t / 60.0), 0.1).verdict == "insufficient"


# --- laws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e3])
@pytest.mark.parametrize("floor_ms2", [None, 0.05])
def test_scale_moves_levels_and_nothing_else(factor, floor_ms2):
    t, rms, sd = rest(8, waxing=(0.2, 10.0))
    one = fit_recovery(t, rms, sd, floor_ms2=floor_ms2)
    other = fit_recovery(
        t, factor * rms, sd, floor_ms2=None if floor_ms2 is None else factor * floor_ms2
    )
    assert other.verdict == one.verdict
    for name in ("half_life_s", "fraction_gone"):
        for limit in ("value", "low", "high"):
            expected = getattr(getattr(one, name), limit)
            assert_allclose(getattr(getattr(other, name), limit), expected, rtol=1e-3)
    assert_allclose(other.initial_rms_ms2.value, factor * one.initial_rms_ms2.value, rtol=1e-3)
    assert_allclose(other.curve_rms_ms2, factor * one.curve_rms_ms2, rtol=1e-3)


def test_half_life_follows_the_unit_of_time():
    """Without waxing; the grid of its times is in seconds, hence the tolerance."""
    t, rms, sd = rest(6, sd=0.05)
    one, other = fit_recovery(t, rms, sd), fit_recovery(3.0 * t, rms, sd)
    assert_allclose(other.half_life_s.value, 3.0 * one.half_life_s.value, rtol=0.05)
    assert_allclose(other.fraction_gone.value, one.fraction_gone.value, rtol=0.02)


def test_the_same_points_give_the_same_answer():
    one, other = (document_of(fit_recovery(*rest(9))) for _ in range(2))
    assert one == other


def test_curve_falls_between_its_limits():
    found = fit_recovery(*rest(7))
    assert found.curve_time_s[0] == 0.0
    assert found.curve_time_s[-1] == found.rest_s
    assert (np.diff(found.curve_rms_ms2) < 0.0).all()
    assert (found.curve_low_ms2 <= found.curve_rms_ms2).all()
    assert (found.curve_rms_ms2 <= found.curve_high_ms2).all()
    assert_allclose(found.curve_rms_ms2[0], found.initial_rms_ms2.value, rtol=0.01)
    assert not found.curve_rms_ms2.flags.writeable


def test_arguments_stay_as_they_were():
    points = rest(7)
    before = [column.copy() for column in points]
    fit_recovery(*points)
    for column, copy in zip(points, before, strict=True):
        assert_allclose(column, copy, rtol=0.0)


def test_a_day_of_rest_is_bounded():
    work_s = []
    for n in (300, 30_000):
        rng = np.random.default_rng(0)
        t = 2.0 + 2.0 * np.arange(n)
        rms = np.hypot(0.4 * 0.5 ** (t / 60.0), 0.05) * np.exp(0.15 * rng.standard_normal(n))
        before_s = time.process_time()
        found = fit_recovery(t, rms, 0.15)
        work_s.append(time.process_time() - before_s)
    assert work_s[1] < 10.0 * work_s[0]  # the fit takes 300 points of either; all took far more
    assert found.n_points <= 300
    assert found.verdict == "decays"
    assert_allclose(found.half_life_s.value, 60.0, rtol=0.3)


# --- input -------------------------------------------------------------------------------------


def test_what_cannot_be_used_is_left_out_and_counted():
    t, rms, sd = rest(3)
    rms[[5, 20]] = np.nan
    rms[30] = 0.0
    sd[40] = np.inf
    found = fit_recovery(t, rms, sd)
    assert (found.n_points, found.n_left_out) == (t.size - 4, 4)
    assert "4 values could not be used" in sentences(found.reason)
    assert holds(found.half_life_s, 40.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_s": [0.0, 1.0]}, "shapes"),
        ({"time_s": np.zeros((3, 3))}, "shapes"),
        ({"rms_relative_sd": [0.1, 0.2]}, "shapes"),
        ({"time_s": np.arange(30.0)[::-1]}, "falls or stands still"),
        ({"time_s": np.zeros(30)}, "falls or stands still"),
        ({"time_s": np.arange(30.0) - 3.0}, r"time_s\[0\] is -3 s"),
        ({"rms_ms2": np.full(30, -0.1)}, r"rms_ms2\[0\] is -0.1 m/s\^2"),
        ({"rms_relative_sd": -0.1}, r"rms_relative_sd\[0\] is -0.1"),
        ({"rms_ms2": ["a"] * 30}, "must be numbers"),
        ({"floor_ms2": 0.0}, "floor_ms2 is 0.0"),
        ({"floor_ms2": -1.0}, "floor_ms2 is -1.0"),
        ({"floor_ms2": float("nan")}, "floor_ms2 is nan"),
    ],
)
def test_nonsense_is_refused_by_name(change, message):
    given = {
        "time_s": np.arange(30.0), "rms_ms2": np.full(30, 0.3), "rms_relative_sd": 0.1
    } | change  # fmt: skip
    with pytest.raises(InvalidInputError, match=message):
        fit_recovery(**given)


@pytest.mark.parametrize(
    "rms", [np.full(60, 0.3), np.geomspace(1e-9, 1e9, 60), np.eye(60)[3] + 1e-6]
)
@pytest.mark.parametrize("sd", [0.0, 1e-9, 50.0])
def test_extremes_give_finite_numbers(rms, sd):
    found = fit_recovery(4.0 * np.arange(60.0), rms, sd)
    json.dumps(document_of(found), allow_nan=False)


# --- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        fit_recovery(*rest(1)),
        fit_recovery(*rest(1), floor_ms2=0.05),
        fit_recovery(*rest(2, half_life_s=None, floor=0.3)),
        fit_recovery([], [], []),
    ],
    ids=["decays", "baseline", "constant", "insufficient"],
)
def test_json_round_trip(found):
    document = json.loads(json.dumps(document_of(found), allow_nan=False))
    again = codec.read(Recovery, document)
    assert document_of(again) == document_of(found)
    for name in ESTIMATES:
        assert getattr(again, name) == getattr(found, name)
        assert document[name] is not None or document["reasons"][name]


# --- windows -----------------------------------------------------------------------------------


def fading_rms(n, half_life_s=30.0, initial=0.4, floor=0.012, seed=0):
    rng = np.random.default_rng(seed)
    t = SETTINGS.step_s * np.arange(n) + 2.0
    rms = np.hypot(initial * 0.5 ** (t / half_life_s), floor)
    return rms * np.exp(0.15 * rng.standard_normal(n))


def test_windows_too_weak_for_tremor_still_count(table_of):
    rms = fading_rms(120)
    table = table_of(["line" if value > 0.03 else "weak" for value in rms], rms)
    whole = recovery_of(table, rest_start_s=0.0, settings=SETTINGS)
    assert whole.verdict == "decays"
    assert holds(whole.half_life_s, 30.0)
    assert whole.n_points == 60
    assert_allclose(whole.floor_rms_ms2.value, 0.012, rtol=0.3)


def test_noise_of_the_sensor_is_taken_out_of_the_levels(table_of):
    rms = fading_rms(150, floor=0.03)
    table = table_of(["line"] * 150, rms, noise_ms2=0.05)
    found = recovery_of(table, rest_start_s=0.0, settings=SETTINGS)
    assert holds(found.floor_rms_ms2, 0.03)
    assert found.floor_rms_ms2.high < 0.05
    assert holds(found.half_life_s, 30.0)


def test_rest_without_tremor_has_nothing_to_recover_from(table_of):
    found = recovery_of(table_of(["weak"] * 100, 0.01), rest_start_s=0.0, settings=SETTINGS)
    assert found.verdict == "insufficient"
    assert "0 of 100 still windows" in sentences(found.reason)


@pytest.mark.parametrize("reasons", [[], ["moving"] * 30, ["gap"] * 5])
def test_without_a_still_window_nothing_is_told(reasons, table_of):
    table = table_of(reasons, 0.2)
    assert recovery_of(table, rest_start_s=0.0, settings=SETTINGS).verdict == "insufficient"
    assert baseline_floor(table, 60.0, settings=SETTINGS) is None


def test_the_next_long_movement_ends_the_rest(table_of):
    first, walk, second = ["line"] * 80, ["gait"] * 20, ["line"] * 40
    rms = np.concatenate([fading_rms(80), np.full(20, 2.0), np.full(40, 0.5)])
    found = recovery_of(table_of([*first, *walk, *second], rms), rest_start_s=0.0,
                        settings=SETTINGS)  # fmt: skip
    assert found.rest_s < 165.0
    assert holds(found.half_life_s, 30.0)


def test_baseline_needs_still_time_and_a_run(table_of):
    run, after = ["gait"] * 40, ["line"] * 60
    levels = np.concatenate([np.full(30, 0.02), np.full(40, 3.0), np.full(60, 0.3)])
    table = table_of([*["weak"] * 30, *run, *after], levels)
    start_s = find_rest_start(table, settings=SETTINGS)
    assert_allclose(baseline_floor(table, start_s, settings=SETTINGS), 0.02, rtol=0.05)
    short = table_of([*["weak"] * 6, *run, *after], levels[24:])
    assert baseline_floor(short, 92.0, settings=SETTINGS) is None
    assert baseline_floor(table_of(["line"] * 60, 0.3), 0.0, settings=SETTINGS) is None


def test_rendered_run_and_rest():
    """Half-life 35 s after a run of 35 s, a walk of 30 s and 3 s to sit down."""
    clock = SensorClock(nominal_rate_hz=104.0)
    scene = SCENES["post_run"](clock=clock, duration_s=330.0)
    scene = replace(
        scene,
        parts=tuple(
            replace(part, half_life_s=35.0, initial_rms_ms2=0.6, floor_rms_ms2=0.05)
            if part is scene.tremor
            else part
            for part in scene.parts
        ),
    )
    rendered = render(scene, seed=4)
    table = analyze(
        Recording.from_arrays(rendered.acceleration_ms2, sampling_rate_hz=rendered.sampling_rate_hz)
    ).windows
    start_s = find_rest_start(table, settings=SETTINGS)
    assert start_s == pytest.approx(68.0, abs=4.0)
    found = recovery_of(table, rest_start_s=start_s, settings=SETTINGS)
    assert found.verdict == "decays"
    assert holds(found.half_life_s, 35.0)
    assert found.fraction_gone.value > 0.7


def test_a_walk_is_no_run_and_what_is_before_it_no_baseline(table_of):
    rms = np.concatenate([np.full(40, 0.3), np.full(20, 2.0), fading_rms(100)])
    table = table_of([*["line"] * 40, *["gait"] * 20, *["line"] * 100], rms)
    assert baseline_floor(table, 120.0, settings=SETTINGS) is None
    shorter = replace(SETTINGS, run_least_s=30.0)
    assert_allclose(baseline_floor(table, 120.0, settings=shorter), 0.3, rtol=0.05)


@pytest.mark.parametrize("start_s", [-1.0, float("nan"), float("inf")])
def test_a_rest_that_starts_at_no_time_is_refused(table_of, start_s):
    with pytest.raises(InvalidInputError, match=r"rest starts at \S+ s; give"):
        recovery_of(table_of(["line"] * 60, 0.3), rest_start_s=start_s, settings=SETTINGS)


def test_a_rest_beyond_the_end_is_named(table_of):
    found = recovery_of(table_of(["line"] * 60, 0.3), rest_start_s=122.0, settings=SETTINGS)
    assert found.verdict == "insufficient"
    assert "start at 122 s, but the capture ends at 122 s" in sentences(found.reason)


def test_settings_reach_the_verdict():
    points = rest(3)
    strict = replace(SETTINGS, recovery_least_rest_s=400.0)
    assert fit_recovery(*points).verdict == "decays"
    assert "over 400 s are needed" in sentences(fit_recovery(*points, settings=strict).reason)
