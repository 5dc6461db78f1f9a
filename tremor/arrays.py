"""Array types, and the one way to make an array read-only. Nothing is computed here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Indices", "read_only"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def read_only(values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Return a contiguous array that cannot be written into.

    Parameters
    ----------
    values : array_like
        Any numbers. A contiguous read-only array of this type is returned unchanged.
    dtype : data type
        Type of the result.

    Returns
    -------
    ndarray
        Read-only; a copy if the argument could still be written into.

    Examples
    --------
    >>> read_only([1, 2]).flags.writeable
    False
    """
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, dtype=dtype, order="C", copy=True)
        array.flags.writeable = False
    return array
