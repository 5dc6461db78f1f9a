"""RMS acceleration and displacement of a line, from the spectrum of a window.

Their intervals are made where the line is fitted, in `tremor.measures.line_table` and
`tremor.measures.pooled`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import bin_frequency_hz, noise_floor
from tremor.measures.band import half_span_hz, reach_hz
from tremor.recording import Floats
from tremor.settings import LINE_POWER, SPECTRUM

__all__ = ["LinePower", "power_around", "typical_peak_to_peak_mm"]


@dataclass(frozen=True, eq=False, slots=True)
class LinePower:
    """Power of lines over the three axes.

    Parameters
    ----------
    mean_square_ms2sq : ndarray, shape (n_windows,)
        Of the acceleration vector, (m/s^2)^2.
    mean_square_m2 : ndarray, shape (n_windows,)
        Of the displacement vector, m^2.
    """

    mean_square_ms2sq: Floats
    mean_square_m2: Floats


def power_around(
    density: Floats,
    *,
    frequency_hz: Floats,
    bandwidth_hz: Floats,
    fitted_ms2sq: Floats,
    fs: float,
    n_samples: int,
    band_hz: tuple[float, float],
    most_hz: Floats | float = np.inf,
) -> LinePower:
    """Integrate the axis-summed PSD, floor removed, around each line.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_bins)
        Axis-summed PSD, (m/s^2)^2/Hz.
    frequency_hz, bandwidth_hz : ndarray, shape (n_windows,)
        The lines, Hz.
    fitted_ms2sq : ndarray, shape (n_windows,)
        Power of the fitted lines, (m/s^2)^2; used where next to nothing is left above the floor.
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the windows.
    band_hz : tuple of float
        Band of the search, Hz.
    most_hz : ndarray, shape (n_windows,), or float
        Highest frequency of the integral, Hz: below a second harmonic.

    Returns
    -------
    LinePower
        Acceleration and displacement of each line.

    Notes
    -----
    The PSD of the acceleration is integrated over three bandwidths on each side, at least 2 Hz for
    a band of 3-15 Hz, and corrected for the flanks of the Lorentzian outside of them. For the
    displacement the same bins are divided by (2 pi f)^4, because samples that are integrated twice
    drift.
    """
    bin_width_hz = fs / n_samples
    frequency = bin_frequency_hz(n_samples, fs=fs)
    floor = noise_floor(density, fs=fs, n_samples=n_samples, band_hz=band_hz)
    span_hz = np.maximum(
        LINE_POWER.least_span_share * half_span_hz(band_hz),
        LINE_POWER.span_bandwidths * bandwidth_hz,
    )
    low_hz = np.maximum(frequency_hz - span_hz, reach_hz(band_hz)[0])
    highest_hz = np.minimum(SPECTRUM.nyquist_share * fs / 2.0, most_hz)
    high_hz = np.minimum(frequency_hz + span_hz, highest_hz)
    inside = (frequency >= low_hz[:, None]) & (frequency <= high_hz[:, None])
    half_width = np.maximum(bandwidth_hz, 1e-6) / 2.0
    share_inside = (
        np.arctan((high_hz - frequency_hz) / half_width)
        + np.arctan((frequency_hz - low_hz) / half_width)
    ) / np.pi
    excess = np.where(inside, density - floor[:, None], 0.0)
    power = excess.sum(axis=-1) * bin_width_hz / share_inside
    power = np.where(power > LINE_POWER.least_share * fitted_ms2sq, power, fitted_ms2sq)
    fast_enough = frequency >= LINE_POWER.displacement_low_share * frequency_hz[:, None]
    weight = (2.0 * np.pi * np.maximum(frequency, bin_width_hz)) ** -4.0
    displacement = np.where(fast_enough, excess * weight, 0.0).sum(axis=-1) * bin_width_hz
    at_centre = power * (2.0 * np.pi * frequency_hz) ** -4.0
    return LinePower(
        mean_square_ms2sq=power,
        mean_square_m2=np.where(
            displacement > LINE_POWER.least_share * at_centre, displacement, at_centre
        ),
    )


def typical_peak_to_peak_mm(mean_square_m2: npt.ArrayLike) -> Floats:
    """Convert a mean square displacement to the peak-to-peak travel of a sine of that power.

    Parameters
    ----------
    mean_square_m2 : array_like, shape (...)
        Mean square displacement, m^2.

    Returns
    -------
    ndarray, shape (...)
        Peak-to-peak displacement, mm.

    Examples
    --------
    >>> float(typical_peak_to_peak_mm(0.5e-6))  # a sine of 1 mm amplitude
    2.0
    """
    return np.asarray(2e3 * np.sqrt(2.0 * np.asarray(mean_square_m2, dtype=np.float64)))
