"""Taps that come in pieces."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tremor.session.strap_signals import with_new_taps

FS = 104.0


def tapped(at_s, *, duration_s=8.0, frequency_hz=12.0):
    time_s = np.arange(round(duration_s * FS)) / FS
    samples = np.tile([0.0, 9.81, 0.0], (len(time_s), 1))
    samples += 0.05 * np.random.default_rng(0).standard_normal(samples.shape)
    for one_s in at_s:
        since_s = np.maximum(time_s - one_s, 0.0)
        swing = np.exp(-0.3 * 2 * np.pi * frequency_hz * since_s)
        samples[:, 2] += np.where(time_s >= one_s, 25.0 * swing, 0.0)
    return samples


@pytest.mark.parametrize("step_s", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("late_s", [0.0, 0.15])
def test_each_tap_is_felt_once_however_often_one_looks(step_s, late_s):
    samples, taps = tapped((2.0, 3.1)), ()
    for now_s in np.arange(0.5, 8.0, step_s):
        there = samples[: max(0, round((now_s - late_s) * FS))]
        track = SimpleNamespace(
            recent=lambda seconds, there=there: there[-round(seconds * FS) :], rate_hz=FS
        )
        taps = with_new_taps(taps, track, elapsed_s=float(now_s))
    assert [tap.time_s for tap in taps] == pytest.approx([2.0 + late_s, 3.1 + late_s], abs=0.03)
    assert all(tap.ring_s < 0.12 for tap in taps)
