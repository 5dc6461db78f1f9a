"""What can be told of a capture's soundness from its samples alone: rails, dead axes, gravity.

A capture may come whole or in pieces; the answers are the same. Clocks and gaps are
`tremor.clock.timebase`. Whether a stretch holds tremor is not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = [
    "Pieces",
    "Rails",
    "find_clipped",
    "find_dead_axes",
    "find_rails",
    "find_scale_correction",
    "find_scale_correction_in",
    "median_norm_in",
    "median_norm_ms2",
]

#: Gives the samples of a capture, shape (n, 3), from first to last and as often as it is called,
#: in pieces of any multiple of so many rows; only the last piece may be shorter.
Pieces = Callable[[int], Iterable[Floats]]

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
#: A median is taken of up to so many rows; of more, of every second, fourth ... row.
_MOST_SORTED: Final = 1_000_000


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
    return median_norm_in(_whole(acceleration_ms2))


def median_norm_in(pieces: Pieces) -> float:
    """Give what `median_norm_ms2` gives, of samples in pieces; of very many, rows at even steps."""
    kept = np.zeros(0)
    n_rows, every = 0, 1
    for piece in pieces(1):
        some = piece[-n_rows % every :: every]
        n_rows += len(piece)
        kept = np.concatenate([kept, np.sqrt(np.einsum("ij,ij->i", some, some))])
        while len(kept) > _MOST_SORTED:
            kept, every = kept[::2], 2 * every
    kept = kept[np.isfinite(kept)]
    return float(np.median(kept)) if kept.size else float("nan")


def _whole(samples: Floats) -> Pieces:
    return lambda _: (samples,)


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
    rails = find_rails(_whole(acceleration_ms2), range_ms2=range_ms2)
    return rails.reached(acceleration_ms2)


@dataclass(frozen=True, eq=False, slots=True)
class Rails:
    """From where on an axis is at the rail of the sensor.

    Parameters
    ----------
    low_ms2, high_ms2 : ndarray, shape (3,)
        m/s^2; infinite where an axis has no rail.
    """

    low_ms2: Floats
    high_ms2: Floats

    def reached(self, acceleration_ms2: Floats) -> npt.NDArray[np.bool_]:
        """Tell which of samples of shape (n, 3) are at a rail on any axis, shape (n,)."""
        at_rail = np.zeros(len(acceleration_ms2), dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            for axis in range(acceleration_ms2.shape[1]):
                if np.isfinite(self.high_ms2[axis]):
                    at_rail |= acceleration_ms2[:, axis] >= self.high_ms2[axis]
                if np.isfinite(self.low_ms2[axis]):
                    at_rail |= acceleration_ms2[:, axis] <= self.low_ms2[axis]
        return at_rail


def find_rails(
    pieces: Pieces,
    *,
    range_ms2: float | None = None,
    limits_ms2: tuple[Floats, Floats] | None = None,
) -> Rails:
    """Find the rails of the sensor as `find_clipped` does, in samples in pieces.

    Parameters
    ----------
    pieces : callable
        The samples, m/s^2; rows of NaN are left out.
    range_ms2 : float, optional
        As in `find_clipped`.
    limits_ms2 : tuple of ndarray, shape (3,), optional
        Least and greatest of each axis, where they are known, m/s^2.

    Returns
    -------
    Rails
        Where they are.
    """
    if range_ms2 is not None:
        rail = np.full(3, _RAIL_SHARE * range_ms2)
        return Rails(low_ms2=-rail, high_ms2=rail)
    low, high = _limits_in(pieces) if limits_ms2 is None else limits_ms2
    rails = Rails(low_ms2=np.full(3, -np.inf), high_ms2=np.full(3, np.inf))
    for axis in range(3):
        span = float(high[axis] - low[axis])
        for sign, top, found in ((1.0, high, rails.high_ms2), (-1.0, -low, rails.low_ms2)):
            if top[axis] >= _LEAST_RAIL_MS2 and np.isfinite(span):
                level = _rail(pieces, axis, sign, top=float(top[axis]), span=span)
                if level is not None:
                    found[axis] = sign * level
    return rails


def _limits_in(pieces: Pieces) -> tuple[Floats, Floats]:
    """Give least and greatest of each axis."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for piece in pieces(1):
        for axis in range(piece.shape[1]):
            column = piece[:, axis]
            low[axis] = min(low[axis], np.fmin.reduce(column, initial=np.inf))
            high[axis] = max(high[axis], np.fmax.reduce(column, initial=-np.inf))
    return low, high


def _rail(pieces: Pieces, axis: int, sign: float, *, top: float, span: float) -> float | None:
    """Give the level from which on an axis sits at its extreme, or None where it does not."""
    near_top = np.zeros(0)
    for piece in pieces(1):
        signed = sign * piece[:, axis]
        near_top = np.union1d(near_top, signed[signed > top - 0.05 * span])
    step = float(np.median(np.diff(near_top))) if len(near_top) > 1 else 0.0
    at_zone = max(1e-3 * span, 0.5 * step)
    next_zone = max(1e-2 * span, 5.0 * step)
    n_at = n_next = 0
    sits = False
    before = np.zeros(_LEAST_RUN - 1, dtype=np.bool_)
    for piece in pieces(1):
        signed = sign * piece[:, axis]
        at = signed >= top - at_zone
        n_at += int(np.count_nonzero(at))
        n_next += int(np.count_nonzero((signed < top - at_zone) & (signed >= top - next_zone)))
        joined = np.concatenate([before, at])
        runs = np.convolve(joined, np.ones(_LEAST_RUN, dtype=np.int64), mode="valid")
        sits |= bool(runs.max(initial=0) >= _LEAST_RUN)
        before = joined[1 - _LEAST_RUN :]
    return top - at_zone if sits and n_at > 2 * n_next else None


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
    return find_scale_correction_in(_whole(acceleration_ms2), sampling_rate_hz=sampling_rate_hz)


def find_scale_correction_in(pieces: Pieces, *, sampling_rate_hz: float) -> float | None:
    """Give what `find_scale_correction` gives, of samples in pieces."""
    n_second = round(sampling_rate_hz)
    if n_second <= 1:
        return None

    seconds = [np.zeros(0)]
    for piece in pieces(n_second):
        n_seconds = len(piece) // n_second
        cut = piece[: n_seconds * n_second]
        square = np.einsum("ij,ij->i", cut, cut).reshape(n_seconds, n_second)
        mean = np.sqrt(square).mean(axis=1)
        variance = square.mean(axis=1) - np.square(mean)
        seconds.append(mean[variance < _STILL_SD_MS2**2])
    still = np.concatenate(seconds)
    if len(still) < _LEAST_STILL_S:
        return None
    factor = STANDARD_GRAVITY_MS2 / float(np.median(still))
    return factor if _GAIN_LIMITS[0] <= factor <= _GAIN_LIMITS[1] else None
