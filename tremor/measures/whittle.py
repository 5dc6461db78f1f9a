"""Debiased Whittle likelihood of one line above a flat floor, for many windows at once.

The model of the periodogram of a window, and its fit by Fisher scoring. The estimates that follow
from a fit, and their intervals, are in `tremor.measures.line_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tremor.dsp.spectrum import band_bins
from tremor.measures.band import half_span_hz, reach_hz
from tremor.recording import Floats
from tremor.settings import LINE

__all__ = [
    "LOG_FLOOR_DROP",
    "MOST_DAMPING",
    "START_BANDWIDTH_SHARE",
    "START_DAMPING",
    "FitBins",
    "WhittleFit",
    "expected_periodogram",
    "fit_whittle",
    "next_damping",
    "power_and_floor",
]

_MOST_STEPS: Final = 30
#: Damping at which a fit starts, and beyond which it stops without convergence.
START_DAMPING: Final = 1e-3
MOST_DAMPING: Final = 1e6
#: Bandwidth at which a fit starts, over the half span: 0.5 Hz for 3-15 Hz.
START_BANDWIDTH_SHARE: Final = 0.125
_DEVIANCE_TOLERANCE: Final = 1e-7
_FREQUENCY_TOLERANCE_BINS: Final = 1e-4
#: Converged windows are dropped once fewer than this share of the windows go on.
_KEEP_SHARE: Final = 0.75
#: Search range of ln(power) below its first guess, and of ln(floor) below and above its own.
#: Without a limit, a floor that does not matter drifts to zero step by step.
_LOG_POWER_DROP: Final = 12.0
LOG_FLOOR_DROP: Final = 8.0
_LOG_FLOOR_RISE: Final = 6.0
#: Largest steps: in frequency, over the half span, and in the logarithms.
_STEP_SHARE: Final = 8.0
_LOG_STEP: Final = 1.5
#: Quantile of the bins that the first guess of the floor is taken from, and that quantile of
#: exponential bins over their mean.
_FLOOR_QUANTILE: Final = 0.3
_QUANTILE_OVER_MEAN: Final = 0.36


class Model(Protocol):
    """Expected periodograms of windows, and their relative slopes: `expected_periodogram`."""

    def __call__(
        self, index: npt.NDArray[np.int64], theta: Floats, *, duration_s: float
    ) -> tuple[Floats, Floats]:
        """Return S and d ln S by each parameter."""


@dataclass(frozen=True, eq=False, slots=True)
class FitBins:
    """The bins that enter the fit of each window.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows, m)
        Into the last axis of the spectrum.
    """

    index: npt.NDArray[np.int64]

    @classmethod
    def around(
        cls, centre_hz: Floats, *, n_samples: int, fs: float, band_hz: tuple[float, float]
    ) -> FitBins:
        """Select the bins within the half span of each peak, the same number for every window.

        Parameters
        ----------
        centre_hz : ndarray, shape (n_windows,)
            Peaks, Hz.
        n_samples : int
            Length of the windows.
        fs : float
            Sampling rate, Hz.
        band_hz : tuple of float
            Band of the search, Hz.

        Returns
        -------
        FitBins
            The bins of each window, in ascending order.
        """
        duration_s = n_samples / fs
        low_hz, high_hz = reach_hz(band_hz)
        reach = band_bins(n_samples, fs=fs, low_hz=low_hz, high_hz=high_hz)
        half = round(half_span_hz(band_hz) * duration_s)
        count = min(2 * half + 1, reach.stop - reach.start)
        centre = np.round(centre_hz * duration_s).astype(np.int64)
        first = np.clip(centre - half, reach.start, reach.stop - count)
        return cls(first[:, None] + np.arange(count))

    def take(self, spectrum: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
        """Return those bins of spectra of shape (n_windows, 3, n_bins)."""
        return np.take_along_axis(spectrum, self.index[:, None, :], axis=-1)


def expected_periodogram(
    index: npt.NDArray[np.int64], theta: Floats, *, duration_s: float
) -> tuple[Floats, Floats]:
    """Return the expected periodogram of a line above a floor, and its relative slopes.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows, m)
        Bins, in units of 1 / ``duration_s``.
    theta : ndarray, shape (n_windows, 4)
        Centre, Hz, and the natural logarithms of pi B, 1/s, of the power, (m/s^2)^2, and of the
        floor, (m/s^2)^2/Hz.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shapes (n_windows, m) and (n_windows, 4, m)
        S, (m/s^2)^2/Hz, and d ln S by each parameter.

    Notes
    -----
    ``S = P g(f) + c`` with ``g(f) = 2 Re{1/z - (1 - exp(-z T))/(T z^2)}``,
    ``z = pi B + 2 pi i (f - f0)``: a Lorentzian blurred by the Fejer kernel of the window, which
    tends to a squared sinc for a narrow line. ``exp(-z T)`` is the same for every bin, because
    whole turns drop out of it. That leaves one exponential per window, and real arithmetic on
    ``u = 1 / (z T)``.
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


@dataclass(frozen=True, eq=False, slots=True)
class _Limits:
    """Limits of the parameters of each window, (n_windows, 4) each."""

    low: Floats
    high: Floats

    def of(self, rows: npt.NDArray[np.bool_]) -> _Limits:
        return _Limits(self.low[rows], self.high[rows])


def _descend(
    density: Floats,
    index: npt.NDArray[np.int64],
    start: Floats,
    limits: _Limits,
    *,
    duration_s: float,
    longest_step: Floats,
    model: Model,
) -> Floats:
    """Take damped Fisher scoring steps until each window converges, and return (n_windows, 4).

    Converged windows stay among the others until there are many of them: copying the rest costs
    more than going on with all. Their result is the one at which they converged.
    """
    result = start.copy()
    rows = np.arange(len(start))
    open_rows = np.ones(len(start), dtype=np.bool_)
    theta = start
    s, slopes = model(index, theta, duration_s=duration_s)
    deviance = (np.log(s) + density / s).sum(axis=-1)
    damping = np.full(len(theta), START_DAMPING)
    for _ in range(_MOST_STEPS):
        step = _scoring_step(density / s - 1.0, slopes, theta, limits, damping)
        trial = np.clip(theta + np.clip(step, -longest_step, longest_step), limits.low, limits.high)
        trial_s, trial_slopes = model(index, trial, duration_s=duration_s)
        trial_deviance = (np.log(trial_s) + density / trial_s).sum(axis=-1)
        better = trial_deviance <= deviance
        converged = (
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
        damping = next_damping(damping, better)
        result[rows[open_rows]] = theta[open_rows]
        open_rows &= ~converged & (damping < MOST_DAMPING)
        n_open = int(np.count_nonzero(open_rows))
        if n_open == 0:
            break
        if n_open < _KEEP_SHARE * len(rows):
            rows, index, density = rows[open_rows], index[open_rows], density[open_rows]
            theta, limits = theta[open_rows], limits.of(open_rows)
            s, slopes = s[open_rows], slopes[open_rows]
            deviance, damping = deviance[open_rows], damping[open_rows]
            open_rows = np.ones(n_open, dtype=np.bool_)
    return result


def next_damping(damping: Floats, better: npt.NDArray[np.bool_]) -> Floats:
    """Return the damping after a step (Levenberg-Marquardt): less if it was better, else more.

    Parameters
    ----------
    damping : ndarray, shape (n,)
        Damping of each fit.
    better : ndarray of bool, shape (n,)
        Whether its step lowered the deviance.

    Returns
    -------
    ndarray, shape (n,)
        Damping of the next step.
    """
    return np.where(better, 0.2 * damping, np.maximum(damping, 1e-4) * 8.0)


def _scoring_step(
    relative_residual: Floats, slopes: Floats, theta: Floats, limits: _Limits, damping: Floats
) -> Floats:
    """Return the damped Fisher scoring step of each window, (n_windows, 4)."""
    diagonal = np.arange(theta.shape[-1])
    score = (slopes @ relative_residual[..., None])[..., 0]
    information = slopes @ np.swapaxes(slopes, -1, -2)
    # A parameter at its limit that would go beyond takes no part in the step of the others.
    stuck = ((theta <= limits.low) & (score < 0.0)) | ((theta >= limits.high) & (score > 0.0))
    if stuck.any():
        score = np.where(stuck, 0.0, score)
        information = np.where(stuck[:, :, None] | stuck[:, None, :], 0.0, information)
        information[:, diagonal, diagonal] += stuck
    information[:, diagonal, diagonal] *= 1.0 + damping[:, None]
    information[:, diagonal, diagonal] += 1e-12
    return np.asarray(np.linalg.solve(information, score[..., None])[..., 0])


@dataclass(frozen=True, eq=False, slots=True)
class WhittleFit:
    """Lines fitted to many windows.

    Parameters
    ----------
    frequency_hz, bandwidth_hz : ndarray, shape (n_windows,)
        Centre and half-power full width, Hz.
    power : ndarray, shape (n_windows,)
        Power along the principal direction, (m/s^2)^2.
    noise : ndarray, shape (n_windows,)
        Floor, (m/s^2)^2/Hz.
    covariance : ndarray, shape (n_windows, 4, 4)
        Of (f0, ln a, ln P, ln c), with a = pi B: the inverse of the Fisher information.
    deviance : ndarray, shape (n_windows,)
        Sum of ln S + I/S: minus the logarithm of the likelihood, up to a constant.
    ratio : ndarray, shape (n_windows,)
        Mean of I/S within 1 Hz of the centre: one if the shape holds.
    """

    frequency_hz: Floats
    bandwidth_hz: Floats
    power: Floats
    noise: Floats
    covariance: Floats
    deviance: Floats
    ratio: Floats


def power_and_floor(density: Floats, *, duration_s: float) -> tuple[Floats, Floats]:
    """Estimate power and floor roughly from the bins around a line, to start a fit with.

    Parameters
    ----------
    density : ndarray, shape (n_windows, m)
        Periodograms, (m/s^2)^2/Hz.
    duration_s : float
        Length of the windows, s.

    Returns
    -------
    tuple of ndarray, shape (n_windows,)
        Power, (m/s^2)^2, and floor, (m/s^2)^2/Hz, both above zero unless all bins are zero.
    """
    floor = np.quantile(density, _FLOOR_QUANTILE, axis=-1) / _QUANTILE_OVER_MEAN
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
    model: Model | None = None,
) -> WhittleFit:
    """Minimise sum(ln S + I/S) of every window by damped Fisher scoring.

    Parameters
    ----------
    density : ndarray, shape (n_windows, m)
        Periodograms along the principal direction at ``bins``, (m/s^2)^2/Hz.
    bins : FitBins
        The bins that enter.
    start_hz : ndarray, shape (n_windows,)
        Peaks at which the fits start, Hz.
    fs : float
        Sampling rate, Hz.
    n_samples : int
        Length of the windows.
    band_hz : tuple of float
        Limits of the centre, Hz.
    model : callable, optional
        Expected periodogram; `expected_periodogram`, of a Lorentzian, by default.

    Returns
    -------
    WhittleFit
        The result of a window does not depend on the others.
    """
    duration_s = n_samples / fs
    model = model or expected_periodogram
    span_hz = half_span_hz(band_hz)
    power, floor = power_and_floor(density, duration_s=duration_s)
    start_rate = np.full_like(start_hz, np.log(np.pi * START_BANDWIDTH_SHARE * span_hz))
    start = np.stack([start_hz, start_rate, np.log(power), np.log(floor)], axis=1)
    log_rate = np.log(
        np.pi * np.array([LINE.least_bt / duration_s, LINE.most_bandwidth_share * span_hz])
    )
    ones = np.ones_like(start_hz)
    low = (
        band_hz[0] * ones,
        log_rate[0] * ones,
        start[:, 2] - _LOG_POWER_DROP,
        start[:, 3] - LOG_FLOOR_DROP,
    )
    # Twice all there is: where the first guess of the floor takes all power, that of the line
    # starts at a thousandth of it.
    most_power = np.log(2.0 * density.sum(axis=-1) / duration_s)
    high = (band_hz[1] * ones, log_rate[1] * ones, most_power, start[:, 3] + _LOG_FLOOR_RISE)
    limits = _Limits(np.stack(low, axis=1), np.stack(high, axis=1))
    start[:, 1] = np.clip(start[:, 1], limits.low[:, 1], limits.high[:, 1])
    theta = _descend(
        density,
        bins.index,
        start,
        limits,
        duration_s=duration_s,
        longest_step=np.array([span_hz / _STEP_SHARE, _LOG_STEP, _LOG_STEP, _LOG_STEP]),
        model=model,
    )
    s, slopes = model(bins.index, theta, duration_s=duration_s)
    near = np.abs(bins.index / duration_s - theta[:, 0:1]) <= LINE.checked_hz
    return WhittleFit(
        frequency_hz=theta[:, 0],
        bandwidth_hz=np.exp(theta[:, 1]) / np.pi,
        power=np.exp(theta[:, 2]),
        noise=np.exp(theta[:, 3]),
        covariance=_covariance(slopes, held=theta[:, 1] <= limits.low[:, 1]),
        deviance=(np.log(s) + density / s).sum(axis=-1),
        ratio=np.where(near, density / s, 0.0).sum(axis=-1) / near.sum(axis=-1),
    )


def _covariance(slopes: Floats, *, held: npt.NDArray[np.bool_]) -> Floats:
    """Return the inverse of the Fisher information, scaled before it is inverted.

    Where the width is held at its lower limit, the power and the floor are free of it. The centre
    is not: a line that is wider than it seems wanders.
    """
    information = slopes @ np.swapaxes(slopes, -1, -2)
    covariance = _inverse(information)
    rows = np.flatnonzero(held)
    if rows.size:
        of_centre, of_width = covariance[rows, 0, 0], covariance[rows, 1, 1]
        information[rows, 1, :] = information[rows, :, 1] = 0.0
        information[rows, 1, 1] = 1.0
        covariance[rows] = _inverse(information[rows])
        covariance[rows, 0, 0], covariance[rows, 1, 1] = of_centre, of_width
    return covariance


def _inverse(information: Floats) -> Floats:
    scale = 1.0 / np.sqrt(np.maximum(np.einsum("kii->ki", information), 1e-300))
    scaled = information * scale[:, :, None] * scale[:, None, :] + 1e-10 * np.eye(4)
    return np.asarray(np.linalg.inv(scaled) * scale[:, :, None] * scale[:, None, :])
