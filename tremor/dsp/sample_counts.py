"""Missing samples and axes that do not vary, counted for many windows at once."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tremor.arrays import Floats

__all__ = ["count_constant", "count_missing"]

Rows = npt.NDArray[np.int64]

#: Samples of a window that are compared before all are.
_LOOKS: Final = 8


def count_missing(windows: Floats) -> Rows:
    """Count the missing samples of windows.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, 3, n_samples)
        Acceleration, m/s^2; NaN on all axes where a sample is missing.

    Returns
    -------
    ndarray of int, shape (n_windows,)
        Number of them.

    Examples
    --------
    >>> windows = np.zeros((2, 3, 5))
    >>> windows[1, :, 2:4] = np.nan
    >>> count_missing(windows).tolist()
    [0, 2]
    """
    first = windows[:, 0, :]
    count = np.zeros(len(windows), dtype=np.int64)
    # A sum is not a number if a term is not; most windows need no more.
    with np.errstate(invalid="ignore", over="ignore"):
        holed = np.flatnonzero(np.isnan(first.sum(axis=-1)))
    count[holed] = np.isnan(first[holed]).sum(axis=-1)
    return count


def count_constant(windows: Floats, rows: Rows) -> Rows:
    """Count the axes of some windows that do not vary.

    Parameters
    ----------
    windows : ndarray, shape (n_windows, 3, n_samples)
        Acceleration, m/s^2.
    rows : ndarray of int, shape (n,)
        Windows without missing samples.

    Returns
    -------
    ndarray of int, shape (n,)
        Number of axes, 0 to 3.

    Examples
    --------
    >>> windows = np.zeros((1, 3, 400))
    >>> windows[0, 2, 7] = 1.0
    >>> count_constant(windows, np.array([0])).tolist()
    [2]
    """
    # Few samples tell of most windows that they vary.
    step = max(1, windows.shape[-1] // _LOOKS)
    few = windows[rows, :, ::step]
    suspect = np.flatnonzero((few == few[..., :1]).all(axis=-1).any(axis=-1))
    count = np.zeros(len(rows), dtype=np.int64)
    count[suspect] = np.count_nonzero(np.ptp(windows[rows[suspect]], axis=-1) == 0.0, axis=-1)
    return count
