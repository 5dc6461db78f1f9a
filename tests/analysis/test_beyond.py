"""Shaking outside the band is named with its frequency; a quiet leg has none."""

from __future__ import annotations

import numpy as np
import pytest

import tremor
from tremor import Recording, analyze
from tremor.analysis.beyond import beyond_note, find_beyond
from tremor.report.messages import sentence
from tremor.settings import AnalysisSettings
from tremor.synthesis import narrowband, tone

DEFAULT = AnalysisSettings()


def still(fs, *, duration_s=48.0, noise_ms2=0.003, seed=0):
    rng = np.random.default_rng(seed)
    n = round(duration_s * fs)
    return np.tile([0.0, 0.0, 9.81], (n, 1)) + rng.normal(0.0, noise_ms2, (n, 3))


def shaking(fs, frequency_hz, *, rms_ms2=0.2, bandwidth_hz=0.66, seed=0, **kwargs):
    """A leg with one line."""
    x = still(fs, seed=seed, **kwargs)
    line = narrowband(
        len(x), fs, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2,
        rng=np.random.default_rng([seed, 1]), direction=(0.6, 0.0, 0.8),
    )  # fmt: skip
    return x + line


def analysed(x, fs):
    return analyze(Recording.from_arrays(x, sampling_rate_hz=fs))


@pytest.mark.parametrize("rms_ms2", [0.07, 0.8])
@pytest.mark.parametrize(
    ("fs", "frequency_hz"),
    [(100.0, 17.5), (100.0, 16.0), (100.0, 14.9), (50.0, 15.6), (25.0, 11.4), (25.0, 12.2)],
)
def test_standing_tremor_is_named_and_never_no_tremor(fs, frequency_hz, rms_ms2):
    found = analysed(shaking(fs, frequency_hz, rms_ms2=rms_ms2), fs)
    beyond = found.beyond_band
    assert found.status == "insufficient"
    assert found.summary.reason.code == "BEYOND_BAND"
    assert beyond.is_line
    assert abs(beyond.frequency_hz.value - frequency_hz) < 0.2
    assert beyond.rms_ms2.low < 1.05 * rms_ms2
    assert beyond.rms_ms2.high > 0.95 * rms_ms2
    assert beyond.share_of_still > 0.7


@pytest.mark.parametrize(("fs", "frequency_hz"), [(100.0, 13.6), (100.0, 14.5), (25.0, 11.0)])
def test_a_line_at_the_upper_edge_is_tremor_or_named(fs, frequency_hz):
    found = analysed(shaking(fs, frequency_hz), fs)
    beyond = found.beyond_band
    assert found.status == "measured" or beyond is not None
    named = found.summary.frequency_hz if found.status == "measured" else beyond.frequency_hz
    assert abs(named.value - frequency_hz) < 0.2


def test_a_line_at_the_lower_edge_is_named():
    found = analysed(shaking(100.0, 3.05, bandwidth_hz=0.2, rms_ms2=0.15), 100.0)
    assert found.status == "insufficient"
    assert found.beyond_band.where == "edge"
    assert abs(found.beyond_band.frequency_hz.value - 3.05) < 0.2


def test_rocking_below_the_band_is_named_as_such():
    found = analysed(shaking(100.0, 1.7, bandwidth_hz=0.1, rms_ms2=0.2), 100.0)
    assert found.status == "no_tremor"
    assert found.beyond_band.where == "below"
    assert abs(found.beyond_band.frequency_hz.value - 1.7) < 0.1
    assert sentence(beyond_note(found.beyond_band, fs=100.0)).startswith("slow rocking at 1.")


def test_near_half_of_the_rate_it_may_be_an_alias():
    found = analysed(shaking(25.0, 12.0), 25.0)
    assert "alias" in sentence(found.summary.reason)


@pytest.mark.parametrize("motor_hz", [27.0, 40.3])
def test_a_motor_beside_a_tremor_is_named_and_the_tremor_measured(motor_hz):
    x = shaking(100.0, 8.3, rms_ms2=0.3)
    x += tone(len(x), 100.0, frequency_hz=motor_hz, rms_ms2=0.2, direction=(0, 1, 0))
    found = analysed(x, 100.0)
    assert found.status == "measured"
    assert abs(found.beyond_band.frequency_hz.value - motor_hz) < 0.05
    assert found.beyond_band.rms_ms2.low <= 0.2 <= found.beyond_band.rms_ms2.high


def test_a_motor_alone_takes_nothing_from_no_tremor():
    x = still(100.0)
    x += tone(len(x), 100.0, frequency_hz=33.0, rms_ms2=0.1, direction=(0, 1, 0))
    found = analysed(x, 100.0)
    assert found.status == "no_tremor"
    assert abs(found.beyond_band.frequency_hz.value - 33.0) < 0.05


def test_a_harmonic_of_the_tremor_is_not_named():
    x = still(100.0)
    for order, rms_ms2 in ((1, 0.4), (2, 0.2), (3, 0.1)):
        x += tone(len(x), 100.0, frequency_hz=8.4 * order, rms_ms2=rms_ms2, direction=(1, 0, 0))
    found = analysed(x, 100.0)
    assert found.status == "measured"
    assert found.beyond_band is None


def knocks(fs, *, frequency_hz, decay_s, peak_ms2, period_s, seed):
    """A strap that rings with every beat of a heart."""
    x = still(fs, seed=seed)
    rng = np.random.default_rng([seed, 2])
    time_s = np.arange(len(x)) / fs
    begin_s = 0.2
    while begin_s < time_s[-1]:
        t = np.maximum(time_s - begin_s, 0.0)
        ring = peak_ms2 * np.exp(-t / decay_s) * np.sin(2 * np.pi * frequency_hz * t)
        x += ring[:, None] * [0.6, 0.8, 0.0]
        begin_s += period_s * (1.0 + 0.03 * rng.standard_normal())
    return x


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(lambda: still(100.0, noise_ms2=0.03), id="a noisy sensor"),
        pytest.param(
            lambda: still(100.0) + tone(4800, 100.0, frequency_hz=49.7, rms_ms2=0.01),
            id="hum",
        ),
        pytest.param(
            lambda: shaking(100.0, 22.0, bandwidth_hz=9.0, rms_ms2=0.1), id="a hump of the strap"
        ),
        pytest.param(
            lambda: knocks(
                100.0, frequency_hz=18.0, decay_s=0.15, peak_ms2=0.5, period_s=0.8, seed=3
            ),
            id="a strap that rings",
        ),
        pytest.param(
            lambda: shaking(100.0, 8.0, bandwidth_hz=1.5, rms_ms2=1.0), id="the flank of a tremor"
        ),
    ],
)
def test_nothing_is_named_where_nothing_shakes_beyond(x):
    found = analysed(x(), 100.0)
    assert found.beyond_band is None
    assert not np.any(found.windows.where("moving"))


def test_windows_of_a_line_beyond_part_no_rest():
    found = analysed(shaking(100.0, 16.0), 100.0)
    assert found.windows.where("moving").mean() > 0.8
    assert tremor.analysis.rest.find_movements(found.windows, settings=DEFAULT) == []


def test_a_table_without_these_scores_names_nothing(table_of):
    assert find_beyond(table_of(["line"], 0.1), settings=DEFAULT, band_hz=(3.0, 15.0)) == ()


def test_walking_is_no_rocking():
    found = analysed(shaking(100.0, 1.9, bandwidth_hz=0.05, rms_ms2=4.0), 100.0)
    assert found.status == "insufficient"
    assert found.beyond_band is None


@pytest.mark.parametrize(("hum_ms2", "least_ms2"), [(0.0, 0.03), (0.2, 0.2)])
def test_no_tremor_says_from_which_strength_on_it_would_have_been_seen(hum_ms2, least_ms2):
    x = still(100.0)
    rng = np.random.default_rng(4)
    f = np.fft.rfftfreq(len(x), 0.01)
    broad = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(x))) * ((f > 3) & (f < 15)), len(x))
    x[:, 2] += hum_ms2 * broad / broad.std()
    found = analysed(x, 100.0)
    assert found.status == "no_tremor"
    assert found.summary.least_seen_ms2 == pytest.approx(least_ms2, rel=0.15)


def test_the_flank_of_a_line_above_the_band_is_no_tremor():
    fs, counts = 100.0, []
    for seed in range(3):
        x = still(fs, duration_s=160.0, noise_ms2=0.012, seed=seed)
        x += narrowband(
            len(x), fs, frequency_hz=17.4, bandwidth_hz=0.45, rms_ms2=0.65,
            rng=np.random.default_rng([seed, 8]), direction=(0.6, 0.0, 0.8),
        )  # fmt: skip
        found = analysed(x, fs)
        counts.append(found.windows.where("tremor").sum())
        assert found.status == "insufficient"
        assert found.beyond_band.frequency_hz.value == pytest.approx(17.4, abs=0.2)
    assert counts == [0, 0, 0]
