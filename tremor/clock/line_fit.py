"""The least-squares slope of time over sample position, shared by groups with their own intercepts.

A sensor that restarts after a gap keeps its rate and takes a new phase: one slope, one intercept
for each group of points. Every fit of a sampling period in this package is made of these functions.
How stamps become points and groups is for the modules that use them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from tremor.arrays import Floats, Indices
from tremor.settings import SLOPE_FIT

__all__ = ["centre", "fit_slope", "slope_sd"]

#: The median residual is taken over about this many points.
_MEDIAN_POINTS: Final = 50_000


def centre(values: Floats, group: Indices | None = None) -> Floats:
    """Subtract from each value the mean of its group.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Any unit.
    group : ndarray of int64, shape (n,), optional
        Group number of each value, 0 to n_groups - 1, none of them empty. All values are one
        group without it.

    Returns
    -------
    ndarray, shape (n,)
        In the unit of the values.

    Examples
    --------
    >>> centre(np.array([1.0, 3.0, 10.0, 20.0]), np.array([0, 0, 1, 1])).tolist()
    [-1.0, 1.0, -5.0, 5.0]
    """
    if group is None:
        return np.asarray(values - values.mean())
    means = np.bincount(group, values) / np.bincount(group)
    return np.asarray(values - means[group])


def fit_slope(x: Floats, y: Floats, *, reject_outliers: bool = False) -> float:
    """Fit the slope of points that are centred within their groups.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Points, as `centre` returns them.
    reject_outliers : bool
        Fit once more without the points that lie far from the first line, if they are few.

    Returns
    -------
    float
        Unit of y over unit of x; NaN where all x of each group are equal.

    Notes
    -----
    Centring within groups removes one intercept for each of them, so that the slope is the
    least-squares one of the model ``y = slope * x + intercept[group]``.

    Examples
    --------
    Two runs of samples 10 ms apart, the second after a restart at another phase:

    >>> position = np.array([0.0, 1.0, 2.0, 50.0, 51.0, 52.0])
    >>> group = np.array([0, 0, 0, 1, 1, 1])
    >>> time_s = 0.01 * position + np.array([0.0, 0.3])[group]
    >>> round(fit_slope(centre(position, group), centre(time_s, group)), 6)
    0.01
    """
    norm = float(x @ x)
    if norm == 0.0:
        return math.nan
    slope = float(x @ y) / norm
    if not reject_outliers:
        return slope
    residual = slope * x
    np.abs(np.subtract(y, residual, out=residual), out=residual)
    typical = float(np.median(residual[:: max(1, len(residual) // _MEDIAN_POINTS)]))
    limit = max(SLOPE_FIT.outlier_over_median * typical, SLOPE_FIT.outlier_over_slope * slope)
    is_outlier = residual > limit
    if not 0 < np.count_nonzero(is_outlier) <= SLOPE_FIT.most_outliers_share * len(x):
        return slope
    # Few points of any group are gone, and its mean hardly moves: one mean will do for all.
    refined = fit_slope(centre(x[~is_outlier]), centre(y[~is_outlier]))
    return slope if math.isnan(refined) else refined


def slope_sd(x: Floats, residual: Floats, *, degrees_of_freedom: int) -> float:
    """Estimate the standard deviation of a fitted slope.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Abscissas in order, centred within their groups.
    residual : ndarray, shape (n,)
        Distances in y from the line.
    degrees_of_freedom : int
        Number of points less the number of parameters; at least 1.

    Returns
    -------
    float
        Unit of y over unit of x.

    Notes
    -----
    The residuals are taken as a first-order autoregressive process of lag-one autocorrelation r:
    their variance counts (1 + r) / (1 - r) times. A negative r is taken as zero.
    """
    power = float(residual @ residual)
    correlation = float(residual[1:] @ residual[:-1]) / power if power > 0 else 0.0
    correlation = min(max(correlation, 0.0), SLOPE_FIT.most_autocorrelation)
    inflation = power / degrees_of_freedom * (1.0 + correlation) / (1.0 - correlation)
    return math.sqrt(inflation / float(x @ x))
