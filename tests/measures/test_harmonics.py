"""A line and its second harmonic: one movement, measured at its fundamental."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tremor.analysis.window import analyze_window
from tremor.dsp.spectrum import hann_psd
from tremor.measures.harmonics import find_harmonics
from tremor.measures.line_table import fit_lines
from tremor.measures.spectral_shape import peak_shape

FS = 100.0
BAND_HZ = (3.0, 15.0)


def cycle(rng, frequency_hz, *, bandwidth_hz=0.1, ratio=1.5, rms_ms2=0.3, n=400):
    """Limit cycle: the phase diffuses, and both harmonics follow it, each along its own line."""
    steps = rng.normal(0.0, np.sqrt(2.0 * np.pi * bandwidth_hz / FS), n)
    phase = 2 * np.pi * frequency_hz * np.arange(n) / FS + np.cumsum(steps) + rng.uniform(0, 6)
    waves = np.stack([np.cos(phase), ratio * np.cos(2 * phase + rng.uniform(0, 6))])
    directions = rng.normal(size=(2, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    x = np.sqrt(2.0) * rms_ms2 / np.hypot(1.0, ratio) * waves.T @ directions
    return x + rng.normal(0.0, 0.02, x.shape) + [0.0, 0.0, 9.81]


@pytest.mark.parametrize("ratio", [0.5, 1.5])
def test_the_fundamental_is_told_where_the_second_harmonic_is_the_stronger(ratio):
    rng = np.random.default_rng(3)
    found, covered, of_rms = [], [], []
    for f in rng.uniform(3.5, 6.8, 60):
        window = analyze_window(cycle(rng, f, ratio=ratio), sampling_rate_hz=FS)
        if window.verdict != "tremor":
            found.append(False)
            continue
        line = window.frequency_hz
        found.append(abs(line.value - f) < 0.3)
        covered.append(line.low <= f <= line.high)
        of_rms.append(window.rms_ms2.value * np.hypot(1.0, ratio) / 0.3)
    # 95 and 97 % on long scenes; three binomial standard deviations of 60.
    assert np.mean(found) > 0.86
    assert np.mean(covered) > 0.86
    # The RMS is that of the fundamental.
    assert 0.9 < np.median(of_rms) < 1.1


def test_noise_beside_a_tone_is_no_fundamental():
    rng = np.random.default_rng(5)
    n_windows, n = 2000, 400
    f = rng.uniform(4.0, 12.0, n_windows)
    t = np.arange(n) / FS
    # As strong as the noise of one axis.
    x = rng.normal(0.0, 0.2, (n_windows, 3, n))
    x[:, 0] += 0.2 * np.sqrt(2.0) * np.sin(2 * np.pi * f[:, None] * t)
    shape = peak_shape(hann_psd(x, fs=FS), n_samples=n, fs=FS, band_hz=BAND_HZ)
    # Without the least height over the median, 6 of them have one.
    assert np.count_nonzero(shape["has_second"]) <= 2


def test_a_window_alone_gives_the_bits_that_it_gives_among_others():
    rng = np.random.default_rng(4)
    x = np.array([cycle(rng, f).T for f in (3.6, 4.4, 5.1, 6.6)])
    together = fit_lines(x, fs=FS, band_hz=BAND_HZ)
    for row in range(len(x)):
        alone = fit_lines(x[row : row + 1], fs=FS, band_hz=BAND_HZ)
        for name in ("frequency_hz", "bandwidth_hz", "rms_ms2"):
            assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row])


@pytest.mark.parametrize(
    ("lines", "fundamental_hz", "has_second"),
    [
        ({10.0: 1.0, 5.0: 0.3}, 5.0, True),
        ({5.0: 1.0, 10.0: 0.3}, 5.0, True),
        ({10.0: 1.0}, 10.0, False),
        ({10.0: 1.0, 5.0: 0.04}, 10.0, False),
        ({9.0: 1.0, 5.0: 0.8}, 9.0, False),
        ({5.0: 1.0, 2.5: 0.8}, 5.0, False),  # below the band
    ],
)
def test_peaks_at_a_ratio_of_two_are_one_line(lines, fundamental_hz, has_second):
    f = np.arange(0.0, 30.0, 0.25)
    density = np.full((1, len(f)), 1e-4)
    for frequency_hz, height in lines.items():
        density += height * np.exp(-np.square((f - frequency_hz) / 0.3))
    peak_hz = np.array([max(lines, key=lines.get)])
    found = find_harmonics(density, peak_hz, bin_width_hz=0.25, limits_hz=(3.0, 16.0))
    assert (found.fundamental_hz[0], found.has_second[0]) == (fundamental_hz, has_second)
