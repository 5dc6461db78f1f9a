"""Tremors that take turns, and tremors that are there at once."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.offline import analyze
from tremor.analysis.turns import find_change, take_turns
from tremor.recording import Recording
from tremor.report.numbers import value_text
from tremor.report.view import headline, strength_text
from tremor.synthesis import narrowband, tone

FS = 100.0
NOISE_MS2 = 0.01


def noise(rng, duration_s):
    return rng.normal(0.0, NOISE_MS2, (round(duration_s * FS), 3))


def line(rng, duration_s, frequency_hz, *, bandwidth_hz=0.5, rms_ms2=0.3):
    n = round(duration_s * FS)
    return narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2, rng=rng,
        direction=(1.0, 2.0, 2.0),
    )  # fmt: skip


def in_turn(first, second, each_s):
    """The first for some seconds, then the second for as long, and so on."""
    t = np.arange(len(first)) / FS
    return np.where((t // each_s % 2 == 0)[:, None], first, second)


def analyzed(samples):
    return analyze(Recording.from_arrays(samples, sampling_rate_hz=FS))


def test_the_same_counts_taken_in_turn_and_by_chance_are_told_apart():
    rng = np.random.default_rng(1)
    assert take_turns(np.repeat([0, 1] * 4, 8))
    assert not take_turns(rng.integers(0, 2, 64))
    assert not take_turns(np.zeros(64, dtype=np.int64))
    assert not take_turns(np.repeat([0, 1], 2))


@pytest.mark.parametrize("each_s", [15.0, 20.0, 30.0])
def test_two_speeds_in_turn_are_not_above_the_whole_time_together(each_s):
    for seed in range(4):
        rng = np.random.default_rng([2, seed])
        n, low_hz = 12000, rng.uniform(5.0, 10.0)
        slow, fast = (
            tone(n, FS, frequency_hz=hz, rms_ms2=rms_ms2, direction=(1.0, 2.0, 2.0))
            for hz, rms_ms2 in ((low_hz, 0.3), (1.2 * low_hz, 0.2))
        )
        found = analyzed(in_turn(slow, fast, each_s) + noise(rng, 120.0))
        lines = sorted(found.summary.lines, key=lambda one: one.frequency_hz.value)
        assert [one.share for one in lines] == pytest.approx([0.5, 0.5], abs=0.08)
        assert sum(one.share for one in lines) == pytest.approx(1.0)
        assert not any(one.at_once for one in lines)
        assert [one.rms_ms2.value for one in lines] == pytest.approx([0.3, 0.2], rel=0.07)
        assert "2 tremors, one after the other" in headline(found)


def test_two_lines_at_once_are_said_to_be_at_once():
    for seed in range(4):
        rng = np.random.default_rng([3, seed])
        x = line(rng, 150.0, 7.0, bandwidth_hz=0.3) + line(rng, 150.0, 8.5, bandwidth_hz=0.3)
        found = analyzed(x + noise(rng, 150.0))
        assert len(found.summary.lines) == 2
        assert all(one.at_once for one in found.summary.lines)
        assert sum(one.share for one in found.summary.lines) > 1.5
        assert "2 tremors at the same time" in headline(found)
        # The figure shows both, of the strength that is told, and says which is which.
        view = found.spectrum
        for one in found.summary.lines:
            near = np.abs(view.frequency_hz - one.frequency_hz.value) <= 0.25
            fitted, seen = view.line_ms2sq_per_hz[near], view.psd_ms2sq_per_hz[near]
            assert fitted.mean() == pytest.approx(seen.mean(), rel=0.3)
        page = found.to_html()
        for one in found.summary.lines:
            assert f"half-power band at {value_text(one.frequency_hz, 'Hz')}" in page


def test_nothing_fades_where_one_tremor_follows_another():
    for seed in range(6):
        rng = np.random.default_rng([4, seed])
        low, high = line(rng, 160.0, 5.0, rms_ms2=0.2), line(rng, 160.0, 9.0, rms_ms2=0.5)
        first, second = (high, low) if seed % 2 else (low, high)
        found = analyzed(in_turn(first, second, 80.0) + noise(rng, 160.0))
        recovery = found.recovery
        assert recovery.verdict == "not_determined"
        (why,) = recovery.reason
        assert why.code == "FREQUENCY_CHANGED"
        assert why.values["at_s"] == pytest.approx(80.0, abs=4.0)
        assert recovery.half_life_s.value is None
        ends = [found.summary.initial_rms_ms2.value, found.summary.final_rms_ms2.value]
        assert ends == pytest.approx([0.5, 0.2] if seed % 2 else [0.2, 0.5], rel=0.25)
        assert strength_text(found, half_life=True).startswith("The strength of all together")


def test_a_drift_and_a_few_odd_windows_are_no_change():
    rng = np.random.default_rng(5)
    start_s = 2.0 * np.arange(60)
    drift_hz = np.linspace(9.0, 7.0, 60) + 0.1 * rng.normal(size=60)
    assert find_change(start_s, drift_hz) is None
    odd_hz = 7.0 + 0.15 * rng.normal(size=60)
    odd_hz[50:54] = 11.0
    assert find_change(start_s, odd_hz) is None
    odd_hz[30:] += 3.0
    assert find_change(start_s, odd_hz).at_s == 60.0
    assert find_change(start_s[:0], odd_hz[:0]) is None
