"""Levels and shape of a spectrum are those of what was put in."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from tremor.dsp.spectrum import hann_psd
from tremor.measures.spectral_shape import band_levels, peak_shape
from tremor.synthesis import tone

FS = 100.0
BAND_HZ = (3.0, 15.0)
SCORES = {
    "edge_distance_hz",
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
