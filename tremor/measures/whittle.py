"""Debiased Whittle likelihood of one line above a flat floor, for many windows at once.

The model of a window's periodogram and its fit by Fisher scoring. What a fit means in hertz and
m/s^2, and its intervals, is `tremor.measures.line`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.recording import Floats

__all__ = [
    "START_BANDWIDTH_SHARE",
    "FitBins",
    "WhittleFit",
    "expected_periodogram",
    "fit_whittle",
    "half_span_hz",
    "line_density",
    "periodogram_at",
    "power_and_floor",
    "reach_hz",
]

# The fit works relative to the band, so that doubling rate and band doubles the frequency exactly.
#: Bins within this share of the width of the band from the peak enter the fit (4 Hz of 3-15).
_HALF_SPAN_SHARE: Final = 1.0 / 3.0
#: Bins reach beyond the band by these factors, so that a line at its edge has both flanks.
_REACH_LOW: Final = 5.0 / 6.0
_REACH_HIGH: Final = 1.1

_MOST_STEPS: Final = 30
START_BANDWIDTH_SHARE: Final = 0.125  # of the half span: 0.5 Hz for 3-15 Hz
_LEAST_BT: Final = 0.02  # bandwidth times window length below which the line is a tone
_MOST_BANDWIDTH_SHARE: Final = 1.5  # of the half span
_DEVIANCE_TOLERANCE: Final = 1e-7
_FREQUENCY_TOLERANCE_BINS: Final = 1e-4
_KEEP_SHARE: Final = 0.75  # with fewer windows open than this the settled ones are dropped


def half_span_hz(band_hz: tuple[float, float]) -> float:
    """Give how far from the peak the fit looks, Hz."""
    return (band_hz[1] - band_hz[0]) * _HALF_SPAN_SHARE


def reach_hz(band_hz: tuple[float, float]) -> tuple[float, float]:
    """Give the lowest and the highest frequency that the fit looks at, Hz."""
    return _REACH_LOW * band_hz[0], _REACH_HIGH * band_hz[1]


@dataclass(frozen=True, eq=False, slots=True)
class FitBins:
    """The bins that enter the fit of each window.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows, m)
        Into the last axis of the spectrum.
    frequency_hz : ndarray, shape (n_windows, m)
        Hz.
    """

    index: npt.NDArray[np.int64]
    frequency_hz: Floats

    @classmethod
    def around(
        cls, centre_hz: Floats, *, n_samples: int, fs: float, band_hz: tuple[float, float]
    ) -> FitBins:
        """Take the bins within the half span of each peak, all windows as many."""
        duration_s = n_samples / fs
        low_hz, high_hz = reach_hz(band_hz)
        reach = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
        half = round(half_span_hz(band_hz) * duration_s)
        count = min(2 * half + 1, reach.stop - reach.start)
        centre = np.round(centre_hz * duration_s).astype(np.int64)
        first = np.clip(centre - half, reach.start, reach.stop - count)
        index = first[:, None] + np.arange(count)
        return cls(index=index, frequency_hz=index / duration_s)

    def take(self, spectrum: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
        """Take those bins out of spectra of shape (n_windows, 3, n_bins)."""
        return np.take_along_axis(spectrum, self.index[:, None, :], axis=-1)


def line_density(
    frequency_hz: Floats, *, centre_hz: Floats, bandwidth_hz: Floats, duration_s: float
) -> Floats:
    """Give the expected periodogram of a line of unit power.

    Parameters
    ----------
    frequency_hz : ndarray, shape (..., m)
        Where, Hz.
    centre_hz, bandwidth_hz : ndarray, shape (...)
        The line, Hz.
    duration_s : float
        Length of the window, s.

    Returns
    -------
    ndarray, shape (..., m)
        1/Hz; its integral is 1. The Lorentzian for a long window, a squared sinc for a short one.
    """
    return _blurred(frequency_hz, centre_hz, np.pi * bandwidth_hz, duration_s)[0]


def _blurred(
    frequency_hz: Floats, centre_hz: Floats, rate: Floats, duration_s: float
) -> tuple[Floats, Floats, Floats]:
    """Give g and its derivatives by the centre and by ln(rate), each (..., m)."""
    z = rate[..., None] + 2j * np.pi * (frequency_hz - centre_hz[..., None])
    zt = z * duration_s
    near_zero = np.abs(zt) < 1e-2
    safe_zt = np.where(near_zero, 1.0, zt)
    decay = np.exp(-safe_zt)
    h = np.where(
        near_zero,
        duration_s * (0.5 - zt / 6.0 + zt**2 / 24.0),
        duration_s * (1.0 - (1.0 - decay) / safe_zt) / safe_zt,
    )
    slope = np.where(
        near_zero,
        duration_s**2 * (-1.0 / 6.0 + zt / 12.0 - zt**2 / 40.0),
        duration_s**2 * (2.0 * (1.0 - decay) / safe_zt - 1.0 - decay) / safe_zt**2,
    )
    return 2.0 * h.real, 4.0 * np.pi * slope.imag, 2.0 * slope.real * rate[..., None]


def expected_periodogram(
    theta: Floats, frequency_hz: Floats, *, duration_s: float
) -> tuple[Floats, Floats]:
    """Give the expected periodogram of a line above a floor, and its relative slopes.

    Parameters
    ----------
    theta : ndarray, shape (n_windows, 4)
        Centre in Hz, and the logarithms of pi B, of the power and of the floor.
    frequency_hz : ndarray, shape (n_windows, m)
        Hz.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shapes (n_windows, m) and (n_windows, 4, m)
        S, and d ln S by each parameter.
    """
    g, g_centre, g_rate = _blurred(frequency_hz, theta[:, 0], np.exp(theta[:, 1]), duration_s)
    p, c = np.exp(theta[:, 2:3]), np.exp(theta[:, 3:4])
    s = p * g + c
    slopes = np.stack([p * g_centre, p * g_rate, p * g, np.broadcast_to(c, s.shape)], axis=1)
    return s, slopes / s[:, None, :]


def periodogram_at(
    index: npt.NDArray[np.int64], theta: Floats, *, duration_s: float
) -> tuple[Floats, Floats]:
    """Give what `expected_periodogram` gives, at the bins of the windows themselves.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows, m)
        Bins.
    theta : ndarray, shape (n_windows, 4)
        As for `expected_periodogram`.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shapes (n_windows, m) and (n_windows, 4, m)
        S, and d ln S by each parameter.

    Notes
    -----
    ``exp(-z T)`` is the same for every bin, because whole turns drop out of it: one exponential a
    window, and the rest is real arithmetic on ``u = 1 / (z T)``.
    """
    rate = np.exp(theta[:, 1:2]) * duration_s
    phase = 2.0 * np.pi * duration_s * theta[:, 0:1]
    decay = np.exp(-rate)
    one_less_re, one_less_im = 1.0 - decay * np.cos(phase), -decay * np.sin(phase)
    turn = 2.0 * np.pi * index - phase
    norm = 1.0 / (turn * turn + rate * rate)
    u_re, u_im = rate * norm, -turn * norm
    square_re, square_im = u_re * u_re - u_im * u_im, 2.0 * u_re * u_im
    # h = u - (1 - D) u^2 and its slope u^2 (2 (1 - D) u - 1 - D), with D = exp(-z T).
    h_re = u_re - (one_less_re * square_re - one_less_im * square_im)
    factor_re = 2.0 * (one_less_re * u_re - one_less_im * u_im) - (2.0 - one_less_re)
    factor_im = 2.0 * (one_less_re * u_im + one_less_im * u_re) + one_less_im
    slope_re = square_re * factor_re - square_im * factor_im
    slope_im = square_re * factor_im + square_im * factor_re

    power, floor = np.exp(theta[:, 2:3]), np.exp(theta[:, 3:4])
    line = (2.0 * duration_s * power) * h_re
    s = line + floor
    inverse = 1.0 / s
    slopes = np.empty((len(theta), 4, index.shape[-1]))
    np.multiply((4.0 * np.pi * duration_s**2 * power) * slope_im, inverse, out=slopes[:, 0])
    np.multiply((2.0 * duration_s * power * rate) * slope_re, inverse, out=slopes[:, 1])
    np.multiply(line, inverse, out=slopes[:, 2])
    np.multiply(floor, inverse, out=slopes[:, 3])
    return s, slopes


def _descend(
    density: Floats,
    bins: FitBins,
    start: Floats,
    low: Floats,
    high: Floats,
    *,
    duration_s: float,
    span_hz: float,
) -> Floats:
    """Take damped Fisher scoring steps until each window settles, and give (n_windows, 4).

    Windows that have settled stay among the others until there are many of them: copying the
    rest costs more than to go on with all. Their result is the one at which they settled.
    """
    result = start.copy()
    rows = np.arange(len(start))
    open_rows = np.ones(len(start), dtype=np.bool_)
    index, theta = bins.index, start
    s, slopes = periodogram_at(index, theta, duration_s=duration_s)
    deviance = (np.log(s) + density / s).sum(axis=-1)
    damping = np.full(len(theta), 1e-3)
    # The largest step of each parameter: half a start bandwidth, and factors of e^1.5.
    most = np.array([span_hz / 8.0, 1.5, 1.5, 1.5])
    diagonal = np.arange(4)
    for _ in range(_MOST_STEPS):
        score = (slopes @ (density / s - 1.0)[..., None])[..., 0]
        information = slopes @ np.swapaxes(slopes, -1, -2)
        # A parameter at its limit that would go beyond takes no part in the step of the others.
        stuck = ((theta <= low) & (score < 0.0)) | ((theta >= high) & (score > 0.0))
        if stuck.any():
            score = np.where(stuck, 0.0, score)
            information = np.where(stuck[:, :, None] | stuck[:, None, :], 0.0, information)
            information[:, diagonal, diagonal] += stuck
        information[:, diagonal, diagonal] *= 1.0 + damping[:, None]
        information[:, diagonal, diagonal] += 1e-12
        step = np.linalg.solve(information, score[..., None])[..., 0]
        trial = np.clip(theta + np.clip(step, -most, most), low, high)
        trial_s, trial_slopes = periodogram_at(index, trial, duration_s=duration_s)
        trial_deviance = (np.log(trial_s) + density / trial_s).sum(axis=-1)
        better = trial_deviance <= deviance
        settled = (
            better
            & (deviance - trial_deviance < _DEVIANCE_TOLERANCE)
            & (np.abs(trial[:, 0] - theta[:, 0]) * duration_s < _FREQUENCY_TOLERANCE_BINS)
        )
        refused = np.flatnonzero(~better)
        for new, old in (
            (trial, theta),
            (trial_s, s),
            (trial_slopes, slopes),
            (trial_deviance, deviance),
        ):
            new[refused] = old[refused]
        theta, s, slopes, deviance = trial, trial_s, trial_slopes, trial_deviance
        damping = np.where(better, 0.2 * damping, np.maximum(damping, 1e-4) * 8.0)
        result[rows[open_rows]] = theta[open_rows]
        open_rows &= ~settled & (damping < 1e6)
        n_open = int(np.count_nonzero(open_rows))
        if n_open == 0:
            break
        if n_open < _KEEP_SHARE * len(rows):
            rows, index, density = rows[open_rows], index[open_rows], density[open_rows]
            theta, low, high = theta[open_rows], low[open_rows], high[open_rows]
            s, slopes = s[open_rows], slopes[open_rows]
            deviance, damping = deviance[open_rows], damping[open_rows]
            open_rows = np.ones(n_open, dtype=np.bool_)
    return result


@dataclass(frozen=True, eq=False, slots=True)
class WhittleFit:
    """Fits of many windows: parameters (K,) and the covariance of (f0, ln a, ln P, ln c)."""

    frequency_hz: Floats
    bandwidth_hz: Floats
    power: Floats
    noise: Floats
    covariance: Floats


def power_and_floor(density: Floats, *, duration_s: float) -> tuple[Floats, Floats]:
    """Guess where a fit starts: power of the line and floor, from the bins around it.

    Parameters
    ----------
    density : ndarray, shape (n_windows, m)
        Periodograms.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shape (n_windows,)
        Power and floor, both above zero where anything moves.
    """
    # The mean of the exponential bins below their 30 % quantile is 0.36 of the floor.
    floor = np.quantile(density, 0.3, axis=-1) / 0.36
    floor = np.maximum(floor, 1e-12 * density.max(axis=-1))
    above = (density - floor[:, None]).sum(axis=-1) / duration_s
    return np.maximum(above, 1e-3 * density.sum(axis=-1) / duration_s), floor


def fit_whittle(
    density: Floats,
    bins: FitBins,
    start_hz: Floats,
    *,
    fs: float,
    n_samples: int,
    band_hz: tuple[float, float],
) -> WhittleFit:
    """Minimise sum(ln S + I/S) by damped Fisher scoring, every window at its own pace."""
    duration_s = n_samples / fs
    span_hz = half_span_hz(band_hz)
    power, floor = power_and_floor(density, duration_s=duration_s)
    start = np.stack(
        [
            start_hz,
            np.full_like(start_hz, np.log(np.pi * START_BANDWIDTH_SHARE * span_hz)),
            np.log(power),
            np.log(floor),
        ],
        axis=1,
    )
    log_rate = np.log(np.pi * np.array([_LEAST_BT / duration_s, _MOST_BANDWIDTH_SHARE * span_hz]))
    low = np.stack(
        [
            np.full_like(start_hz, band_hz[0]),
            np.full_like(start_hz, log_rate[0]),
            start[:, 2] - 12.0,
            start[:, 3] - 8.0,
        ],
        axis=1,
    )
    high = np.stack(
        [
            np.full_like(start_hz, band_hz[1]),
            np.full_like(start_hz, log_rate[1]),
            # Twice all there is: where the first guess of the floor takes all power, that of the
            # line starts at a thousandth of it.
            np.log(2.0 * density.sum(axis=-1) / duration_s),
            start[:, 3] + 6.0,
        ],
        axis=1,
    )
    start[:, 1] = np.clip(start[:, 1], low[:, 1], high[:, 1])

    theta = _descend(density, bins, start, low, high, duration_s=duration_s, span_hz=span_hz)
    _, slopes = periodogram_at(bins.index, theta, duration_s=duration_s)
    information = slopes @ np.swapaxes(slopes, -1, -2)
    scale = 1.0 / np.sqrt(np.maximum(np.einsum("kii->ki", information), 1e-300))
    scaled = information * scale[:, :, None] * scale[:, None, :] + 1e-10 * np.eye(4)
    covariance = np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :]
    return WhittleFit(
        frequency_hz=theta[:, 0],
        bandwidth_hz=np.exp(theta[:, 1]) / np.pi,
        power=np.exp(theta[:, 2]),
        noise=np.exp(theta[:, 3]),
        covariance=covariance,
    )
