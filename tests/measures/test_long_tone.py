"""One sine over a long run: its interval, and what must not pass for a sine."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.measures.long_tone import fit_long_tone
from tremor.measures.pooled import fit_pooled
from tremor.synthesis import narrowband

FS = 100.0
BAND_HZ = (3.0, 15.0)
FREQUENCY_HZ = 7.123
DURATION_S = 120.0


def wave(*, phase=0.0, amplitude=1.0, rms_ms2=0.3, noise_ms2=0.03, seed=0, frequency_hz=7.123):
    rng = np.random.default_rng(seed)
    t = np.arange(round(DURATION_S * FS)) / FS
    x = np.sqrt(2.0) * rms_ms2 * amplitude * np.cos(2 * np.pi * frequency_hz * t + phase + seed)
    noise = rng.normal(0.0, noise_ms2, (len(t), 3))
    return x[:, None] * [0.6, 0.64, 0.48] + noise + [0.0, 0.0, 9.81]


def diffusing(rad, seed):
    """Phase that diffuses by so much (standard deviation, rad) over the whole time."""
    n = round(DURATION_S * FS)
    return np.cumsum(np.random.default_rng(1000 + seed).normal(0.0, rad / np.sqrt(n), n))


def fitted(samples):
    return fit_long_tone(samples, fs=FS, cutoff_hz=1.5, band_hz=BAND_HZ)


def test_a_tone_has_the_error_of_all_its_samples():
    tones = [fitted(wave(seed=seed)) for seed in range(40)]
    assert sum(tone is not None for tone in tones) >= 37  # 2 % are taken for lines
    tones = [tone for tone in tones if tone is not None]
    error = np.array([tone.frequency_hz - FREQUENCY_HZ for tone in tones])
    # Cramer-Rao: sd^2 = 3 variance / (2 pi^2 P T^2 n) of a sine of power P.
    bound_hz = np.sqrt(6.0 * 0.03**2 / (2 * 0.3**2 * DURATION_S * FS)) / (np.pi * DURATION_S)
    assert np.sqrt(np.mean(error**2)) < 1.35 * bound_hz
    half = np.array([tone.half_hz for tone in tones])
    assert (np.abs(error) <= half).mean() > 0.9
    assert np.median(half) < 4.0 * 1.96 * bound_hz
    assert_allclose(np.sqrt([tone.power_ms2sq for tone in tones]), 0.3, rtol=0.01)


@pytest.mark.parametrize("rad", [0.01, 0.03, 0.2])
def test_a_phase_that_diffuses_gets_no_interval_of_a_tone(rad):
    count, held = 30, 0
    for seed in range(count):
        line = fit_pooled([wave(phase=diffusing(rad, seed), seed=seed)], fs=FS, band_hz=BAND_HZ)
        held += line.frequency_hz.low <= FREQUENCY_HZ <= line.frequency_hz.high
    # At 92 %: fewer than 23 of 30 once in 300 draws.
    assert held >= 23


@pytest.mark.parametrize("wander_hz", [1e-3, 1e-2])
def test_a_frequency_that_swings_is_a_line(wander_hz):
    t = np.arange(round(DURATION_S * FS)) / FS
    assert fitted(wave(phase=40.0 * wander_hz * np.sin(2 * np.pi * t / 40.0))) is None
    assert fitted(wave(phase=np.pi * wander_hz * t**2 / DURATION_S)) is None


def test_a_tone_that_fades_is_a_line():
    assert fitted(wave(amplitude=np.linspace(1.2, 0.8, round(DURATION_S * FS)))) is None


def test_a_tone_in_much_noise_is_a_line():
    assert fitted(wave(rms_ms2=0.001)) is None


def test_a_tremor_is_no_tone():
    rng = np.random.default_rng(1)
    x = narrowband(
        12_000, FS, frequency_hz=8.0, bandwidth_hz=0.3, rms_ms2=0.3, rng=rng,
        direction=(1.0, 2.0, -2.0),
    )  # fmt: skip
    line = fit_pooled([x + rng.normal(0.0, 0.03, x.shape)], fs=FS, band_hz=BAND_HZ)
    assert line.frequency_hz.method == "whittle"


def test_two_runs_of_a_tone_share_its_frequency_without_a_common_phase():
    runs = [wave(seed=1), wave(seed=2)]
    line = fit_pooled(runs, fs=FS, band_hz=BAND_HZ)
    assert (line.frequency_hz.method, line.fit.shape) == ("least_squares", "tone")
    assert line.frequency_hz.low <= FREQUENCY_HZ <= line.frequency_hz.high
    assert line.bandwidth_hz.high < 0.01
