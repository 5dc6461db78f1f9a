"""What can be told of a capture's soundness from its samples alone: rails, dead axes, gravity.

Clocks and gaps are `tremor.dsp.timebase`. Whether a stretch holds tremor is not asked here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.units import STANDARD_GRAVITY_MS2

__all__ = ["find_clipped", "find_dead_axes", "find_scale_correction", "median_norm_ms2"]

Floats = npt.NDArray[np.float64]

#: Gravity alone never takes an axis further than 1 g, so a value that an axis sits at can be a
#: rail only beyond this; the narrowest common range is 2 g.
_LEAST_RAIL_MS2: Final = 1.4 * STANDARD_GRAVITY_MS2
#: So many samples in a row at the extreme make it a rail.
_LEAST_RUN: Final = 3
#: A declared full scale counts as reached at this share of it (offset and gain of real parts).
_RAIL_SHARE: Final = 0.995
#: Seconds whose |a| moves by less than this (standard deviation, m/s^2) are still.
_STILL_SD_MS2: Final = 0.3
_LEAST_STILL_S: Final = 5
_GAIN_LIMITS: Final = (0.9, 1.1)


def median_norm_ms2(acceleration_ms2: Floats) -> float:
    """Give the median length of the acceleration vector.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2; rows of NaN are left out.

    Returns
    -------
    float
        m/s^2; NaN where no row is finite.
    """
    norm = np.sqrt(np.einsum("ij,ij->i", acceleration_ms2, acceleration_ms2))
    norm = norm[np.isfinite(norm)]
    return float(np.median(norm)) if norm.size else float("nan")


def find_dead_axes(acceleration_ms2: Floats) -> tuple[int, ...]:
    """Find the axes that hold one value throughout.

    An instrument with a single axis, its two other columns exactly zero, is a known kind and not
    a broken sensor: those columns are not called dead.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2; rows of NaN are left out.

    Returns
    -------
    tuple of int
        Indices of the dead axes.
    """
    finite = acceleration_ms2[np.isfinite(acceleration_ms2).all(axis=1)]
    if len(finite) < 2:
        return ()
    constant = np.ptp(finite, axis=0) == 0.0
    zero = constant & (finite[0] == 0.0)
    if zero.sum() == 2 and constant.sum() == 2:
        return ()
    return tuple(int(axis) for axis in np.flatnonzero(constant))


def find_clipped(
    acceleration_ms2: Floats, *, range_ms2: float | None = None
) -> npt.NDArray[np.bool_]:
    """Find the samples at the rail of the sensor.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2; rows of NaN are never clipped.
    range_ms2 : float, optional
        Declared full scale, m/s^2. Without it a rail is an extreme beyond 1.4 g at which an axis
        sits for three samples or more, and far more often than just inside of it.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where any axis is at a rail.

    Notes
    -----
    A sine that is not clipped spends about 0.4 times as long within 0.1 % of its extreme as in
    the ten times wider zone next to it; a clipped one spends most of its time at the extreme. The
    limit of the ratio, 2, lies between.

    Examples
    --------
    >>> import numpy as np
    >>> sine = 40.0 * np.sin(np.linspace(0.0, 60.0, 1000))
    >>> cut = np.zeros((1000, 3)); cut[:, 0] = np.clip(sine, -20.0, 20.0)
    >>> bool(find_clipped(cut)[np.abs(sine) >= 20.0].all())
    True
    >>> bool(find_clipped(cut)[np.abs(sine) < 19.9].any())
    False
    """
    clipped = np.zeros(len(acceleration_ms2), dtype=np.bool_)
    for axis in acceleration_ms2.T:
        for signed in (axis, -axis):
            if range_ms2 is not None:
                clipped |= np.nan_to_num(signed, nan=-np.inf) >= _RAIL_SHARE * range_ms2
            else:
                clipped |= _at_rail(signed)
    return clipped


def _at_rail(values: Floats) -> npt.NDArray[np.bool_]:
    nowhere = np.zeros(len(values), dtype=np.bool_)
    finite = values[np.isfinite(values)]
    if finite.size < _LEAST_RUN or finite.max() < _LEAST_RAIL_MS2:
        return nowhere
    top, span = float(finite.max()), float(np.ptp(finite))
    near_top = np.unique(finite[finite > top - 0.05 * span])
    step = float(np.median(np.diff(near_top))) if len(near_top) > 1 else 0.0
    at_zone = max(1e-3 * span, 0.5 * step)
    next_zone = max(1e-2 * span, 5.0 * step)
    with np.errstate(invalid="ignore"):
        at = values >= top - at_zone
        n_next = int(np.count_nonzero((values < top - at_zone) & (values >= top - next_zone)))
    runs = np.convolve(at, np.ones(_LEAST_RUN, dtype=np.int64), mode="valid")
    if runs.max() < _LEAST_RUN or np.count_nonzero(at) <= 2 * n_next:
        return nowhere
    return at


def find_scale_correction(acceleration_ms2: Floats, *, sampling_rate_hz: float) -> float | None:
    """Find the factor that makes gravity read 9.80665 m/s^2 in the still seconds.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2, gravity included; rows of NaN make their second unusable.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    float or None
        None where fewer than five seconds are still, or where gravity reads more than 10 % off:
        then it is not the gain of the sensor that is wrong.
    """
    n_second = round(sampling_rate_hz)
    n_seconds = len(acceleration_ms2) // n_second if n_second > 1 else 0
    if n_seconds < _LEAST_STILL_S:
        return None
    cut = acceleration_ms2[: n_seconds * n_second]
    norm = np.sqrt(np.einsum("ij,ij->i", cut, cut)).reshape(n_seconds, n_second)
    norm = norm[np.isfinite(norm).all(axis=1)]
    still = norm[norm.std(axis=1) < _STILL_SD_MS2]
    if len(still) < _LEAST_STILL_S:
        return None
    factor = STANDARD_GRAVITY_MS2 / float(np.median(still))
    return factor if _GAIN_LIMITS[0] <= factor <= _GAIN_LIMITS[1] else None
