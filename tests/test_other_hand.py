"""The scenes of another hand are what they say: widths, strengths, frequencies, holes, turns."""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import detrend, periodogram, welch

BENCH = Path(__file__).parent / "bench"
SHARE_IN_WIDTH = {
    "lorentzian": 0.5,
    "gaussian": 0.7610,
}  # of the power, within the half-power width
RATE_HZ = 50.0


def bench_module(name):
    """Import what stands beside the benchmarks, which are no package."""
    sys.path.insert(0, str(BENCH))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def hand():
    return bench_module("other_hand")


@pytest.fixture(scope="module")
def scenes():
    return bench_module("other_scenes")


def share_between(signal, rate_hz, low_hz, high_hz):
    f, power = periodogram(signal, rate_hz)
    return power[(f >= low_hz) & (f <= high_hz)].sum() / power.sum()


def median_hz(signal, rate_hz, low_hz, high_hz):
    f, power = periodogram(signal, rate_hz)
    inside = (f >= low_hz) & (f <= high_hz)
    grown = np.cumsum(power[inside])
    return f[inside][np.searchsorted(grown, grown[-1] / 2)]


def peak_hz(samples, rate_hz):
    f, power = welch(samples, rate_hz, nperseg=int(10 * rate_hz), axis=0)
    total = power.sum(axis=1) * (f > 2.0)
    return f[np.argmax(total)]


@pytest.mark.parametrize("how", ["autoregression", "twitches", "shaped", "cycle", "gaussian"])
def test_line_has_centre_half_power_width_and_unit_power(hand, how):
    rng = np.random.default_rng(3)
    n, f, b = int(2000 * RATE_HZ), 7.0, 0.8
    if how == "cycle":
        made = hand.limit_cycle(rng, n, RATE_HZ, f, b)
    elif how == "gaussian":
        made = hand.shaped_noise(rng, n, RATE_HZ, hand.gaussian(f, b))
    else:
        made = hand.NARROWBAND[how](rng, n, RATE_HZ, f, b)
    expected = SHARE_IN_WIDTH["gaussian" if how == "gaussian" else "lorentzian"]
    assert np.std(made) == pytest.approx(1.0, abs=0.05)
    assert share_between(made, RATE_HZ, f - b / 2, f + b / 2) == pytest.approx(expected, abs=0.03)
    assert median_hz(made, RATE_HZ, f - 1, f + 1) == pytest.approx(f, abs=0.05)


def test_size_of_narrowband_noise_is_random_and_of_a_cycle_is_not(hand):
    rng = np.random.default_rng(4)
    n = int(1500 * RATE_HZ)
    for how, kurtosis in ((hand.autoregression, 3.0), (hand.limit_cycle, 1.5)):
        made = how(rng, n, RATE_HZ, 7.0, 0.5)
        assert np.mean(made**4) / np.mean(made**2) ** 2 == pytest.approx(kurtosis, abs=0.25)


def test_no_scene_knows_of_the_package():
    for path in BENCH.glob("other_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                named += [alias.name for alias in node.names]
                assert not any(name.split(".")[0] in {"tremor", "devices"} for name in named)


def test_trials_are_remade_alike_and_differ(scenes):
    one, again, other = (scenes.make("fan", k).acceleration_ms2 for k in (1, 1, 2))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.allclose(one, other)


def test_every_scene_is_made_and_holds_gravity(scenes):
    for name in scenes.SCENES:
        if name.startswith("quiet_2h"):
            continue
        scene = scenes.make(name, 0)
        samples = scene.acceleration_ms2
        lost = np.isnan(samples)
        assert np.array_equal(lost.any(axis=1), lost.all(axis=1))
        assert lost.any() == (name.startswith("holes") and name != "holes_none")
        assert np.median(np.linalg.norm(samples, axis=1)[~lost[:, 0]]) == pytest.approx(9.8, abs=1)


@pytest.mark.parametrize("name", ["lorentzian_line", "gaussian_line", "cycle_of_002"])
def test_strength_and_frequency_of_a_steady_line_are_the_stated_ones(scenes, name):
    ratios, off = [], []
    for trial in range(12):
        scene = scenes.make(name, trial)
        (line,) = scene.lines
        moving = detrend(scene.acceleration_ms2, axis=0)
        f, power = periodogram(moving, scene.rate_hz, axis=0)
        inside = (f > 2.5) & (f < 20.0)
        ratios.append(np.sqrt(power[inside].sum() * f[1]) / line.rms_ms2)
        off.append(peak_hz(moving, scene.rate_hz) - line.frequency_hz)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)
    assert np.median(np.abs(off)) < 0.3


def test_alias_appears_where_it_says(scenes):
    for trial in range(6):
        scene = scenes.make("alias", trial)
        peak = peak_hz(scene.acceleration_ms2, scene.rate_hz)
        assert peak == pytest.approx(scene.facts["seen_hz"], abs=0.25)


def test_second_harmonic_is_about_one_and_a_half_times_the_first(scenes):
    ratios = []
    for trial in range(8):
        scene = scenes.make("strong_second", trial)
        f, power = welch(scene.acceleration_ms2, scene.rate_hz, nperseg=1024, axis=0)
        total, at = power.sum(axis=1), scene.lines[0].frequency_hz
        first = total[np.abs(f - at) < 0.45 * at].sum()
        ratios.append(np.sqrt(total[np.abs(f - 2 * at) < 0.45 * at].sum() / first))
    assert np.median(ratios) == pytest.approx(1.5, abs=0.2)


def test_shaft_varies_by_its_jitter(hand):
    rng = np.random.default_rng(5)
    phase = hand.turning_phase(rng, 20_000, 100.0, 9.0, jitter=0.003, correlation_s=2.0)
    speed = np.diff(np.unwrap(phase)) * 100.0 / (2 * np.pi)
    assert np.mean(speed) == pytest.approx(9.0, abs=0.02)
    assert np.std(speed) / 9.0 == pytest.approx(0.003, rel=0.25)


def test_turn_of_the_leg_turns_gravity_by_its_angle(hand):
    rng = np.random.default_rng(6)
    gravity = hand.G_MS2 * hand.direction(rng)
    axis = hand.across(rng, gravity / hand.G_MS2)
    vectors = hand.turn(1000, 100.0, at_s=4.0, takes_s=2.0, degrees=50.0, axis=axis)
    felt = hand.turned(gravity, vectors)
    assert np.allclose(np.linalg.norm(felt, axis=1), hand.G_MS2)
    assert np.allclose(felt[:400], gravity)
    cosine = felt[-1] @ gravity / hand.G_MS2**2
    assert np.degrees(np.arccos(cosine)) == pytest.approx(50.0)


def test_holes_are_as_long_and_as_many_as_they_say(hand):
    rng = np.random.default_rng(7)
    lost = hand.lost_regularly(rng, 10_000, 100.0, hole_s=0.08, each_s=2.0)
    starts = np.flatnonzero(np.diff(lost.astype(int)) == 1)
    ends = np.flatnonzero(np.diff(lost.astype(int)) == -1)
    ends = ends[ends > starts[0]][: starts.size]
    assert set(ends - starts[: ends.size]) == {8}
    assert np.all(np.diff(starts) == 200)
    assert hand.lost_singly(rng, 100_000, 0.03).mean() == pytest.approx(0.03, abs=0.003)
    packets = hand.lost_packets(rng, 80_000, 0.05)
    assert packets.mean() == pytest.approx(0.05, abs=0.01)
    assert np.all(packets.reshape(-1, 8).all(axis=1) == packets.reshape(-1, 8).any(axis=1))


def test_heart_rings_with_the_stated_strength_after_each_beat(hand):
    rng = np.random.default_rng(8)
    made = hand.heart(rng, 12_000, 100.0, rms_ms2=0.05, beats_hz=1.1, ring_hz=8.0)
    assert np.sqrt((made**2).sum(axis=1).mean()) == pytest.approx(0.05)
    assert peak_hz(made, 100.0) == pytest.approx(8.0, abs=1.5)
    size = (made**2).sum(axis=1)
    f, power = welch(size - size.mean(), 100.0, nperseg=3000)
    assert f[np.argmax(power * (f < 1.6))] == pytest.approx(1.1, abs=0.1)


def test_a_seat_shakes_in_several_directions_and_a_leg_in_one(scenes):
    def largest_share(name):
        shares = []
        for trial in range(6):
            scene = scenes.make(name, trial)
            quick = np.diff(scene.acceleration_ms2, axis=0)
            values = np.linalg.eigvalsh(quick.T @ quick)
            shares.append(values[-1] / values.sum())
        return np.median(shares)

    assert largest_share("train_seat") < 0.9
    assert largest_share("lorentzian_line") > 0.8


def test_something_is_asked_of_every_scene(scenes):
    asks = bench_module("other_asks")
    assert set(asks.ASKS) == set(scenes.SCENES)
    for of_scene in asks.ASKS.values():
        assert len({ask.text for ask in of_scene}) == len(of_scene)


def test_two_lines_are_told_only_by_two_lines(scenes):
    judges = bench_module("other_judges")
    scene = scenes.make("two_close", 0)
    first, second = (line.frequency_hz for line in scene.lines)

    def document(*told_hz):
        told = [{"frequency_hz": {"value": hz, "low": hz, "high": hz}} for hz in told_hz]
        return {"summary": {"lines": told}, "episodes": []}

    assert judges.both_told(document(second, first), scene)
    assert not judges.both_told(document(first), scene)
    assert not judges.both_told(document(first, first), scene)
    assert not judges.both_told(document((first + second) / 2, 5.0), scene)
    assert judges.both_covered(document(first, second - 0.1), scene) == 0.5


def test_coverage_takes_one_sided_limits_and_leaves_out_what_is_missing():
    judges = bench_module("other_judges")
    assert judges.covers(None, 1.0) is None
    assert judges.covers({"value": 1.1, "low": 1.0, "high": 1.2}, 1.0)
    assert not judges.covers({"value": 1.1, "low": 1.05, "high": 1.2}, 1.0)
    assert judges.covers({"value": None, "low": None, "high": 0.3}, 0.2)


def test_what_speaks_for_fatigue_is_seen_unless_it_is_an_answer():
    judges = bench_module("other_judges")

    def document(origin, weight, log_odds):
        evidence = [{"origin": origin, "weight": weight}]
        told = {"id": "muscle_fatigue", "evidence": evidence, "log_odds": log_odds, "prior": 1.0}
        return {"explanations": [told]}

    assert judges.raised_fatigue(document("measured", 0.3, 1.3))
    assert not judges.raised_fatigue(document("measured", -0.3, 0.7))
    assert not judges.raised_fatigue(document("answered", 0.0, 1.0))
