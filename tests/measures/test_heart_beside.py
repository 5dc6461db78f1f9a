"""The heart is seen across the tremor, with its share of what shakes."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.dsp.filters import remove_slow
from tremor.measures.heart_beside import heart_beside
from tremor.synthesis import narrowband

FS, N, COUNT = 100.0, 400, 16


def windows(*, tremor_ms2=0.1, heart_ms2=0.0, noise_ms2=0.005, along=(0.0, 1.0, 0.0), seed=0):
    rng = np.random.default_rng(seed)
    n = N * (COUNT + 1) // 2
    x = narrowband(
        n, FS, frequency_hz=7.0, bandwidth_hz=0.6, rms_ms2=tremor_ms2, rng=rng,
        direction=(1.0, 0.0, 0.0),
    )  # fmt: skip
    time_s, ring = np.arange(n) / FS, np.zeros(n)
    for beat in np.arange(0.1, n / FS, 0.8):
        t = np.maximum(time_s - beat - 0.02 * rng.standard_normal(), 0.0)
        ring += np.exp(-t / 0.1) * np.sin(2.0 * np.pi * 9.0 * t)
    x += (heart_ms2 * ring / ring.std())[:, None] * np.asarray(along)
    x += rng.normal(0.0, noise_ms2, x.shape)
    cut = np.stack([x[k * N // 2 : k * N // 2 + N].T for k in range(COUNT)])
    return remove_slow(cut, fs=FS, cutoff_hz=1.5)


def found(**options):
    return heart_beside(windows(**options), fs=FS, band_hz=(3.0, 15.0))


@pytest.mark.parametrize("ratio", [0.3, 0.6])
def test_the_ratio_is_that_of_a_heart_at_an_angle(ratio):
    # A direction by chance has two thirds of its power across another one.
    along = (np.sqrt(1.0 / 3.0), np.sqrt(1.0 / 3.0), np.sqrt(1.0 / 3.0))
    one = found(heart_ms2=0.1 * ratio, along=along)
    assert one.periodicity > 0.7
    assert one.ratio == pytest.approx(ratio, rel=0.3)
    assert one.most_ratio > one.ratio


def test_without_a_heart_there_is_none():
    for seed in range(5):
        one = found(seed=seed)
        assert one.periodicity < 0.5
        assert one.most_ratio < 0.1


def test_across_the_tremor_a_rotation_changes_nothing():
    made = windows(heart_ms2=0.05)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    one = heart_beside(made, fs=FS, band_hz=(3.0, 15.0))
    other = heart_beside(np.einsum("ij,kjn->kin", turn, made), fs=FS, band_hz=(3.0, 15.0))
    assert other.ratio == pytest.approx(one.ratio, rel=1e-9)
    assert other.periodicity == pytest.approx(one.periodicity, rel=1e-9)
