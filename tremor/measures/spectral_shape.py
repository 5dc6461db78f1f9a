"""Scores of the spectrum of a window: how much power lies where, and how its peak stands out."""

from __future__ import annotations

import numpy as np

from tremor.dsp.spectrum import band_bins, noise_floor, power_in, smooth
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
        ``peak_hz`` and ``edge_distance_hz``, Hz; ``peak_fraction``, power within 0.75 Hz over
        that of the band; ``peak_over_floor``, peak over the median PSD of the band;
        ``valley_ratio``, peak over the lowest PSD between 1.5 Hz and the peak.
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
    peak = band.start + np.argmax(smoothed[:, band], axis=-1)
    height = np.take_along_axis(smoothed, peak[:, None], axis=-1)[:, 0]
    bins = np.arange(density.shape[-1])
    near = np.abs(bins - peak[:, None]) <= round(PEAK.half_width_hz / width_hz)
    in_share = (bins >= share.start) & (bins < share.stop)
    total = np.maximum(density[:, share].sum(axis=-1), 1e-300)
    first_valley = max(1, round(PEAK.valley_low_hz / width_hz))
    before = (bins >= first_valley) & (bins <= peak[:, None])
    valley = np.where(before, smoothed, np.inf).min(axis=-1)
    return {
        "peak_hz": peak * width_hz,
        "edge_distance_hz": np.minimum(peak * width_hz - low_hz, high_hz - peak * width_hz),
        "peak_fraction": np.where(near & in_share, density, 0.0).sum(axis=-1) / total,
        "peak_over_floor": height / np.maximum(np.median(density[:, share], axis=-1), 1e-300),
        "valley_ratio": height / np.maximum(valley, 1e-300),
    }
