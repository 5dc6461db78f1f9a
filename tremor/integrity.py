"""Integrity of a capture from its samples alone: clipping, dead axes, resolution, and scale.

A capture may come whole or in chunks; the results are the same. Unit and gravity are
`tremor.gravity`, clocks and gaps `tremor.clock.timebase`; whether there is tremor is
`tremor.analysis`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.arrays import Chunks, Floats, single_chunk
from tremor.settings import GRAVITY, RAILS, RESOLUTION
from tremor.units import STANDARD_GRAVITY_MS2

__all__ = [
    "Rails",
    "chunked_resolution_ms2",
    "chunked_scale_correction",
    "find_clipped",
    "find_dead_axes",
    "find_rails",
    "find_resolution_ms2",
    "find_scale_correction",
]


def find_dead_axes(acceleration_ms2: Floats) -> tuple[int, ...]:
    """Find the axes that are constant.

    The two zero columns of an instrument with a single axis are not dead: such instruments exist.

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
        Declared full scale, m/s^2. Without it a rail is an extreme beyond 1.4 g that an axis
        reaches for three consecutive samples or more, and far more often than values just inside.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where any axis is at a rail.

    Notes
    -----
    A sine that is not clipped spends about 0.4 times as long within 0.1 % of its range from the
    extreme as in the ten times wider zone next to it; a clipped one spends most of its time at the
    extreme. The limit of the ratio, 2, lies between.

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
    rails = find_rails(single_chunk(acceleration_ms2), range_ms2=range_ms2)
    return rails.reached(acceleration_ms2)


@dataclass(frozen=True, eq=False, slots=True)
class Rails:
    """Values from which on an axis is clipped.

    Parameters
    ----------
    low_ms2, high_ms2 : ndarray, shape (3,)
        m/s^2; infinite where an axis has no rail.
    """

    low_ms2: Floats
    high_ms2: Floats

    def reached(self, acceleration_ms2: Floats) -> npt.NDArray[np.bool_]:
        """Check which samples are at a rail on any axis.

        Parameters
        ----------
        acceleration_ms2 : ndarray, shape (n, 3)
            m/s^2.

        Returns
        -------
        ndarray of bool, shape (n,)
            True where clipped.
        """
        at_rail = np.zeros(len(acceleration_ms2), dtype=np.bool_)
        with np.errstate(invalid="ignore"):
            for axis in range(acceleration_ms2.shape[1]):
                if np.isfinite(self.high_ms2[axis]):
                    at_rail |= acceleration_ms2[:, axis] >= self.high_ms2[axis]
                if np.isfinite(self.low_ms2[axis]):
                    at_rail |= acceleration_ms2[:, axis] <= self.low_ms2[axis]
        return at_rail


def find_rails(
    chunks: Chunks,
    *,
    range_ms2: float | None = None,
    limits_ms2: tuple[Floats, Floats] | None = None,
) -> Rails:
    """Find the rails of the sensor as `find_clipped` does, from samples in chunks.

    Parameters
    ----------
    chunks : callable
        The samples, m/s^2; rows of NaN are left out.
    range_ms2 : float, optional
        As in `find_clipped`.
    limits_ms2 : tuple of ndarray, shape (3,), optional
        Least and greatest value of each axis, if they are known, m/s^2.

    Returns
    -------
    Rails
        The rails of each axis.
    """
    if range_ms2 is not None:
        rail = np.full(3, RAILS.declared_share * range_ms2)
        return Rails(low_ms2=-rail, high_ms2=rail)
    low, high = _limits_of(chunks) if limits_ms2 is None else limits_ms2
    least_ms2 = RAILS.least_rail_g * STANDARD_GRAVITY_MS2
    rails = Rails(low_ms2=np.full(3, -np.inf), high_ms2=np.full(3, np.inf))
    for axis in range(3):
        span = float(high[axis] - low[axis])
        for sign, top, found in ((1.0, high, rails.high_ms2), (-1.0, -low, rails.low_ms2)):
            if top[axis] >= least_ms2 and np.isfinite(span):
                level = _find_rail(chunks, axis, sign, top=float(top[axis]), span=span)
                if level is not None:
                    found[axis] = sign * level
    return rails


def _limits_of(chunks: Chunks) -> tuple[Floats, Floats]:
    """Find the least and the greatest value of each axis."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for chunk in chunks(1):
        for axis in range(chunk.shape[1]):
            column = chunk[:, axis]
            low[axis] = min(low[axis], np.fmin.reduce(column, initial=np.inf))
            high[axis] = max(high[axis], np.fmax.reduce(column, initial=-np.inf))
    return low, high


def _find_rail(chunks: Chunks, axis: int, sign: float, *, top: float, span: float) -> float | None:
    """Find the value from which on an axis is at its rail; None where its extreme is no rail."""
    near_top = np.zeros(0)
    for chunk in chunks(1):
        signed = sign * chunk[:, axis]
        near_top = np.union1d(near_top, signed[signed > top - RAILS.code_share * span])
    code = float(np.median(np.diff(near_top))) if len(near_top) > 1 else 0.0
    at_zone = max(RAILS.at_share * span, RAILS.at_codes * code)
    next_zone = max(RAILS.next_share * span, RAILS.next_codes * code)
    n_at = n_next = 0
    has_run = False
    before = np.zeros(RAILS.least_run - 1, dtype=np.bool_)
    for chunk in chunks(1):
        signed = sign * chunk[:, axis]
        at = signed >= top - at_zone
        n_at += int(np.count_nonzero(at))
        n_next += int(np.count_nonzero((signed < top - at_zone) & (signed >= top - next_zone)))
        joined = np.concatenate([before, at])
        runs = np.convolve(joined, np.ones(RAILS.least_run, dtype=np.int64), mode="valid")
        has_run |= bool(runs.max(initial=0) >= RAILS.least_run)
        before = joined[1 - RAILS.least_run :]
    return top - at_zone if has_run and n_at > RAILS.least_ratio * n_next else None


def find_resolution_ms2(acceleration_ms2: Floats) -> float | None:
    """Find the step between neighbouring values of the samples, the size of their last bit.

    Parameters
    ----------
    acceleration_ms2 : ndarray, shape (n, 3)
        m/s^2, as measured; rows of NaN are left out.

    Returns
    -------
    float or None
        m/s^2; None where the values lie on no grid that the samples show.

    Notes
    -----
    The finest of the three axes, from up to 8192 rows at regular steps. Where each value occurs
    many times, neighbours are one step apart and their median distance is the step. Where values
    seldom repeat, the least distance is the step if all values are whole multiples of it. Samples
    that were interpolated or turned lie on no grid.

    Examples
    --------
    >>> import numpy as np
    >>> wave = 3.0 * np.sin(np.arange(900.0).reshape(300, 3))
    >>> find_resolution_ms2(np.round(wave / 0.25) * 0.25)
    0.25
    >>> find_resolution_ms2(wave) is None
    True
    """
    return chunked_resolution_ms2(single_chunk(acceleration_ms2))


def chunked_resolution_ms2(chunks: Chunks) -> float | None:
    """Compute `find_resolution_ms2` of samples in chunks.

    Parameters
    ----------
    chunks : callable
        The samples, m/s^2; only the first chunk is used.

    Returns
    -------
    float or None
        As for `find_resolution_ms2`.
    """
    first = next(iter(chunks(1)), np.zeros((0, 3)))
    rows = first[:: max(1, len(first) // RESOLUTION.most_rows)]
    rows = rows[np.isfinite(rows).all(axis=1)]
    steps = [_step_between(rows[:, axis]) for axis in range(rows.shape[1])]
    return min((step for step in steps if step is not None), default=None)


def _step_between(values: Floats) -> float | None:
    """Return the step of the grid that values of shape (n,) lie on; None where there is none."""
    distinct = np.unique(values)
    # What differs by rounding alone is one value.
    rounding = RESOLUTION.rounding * max(float(np.abs(distinct).max(initial=0.0)), 1.0)
    distance = np.diff(distinct)
    distance = distance[distance > rounding]
    if not distance.size:
        return None
    if len(values) > RESOLUTION.least_repeats * len(distinct):
        return float(np.median(distance))
    step = float(distance.min())
    off = np.abs(distance / step - np.round(distance / step))
    return step if np.quantile(off, RESOLUTION.share_on_grid) < RESOLUTION.most_off else None


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

    Examples
    --------
    >>> at_rest = np.tile([0.0, 0.0, 9.5], (1000, 1))
    >>> round(find_scale_correction(at_rest, sampling_rate_hz=100.0), 4)
    1.0323
    """
    chunks = single_chunk(acceleration_ms2)
    return chunked_scale_correction(chunks, sampling_rate_hz=sampling_rate_hz)


def chunked_scale_correction(chunks: Chunks, *, sampling_rate_hz: float) -> float | None:
    """Compute `find_scale_correction` of samples in chunks.

    Parameters
    ----------
    chunks : callable
        The samples, m/s^2, gravity included.
    sampling_rate_hz : float
        Hz.

    Returns
    -------
    float or None
        As for `find_scale_correction`.
    """
    n_second = round(sampling_rate_hz)
    if n_second <= 1:
        return None

    seconds = [np.zeros(0)]
    for chunk in chunks(n_second):
        n_seconds = len(chunk) // n_second
        cut = chunk[: n_seconds * n_second]
        square = np.einsum("ij,ij->i", cut, cut).reshape(n_seconds, n_second)
        mean = np.sqrt(square).mean(axis=1)
        variance = square.mean(axis=1) - np.square(mean)
        # A sensor that reads zero on all axes does not measure.
        seconds.append(mean[(variance < GRAVITY.most_still_sd_ms2**2) & (mean > 0.0)])
    still = np.concatenate(seconds)
    if len(still) < GRAVITY.least_still_s:
        return None
    factor = STANDARD_GRAVITY_MS2 / float(np.median(still))
    low, high = GRAVITY.correction_range
    return factor if low <= factor <= high else None
