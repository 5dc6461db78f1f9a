"""Scores of gait, impacts and single events, on signals of known content."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from tremor.dsp.spectrum import hann_psd
from tremor.measures.contamination import blank_impacts, gait_comb


def test_the_gait_comb_of_a_window_does_not_depend_on_the_others():
    windows = np.random.default_rng(1).normal(size=(30, 3, 400))
    n_samples = windows.shape[-1]

    def comb(some):
        return gait_comb(hann_psd(some, fs=100.0), n_samples=n_samples, fs=100.0)

    together = comb(windows)
    alone = [comb(windows[k : k + 1])[0] for k in range(30)]
    assert_array_equal(together, alone)


def test_a_comb_of_strides_scores_high_and_a_single_line_low():
    t = np.arange(1000) / 100.0
    strides = sum(np.sin(2 * np.pi * 1.5 * k * t + k) for k in range(1, 10))
    windows = np.stack([strides, np.sin(2 * np.pi * 8.0 * t)])[:, None] * np.ones((3, 1))
    windows = windows + np.random.default_rng(2).normal(0, 0.01, windows.shape)
    comb, line = gait_comb(hann_psd(windows, fs=100.0), n_samples=1000, fs=100.0)
    assert comb > 0.9
    assert line < 0.6


def test_an_impact_is_faded_out_and_the_power_of_the_rest_stands():
    rng = np.random.default_rng(3)
    window = rng.normal(0, 0.1, (1, 3, 400))
    with_impact = window.copy()
    with_impact[:, :, 200:204] += 5.0
    found = blank_impacts(np.concatenate([window, with_impact]), fs=100.0, over_median=4.0)
    assert_array_equal(found.samples[0], window[0])
    assert found.blanked_share[0] == 0.0
    # 0.2 s on each side of the impact, which is as long as the averaging makes it.
    assert 0.05 < found.blanked_share[1] < 0.2
    assert_array_equal(found.samples[1, :, 200:204], np.zeros((3, 4)))
    assert_allclose(np.square(found.samples[1]).mean(), 0.01, rtol=0.15)
