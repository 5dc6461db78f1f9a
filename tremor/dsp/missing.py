"""Interpolation of missing samples by their conditional mean in a stationary process.

The movement of a window is taken as slow cosines plus an autoregressive process whose coefficients
the three axes share. Both are fitted to the samples that are there, and the missing ones are
replaced by what the fit expects of them, given all others. How much power that expectation lacks is
known as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats
from tremor.dsp.filters import remove_slow
from tremor.dsp.spectrum import band_bins
from tremor.settings import MISSING

__all__ = ["Filled", "fill_missing"]

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

#: Estimates of the process; each after the first takes the samples that the one before filled in.
_ROUNDS: Final = 4
#: White noise that is added to the covariance, over its variance, so that it can be inverted.
_RIDGE: Final = 1e-5
#: Quantile of the spectrum that the lowest bins are raised to where holes make them negative.
_FLOOR_QUANTILE: Final = 0.1
_LEAST_FLOOR_SHARE: Final = 1e-3
#: Longer windows are filled piece by piece: the cost grows with the cube of what is missing.
_MOST_SAMPLES: Final = 1000
#: Numbers of the covariances that are held at once.
_NUMBERS_AT_ONCE: Final = 500_000


@dataclass(frozen=True, eq=False, slots=True)
class Filled:
    """Windows without missing samples.

    Parameters
    ----------
    samples : ndarray, shape (n_windows, 3, n_samples)
        In the unit of the samples. What is faster than the cut-off is scaled so that it has the
        power of the process in the band.
    unknown_share : ndarray, shape (n_windows,)
        Share of the power in the band that the samples that are there leave unknown.
    """

    samples: Floats
    unknown_share: Floats


def fill_missing(
    windows: Floats, *, fs: float, cutoff_hz: float, band_hz: tuple[float, float]
) -> Filled:
    """Replace missing samples by their conditional mean, given those that are there.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, 3, n_samples)
        NaN in all axes where a sample is missing.
    fs : float
        Sampling rate, Hz.
    cutoff_hz : float
        Cut-off between the slow cosines and the process, Hz.
    band_hz : tuple of float
        Band whose power is preserved, Hz.

    Returns
    -------
    Filled
        The result of a window does not depend on the others, and turns with the sensor.

    Notes
    -----
    With the precision matrix ``Q`` of the process, the inverse of its covariance, the missing
    samples have the conditional mean ``-inv(Q_mm) Q_mo y_o`` and the conditional covariance
    ``inv(Q_mm)``. Process and samples are estimated in turn, that covariance added to the
    autocovariance of the filled samples (EM algorithm).

    References
    ----------
    Janssen, Veldhuis and Vries (1986), Adaptive interpolation of discrete-time signals that can be
    modeled as autoregressive processes, IEEE Trans. ASSP 34, 317-330,
    doi:10.1109/TASSP.1986.1164824. Dempster, Laird and Rubin (1977), Maximum likelihood from
    incomplete data via the EM algorithm, J. R. Stat. Soc. B 39, 1-38.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(400) / 100.0
    >>> whole = 9.81 + np.random.default_rng(0).normal(0, 0.01, (1, 3, 400))
    >>> whole += 0.3 * np.sin(2 * np.pi * 8.0 * t)
    >>> holed = whole.copy()
    >>> holed[..., 200:208] = np.nan
    >>> filled = fill_missing(holed, fs=100.0, cutoff_hz=1.5, band_hz=(3.0, 15.0))
    >>> bool(np.abs(filled.samples - whole).max() < 0.05), bool(filled.unknown_share[0] < 0.01)
    (True, True)
    """
    n = windows.shape[-1]
    samples, share = np.empty(windows.shape), np.zeros(len(windows))
    edges = np.linspace(0, n, max(1, -(-n // _MOST_SAMPLES)) + 1).astype(np.int64).tolist()
    for begin, end in pairwise(edges):
        part = windows[..., begin:end]
        missing = np.isnan(part[:, 0, :])
        count = np.count_nonzero(missing, axis=1)
        samples[..., begin:end] = part
        share[count == end - begin] += (end - begin) / n
        for rows in _rows_alike(np.where(count < end - begin, count, 0)):
            filled, unknown = _fill(
                np.ascontiguousarray(part[rows]),
                missing[rows],
                fs=fs,
                cutoff_hz=cutoff_hz,
                band_hz=band_hz,
            )
            samples[rows, :, begin:end] = filled
            share[rows] += unknown * (end - begin) / n
    # A piece of which nothing is there.
    empty = np.isnan(samples[:, 0, :])
    rows = np.flatnonzero(empty.any(axis=1))
    if rows.size:
        samples[rows] = _bridged(samples[rows], empty[rows], round(0.5 * fs / cutoff_hz))
    return Filled(samples, share)


def _rows_alike(count: Indices) -> Iterator[Indices]:
    """Yield the rows of windows that miss the same number of samples, a few at a time."""
    for n_missing in np.unique(count[count > 0]).tolist():
        rows = np.flatnonzero(count == n_missing)
        size = max(1, _NUMBERS_AT_ONCE // n_missing**2)
        for first in range(0, len(rows), size):
            yield rows[first : first + size]


def _fill(
    windows: Floats, missing: Bools, *, fs: float, cutoff_hz: float, band_hz: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Fill windows that miss the same number of samples; return them and the unknown share."""
    n = windows.shape[-1]
    order = max(MISSING.least_order, min(round(MISSING.order_s * fs), n // 4))
    at = np.nonzero(missing)[1].reshape(len(windows), -1)
    filled = _bridged(windows, missing, round(0.5 * fs / cutoff_hz))
    fast = remove_slow(filled, fs=fs, cutoff_hz=cutoff_hz)
    lags = _lags_of_known(fast, missing, order, fs=fs)
    for number in range(_ROUNDS):
        slow = filled - fast
        lags[:, 0] *= 1.0 + _RIDGE
        coefficients, innovation = _levinson(lags)
        fast[np.broadcast_to(missing[:, None, :], fast.shape)] = 0.0
        precision, pull = _precision(coefficients, fast, at)
        covariance: Floats = np.asarray(np.linalg.inv(precision), dtype=np.float64)
        mean = -(pull @ covariance)
        covariance *= innovation[:, None, None]
        np.put_along_axis(fast, np.broadcast_to(at[:, None, :], mean.shape), mean, axis=-1)
        if number < _ROUNDS - 1:
            filled = slow + fast
            fast = remove_slow(filled, fs=fs, cutoff_hz=cutoff_hz)
            lags = (_autocovariance(fast, order) + _by_lag(covariance, at, order)) / n
    unknown = _band_power_of(covariance, at, n, fs=fs, band_hz=band_hz)
    share = unknown / np.maximum(unknown + _band_power(fast, fs=fs, band_hz=band_hz), 1e-300)
    share = np.clip(share, 0.0, MISSING.most_unknown_share)
    return slow + fast / np.sqrt(1.0 - share)[:, None, None], share


def _bridged(windows: Floats, missing: Bools, half_width: int) -> Floats:
    """Return the windows with straight lines over their holes, between the means on both sides.

    Lines between the nearest samples would carry their phase of the tremor into the slow part.
    """
    n = missing.shape[-1]
    index = np.arange(n)
    known = np.where(missing[:, None, :], 0.0, windows)
    total = np.cumsum(np.pad(known, ((0, 0), (0, 0), (1, 0))), axis=-1)
    count = np.cumsum(np.pad(~missing, ((0, 0), (1, 0))), axis=-1)
    first, last = np.maximum(index - half_width, 0), np.minimum(index + half_width + 1, n)
    n_around = np.maximum(count[:, last] - count[:, first], 1)
    mean = (total[..., last] - total[..., first]) / n_around[:, None, :]
    before = np.maximum.accumulate(np.where(missing, -1, index), axis=-1)
    after = np.minimum.accumulate(np.where(missing, n, index)[:, ::-1], axis=-1)[:, ::-1]
    left = np.where(before < 0, np.minimum(after, n - 1), before)
    right = np.where(after >= n, np.maximum(before, 0), after)
    way = ((index - left) / np.maximum(right - left, 1))[:, None, :]
    start = np.take_along_axis(mean, left[:, None, :], axis=-1)
    end = np.take_along_axis(mean, right[:, None, :], axis=-1)
    return np.where(missing[:, None, :], start + way * (end - start), windows)


def _autocovariance(samples: Floats, order: int) -> Floats:
    """Return sums of lagged products over samples and axes, (n_windows, order + 1)."""
    n = samples.shape[-1]
    lags = np.empty((len(samples), order + 1))
    for lag in range(order + 1):
        lags[:, lag] = (samples[..., : n - lag] * samples[..., lag:]).sum(axis=-1).sum(axis=-1)
    return lags


def _lags_of_known(fast: Floats, missing: Bools, order: int, *, fs: float) -> Floats:
    """Estimate the autocovariance from the pairs of samples that are there.

    Few pairs make it uncertain: a lag window smooths its spectrum, whose lowest values are raised
    so that it is an autocovariance.
    """
    n, n_lags = missing.shape[-1], order + 1
    known = np.where(missing[:, None, :], 0.0, fast)
    pairs = _autocovariance((~missing[:, None, :]).astype(np.float64), order)
    lag = np.arange(n_lags)
    window = (1.0 - lag / n) * np.exp(-0.5 * np.square(lag / (MISSING.lag_window_s * fs)))
    lags = _autocovariance(known, order) / np.maximum(pairs, 1.0) * window
    spectrum = np.fft.rfft(np.concatenate([lags, lags[:, :0:-1]], axis=1), axis=-1).real
    floor = np.quantile(spectrum, _FLOOR_QUANTILE, axis=-1)
    least = _LEAST_FLOOR_SHARE * spectrum.max(axis=-1)
    floor = np.maximum(np.where(floor > 0.0, floor, least), 1e-300)
    raised = np.maximum(spectrum, floor[:, None])
    return np.ascontiguousarray(np.fft.irfft(raised, n=2 * n_lags - 1, axis=-1)[:, :n_lags])


def _levinson(lags: Floats) -> tuple[Floats, Floats]:
    """Solve the Yule-Walker equations: coefficients (n, order + 1), the first 1, and innovation."""
    coefficients = np.zeros(lags.shape)
    coefficients[:, 0] = 1.0
    innovation = lags[:, 0].copy()
    for order in range(1, lags.shape[-1]):
        products = coefficients[:, :order] * lags[:, order:0:-1]
        reflection = -(products.sum(axis=-1) / innovation)[:, None]
        coefficients[:, 1 : order + 1] += reflection * coefficients[:, order - 1 :: -1]
        innovation *= 1.0 - np.square(reflection[:, 0])
    return coefficients, innovation


def _precision(coefficients: Floats, known: Floats, at: Indices) -> tuple[Floats, Floats]:
    """Return the precision of the missing samples, and the pull of the known ones on them.

    For an innovation of variance 1, by the formula of Gohberg and Semencul: ``Q = A A' - B B'``
    with lower triangular Toeplitz matrices of the coefficients, and of the coefficients reversed.
    It is a band: each row is computed from ``-order`` to ``order`` around the diagonal.
    """
    n_windows, n_lags = coefficients.shape
    n, order = known.shape[-1], n_lags - 1
    # Sums of products of two coefficients a lag apart, over the first few coefficients.
    lag = np.arange(n_lags)
    padded = np.concatenate([coefficients, np.zeros((n_windows, n_lags))], axis=1)
    sums = np.zeros((n_windows, n_lags + 1, n_lags))
    np.cumsum(coefficients[:, :, None] * padded[:, lag[:, None] + lag], axis=1, out=sums[:, 1:])
    offset = np.arange(-order, order + 1)
    other = at[:, :, None] + offset
    low = np.minimum(at[:, :, None], other)
    before_end = n - 1 - np.maximum(at[:, :, None], other)
    row = np.arange(n_windows)[:, None, None]

    def up_to(last: Indices) -> Floats:
        return np.asarray(sums[row, np.clip(last + 1, 0, n_lags), np.abs(offset)])

    band = up_to(low) - (up_to(before_end + 1 + low) - up_to(before_end))
    band[(other < 0) | (other >= n)] = 0.0

    around = np.pad(known, ((0, 0), (0, 0), (order, order)))
    flat = (other + order).reshape(n_windows, 1, -1)
    neighbours = np.take_along_axis(around, flat, axis=-1).reshape(n_windows, 3, *other.shape[1:])
    pull = (neighbours * band[:, None]).sum(axis=-1)
    apart = at[:, None, :] - at[:, :, None]
    matrix = np.take_along_axis(band, np.clip(apart + order, 0, 2 * order), axis=-1)
    return np.where(np.abs(apart) <= order, matrix, 0.0), pull


def _by_lag(covariance: Floats, at: Indices, most: int) -> Floats:
    """Sum a covariance of the missing samples over the pairs of each lag up to ``most``."""
    apart = np.minimum(np.abs(at[:, :, None] - at[:, None, :]), most + 1)
    flat = apart + (most + 2) * np.arange(len(at))[:, None, None]
    sums = np.bincount(flat.ravel(), covariance.ravel(), minlength=(most + 2) * len(at))
    sums = sums.reshape(len(at), most + 2)[:, : most + 1]
    return np.asarray(sums * np.where(np.arange(most + 1) > 0, 0.5, 1.0))


def _band_power(samples: Floats, *, fs: float, band_hz: tuple[float, float]) -> Floats:
    """Return the mean square in a band, summed over the axes."""
    n = samples.shape[-1]
    band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    spectrum = np.fft.rfft(samples, axis=-1)[..., band]
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.ascontiguousarray(power).sum(axis=(1, 2)) * (2.0 / n**2))


def _band_power_of(
    covariance: Floats, at: Indices, n: int, *, fs: float, band_hz: tuple[float, float]
) -> Floats:
    """Return the mean square that samples of a covariance add to a band of a window."""
    band = band_bins(n, fs=fs, low_hz=band_hz[0], high_hz=band_hz[1])
    inside = np.zeros(n // 2 + 1)
    inside[band] = 1.0
    kernel = np.fft.irfft(inside, n=n)
    kernel[1:] *= 2.0
    return np.asarray((_by_lag(covariance, at, n - 1) * kernel).sum(axis=-1) / n)
