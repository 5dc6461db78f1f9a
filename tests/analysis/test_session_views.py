"""What pictures show is what was put in: a line where it was, and one window as measured."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.offline import analyze
from tremor.recording import Recording

FS = 100.0


def capture(duration_s=120.0, *, frequency_hz=8.0, from_s=60.0, rms_ms2=0.3, lost=None):
    """A leg that begins to tremble, along a slanted direction."""
    t = np.arange(round(FS * duration_s)) / FS
    rng = np.random.default_rng(0)
    phase = 2.0 * np.pi * frequency_hz * t + np.cumsum(rng.normal(0.0, 0.12, len(t)))
    shake = np.sqrt(2.0) * rms_ms2 * np.sin(phase) * (t >= from_s)
    samples = shake[:, None] * [0.6, 0.0, 0.8] + rng.normal(0.0, 0.01, (len(t), 3))
    samples += [0.0, 0.0, 9.81]
    if lost is not None:
        samples[lost] = np.nan
    return Recording.from_arrays(samples, sampling_rate_hz=FS)


@pytest.fixture(scope="module")
def found():
    return analyze(capture())


def test_spectrogram_is_brightest_at_the_line_once_it_is_there(found):
    view = found.spectrogram
    level = view.level_db.reshape(len(view.time_s), len(view.frequency_hz))
    band = view.frequency_hz > 3.0
    late = view.time_s > 64.0
    brightest = view.frequency_hz[band][level[late][:, band].argmax(axis=1)]
    assert np.abs(np.median(brightest) - 8.0) < 0.5
    early = level[view.time_s < 56.0][:, np.abs(view.frequency_hz - 8.0) < 0.5].mean()
    there = level[late][:, np.abs(view.frequency_hz - 8.0) < 0.5].mean()
    assert there - early > 20.0


def test_spectrogram_holds_the_power(found):
    view = found.spectrogram
    level = view.level_db.reshape(len(view.time_s), len(view.frequency_hz))
    step_hz = view.frequency_hz[1] - view.frequency_hz[0]
    chosen = (view.frequency_hz > 6.0) & (view.frequency_hz < 10.0)
    power = (10.0 ** (level[view.time_s > 64.0][:, chosen] / 10.0)).sum(axis=1) * step_hz
    assert np.sqrt(power.mean()) == pytest.approx(0.3, rel=0.15)


def test_spectrogram_of_a_long_capture_is_no_larger():
    view = analyze(capture(1800.0)).spectrogram
    assert len(view.time_s) <= 150
    assert len(view.frequency_hz) <= 48


def test_strip_is_a_window_with_tremor_as_measured(found):
    strip = found.strip
    assert strip.start_s >= 56.0
    begin = round(FS * strip.start_s)
    samples = capture().acceleration_ms2[begin : begin + round(FS * 4.0)]
    moved = samples - samples.mean(axis=0)
    for column, values in zip(moved.T, (strip.x_ms2, strip.y_ms2, strip.z_ms2), strict=True):
        np.testing.assert_allclose(values, column, atol=1e-4)
    assert strip.time_s[-1] == pytest.approx(4.0 - 1.0 / FS)


def test_strip_of_a_fast_sensor_is_averaged_to_what_a_picture_shows():
    rng = np.random.default_rng(1)
    samples = np.add(rng.normal(0.0, 0.01, (20_000, 3)), [0.0, 0.0, 9.81])
    strip = analyze(Recording.from_arrays(samples, sampling_rate_hz=1000.0)).strip
    assert len(strip.time_s) <= 480


def test_windows_with_missing_samples_are_not_drawn():
    found = analyze(capture(lost=slice(3000, 5000)))
    assert not np.any((found.spectrogram.time_s > 32.0) & (found.spectrogram.time_s < 48.0))


def test_views_survive_json(found):
    again = type(found).from_json(found.to_json())
    np.testing.assert_array_equal(again.spectrogram.level_db, found.spectrogram.level_db)
    np.testing.assert_array_equal(again.strip.x_ms2, found.strip.x_ms2)
