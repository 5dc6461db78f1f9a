"""The high-pass is an exact projection: it takes out slow cosines and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.fft import dct, idct

from tremor.dsp import filters
from tremor.dsp.filters import count_slow, remove_slow, slow_cosines
from tremor.errors import InvalidInputError

FS = 100.0


def by_transform(samples, n_slow):
    """The same projection through scipy's cosine transform."""
    coefficients = dct(samples, type=2, axis=-1, norm="ortho")
    coefficients[..., :n_slow] = 0.0
    return idct(coefficients, type=2, axis=-1, norm="ortho")


@pytest.mark.parametrize("fs", [25.0, 52.0, 100.0, 104.0, 405.3])
@pytest.mark.parametrize("duration_s", [2.0, 4.0, 10.1])
def test_cosines_are_counted_up_to_the_cutoff(fs, duration_s):
    n = round(duration_s * fs)
    frequency_hz = np.arange(n) * fs / (2 * n)
    assert count_slow(n, fs=fs, cutoff_hz=1.5) == np.count_nonzero(frequency_hz <= 1.5)


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, 50.0, 80.0])
def test_a_cutoff_beyond_the_nyquist_frequency_is_refused(cutoff_hz):
    with pytest.raises(InvalidInputError, match="give one between 0 and the Nyquist frequency"):
        count_slow(400, fs=FS, cutoff_hz=cutoff_hz)


def test_the_basis_is_orthonormal_and_cannot_be_changed():
    basis = slow_cosines(416, 13)
    # 416 products of rounded numbers: 416 * 1e-16 at most.
    assert_allclose(basis.T @ basis, np.eye(13), atol=1e-13)
    with pytest.raises(ValueError, match="read-only"):
        basis[0, 0] = 1.0


def test_slow_cosines_go_and_fast_ones_stay():
    n, n_slow = 400, 13
    everything = slow_cosines(n, 60).T
    rest = remove_slow(everything, fs=FS, cutoff_hz=1.5)
    assert count_slow(n, fs=FS, cutoff_hz=1.5) == n_slow
    assert_allclose(rest[:n_slow], 0.0, atol=1e-13)
    assert_allclose(rest[n_slow:], everything[n_slow:], atol=1e-13)


def test_gravity_is_gone_to_rounding():
    rest = remove_slow(np.full((3, 400), 9.81), fs=FS, cutoff_hz=1.5)
    assert np.abs(rest).max() < 9.81 * 400 * 2.3e-16


def test_it_is_the_least_squares_residual():
    x = np.random.default_rng(1).normal(size=(3, 333))
    k = count_slow(333, fs=FS, cutoff_hz=1.5)
    cosines = np.cos(np.pi * np.outer(np.arange(333) + 0.5, np.arange(k)) / 333)
    fitted = cosines @ np.linalg.lstsq(cosines, x.T, rcond=None)[0]
    assert_allclose(remove_slow(x, fs=FS, cutoff_hz=1.5), x - fitted.T, atol=1e-12)


def test_it_is_linear_and_doing_it_twice_changes_nothing():
    x, y = np.random.default_rng(2).normal(size=(2, 3, 400))
    one, other, both = (remove_slow(v, fs=FS, cutoff_hz=1.5) for v in (x, y, 2.0 * x - y))
    assert_allclose(both, 2.0 * one - other, atol=1e-12)
    assert_allclose(remove_slow(one, fs=FS, cutoff_hz=1.5), one, atol=1e-12)


@pytest.mark.parametrize("n", [200, 401, 416, 1000])
def test_the_basis_gives_what_the_cosine_transform_gives(n):
    x = 9.81 + np.random.default_rng(3).normal(size=(4, 3, n))
    n_slow = count_slow(n, fs=FS, cutoff_hz=1.5)
    assert_allclose(
        remove_slow(x, fs=FS, cutoff_hz=1.5), by_transform(x, n_slow), rtol=0, atol=1e-10
    )


def test_long_windows_go_through_the_transform_to_the_same_numbers(monkeypatch):
    x = 9.81 + np.random.default_rng(4).normal(size=(3, 9000))
    n_slow = count_slow(9000, fs=FS, cutoff_hz=1.5)
    assert 9000 * n_slow > filters._MAX_BASIS_SIZE
    through_transform = remove_slow(x, fs=FS, cutoff_hz=1.5)
    monkeypatch.setattr(filters, "_MAX_BASIS_SIZE", 9000 * n_slow)
    through_basis = remove_slow(x, fs=FS, cutoff_hz=1.5)
    assert_allclose(through_transform, through_basis, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [100, 401, 416, 9000])
def test_a_window_alone_gives_the_bits_that_it_gives_among_others(n):
    x = 9.81 + np.random.default_rng(5).normal(size=(9, 3, n))
    together = remove_slow(x, fs=FS, cutoff_hz=1.5)
    for k in (0, 4, 8):
        assert_array_equal(together[k : k + 1], remove_slow(x[k : k + 1], fs=FS, cutoff_hz=1.5))


def test_the_window_is_not_written_into():
    x = np.random.default_rng(6).normal(size=(2, 3, 400))
    before = x.copy()
    x.flags.writeable = False
    remove_slow(x, fs=FS, cutoff_hz=1.5)
    assert_array_equal(x, before)


@pytest.mark.parametrize("frequency_hz", [3.0, 4.5, 8.0, 11.5])
@pytest.mark.parametrize("duration_s", [4.0, 10.0])
def test_a_tone_loses_little_and_as_much_as_the_integrals_say(frequency_hz, duration_s):
    n = round(duration_s * FS)
    # Phases all around and a bin's worth of frequencies: the mean is over both.
    phase, off_hz = np.meshgrid(np.arange(16) * np.pi / 8, (np.arange(16) - 7.5) / 16 / duration_s)
    f = frequency_hz + off_hz.ravel()[:, None]
    x = np.sin(2 * np.pi * f * np.arange(n) / FS + phase.ravel()[:, None])
    lost = 1.0 - (remove_slow(x, fs=FS, cutoff_hz=1.5) ** 2).sum() / (x**2).sum()
    # A sine of frequency f projected on a cosine of frequency g over T, in continuous time;
    # sampling changes it by (pi f / fs)^2 / 3 each: 4 % at 11.5 Hz.
    slow_hz = np.arange(count_slow(n, fs=FS, cutoff_hz=1.5)) / (2 * duration_s)
    share = frequency_hz**2 / (np.pi * duration_s * (frequency_hz**2 - slow_hz**2)) ** 2
    share[0] /= 2.0
    assert_allclose(lost, share.sum(), rtol=0.1)
    if frequency_hz >= 4.5:
        assert lost < 0.01
