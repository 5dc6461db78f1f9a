"""What only pictures need, held to its own lengths."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tremor.errors import InvalidInputError
from tremor.results.views import Spectrogram, Strip


def test_a_spectrogram_has_a_level_for_each_time_and_frequency():
    Spectrogram(time_s=np.arange(3.0), frequency_hz=np.arange(4.0), level_db=np.zeros(12))
    with pytest.raises(InvalidInputError, match=re.escape("11 levels needs 12")):
        Spectrogram(time_s=np.arange(3.0), frequency_hz=np.arange(4.0), level_db=np.zeros(11))


@pytest.mark.parametrize("name", ["x_ms2", "y_ms2", "z_ms2"])
def test_a_strip_has_a_sample_of_each_axis_at_each_time(name):
    five = {one: np.zeros(5) for one in ("time_s", "x_ms2", "y_ms2", "z_ms2")}
    Strip(start_s=0.0, **five)
    with pytest.raises(InvalidInputError, match=f"5 times has 4 samples in {name}"):
        Strip(start_s=0.0, **{**five, name: np.zeros(4)})
