"""Captures with holes: judged on the samples that are there, what is missing in the intervals."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.analysis.missing import LostSamples, filled
from tremor.analysis.offline import analyze
from tremor.analysis.quality import quality_of
from tremor.recording import Recording
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.settings import AnalysisSettings
from tremor.synthesis import SCENES, SensorClock, narrowband, render, tone

DURATION_S = 60.0
GRAVITY_MS2 = np.array([3.0, 0.0, 9.3])


def single(t, rng):
    return rng.random(len(t)) < 0.05


def packets(t, rng):
    return np.repeat(rng.random(len(t) // 8 + 1) < 0.05, 8)[: len(t)]


def each_two_seconds(t, rng):
    return (t + rng.uniform(0.0, 2.0)) % 2.0 < 0.08 - 1e-9


def each_second(t, rng):
    return (t + rng.uniform(0.0, 1.0)) % 1.0 < 0.02 - 1e-9


def a_third(t, rng):
    return (t + rng.uniform(0.0, 1e-3)) % 2.0 < 0.7


def all_of_them(t, rng):
    return np.any([one(t, rng) for one in KINDS[:-1]], axis=0)


KINDS = (single, packets, each_two_seconds, each_second, all_of_them)


def samples_of(*, fs, frequency_hz, bandwidth_hz, rms_ms2, rng, duration_s=DURATION_S):
    n = round(duration_s * fs)
    direction = rng.normal(size=3)
    if bandwidth_hz:
        x = narrowband(
            n, fs, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2,
            direction=direction, rng=rng,
        )  # fmt: skip
    else:
        x = tone(n, fs, frequency_hz=frequency_hz, rms_ms2=rms_ms2, direction=direction)
    return x + rng.normal(0.0, 0.01, x.shape) + GRAVITY_MS2


def with_holes(x, kind, *, fs, rng):
    lost = kind(np.arange(len(x)) / fs, rng)
    return Recording.from_arrays(np.where(lost[:, None], np.nan, x), sampling_rate_hz=fs)


@cache
def without_holes(fs, bandwidth_hz):
    """Return frequency, samples and analysis of a tremor without holes; every kind starts here."""
    rng = np.random.default_rng([round(fs), round(10 * bandwidth_hz)])
    frequency_hz, rms_ms2 = rng.uniform(4.0, 12.0), rng.uniform(0.08, 0.6)
    x = samples_of(
        fs=fs, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2, rng=rng
    )
    return frequency_hz, x, analyze(Recording.from_arrays(x, sampling_rate_hz=fs))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fs", [50.0, 100.0, 200.0])
def test_tremor_with_holes_is_measured(kind, fs):
    rng = np.random.default_rng(round(fs) + KINDS.index(kind))
    covered, ratio, refused, lasting_s = [], [], [], []
    for bandwidth_hz in (0.0, 0.5, 1.0):
        frequency_hz, x, whole = without_holes(fs, bandwidth_hz)
        found = analyze(with_holes(x, kind, fs=fs, rng=rng))
        _, low, high = found.windows.estimates["frequency_hz"][found.windows.where("tremor")].T
        covered += ((low <= frequency_hz) & (frequency_hz <= high)).tolist()
        refused += found.windows.where("gap").tolist()
        rms = found.summary.rms_ms2
        ratio.append(rms.value / whole.summary.rms_ms2.value)
        for name in ESTIMATE_NAMES:
            one, other = getattr(found.summary, name), getattr(whole.summary, name)
            assert one.low <= other.value <= one.high or name == "bandwidth_hz"
        lasting_s.append((found.summary.tremor_s, whole.summary.tremor_s))
    assert np.mean(refused) < 0.05
    found_s, whole_s = np.sum(lasting_s, axis=0)
    assert found_s > 0.92 * whole_s
    assert 0.85 < np.mean(covered) <= 1.0
    assert_allclose(ratio, 1.0, atol=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_a_quiet_leg_stays_quiet(kind):
    rng = np.random.default_rng(1)
    x = rng.normal(0.0, 0.01, (12_000, 3)) + GRAVITY_MS2
    x[:, 0] += 0.05 * np.sin(2 * np.pi * 0.4 * np.arange(12_000) / 100.0)
    found = analyze(with_holes(x, kind, fs=100.0, rng=rng))
    assert found.status == "no_tremor"
    assert found.windows.where("no_tremor").mean() > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_walking_stays_walking(kind):
    scene = SCENES["walk"](clock=SensorClock(nominal_rate_hz=100.0), duration_s=40.0)
    x = render(scene, seed=3).acceleration_ms2
    before = analyze(Recording.from_arrays(x, sampling_rate_hz=100.0)).windows
    rng = np.random.default_rng(2)
    after = analyze(with_holes(x, kind, fs=100.0, rng=rng)).windows
    moves = np.isin(before.verdict, ["moving", "gait", "impact"])
    assert moves.mean() > 0.5
    assert np.isin(after.verdict, ["moving", "gait", "impact", "gap"])[moves].mean() > 0.95
    assert not after.where("tremor")[moves].any()


def test_windows_without_holes_keep_their_bits():
    rng = np.random.default_rng(3)
    x = samples_of(fs=100.0, frequency_hz=8.0, bandwidth_hz=0.8, rms_ms2=0.3, rng=rng)
    whole = analyze(Recording.from_arrays(x, sampling_rate_hz=100.0)).windows
    x[1500:1503] = np.nan
    found = analyze(Recording.from_arrays(x, sampling_rate_hz=100.0)).windows
    same = np.isnan(found.scores["missing_share"])
    assert same.sum() == len(found) - 2
    for name in ESTIMATE_NAMES:
        assert_array_equal(found.estimates[name][same], whole.estimates[name][same])
    for name, column in whole.scores.items():
        assert_array_equal(found.scores[name][same], column[same])


def test_what_is_missing_widens_the_intervals():
    rng = np.random.default_rng(4)
    x = samples_of(fs=100.0, frequency_hz=8.0, bandwidth_hz=0.8, rms_ms2=0.3, rng=rng)
    whole = analyze(Recording.from_arrays(x, sampling_rate_hz=100.0)).summary
    found = analyze(with_holes(x, all_of_them, fs=100.0, rng=rng)).summary
    for name in ESTIMATE_NAMES:
        one, other = getattr(found, name), getattr(whole, name)
        assert (one.high - one.low) / (other.high - other.low) > 1.01


def test_a_window_is_filled_once_and_a_changed_one_anew():
    rng = np.random.default_rng(10)
    x = samples_of(fs=100.0, frequency_hz=8.0, bandwidth_hz=0.8, rms_ms2=0.3, rng=rng)[:400]
    x[100:108] = np.nan
    once = filled(x, fs=100.0, band_hz=(3.0, 15.0))
    assert filled(x.copy(), fs=100.0, band_hz=(3.0, 15.0)) is once
    assert not once.flags.writeable
    for other in (
        filled(x + 0.1, fs=100.0, band_hz=(3.0, 15.0)),
        filled(x, fs=90.0, band_hz=(3.0, 15.0)),
        filled(x, fs=100.0, band_hz=(3.0, 12.0)),
    ):
        assert np.isfinite(other).all()
        assert not np.array_equal(other[100:108], once[100:108])


def test_lost_samples_are_counted_from_the_gaps():
    rng = np.random.default_rng(5)
    x = rng.normal(0.0, 1.0, (2000, 3)) + GRAVITY_MS2
    lost = (rng.random(2000) < 0.1) | (np.arange(2000) // 100 == 7)
    recording = Recording.from_arrays(np.where(lost[:, None], np.nan, x), sampling_rate_hz=52.3)
    begin = rng.integers(0, 2000, 200)
    end = np.minimum(begin + rng.integers(0, 500, 200), 2000)
    expected = [lost[i:j].sum() for i, j in zip(begin, end, strict=True)]
    assert_array_equal(LostSamples.of(recording.info).count(begin, end), expected)
    whole = Recording.from_arrays(x, sampling_rate_hz=52.3)
    assert_array_equal(LostSamples.of(whole.info).count(begin, end), np.zeros(200))


@pytest.mark.parametrize(
    ("kind", "level", "n_lost"), [(each_second, "usable", 0), (a_third, "not usable", 29)]
)
def test_quality_counts_the_windows_that_are_lost(kind, level, n_lost):
    x = np.random.default_rng(6).normal(0.0, 0.01, (6000, 3)) + GRAVITY_MS2
    recording = with_holes(x, kind, fs=100.0, rng=np.random.default_rng(7))
    settings = AnalysisSettings()
    quality = quality_of(recording.info, settings)
    assert quality.level == level
    lost = [one.values for one in quality.reasons if one.code == "QUALITY_WINDOWS_LOST"]
    assert lost == ([{"n_lost": n_lost, "n_windows": 29}] if n_lost else [])
    assert np.count_nonzero(analyze(recording).windows.where("gap")) == n_lost


def test_the_limit_is_a_setting():
    x = np.random.default_rng(8).normal(0.0, 0.01, (2000, 3)) + GRAVITY_MS2
    recording = with_holes(x, each_two_seconds, fs=100.0, rng=np.random.default_rng(9))
    strict = replace(AnalysisSettings(), most_missing_share=0.0)
    assert analyze(recording, settings=strict).windows.where("gap").all()
    assert not analyze(recording).windows.where("gap").any()
