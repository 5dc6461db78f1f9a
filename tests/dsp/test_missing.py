"""Missing samples are what the process expects of them, and what is unknown is told."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import toeplitz

from tremor.dsp import missing
from tremor.dsp.filters import remove_slow
from tremor.dsp.missing import fill_missing
from tremor.synthesis import narrowband

BAND_HZ = (3.0, 15.0)
DIRECTION = np.array([0.6, 0.0, 0.8])


def fill(windows, fs=100.0):
    return fill_missing(windows, fs=fs, cutoff_hz=1.5, band_hz=BAND_HZ)


def lines(count, fs, *, frequency_hz=8.0, bandwidth_hz=1.0, rms_ms2=0.3, sd_ms2=0.01, seed=0):
    """Windows of 4 s of tremor on gravity, (count, 3, n)."""
    rng = np.random.default_rng(seed)
    n = round(4.0 * fs)
    return np.array(
        [
            narrowband(
                n, fs, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2,
                direction=DIRECTION, rng=rng,
            ).T
            + rng.normal(0.0, sd_ms2, (3, n))
            + np.array([[0.0], [1.0], [9.7]])
            for _ in range(count)
        ]
    )  # fmt: skip


def holed(windows, lost):
    """Return the windows with NaN where ``lost``, shape (n,) or (count, n), is true."""
    return np.where(np.broadcast_to(lost, windows[:, 0].shape)[:, None, :], np.nan, windows)


def packets(count, fs, rng, *, share=0.05, size=8):
    n = round(4.0 * fs)
    lost = np.repeat(rng.random((count, n // size + 1)) < share, size, axis=1)[:, :n]
    lost[:, 0] = True  # at least one
    return lost


def hole(fs, *, at_s, length_s):
    t = np.arange(round(4.0 * fs)) / fs
    return (t >= at_s - 1e-9) & (t < at_s + length_s - 1e-9)


def test_the_precision_is_the_inverse_of_the_covariance():
    lags = 0.8 ** np.arange(6) * np.cos(0.9 * np.arange(6))[None]
    coefficients, innovation = missing._levinson(lags)
    # The autocovariance of that process beyond the lags that were given.
    covariance = lags[0].tolist()
    for _ in range(60):
        covariance.append(-coefficients[0, 1:] @ covariance[:-6:-1])
    exact = np.linalg.inv(toeplitz(covariance[:40])) * innovation[0]
    at = np.array([[0, 3, 4, 5, 20, 37, 39]])
    known = np.random.default_rng(0).normal(size=(1, 3, 40))
    known[..., at[0]] = 0.0
    precision, pull = missing._precision(coefficients, known, at)
    assert_allclose(precision[0], exact[np.ix_(at[0], at[0])], atol=1e-9)
    assert_allclose(pull[0], known[0] @ exact[:, at[0]], atol=1e-9)


@pytest.mark.parametrize("fs", [50.0, 100.0, 200.0])
@pytest.mark.parametrize(
    ("bandwidth_hz", "at_s", "length_s"), [(1.0, 2.0, 0.08), (1.5, 0.0, 0.08), (0.3, 1.5, 0.3)]
)
def test_a_hole_in_a_line_is_filled_almost_as_well_as_can_be(fs, bandwidth_hz, at_s, length_s):
    windows = lines(60, fs, bandwidth_hz=bandwidth_hz)
    lost = hole(fs, at_s=at_s, length_s=length_s)
    found = fill(holed(windows, lost), fs=fs).samples
    error = np.square(found - windows)[..., lost].sum() / len(windows)
    lag_s = np.arange(len(lost)) / fs
    covariance = 0.09 * np.exp(-np.pi * bandwidth_hz * lag_s) * np.cos(2 * np.pi * 8.0 * lag_s)
    covariance[0] += 1e-4
    precision = np.linalg.inv(toeplitz(covariance))[np.ix_(lost, lost)]
    best = np.trace(np.linalg.inv(precision)) + 2e-4 * lost.sum()
    assert error < 1.9 * best
    assert error < 0.65 * 0.09 * lost.sum()


@pytest.mark.parametrize("length_s", [0.08, 0.3, 1.0])
def test_a_tone_goes_on_in_a_hole(length_s):
    t = np.arange(400) / 100.0
    whole = 9.81 + 0.3 * np.sin(2 * np.pi * 6.3 * t) * DIRECTION[None, :, None]
    whole = whole + np.random.default_rng(1).normal(0.0, 0.005, whole.shape)
    lost = hole(100.0, at_s=1.3, length_s=length_s)
    found = fill(holed(whole, lost)).samples
    assert np.sqrt(np.square(found - whole)[..., lost].sum(axis=1).mean()) < 0.2 * 0.3 / np.sqrt(2)


def test_two_lines_go_on_in_a_hole():
    rng = np.random.default_rng(1)
    t = np.arange(400) / 100.0
    phase = rng.uniform(0.0, 2.0 * np.pi, (40, 2, 1))
    both = 0.2 * np.sin(2.0 * np.pi * np.array([[5.0], [9.0]]) * t + phase).sum(axis=1)
    clean = 9.81 + both[:, None, :] * DIRECTION[None, :, None]
    lost = hole(100.0, at_s=1.7, length_s=0.2)
    found = fill(holed(clean + rng.normal(0.0, 0.02, clean.shape), lost)).samples
    assert np.square(found - clean)[..., lost].sum(axis=1).mean() < 0.1 * np.square(both).mean()


@pytest.mark.parametrize("fs", [50.0, 100.0, 200.0])
def test_power_is_kept_and_what_is_unknown_is_told(fs):
    rng = np.random.default_rng(4)
    windows = lines(100, fs, bandwidth_hz=1.0)
    lost = packets(100, fs, rng) | (rng.random((100, round(4.0 * fs))) < 0.05)
    found = fill(holed(windows, lost), fs=fs)

    def power(samples):
        return np.square(remove_slow(samples, fs=fs, cutoff_hz=1.5)).sum(axis=1).mean()

    assert_allclose(power(found.samples), power(windows), rtol=0.02)
    error = np.square(found.samples - windows).sum(axis=1).mean() / power(windows)
    assert 0.25 * error < found.unknown_share.mean() < 1.2 * error


def test_noise_cannot_be_foretold():
    noise = np.random.default_rng(2).normal(0.0, 0.01, (100, 3, 400))
    lost = np.random.default_rng(3).random((100, 400)) < 0.1
    found = fill(holed(noise, lost))
    assert_allclose(found.unknown_share.mean(), lost.mean(), rtol=0.25)
    at = np.broadcast_to(lost[:, None], noise.shape)
    assert np.sqrt(np.square(found.samples[at]).mean()) < 0.006

    # No peak comes of it.
    def highest(samples):
        return np.square(np.abs(np.fft.rfft(samples))).sum(axis=1)[:, 12:60].max(axis=1).mean()

    assert_allclose(highest(found.samples), highest(noise), rtol=0.05)


def test_a_window_alone_gives_the_bits_of_one_among_others():
    rng = np.random.default_rng(5)
    windows = holed(lines(40, 100.0), packets(40, 100.0, rng))
    together = fill(windows)
    for row in range(40):
        alone = fill(windows[row : row + 1])
        assert_array_equal(alone.samples[0], together.samples[row])
        assert alone.unknown_share[0] == together.unknown_share[row]


def test_turning_the_sensor_turns_the_result():
    rng = np.random.default_rng(6)
    windows = holed(lines(10, 100.0), packets(10, 100.0, rng))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    assert_allclose(fill(turn @ windows).samples, turn @ fill(windows).samples, atol=1e-9)


def test_whole_windows_and_constant_ones_stay():
    windows = lines(3, 100.0)
    windows[1] = 9.81
    given = windows.copy()
    given[1:, :, 100:110] = np.nan
    found = fill(given)
    assert_array_equal(found.samples[0], windows[0])
    assert found.unknown_share[0] == 0.0
    assert_allclose(found.samples[1], 9.81, rtol=1e-9)


def test_a_long_window_is_filled_piece_by_piece():
    rng = np.random.default_rng(7)
    long = np.concatenate(list(lines(20, 100.0, bandwidth_hz=0.5)), axis=-1)[None]
    lost = rng.random(long.shape[-1]) < 0.05
    lost[2500:4600] = True  # more than two pieces
    found = fill(holed(long, lost))
    short = lost.copy()
    short[2400:4700] = False
    assert np.isfinite(found.samples).all()
    error = np.square(found.samples - long)[..., short].sum(axis=1).mean()
    assert error < 0.05 * 0.09
    assert_allclose(found.unknown_share[0], 2100 / 8000, atol=0.03)
