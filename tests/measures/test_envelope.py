"""What drives a line and whether it lasts: signals of which that is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.measures.envelope import heartbeat, heartbeat_limit, quiet_time, slow_correlation
from tremor.settings import HEARTBEAT, AnalysisSettings
from tremor.synthesis import narrowband, tone

FS = 100.0
BAND_HZ = (3.0, 15.0)


def ringing(n, fs, *, interval_s=0.8, ring_hz=8.0, decay_s=0.12, direction=(0.6, 0.0, 0.8)):
    """A resonance that is struck at even intervals."""
    t = np.arange(n) / fs
    since_s = t % interval_s
    wave = np.exp(-since_s / decay_s) * np.sin(2.0 * np.pi * ring_hz * since_s)
    return 0.1 * wave[:, None] * np.asarray(direction)


def tremor_windows(count, *, duration_s=4.0, fs=FS, bandwidth_hz=0.8, seed=0):
    rng = np.random.default_rng(seed)
    n = round(duration_s * fs)
    return np.array([
        (narrowband(n, fs, frequency_hz=8.0, bandwidth_hz=bandwidth_hz, rms_ms2=0.2, rng=rng)
         + rng.normal(0.0, 0.01, (n, 3))).T
        for _ in range(count)
    ])  # fmt: skip


def heard(windows, *, fs=FS, peak_hz=8.0):
    return heartbeat(windows, np.full(len(windows), peak_hz), fs=fs, band_hz=BAND_HZ)


@pytest.mark.parametrize("interval_s", [0.36, 0.5, 0.8, 1.1])
@pytest.mark.parametrize("fs", [50.0, 100.0, 208.0])
def test_a_struck_resonance_gives_its_interval(interval_s, fs):
    # One tooth of the envelope is 0.04 s; a long interval may be found at half of a longer lag.
    x = ringing(round(10 * fs), fs, interval_s=interval_s, decay_s=0.06)
    found = heard(x.T[None], fs=fs)
    assert found.periodicity[0] > 0.6
    multiple = found.interval_s[0] / interval_s
    assert abs(multiple - round(multiple)) * interval_s < 0.05
    assert round(multiple) >= 1


@pytest.mark.parametrize("bandwidth_hz", [0.25, 0.5, 1.0, 1.5])
def test_the_pushes_of_tremor_are_gaussian(bandwidth_hz):
    found = heard(tremor_windows(200, duration_s=10.0, bandwidth_hz=bandwidth_hz))
    # 2 less what a mean over 3 s, some 12 independent pushes, takes away.
    assert_allclose(found.kurtosis.mean(), 1.85, atol=0.15)
    assert found.score.mean() < 0.2


@pytest.mark.parametrize("decay_s", [0.06, 0.15, 0.3])
def test_ringing_scores_far_above_tremor(decay_s):
    x = ringing(1000, FS, interval_s=0.42, decay_s=decay_s)
    rng = np.random.default_rng(1)
    # Shifts of the window against the beats, and noise.
    windows = np.array([np.roll(x, k, axis=0).T for k in range(0, 42, 3)])
    windows += rng.normal(0.0, 0.003, windows.shape)
    tremor = heard(tremor_windows(200, duration_s=10.0)).score
    assert heard(windows).score.min() > np.quantile(tremor, 0.99)


def test_a_tone_beside_a_weak_ringing_is_not_the_heart():
    x = 0.05 * ringing(1000, FS)
    steady = tone(1000, FS, frequency_hz=8.0, rms_ms2=0.2, direction=(1, 0, 0), phase_rad=0.3)
    assert heard((x + steady).T[None]).score[0] == 0.0
    assert heard(x.T[None]).score[0] > 0.5


def test_the_strength_of_a_tremor_may_change_slowly():
    windows = tremor_windows(200, duration_s=10.0)
    waxing = windows * np.exp(np.linspace(-1.0, 1.0, windows.shape[-1]))
    assert_allclose(heard(waxing).score.mean(), heard(windows).score.mean(), atol=0.03)


@pytest.mark.parametrize("measure", ["heartbeat", "quiet", "slow_correlation"])
def test_neither_scale_nor_orientation_nor_neighbours_matter(measure):
    windows = tremor_windows(6) + ringing(400, FS).T
    peak_hz = np.full(6, 8.0)

    def of(some):
        peaks = peak_hz[: len(some)]
        if measure == "heartbeat":
            return heartbeat(some, peaks, fs=FS, band_hz=BAND_HZ).score
        if measure == "quiet":
            return quiet_time(some, peaks, fs=FS, band_hz=BAND_HZ).share
        return slow_correlation(some, some, peaks, fs=FS, band_hz=BAND_HZ)

    found = of(windows)
    q, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))
    assert_allclose(of(np.einsum("ab,kbn->kan", q, 3.0 * windows)), found, rtol=1e-9, atol=1e-12)
    assert_array_equal(np.concatenate([of(windows[k : k + 1]) for k in range(6)]), found)


def test_the_share_without_a_line_is_what_was_left_out():
    t = np.arange(1000) / FS
    gone = np.where((t > 3.0) & (t < 7.0), 0.0, 1.0)
    x = np.sin(2 * np.pi * 8 * t) * gone
    found = quiet_time((x[:, None] * [1.0, 0, 0]).T[None], np.array([8.0]), fs=FS, band_hz=BAND_HZ)
    # 4 of the 9.6 s that are looked at; a band of 3 Hz takes 0.2 s at each edge to fall.
    assert_allclose(found.share, [4.0 / 9.6], atol=0.05)
    assert_allclose(found.longest_s, [4.0], atol=0.4)


def test_the_share_of_tremor_is_that_of_an_exponential_distribution():
    windows = tremor_windows(400, duration_s=10.0, bandwidth_hz=1.0)
    found = quiet_time(windows, np.full(400, 8.0), fs=FS, band_hz=BAND_HZ).share
    assert_allclose(found.mean(), 1.0 - np.exp(-0.1), atol=0.015)


def test_slower_movement_is_tied_to_a_line_or_not():
    t = np.arange(1000) / FS
    swell = np.exp(-(((t - 5.0) / 1.5) ** 2))
    other = np.exp(-(((t - 1.0) / 1.5) ** 2)) + np.exp(-(((t - 9.0) / 1.5) ** 2))
    fast, slow = np.sin(2 * np.pi * 6 * t), np.sin(2 * np.pi * 1.3 * t)
    lines = (swell * fast)[:, None] * [1.0, 0, 0]
    both = [lines + (s * slow)[:, None] * [0, 1.0, 0] for s in (swell, other)]
    moving = np.array([lines.T] * 2)
    windows = np.array([x.T for x in both])
    found = slow_correlation(moving, windows, np.full(2, 6.0), fs=FS, band_hz=BAND_HZ)
    assert found[0] > 0.9
    assert found[1] < 0.0
    tilting = windows + 5.0 * np.linspace(0.0, 1.0, 1000)
    assert_allclose(
        slow_correlation(moving, tilting, np.full(2, 6.0), fs=FS, band_hz=BAND_HZ),
        found,
        atol=0.1,
    )


def test_the_score_of_a_window_is_the_same_among_few_and_many():
    windows = np.random.default_rng(8).normal(0.0, 0.05, (600, 3, 400))
    peak_hz = np.linspace(4.0, 12.0, len(windows))
    many = heartbeat(windows, peak_hz, fs=100.0, band_hz=(3.0, 15.0)).score
    few = [
        heartbeat(windows[row : row + 7], peak_hz[row : row + 7], fs=100.0, band_hz=(3.0, 15.0))
        for row in range(0, len(windows), 7)
    ]
    assert np.array_equal(many, np.concatenate([one.score for one in few]))


def test_the_limit_of_many_windows_is_lower():
    one, four, many = heartbeat_limit(AnalysisSettings(), length_s=4.0, n_windows=[1, 4, 1e12])
    share = HEARTBEAT.share_of_many
    assert_allclose(four / one, share + (1.0 - share) * 4.0**HEARTBEAT.limit_exponent)
    assert_allclose(many / one, share, atol=1e-3)


def test_even_beats_repeat_themselves_as_well_at_a_long_interval():
    # The correlation at a lag is divided by the number of pairs that there are at that lag.
    x = ringing(1000, FS, interval_s=1.2, decay_s=0.1)
    found = heard(x.T[None])
    assert found.periodicity[0] > 0.9


@pytest.mark.parametrize("peak_hz", [12.3, 12.9])
def test_a_line_at_the_edge_of_the_spectrum_is_looked_at_as_far_as_it_goes(peak_hz):
    fs = 26.0
    windows = np.random.default_rng(5).normal(size=(1, 3, 260))
    peak = np.array([peak_hz])
    assert np.isfinite(heartbeat(windows, peak, fs=fs, band_hz=(3.0, 12.9)).score).all()
    found = slow_correlation(windows, windows, peak, fs=fs, band_hz=(3.0, 12.9))
    assert np.isfinite(found).all()
