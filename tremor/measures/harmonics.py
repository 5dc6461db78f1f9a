"""Harmonics in a spectrum: whether the strongest peak is the second one of a line, or has one.

A line and a harmonic of it are one movement. Lines that do not have the ratio of two within the
resolution of a window are two movements, and stay so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tremor.recording import Floats
from tremor.settings import HARMONICS

__all__ = ["Harmonics", "find_harmonics"]


@dataclass(frozen=True, eq=False, slots=True)
class Harmonics:
    """The fundamental of each spectrum.

    Parameters
    ----------
    fundamental_hz : ndarray, shape (n_windows,)
        The peak, or half of its frequency if it is the second harmonic of a peak there, Hz.
    has_second : ndarray of bool, shape (n_windows,)
        Whether there is a peak at twice the fundamental.
    """

    fundamental_hz: Floats
    has_second: npt.NDArray[np.bool_]


def find_harmonics(
    density: Floats, peak_hz: Floats, *, bin_width_hz: float, limits_hz: tuple[float, float]
) -> Harmonics:
    """Find the fundamental of each peak, and whether it has a second harmonic.

    Parameters
    ----------
    density : ndarray, shape (n_windows, n_bins)
        PSD from frequency 0 on, (m/s^2)^2/Hz, of tapered windows: others leak.
    peak_hz : ndarray, shape (n_windows,)
        The strongest peak of each, Hz.
    bin_width_hz : float
        Hz.
    limits_hz : tuple of float
        Lowest fundamental and highest second harmonic, Hz.

    Returns
    -------
    Harmonics
        The result of a spectrum does not depend on the others.

    Notes
    -----
    Around both, and in the gap between them at 1.5 times the lower one, the PSD is averaged
    over 1 Hz. Both must stand out of the gap, which the flank of a single line does not, and out of
    the median of the PSD, which a gap that is low by chance does not reach; and the weaker must
    hold a share of the stronger.

    Examples
    --------
    >>> import numpy as np
    >>> density = np.full((3, 120), 1e-3)  # bins of 0.25 Hz
    >>> density[:2, 40] = 1.0
    >>> density[:2, 20] = 0.5, 0.0  # 5 Hz below 10 Hz, and nothing
    >>> density[2, [20, 36]] = 1.0  # 5 and 9 Hz
    >>> found = find_harmonics(
    ...     density, np.array([10.0, 10.0, 9.0]), bin_width_hz=0.25, limits_hz=(3.0, 16.0)
    ... )
    >>> found.fundamental_hz.tolist(), found.has_second.tolist()
    ([5.0, 10.0, 9.0], [True, False, False])
    """
    total = np.concatenate([np.zeros((len(density), 1)), np.cumsum(density, axis=-1)], axis=-1)
    half = max(1, round(HARMONICS.half_width_hz / bin_width_hz))
    reach = max(2, round(HARMONICS.search_hz / bin_width_hz))

    def mean_around(at: npt.NDArray[np.int64]) -> Floats:
        first = np.clip(at - half, 0, density.shape[-1] - 1)
        last = np.clip(at + half + 1, 1, density.shape[-1])
        found = np.take_along_axis(total, last, -1) - np.take_along_axis(total, first, -1)
        return np.asarray(found / (last - first))

    def other_peak(frequency_hz: Floats, tolerance_hz: float) -> tuple[Floats, Floats]:
        """Return the level of the peak at a frequency, 0 where there is none, and where it is."""
        expected = frequency_hz / bin_width_hz
        at = np.round(expected).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
        at = np.clip(at, 0, density.shape[-1] - 1)
        best = np.argmax(np.take_along_axis(density, at, -1), axis=-1)[:, None]
        top = np.take_along_axis(at, best, -1)
        is_there = np.abs(top[:, 0] - expected) * bin_width_hz <= tolerance_hz
        return np.where(is_there, mean_around(top)[:, 0], 0.0), np.asarray(top[:, 0] * bin_width_hz)

    def level_at(frequency_hz: Floats) -> Floats:
        return mean_around(np.round(frequency_hz / bin_width_hz).astype(np.int64)[:, None])[:, 0]

    height = level_at(peak_hz)
    low_hz, high_hz = limits_hz
    inside = slice(round(low_hz / bin_width_hz), round(high_hz / bin_width_hz))
    least = np.maximum(
        HARMONICS.least_share * height,
        HARMONICS.least_over_median * np.median(density[:, inside], axis=-1),
    )

    def stands_out(level: Floats, first_hz: Floats) -> npt.NDArray[np.bool_]:
        gap = level_at(1.5 * first_hz)
        clear = np.minimum(level, height) > HARMONICS.least_over_gap * gap
        return np.asarray(clear & (level > least))

    below, below_hz = other_peak(peak_hz / 2.0, HARMONICS.tolerance_hz)
    is_second = stands_out(below, peak_hz / 2.0) & (np.minimum(below_hz, peak_hz / 2.0) >= low_hz)
    above, _ = other_peak(2.0 * peak_hz, 2.0 * HARMONICS.tolerance_hz)
    has_second = stands_out(above, peak_hz) & (2.0 * peak_hz <= high_hz)
    return Harmonics(np.where(is_second, peak_hz / 2.0, peak_hz), is_second | has_second)
