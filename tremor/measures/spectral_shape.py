"""Scores of the spectrum of a window: how much power lies where, and how its peak stands out."""

from __future__ import annotations

import numpy as np

from tremor.dsp.spectrum import band_bins, noise_floor, power_in, smooth
from tremor.measures.harmonics import find_harmonics
from tremor.recording import Floats
from tremor.settings import PEAK

__all__ = ["band_levels", "peak_shape"]


def band_levels(
    density: Floats, *, n_samples: int, fs: float, band_hz: tuple[float, float]
) -> dict[str, Floats]:
    """Measure the RMS of slow movement, of the band and of the noise floor.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_samples // 2 + 1)
        PSD as `tremor.dsp.spectrum.hann_psd` returns it, (m/s^2)^2/Hz. It is summed over the axes,
        so that rotating the sensor changes nothing.
    n_samples : int
        Length of the windows.
    fs : float
        Sampling rate, Hz.
    band_hz : tuple of float
        Band as `tremor.measures.band.usable_band` returns it, Hz.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``low_rms_ms2``, RMS in 0.5-3 Hz; ``band_rms_ms2``, RMS in the band, floor removed;
        ``floor_rms_ms2``, RMS of the floor alone in the band; all m/s^2.
    """
    width_hz = fs / n_samples
    low_hz, high_hz = band_hz
    band = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    slow_low_hz, slow_high_hz = PEAK.low_band_hz
    slow = band_bins(n_samples, fs=fs, low_hz=slow_low_hz, high_hz=slow_high_hz)
    floor = noise_floor(density, fs=fs, n_samples=n_samples, band_hz=(low_hz, high_hz))
    above_floor = power_in(density, band, bin_width_hz=width_hz) - floor * (high_hz - low_hz)
    return {
        "low_rms_ms2": np.sqrt(power_in(density, slow, bin_width_hz=width_hz)),
        "band_rms_ms2": np.sqrt(np.maximum(above_floor, 0.0)),
        "floor_rms_ms2": np.sqrt(floor * (high_hz - low_hz)),
    }


def peak_shape(
    density: Floats, *, n_samples: int, fs: float, band_hz: tuple[float, float]
) -> dict[str, Floats]:
    """Find the peak of each spectrum and measure how it stands out.

    Parameters
    ----------
    density, n_samples, fs, band_hz
        As for `band_levels`.

    Returns
    -------
    dict of str to ndarray, shape (n_windows,)
        ``peak_hz`` and ``edge_distance_hz``, Hz, of the fundamental; ``has_second``, 1 where it
        has a second harmonic; ``peak_fraction``, power within 0.75 Hz of it and, where it has
        one, of its harmonics, over that of the band; ``peak_over_floor``, the strongest peak over
        the median PSD of the band; ``valley_ratio``, the fundamental over the lowest PSD between
        1.5 Hz and it.
    """
    width_hz = fs / n_samples
    low_hz, high_hz = band_hz
    band = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    share = band_bins(
        n_samples,
        fs=fs,
        low_hz=PEAK.share_low_factor * low_hz,
        high_hz=PEAK.share_high_factor * high_hz,
    )

    # Bins above the band do not matter for the peak: leave them out of what follows.
    n_smooth = round(PEAK.smoothing_hz / width_hz)
    density = np.ascontiguousarray(density[:, : share.stop + n_smooth + 1])
    smoothed = smooth(density, n_smooth)
    strongest = band.start + np.argmax(smoothed[:, band], axis=-1)
    found = find_harmonics(
        density,
        strongest * width_hz,
        bin_width_hz=width_hz,
        limits_hz=(low_hz, share.stop * width_hz),
    )
    peak_hz = found.fundamental_hz
    peak = np.round(peak_hz / width_hz).astype(np.int64)
    height, highest = (
        np.take_along_axis(smoothed, at[:, None], axis=-1)[:, 0] for at in (peak, strongest)
    )
    bins = np.arange(density.shape[-1])
    half = round(PEAK.half_width_hz / width_hz)
    near = np.abs(bins - peak[:, None]) <= half
    rows = np.flatnonzero(found.has_second)
    for order in (2, 3):
        near[rows] |= np.abs(bins - order * peak[rows, None]) <= half
    in_share = (bins >= share.start) & (bins < share.stop)
    total = np.maximum(density[:, share].sum(axis=-1), 1e-300)
    first_valley = max(1, round(PEAK.valley_low_hz / width_hz))
    before = (bins >= first_valley) & (bins <= peak[:, None])
    valley = np.where(before, smoothed, np.inf).min(axis=-1)
    return {
        "peak_hz": peak_hz,
        "has_second": found.has_second.astype(np.float64),
        "edge_distance_hz": np.minimum(peak_hz - low_hz, high_hz - peak_hz),
        "peak_fraction": np.where(near & in_share, density, 0.0).sum(axis=-1) / total,
        "peak_over_floor": highest / np.maximum(np.median(density[:, share], axis=-1), 1e-300),
        "valley_ratio": height / np.maximum(valley, 1e-300),
    }
