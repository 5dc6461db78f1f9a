"""Coherence of two legs with a known share in common."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tremor.analysis.leg_coherence import coherence_of_legs
from tremor.recording import Recording

BEGIN = datetime(2026, 5, 3, 18, tzinfo=UTC)


def line(rng, n, *, fs, frequency_hz, bandwidth_hz):
    """A narrow random line, by a first-order filter of complex noise."""
    pole = np.exp((-np.pi * bandwidth_hz + 2j * np.pi * frequency_hz) / fs)
    noise = rng.normal(size=n) + 1j * rng.normal(size=n)
    state, out = 0.0, np.empty(n)
    for index in range(n):
        state = pole * state + noise[index]
        out[index] = state.real
    return out / out.std()


def leg(shake, direction, rng, *, fs=100.0, started_at=BEGIN):
    moved = 0.3 * shake[:, None] * np.asarray(direction)
    noise = rng.normal(0.0, 0.01, (len(shake), 3))
    return Recording.from_arrays(
        moved + noise + [0.0, 0.0, 9.81], sampling_rate_hz=fs, started_at=started_at
    )


def pair(seed, share, *, n=12000):
    rng = np.random.default_rng(seed)
    common, one, other = (
        line(rng, n, fs=100.0, frequency_hz=8.0, bandwidth_hz=0.5) for _ in range(3)
    )
    legs = [
        leg(np.sqrt(share) * common + np.sqrt(1.0 - share) * own, direction, rng)
        for own, direction in ((one, (0.6, 0.8, 0.0)), (other, (0.0, 0.6, 0.8)))
    ]
    return coherence_of_legs(*legs, frequency_hz=8.0)


def test_share_in_common_is_covered():
    # Coherence is the square of the share of the power that both legs have in common.
    covered = 0
    for seed in range(20):
        found = pair(seed, share=0.7, n=6000).coherence
        covered += found.low <= 0.49 <= found.high
    assert covered >= 17


def test_legs_of_their_own_stay_below_the_level_of_chance():
    beyond = 0
    for seed in range(20):
        found = pair(seed, share=0.0, n=6000)
        beyond += found.coherence.value > found.chance_level
    assert beyond <= 3


def test_same_shaking_is_coherent_through_another_rate_and_start():
    rng = np.random.default_rng(4)
    fine = line(rng, 50_000, fs=500.0, frequency_hz=8.0, bandwidth_hz=0.5)
    one = leg(fine[::5], (1.0, 0.0, 0.0), rng)
    other = leg(
        fine[1000::4],
        (0.0, 1.0, 0.0),
        rng,
        fs=125.0,
        started_at=BEGIN + timedelta(seconds=2.0),
    )
    found = coherence_of_legs(one, other, frequency_hz=8.0)
    assert found.coherence.value > 0.98
    assert found.overlap_s == pytest.approx(98.0, abs=0.1)


@pytest.mark.parametrize("later_s", [None, 500.0])
def test_legs_without_common_time_have_no_coherence(later_s):
    rng = np.random.default_rng(5)
    shake = rng.normal(size=6000)
    started_at = None if later_s is None else BEGIN + timedelta(seconds=later_s)
    one = leg(shake, (1.0, 0.0, 0.0), rng)
    other = leg(shake, (1.0, 0.0, 0.0), rng, started_at=started_at)
    assert coherence_of_legs(one, other, frequency_hz=8.0) is None
