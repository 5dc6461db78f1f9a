"""The posterior of a decay: its evidence against a constant, and draws of its parameters.

The model is RMS^2 = A^2 exp(-2 (t - t1) / tau) + F^2 from the onset t1 on and level before it, in
log RMS, with a scale of its own for each posture of the leg, and with the waxing and waning of the
tremor modelled. Verdict and half-life are read from it in `tremor.measures.decay_verdict`.

Notes
-----
The waxing and waning is in `tremor.measures.decay_waxing`: the whole tremor waxes and wanes, or its
fading part alone; both are considered, weighted by their likelihood. Log standard deviation s (up
to 0.7, half-normal of scale 0.3) and correlation time c (2 to 64 s, log-normal about 15 s) are
integrated out over a grid, the scales by their flat prior (REML), ln tau, the floor and the onset
over a grid with flat priors: in ln tau from 10 s to 20 times the rest, in the share that stays,
and in the onset, which is 0 with a probability of its own.

References
----------
Kass and Raftery (1995), Bayes factors, J. Am. Stat. Assoc. 90, 773-795,
doi:10.1080/01621459.1995.10476572.
Harville (1974), Bayesian inference for variance components using only error contrasts,
Biometrika 61, 383-385, doi:10.1093/biomet/61.2.383.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tremor.measures.decay_grid import Block, Cells, fading_share, log_curves
from tremor.measures.decay_waxing import Waxing, products
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
Integers = npt.NDArray[np.int64]

#: ln tau that stands for no decay.
_NO_DECAY_LOG_TAU: Final = 100.0
#: Dimension of the space that all curves of a block lie in (to 1e-3 of a log unit), without and
#: with onsets, whose kinks are smooth in no basis; and the curves that it is taken from.
_N_BASIS: Final = (16, 28)
_N_BASIS_CURVES: Final = (60, 280)
_BASIS_TAIL: Final = 1e-6
#: Times that the grid is narrowed.
_N_ZOOMS: Final = 2
#: Hypotheses, and blocks, of less than this share of the largest weight are dropped.
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
    posture : ndarray of int, shape (n,), or None
        Number of the posture at each time, from 0 on; None if there is one alone. How much of the
        tremor reaches the sensor may differ between them.
    """

    time_s: Floats
    rms_ms2: Floats
    log_variance: Floats
    posture: Integers | None = None

    def postures(self) -> Integers:
        """Return the number of the posture at each time, shape (n,)."""
        if self.posture is None:
            return np.zeros(len(self.time_s), dtype=np.int64)
        return self.posture

    def chosen(self, some: slice | Bools) -> RmsSeries:
        """Return some of the points, their postures numbered anew."""
        posture = None
        if self.posture is not None:
            posture = np.unique(self.posture[some], return_inverse=True)[1].astype(np.int64)
        return RmsSeries(self.time_s[some], self.rms_ms2[some], self.log_variance[some], posture)

    def backwards(self) -> RmsSeries:
        """Return the points in reverse order of time."""
        last = self.chosen(slice(None, None, -1))
        return last._replace(time_s=self.time_s[[0, -1]].sum() - last.time_s)


def thin_series(points: RmsSeries) -> RmsSeries:
    """Average the power over bins that widen with time, so that about 300 points are left.

    Parameters
    ----------
    points : RmsSeries
        Of any length.

    Returns
    -------
    RmsSeries
        The same if it is short enough. No bin holds two postures.
    """
    n = len(points.time_s)
    if n <= _MOST_POINTS:
        return points
    since = points.time_s - points.time_s[0]
    # Half of the bins would hold the early half at full resolution: a decay is fastest there.
    stretched = np.log1p(since / since[-1] * n / (0.5 * _MOST_POINTS))
    index = np.minimum(_MOST_POINTS * stretched / stretched[-1], _MOST_POINTS - 1).astype(np.int64)
    # A bin ends where the posture changes.
    index += np.concatenate([[0], np.cumsum(np.diff(points.postures()) != 0)])
    _, first, index, count = np.unique(
        index, return_index=True, return_inverse=True, return_counts=True
    )

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(index, values) / count)

    # Neighbours may overlap by half, and then half of their scatter is common.
    looks = np.maximum(count / 2.0, 1.0)
    return RmsSeries(
        mean(points.time_s),
        np.sqrt(mean(points.rms_ms2**2)),
        mean(points.log_variance) / looks,
        None if points.posture is None else points.posture[first],
    )


class _Weights(NamedTuple):
    """Log weight of hypothesis and cell, (K, J), and what the draws of the scales need.

    With Z the postures, one column each, and c a curve: ``scale_of_value`` is
    (Z'V^-1 Z)^-1 Z'V^-1 y, (K, P); ``scale_of_curve`` the same of the basis, (K, P, m); ``root``
    the Cholesky factor of (Z'V^-1 Z)^-1, (K, P, P); ``inside`` the curves in the basis, (J, m).
    """

    log_weight: Floats
    scale_of_value: Floats
    scale_of_curve: Floats
    root: Floats
    inside: Floats

    def scales(self, hypothesis: Integers, cell: Integers, normal: Floats) -> Floats:
        """Return draws of the scales, (n, P), from standard normal numbers of that shape."""
        mean = self.scale_of_value[hypothesis] - np.einsum(
            "npm,nm->np", self.scale_of_curve[hypothesis], self.inside[cell]
        )
        return np.asarray(mean + np.einsum("npq,nq->np", self.root[hypothesis], normal))


def _postures_as_columns(points: RmsSeries) -> Floats:
    posture = points.postures()
    return np.asarray(posture[:, None] == np.arange(posture.max() + 1), dtype=np.float64)


def _weigh(
    points: RmsSeries, waxing: Waxing, curves: Floats, *, log_floor: float | None, kinks: bool
) -> _Weights:
    """Weigh every curve under every hypothesis; the scales are free if the floor is not known.

    The curves of a grid lie in few dimensions: the quadratic forms are computed there, once for
    each hypothesis. ``kinks`` tells that they have onsets.
    """
    # The mean log of a chi-square average lies below the log of its mean by about its variance.
    value = np.log(points.rms_ms2) + points.log_variance
    value = value - (log_floor if log_floor is not None else 0.0)
    sample = curves[:: max(1, len(curves) // _N_BASIS_CURVES[kinks])]
    basis, size, _ = np.linalg.svd(sample.T, full_matrices=False)
    n_basis = min(_N_BASIS[kinks], int(np.count_nonzero(size > _BASIS_TAIL * size[0])) or 1)
    basis = basis[:, :n_basis]
    inside = curves @ basis
    postures = _postures_as_columns(points)
    n_free = 0 if log_floor is not None else postures.shape[1]
    columns = np.column_stack([postures[:, :n_free], value, basis])
    forms, log_det = products(points.time_s, points.log_variance, waxing, columns)
    free = forms[:, :n_free, :n_free]
    # Maximised over the scales, and integrated over their flat prior.
    inverse = np.linalg.inv(free)
    solved = inverse @ forms[:, :n_free, n_free:]
    forms = forms[:, n_free:, n_free:] - forms[:, n_free:, :n_free] @ solved
    # Quadratic forms are symmetric: each pair counts once, twice where its two differ.
    one, other = np.triu_indices(n_basis)
    weight = np.where(one == other, 1.0, 2.0)
    across = np.ascontiguousarray(inside.T)
    misfit = (
        forms[:, :1, 0]
        - 2.0 * forms[:, 0, 1:] @ across
        + (forms[:, 1 + one, 1 + other] * weight) @ (across[one] * across[other])
    )
    log_weight = waxing.log_prior - 0.5 * log_det - 0.5 * np.linalg.slogdet(free)[1]
    return _Weights(
        log_weight[:, None] - 0.5 * misfit,
        solved[:, :, 0],
        solved[:, :, 1:],
        np.asarray(np.linalg.cholesky(0.5 * (inverse + inverse.transpose(0, 2, 1)))),
        inside,
    )


def _log_sum(log_weight: Floats) -> float:
    top = float(log_weight.max())
    return top + math.log(float(np.exp(log_weight - top).sum()))


@dataclass(frozen=True, eq=False, slots=True)
class DecayPosterior:
    """Equally weighted draws of the parameters of a decay.

    Parameters
    ----------
    cells : Cells
        Natural logarithm of the time constant, s; F over RMS(0) if the floor was fitted, else
        ln(A / F); onset, s. Each of shape (n_draws,).
    log_scale : ndarray, shape (n_draws, n_postures)
        Natural logarithm of RMS(0) in each posture, or of F if that is known, m/s^2.
    is_floor_known : bool
        Whether the floor is that from before the run, not a fitted one.
    log_bayes_factor : float
        Natural logarithm of the evidence for a decay over that for a constant.
    """

    cells: Cells
    log_scale: Floats
    is_floor_known: bool
    log_bayes_factor: float

    @property
    def tau_s(self) -> Floats:
        """Time constant of every draw, s."""
        return np.asarray(np.exp(self.cells.log_tau))

    @property
    def plateau_share(self) -> float:
        """Share of the draws in which the tremor is level before it fades."""
        return float(np.mean(self.cells.onset_s > 0.0))

    def rms(self, time_s: npt.ArrayLike, *, posture: npt.ArrayLike = 0, every: int = 1) -> Floats:
        """Return the RMS of draws at times from the start of the rest, m/s^2.

        Parameters
        ----------
        time_s : array_like, shape (m,)
            Times, s.
        posture : array_like of int, shape (m,) or ()
            Number of the posture.
        every : int
            Use every n-th draw only.

        Returns
        -------
        ndarray, shape (n_draws / every, m)
            RMS, m/s^2.
        """
        time = np.atleast_1d(np.asarray(time_s, dtype=np.float64))
        curves = log_curves(
            time,
            Cells(*(column[::every] for column in self.cells)),
            is_floor_known=self.is_floor_known,
        )
        scale = self.log_scale[::every, np.broadcast_to(posture, time.shape)]
        return np.asarray(np.exp(curves + scale))

    def floor_rms(self, posture: int = 0) -> Floats:
        """Return the floor of every draw in one posture, m/s^2, shape (n_draws,)."""
        scale = np.exp(self.log_scale[:, posture])
        return scale if self.is_floor_known else np.asarray(self.cells.level * scale)


class CoarsePosterior(NamedTuple):
    """The posterior on the widest grid, and the evidence.

    Parameters
    ----------
    points : RmsSeries
        The data.
    log_floor : float or None
        Natural logarithm of the RMS before the run, m/s^2; None if the floor is fitted.
    blocks : tuple of Block
        Decays at once, and after a plateau.
    log_weights : tuple of ndarray, shape (n_hypotheses, n_cells)
        Log weight of every cell of a block under every hypothesis on waxing and waning.
    waxing : Waxing
        The hypotheses.
    log_bayes_factor : float
        Natural logarithm of the evidence for a decay over that for a constant.
    log_evidence : float
        Natural logarithm of the evidence for a decay; it compares a floor from before the run
        with a fitted one.
    """

    points: RmsSeries
    log_floor: float | None
    blocks: tuple[Block, ...]
    log_weights: tuple[Floats, ...]
    waxing: Waxing
    log_bayes_factor: float
    log_evidence: float


def coarse_posterior(points: RmsSeries, *, floor_ms2: float | None) -> CoarsePosterior:
    """Weigh a decay against a constant, all of the tremor waxing and waning under both.

    Parameters
    ----------
    points : RmsSeries
        In order of time.
    floor_ms2 : float or None
        RMS before the run, m/s^2; None to fit the floor. It is for one posture.

    Returns
    -------
    CoarsePosterior
        To be refined by `refine_posterior`.
    """
    log_floor = math.log(floor_ms2) if floor_ms2 is not None else None
    # How far the start may lie above the floor; the same width makes both evidences comparable.
    lowest = floor_ms2 or float(points.rms_ms2.min())
    log_rise = max(math.log(float(points.rms_ms2.max()) / lowest), 0.0)
    levels = (DECAY_PRIOR.lowest_log_rise, log_rise + DECAY_PRIOR.log_rise_above_seen)
    blocks = _blocks(float(points.time_s[-1]), levels if floor_ms2 is not None else (0.0, 1.0))
    waxing = Waxing.of(np.ones(len(points.time_s)))
    log_weights = []
    for block in blocks:
        curves = log_curves(points.time_s, block.cells(), is_floor_known=floor_ms2 is not None)
        log_weights.append(_weigh_block(points, waxing, curves, block, log_floor=log_floor)[0])
    log_evidence = _log_sum(np.concatenate(log_weights, axis=1))
    # Every level once, but it never fades.
    level = np.unique(blocks[0].cells().level)
    still = Cells(np.full_like(level, _NO_DECAY_LOG_TAU), level, np.zeros_like(level))
    curves = log_curves(points.time_s, still, is_floor_known=floor_ms2 is not None)
    constant = _weigh(points, waxing, curves, log_floor=log_floor, kinks=False).log_weight
    log_bayes_factor = log_evidence - _log_sum(constant) + math.log(len(level))
    if floor_ms2 is None:  # the flat prior of the scale, over the width that a known floor leaves
        log_evidence += 0.5 * math.log(2.0 * math.pi) - math.log(levels[1] - levels[0])
    return CoarsePosterior(
        points, log_floor, blocks, tuple(log_weights), waxing, log_bayes_factor, log_evidence
    )


def _blocks(rest_s: float, levels: tuple[float, float]) -> tuple[Block, Block]:
    """Return the widest grids, with the prior of a plateau and of none."""
    shortest_s = DECAY_PRIOR.shortest_tau_s
    longest_s = max(
        DECAY_PRIOR.longest_tau_over_rest * rest_s, DECAY_PRIOR.least_tau_range * shortest_s
    )
    tau = (math.log(shortest_s), math.log(longest_s))
    share = DECAY_PRIOR.plateau_share
    onset = (0.0, DECAY_PRIOR.latest_onset_over_rest * rest_s)
    return (
        Block.at_once(tau, levels, log_prior=math.log(1.0 - share)),
        Block.later(tau, levels, onset, log_prior=math.log(share)),
    )


def _weigh_block(
    points: RmsSeries, waxing: Waxing, curves: Floats, block: Block, *, log_floor: float | None
) -> tuple[Floats, _Weights]:
    """Return the log weight of every cell with its prior, and what the draws need."""
    weights = _weigh(points, waxing, curves, log_floor=log_floor, kinks=block.has_onset)
    return weights.log_weight + block.log_prior - math.log(block.size), weights


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
    points, log_floor, blocks = start.points, start.log_floor, start.blocks
    is_floor_known = log_floor is not None
    weights = _as_weights(start.log_weights)
    waxing = start.waxing.chosen(_not_negligible(weights))
    waxing = waxing.joined(Waxing.of(_share_of_best(start, weights)))
    details: list[_Weights] = []
    for zoom in range(_N_ZOOMS):
        kept = [index for index, one in enumerate(weights) if one.sum() > _NEGLIGIBLE]
        blocks = tuple(blocks[index].zoomed(weights[index].sum(axis=0)) for index in kept)
        log_weights, details = [], []
        for block in blocks:
            curves = log_curves(points.time_s, block.cells(), is_floor_known=is_floor_known)
            log_weight, detail = _weigh_block(points, waxing, curves, block, log_floor=log_floor)
            log_weights.append(log_weight)
            details.append(detail)
        weights = _as_weights(log_weights)
        if zoom + 1 < _N_ZOOMS:
            rows = _not_negligible(weights)
            waxing, weights = waxing.chosen(rows), tuple(one[rows] for one in weights)
    return _draw(blocks, weights, details, start)


def _as_weights(log_weights: Sequence[Floats]) -> tuple[Floats, ...]:
    """Return weights whose sum over all blocks is 1."""
    total = _log_sum(np.concatenate(log_weights, axis=1))
    return tuple(np.exp(one - total) for one in log_weights)


def _share_of_best(start: CoarsePosterior, weights: Sequence[Floats]) -> Floats:
    """Return the share of the fading part along the most probable curve."""
    of_cell = [one.sum(axis=0) for one in weights]
    index = int(np.argmax([one.max() for one in of_cell]))
    best = int(np.argmax(of_cell[index]))
    cells = Cells(*(column[best : best + 1] for column in start.blocks[index].cells()))
    is_floor_known = start.log_floor is not None
    (curve,) = log_curves(start.points.time_s, cells, is_floor_known=is_floor_known)
    return fading_share(curve, float(cells.level[0]), is_floor_known=is_floor_known)


def _not_negligible(weights: Sequence[Floats]) -> Bools:
    of_waxing = np.sum([one.sum(axis=1) for one in weights], axis=0)
    return np.asarray(of_waxing > _NEGLIGIBLE * of_waxing.max())


def _draw(
    blocks: Sequence[Block],
    weights: Sequence[Floats],
    details: Sequence[_Weights],
    start: CoarsePosterior,
) -> DecayPosterior:
    """Draw evenly from the weights, spread within the cells by quasi-random sequences."""
    even = (np.arange(_N_DRAWS) + 0.5) / _N_DRAWS
    total = np.cumsum(np.concatenate([one.ravel() for one in weights]))
    chosen = np.minimum(np.searchsorted(total, even * total[-1]), len(total) - 1)
    # Additive recurrences of the powers of a root of x^4 = x + 1 fill three dimensions evenly.
    step = 1.2207440846057596 ** -np.arange(1.0, 4.0)
    spread = (0.5 + np.arange(1, _N_DRAWS + 1)[:, None] * step) % 1.0 - 0.5
    n_scales = details[0].root.shape[1]
    normal = np.random.default_rng(0).standard_normal((_N_DRAWS, n_scales))
    columns: list[Floats] = []
    scales: list[Floats] = []
    first = 0
    for block, weight, detail in zip(blocks, weights, details, strict=True):
        rows = np.flatnonzero((chosen >= first) & (chosen < first + weight.size))
        hypothesis, cell = np.divmod(chosen[rows] - first, block.size)
        cells = np.stack(block.cells())[:, cell]
        columns.append(cells + spread[rows].T * np.array(block.steps)[:, None])
        scales.append(detail.scales(hypothesis, cell, normal[rows]))
        first += weight.size
    log_scale = np.concatenate(scales)
    if start.log_floor is not None:
        log_scale = np.full((_N_DRAWS, 1), start.log_floor)
    return DecayPosterior(
        cells=Cells(*np.concatenate(columns, axis=1)),
        log_scale=log_scale,
        is_floor_known=start.log_floor is not None,
        log_bayes_factor=start.log_bayes_factor,
    )
