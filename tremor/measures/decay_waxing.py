"""Waxing and waning of a tremor: hypotheses on its covariance, and the algebra of each.

The covariance of the log RMS is ``diag(v) + s^2 w_i w_j exp(-|t_i - t_j| / c)``: scatter of the
windows, and waxing and waning of log standard deviation s with correlation time c. The decay that
is judged beside it is in `tremor.measures.decay_posterior`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.settings import DECAY_PRIOR

__all__ = ["Waxing", "products"]

Bools = npt.NDArray[np.bool_]

#: Log standard deviation and correlation time, s, that stand for no waxing: the recursion divides
#: by both.
_NO_WAXING: Final = (1e-3, 8.0)


def _log_prior_of_sd() -> Floats:
    """Return the log prior of the standard deviations; that of no waxing is 0."""
    sd = np.array(DECAY_PRIOR.waxing_log_sd)
    width = np.gradient(sd) / sd[0]
    return np.asarray(np.log(width) - 0.5 * (sd / DECAY_PRIOR.waxing_sd_scale) ** 2)


def _log_prior_of_time() -> Floats:
    """Return the log prior of the correlation times."""
    log_time = np.log(np.array(DECAY_PRIOR.waxing_time_s) / DECAY_PRIOR.waxing_time_centre_s)
    log_prior = -0.5 * (log_time / DECAY_PRIOR.waxing_time_log_sd) ** 2
    return np.asarray(log_prior - np.log(np.exp(log_prior).sum()))


class Waxing(NamedTuple):
    """Hypotheses on waxing and waning, one row each, with their log prior.

    Parameters
    ----------
    share : ndarray, shape (n_hypotheses, n)
        Share of the power that waxes and wanes, at each time.
    log_sd, time_s : ndarray, shape (n_hypotheses,)
        Log standard deviation, and correlation time, s.
    log_prior : ndarray, shape (n_hypotheses,)
        Natural logarithm of the prior.
    """

    share: Floats
    log_sd: Floats
    time_s: Floats
    log_prior: Floats

    @classmethod
    def of(cls, share: Floats) -> Waxing:
        """Return all hypotheses for one share, none waxing among them.

        Parameters
        ----------
        share : ndarray, shape (n,)
            Share of the power that waxes and wanes.

        Returns
        -------
        Waxing
            One row per standard deviation and time of the prior.
        """
        sd, time = (
            grid.ravel()
            for grid in np.meshgrid(DECAY_PRIOR.waxing_log_sd, DECAY_PRIOR.waxing_time_s)
        )
        log_prior = np.add.outer(_log_prior_of_time(), _log_prior_of_sd()).ravel()
        return cls(
            np.tile(share, (len(sd) + 1, 1)),
            np.append(sd, _NO_WAXING[0]),
            np.append(time, _NO_WAXING[1]),
            np.append(log_prior, 0.0),
        )

    def chosen(self, rows: Bools) -> Waxing:
        """Return some of the hypotheses."""
        return Waxing(*(column[rows] for column in self))

    def joined(self, other: Waxing) -> Waxing:
        """Return these hypotheses and others."""
        return Waxing(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


def products(
    time_s: Floats, variance: Floats, waxing: Waxing, columns: Floats
) -> tuple[Floats, Floats]:
    """Compute columns' V^-1 columns and ln det V for every hypothesis.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Times, s, rising.
    variance : ndarray, shape (n,)
        Scatter of the log RMS.
    waxing : Waxing
        The hypotheses, K of them.
    columns : ndarray, shape (n, p)
        What is multiplied.

    Returns
    -------
    ndarray, shape (K, p, p)
        The products.
    ndarray, shape (K,)
        The log determinants.

    Notes
    -----
    With K the exponential correlation, whose inverse is tridiagonal,
    ``V^-1 = D^-1 - D^-1 W (K^-1 / s^2 + W D^-1 W)^-1 W D^-1``: one pass along the time.
    """
    n = len(time_s)
    correlation = np.exp(-np.diff(time_s)[:, None] / waxing.time_s)
    innovation = np.maximum(1.0 - correlation**2, 1e-9)
    power = waxing.log_sd**2
    off_diagonal = -correlation / innovation / power
    share = waxing.share.T
    diagonal = np.ones((n, len(power)))
    diagonal[1:] += correlation**2 / innovation
    diagonal[:-1] += correlation**2 / innovation
    diagonal = diagonal / power + share**2 / variance[:, None]
    solved = (share / variance[:, None])[:, :, None] * columns[:, None, :]
    for i in range(1, n):
        factor = off_diagonal[i - 1] / diagonal[i - 1]
        diagonal[i] -= factor * off_diagonal[i - 1]
        solved[i] -= factor[:, None] * solved[i - 1]
    solved /= np.sqrt(diagonal)[:, :, None]
    solved = solved.transpose(1, 0, 2)
    independent = (columns / variance[:, None]).T @ columns
    log_det = (
        np.log(variance).sum()
        + np.log(diagonal).sum(axis=0)
        + np.log(innovation).sum(axis=0)
        + n * np.log(power)
    )
    return independent - solved.transpose(0, 2, 1) @ solved, log_det
