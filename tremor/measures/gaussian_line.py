"""Lines of Gaussian shape: their expected periodogram, and the choice between the two shapes.

A Lorentzian has wide flanks and narrow shoulders. A line whose frequency scatters, or that is
filtered, has the shape of a Gaussian: its flanks fall off steeply, and a Lorentzian that fits them
is far too narrow. The parameters are those of `tremor.measures.whittle`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.measures.band import half_span_hz
from tremor.measures.whittle import FitBins, WhittleFit, fit_whittle
from tremor.recording import Floats
from tremor.settings import LINE

__all__ = ["ShapeChoice", "choose_shapes", "gaussian_periodogram"]

Bools = npt.NDArray[np.bool_]

#: Lags of the autocovariance for each bin: the integral is right to 0.1 % then.
_LAGS_PER_BIN: Final = 6
#: Relative variance of the mean square of a Gaussian line, times B T: sqrt(2 ln 2 / pi).
_MEAN_SQUARE_VARIANCE: Final = 0.6643


def gaussian_periodogram(
    index: npt.NDArray[np.int64], theta: Floats, *, duration_s: float
) -> tuple[Floats, Floats]:
    """Return the expected periodogram of a Gaussian line above a floor, and its relative slopes.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows, m)
        Consecutive bins, in units of 1 / ``duration_s``.
    theta : ndarray, shape (n_windows, 4)
        As for `tremor.measures.whittle.expected_periodogram`; B is the half-power full width.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shapes (n_windows, m) and (n_windows, 4, m)
        S, (m/s^2)^2/Hz, and d ln S by each parameter.

    Notes
    -----
    The Fourier transform of the autocovariance ``P exp(-(pi B t)^2 / (4 ln 2))`` times the triangle
    ``1 - t/T`` of the window, by the trapezoidal rule with its leading correction.
    """
    n_bins = index.shape[-1]
    n_lags = 1 << math.ceil(math.log2(_LAGS_PER_BIN * n_bins))
    step_s = duration_s / n_lags
    lag_s = np.arange(n_lags) * step_s
    middle = index[:, n_bins // 2, None]
    square = np.square(np.exp(theta[:, 1:2]) * lag_s) / (4.0 * math.log(2.0))
    away_hz = theta[:, 0:1] - middle / duration_s
    covariance = np.exp(2j * np.pi * away_hz * lag_s - square) * (1.0 - lag_s / duration_s)
    covariance[:, 0] *= 0.5
    terms = np.stack(
        [covariance, covariance * (2j * np.pi * lag_s), covariance * (-2.0 * square)], axis=1
    )
    density = 2.0 * step_s * np.fft.fft(terms, axis=-1).real
    column = (index - middle) % n_lags
    density = np.take_along_axis(density, column[:, None, :], axis=-1)
    density[:, 0] -= step_s**2 / (6.0 * duration_s)

    power, floor = np.exp(theta[:, 2:3]), np.exp(theta[:, 3:4])
    # The tail is zero to the rounding of the sum, which may be negative.
    line = power * np.maximum(density[:, 0], 0.0)
    s = line + floor
    slopes = np.empty((len(theta), 4, n_bins))
    np.multiply(power / s, density[:, 1], out=slopes[:, 0])
    np.multiply(power / s, density[:, 2], out=slopes[:, 1])
    np.divide(line, s, out=slopes[:, 2])
    np.divide(floor, s, out=slopes[:, 3])
    return s, slopes


@dataclass(frozen=True, eq=False, slots=True)
class ShapeChoice:
    """The shape of each line that its spectrum prefers.

    Parameters
    ----------
    fit : WhittleFit
        Of that shape.
    other_width_hz : ndarray, shape (n_windows,)
        Width of the other shape where the spectrum cannot tell them apart, Hz; else the width.
    """

    fit: WhittleFit
    other_width_hz: Floats


def choose_shapes(
    fit: WhittleFit,
    density: Floats,
    bins: FitBins,
    may_be_wide: Bools,
    *,
    fs: float,
    n_samples: int,
    band_hz: tuple[float, float],
) -> ShapeChoice:
    """Fit Gaussian lines where the Lorentzian is narrow, and choose the more likely shape.

    Parameters
    ----------
    fit : WhittleFit
        Lorentzian lines.
    density : ndarray, shape (n_windows, m)
        The periodograms at ``bins`` that they were fitted to, (m/s^2)^2/Hz.
    bins : FitBins
        The bins.
    may_be_wide : ndarray of bool, shape (n_windows,)
        Windows to look at.
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the windows.
    band_hz : tuple of float
        Limits of the centre, Hz.

    Returns
    -------
    ShapeChoice
        The result of a window does not depend on the others.
    """
    width_hz = fit.bandwidth_hz
    # The flanks of a Gaussian make a Lorentzian too narrow, and leave its shoulders unexplained.
    suspect = may_be_wide & (width_hz < LINE.narrow_share * half_span_hz(band_hz))
    suspect &= fit.ratio > LINE.most_ratio
    rows = np.flatnonzero(suspect)
    if not rows.size:
        return ShapeChoice(fit, width_hz)
    other = fit_whittle(
        density[rows],
        FitBins(bins.index[rows]),
        fit.frequency_hz[rows],
        fs=fs,
        n_samples=n_samples,
        band_hz=band_hz,
        model=gaussian_periodogram,
    )
    evidence = fit.deviance[rows] - other.deviance
    chosen = evidence > LINE.shape_evidence
    columns = {item.name: getattr(fit, item.name).copy() for item in fields(WhittleFit)}
    for name, column in columns.items():
        column[rows[chosen]] = getattr(other, name)[chosen]
    # The power that is told is the mean square of the window, not that of the fit, which the flanks
    # of a known shape determine better than the process allows.
    looks = columns["bandwidth_hz"][rows[chosen]] * n_samples / fs / _MEAN_SQUARE_VARIANCE
    of_power = columns["covariance"][:, 2, 2]
    of_power[rows[chosen]] = np.maximum(of_power[rows[chosen]], 1.0 / (1.0 + looks))
    unclear = ~chosen & (evidence > 0.0)
    other_width_hz = columns["bandwidth_hz"].copy()
    other_width_hz[rows[unclear]] = other.bandwidth_hz[unclear]
    return ShapeChoice(replace(fit, **columns), other_width_hz)
