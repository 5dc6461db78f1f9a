"""Limits of intervals at the level of all estimates: Student's t, chi-square, normal.

The variance and the degrees of freedom of an estimate are computed where it is made.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.estimate import LEVEL, Estimate
from tremor.recording import Floats
from tremor.settings import MISSING

__all__ = [
    "MOST_LOG",
    "NORMAL_QUANTILE",
    "ONE_SIDED_QUANTILE",
    "chi_square_factors",
    "columns_of",
    "estimate_of",
    "student_quantile",
    "widened_for_missing",
]

Bools = npt.NDArray[np.bool_]

#: Quantile of the normal distribution at `LEVEL`, two-sided.
NORMAL_QUANTILE: Final = 1.959963984540054
#: ... and one-sided.
ONE_SIDED_QUANTILE: Final = 1.6448536269514722
#: Largest logarithm of the factor between a value and its limit: beyond e^12 an interval holds no
#: information, and the bound keeps it finite.
MOST_LOG: Final = 12.0
#: Estimates of size, which grow with the amplitude.
_AMPLITUDES: Final = ("rms_ms2", "displacement_pp_mm")
#: Beyond a million degrees of freedom the chi-square limits are within 0.2 % of one.
_FREEDOM_LIMITS: Final = (1.0, 1e6)


def student_quantile(freedom: Floats | float) -> Floats:
    """Return the quantile of Student's t at `LEVEL`, two-sided.

    Parameters
    ----------
    freedom : ndarray, shape (n,), or float
        Degrees of freedom.

    Returns
    -------
    ndarray
        Half width of the interval in standard deviations.
    """
    from scipy.special import stdtrit  # needed only where there is a line

    return np.asarray(stdtrit(freedom, 0.5 + LEVEL / 2.0))


def chi_square_factors(freedom: Floats) -> Floats:
    """Return the limits of a power relative to its estimate.

    Parameters
    ----------
    freedom : ndarray, shape (n,)
        Degrees of freedom of the estimate: 2 over its relative variance.

    Returns
    -------
    ndarray, shape (n, 2)
        Lower and upper factor at `LEVEL`.

    Examples
    --------
    >>> import numpy as np
    >>> chi_square_factors(np.array([10.0])).round(2).tolist()
    [[0.49, 3.08]]
    """
    from scipy.special import chdtri

    freedom = np.clip(freedom, *_FREEDOM_LIMITS)
    tail = (1.0 - LEVEL) / 2.0
    limits = np.stack([chdtri(freedom, tail), chdtri(freedom, 1.0 - tail)], axis=-1)
    return np.asarray(freedom[:, None] / limits)


def columns_of(value: Floats, low: Floats, high: Floats) -> Floats:
    """Stack value, low and high of many estimates, shape (n,) each, to columns, shape (n, 3)."""
    return np.stack([value, low, high], axis=-1)


def estimate_of(numbers: Floats, method: str) -> Estimate:
    """Return the estimate of one row of value, low and high.

    Parameters
    ----------
    numbers : ndarray, shape (3,)
        Value, low and high.
    method : str
        How they were found.

    Returns
    -------
    Estimate
        At `LEVEL`.
    """
    value, low, high = (float(number) for number in numbers)
    return Estimate(value, low, high, level=LEVEL, method=method)


def widened_for_missing(
    estimates: Floats, missing_share: Floats, *, is_sine: Bools, name: str
) -> Floats:
    """Widen intervals for samples that are missing and were interpolated.

    Parameters
    ----------
    estimates : ndarray, shape (n, 3)
        Value, low and high, none of them negative.
    missing_share : ndarray, shape (n,)
        Share of the samples that are missing.
    is_sine : ndarray of bool, shape (n,)
        Whether the estimate is that of a sine.
    name : str
        Name of the estimate in `tremor.results.estimates.ESTIMATE_NAMES`.

    Returns
    -------
    ndarray, shape (n, 3)
        The same values with their wider intervals.

    Notes
    -----
    A share m that is missing makes the time shorter, and the standard deviation larger by
    ``1 / sqrt(1 - m)``. The interval of a sine follows from the noise beside it, of which the
    interpolated samples hold none of their own, but that of their neighbours: its factor is
    ``1 / (1 - m)^2``. The amplitude in the holes is known to a few percent only, which adds in
    quadrature.

    Examples
    --------
    >>> import numpy as np
    >>> wider = widened_for_missing(
    ...     np.array([[8.0, 7.0, 9.0]]),
    ...     np.array([0.19]),
    ...     is_sine=np.array([False]),
    ...     name="frequency_hz",
    ... )
    >>> wider.round(3).tolist()
    [[8.0, 6.889, 9.111]]
    """
    factor = (1.0 - missing_share) ** np.where(is_sine, -2.0, -0.5)
    value, low, high = estimates.T
    in_holes = MISSING.amplitude_error * missing_share * value if name in _AMPLITUDES else 0.0
    return columns_of(
        value,
        np.maximum(value - np.hypot(factor * (value - low), in_holes), 0.0),
        value + np.hypot(factor * (high - value), in_holes),
    )
