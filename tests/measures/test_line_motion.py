"""Phase and envelope of a line: harmonics against lines of their own, noise against oscillation."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.measures.line_motion import envelope_variance, phase_coupling
from tremor.measures.run_spectra import RunSpectra
from tremor.synthesis import ornstein_uhlenbeck

FS, BAND_HZ = 100.0, (3.0, 15.0)


def spectra_of(*waves, seed=1):
    """Add lines, (complex baseband, frequency, direction), to noise."""
    n = len(waves[0][0])
    t = np.arange(n) / FS
    x = np.random.default_rng(seed).normal(0.0, 0.01, (n, 3))
    for z, frequency_hz, direction in waves:
        wave = 0.3 * np.real(z * np.exp(2j * np.pi * frequency_hz * t))
        x += wave[:, None] * np.asarray(direction)
    return RunSpectra.of(lambda begin, end: x[begin:end], n, fs=FS, band_hz=BAND_HZ)


def noise(n, bandwidth_hz, seed):
    rng = np.random.default_rng(seed)
    return ornstein_uhlenbeck(n, FS, decay_per_s=np.pi * bandwidth_hz, rng=rng)


def cycle(n, bandwidth_hz, seed):
    steps = np.random.default_rng(seed).normal(0.0, np.sqrt(2.0 * np.pi * bandwidth_hz / FS), n)
    return np.exp(1j * np.cumsum(steps))


@pytest.mark.parametrize("make", [noise, cycle])
def test_the_phase_of_a_harmonic_is_twice_that_of_its_fundamental(make):
    z = make(6000, 0.3, 1)
    second = 1.5 * z**2 / np.abs(z)
    run = spectra_of((z, 5.2, (0.6, 0.0, 0.8)), (second, 10.4, (0.0, 1.0, 0.0)))
    assert phase_coupling([run], 5.2, 10.4, half_hz=0.6, fs=FS) > 0.5


def test_a_line_at_twice_the_frequency_may_be_its_own():
    run = spectra_of(
        (noise(6000, 0.4, 2), 4.7, (0.6, 0.0, 0.8)), (noise(6000, 0.6, 3), 9.4, (0.0, 1.0, 0.0))
    )
    assert phase_coupling([run], 4.7, 9.4, half_hz=0.6, fs=FS) < 0.15


@pytest.mark.parametrize("bandwidth_hz", [0.1, 0.3, 0.8])
def test_the_envelope_tells_noise_from_an_oscillation_of_one_width(bandwidth_hz):
    variance = {}
    for make in (noise, cycle):
        runs = [
            spectra_of((make(3000, bandwidth_hz, seed), 8.3, (0.6, 0.0, 0.8))) for seed in range(4)
        ]
        each = [
            envelope_variance([run], 8.3, half_hz=max(0.5, 2.0 * bandwidth_hz), fs=FS)
            for run in runs
        ]
        variance[make] = np.median(each)
    assert variance[cycle] < 0.2
    assert variance[noise] > 0.45


def test_slow_fading_between_segments_is_no_noise():
    z = cycle(12_000, 0.1, 5) * np.exp(-np.arange(12_000) / FS / 40.0)
    run = spectra_of((z, 8.3, (0.6, 0.0, 0.8)))
    assert len(run.summed) == 6
    assert envelope_variance([run], 8.3, half_hz=0.5, fs=FS) < 0.3
