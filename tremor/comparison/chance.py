"""Factors between estimates, and the least factor that is more than chance.

Strength, frequency and half-life are positive and vary in proportion to themselves, so all is
computed in natural logarithms: a fall to the half and a rise to the double count the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtrit

from tremor.estimate import LEVEL, Estimate
from tremor.notes import note
from tremor.settings import COMPARISON

__all__ = ["LogValue", "between_sessions_sd", "detectable_factor", "factor_of", "log_value"]

_TAIL: Final = 0.5 * (1.0 + LEVEL)
_NORMAL_QUANTILE: Final = 1.959964


class LogValue(NamedTuple):
    """Logarithm of an estimate and its standard deviation; None if an interval limit is open."""

    value: float
    sd: float | None


def log_value(estimate: Estimate) -> LogValue | None:
    """Return the logarithm of an estimate.

    Parameters
    ----------
    estimate : Estimate
        Of a positive quantity.

    Returns
    -------
    LogValue or None
        None if there is no positive value.

    Examples
    --------
    >>> found = log_value(Estimate(1.0, 0.5, 2.0))
    >>> found.value, round(found.sd, 3)
    (0.0, 0.354)
    """
    if estimate.value is None or estimate.value <= 0.0:
        return None
    low, high = estimate.low, estimate.high
    if low is None or high is None or low <= 0.0:
        return LogValue(math.log(estimate.value), None)
    return LogValue(math.log(estimate.value), math.log(high / low) / (2.0 * _NORMAL_QUANTILE))


def factor_of(before: Estimate, after: Estimate) -> Estimate:
    """Estimate the factor from one estimate to another that is independent of it.

    Parameters
    ----------
    before, after : Estimate
        Of one positive quantity.

    Returns
    -------
    Estimate
        After over before. Its interval holds the errors of both measurements, and not how much a
        leg varies from day to day.

    Examples
    --------
    >>> found = factor_of(Estimate(0.2, 0.19, 0.21), Estimate(0.4, 0.38, 0.42))
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2)
    (2.0, 1.86, 2.15)
    """
    one, other = log_value(before), log_value(after)
    if one is None or other is None:
        missing = before if one is None else after
        return Estimate.missing(missing.reason or note("NOT_POSITIVE"))
    change = other.value - one.value
    if one.sd is None or other.sd is None:
        return Estimate(math.exp(change), None, None, method="log_ratio")
    reach = _NORMAL_QUANTILE * math.hypot(one.sd, other.sd)
    return Estimate(
        math.exp(change), math.exp(change - reach), math.exp(change + reach), method="log_ratio"
    )


def between_sessions_sd(log_values: Sequence[float]) -> tuple[float, float] | None:
    """Estimate how much a quantity varies from session to session.

    Parameters
    ----------
    log_values : sequence of float
        Logarithms of the values, in order of time.

    Returns
    -------
    sd : float
        Standard deviation of a single session, measurement error included.
    degrees_of_freedom : float
        Its degrees of freedom; None in place of both with fewer than four sessions.

    Notes
    -----
    From the squares of successive differences (von Neumann, 1941), so that a slow rise or fall
    over the weeks does not count as variation. Its degrees of freedom are those of a chi-square
    with the same variance, 2 (n - 1)^2 / (3 n - 4).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sd, df = between_sessions_sd(rng.normal(0.01 * np.arange(400), 0.3))
    >>> round(sd, 2), round(df)
    (0.3, 266)
    """
    n = len(log_values)
    if n < COMPARISON.least_sessions:
        return None
    steps = np.diff(np.asarray(log_values, dtype=float))
    return float(np.sqrt(np.mean(steps**2) / 2.0)), 2.0 * (n - 1) ** 2 / (3.0 * n - 4.0)


def detectable_factor(sd: float, degrees_of_freedom: float) -> float:
    """Return the minimum detectable change between two sessions, as a factor.

    Parameters
    ----------
    sd : float
        Standard deviation of the logarithm of a single session.
    degrees_of_freedom : float
        Those of `sd`.

    Returns
    -------
    float
        Two sessions without any change differ by more in 5 % of the cases.

    Examples
    --------
    >>> round(detectable_factor(0.2, 1e6), 2)
    1.74
    """
    return math.exp(float(stdtrit(degrees_of_freedom, _TAIL)) * math.sqrt(2.0) * sd)
