"""Powers and travel out of spectra that are known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.dsp.spectrum import bin_frequency_hz, psd, transform
from tremor.measures.amplitude import power_around, typical_peak_to_peak_mm
from tremor.synthesis import tone

FS = 100.0
BAND_HZ = (3.0, 15.0)


def measured(density, *, frequency_hz, bandwidth_hz, n, fs=FS, fitted=1.0, band_hz=BAND_HZ):
    return power_around(
        density,
        frequency_hz=np.atleast_1d(frequency_hz).astype(float),
        bandwidth_hz=np.atleast_1d(bandwidth_hz).astype(float),
        fitted_ms2sq=np.full(len(density), fitted),
        fs=fs,
        n_samples=n,
        band_hz=band_hz,
    )


def lorentzian(f, *, frequency_hz, bandwidth_hz, power):
    return power * bandwidth_hz / (2 * np.pi) / ((f - frequency_hz) ** 2 + bandwidth_hz**2 / 4)


@pytest.mark.parametrize("amplitude_mm", [0.05, 1.0, 12.0])
def test_a_sine_travels_twice_its_amplitude(amplitude_mm):
    mean_square_m2 = (amplitude_mm * 1e-3) ** 2 / 2
    assert_allclose(typical_peak_to_peak_mm(mean_square_m2), 2 * amplitude_mm, rtol=1e-12)


def test_travel_is_taken_of_every_number_of_an_array():
    assert_allclose(typical_peak_to_peak_mm([0.0, 0.5e-6, 2e-6]), [0.0, 2.0, 4.0], rtol=1e-12)


@pytest.mark.parametrize("fs", [52.0, 100.0, 208.0])
@pytest.mark.parametrize("frequency_hz", [4.0, 8.25, 11.0])
def test_a_tone_on_a_bin_reads_its_power_and_its_travel(fs, frequency_hz):
    n = round(4 * fs)
    x = tone(n, fs, frequency_hz=frequency_hz, rms_ms2=0.3, direction=(1, 2, 2)).T[None]
    found = measured(
        psd(transform(x, fs=fs)), frequency_hz=frequency_hz, bandwidth_hz=0.0, n=n, fs=fs
    )
    assert_allclose(found.mean_square_ms2sq, 0.09, rtol=1e-6)
    # x = A sin: the acceleration over (2 pi f)^2.
    travel_mm = 2e3 * np.sqrt(2) * 0.3 / (2 * np.pi * frequency_hz) ** 2
    assert_allclose(typical_peak_to_peak_mm(found.mean_square_m2), travel_mm, rtol=1e-6)


@pytest.mark.parametrize("bandwidth_hz", [0.3, 0.8, 1.5])
@pytest.mark.parametrize("frequency_hz", [5.0, 8.1, 11.0])
def test_the_flanks_outside_of_the_span_are_put_back_and_the_floor_is_not(
    frequency_hz, bandwidth_hz
):
    n, floor = 6000, 1e-4
    f = bin_frequency_hz(n, fs=FS)
    density = lorentzian(f, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, power=0.25)
    # The floor is taken at 18-45 Hz, where the flank of the line is not yet gone.
    flank = density[(f >= 18) & (f <= 45)].mean()
    found = measured(
        density[None] + floor, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, n=n
    )
    span_hz = 2 * max(2.0, 3 * bandwidth_hz)
    lost = flank * span_hz / 0.25
    assert_allclose(found.mean_square_ms2sq, 0.25, rtol=lost + 2e-3)
    assert lost < 0.03
    # Travel is defined on the span from half the line frequency on.
    low_hz = max(frequency_hz - span_hz / 2, 2.5, 0.5 * frequency_hz)
    inside = (f >= low_hz) & (f <= frequency_hz + span_hz / 2)
    mean_square_m2 = (density[inside] / (2 * np.pi * f[inside]) ** 4).sum() * FS / n
    assert_allclose(found.mean_square_m2, mean_square_m2, rtol=3 * lost + 2e-3)


def test_where_the_floor_leaves_nothing_the_fit_stands_in():
    n = 400
    found = measured(
        np.full((1, n // 2 + 1), 1e-3), frequency_hz=8.0, bandwidth_hz=0.5, n=n, fitted=4e-4
    )
    assert_allclose(found.mean_square_ms2sq, 4e-4, rtol=1e-12)
    assert_allclose(found.mean_square_m2, 4e-4 / (2 * np.pi * 8.0) ** 4, rtol=1e-12)


def test_power_scales_and_the_input_is_left_alone():
    n = 400
    density = np.random.default_rng(3).exponential(size=(4, n // 2 + 1))
    density[:, 30:34] += 100.0
    before = density.copy()
    density.flags.writeable = False
    arguments = {"frequency_hz": np.full(4, 8.0), "bandwidth_hz": np.full(4, 0.4), "n": n}
    one, other = measured(density, **arguments), measured(4.0 * density, **arguments)
    assert_allclose(other.mean_square_ms2sq, 4.0 * one.mean_square_ms2sq, rtol=1e-12)
    assert_allclose(other.mean_square_m2, 4.0 * one.mean_square_m2, rtol=1e-12)
    assert_array_equal(density, before)
