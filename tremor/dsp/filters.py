"""A high-pass filter that acts on one window at a time.

It subtracts the least-squares fit of the window's slowest cosines, the discrete cosine set of
functional imaging. Unlike a recursive filter it has no transient, and so a window is a function of
its own samples alone: a stream gives the windows of the file bit for bit. Upper band limits are
applied to the spectrum (`tremor.dsp.spectrum`), where they are exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats, read_only
from tremor.errors import InvalidInputError

__all__ = ["count_slow", "remove_slow", "slow_coefficients", "slow_cosines"]

#: A basis of more numbers than this is slower than the cosine transform, which gives the same.
_MAX_BASIS_SIZE: Final = 40_000


def count_slow(n_samples: int, *, fs: float, cutoff_hz: float) -> int:
    """Count the cosines of a window up to a frequency, including the constant.

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
        Number of k = 0, 1, ... with k fs / (2 n_samples) up to the frequency.

    Raises
    ------
    InvalidInputError
        If the frequency is not between 0 and the Nyquist frequency.

    Examples
    --------
    >>> count_slow(400, fs=100.0, cutoff_hz=1.5)
    13
    """
    if not 0.0 < cutoff_hz < fs / 2.0:
        raise InvalidInputError(
            f"cut-off is {cutoff_hz:g} Hz; give one between 0 and the Nyquist frequency, "
            f"{fs / 2.0:g} Hz"
        )
    return int(2.0 * cutoff_hz * n_samples / fs) + 1


@lru_cache(maxsize=16)
def slow_cosines(n_samples: int, n_slow: int) -> Floats:
    """Return the slowest orthonormal cosines (DCT-II) of a window.

    Parameters
    ----------
    n_samples, n_slow : int
        Length of the window and number of cosines.

    Returns
    -------
    ndarray, shape (n_samples, n_slow)
        One cosine a column, read-only.
    """
    phase = np.pi * (np.arange(n_samples) + 0.5) / n_samples
    basis = np.cos(np.outer(phase, np.arange(n_slow))) * np.sqrt(2.0 / n_samples)
    basis[:, 0] = 1.0 / np.sqrt(n_samples)
    return read_only(basis)


def remove_slow(samples: Floats, *, fs: float, cutoff_hz: float) -> Floats:
    """Subtract from each window the least-squares fit of its slow cosines: a high-pass.

    Parameters
    ----------
    samples : ndarray, shape (..., n_samples)
        Windows, time along the last axis.
    fs : float
        Sampling rate, Hz.
    cutoff_hz : float
        Highest frequency to remove, Hz.

    Returns
    -------
    ndarray, shape (..., n_samples)
        In the unit of the samples; an offset is removed to rounding.

    Raises
    ------
    InvalidInputError
        If the frequency is not between 0 and the Nyquist frequency.

    Notes
    -----
    The projection is that of SPM's high-pass (Holmes, Josephs, Buechel and Friston 1997, NeuroImage
    5, S480). A tone of frequency f loses the share
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
    if n_samples * n_slow <= _MAX_BASIS_SIZE or 2 * n_slow > n_samples:
        basis = slow_cosines(n_samples, n_slow)
        # One product per window: a window alone gives the same bits as one among others.
        rest: Floats = samples - (samples @ basis) @ basis.T
        return rest
    return samples - _slow_part(samples, n_slow)


def slow_coefficients(samples: Floats, n_slow: int) -> Floats:
    """Return the coefficients of the slowest orthonormal cosines of windows.

    Parameters
    ----------
    samples : ndarray, shape (..., n_samples)
        Windows, time along the last axis.
    n_slow : int
        Number of cosines, at most half of the samples.

    Returns
    -------
    ndarray, shape (..., n_slow)
        ``samples @ slow_cosines(n_samples, n_slow)``, by a Fourier transform of the samples in
        another order: the even ones, then the odd ones backwards.

    References
    ----------
    Makhoul J. A fast cosine transform in one and two dimensions. IEEE Trans Acoust 1980;28:27-34.
    doi:10.1109/TASSP.1980.1163351

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=400)
    >>> bool(np.allclose(slow_coefficients(x, 13), x @ slow_cosines(400, 13)))
    True
    """
    n_samples = samples.shape[-1]
    ordered = np.concatenate([samples[..., ::2], samples[..., 1::2][..., ::-1]], axis=-1)
    spectrum = np.fft.rfft(ordered, axis=-1)[..., :n_slow]
    coefficients = np.asarray((spectrum * _half_turns(n_samples, n_slow)).real)
    coefficients[..., 0] /= np.sqrt(n_samples)
    coefficients[..., 1:] *= np.sqrt(2.0 / n_samples)
    return coefficients


def _slow_part(samples: Floats, n_slow: int) -> Floats:
    """Return what the slowest cosines hold of windows, by a cosine transform there and back."""
    n_samples = samples.shape[-1]
    n_even = (n_samples + 1) // 2
    coefficients = slow_coefficients(samples, n_slow)
    # The constant is its own counterpart, every other cosine has one at the negative frequency.
    coefficients[..., 0] *= np.sqrt(n_samples)
    coefficients[..., 1:] *= np.sqrt(n_samples / 2.0)
    spectrum = np.zeros((*samples.shape[:-1], n_samples // 2 + 1), dtype=np.complex128)
    spectrum[..., :n_slow] = coefficients * np.conj(_half_turns(n_samples, n_slow))
    ordered = np.fft.irfft(spectrum, n=n_samples, axis=-1)
    slow = np.empty_like(samples)
    slow[..., ::2] = ordered[..., :n_even]
    slow[..., 1::2] = ordered[..., n_even:][..., ::-1]
    return slow


@lru_cache(maxsize=16)
def _half_turns(n_samples: int, n_slow: int) -> npt.NDArray[np.complex128]:
    return read_only(np.exp(-0.5j * np.pi / n_samples * np.arange(n_slow)), np.complex128)
