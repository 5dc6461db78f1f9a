"""Recovery from the samples: postures, interrupted rests, what is beside the line."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor import synthesis as syn
from tremor.analysis.offline import analyze
from tremor.recording import Recording
from tremor.results.verdicts import VERDICTS

FS = 64.0


def leg(duration_s, strength, *, seed=1, frequency_hz=7.3, noise_ms2=0.01):
    """Samples of a leg, m/s^2, whose tremor has the given RMS over time, without gravity."""
    rng = np.random.default_rng(seed)
    n = round(duration_s * FS)
    line = syn.narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=0.8, rms_ms2=1.0, rng=rng,
        direction=(1.0, 2.0, 2.0),
    )  # fmt: skip
    t = np.arange(n) / FS
    return t, strength(t)[:, None] * line + rng.normal(0.0, noise_ms2, (n, 3))


def constant(t):
    return np.full(t.size, 0.3)


def fading(t):
    return np.hypot(0.5 * 0.5 ** (t / 40.0), 0.05)


def gravity(angle_deg):
    angle = np.radians(angle_deg)
    return 9.81 * np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)


def turned(t, at_s, angle_deg=40.0):
    """Angle over time, degrees, that rises within two seconds."""
    return angle_deg * np.clip((t - at_s) / 2.0, 0.0, 1.0)


def found_in(samples, **facts):
    return analyze(Recording.from_arrays(samples, sampling_rate_hz=FS, **facts))


def codes(recovery):
    return [one.code for one in recovery.remark]


def with_half_coupling(t, x, at_s):
    return x * np.where(t > at_s, 0.5, 1.0)[:, None] + gravity(turned(t, at_s))


def test_a_constant_tremor_that_is_felt_less_after_a_turn_does_not_fade():
    t, x = leg(260.0, constant)
    found = found_in(with_half_coupling(t, x, 120.0))
    assert found.recovery.verdict != "decays"
    assert codes(found.recovery) == ["POSTURE_TURNED"]
    (caution,) = (one for one in found.cautions if one.code == "posture_change")
    assert caution.start_s == pytest.approx(120.0, abs=8.0)
    assert caution.statement.values["angle_deg"] == pytest.approx(40.0, abs=3.0)
    # The strength at the end is that which is felt there.
    assert_allclose(found.summary.initial_rms_ms2.value, 0.3, rtol=0.2)
    assert_allclose(found.summary.final_rms_ms2.value, 0.15, rtol=0.2)


def test_a_decay_across_a_turn_keeps_its_half_life():
    t, x = leg(280.0, fading)
    found = found_in(with_half_coupling(t, x, 80.0)).recovery
    assert found.verdict == "decays"
    assert found.half_life_s.low < 40.0 < found.half_life_s.high
    assert found.initial_rms_ms2.low < 0.5 < found.initial_rms_ms2.high
    # The curve falls at the turn by the coupling.
    at, step = found.curve_time_s, np.diff(np.log(found.curve_rms_ms2))
    assert at[np.argmin(step)] == pytest.approx(80.0, abs=8.0)


def test_without_gravity_a_turn_is_not_seen_and_that_is_told():
    _, x = leg(280.0, fading)
    found = found_in(x, gravity="removed")
    assert found.recovery.verdict == "decays"
    assert "POSTURE_NOT_SEEN" in codes(found.recovery)
    assert not [one for one in found.cautions if one.code == "posture_change"]


def test_a_rest_that_a_walk_interrupts_goes_on():
    t, x = leg(300.0, fading)
    walk = (t > 60.0) & (t < 100.0)
    phase = 2.0 * np.pi * 1.8 * t[walk]
    x[walk] += sum(2.5 / k * np.sin(k * phase + k)[:, None] * [0.3, 0.5, 0.8] for k in range(1, 7))
    found = found_in(x + gravity(np.zeros(t.size))).recovery
    assert found.verdict == "decays"
    assert found.rest_start_s == 0.0
    assert found.rest_s > 280.0
    assert found.half_life_s.low < 40.0 < found.half_life_s.high
    assert "RESTS_JOINED" in codes(found)


def test_what_calms_down_beside_the_line_is_no_recovery():
    """A noise of 9-13 Hz that fades beside a constant tremor at 5 Hz."""
    t, x = leg(280.0, lambda t: np.full(t.size, 0.1), frequency_hz=5.0)
    rng = np.random.default_rng(7)
    beside = sum(
        syn.narrowband(
            t.size, FS, frequency_hz=centre_hz, bandwidth_hz=2.0, rms_ms2=0.1, rng=rng,
            direction=(2.0, -1.0, 0.5),
        )
        for centre_hz in (9.0, 11.0, 13.0)
    )  # fmt: skip
    x += 2.0 * np.exp(-t / 40.0)[:, None] * beside
    found = found_in(x + gravity(np.zeros(t.size)))
    assert set(found.windows.verdict) <= set(VERDICTS)
    assert found.recovery.verdict != "decays"


def test_strength_at_both_ends_is_that_of_the_curve_where_it_fades():
    t, x = leg(280.0, fading)
    found = found_in(x + gravity(np.zeros(t.size)))
    initial, final = found.summary.initial_rms_ms2, found.summary.final_rms_ms2
    assert initial == found.recovery.initial_rms_ms2
    assert initial.low < np.hypot(0.5, 0.05) < initial.high
    assert final.low < np.hypot(0.5 * 0.5**7, 0.05) < final.high
    # The mean depends on how long one records; the beginning does not.
    shorter = found_in((x + gravity(np.zeros(t.size)))[: round(200 * FS)]).summary
    assert shorter.rms_ms2.value > 1.1 * found.summary.rms_ms2.value
    assert_allclose(shorter.initial_rms_ms2.value, initial.value, rtol=0.05)


def test_without_tremor_the_ends_have_its_reason():
    t, x = leg(60.0, lambda t: np.zeros(t.size))
    summary = found_in(x + gravity(np.zeros(t.size))).summary
    assert summary.initial_rms_ms2.value is None
    assert summary.initial_rms_ms2.reason == summary.rms_ms2.reason
