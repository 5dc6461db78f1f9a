"""Spectra of windows: periodogram, cross-spectral matrix, polarisation, band power, noise floor.

All spectra are one-sided densities: a periodogram summed over its bins times the bin width is the
mean square of the window. Windows are rectangular unless a function states otherwise, because the
line model (`tremor.measures.line`) accounts for leakage. Fits to spectra are `tremor.measures`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats, read_only
from tremor.settings import NOISE_FLOOR, SPECTRUM

__all__ = [
    "Principal",
    "band_bins",
    "bin_frequency_hz",
    "hann_psd",
    "hann_psd_of_line",
    "noise_floor",
    "power_in",
    "principal_component",
    "psd",
    "smooth",
    "transform",
]

#: Windows are tapered and transformed in batches of this many numbers, which stay in the cache.
_BATCH_SIZE: Final = 16 * 1200

Complexes = npt.NDArray[np.complex128]


def bin_frequency_hz(n_samples: int, *, fs: float) -> Floats:
    """Return the frequencies of the bins of `transform`.

    Parameters
    ----------
    n_samples : int
        Length of the window, including its padding.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (n_samples // 2 + 1,)
        Hz.
    """
    return np.asarray(np.fft.rfftfreq(n_samples, 1.0 / fs), dtype=np.float64)


def transform(samples: Floats, *, fs: float, pad: int = 1) -> Complexes:
    """Compute the Fourier transform of windows whose squared modulus is the one-sided PSD.

    Parameters
    ----------
    samples : ndarray, shape (..., n_samples)
        Windows, time along the last axis.
    fs : float
        Sampling rate, Hz.
    pad : int
        The window is padded with zeros to this many times its length.

    Returns
    -------
    ndarray of complex, shape (..., pad * n_samples // 2 + 1)
        In (unit of the samples)/sqrt(Hz). The constant and the Nyquist bin, which have no negative
        counterpart, are too large by a factor of sqrt(2).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=1000)
    >>> x -= x.mean()
    >>> power = np.sum(np.abs(transform(x, fs=100.0)[1:-1]) ** 2) * 0.1
    >>> bool(abs(power / np.mean(x**2) - 1.0) < 0.01)
    True
    """
    n_samples = samples.shape[-1]
    spectrum = np.fft.rfft(samples, n=pad * n_samples, axis=-1)
    spectrum *= np.sqrt(2.0 / (fs * n_samples))
    return np.asarray(spectrum, dtype=np.complex128)


def psd(spectrum: Complexes) -> Floats:
    """Compute the PSD of a transform, summed over the axes.

    Parameters
    ----------
    spectrum : ndarray of complex, shape (..., 3, m)
        Result of `transform`.

    Returns
    -------
    ndarray, shape (..., m)
        In (unit of the samples)^2/Hz; the same for every orientation of the sensor.
    """
    power: Floats = spectrum.real**2 + spectrum.imag**2
    return np.asarray(power[..., 0, :] + power[..., 1, :] + power[..., 2, :])


def hann_psd(samples: Floats, *, fs: float) -> Floats:
    """Compute the PSD of detrended, Hann-tapered windows, summed over the axes.

    Parameters
    ----------
    samples : ndarray, shape (..., 3, n_samples)
        Windows, time along the last axis.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    ndarray, shape (..., n_samples // 2 + 1)
        In (unit of the samples)^2/Hz. The taper keeps strong slow movement from leaking into
        higher bins.
    """
    n_samples = samples.shape[-1]
    taper, trend, tapered_trend = _hann_without_trend(n_samples, fs)
    n_windows = math.prod(samples.shape[:-2])
    windows = samples.reshape(n_windows, *samples.shape[-2:])
    density = np.empty((len(windows), n_samples // 2 + 1))
    size = max(1, min(len(windows), _BATCH_SIZE // (windows.shape[1] * n_samples)))
    # The same memory for each batch: it stays in the cache.
    shape = (size, *windows.shape[1:])
    tapered, slow = np.empty(shape), np.empty(shape)
    spectrum = np.empty((*shape[:-1], n_samples // 2 + 1), dtype=np.complex128)
    power = np.empty(spectrum.shape)
    for first in range(0, len(windows), size):
        # One layout and one product per window: alone it gives the same bits as among others.
        batch = np.ascontiguousarray(windows[first : first + size])
        n = len(batch)
        np.multiply(batch, taper, out=tapered[:n])
        tapered[:n] -= np.matmul(batch @ trend, tapered_trend, out=slow[:n])
        np.fft.rfft(tapered[:n], axis=-1, out=spectrum[:n])
        np.square(spectrum[:n].real, out=power[:n])
        power[:n] += np.square(spectrum[:n].imag)
        power[:n].sum(axis=1, out=density[first : first + n])
    return density.reshape(*samples.shape[:-2], n_samples // 2 + 1)


@lru_cache(maxsize=8)
def _hann_without_trend(n_samples: int, fs: float) -> tuple[Floats, Floats, Floats]:
    """Return the taper, orthonormal constant and slope (n, 2), and these two tapered (2, n)."""
    time = np.arange(n_samples) - (n_samples - 1) / 2.0
    trend = np.stack([np.ones(n_samples), time], axis=1)
    trend /= np.sqrt(np.square(trend).sum(axis=0))
    taper = _hann(n_samples) * np.sqrt(2.0 / (fs * n_samples))
    return read_only(taper), read_only(trend), read_only(np.ascontiguousarray(trend.T) * taper)


def _hann(n_samples: int) -> Floats:
    """Return the Hann taper of mean square 1."""
    taper = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(n_samples) + 0.5) / n_samples)
    return np.asarray(taper / np.sqrt(np.mean(taper**2)))


def hann_psd_of_line(
    n_samples: int,
    *,
    fs: float,
    frequency_hz: float,
    bandwidth_hz: float,
    mean_square: float,
    floor: float,
) -> Floats:
    """Compute the expected `hann_psd` of a Lorentzian line above a floor.

    Parameters
    ----------
    n_samples : int
        Length of the window.
    fs : float
        Sampling rate, Hz.
    frequency_hz, bandwidth_hz : float
        Centre and half-power full width of the line, Hz.
    mean_square : float
        Power of the line, (unit of the samples)^2.
    floor : float
        Density of the floor, (unit of the samples)^2/Hz.

    Returns
    -------
    ndarray, shape (n_samples // 2 + 1,)
        In (unit of the samples)^2/Hz.

    Notes
    -----
    The Fourier transform of the autocovariance of the line times the autocorrelation of the taper:
    exact for any bandwidth.
    """
    taper = _hann(n_samples)
    padded = np.fft.rfft(taper, n=2 * n_samples)
    overlap = np.fft.irfft(padded.real**2 + padded.imag**2, n=2 * n_samples)[:n_samples]
    lag_s = np.arange(n_samples) / fs
    covariance = np.exp(-np.pi * bandwidth_hz * lag_s) * np.cos(2.0 * np.pi * frequency_hz * lag_s)
    covariance *= mean_square * overlap / n_samples
    covariance[0] /= 2.0
    density = 4.0 / fs * np.fft.rfft(covariance, n=2 * n_samples).real[::2]
    return np.asarray(np.maximum(density[: n_samples // 2 + 1], 0.0) + floor)


def band_bins(n_samples: int, *, fs: float, low_hz: float, high_hz: float) -> slice:
    """Return the bins whose frequencies lie in a closed band.

    Parameters
    ----------
    n_samples : int
        Length of the window, including its padding.
    fs : float
        Sampling rate, Hz.
    low_hz, high_hz : float
        Limits of the band, Hz.

    Returns
    -------
    slice
        Of the last axis of a spectrum; without the constant and the Nyquist bin.

    Examples
    --------
    >>> band_bins(400, fs=100.0, low_hz=3.0, high_hz=15.0)
    slice(12, 61, None)
    """
    width = fs / n_samples
    first = max(1, int(np.ceil(low_hz / width - 1e-9)))
    last = min((n_samples - 1) // 2, int(np.floor(high_hz / width + 1e-9)))
    return slice(first, max(first, last + 1))


def power_in(density: Floats, bins: slice, *, bin_width_hz: float) -> Floats:
    """Integrate a density over bins.

    Parameters
    ----------
    density : ndarray, shape (..., m)
        A PSD, power/Hz.
    bins : slice
        As returned by `band_bins`.
    bin_width_hz : float
        Hz.

    Returns
    -------
    ndarray, shape (...)
        Power.
    """
    return np.asarray(density[..., bins].sum(axis=-1) * bin_width_hz)


def smooth(density: Floats, n_bins: int) -> Floats:
    """Compute the moving average of a density over an odd number of bins.

    Parameters
    ----------
    density : ndarray, shape (..., m)
        A PSD, power/Hz.
    n_bins : int
        Number of bins; an even number is raised by one. Beyond the ends the last value is repeated.

    Returns
    -------
    ndarray, shape (..., m)
        The averaged density, power/Hz.
    """
    half = min(n_bins, density.shape[-1]) // 2
    if half < 1:
        return density
    m, width = density.shape[-1], 2 * half + 1
    total = np.empty((*density.shape[:-1], m + width))
    total[..., : half + 1] = density[..., :1]
    total[..., half + 1 : half + 1 + m] = density
    total[..., half + 1 + m :] = density[..., -1:]
    np.cumsum(total, axis=-1, out=total)
    mean = total[..., width:] - total[..., :-width]
    mean /= width
    return mean


def noise_floor(
    density: Floats, *, fs: float, n_samples: int, band_hz: tuple[float, float]
) -> Floats:
    """Estimate the noise floor of a PSD that is summed over the axes.

    Parameters
    ----------
    density : ndarray, shape (..., n_samples // 2 + 1)
        (m/s^2)^2/Hz.
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the window.
    band_hz : tuple of float
        Lower and upper limit of the band of interest, Hz.

    Returns
    -------
    ndarray, shape (...)
        (m/s^2)^2/Hz.

    Notes
    -----
    The mean of the PSD from 1.2 to 3 times the upper band limit (18-45 Hz), or up to 90 % of the
    Nyquist frequency, without those parts that hold a line themselves: a motor, a mode of the
    strap, a harmonic. Parts 1.5 Hz wide are compared with a low quantile of all of them; on a flat
    floor none is left out. Where that leaves under a tenth of the band, or far more than the band
    itself holds at its lowest, the 20 % quantile of the band is scaled to a mean.
    """
    low_hz = NOISE_FLOOR.low_factor * band_hz[1]
    high_hz = min(NOISE_FLOOR.high_factor * band_hz[1], SPECTRUM.nyquist_share * fs / 2.0)
    bins = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
    band = band_bins(n_samples, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    # A periodogram ordinate summed over three axes is a sum of three exponential variables.
    at = int(NOISE_FLOOR.band_quantile * (band.stop - band.start))
    lowest = np.partition(density[..., band], at, axis=-1)[..., at] / NOISE_FLOOR.quantile_over_mean
    least_share = int(NOISE_FLOOR.least_band_share * (band.stop - band.start))
    if bins.stop - bins.start < max(NOISE_FLOOR.least_bins, least_share):
        return np.asarray(lowest)
    above = _mean_without_lines(density[..., bins], bin_width_hz=fs / n_samples)
    return np.asarray(np.where(above > NOISE_FLOOR.most_over_band * lowest, lowest, above))


def _mean_without_lines(density: Floats, *, bin_width_hz: float) -> Floats:
    """Average a PSD over its bins, leaving out the parts that stand out of the others."""
    count = density.shape[-1]
    width = max(NOISE_FLOOR.least_bins, round(NOISE_FLOOR.part_hz / bin_width_hz))
    n_parts = max(1, count // width)
    width = count // n_parts
    parts = density[..., : n_parts * width].reshape(*density.shape[:-1], n_parts, width)
    level = parts.mean(axis=-1)
    at = int(NOISE_FLOOR.part_quantile * n_parts)
    usual = np.partition(level, at, axis=-1)[..., at, None]
    chance = max(NOISE_FLOOR.least_rise, NOISE_FLOOR.rise_sd / np.sqrt(width))
    kept = level <= (1.0 + chance) * usual
    return np.asarray(np.where(kept, level, 0.0).sum(axis=-1) / kept.sum(axis=-1))


@dataclass(frozen=True, eq=False, slots=True)
class Principal:
    """The principal motion in a band, along a line or an ellipse.

    Parameters
    ----------
    density : ndarray, shape (..., m)
        PSD of that motion, (unit of the samples)^2/Hz.
    polarisation : ndarray, shape (...)
        Its share of the power of the band: 1/3 for isotropic motion, 1 for a single coherent
        motion.
    """

    density: Floats
    polarisation: Floats


def principal_component(spectrum: Complexes) -> Principal:
    """Project on the top eigenvector of the Hermitian cross-spectral matrix.

    Parameters
    ----------
    spectrum : ndarray of complex, shape (..., 3, m)
        The bins of the band, a part of the result of `transform`.

    Returns
    -------
    Principal
        The principal motion of each window, unchanged by rotating the sensor.

    Notes
    -----
    The complex eigenvector holds the phases between the axes, so that an ellipse is a single
    motion; a real one (PCA of the samples) would lose the quadrature part.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(400) / 100.0
    >>> circle = np.stack([np.cos(50 * t), np.sin(50 * t), 0 * t])
    >>> found = principal_component(transform(circle, fs=100.0)[:, 20:60])
    >>> bool(found.polarisation > 0.99)
    True
    """
    matrix = spectrum @ np.conj(np.swapaxes(spectrum, -1, -2))
    values, vectors = np.linalg.eigh(matrix)
    top = np.conj(vectors[..., :, -1])[..., None, :]
    projected = (top @ spectrum)[..., 0, :]
    total = np.maximum(values.sum(axis=-1), np.finfo(np.float64).tiny)
    return Principal(
        density=np.asarray(projected.real**2 + projected.imag**2),
        polarisation=np.asarray(values[..., -1] / total),
    )
