from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tremor.arrays import read_only, require_one_length
from tremor.errors import InvalidInputError


def test_read_only_copies_what_could_still_be_written_into():
    original = np.arange(4.0)
    kept = read_only(original)
    original[0] = 99.0
    assert kept[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1.0


def test_read_only_gives_back_what_is_read_only_already():
    once = read_only([1.0, 2.0])
    assert read_only(once) is once


def test_read_only_makes_the_array_contiguous_and_of_the_type():
    kept = read_only(np.arange(12, dtype=np.int16).reshape(3, 4).T)
    assert kept.dtype == np.float64
    assert kept.flags.c_contiguous
    assert not kept.flags.writeable


def test_arrays_of_a_record_are_of_one_length_or_none():
    record = SimpleNamespace(first=np.zeros(3), second=np.zeros(3), third=None, other=np.zeros(2))
    require_one_length(record, ("first", "second", "third"))
    with pytest.raises(InvalidInputError, match="first has 3 values and other 2"):
        require_one_length(record, ("first", "second", "other"))


# --- gaps ----------------------------------------------------------------------------------------
