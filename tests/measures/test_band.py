"""The band of the search: cut at the Nyquist frequency, or refused; what follows scales with it."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose

from tremor.errors import InvalidInputError
from tremor.measures.band import half_span_hz, reach_hz, slow_cutoff_hz, usable_band


@pytest.mark.parametrize(
    ("fs", "band_hz", "expected"),
    [(25.0, (3, 15), (3.0, 11.25)), (100.0, (3, 15), (3.0, 15.0)), (20.0, (3, 15), (3.0, 9.0)),
     (33.4, (3, 15), (3.0, 15.0)), (26.0, (4, 9), (4.0, 9.0))],
)  # fmt: skip
def test_the_band_comes_down_to_nine_tenths_of_the_nyquist_frequency(fs, band_hz, expected):
    assert_allclose(usable_band(band_hz, fs=fs), expected, rtol=1e-12)


@pytest.mark.parametrize(("fs", "band_hz"), [(8.0, (3, 15)), (19.9, (3, 15)), (52.0, (20, 60))])
def test_a_band_above_the_nyquist_frequency_is_refused(fs, band_hz):
    with pytest.raises(InvalidInputError, match=r"reaches above the Nyquist frequency, .* Hz at"):
        usable_band(band_hz, fs=fs)


@pytest.mark.parametrize("band_hz", [(15, 3), (5, 5), (0, 10), (-1, 10), (float("nan"), 10)])
def test_an_empty_band_is_refused(band_hz):
    with pytest.raises(InvalidInputError, match="is empty; give a lower edge above 0"):
        usable_band(band_hz, fs=100.0)


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
def test_what_follows_from_a_band_scales_with_it(factor):
    band_hz, scaled = (3.0, 15.0), (3.0 * factor, 15.0 * factor)
    assert slow_cutoff_hz(scaled) == factor * slow_cutoff_hz(band_hz) == factor * 1.5
    assert half_span_hz(scaled) == factor * half_span_hz(band_hz) == factor * 4.0
    assert_allclose(reach_hz(scaled), (factor * 2.5, factor * 16.5), rtol=1e-12)
