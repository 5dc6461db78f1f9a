"""Filters that act on one window at a time and need nothing outside of it.

The high-pass takes out what a window's slowest cosines can explain (the discrete cosine set that
functional imaging uses). It has no transient: nothing at the edges has to be cut off, so a window
is a pure function of its own samples and a stream gives the windows of the file bit for bit.
Band limits on the high side are taken in the spectrum, where they are exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from tremor.errors import InvalidInputError
from tremor.recording import Floats, read_only

__all__ = ["count_slow", "remove_slow", "slow_cosines"]

#: Above so many numbers in the basis the cosine transform is the cheaper way to the same result.
_MOST_BASIS_NUMBERS: Final = 2_000_000


def count_slow(n_samples: int, *, fs: float, cutoff_hz: float) -> int:
    """Count the cosines of a window up to a frequency, the constant included.

    Parameters
    ----------
    n_samples : int
        Length of the window.
    fs : float
        Sampling rate, Hz.
    cutoff_hz : float
        Highest frequency to count, Hz.

    Returns
    -------
    int
        The k-th cosine (k = 0, 1, ...) has the frequency k fs / (2 n_samples).
    """
    if not 0.0 < cutoff_hz < fs / 2.0:
        raise InvalidInputError(
            f"cut-off is {cutoff_hz:g} Hz; give one between 0 and the Nyquist frequency, "
            f"{fs / 2.0:g} Hz"
        )
    return int(2.0 * cutoff_hz * n_samples / fs) + 1


@lru_cache(maxsize=16)
def slow_cosines(n_samples: int, n_slow: int) -> Floats:
    """Give the slowest orthonormal cosines (DCT-II) of a window.

    Parameters
    ----------
    n_samples, n_slow : int
        Length of the window; how many.

    Returns
    -------
    ndarray, shape (n_samples, n_slow)
        Read-only.
    """
    phase = np.pi * (np.arange(n_samples) + 0.5) / n_samples
    basis = np.cos(np.outer(phase, np.arange(n_slow))) * np.sqrt(2.0 / n_samples)
    basis[:, 0] = 1.0 / np.sqrt(n_samples)
    return read_only(basis)


def remove_slow(samples: Floats, *, fs: float, cutoff_hz: float) -> Floats:
    """Take out of each window what its cosines up to a frequency explain: a high-pass.

    Parameters
    ----------
    samples : ndarray, shape (..., n_samples)
        Windows, time along the last axis.
    fs : float
        Sampling rate, Hz.
    cutoff_hz : float
        Highest frequency to take out, Hz.

    Returns
    -------
    ndarray, shape (..., n_samples)
        The rest. An offset is gone to rounding.

    Notes
    -----
    A least-squares projection, as in SPM's high-pass (Holmes, Josephs, Buechel and Friston 1997,
    NeuroImage 5, S480). A tone of frequency f loses the share
    ``~ 1 / (2 pi^2 T (f - cutoff_hz))`` of its power on average: under 1 % at 4 s and 3 Hz above
    the cut-off.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(400) / 100.0
    >>> tone = np.sin(2 * np.pi * 8.0 * t)
    >>> rest = remove_slow(9.81 + 0.2 * t + tone, fs=100.0, cutoff_hz=1.5)
    >>> bool(np.sqrt(np.mean((rest - tone) ** 2)) < 0.06)
    True
    """
    n_samples = samples.shape[-1]
    n_slow = count_slow(n_samples, fs=fs, cutoff_hz=cutoff_hz)
    if n_samples * n_slow <= _MOST_BASIS_NUMBERS:
        basis = slow_cosines(n_samples, n_slow)
        # One product per window, so that a window alone gives the same bits as among others.
        rest: Floats = samples - (samples @ basis) @ basis.T
        return rest
    from scipy.fft import dct, idct  # costs more to import than short captures take to analyse

    coefficients = dct(samples, type=2, axis=-1, norm="ortho")
    coefficients[..., :n_slow] = 0.0
    return np.asarray(idct(coefficients, type=2, axis=-1, norm="ortho"), dtype=np.float64)
