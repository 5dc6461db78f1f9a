"""Strong tremor on a leg at rest is tremor; gait, stamping and a leg that is moved are not."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.offline import analyze
from tremor.measures.contamination import stride_signs
from tremor.recording import Recording
from tremor.synthesis import SCENES, SensorClock, narrowband, render, vary

FS = 100.0


def shaking(rng, *, frequency_hz, rms_ms2, bandwidth_hz, second=0.0, duration_s=30.0):
    n = round(duration_s * FS)
    line = narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=rms_ms2, rng=rng
    )  # fmt: skip
    if second:
        line = line + narrowband(
            n, FS, frequency_hz=2.0 * frequency_hz, bandwidth_hz=2.0 * bandwidth_hz,
            rms_ms2=second * rms_ms2, rng=rng,
        )  # fmt: skip
    return line + rng.normal([0.4, 0.3, 9.79], 0.02, (n, 3))


@pytest.mark.parametrize("second", [0.0, 0.4])
@pytest.mark.parametrize("bandwidth_hz", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("rms_ms2", [1.0, 2.5, 6.0])
def test_strong_tremor_is_measured(rms_ms2, bandwidth_hz, second):
    verdicts = []
    for frequency_hz in (4.2, 4.6, 5.3, 6.0):
        rng = np.random.default_rng([round(10 * frequency_hz), round(100 * bandwidth_hz), 1])
        x = shaking(
            rng, frequency_hz=frequency_hz, rms_ms2=rms_ms2, bandwidth_hz=bandwidth_hz,
            second=second,
        )  # fmt: skip
        found = analyze(Recording.from_arrays(x, sampling_rate_hz=FS))
        assert found.status == "measured"
        assert abs(found.summary.frequency_hz.value - frequency_hz) < 0.5
        verdicts += found.windows.verdict.tolist()
    # A line so wide at the edge of the band is unclear in some windows, but never gait.
    assert np.mean([one == "tremor" for one in verdicts]) >= (0.7 if bandwidth_hz > 0.5 else 0.9)
    moved = [one in ("moving", "gait", "settling") for one in verdicts]
    assert np.mean(moved) <= 0.12


def test_no_reason_names_a_movement_that_was_not():
    rng = np.random.default_rng(1)
    x = shaking(rng, frequency_hz=5.0, rms_ms2=0.2, bandwidth_hz=0.5, duration_s=20.0)
    t = np.arange(len(x)) / FS
    x[:, 0] += 0.3 * np.sin(2.0 * np.pi * 0.8 * t) * (t < 3.5)  # while it is put on
    table = analyze(Recording.from_arrays(x, sampling_rate_hz=FS)).windows
    assert table.verdict[0] == "settling"
    assert table[0].decided_by.key == "placing"
    assert table[0].decided_by.value > table[0].decided_by.threshold


@pytest.mark.parametrize("name", ["walk", "slow_walk", "run", "stomping"])
def test_gait_and_stamping_stay_refused(name):
    verdicts = []
    for seed in range(8):
        rng = np.random.default_rng([2, seed])
        clock = SensorClock(nominal_rate_hz=FS)
        scene = vary(SCENES[name](clock=clock, duration_s=40.0), rng)
        rendered = render(scene, seed=seed)
        found = analyze(Recording.from_arrays(rendered.acceleration_ms2, sampling_rate_hz=FS))
        assert found.episodes == ()
        verdicts += found.windows.verdict.tolist()
    assert np.mean([one == "tremor" for one in verdicts]) <= 0.02


@pytest.mark.parametrize("cadence_hz", [1.0, 1.4, 1.8])
def test_a_pedalling_leg_stays_refused(cadence_hz):
    rng, n = np.random.default_rng(3), 4000
    phase = 2.0 * np.pi * np.cumsum(cadence_hz + 0.02 * np.cumsum(rng.normal(size=n)) / 50.0) / FS
    x = rng.normal([0.0, 0.0, 9.8], 0.05, (n, 3))
    for order, size in enumerate((2.5, 1.2, 0.8, 0.5, 0.2), start=1):
        x += size * np.cos(order * phase + order)[:, None] * rng.normal(size=3)
    found = analyze(Recording.from_arrays(x, sampling_rate_hz=FS))
    assert not found.windows.where("tremor").any()


def test_the_signs_of_gait_are_a_fundamental_below_and_overtones_above():
    n, f = 400, np.arange(201) * 0.25
    peaks = {"line": [(5.0, 1.0)], "gait": [(5.0, 1.0), (2.5, 2.0)], "stamp": [(5.0, 1.0)]}
    density = np.full((3, 201), 1e-6)
    for row, lines in zip(density, peaks.values(), strict=True):
        for at_hz, size in lines:
            row[f == at_hz] += size
    density[2, f > 14.0] += 0.01
    signs = stride_signs(density, np.full(3, 5.0), n_samples=n, fs=FS, band_hz=(3.0, 15.0))
    assert signs["subharmonic_ratio"].round(2).tolist() == [0.0, 2.0, 0.0]
    assert (signs["overtone_share"] > 0.12).tolist() == [False, False, True]


@pytest.mark.parametrize(("n_samples", "is_seen"), [(104, False), (400, True)])
def test_a_slow_sensor_does_not_tell_overtones(n_samples, is_seen):
    fs = n_samples / 4.0
    density = np.full((1, n_samples // 2 + 1), 1e-6)
    density[0, 16] = 1.0
    signs = stride_signs(
        density, np.array([4.0]), n_samples=n_samples, fs=fs, band_hz=(3.0, min(15.0, 0.4 * fs))
    )
    assert np.isfinite(signs["overtone_share"][0]) == is_seen
