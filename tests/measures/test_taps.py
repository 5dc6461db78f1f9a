"""Taps on a made-up strap: the ringing that was put in comes out, and walking is no tap."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.measures.taps import find_taps
from tremor.synthesis import SCENES, SensorClock, render


def tapped(
    *, frequency_hz, damping, at_s=(1.0, 2.0), peak_ms2=30.0, fs=200.0, noise_ms2=0.05, seed=0
):
    time_s = np.arange(round(3.5 * fs)) / fs
    samples = noise_ms2 * np.random.default_rng(seed).standard_normal((len(time_s), 3))
    samples[:, 1] += 9.81
    omega = 2.0 * np.pi * frequency_hz
    for one_s in at_s:
        since_s = np.maximum(time_s - one_s, 0.0)
        swing = np.exp(-damping * omega * since_s) * np.cos(omega * since_s)
        samples[:, 2] += np.where(time_s >= one_s, peak_ms2 * swing, 0.0)
    return samples


@pytest.mark.parametrize(
    ("frequency_hz", "damping"), [(10.0, 0.08), (12.0, 0.1), (15.0, 0.08), (25.0, 0.05)]
)
@pytest.mark.parametrize("fs", [104.0, 208.0, 416.0])
def test_ringing_is_that_of_the_strap(frequency_hz, damping, fs):
    taps = find_taps(tapped(frequency_hz=frequency_hz, damping=damping, fs=fs), fs=fs)
    true_s = np.log(10.0) / (2.0 * damping * 2.0 * np.pi * frequency_hz)
    assert [tap.time_s for tap in taps] == pytest.approx([1.0, 2.0], abs=0.02)
    # Half a period of the swing: energy comes in pulses, two in a period.
    for tap in taps:
        assert tap.ring_s == pytest.approx(true_s, abs=0.5 / frequency_hz)


def test_strength_of_the_tap_does_not_matter():
    gentle, hard = (
        find_taps(tapped(frequency_hz=12.0, damping=0.1, peak_ms2=peak), fs=200.0)
        for peak in (8.0, 60.0)
    )
    assert gentle[0].ring_s == pytest.approx(hard[0].ring_s, abs=0.01)
    assert hard[0].peak_ms2 == pytest.approx(60.0, rel=0.02)


def test_firm_contact_is_over_within_a_few_samples():
    taps = find_taps(tapped(frequency_hz=40.0, damping=0.3), fs=200.0)
    assert len(taps) == 2
    assert max(tap.ring_s for tap in taps) < 0.03


def test_direction_does_not_matter():
    samples = tapped(frequency_hz=12.0, damping=0.1)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))
    for one, other in zip(
        find_taps(samples, fs=200.0), find_taps(samples @ rotation, fs=200.0), strict=True
    ):
        assert one.time_s == other.time_s
        assert one.ring_s == pytest.approx(other.ring_s, rel=0.1)


def test_tap_on_a_trembling_leg_is_felt():
    samples = tapped(frequency_hz=12.0, damping=0.1)
    samples[:, 0] += 0.7 * np.sin(2.0 * np.pi * 8.0 * np.arange(len(samples)) / 200.0)
    assert len(find_taps(samples, fs=200.0)) == 2


def test_response_that_is_not_over_is_left_to_later():
    samples = tapped(frequency_hz=12.0, damping=0.1)
    assert len(find_taps(samples[: round(2.3 * 200)], fs=200.0)) == 1


@pytest.mark.parametrize("scene", ["quiet", "steady", "walk", "run", "slow_walk"])
def test_leg_that_nobody_taps_has_no_taps(scene):
    clock = SensorClock(nominal_rate_hz=104.0)
    made = render(SCENES[scene](clock=clock, duration_s=20.0), seed=4)
    assert find_taps(made.acceleration_ms2, fs=104.0) == ()


@pytest.mark.parametrize("n", [0, 1, 30])
def test_too_little_holds_no_taps(n):
    assert find_taps(np.zeros((n, 3)), fs=104.0) == ()


def test_missing_samples_are_no_taps():
    samples = tapped(frequency_hz=12.0, damping=0.1)
    samples[210:260] = np.nan
    assert len(find_taps(samples, fs=200.0)) <= 2
