"""Arrays that belong together, held to their lengths."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tremor.errors import InvalidInputError
from tremor.notes import note
from tremor.results.analysis import SpectrumView
from tremor.results.recovery import Recovery
from tremor.results.views import Spectrogram, Strip


def test_a_spectrogram_has_a_level_for_each_time_and_frequency():
    Spectrogram(time_s=np.arange(3.0), frequency_hz=np.arange(4.0), level_db=np.zeros(12))
    with pytest.raises(InvalidInputError, match=re.escape("11 levels needs 12")):
        Spectrogram(time_s=np.arange(3.0), frequency_hz=np.arange(4.0), level_db=np.zeros(11))


@pytest.mark.parametrize("name", ["x_ms2", "y_ms2", "z_ms2"])
def test_a_strip_has_a_sample_of_each_axis_at_each_time(name):
    five = {one: np.zeros(5) for one in ("time_s", "x_ms2", "y_ms2", "z_ms2")}
    Strip(start_s=0.0, **five)
    with pytest.raises(InvalidInputError, match=f"time_s has 5 values and {name} 4"):
        Strip(start_s=0.0, **{**five, name: np.zeros(4)})


@pytest.mark.parametrize("name", ["psd_ms2sq_per_hz", "line_ms2sq_per_hz"])
def test_a_spectrum_has_a_value_at_each_frequency(name):
    five = {one: np.ones(5) for one in ("frequency_hz", "psd_ms2sq_per_hz", "line_ms2sq_per_hz")}
    SpectrumView(of="tremor", n_windows=3, **five)
    SpectrumView(of="tremor", n_windows=3, **{**five, "line_ms2sq_per_hz": None})
    with pytest.raises(InvalidInputError, match=f"frequency_hz has 5 values and {name} 4"):
        SpectrumView(of="tremor", n_windows=3, **{**five, name: np.ones(4)})


@pytest.mark.parametrize("name", ["curve_rms_ms2", "curve_low_ms2", "curve_high_ms2"])
def test_a_curve_of_recovery_has_a_value_at_each_time(name):
    with pytest.raises(InvalidInputError, match=f"curve_time_s has 0 values and {name} 4"):
        replace(Recovery.insufficient(note("NEVER_STILL")), **{name: np.ones(4)})


def test_points_of_recovery_have_a_time_each():
    with pytest.raises(InvalidInputError, match="point_time_s has 2 values and point_rms_ms2 0"):
        replace(Recovery.insufficient(note("NEVER_STILL")), point_time_s=np.ones(2))
