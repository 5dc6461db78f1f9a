"""Coherence of two legs with a known share in common."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tremor.analysis.clock_offset import Lateness
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


def leg_on_clock(tremor, rng, *, lag_s, ahead_s, drift_ppm, direction, fs=100.0, n=12000):
    """A leg whose clock is ahead of the computer's, and its packets of 10 samples."""
    shown_s = np.arange(n) / fs
    true_s = (shown_s - ahead_s) / (1.0 + 1e-6 * drift_ppm)
    recording = leg(tremor(true_s - lag_s), direction, rng, fs=fs)
    last = slice(9, None, 10)
    waits_s = rng.uniform(0.0, 0.03, n // 10)
    return recording, Lateness(shown_s[last], (true_s - shown_s)[last] + waits_s, "polar-h10 100.0")


def lagging(seed, lag_s, *, ahead_s=0.035, drift_ppm=40.0, share=0.95, direction=(0.0, 0.6, 0.8)):
    rng = np.random.default_rng(seed)
    fine_hz = 1000.0
    shared, *own = (
        line(rng, 125_000, fs=fine_hz, frequency_hz=8.0, bandwidth_hz=0.5) for _ in range(3)
    )

    def tremor(number):
        mixed = np.sqrt(share) * shared + np.sqrt(1.0 - share) * own[number]
        return lambda at_s: np.interp(at_s, np.arange(len(mixed)) / fine_hz - 2.0, mixed)

    upright = {"lag_s": 0.0, "ahead_s": 0.0, "drift_ppm": 0.0, "direction": (0.0, 0.8, 0.6)}
    one, late = leg_on_clock(tremor(0), rng, **upright)
    other, other_late = leg_on_clock(
        tremor(1), rng, lag_s=lag_s, ahead_s=ahead_s, drift_ppm=drift_ppm, direction=direction
    )
    return coherence_of_legs(one, other, frequency_hz=8.0, lateness=(late, other_late))


@pytest.mark.parametrize("lag_s", [0.0, 0.010, 0.040, -0.025])
def test_lag_and_clock_are_covered_and_told(lag_s):
    # The clock of the second gains 35 ms and 40 ppm; without them the lag would be off by 37 ms.
    found = [lagging(seed, lag_s) for seed in range(8)]
    for one in found:
        clocks = one.clocks
        true_s = 0.035 + 40e-6 * clocks.middle_s
        assert clocks.offset_s.low <= true_s <= clocks.offset_s.high
        assert clocks.offset_s.high - clocks.offset_s.low < 0.010
        assert one.lag_s.low <= lag_s <= one.lag_s.high
        assert one.lag_s.high - one.lag_s.low < 0.018
        if lag_s == 0.0:
            assert one.lag_s.low < 0.0 < one.lag_s.high
        elif abs(lag_s) > 0.02:  # the leader is told
            assert one.lag_s.low * one.lag_s.high > 0.0
    drifts = [one.clocks.drift_ppm for one in found]
    assert sum(one.low <= 40.0 <= one.high for one in drifts) >= 7
    assert np.mean([one.high - one.low for one in drifts]) < 40.0


def test_lag_is_found_though_both_sensors_are_turned():
    turned = lagging(3, 0.020, direction=(0.9, 0.0, -0.4))  # downwards: the sign is not its own
    assert turned.lag_s.low <= -(1 / 16 - 0.020) <= turned.lag_s.high


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"direction": (0.6, 0.8, 0.0)}, "LEVEL_SHAKING"),
        ({"share": 0.0}, "LEGS_NOT_IN_STEP"),
    ],
)
def test_a_leader_that_cannot_be_told_has_a_reason(options, code):
    found = lagging(1, 0.030, **options)
    assert found.lag_s.value is None
    assert found.lag_s.reason.code == code


def test_legs_in_turn_have_no_leader():
    assert lagging(2, 0.0625).lag_s.reason.code == "LEGS_IN_TURN"


def test_clocks_that_differ_too_much_leave_the_lag_open():
    rng = np.random.default_rng(6)
    shake = line(rng, 6000, fs=100.0, frequency_hz=8.0, bandwidth_hz=0.5)
    legs = [leg(shake, (0.0, 0.6, 0.8), rng) for _ in range(2)]
    at_s = np.arange(0.09, 60.0, 0.1)
    # Packets that keep step with the radio may all have waited for it, nobody knows how long.
    same = Lateness(at_s, np.full(len(at_s), 0.004), "polar-h10 100.0")
    found = coherence_of_legs(*legs, frequency_hz=8.0, lateness=(same, same))
    assert found.clocks.unknown_s > 0.05
    assert found.lag_s.reason.code == "CLOCKS_TOO_FAR_APART"
    slow = coherence_of_legs(*legs, frequency_hz=8.0, lateness=None)
    assert slow.lag_s.reason.code == "CLOCKS_NOT_MEASURED"
    few = Lateness(at_s[:20], np.zeros(20), "polar-h10 100.0")
    assert coherence_of_legs(*legs, frequency_hz=8.0, lateness=(few, same)).clocks is None


def test_other_kinds_of_sensors_are_less_sure():
    rng = np.random.default_rng(7)
    shake = line(rng, 6000, fs=100.0, frequency_hz=5.0, bandwidth_hz=0.5)
    legs = [leg(shake, (0.0, 0.6, 0.8), rng) for _ in range(2)]
    at_s = np.arange(0.09, 60.0, 0.1)
    late = [
        Lateness(at_s, rng.uniform(0.0, 0.03, len(at_s)), kind)
        for kind in ("polar-h10 100.0", "polar-h10 100.0", "witmotion 100.0")
    ]
    alike = coherence_of_legs(*legs, frequency_hz=5.0, lateness=(late[0], late[1]))
    unlike = coherence_of_legs(*legs, frequency_hz=5.0, lateness=(late[0], late[2]))
    assert unlike.clocks.unknown_s - alike.clocks.unknown_s == pytest.approx(0.017, abs=0.002)
