"""Interpolation of unevenly spaced samples onto an even grid.

Which times the samples have is found by `tremor.clock.timebase`.
"""

from __future__ import annotations

import numpy as np

from tremor.arrays import Floats
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.settings import RESAMPLING

__all__ = ["longest_bridged_step_s", "resample_evenly"]


def longest_bridged_step_s(period_s: float) -> float:
    """Return the longest step between samples that is interpolated and is no gap.

    Parameters
    ----------
    period_s : float
        Sampling period, s.

    Returns
    -------
    float
        s.
    """
    return max(RESAMPLING.most_step_s, RESAMPLING.most_step_periods * period_s)


def resample_evenly(time_s: Floats, values: Floats, *, sampling_rate_hz: float) -> Floats:
    """Resample unevenly spaced samples onto an even grid by cubic Hermite interpolation.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Strictly increasing times, s.
    values : ndarray, shape (n, k)
        Samples of any unit; rows that hold NaN are lost.
    sampling_rate_hz : float
        Rate of the grid, which starts at the first time, Hz.

    Returns
    -------
    ndarray, shape (m, k)
        Samples on the grid, in the unit of the values; NaN in gaps, the steps that are longer than
        `longest_bridged_step_s`.

    Raises
    ------
    InsufficientDataError
        If fewer than two rows are finite.
    InvalidInputError
        If the times do not increase strictly.

    Notes
    -----
    The tangent at a sample is that of the parabola through it and its two neighbours. The error for
    a sine of angular frequency w at step h is of the order (w h)^3 / 24 of its amplitude.

    Examples
    --------
    >>> time_s = np.array([0.0, 0.011, 0.019, 0.03, 0.041])
    >>> values = 2.0 * time_s[:, None]
    >>> resample_evenly(time_s, values, sampling_rate_hz=100.0)[:, 0].round(6).tolist()
    [0.0, 0.02, 0.04, 0.06, 0.08]
    """
    time = np.asarray(time_s, dtype=np.float64)
    start_s = float(time[0])
    n_grid = int((time[-1] - start_s) * sampling_rate_hz + 1e-6) + 1
    grid_s = start_s + np.arange(n_grid) / sampling_rate_hz
    good = np.isfinite(values).all(axis=1)
    if not good.all():
        time, values = time[good], values[good]
    if len(time) < 2:
        raise InsufficientDataError(f"{len(time)} usable samples; at least 2 are needed")
    step_s = np.diff(time)
    if not (step_s > 0).all():
        raise InvalidInputError("the times to resample do not increase strictly")
    tangent = _parabolic_tangents(values, step_s)
    left = np.clip(np.searchsorted(time, grid_s, side="right") - 1, 0, len(time) - 2)
    step = step_s[left][:, None]
    u = (grid_s - time[left])[:, None] / step
    result: Floats = (
        (1 + 2 * u) * (1 - u) ** 2 * values[left]
        + u * (1 - u) ** 2 * step * tangent[left]
        + u * u * (3 - 2 * u) * values[left + 1]
        + u * u * (u - 1) * step * tangent[left + 1]
    )
    half_period_s = 0.5 / sampling_rate_hz
    too_long = step_s > longest_bridged_step_s(1.0 / sampling_rate_hz) * (1 + 1e-6)
    # A grid point within half a period of a sample is no gap, however long the step.
    inside = (u[:, 0] * step_s[left] > half_period_s) & (
        (1 - u[:, 0]) * step_s[left] > half_period_s
    )
    outside = (grid_s < time[0] - half_period_s) | (grid_s > time[-1] + half_period_s)
    result[(too_long[left] & inside) | outside] = np.nan
    return result


def _parabolic_tangents(values: Floats, step_s: Floats) -> Floats:
    """Compute the slope at each sample of the parabola through it and its neighbours."""
    slope = np.diff(values, axis=0) / step_s[:, None]
    tangent = np.empty_like(values)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    width = (step_s[:-1] + step_s[1:])[:, None]
    tangent[1:-1] = (slope[:-1] * step_s[1:, None] + slope[1:] * step_s[:-1, None]) / width
    return tangent
