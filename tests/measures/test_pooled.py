"""One line from many runs: shared centre and width, each segment its own power."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor.measures.line_table import fit_lines
from tremor.measures.pooled import fit_pooled
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.synthesis import decay_rms, narrowband, tone

FS = 100.0
BAND_HZ = (3.0, 15.0)


def record(duration_s, *, frequency_hz=8.37, bandwidth_hz=0.8, rms_ms2=0.3, noise_ms2=0.05, seed=1):
    rng = np.random.default_rng(seed)
    n = round(duration_s * FS)
    clean = narrowband(
        n, FS, frequency_hz=frequency_hz, bandwidth_hz=bandwidth_hz, rms_ms2=1.0, rng=rng,
        direction=(1.0, 2.0, -2.0),
    )  # fmt: skip
    rms = np.broadcast_to(rms_ms2, n)
    return clean * rms[:, None] + [0.0, 0.0, 9.81] + rng.normal(0, noise_ms2, (n, 3))


def pooled(runs):
    return fit_pooled(runs, fs=FS, band_hz=BAND_HZ)


def numbers(line):
    rows = [
        (getattr(line, n).value, getattr(line, n).low, getattr(line, n).high)
        for n in ESTIMATE_NAMES
    ]
    return np.array(rows)


def test_a_single_short_run_is_one_window():
    run = record(30.0)
    line = pooled([run])
    table = fit_lines(np.ascontiguousarray(run.T)[None], fs=FS, band_hz=BAND_HZ)
    assert_array_equal(numbers(line), [getattr(table, name)[0] for name in ESTIMATE_NAMES])
    assert line.n_segments == 1


def test_intervals_over_many_stretches_hold_the_truth():
    count = 60
    held = np.zeros(3)
    errors = []
    for seed in range(count):
        line = pooled([record(25.0, seed=seed), record(18.0, seed=1000 + seed)])
        truth = (8.37, 0.8, 0.3)
        rows = numbers(line)[:3]
        held += (rows[:, 1] <= truth) & (truth <= rows[:, 2])
        errors.append(rows[0, 0] - 8.37)
    # 60 intervals of 95 %: fewer than 50 hold the truth once in 3000 draws (binomial).
    assert (held >= 50).all()
    # All 43 s count: the bound of the process in noise of 15.6 dB, 1.25 for the method and 1.3
    # for the chi-square scatter of 60.
    s = np.sqrt(1 + 36 * FS / (np.pi * 0.8))
    bound_hz = np.sqrt(0.8 / (4 * np.pi * 43.0) * s * (s + 1) / (s - 1) ** 2)
    assert np.sqrt(np.mean(np.square(errors))) <= 1.25 * 1.3 * bound_hz


def long_tone():
    x = np.array([0.0, 0.0, 9.81]) + tone(12_000, FS, frequency_hz=7.123, rms_ms2=0.3)
    return x + np.random.default_rng(3).normal(0, 0.03, x.shape)


def test_a_tone_over_many_stretches_is_right():
    line = pooled([long_tone()])
    assert line.frequency_hz.low <= 7.123 <= line.frequency_hz.high
    # A line narrower than a bin: within a bin of 20 s.
    assert line.frequency_hz.high - line.frequency_hz.low < 0.05
    assert_allclose(line.rms_ms2.value, 0.3, rtol=0.01)
    assert line.bandwidth_hz.value < 0.05


def test_three_times_as_much_of_a_tone_does_not_widen_the_intervals():
    x = long_tone()
    short, long = numbers(pooled([x[:4000]])), numbers(pooled([x]))
    assert (np.ptp(long[:, 1:], axis=1) <= np.ptp(short[:, 1:], axis=1)).all()


def test_a_tremor_that_fades_gives_its_frequency_and_its_rms_over_the_whole():
    t = np.arange(round(100 * FS)) / FS
    law = decay_rms(t, initial_rms_ms2=0.8, half_life_s=20.0, floor_rms_ms2=0.05)
    lines = [pooled([record(100.0, rms_ms2=law, seed=seed)]) for seed in range(12)]
    true_rms = np.sqrt(np.mean(law**2))
    # The power scatters by 1 / sqrt(pi B T_eff) a record, with 29 s in which half of it lies: 12 %,
    # over sqrt(12), and half of it in the RMS; four of those.
    assert_allclose(
        np.sqrt(np.mean([line.rms_ms2.value**2 for line in lines])), true_rms, rtol=0.07
    )
    held = [line.frequency_hz.low <= 8.37 <= line.frequency_hz.high for line in lines]
    assert sum(held) >= 9  # of 12 at 95 %: fewer once in 5000 draws


def test_more_time_narrows_the_interval_as_its_root():
    halves = [
        np.median([np.ptp(numbers(pooled([record(d, seed=s)]))[0, 1:]) for s in range(8)])
        for d in (45.0, 180.0)
    ]
    # Two; widths follow the root of the estimated bandwidth, 10 % each.
    assert 1.5 < halves[0] / halves[1] < 2.8


@pytest.mark.parametrize("factor", [2.0, 0.01])
def test_scale(factor):
    runs = [record(25.0, seed=5), record(18.0, seed=6)]
    one, other = numbers(pooled(runs)), numbers(pooled([factor * run for run in runs]))
    # The steps end within 1e-6 of the likelihood's maximum.
    assert_allclose(other[:2], one[:2], rtol=1e-6)
    assert_allclose(other[2:], factor * one[2:], rtol=1e-6)


def test_a_turned_sensor_gives_the_same_numbers():
    q, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    runs = [record(25.0, seed=7), record(30.0, seed=8)]
    assert_allclose(numbers(pooled([run @ q.T for run in runs])), numbers(pooled(runs)), rtol=1e-9)


def test_the_order_of_the_runs_does_not_matter():
    runs = [record(25.0, seed=9), record(18.0, seed=10), record(8.0, seed=11)]
    assert_allclose(numbers(pooled(runs[::-1])), numbers(pooled(runs)), rtol=1e-8)


def test_every_run_counts():
    line = pooled([record(45.0, seed=12), record(8.0, seed=13)])
    # Stretches of at least 20 s: two and one.
    assert line.n_segments == 3


@pytest.mark.parametrize("runs", [[np.full((1000, 3), 9.81)], [np.zeros((1000, 3))] * 2,
                                  [np.zeros((6000, 3))]])  # fmt: skip
def test_where_nothing_moves_there_is_no_line(runs):
    assert pooled(runs) is None


def test_nothing_is_written_into():
    runs = [record(25.0, seed=14), record(18.0, seed=15)]
    before = [run.copy() for run in runs]
    for run in runs:
        run.flags.writeable = False
    pooled(runs)
    pooled(runs[:1])
    for run, kept in zip(runs, before, strict=True):
        assert_array_equal(run, kept)
