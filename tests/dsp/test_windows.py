"""The window grid: counted by hand, cut as slices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError


@pytest.mark.parametrize(("n_window", "n_step"), [(4, 2), (5, 5), (7, 3), (3, 1)])
@pytest.mark.parametrize("n_samples", [0, 2, 3, 4, 7, 8, 20, 21])
def test_only_whole_windows_count(n_window, n_step, n_samples):
    grid = WindowGrid(n_window=n_window, n_step=n_step, fs=10.0)
    by_hand = sum(1 for begin in range(0, n_samples, n_step) if begin + n_window <= n_samples)
    assert grid.count(n_samples) == by_hand


@pytest.mark.parametrize("fs", [25.0, 52.0, 99.7, 104.0, 405.3])
def test_lengths_are_rounded_to_whole_samples(fs):
    grid = WindowGrid.of(window_s=4.0, step_s=2.0, fs=fs)
    assert abs(grid.n_window - 4.0 * fs) <= 0.5
    assert abs(grid.n_step - 2.0 * fs) <= 0.5


def test_starts_count_from_the_first_sample_and_do_not_drift():
    grid = WindowGrid.of(window_s=4.0, step_s=2.0, fs=99.7)
    # A day later the start is still index over rate, not a sum of steps.
    assert_allclose(grid.start_s(43_000, 2), np.array([43_000, 43_001]) * 199 / 99.7, rtol=1e-15)


def test_cut_equals_slices():
    samples = np.random.default_rng(1).normal(size=(1003, 3))
    grid = WindowGrid(n_window=100, n_step=33, fs=100.0)
    count = grid.count(len(samples))
    windows = grid.cut(samples, 0, count)
    assert windows.shape == (count, 3, 100)
    for k in range(count):
        assert_array_equal(windows[k], samples[33 * k : 33 * k + 100].T)


def test_cutting_in_batches_gives_the_same_windows():
    samples = np.random.default_rng(2).normal(size=(1003, 3))
    grid = WindowGrid(n_window=100, n_step=33, fs=100.0)
    count = grid.count(len(samples))
    batches = [grid.cut(samples, first, min(4, count - first)) for first in range(0, count, 4)]
    assert_array_equal(np.concatenate(batches), grid.cut(samples, 0, count))


def test_windows_cannot_be_written_to():
    samples = np.ones((50, 3))
    grid = WindowGrid(n_window=10, n_step=10, fs=10.0)
    with pytest.raises(ValueError, match="read-only"):
        grid.cut(samples, 0, 5)[:] = 7.0


@pytest.mark.parametrize(("window_s", "step_s"), [(0.01, 0.5), (4.0, 0.001)])
def test_windows_without_samples_are_refused(window_s, step_s):
    with pytest.raises(InvalidInputError, match="samples at 100 Hz; lengthen them"):
        WindowGrid.of(window_s=window_s, step_s=step_s, fs=100.0)
