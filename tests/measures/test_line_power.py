"""The power at a known frequency: exact for a line above a floor, whatever else is in the band."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.dsp.spectrum import hann_psd, hann_psd_of_line
from tremor.measures.line_power import line_power

FS, N = 100.0, 400


def expected_psd(power, *, floor=1e-3, frequency_hz=7.3, bandwidth_hz=0.8):
    """The mean PSD of windows, one for each power."""
    line = hann_psd_of_line(
        N, fs=FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, mean_square=1.0, floor=0.0
    )
    return np.asarray(power)[:, None] * line + np.broadcast_to(floor, len(power))[:, None]


def measured(density):
    return line_power(
        density, n_samples=N, fs=FS, frequency_hz=7.3, bandwidth_hz=0.8, half_width_hz=1.3
    )


def test_a_line_above_a_flat_floor_is_measured_exactly():
    power = np.geomspace(1.0, 1e-4, 40)
    found = measured(expected_psd(power))
    assert_allclose(found.total - found.floor, power, rtol=1e-9)


def test_a_floor_that_falls_is_taken_off():
    """As a heart that calms down: eight times the floor at first, and twice the line."""
    power, floor = np.full(60, 0.01), np.geomspace(8e-3, 1e-3, 60)
    found = measured(expected_psd(power, floor=floor))
    assert_allclose((found.total - found.floor)[5:-5], 0.01, rtol=0.15)


def test_a_second_line_beside_it_is_not_taken_for_the_floor():
    power = np.full(30, 0.01)
    density = expected_psd(power) + expected_psd(np.full(30, 0.01), floor=0.0, frequency_hz=9.8)
    found = measured(density)
    assert_allclose(found.total - found.floor, 0.01, rtol=0.1)


def test_windows_of_noise_scatter_as_they_are_said_to():
    rng = np.random.default_rng(2)
    found = measured(hann_psd(0.1 * rng.standard_normal((800, 3, N)), fs=FS))
    relative = np.std(found.total) / np.mean(found.total)
    assert_allclose(np.sqrt(np.median(found.relative_variance)), relative, rtol=0.35)
    assert_allclose(np.mean(found.total), found.floor, rtol=0.1)


@pytest.mark.parametrize("frequency_hz", [2.2, 44.0])
def test_a_line_at_an_end_of_the_spectrum_has_one_side(frequency_hz):
    density = expected_psd(np.full(20, 0.02), frequency_hz=frequency_hz)
    found = line_power(
        density, n_samples=N, fs=FS, frequency_hz=frequency_hz, bandwidth_hz=0.8, half_width_hz=1.3
    )
    assert_allclose(found.total - found.floor, 0.02, rtol=1e-6)


def test_a_window_below_its_floor_keeps_a_positive_power():
    density = expected_psd(np.zeros(30))
    density[15, :100] = 0.0
    assert (measured(density).total > 0.0).all()


def test_a_window_in_which_nothing_is_left_is_unsure():
    """Absent between two others: its power is next to nothing, and nobody knows how much."""
    power = np.full(40, 0.1)
    power[15:25] = 0.0
    found = measured(expected_psd(power, floor=np.where(power > 0.0, 1e-3, 1e-9)))
    quiet = np.arange(19, 21)
    assert (found.total[quiet] < 0.02).all()
    assert (found.relative_variance[quiet] > 0.01).all()
