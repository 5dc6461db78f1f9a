"""Samples at uneven times onto an even grid. Which times those are is `tremor.clock.timebase`."""

from __future__ import annotations

from typing import Final

import numpy as np

from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.recording import Floats

__all__ = ["LONGEST_BRIDGE_S", "resample_evenly"]

#: Resampling bridges holes up to this; half of the shortest tremor period (20 Hz) that matters.
LONGEST_BRIDGE_S: Final = 0.05


def resample_evenly(
    time_s: Floats,
    values: Floats,
    *,
    sampling_rate_hz: float,
    longest_bridge_s: float = LONGEST_BRIDGE_S,
) -> Floats:
    """Resample unevenly spaced samples onto an even grid by cubic interpolation.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Strictly increasing times, s.
    values : ndarray, shape (n, k)
        Samples; rows of NaN are lost.
    sampling_rate_hz : float
        Rate of the grid, which starts at the first time, Hz.
    longest_bridge_s : float
        Longer steps (and longer than 1.5 periods) are gaps: rows of NaN.

    Returns
    -------
    ndarray, shape (m, k)
        Samples on the grid.

    Notes
    -----
    Cubic Hermite pieces whose tangents are the weighted mean of the two neighbouring slopes; the
    error for a sine of angular frequency w at step h is of the order (w h)^3 / 24 of its
    amplitude.
    """
    time = np.asarray(time_s, dtype=np.float64)
    good = np.isfinite(values).all(axis=1)
    start_s = float(time[0])
    grid_s = start_s + np.arange(int((time[-1] - start_s) * sampling_rate_hz + 1e-6) + 1) / (
        sampling_rate_hz
    )
    if not good.all():
        time, values = time[good], values[good]
    if len(time) < 2:
        raise InsufficientDataError(f"{len(time)} usable samples; at least 2 are needed")
    step_s = np.diff(time)
    if not (step_s > 0).all():
        raise InvalidInputError("the times to resample do not increase strictly")
    slope = np.diff(values, axis=0) / step_s[:, None]
    tangent = np.empty_like(values)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    width = (step_s[:-1] + step_s[1:])[:, None]
    tangent[1:-1] = (slope[:-1] * step_s[1:, None] + slope[1:] * step_s[:-1, None]) / width
    left = np.clip(np.searchsorted(time, grid_s, side="right") - 1, 0, len(time) - 2)
    step = step_s[left][:, None]
    u = (grid_s - time[left])[:, None] / step
    result: Floats = (
        (1 + 2 * u) * (1 - u) ** 2 * values[left]
        + u * (1 - u) ** 2 * step * tangent[left]
        + u * u * (3 - 2 * u) * values[left + 1]
        + u * u * (u - 1) * step * tangent[left + 1]
    )
    too_long = step_s > max(longest_bridge_s, 1.5 / sampling_rate_hz) * (1 + 1e-6)
    inside = (u[:, 0] * step_s[left] > 0.5 / sampling_rate_hz) & (
        (1 - u[:, 0]) * step_s[left] > 0.5 / sampling_rate_hz
    )
    result[too_long[left] & inside] = np.nan
    outside = (grid_s < time[0] - 0.5 / sampling_rate_hz) | (
        grid_s > time[-1] + 0.5 / sampling_rate_hz
    )
    result[outside] = np.nan
    return result
