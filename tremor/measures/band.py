"""The band in which a line is searched, and what follows from it: cut-off, span and reach.

All of it scales with the band, so that doubling rate and band doubles every frequency exactly.
"""

from __future__ import annotations

import numpy as np

from tremor.errors import InvalidInputError
from tremor.settings import LINE, SPECTRUM

__all__ = ["half_span_hz", "reach_hz", "slow_cutoff_hz", "usable_band"]


def usable_band(band_hz: tuple[float, float], *, fs: float) -> tuple[float, float]:
    """Check a band against the Nyquist frequency.

    Parameters
    ----------
    band_hz : tuple of float
        Lower and upper edge, Hz.
    fs : float
        Sampling rate, Hz.

    Returns
    -------
    tuple of float
        The band, its upper edge lowered to 90 % of the Nyquist frequency if that leaves at
        least half of it.

    Raises
    ------
    InvalidInputError
        If the band is empty or more than half of it lies above the Nyquist frequency.

    Examples
    --------
    >>> usable_band((3.0, 15.0), fs=25.0)
    (3.0, 11.25)
    """
    low, high = float(band_hz[0]), float(band_hz[1])
    if not (np.isfinite(fs) and fs > 0):
        raise InvalidInputError(f"sampling rate is {fs} Hz; give a positive number of hertz")
    if not 0.0 < low < high:
        raise InvalidInputError(
            f"band {low:g}-{high:g} Hz is empty; give a lower edge above 0 and below the upper one"
        )
    reachable = min(high, SPECTRUM.nyquist_share * fs / 2.0)
    if reachable < low + LINE.least_band_share * (high - low):
        raise InvalidInputError(
            f"band {low:g}-{high:g} Hz reaches above the Nyquist frequency, {fs / 2:g} Hz at "
            f"{fs:g} Hz sampling; lower the upper edge or record faster"
        )
    return low, reachable


def slow_cutoff_hz(band_hz: tuple[float, float]) -> float:
    """Return the cut-off of the high-pass that comes before every line estimate, Hz."""
    return LINE.slow_share * band_hz[0]


def half_span_hz(band_hz: tuple[float, float]) -> float:
    """Return the distance from the peak up to which bins enter the fit, Hz."""
    return (band_hz[1] - band_hz[0]) * LINE.half_span_share


def reach_hz(band_hz: tuple[float, float]) -> tuple[float, float]:
    """Return the lowest and the highest frequency that may enter a fit, Hz."""
    return LINE.reach_low_factor * band_hz[0], LINE.reach_high_factor * band_hz[1]
