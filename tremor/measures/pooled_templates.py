"""The model of pooled lines: its parameters, and the spectra that they scale.

It is fitted in `tremor.measures.pooled_whittle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from tremor.measures.line_shape import lorentzian, voigt
from tremor.measures.pooled_problem import Group, PooledProblem
from tremor.recording import Floats
from tremor.settings import FIT_CHECK

__all__ = ["N_EXPONENTS", "PER_LINE", "PooledModel", "leakage", "templates"]

Bools = npt.NDArray[np.bool_]

#: Parameters of a line: centre, Hz, ln a, and ln of its spread, rad/s.
PER_LINE: Final = 3
#: The exponents that follow: of all lines, and of the floor.
N_EXPONENTS: Final = 2


@dataclass(frozen=True, eq=False, slots=True)
class PooledModel:
    """Number of lines, whether they are Voigt lines, and which shared parameters are free.

    Parameters
    ----------
    n_lines : int
        Number of lines.
    is_voigt : bool
        Whether they have a Gaussian part.
    free : ndarray of bool, shape (3 n_lines + 2,)
        Which parameters are fitted.
    """

    n_lines: int
    is_voigt: bool
    free: Bools

    @classmethod
    def of(cls, problem: PooledProblem, *, is_voigt: bool) -> Self:
        """Return the model of a problem, lines and floor free to tilt.

        Parameters
        ----------
        problem : PooledProblem
            Its number of lines, and a width that is given, count.
        is_voigt : bool
            Whether the lines have a Gaussian part.

        Returns
        -------
        PooledModel
            The model.
        """
        n_lines = len(problem.centres_hz)
        free = np.ones(PER_LINE * n_lines + N_EXPONENTS, dtype=np.bool_)
        free[1] = problem.bandwidth_hz is None
        free[2:-N_EXPONENTS:PER_LINE] = is_voigt
        return cls(n_lines, is_voigt, free)


def templates(group: Group, shared: Floats, model: PooledModel) -> tuple[Floats, Floats]:
    """Return what each free parameter and each local one of the model scales.

    Parameters
    ----------
    group : Group
        The segments, of p problems.
    shared : ndarray, shape (p, 3 n_lines + 2)
        Centre, Hz, ln a and ln of the spread of each line, and the exponents of lines and floor.
    model : PooledModel
        Which of them are free.

    Returns
    -------
    tuple of ndarray, shapes (p, n, m) and (n,)
        Slopes by the free parameters, lines and floor at the bins; and the local parameter, a
        power or the floor, by which each is multiplied.
    """
    slopes, lines, owners = [], [], []
    tilt, exponent = shared[:, -2], shared[:, -1]
    tilts = np.exp(tilt[:, None] * group.log_frequency) if tilt.any() else None
    for line in range(model.n_lines):
        first = PER_LINE * line
        frequency_hz, log_rate, log_spread = shared[:, first : first + PER_LINE].T
        if model.is_voigt or group.is_tapered:
            g, by = voigt(
                group.index,
                frequency_hz,
                log_rate,
                log_spread if model.is_voigt else np.full_like(log_spread, -np.inf),
                duration_s=group.duration_s,
                is_tapered=group.is_tapered,
            )
        else:
            g, by = lorentzian(group.index, frequency_hz, log_rate, duration_s=group.duration_s)
        chosen = np.flatnonzero(model.free[first : first + PER_LINE])
        by = by[:, chosen]
        if tilts is not None:
            g, by = g * tilts, by * tilts[:, None]
        lines.append(g[:, None])
        slopes.append(by)
        owners += [line] * len(chosen)
    floor = np.exp(exponent[:, None] * group.log_frequency)[:, None]
    if model.free[-2]:
        # One tilt for all lines, each with its own power: only the first one's is followed.
        slopes.append(lines[0] * group.log_frequency[:, None])
        owners.append(0)
    if model.free[-1]:
        slopes.append(floor * group.log_frequency[:, None])
        owners.append(model.n_lines)
    owners += range(model.n_lines + 1)
    return np.concatenate([*slopes, *lines, floor], axis=1), np.array(owners)


def leakage(
    frequency_hz: Floats, basis: Floats, mean: Floats, shared: Floats, model: PooledModel
) -> Bools:
    """Return which bins hold the leakage of a line more than the line itself or the floor.

    Parameters
    ----------
    frequency_hz : ndarray, shape (p, m)
        Bins, Hz.
    basis : ndarray, shape (p, n_lines + 1, m)
        Lines of unit power and floor there.
    mean : ndarray, shape (p, n_lines + 1)
        Mean powers and floor.
    shared : ndarray, shape (p, 3 n_lines + 2)
        As for `templates`.
    model : PooledModel
        The model.

    Returns
    -------
    ndarray of bool, shape (p, m)
        Leakage comes from the ends of a segment: in all bins it is the same few numbers, so that
        their ratios are not independent.
    """
    from scipy.special import voigt_profile

    leaked = np.zeros(frequency_hz.shape)
    rest = mean[:, -1:] * basis[:, -1]
    for line in range(model.n_lines):
        centre_hz, log_rate, log_spread = shared[:, PER_LINE * line : PER_LINE * (line + 1)].T
        half_width_hz = np.exp(log_rate) / (2.0 * np.pi)
        spread_hz = np.exp(log_spread) / (2.0 * np.pi) if model.is_voigt else np.zeros(len(shared))
        away_hz = frequency_hz - centre_hz[:, None]
        power = mean[:, line, None]
        own = power * voigt_profile(away_hz, spread_hz[:, None], half_width_hz[:, None])
        leaked += np.maximum(power * basis[:, line] - own, 0.0)
        rest = rest + own
        # The peak of a line that is not resolved is all leakage.
        width_hz = 2.0 * half_width_hz[:, None] + spread_hz[:, None]
        bin_hz = frequency_hz[:, 1:2] - frequency_hz[:, :1]
        leaked += np.where((np.abs(away_hz) < 2.0 * bin_hz) & (width_hz < bin_hz), np.inf, 0.0)
    return np.asarray(leaked > FIT_CHECK.most_leakage * rest)
