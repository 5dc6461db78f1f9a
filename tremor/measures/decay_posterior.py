"""The posterior of a decay: its evidence against a constant, and draws of its parameters.

The model is RMS^2 = A^2 exp(-2 t / tau) + F^2, in log RMS and with the waxing and waning of the
tremor modelled. Verdict and half-life are read from it in `tremor.measures.decay_verdict`.

Notes
-----
The covariance of the log RMS is ``diag(v) + s^2 w_i w_j exp(-|t_i - t_j| / c)``: scatter of the
windows, and waxing and waning of log standard deviation s with correlation time c. The share w is 1
if the whole tremor waxes and wanes, and that of the fading part if the floor is steady; both are
considered, weighted by their likelihood. s (up to 0.7, half-normal of scale 0.3) and c (2 to 64 s,
log-normal about 15 s) are integrated out over a grid, the level by its flat prior (REML), ln tau
and the floor over a grid with flat priors: in ln tau from 10 s to 20 times the rest, and in the
share that stays.

References
----------
Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90, 773-795,
doi:10.1080/01621459.1995.10476572.
Harville (1974), Bayesian inference for variance components using only error contrasts,
Biometrika 61, 383-385, doi:10.1093/biomet/61.2.383.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.settings import DECAY_PRIOR

__all__ = [
    "CoarsePosterior",
    "DecayPosterior",
    "RmsSeries",
    "coarse_posterior",
    "refine_posterior",
    "thin_series",
]

Bools = npt.NDArray[np.bool_]

#: Log standard deviation and correlation time, s, that stand for no waxing: the recursion divides
#: by both.
_NO_WAXING: Final = (1e-3, 8.0)
#: ln tau that stands for no decay.
_NO_DECAY_LOG_TAU: Final = 100.0
#: Numbers of cells along ln tau and along the level.
_N_TAU: Final = 36
_N_LEVEL: Final = 24
#: Dimension of the space that all curves of a grid lie in (to 1e-3 of a log unit), and the curves
#: that it is taken from.
_N_BASIS: Final = 16
_N_BASIS_CURVES: Final = 60
_BASIS_TAIL: Final = 1e-6
#: Times that the grid is narrowed, and the tail of the weight that is cut off on each side.
_N_ZOOMS: Final = 2
_ZOOM_TAIL: Final = 1e-4
#: Hypotheses of less than this share of the largest weight are dropped.
_NEGLIGIBLE: Final = 1e-4
_N_DRAWS: Final = 4000
_MOST_POINTS: Final = 300


class RmsSeries(NamedTuple):
    """RMS of the tremor over a rest.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Times from the start of the rest, s, rising.
    rms_ms2 : ndarray, shape (n,)
        RMS acceleration, m/s^2.
    log_variance : ndarray, shape (n,)
        Variance of the natural logarithm of each RMS.
    """

    time_s: Floats
    rms_ms2: Floats
    log_variance: Floats


def thin_series(points: RmsSeries) -> RmsSeries:
    """Average the power over bins that widen with time, so that at most 300 points are left.

    Parameters
    ----------
    points : RmsSeries
        Of any length.

    Returns
    -------
    RmsSeries
        The same if it is short enough.
    """
    n = len(points.time_s)
    if n <= _MOST_POINTS:
        return points
    since = points.time_s - points.time_s[0]
    # Half of the bins would hold the early half at full resolution: a decay is fastest there.
    stretched = np.log1p(since / since[-1] * n / (0.5 * _MOST_POINTS))
    index = np.minimum(_MOST_POINTS * stretched / stretched[-1], _MOST_POINTS - 1).astype(np.int64)
    _, index, count = np.unique(index, return_inverse=True, return_counts=True)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(index, values) / count)

    # Neighbours may overlap by half, and then half of their scatter is common.
    looks = np.maximum(count / 2.0, 1.0)
    return RmsSeries(
        mean(points.time_s),
        np.sqrt(mean(points.rms_ms2**2)),
        mean(points.log_variance) / looks,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Grid:
    """Limits of ln tau and of the level: F over RMS(0) if the floor is fitted, else ln(A/F)."""

    tau_limits: tuple[float, float]
    level_limits: tuple[float, float]

    def cells(self) -> tuple[Floats, Floats]:
        """Return ln tau and the level of every cell, each (n_tau * n_level,)."""
        tau, level = (
            low + (high - low) * (np.arange(count) + 0.5) / count
            for (low, high), count in (
                (self.tau_limits, _N_TAU),
                (self.level_limits, _N_LEVEL),
            )
        )
        return np.repeat(tau, _N_LEVEL), np.tile(level, _N_TAU)

    def zoomed(self, weight: Floats) -> _Grid:
        """Return the box that holds all but a tail of the weight."""
        square = weight.reshape(_N_TAU, _N_LEVEL)
        return _Grid(
            _narrowed(square.sum(axis=1), self.tau_limits),
            _narrowed(square.sum(axis=0), self.level_limits),
        )


def _narrowed(weight: Floats, limits: tuple[float, float]) -> tuple[float, float]:
    """Return the limits of the cells that hold all but the tails, one cell more on each side."""
    low, high = limits
    step = (high - low) / len(weight)
    total = np.cumsum(weight)
    first = int(np.searchsorted(total, _ZOOM_TAIL))
    last = int(np.searchsorted(total, 1.0 - _ZOOM_TAIL))
    return max(low, low + step * (first - 1)), min(high, low + step * (last + 2))


def _log_curves(time_s: Floats, tau: Floats, level: Floats, *, is_floor_known: bool) -> Floats:
    """Return ln RMS over its scale for every (ln tau, level): RMS(0), or the floor if known."""
    fading = np.exp(-2.0 * time_s / np.exp(tau)[:, None])
    if is_floor_known:
        return np.asarray(0.5 * np.log1p(np.exp(2.0 * level)[:, None] * fading))
    floor = (level**2)[:, None]
    return np.asarray(0.5 * np.log(np.maximum((1.0 - floor) * fading + floor, 1e-300)))


def _fading_share(curve: Floats, level: float, *, is_floor_known: bool) -> Floats:
    """Return the share of the fading part in the power, along a curve of ln RMS over its scale."""
    floor = 1.0 if is_floor_known else level**2
    return np.asarray(1.0 - floor * np.exp(-2.0 * curve))


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


class _Waxing(NamedTuple):
    """Hypotheses on waxing and waning, one row each, with their log prior."""

    share: Floats
    log_sd: Floats
    time_s: Floats
    log_prior: Floats

    @classmethod
    def of(cls, share: Floats) -> _Waxing:
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

    def chosen(self, rows: Bools) -> _Waxing:
        return _Waxing(*(column[rows] for column in self))

    def joined(self, other: _Waxing) -> _Waxing:
        return _Waxing(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))


def _products(
    time_s: Floats, variance: Floats, waxing: _Waxing, columns: Floats
) -> tuple[Floats, Floats]:
    """Return columns' V^-1 columns, (K, p, p), and ln det V, (K,), for every hypothesis.

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


class _Weights(NamedTuple):
    """Log weight of hypothesis and cell, (K, J), and the scale's mean (K, J) and sd (K, 1)."""

    log_weight: Floats
    scale: Floats
    scale_sd: Floats


def _weigh(
    points: RmsSeries, waxing: _Waxing, curves: Floats, *, log_floor: float | None
) -> _Weights:
    """Weigh every curve under every hypothesis; the scale is free if the floor is not known.

    The curves of a grid are smooth and lie in few dimensions: the quadratic forms are computed
    there, once for each hypothesis.
    """
    # The mean log of a chi-square average lies below the log of its mean by about its variance.
    value = np.log(points.rms_ms2) + points.log_variance
    value = value - (log_floor if log_floor is not None else 0.0)
    sample = curves[:: max(1, len(curves) // _N_BASIS_CURVES)]
    basis, size, _ = np.linalg.svd(sample.T, full_matrices=False)
    basis = basis[:, : min(_N_BASIS, int(np.count_nonzero(size > _BASIS_TAIL * size[0])) or 1)]
    inside = curves @ basis
    squares = (inside[:, :, None] * inside[:, None, :]).reshape(len(inside), -1)
    columns = np.column_stack([value, np.ones_like(value), basis])
    products, log_det = _products(points.time_s, points.log_variance, waxing, columns)
    misfit = (
        products[:, :1, 0]
        - 2.0 * products[:, 0, 2:] @ inside.T
        + products[:, 2:, 2:].reshape(len(products), -1) @ squares.T
    )
    log_weight = waxing.log_prior[:, None] - 0.5 * log_det[:, None]
    if log_floor is not None:
        zero = np.zeros((len(misfit), 1))
        return _Weights(log_weight - 0.5 * misfit, np.zeros_like(misfit), zero)
    ones = products[:, 1, 1][:, None]
    mean = (products[:, :1, 1] - products[:, 1, 2:] @ inside.T) / ones
    log_weight = log_weight - 0.5 * (np.log(ones) + misfit - mean**2 * ones)
    return _Weights(log_weight, mean, 1.0 / np.sqrt(ones))


def _log_mean(log_weight: Floats) -> float:
    """Return the log of the sum over hypotheses and the mean over cells."""
    top = float(log_weight.max())
    return top + math.log(float(np.exp(log_weight - top).sum())) - math.log(log_weight.shape[1])


@dataclass(frozen=True, eq=False, slots=True)
class DecayPosterior:
    """Equally weighted draws of the parameters of a decay.

    Parameters
    ----------
    log_tau : ndarray, shape (n_draws,)
        Natural logarithm of the time constant, s.
    level : ndarray, shape (n_draws,)
        F over RMS(0) if the floor was fitted, else ln(A / F).
    log_scale : ndarray, shape (n_draws,)
        Natural logarithm of RMS(0), or of F if that is known, m/s^2.
    is_floor_known : bool
        Whether the floor is that from before the run, not a fitted one.
    log_bayes_factor : float
        Natural logarithm of the evidence for a decay over that for a constant.
    """

    log_tau: Floats
    level: Floats
    log_scale: Floats
    is_floor_known: bool
    log_bayes_factor: float

    def rms(self, time_s: npt.ArrayLike, *, every: int = 1) -> Floats:
        """Return the RMS of draws at times from the start of the rest, m/s^2.

        Parameters
        ----------
        time_s : array_like, shape (m,)
            Times, s.
        every : int
            Use every n-th draw only.

        Returns
        -------
        ndarray, shape (n_draws / every, m)
            RMS, m/s^2.
        """
        curves = _log_curves(
            np.atleast_1d(np.asarray(time_s, dtype=np.float64)),
            self.log_tau[::every],
            self.level[::every],
            is_floor_known=self.is_floor_known,
        )
        return np.asarray(np.exp(curves + self.log_scale[::every, None]))

    def floor_rms(self) -> Floats:
        """Return the floor of every draw, m/s^2, shape (n_draws,)."""
        scale = np.exp(self.log_scale)
        return scale if self.is_floor_known else np.asarray(self.level * scale)


class CoarsePosterior(NamedTuple):
    """The posterior on the widest grid, and the evidence.

    Parameters
    ----------
    points : RmsSeries
        The data.
    log_floor : float or None
        Natural logarithm of the RMS before the run, m/s^2; None if the floor is fitted.
    grid : _Grid
        Time constants and levels.
    weight : ndarray, shape (n_hypotheses, n_cells)
        Weight of every cell under every hypothesis on waxing and waning, the largest 1.
    waxing : _Waxing
        The hypotheses.
    log_bayes_factor : float
        Natural logarithm of the evidence for a decay over that for a constant.
    log_evidence : float
        Natural logarithm of the evidence for a decay; it compares a floor from before the run
        with a fitted one.
    """

    points: RmsSeries
    log_floor: float | None
    grid: _Grid
    weight: Floats
    waxing: _Waxing
    log_bayes_factor: float
    log_evidence: float


def coarse_posterior(points: RmsSeries, *, floor_ms2: float | None) -> CoarsePosterior:
    """Weigh a decay against a constant, all of the tremor waxing and waning under both.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    floor_ms2 : float or None
        RMS before the run, m/s^2; None to fit the floor.

    Returns
    -------
    CoarsePosterior
        To be refined by `refine_posterior`.
    """
    is_floor_known = floor_ms2 is not None
    log_floor = math.log(floor_ms2) if floor_ms2 is not None else None
    # How far the start may lie above the floor; the same width makes both evidences comparable.
    lowest = floor_ms2 or float(points.rms_ms2.min())
    log_rise = max(math.log(float(points.rms_ms2.max()) / lowest), 0.0)
    levels = (DECAY_PRIOR.lowest_log_rise, log_rise + DECAY_PRIOR.log_rise_above_seen)
    shortest_s = DECAY_PRIOR.shortest_tau_s
    longest_s = max(
        DECAY_PRIOR.longest_tau_over_rest * float(points.time_s[-1]),
        DECAY_PRIOR.least_tau_range * shortest_s,
    )
    grid = _Grid(
        (math.log(shortest_s), math.log(longest_s)), levels if is_floor_known else (0.0, 1.0)
    )
    tau, level = grid.cells()
    waxing = _Waxing.of(np.ones(len(points.time_s)))
    # The last rows never fade.
    both = np.append(tau, np.full(_N_LEVEL, _NO_DECAY_LOG_TAU)), np.append(level, level[:_N_LEVEL])
    curves = _log_curves(points.time_s, *both, is_floor_known=is_floor_known)
    log_weight = _weigh(points, waxing, curves, log_floor=log_floor).log_weight
    log_weight, constant = log_weight[:, : len(tau)], log_weight[:, len(tau) :]
    log_evidence = _log_mean(log_weight)
    log_bayes_factor = log_evidence - _log_mean(constant)
    if not is_floor_known:  # the flat prior of the scale, over the width that a known floor leaves
        log_evidence += 0.5 * math.log(2.0 * math.pi) - math.log(levels[1] - levels[0])
    weight = np.exp(log_weight - log_weight.max())
    return CoarsePosterior(points, log_floor, grid, weight, waxing, log_bayes_factor, log_evidence)


def refine_posterior(start: CoarsePosterior) -> DecayPosterior:
    """Narrow the grid to the cells that matter, the floor waxing and waning or steady.

    Parameters
    ----------
    start : CoarsePosterior
        As `coarse_posterior` returns it.

    Returns
    -------
    DecayPosterior
        4000 draws; the same each time.
    """
    points, log_floor, grid = start.points, start.log_floor, start.grid
    is_floor_known = log_floor is not None
    of_cell = start.weight.sum(axis=0)
    tau, level = grid.cells()
    best = int(np.argmax(of_cell))
    curve = _log_curves(
        points.time_s, tau[best : best + 1], level[best : best + 1], is_floor_known=is_floor_known
    )[0]
    share = _fading_share(curve, float(level[best]), is_floor_known=is_floor_known)
    waxing = start.waxing.chosen(_not_negligible(start.weight)).joined(_Waxing.of(share))
    for zoom in range(_N_ZOOMS):
        grid = grid.zoomed(of_cell / of_cell.sum())
        tau, level = grid.cells()
        curves = _log_curves(points.time_s, tau, level, is_floor_known=is_floor_known)
        weights = _weigh(points, waxing, curves, log_floor=log_floor)
        weight = np.exp(weights.log_weight - weights.log_weight.max())
        of_cell = weight.sum(axis=0)
        if zoom + 1 < _N_ZOOMS:
            waxing = waxing.chosen(_not_negligible(weight))
    return _draw(grid, weight, weights, start)


def _not_negligible(weight: Floats) -> Bools:
    of_waxing = weight.sum(axis=1)
    return np.asarray(of_waxing > _NEGLIGIBLE * of_waxing.max())


def _draw(grid: _Grid, weight: Floats, weights: _Weights, start: CoarsePosterior) -> DecayPosterior:
    """Draw evenly from the weights, spread within the cells by quasi-random sequences."""
    even = (np.arange(_N_DRAWS) + 0.5) / _N_DRAWS
    total = np.cumsum(weight.ravel())
    chosen = np.minimum(np.searchsorted(total, even * total[-1]), weight.size - 1)
    hypothesis, cell = np.divmod(chosen, weight.shape[1])
    # Additive recurrences of the powers of a root of x^5 = x + 1 fill four dimensions evenly.
    step = 1.1673039782614187 ** -np.arange(1.0, 5.0)
    spread = (0.5 + np.arange(1, _N_DRAWS + 1)[:, None] * step) % 1.0
    normal = np.sqrt(-2.0 * np.log(1.0 - spread[:, 2])) * np.cos(2.0 * np.pi * spread[:, 3])
    tau, level = grid.cells()
    tau_step = (grid.tau_limits[1] - grid.tau_limits[0]) / _N_TAU
    level_step = (grid.level_limits[1] - grid.level_limits[0]) / _N_LEVEL
    scale = weights.scale[hypothesis, cell] + weights.scale_sd[hypothesis, 0] * normal
    return DecayPosterior(
        log_tau=tau[cell] + (spread[:, 0] - 0.5) * tau_step,
        level=level[cell] + (spread[:, 1] - 0.5) * level_step,
        log_scale=scale + (start.log_floor or 0.0),
        is_floor_known=start.log_floor is not None,
        log_bayes_factor=start.log_bayes_factor,
    )
