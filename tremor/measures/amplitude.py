"""RMS acceleration and displacement around a line, from the spectrum of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import NYQUIST_SHARE, bin_frequency_hz, noise_floor
from tremor.measures.whittle import half_span_hz, reach_hz
from tremor.recording import Floats

__all__ = ["LinePower", "power_around", "typical_peak_to_peak_mm"]

_LEAST_SPAN_SHARE: Final = 0.5  # of the half span of the fit: 2 Hz for 3-15 Hz
_SPAN_BANDWIDTHS: Final = 3.0
#: Below this share of the line frequency a displacement spectrum holds only sway.
_DISPLACEMENT_LOW_SHARE: Final = 0.5
#: With less than this share of the fitted power left above the floor, the fit stands in.
_LEAST_SHARE: Final = 0.05


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
) -> LinePower:
    """Integrate the axis-summed PSD, floor removed, around each line.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_bins)
        Axis-summed PSD, (m/s^2)^2/Hz.
    frequency_hz, bandwidth_hz : ndarray, shape (n_windows,)
        The lines, Hz.
    fitted_ms2sq : ndarray, shape (n_windows,)
        Power of the fitted lines; it stands in where the floor leaves next to nothing.
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the windows.
    band_hz : tuple of float
        Band of the search, Hz.

    Returns
    -------
    LinePower
        The acceleration takes a span of three bandwidths on each side, 2 Hz at least, and puts
        back what the flanks of the Lorentzian hold outside of it; the displacement divides the
        same span by (2 pi f)^4.

    Notes
    -----
    Displacement is taken in the spectrum: integrating samples twice drifts.
    """
    bin_width_hz = fs / n_samples
    frequency = bin_frequency_hz(n_samples, fs=fs)
    floor = noise_floor(density, fs=fs, n_samples=n_samples, band_hz=band_hz)
    span_hz = np.maximum(_LEAST_SPAN_SHARE * half_span_hz(band_hz), _SPAN_BANDWIDTHS * bandwidth_hz)
    low_hz = np.maximum(frequency_hz - span_hz, reach_hz(band_hz)[0])
    high_hz = np.minimum(frequency_hz + span_hz, NYQUIST_SHARE * fs / 2.0)
    inside = (frequency >= low_hz[:, None]) & (frequency <= high_hz[:, None])
    half_width = np.maximum(bandwidth_hz, 1e-6) / 2.0
    held = (
        np.arctan((high_hz - frequency_hz) / half_width)
        + np.arctan((frequency_hz - low_hz) / half_width)
    ) / np.pi
    excess = np.where(inside, density - floor[:, None], 0.0)
    power = excess.sum(axis=-1) * bin_width_hz / held
    power = np.where(power > _LEAST_SHARE * fitted_ms2sq, power, fitted_ms2sq)
    fast_enough = frequency >= _DISPLACEMENT_LOW_SHARE * frequency_hz[:, None]
    weight = (2.0 * np.pi * np.maximum(frequency, bin_width_hz)) ** -4.0
    displacement = np.where(fast_enough, excess * weight, 0.0).sum(axis=-1) * bin_width_hz
    at_centre = power * (2.0 * np.pi * frequency_hz) ** -4.0
    return LinePower(
        mean_square_ms2sq=power,
        mean_square_m2=np.where(displacement > _LEAST_SHARE * at_centre, displacement, at_centre),
    )


def typical_peak_to_peak_mm(mean_square_m2: npt.ArrayLike) -> Floats:
    """Turn a mean square displacement into the peak-to-peak travel of the sine of that power.

    Parameters
    ----------
    mean_square_m2 : array_like
        m^2.

    Returns
    -------
    ndarray
        mm.

    Examples
    --------
    >>> float(typical_peak_to_peak_mm(0.5e-6))  # a sine of 1 mm amplitude
    2.0
    """
    return np.asarray(2e3 * np.sqrt(2.0 * np.asarray(mean_square_m2, dtype=np.float64)))
