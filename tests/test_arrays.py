from __future__ import annotations

import numpy as np
import pytest

from tremor.arrays import read_only


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


# --- gaps ----------------------------------------------------------------------------------------
