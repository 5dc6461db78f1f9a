"""Tremor that comes and goes, that follows another one, and hours without any."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from scipy.signal import hilbert

from tremor.analysis import presence
from tremor.analysis.episodes import find_episodes
from tremor.analysis.offline import analyze
from tremor.analysis.presence import find_presence
from tremor.recording import Recording
from tremor.results.verdicts import REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings
from tremor.synthesis import narrowband

SETTINGS, FS = AnalysisSettings(), 100.0


def still(rng, n, fs=FS):
    """A seated leg with a weak heart: beats that ring."""
    x = rng.normal([0.3, 0.2, 9.8], 0.01, (n, 3))
    beat_s = np.cumsum(0.9 + 0.05 * rng.normal(size=int(n / fs / 0.8)))
    t = np.arange(n) / fs
    since_s = t - beat_s[np.clip(np.searchsorted(beat_s, t) - 1, 0, None)]
    ring = np.exp(-np.maximum(since_s, 0.0) / 0.12) * np.sin(2.0 * np.pi * 7.0 * since_s)
    x[:, 0] += 0.03 * ring * (since_s > 0.0)
    return x


def in_bursts(rng, on_s, period_s, *, duration_s=150.0, rms_ms2=0.3):
    n = round(duration_s * FS)
    frequency_hz = rng.uniform(4.5, 11.0)
    line = narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=0.6, rms_ms2=rms_ms2, rng=rng
    )  # fmt: skip
    phase_s = (np.arange(n) / FS + rng.uniform(0.0, period_s)) % period_s
    gate = np.clip(np.minimum(phase_s, on_s - phase_s) / 0.3, 0.0, 1.0)
    there_ms2 = np.sqrt(np.mean(np.sum(line[gate >= 1.0] ** 2, axis=1)))
    return still(rng, n) + gate[:, None] * line, frequency_hz, there_ms2


@pytest.mark.parametrize(("on_s", "period_s"), [(3.0, 10.0), (6.0, 20.0)])
def test_bursts_are_found_and_called_intermittent(on_s, period_s):
    found, strength = [], []
    for seed in range(12):
        x, frequency_hz, there_ms2 = in_bursts(np.random.default_rng([1, seed]), on_s, period_s)
        result = analyze(Recording.from_arrays(x, sampling_rate_hz=FS))
        summary = result.summary
        found.append(summary.tremor_detected and summary.intermittent)
        if found[-1]:
            assert abs(summary.frequency_hz.value - frequency_hz) < 0.4
            assert abs(summary.duty_cycle - 0.3) < 0.12
            strength.append(summary.rms_ms2.value / there_ms2)
            # What the windows hold of the bursts is no series of one strength.
            reasons = {one.code for one in result.recovery.reason}
            assert reasons <= {"RECOVERY_IN_BURSTS", "TOO_FEW_TREMOR_WINDOWS"}
            assert summary.initial_rms_ms2.value is None
    assert np.mean(found) >= 0.9
    assert abs(np.mean(strength) - 1.0) < 0.05


def test_a_tremor_that_lasts_is_not_intermittent():
    rng = np.random.default_rng(2)
    for bandwidth_hz in (0.25, 0.6, 1.2):
        line = narrowband(
            9000, FS, frequency_hz=7.0, bandwidth_hz=bandwidth_hz, rms_ms2=0.2, rng=rng
        )
        summary = analyze(
            Recording.from_arrays(still(rng, 9000) + line, sampling_rate_hz=FS)
        ).summary
        assert not summary.intermittent
        assert summary.duty_cycle is None


def fidgeting(rng, n, fs, every_s):
    """Bursts of slow noise and of a few cycles of any frequency, as a restless leg makes them."""
    x = np.zeros((n, 3))
    for begin in (np.cumsum(rng.exponential(every_s, size=int(2 * n / fs / every_s))) * fs).astype(
        int
    ):
        length = int(rng.uniform(0.6, 5.0) * fs)
        t = np.arange(length) / fs
        if rng.uniform() < 0.5:
            wave = np.sin(2 * np.pi * rng.uniform(0.5, 7.0) * t + rng.uniform(0, 6))[:, None]
            wave = wave * rng.normal(size=3)
        else:
            f = np.fft.rfftfreq(length, 1.0 / fs)[:, None]
            noise = np.fft.rfft(rng.normal(size=(length, 3)), axis=0)
            wave = np.fft.irfft(noise / (1.0 + (f / rng.uniform(1.5, 6.0)) ** 4), length, axis=0)
        wave *= np.hanning(length)[:, None] * np.exp(rng.uniform(-2.5, 0.5)) / wave.std()
        room = max(0, min(length, n - begin))
        x[begin : begin + room] += wave[:room]
    return x


def test_hours_of_a_restless_leg_without_tremor_are_not_flagged():
    fs, n = 50.0, 50 * 1800
    flagged = called = 0
    for seed in range(8):
        rng = np.random.default_rng([3, seed])
        x = still(rng, n, fs) + fidgeting(rng, n, fs, rng.uniform(15.0, 60.0))
        result = analyze(Recording.from_arrays(x, sampling_rate_hz=fs))
        flagged += result.summary.tremor_detected
        called += int(result.windows.where("tremor").sum())
    assert flagged == 0
    assert called > 10  # single windows pass for tremor, but do not come back at one frequency


def test_two_tremors_one_after_the_other_are_two_lines():
    rng = np.random.default_rng(4)
    lines = [
        narrowband(n, FS, frequency_hz=f, bandwidth_hz=0.6, rms_ms2=0.3, rng=rng)
        for n, f in ((6000, 5.0), (9000, 9.0))
    ]
    x = still(rng, 15_000) + np.concatenate(lines)
    summary = analyze(Recording.from_arrays(x, sampling_rate_hz=FS)).summary
    assert [round(one.frequency_hz.value) for one in summary.lines] == [9, 5]
    assert summary.frequency_hz == summary.lines[0].frequency_hz
    assert [one.share for one in summary.lines] == pytest.approx([0.6, 0.4], abs=0.05)


@pytest.mark.parametrize("to_hz", [8.5, 7.3, 10.0])
def test_a_drift_is_one_episode_and_told(to_hz):
    rng, n = np.random.default_rng(6), 20_000
    glide_hz = np.linspace(8.5, to_hz, n)
    line = narrowband(n, FS, frequency_hz=10.0, bandwidth_hz=0.4, rms_ms2=0.3, rng=rng)
    turn = np.exp(2j * np.pi * np.cumsum(glide_hz - 10.0) / FS)
    analytic = hilbert(line, axis=0) * turn[:, None]
    result = analyze(Recording.from_arrays(still(rng, n) + analytic.real, sampling_rate_hz=FS))
    assert len(result.episodes) == 1
    told = [one.statement for one in result.cautions if one.statement.code == "FREQUENCY_DRIFTS"]
    assert len(told) == (to_hz != 8.5)
    for one in told:
        assert one.values["from_hz"] == pytest.approx(8.5, abs=0.25)
        assert one.values["to_hz"] == pytest.approx(to_hz, abs=0.25)


def table_of(reasons, *, peak_hz=8.0, rms_ms2=0.2):
    """Windows of 4 s every 2 s."""
    n = len(reasons)
    names = np.array(reasons, dtype=object)
    nothing = np.full((n, 3), np.nan)
    weak = names == "weak"
    return WindowTable(
        start_s=2.0 * np.arange(n),
        end_s=2.0 * np.arange(n) + 4.0,
        reason=np.array([REASON_NAMES.index(name) for name in names], dtype=np.uint8),
        score=np.zeros(n),
        threshold=np.zeros(n),
        method=np.zeros(n, dtype=np.uint8),
        polarisation=np.full(n, np.nan),
        estimates=dict.fromkeys(("frequency_hz", "bandwidth_hz", "rms_ms2"), nothing),
        scores={
            "band_rms_ms2": np.where(weak, 0.01, rms_ms2),
            "low_rms_ms2": np.full(n, 0.01),
            "peak_hz": np.where(weak, np.nan, peak_hz),
            "burst_hz": np.full(n, np.nan),
            "blanked_share": np.zeros(n),
            "quiet_share": np.full(n, np.nan),
            "peak_fraction": np.full(n, 0.6),
            "peak_over_floor": np.full(n, 30.0),
            "valley_ratio": np.full(n, 30.0),
            "heartbeat_score": np.full(n, np.nan),
        },
    )


def probability(table):
    return find_presence(table, still_gate_ms2=0.03, settings=SETTINGS)


def test_refused_windows_are_time_without_evidence():
    table = table_of(["line"] * 5 + ["gap"] * 5 + ["line"] * 5)
    assert (probability(table).present > 0.9).all()
    nothing = table_of(["gap"] * 20)
    assert_none(probability(nothing))


def assert_none(found):
    assert (found.present < 0.5).all()


def test_one_window_is_not_enough_and_what_comes_back_at_its_frequency_is():
    rest = ["weak"] * 4
    once = [*rest * 4, "line", "line", *rest * 4]
    assert_none(probability(table_of(once)))
    often = [*rest, "line", "line"] * 8 + rest
    assert (probability(table_of(often)).present[4:-4] > 0.5).all()
    anywhere = np.random.default_rng(0).uniform(3.0, 15.0, len(often))
    assert_none(probability(table_of(often, peak_hz=anywhere)))


def test_blocks_give_what_one_pass_gives(monkeypatch):
    rng = np.random.default_rng(5)
    names = np.repeat(rng.choice(["line", "weak", "burst", "gap", "spread"], 60), 12)
    table = table_of(names.tolist(), peak_hz=rng.normal(8.0, 0.4, len(names)))
    several = probability(table)
    monkeypatch.setattr(presence, "_BLOCK", 10_000)
    once = probability(table)
    np.testing.assert_allclose(several.present, once.present, atol=0.01)
    np.testing.assert_allclose(several.on, once.on, atol=0.01)


def test_a_gap_of_days_costs_nothing():
    table = table_of(["line"] * 20 + ["gap"] * 300_000 + ["line"] * 20)
    begin_s = time.process_time()
    assert len(find_episodes(table, settings=SETTINGS)) == 2
    assert time.process_time() - begin_s < 2.0


def test_a_window_of_another_length_is_as_sure():
    table = table_of(["weak"] * 20 + ["line"] * 12 + ["weak"] * 20)
    for window_s in (4.0, 10.0):
        settings = AnalysisSettings(window_s=window_s, step_s=window_s / 2.0)
        start_s = 0.5 * window_s * np.arange(len(table))
        other = dataclasses.replace(table, start_s=start_s, end_s=start_s + window_s)
        found = find_presence(other, still_gate_ms2=0.03, settings=settings)
        assert (found.on[22:30] > 0.9).all()
        assert (found.on[:18] < 0.1).all()
