"""Levels and shape of a spectrum are those of what was put in."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.dsp.spectrum import hann_psd
from tremor.measures.spectral_shape import band_levels, peak_shape
from tremor.synthesis import tone

FS = 100.0
BAND_HZ = (3.0, 15.0)
SCORES = {
    "edge_distance_hz", "has_second",
    "low_rms_ms2", "band_rms_ms2", "floor_rms_ms2", "peak_hz", "peak_fraction",
    "peak_over_floor", "valley_ratio",
}  # fmt: skip


def test_the_statistics_are_those_of_a_line():
    rng = np.random.default_rng(1)
    x = np.array([0.0, 0.0, 9.81]) + rng.normal(0, 0.002, (400, 3))
    for frequency_hz, rms_ms2 in ((8.0, 0.3), (1.0, 0.05)):
        x = x + tone(400, FS, frequency_hz=frequency_hz, rms_ms2=rms_ms2, direction=(1, 1, 0))
    density = hann_psd(np.ascontiguousarray(x.T)[None], fs=FS)
    found = band_levels(density, n_samples=len(x), fs=FS, band_hz=BAND_HZ)
    found |= peak_shape(density, n_samples=len(x), fs=FS, band_hz=BAND_HZ)
    assert set(found) == SCORES
    assert_allclose(found["band_rms_ms2"], 0.3, rtol=1e-3)
    assert_allclose(found["low_rms_ms2"], 0.05, rtol=0.05)
    assert_allclose(found["peak_hz"], 8.0, atol=0.13)
    assert_allclose(found["peak_fraction"], 1.0, atol=0.01)
    # The noise of 0.002 m/s^2 on three axes over 12 of 50 Hz.
    assert_allclose(found["floor_rms_ms2"], 0.002 * np.sqrt(3 * 12 / 50), rtol=0.2)


def peak_of(*lines, direction=(1, 1, 0), n=400, noise_ms2=0.01, seed=2):
    rng = np.random.default_rng(seed)
    x = np.array([0.0, 0.0, 9.81]) + rng.normal(0, noise_ms2, (n, 3))
    for frequency_hz, rms_ms2 in lines:
        x = x + tone(n, FS, frequency_hz=frequency_hz, rms_ms2=rms_ms2, direction=direction)
    density = hann_psd(np.ascontiguousarray(x.T)[None], fs=FS)
    found = peak_shape(density, n_samples=n, fs=FS, band_hz=BAND_HZ)
    return {name: float(value[0]) for name, value in found.items()}


@pytest.mark.parametrize("frequency_hz", [3.6, 4.9, 6.7])
@pytest.mark.parametrize("ratio", [0.4, 1.5, 2.5])
def test_a_second_harmonic_belongs_to_its_line(frequency_hz, ratio):
    found = peak_of((frequency_hz, 0.2), (2 * frequency_hz, 0.2 * ratio))
    assert_allclose(found["peak_hz"], frequency_hz, atol=0.2)
    assert found["has_second"] == 1.0
    assert found["peak_fraction"] > 0.95


@pytest.mark.parametrize(("first_hz", "second_hz"), [(5.0, 9.0), (7.0, 8.5), (4.4, 10.0)])
def test_two_lines_without_a_ratio_of_two_stay_two(first_hz, second_hz):
    found = peak_of((first_hz, 0.2), (second_hz, 0.3))
    assert_allclose(found["peak_hz"], second_hz, atol=0.2)
    assert found["has_second"] == 0.0
    assert found["peak_fraction"] < 0.75


def test_noise_and_the_flank_of_a_line_are_no_harmonic():
    alone = [
        peak_of((9.3, 0.2), noise_ms2=noise, seed=s) for noise in (0.01, 0.1) for s in range(20)
    ]
    assert sum(found["has_second"] for found in alone) <= 1
