"""How good a capture is: what the sampling rate cuts is said, and only what is left unusable."""

from __future__ import annotations

import pytest

from tremor.analysis.quality import quality_of
from tremor.notes import note
from tremor.recording import CaptureInfo
from tremor.settings import AnalysisSettings


def quality(rate_hz, **settings):
    info = CaptureInfo(duration_s=60.0, n_samples=round(60 * rate_hz), sampling_rate_hz=rate_hz)
    return quality_of(info, AnalysisSettings.from_mapping(settings))


@pytest.mark.parametrize(
    ("rate_hz", "high_hz"), [(32.0, 14.4), (30.0, 13.5), (25.0, 11.25), (20.5, 9.225)]
)
def test_a_band_that_the_rate_cuts_is_a_warning_that_says_where(rate_hz, high_hz):
    found = quality(rate_hz)
    assert found.level == "usable"
    [cut] = found.reasons
    assert cut.code == "BAND_LIMITED"
    assert cut.values["high_hz"] == pytest.approx(high_hz)
    assert cut.values["asked_high_hz"] == 15.0


def test_a_band_that_fits_is_no_word():
    assert quality(40.0).level == "good"
    assert quality(30.0, band_high_hz=12.0).level == "good"


def test_a_rate_that_shows_too_little_of_the_band_is_not_usable():
    found = quality(12.0)
    assert found.level == "not usable"
    assert found.reasons[0] == note("QUALITY_NYQUIST", nyquist_hz=6.0, band_high_hz=15.0)
