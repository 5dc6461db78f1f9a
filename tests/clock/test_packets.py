"""The clock of counted samples: the true rate, and gaps of their true length."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.clock.packets import fit_arrivals
from tremor.clock.running import RunningClock
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.recording import SampleBlock

RATE_HZ = 198.9


def packets(first, n, *, size=8, seed=0, jitter_s=0.03, offset_s=0.0):
    """Index and arrival of each sample; the sample of index i is taken at i / RATE_HZ."""
    rng = np.random.default_rng(seed)
    index = np.arange(first, first + n * size)
    arrival_s = (index[size - 1 :: size] + 1) / RATE_HZ + rng.uniform(0.0, jitter_s, n)
    arrival_s = np.maximum.accumulate(arrival_s)
    return index, np.repeat(arrival_s, size) + offset_s


def test_the_rate_is_that_of_the_arrivals():
    index, arrival_s = packets(0, 15_000)
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0)
    assert_allclose(clock.sampling_rate_hz, RATE_HZ, rtol=1e-4)
    assert abs(clock.sampling_rate_hz - RATE_HZ) < 3.0 * clock.sampling_rate_sd_hz
    assert [one.code for one in clock.warnings] == ["RATE_OFF_NOMINAL"]
    assert (clock.index == index).all()


def test_a_live_view_of_the_same_packets_ends_at_the_same_rate():
    index, arrival_s = packets(0, 3000)
    running = RunningClock(nominal_sampling_rate_hz=200.0)
    for row in range(0, len(index), 8):
        running.add(SampleBlock(int(index[row]), np.zeros((8, 3)), float(arrival_s[row])))
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0)
    assert clock.sampling_rate_hz == running.estimate.sampling_rate_hz


@pytest.mark.parametrize("wrong", [-60, 0, 45])
def test_a_miscounted_gap_is_as_long_as_the_arrivals_show(wrong):
    """A decoder that counts by a rate that is 1 % off jumps wrong by many samples."""
    one, one_s = packets(0, 1500, seed=1)
    gap = 2000  # samples, about 10 s
    two, two_s = packets(len(one) + gap, 1500, seed=2)
    index = np.concatenate((one, two + wrong))
    clock = fit_arrivals(index, np.concatenate((one_s, two_s)), nominal_sampling_rate_hz=200.0)
    lost = int(np.diff(clock.index).max()) - 1
    # The earliest of 125 arrivals of uniform lateness up to 30 ms is late by 0.24 ms on average.
    assert abs(lost - gap) <= 1
    assert clock.index[len(one) - 1] == len(one) - 1


def test_a_reported_gap_is_not_changed_by_delay():
    one, one_s = packets(0, 1500, seed=1)
    two, two_s = packets(len(one) + 2000, 1500, seed=2, offset_s=0.04)
    index = np.concatenate((one, two))
    clock = fit_arrivals(
        index, np.concatenate((one_s, two_s)), nominal_sampling_rate_hz=200.0, loss_reported=True
    )
    assert (clock.index == index).all()


def test_a_reported_gap_is_not_shortened_by_a_nominal_rate_that_is_wrong():
    """Too short for a rate of its own: 0.5 % of a gap of 20 s is a tenth of a second."""
    gap = 4000
    one, one_s = packets(0, 15)
    two, two_s = packets(len(one) + gap, 15, seed=2)
    index, arrival_s = np.concatenate((one, two)), np.concatenate((one_s, two_s))
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0, loss_reported=True)
    assert clock.sampling_rate_hz == 200.0
    assert (clock.index == index).all()


def test_gaps_of_a_link_that_is_lost_often_have_their_length():
    """The samples lie where their time is, by the rate of the same recording."""
    parts = [packets(first, 60, seed=first) for first in range(0, 40 * 900, 900)]
    index, arrival_s = (np.concatenate(one) for one in zip(*parts, strict=True))
    rng = np.random.default_rng(0)
    counted = index + np.cumsum(np.diff(index, prepend=-1) > 1) * rng.integers(-9, 9)
    clock = fit_arrivals(counted, arrival_s, nominal_sampling_rate_hz=200.0)
    assert_allclose(clock.sampling_rate_hz, RATE_HZ, rtol=3e-4)
    assert np.abs(clock.index - index).max() < 0.05 * RATE_HZ


def test_a_stall_is_no_hole():
    """Packets that wait for three seconds and come at once are late, and none is lost."""
    index, arrival_s = packets(0, 3000)
    stalled = (arrival_s > 30.0) & (arrival_s < 33.0)
    arrival_s[stalled] = 33.0
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0)
    assert (clock.index == index).all()


def test_an_uncounted_silence_is_a_gap():
    one, one_s = packets(0, 1500, seed=1)
    two, two_s = packets(len(one) + 800, 1500, seed=2)
    clock = fit_arrivals(
        np.arange(len(one) + len(two)),
        np.concatenate((one_s, two_s)),
        nominal_sampling_rate_hz=200.0,
    )
    assert abs(int(np.diff(clock.index).max()) - 1 - 800) <= 1


def test_a_sensor_that_reports_its_losses_lost_nothing_in_a_silence_that_it_does_not():
    """From some moment on the computer is later by 1.2 s, for good."""
    index, arrival_s = packets(0, 3000)
    arrival_s = np.where(arrival_s > 30.0, arrival_s + 1.2, arrival_s)
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0, loss_reported=True)
    assert (clock.index == index).all()


def test_samples_never_overlap():
    one, one_s = packets(0, 400, seed=1)
    two, two_s = packets(len(one) + 4, 400, seed=2, offset_s=1.2)
    two_s = np.maximum(two_s, one_s[-1] + 1.1)
    two_s[800:] -= 3.0
    clock = fit_arrivals(
        np.concatenate((one, two)), np.concatenate((one_s, two_s)), nominal_sampling_rate_hz=200.0
    )
    assert (np.diff(clock.index) >= 1).all()


def test_a_short_recording_takes_the_nominal_rate_and_says_so():
    index, arrival_s = packets(0, 3)
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0)
    assert (clock.sampling_rate_hz, clock.sampling_rate_sd_hz) == (200.0, None)
    assert [one.code for one in clock.warnings] == ["RATE_NOMINAL"]
    index, arrival_s = packets(0, 40)
    clock = fit_arrivals(index, arrival_s, nominal_sampling_rate_hz=200.0)
    assert clock.warnings[0].values["why"].code == "ARRIVALS_UNSURE"


def test_too_few_packets_without_nominal_rate_are_refused():
    index, arrival_s = packets(0, 3)
    with pytest.raises(InvalidInputError, match="give it with --sampling-rate"):
        fit_arrivals(index, arrival_s)
    with pytest.raises(InsufficientDataError, match="at least 2"):
        fit_arrivals(index[:1], arrival_s[:1])
    with pytest.raises(InvalidInputError, match="does not go up at sample 1, from 5 to 5"):
        fit_arrivals(np.array([5, 5]), np.zeros(2))
