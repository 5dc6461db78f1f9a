"""Humps of cloth and pockets are no tremor; slow and broad tremor is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from tremor.analysis.offline import analyze
from tremor.recording import Recording
from tremor.synthesis import narrowband

FS = 100.0
DURATION_S = 80.0


def analyzed(shaking, rng):
    return analyze(
        Recording.from_arrays(
            shaking + rng.normal([0.3, 0.2, 9.8], 0.01, shaking.shape), sampling_rate_hz=FS
        )
    )


def hump(rng, centre_hz, width_hz, rms_ms2):
    """Noise filtered to a band, in two directions of different strength."""
    edges_hz = centre_hz - width_hz / 2.0, centre_hz + width_hz / 2.0
    sos = butter(2, edges_hz, "bandpass", fs=FS, output="sos")
    n, shaking = round(DURATION_S * FS), 0.0
    for share in (1.0, 0.6):
        wave = sosfilt(sos, rng.normal(size=n + 1000))[1000:]
        direction = rng.normal(size=3)
        shaking = shaking + rms_ms2 * share * np.outer(
            wave / wave.std(), direction / np.linalg.norm(direction)
        )
    return shaking


def line(rng, frequency_hz, bandwidth_hz, rms_ms2):
    return narrowband(
        round(DURATION_S * FS), FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz,
        rms_ms2=rms_ms2, rng=rng, direction=tuple(rng.normal(size=3)),
    )  # fmt: skip


def test_a_hump_around_the_edge_of_the_band_is_not_called_tremor():
    called, said = 0, set()
    for seed in range(20):
        rng = np.random.default_rng([1, seed])
        shaking = hump(rng, rng.uniform(3.0, 4.2), rng.uniform(2.0, 3.0), rng.uniform(0.05, 0.3))
        found = analyzed(shaking, rng)
        called += found.status == "measured"
        said.add(found.summary.reason.code if found.summary.reason else "")
        assert found.status != "no_tremor"
    assert called <= 3
    assert "TOO_BROAD" in said


def test_a_slow_and_broad_line_is_still_tremor():
    called = 0
    for seed in range(20):
        rng = np.random.default_rng([2, seed])
        shaking = line(rng, rng.uniform(3.6, 5.0), rng.uniform(0.4, 1.5), rng.uniform(0.1, 0.5))
        called += analyzed(shaking, rng).status == "measured"
    assert called == 20


@pytest.mark.parametrize(("bandwidth_hz", "is_doubted"), [(1.2, False), (2.6, True)])
def test_what_is_broader_than_any_tremor_is_told_with_a_caution(bandwidth_hz, is_doubted):
    rng = np.random.default_rng(3)
    found = analyzed(line(rng, 7.0, bandwidth_hz, 0.3), rng)
    told = [one.statement.code for one in found.cautions]
    assert found.status == "measured"
    assert ("BROADER_THAN_TREMOR" in told) is is_doubted
