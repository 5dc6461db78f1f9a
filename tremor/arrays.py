"""Array types, and what holds of arrays in records. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tremor.errors import InvalidInputError

__all__ = [
    "Bools",
    "Chunks",
    "Floats",
    "Indices",
    "read_only",
    "require_one_length",
    "single_chunk",
]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
#: Returns the samples of a capture in chunks of shape (n, 3), from first to last, each time that it
#: is called. The length of each chunk but the last is a multiple of the argument.
Chunks: TypeAlias = Callable[[int], Iterable[Floats]]


def single_chunk(samples: Floats) -> Chunks:
    """Return samples of shape (n, 3) as one chunk."""
    return lambda _: (samples,)


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


def require_one_length(record: object, names: Iterable[str]) -> None:
    """Raise if the arrays of a record are not of one shape.

    Parameters
    ----------
    record : object
        The record.
    names : iterable of str
        Its attributes; those that are None are passed over.

    Raises
    ------
    InvalidInputError
        If one has another shape than the first.
    """
    first, *others = names
    size = np.size(getattr(record, first))
    for name in others:
        values = getattr(record, name)
        if values is not None and np.shape(values) != np.shape(getattr(record, first)):
            raise InvalidInputError(f"{first} has {size} values and {name} {np.size(values)}")
