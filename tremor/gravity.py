"""Gravity in samples, and whether it is 1 g long in the unit that they are said to be in.

Gravity is a constant, and movement has a mean of zero. What shows it is the mean vector of the
stillest stretches; where nothing is still, that of several seconds. Nothing is decided here about
a capture: what is said or named of it is weighed in `tremor.formats`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tremor.arrays import Chunks, Floats, single_chunk
from tremor.settings import GRAVITY
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

__all__ = [
    "GravityEvidence",
    "GravityReading",
    "chunked_gravity_evidence",
    "find_gravity_evidence",
    "read_gravity",
    "unit_by_gravity",
]

#: Factors by which numbers are too large where a conversion is left out or done twice.
_FACTORS: Final = (STANDARD_GRAVITY_MS2, 1000.0, 1.0 / STANDARD_GRAVITY_MS2)


@dataclass(frozen=True, slots=True)
class GravityEvidence:
    """Lengths of mean vectors, and the movement about them, in the unit of the samples.

    Parameters
    ----------
    still : float
        Median length of the mean vector of the stillest segments; NaN if there is no segment.
    spread : float
        Median standard deviation within them.
    moving : float
        Median length of the mean vector over several segments, still or not.
    moving_spread : float
        Median standard deviation over the same segments.
    """

    still: float
    spread: float
    moving: float
    moving_spread: float

    @property
    def is_steady(self) -> bool:
        """Check whether the stillest segments show a constant."""
        return self.still > GRAVITY.least_steady * self.spread

    @property
    def constant(self) -> float:
        """Length of the constant part: that at rest, or over several strides without any rest."""
        return self.still if self.is_steady else self.moving

    @property
    def ratio(self) -> float:
        """Length of the constant part over the standard deviation about it."""
        spread = self.spread if self.is_steady else self.moving_spread
        return self.constant / spread if spread > 0.0 else float("inf")

    def is_included(self, unit_ms2: float = 1.0) -> bool:
        """Check whether gravity is in the samples.

        Parameters
        ----------
        unit_ms2 : float
            Unit of the samples, m/s^2.

        Returns
        -------
        bool
            True if the constant part is nearer to standard gravity than to zero or to twice that.
        """
        deviation = abs(self.constant * unit_ms2 / STANDARD_GRAVITY_MS2 - 1.0)
        return deviation < GRAVITY.most_deviation


def find_gravity_evidence(samples: Floats) -> GravityEvidence:
    """Compare mean vectors with the movement about them.

    Parameters
    ----------
    samples : ndarray, shape (n, 3)
        In any unit; rows of NaN are left out, and segments of zeros only.

    Returns
    -------
    GravityEvidence
        In that unit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> movement = rng.normal(0.0, 1.0, (1000, 3))
    >>> find_gravity_evidence(movement).is_included()
    False
    >>> find_gravity_evidence(movement + [0.0, 0.0, 9.8]).is_included()
    True
    """
    return chunked_gravity_evidence(single_chunk(samples))


def chunked_gravity_evidence(
    chunks: Chunks, *, segment_rows: int = GRAVITY.segment_rows
) -> GravityEvidence:
    """Compute `find_gravity_evidence` of samples in chunks.

    Parameters
    ----------
    chunks : callable
        The samples, in any unit.
    segment_rows : int
        Rows of a segment: best those of a second.

    Returns
    -------
    GravityEvidence
        In that unit.
    """
    n_joined = GRAVITY.joined_segments
    means, variances = [np.zeros((0, 3))], [np.zeros(0)]
    for chunk in chunks(segment_rows * n_joined):
        # A capture shorter than a segment is one.
        n_rows = max(1, min(segment_rows, len(chunk)))
        n_segments = len(chunk) // n_rows
        mean, variance = _moments(chunk[: n_segments * n_rows].reshape(n_segments, n_rows, 3))
        means.append(mean)
        variances.append(variance)
    mean, variance = np.concatenate(means), np.concatenate(variances)
    usable = np.isfinite(variance) & (np.abs(mean).sum(axis=1) > 0.0)
    mean, variance = mean[usable], variance[usable]
    if not len(mean):
        return GravityEvidence(float("nan"), float("nan"), float("nan"), float("nan"))
    still = _stillest(variance)
    n_whole = max(1, len(mean) // n_joined)
    first = np.arange(n_whole) * len(mean) // n_whole
    n_each = np.diff(np.append(first, len(mean)))
    joined = np.add.reduceat(mean, first) / n_each[:, None]
    # Of the same stretches, so that a rest beside a run does not make it look even.
    square = np.add.reduceat(variance + np.square(mean).sum(axis=1), first) / n_each
    within = np.maximum(square - np.square(joined).sum(axis=1), 0.0)
    return GravityEvidence(
        still=float(np.median(np.linalg.norm(mean[still], axis=1))),
        spread=float(np.sqrt(np.median(variance[still]))),
        moving=float(np.median(np.linalg.norm(joined, axis=1))),
        moving_spread=float(np.sqrt(np.median(within))),
    )


def _moments(segments: Floats) -> tuple[Floats, Floats]:
    """Return mean vectors and variances of segments of shape (k, n, 3); NaN if half is lost."""
    n_rows = segments.shape[1]
    total, square = _sums(segments)
    n_there = np.full(len(segments), float(n_rows))
    holed = np.flatnonzero(~np.isfinite(square))
    if len(holed):
        some = segments[holed]
        there = np.isfinite(some[..., 0])
        n_there[holed] = there.sum(axis=1)
        some[~there] = 0.0
        total[holed], square[holed] = _sums(some)
        n_there[2.0 * n_there <= n_rows] = np.nan
    mean = total / n_there[:, None]
    return mean, np.maximum(square / n_there - np.square(mean).sum(axis=1), 0.0)


def _sums(segments: Floats) -> tuple[Floats, Floats]:
    """Return sums of vectors and of squares of segments of shape (k, n, 3)."""
    # Axis by axis, which is several times as fast as a sum along the middle axis.
    total = np.column_stack([segments[..., axis].sum(axis=1) for axis in range(segments.shape[2])])
    return total, np.einsum("kij,kij->k", segments, segments)


def _stillest(variance: Floats) -> Floats:
    """Return the indices of the stillest segments.

    Constant ones are left out where most are not: a sensor that measures has noise, and what a
    logger held is no rest.
    """
    order = np.argsort(variance, kind="stable")
    n_constant = int(np.count_nonzero(variance == 0.0))
    if 2 * n_constant < len(variance):
        order = order[n_constant:]
    n_still = max(GRAVITY.least_stillest, round(GRAVITY.stillest_share * len(variance)))
    return np.asarray(order[:n_still])


def unit_by_gravity(
    length: float, units: Iterable[str], tolerance: float = GRAVITY.unit_tolerance
) -> str | None:
    """Return the unit in which a length is near 1 g; None if it is so in none.

    Parameters
    ----------
    length : float
        Length of the mean vector at rest in the unknown unit.
    units : iterable of str
        Units to try.
    tolerance : float
        Relative distance from 1 g that counts as near.

    Returns
    -------
    str or None
        The first that fits.

    Examples
    --------
    >>> unit_by_gravity(1003.0, ("m/s^2", "g", "mg"))
    'mg'
    """
    for unit in units:
        share = length * ACCELERATION_UNIT_MS2[unit] / STANDARD_GRAVITY_MS2
        if abs(share - 1.0) <= tolerance:
            return unit
    return None


@dataclass(frozen=True, slots=True)
class GravityReading:
    """What the samples show if they are in a unit.

    Parameters
    ----------
    shows : {"included", "removed", "other unit", "between", "one axis", "nothing"}
        Gravity of 1 g; none; a constant that is not 1 g in this unit, but is in another or by a
        known factor; a constant of another length; a part of 1 g, along the one axis that there is;
        or nothing that can be told from movement.
    share : float
        Length of the constant part over 1 g.
    unit : str
        The other unit; empty if there is none.
    factor : float or None
        By how much the samples are too large, if that is the factor of a conversion.
    is_at_rest : bool
        Whether they were at rest, and not only still enough to show a constant.
    """

    shows: Literal["included", "removed", "other unit", "between", "one axis", "nothing"]
    share: float
    unit: str = ""
    factor: float | None = None
    is_at_rest: bool = False


def read_gravity(
    seen: GravityEvidence, unit: str, *, is_single_axis: bool = False
) -> GravityReading:
    """Check whether the constant part is gravity if the samples are in a unit.

    Parameters
    ----------
    seen : GravityEvidence
        Of the samples.
    unit : str
        Key of `tremor.units.ACCELERATION_UNIT_MS2`.
    is_single_axis : bool
        Whether only one axis was measured, along which gravity is anything up to 1 g.

    Returns
    -------
    GravityReading
        What they show.

    Examples
    --------
    >>> at_rest = GravityEvidence(still=1.003, spread=0.002, moving=1.0, moving_spread=0.002)
    >>> read_gravity(at_rest, "g").shows, read_gravity(at_rest, "m/s^2").unit
    ('included', 'g')
    """
    share = seen.constant * ACCELERATION_UNIT_MS2[unit] / STANDARD_GRAVITY_MS2
    ratio = seen.ratio
    if not np.isfinite(share):
        return GravityReading("nothing", share)
    if is_single_axis and share <= 1.0 + GRAVITY.named_tolerance:
        return GravityReading("one axis", share)
    at_rest = seen.is_steady and ratio >= GRAVITY.least_at_rest
    tolerance = GRAVITY.named_tolerance
    window = (1.0 - tolerance, 1.0 + tolerance) if at_rest else GRAVITY.moving_range_g
    stands_out = ratio >= GRAVITY.least_moving
    if stands_out and window[0] <= share <= window[1]:
        return GravityReading("included", share, is_at_rest=at_rest)
    other = _other_unit(seen.constant, unit, window)
    near = (one for one in _FACTORS if abs(share / one - 1.0) <= tolerance)
    factor = next(near, None) if at_rest else None
    if (other or factor) and stands_out and (seen.is_steady or share > window[1]):
        return GravityReading("other unit", share, other, factor, at_rest)
    if seen.is_steady:
        removed = share <= GRAVITY.most_removed_g
        return GravityReading("removed" if removed else "between", share, is_at_rest=at_rest)
    if stands_out:
        # Gravity of a run may look like this in another unit.
        removed = share <= GRAVITY.most_removed_g and not other
    else:
        removed = share <= GRAVITY.most_moving_removed_g
    return GravityReading("removed" if removed else "nothing", share)


def _other_unit(length: float, unit: str, window: tuple[float, float]) -> str:
    """Return the other unit in which a length is nearest to 1 g, within a window; else empty."""
    shares = {
        one: length * size / STANDARD_GRAVITY_MS2
        for one, size in ACCELERATION_UNIT_MS2.items()
        if one != unit
    }
    inside = [one for one, share in shares.items() if window[0] <= share <= window[1]]
    return min(inside, key=lambda one: abs(np.log(shares[one])), default="")
