"""Lines outside the band: scores of a window, and a fit that knows of the Nyquist frequency."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.dsp.spectrum import hann_psd, hann_psd_of_line
from tremor.measures.outside_band import fit_outside, outside_line
from tremor.settings import AnalysisSettings
from tremor.synthesis import narrowband

BAND_HZ = (3.0, 15.0)


def density_of(frequency_hz, *, bandwidth_hz=0.5, rms_ms2=0.2, fs=100.0):
    n = round(4.0 * fs)
    return hann_psd_of_line(
        n, fs=fs, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz,
        mean_square=rms_ms2**2, floor=1e-6,
    )[None]  # fmt: skip


def scored(density, *, low_rms_ms2=0.01, fs=100.0, band_hz=BAND_HZ):
    return outside_line(
        density, np.array([low_rms_ms2]), n_samples=round(4.0 * fs), fs=fs, band_hz=band_hz,
        settings=AnalysisSettings(),
    )  # fmt: skip


@pytest.mark.parametrize("frequency_hz", [15.5, 17.25, 30.0, 48.5])
def test_a_line_above_the_band_has_its_frequency_and_rms(frequency_hz):
    found = scored(density_of(frequency_hz))
    assert found["beyond_hz"][0] == pytest.approx(frequency_hz, abs=0.25)
    # A line 0.5 Hz wide has four fifths of its power within 0.75 Hz.
    assert found["beyond_rms_ms2"][0] == pytest.approx(0.2 * np.sqrt(0.8), rel=0.06)


@pytest.mark.parametrize(
    "density",
    [
        density_of(8.0, bandwidth_hz=1.5, rms_ms2=1.0),
        density_of(25.0, bandwidth_hz=10.0),
        density_of(20.0, rms_ms2=0.02),
    ],
    ids=["flank", "hump", "weak"],
)
def test_flank_hump_and_weak_line_are_none(density):
    assert np.isnan(scored(density)["beyond_hz"][0])


def test_slow_rocking_counts_only_where_it_is_strong():
    density = density_of(1.8, bandwidth_hz=0.1, rms_ms2=0.2)
    assert scored(density, low_rms_ms2=0.2)["beyond_hz"][0] == pytest.approx(1.8, abs=0.25)
    assert np.isnan(scored(density, low_rms_ms2=np.nan)["beyond_hz"][0])
    weak = density_of(1.8, bandwidth_hz=0.1, rms_ms2=0.05)
    assert np.isnan(scored(weak, low_rms_ms2=0.05)["beyond_hz"][0])


def test_a_window_alone_has_the_scores_it_has_among_others():
    rng = np.random.default_rng(0)
    many = np.concatenate([density_of(f) for f in (16.0, 8.0, 22.3, 40.0, 1.5)])
    many = many * rng.gamma(3.0, 1.0 / 3.0, many.shape)
    slow = np.full(5, 0.2)
    options = {"n_samples": 400, "fs": 100.0, "band_hz": BAND_HZ, "settings": AnalysisSettings()}
    together = outside_line(many, slow, **options)
    for row in range(5):
        alone = outside_line(many[row : row + 1], slow[:1], **options)
        for name, column in together.items():
            np.testing.assert_array_equal(alone[name][0], column[row])


@pytest.mark.parametrize(
    ("fs", "frequency_hz", "bandwidth_hz"),
    [(100.0, 16.4, 0.66), (25.0, 12.2, 0.66), (25.0, 12.4, 1.0), (100.0, 31.0, 0.0)],
)
def test_the_fit_returns_what_the_model_was_made_of(fs, frequency_hz, bandwidth_hz):
    n = round(4.0 * fs)
    made = density_of(frequency_hz, bandwidth_hz=bandwidth_hz, fs=fs)[0]
    found = fit_outside(made, frequency_hz + 0.3, n_windows=30, n_samples=n, fs=fs)
    assert found.frequency_hz.value == pytest.approx(frequency_hz, abs=0.01)
    assert found.rms_ms2.value == pytest.approx(0.2, rel=0.02)
    assert found.bandwidth_hz.value == pytest.approx(bandwidth_hz, abs=0.03)


def test_its_intervals_hold_the_truth():
    fs, n, held = 100.0, 400, np.zeros(2)
    for seed in range(40):
        line = narrowband(
            6000, fs, frequency_hz=16.4, bandwidth_hz=0.66, rms_ms2=0.2,
            rng=np.random.default_rng(seed),
        )  # fmt: skip
        line += np.random.default_rng([seed, 1]).normal(0, 0.01, line.shape)
        windows = np.stack([line[k : k + n].T for k in range(0, 6000 - n + 1, n // 2)])
        density = hann_psd(windows, fs=fs).mean(axis=0)
        found = fit_outside(density, 16.5, n_windows=len(windows), n_samples=n, fs=fs)
        for k, (one, truth) in enumerate(((found.frequency_hz, 16.4), (found.rms_ms2, 0.2))):
            held[k] += one.low <= truth <= one.high
    assert (held >= 34).all()


def test_a_line_of_another_shape_has_its_rms_and_an_interval_that_holds_its_centre():
    fs, n, held = 25.0, 100, 0
    for seed in range(20):
        rng = np.random.default_rng([seed, 2])
        f = np.fft.rfftfreq(3000, 1.0 / fs)
        density = np.exp(-np.square((f - 11.3) / 0.26))  # Gaussian, 0.43 Hz wide at half power
        x = np.fft.irfft(np.fft.rfft(rng.standard_normal(3000)) * np.sqrt(density), 3000)
        line = np.zeros((3000, 3))
        line[:, 0] = 0.6 * x / x.std()
        line += rng.normal(0.0, 0.01, line.shape)
        windows = np.stack([line[k : k + n].T for k in range(0, 3000 - n + 1, n // 2)])
        seen = hann_psd(windows, fs=fs).mean(axis=0)
        found = fit_outside(seen, 11.25, n_windows=len(windows), n_samples=n, fs=fs)
        assert found.rms_ms2.value == pytest.approx(0.6, rel=0.06)
        held += found.frequency_hz.low <= 11.3 <= found.frequency_hz.high
    assert held >= 17
