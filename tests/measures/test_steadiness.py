"""The share that one even swing explains: 1 for what turns, less for a muscle."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.dsp.filters import remove_slow
from tremor.measures.steadiness import steadiness
from tremor.synthesis import narrowband

FS, N = 100.0, 400
TIME_S = np.arange(N) / FS


def share_of(waves, peak_hz, *, noise_ms2=0.0, fs=FS):
    """Of windows along one direction."""
    windows = np.asarray(waves)[:, None, :] * np.array([0.6, 0.0, 0.8])[None, :, None]
    windows = windows + np.random.default_rng(0).normal(0.0, noise_ms2, windows.shape)
    windows = remove_slow(windows, fs=fs, cutoff_hz=1.5)
    return steadiness(windows, np.full(len(windows), peak_hz), fs=fs, band_hz=(3.0, 15.0))


@pytest.mark.parametrize("ramp_hz_per_s", [0.0, 0.1, -0.2, 0.33])
@pytest.mark.parametrize("noise_ms2", [0.0, 0.02])
def test_a_swing_is_even_whatever_its_ramp_and_the_noise(ramp_hz_per_s, noise_ms2):
    phase = 2.0 * np.pi * ((9.0 - 2.0 * ramp_hz_per_s) * TIME_S + 0.5 * ramp_hz_per_s * TIME_S**2)
    found = share_of([0.2 * np.sin(phase + k) for k in range(5)], 9.0, noise_ms2=noise_ms2)
    assert found.share.min() > 0.985
    assert found.share.max() <= 1.0
    np.testing.assert_allclose(found.frequency_hz, 9.0, atol=0.03)
    np.testing.assert_allclose(found.rms_ms2, 0.2 / np.sqrt(2.0), rtol=0.1)


def test_a_muscle_is_less_even_the_wider_its_line():
    shares = []
    for bandwidth_hz in (0.25, 0.75, 1.5):
        waves = [
            narrowband(
                N, FS, frequency_hz=8.0, bandwidth_hz=bandwidth_hz, rms_ms2=0.2,
                rng=np.random.default_rng(seed),
            )[:, 2]
            for seed in range(60)
        ]  # fmt: skip
        shares.append(float(np.median(share_of(waves, 8.0).share)))
    assert shares[0] < 0.85
    assert shares == sorted(shares, reverse=True)


def test_waxing_lowers_it_as_jumps_of_phase_do():
    even = np.sin(2.0 * np.pi * 8.0 * TIME_S)
    waxing = even * np.sin(np.pi * TIME_S / 4.0) ** 2
    jump = np.sin(2.0 * np.pi * 8.0 * TIME_S + 2.0 * (TIME_S > 2.0))
    share = share_of([even, waxing, jump], 8.0).share
    # A raised cosine has a mean square of 3/8 and a mean of 1/2; its ends are cut off.
    assert share[0] > 0.995
    assert 0.65 < share[1] < 0.85
    assert share[2] < 0.9


def test_a_window_alone_has_the_share_it_has_among_others():
    waves = [np.sin(2.0 * np.pi * f * TIME_S) for f in (7.0, 8.0, 8.6)]
    together = share_of(waves, 8.0).share
    np.testing.assert_allclose([share_of([one], 8.0).share[0] for one in waves], together)
