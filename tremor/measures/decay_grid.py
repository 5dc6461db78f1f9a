"""Curves of a decay on a grid of time constants, levels and onsets, and how the grid narrows.

The curve is RMS^2 = A^2 exp(-2 (t - t1) / tau) + F^2 from the onset t1 on, and level before it.
Its weights are computed in `tremor.measures.decay_posterior`.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from tremor.recording import Floats

__all__ = ["Block", "Cells", "fading_share", "log_curves"]

#: Numbers of cells along ln tau, the level and the onset, without and with a plateau first.
_COUNTS_AT_ONCE: Final = (36, 24, 1)
_COUNTS_LATER: Final = (16, 12, 10)
#: Tail of the weight that is cut off on each side when the grid is narrowed.
_ZOOM_TAIL: Final = 1e-4
_Limits = tuple[float, float]


class Cells(NamedTuple):
    """Parameters of curves, each of shape (n_cells,).

    Parameters
    ----------
    log_tau : ndarray
        Natural logarithm of the time constant, s.
    level : ndarray
        F over RMS(0) if the floor is fitted, else ln(A / F).
    onset_s : ndarray
        Time at which the decay begins, s from the start of the rest.
    """

    log_tau: Floats
    level: Floats
    onset_s: Floats


class Block(NamedTuple):
    """A box of cells with an even prior.

    Parameters
    ----------
    limits : tuple of (low, high)
        Of ln tau, of the level and of the onset.
    counts : tuple of int
        Number of cells along each.
    log_prior : float
        Natural logarithm of the prior of the whole box.
    """

    limits: tuple[_Limits, _Limits, _Limits]
    counts: tuple[int, int, int]
    log_prior: float

    @classmethod
    def at_once(cls, tau: _Limits, level: _Limits, *, log_prior: float) -> Block:
        """Return the box of decays that begin with the rest.

        Parameters
        ----------
        tau, level : tuple of float
            Limits of ln tau and of the level.
        log_prior : float
            Of the whole box.

        Returns
        -------
        Block
            With an onset of 0.
        """
        return cls((tau, level, (0.0, 0.0)), _COUNTS_AT_ONCE, log_prior)

    @classmethod
    def later(cls, tau: _Limits, level: _Limits, onset: _Limits, *, log_prior: float) -> Block:
        """Return the box of decays that begin later.

        Parameters
        ----------
        tau, level, onset : tuple of float
            Limits of ln tau, of the level and of the onset, s.
        log_prior : float
            Of the whole box.

        Returns
        -------
        Block
            With a plateau before the decay.
        """
        return cls((tau, level, onset), _COUNTS_LATER, log_prior)

    @property
    def steps(self) -> tuple[float, float, float]:
        """Widths of a cell."""
        tau, level, onset = (
            (high - low) / count
            for (low, high), count in zip(self.limits, self.counts, strict=True)
        )
        return tau, level, onset

    @property
    def has_onset(self) -> bool:
        """Whether its decays begin after a plateau."""
        return self.counts[2] > 1

    @property
    def size(self) -> int:
        """Number of cells."""
        return math.prod(self.counts)

    def cells(self) -> Cells:
        """Return the centres of all cells."""
        centres = [
            low + (high - low) * (np.arange(count) + 0.5) / count
            for (low, high), count in zip(self.limits, self.counts, strict=True)
        ]
        return Cells(*(grid.ravel() for grid in np.meshgrid(*centres, indexing="ij")))

    def zoomed(self, weight: Floats) -> Block:
        """Return the box that holds all but a tail of the weight.

        Parameters
        ----------
        weight : ndarray, shape (n_cells,)
            Of every cell.

        Returns
        -------
        Block
            Narrower, with the prior that its part of the box has.
        """
        cube = weight.reshape(self.counts)
        narrower = tuple(
            _narrowed(cube.sum(axis=tuple({0, 1, 2} - {axis})), self.limits[axis])
            for axis in range(3)
        )
        log_share = sum(
            math.log((high - low) / (whole[1] - whole[0]))
            for (low, high), whole in zip(narrower, self.limits, strict=True)
            if whole[1] > whole[0]
        )
        tau, level, onset = narrower
        return Block((tau, level, onset), self.counts, self.log_prior + log_share)


def _narrowed(weight: Floats, limits: _Limits) -> _Limits:
    """Return the limits of the cells that hold all but the tails, one cell more on each side."""
    low, high = limits
    step = (high - low) / len(weight)
    total = np.cumsum(weight) / weight.sum()
    first = int(np.searchsorted(total, _ZOOM_TAIL))
    last = int(np.searchsorted(total, 1.0 - _ZOOM_TAIL))
    return max(low, low + step * (first - 1)), min(high, low + step * (last + 2))


def log_curves(time_s: Floats, cells: Cells, *, is_floor_known: bool) -> Floats:
    """Compute ln RMS over its scale: RMS(0), or the floor if that is known.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Times from the start of the rest, s.
    cells : Cells
        Parameters of the curves.
    is_floor_known : bool
        Whether the level is ln(A / F).

    Returns
    -------
    ndarray, shape (n_cells, n)
        The curves.
    """
    since_s = np.maximum(time_s - cells.onset_s[:, None], 0.0)
    fading = np.exp(-2.0 * since_s / np.exp(cells.log_tau)[:, None])
    if is_floor_known:
        return np.asarray(0.5 * np.log1p(np.exp(2.0 * cells.level)[:, None] * fading))
    floor = (cells.level**2)[:, None]
    return np.asarray(0.5 * np.log(np.maximum((1.0 - floor) * fading + floor, 1e-300)))


def fading_share(curve: Floats, level: float, *, is_floor_known: bool) -> Floats:
    """Compute the share of the fading part in the power along a curve.

    Parameters
    ----------
    curve : ndarray, shape (n,)
        A curve of `log_curves`.
    level : float
        Its level.
    is_floor_known : bool
        As for `log_curves`.

    Returns
    -------
    ndarray, shape (n,)
        0 to 1.
    """
    floor = 1.0 if is_floor_known else level**2
    return np.asarray(1.0 - floor * np.exp(-2.0 * curve))
