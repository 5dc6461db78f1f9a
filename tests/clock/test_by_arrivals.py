"""Stamps of packets that are late: true rate, true losses, and what cannot be detected."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.clock.by_arrivals import CountedPositions, late_stamp_notes
from tremor.clock.rate import Blocks, StampLine
from tremor.clock.timebase import fit_timebase

DURATION_S = 90.0


def exponential(rng, n, sd_s):
    return rng.exponential(sd_s, n)


def lognormal(rng, n, sd_s):
    return np.exp(rng.standard_normal(n)) * sd_s / np.sqrt(np.exp(2.0) - np.exp(1.0))


def arrivals(rate_hz, size, sd_s, *, seed=0, delays=exponential, loss_s=None, at_s=(30.0, 60.0)):
    """Return stamps and true positions of samples that are stamped on arrival of their packet.

    The clock of the sensor is 100 ppm off the host's at the beginning and 200 ppm at the end.
    """
    rng = np.random.default_rng(seed)
    n = int(DURATION_S * rate_hz)
    first = np.arange(0, n - size, size)
    for begin_s in at_s if loss_s else ():
        first = first[(first < begin_s * rate_hz) | (first >= (begin_s + loss_s) * rate_hz)]
    sent_s = (first + size - 1) / rate_hz
    sent_s = sent_s * (1.0 + 1e-4 + 0.5e-4 * sent_s / DURATION_S)
    arrival_s = np.maximum.accumulate(sent_s + delays(rng, len(first), sd_s))
    position = (first[:, None] + np.arange(size)).ravel()
    stamps = np.round(np.repeat(arrival_s, size), 3)
    return stamps - stamps[0], position - position[0]


def true_rate_hz(rate_hz):
    return rate_hz / (1.0 + 1.5e-4)


def codes(clock):
    return [warning.code for warning in clock.warnings]


@pytest.mark.parametrize("delays", [exponential, lognormal])
@pytest.mark.parametrize("sd_s", [0.03, 0.06])
@pytest.mark.parametrize("size", [1, 5, 20])
@pytest.mark.parametrize("rate_hz", [25.0, 104.0])
def test_late_packets_give_the_rate_and_no_gap(rate_hz, size, sd_s, delays):
    stamps, position = arrivals(rate_hz, size, sd_s, delays=delays)
    clock = fit_timebase(stamps)
    assert clock.uneven_time_s is None
    assert clock.index[-1] == position[-1]
    # 50 ppm of drift, and what the earliest of five seconds stray by over the whole time.
    error = abs(clock.sampling_rate_hz / true_rate_hz(rate_hz) - 1.0)
    assert error < 5e-5 + 3.0 * clock.sampling_rate_sd_hz / rate_hz
    assert error < 2e-4


@pytest.mark.parametrize("loss_s", [0.5, 1.0, 5.0])
@pytest.mark.parametrize(("rate_hz", "size"), [(25.0, 5), (52.0, 1), (104.0, 10), (416.0, 20)])
def test_losses_are_found_with_their_length_among_late_packets(rate_hz, size, loss_s):
    stamps, position = arrivals(rate_hz, size, 0.03, loss_s=loss_s)
    clock = fit_timebase(stamps)
    assert clock.uneven_time_s is None
    gaps, true = np.flatnonzero(np.diff(clock.index) > 1), np.flatnonzero(np.diff(position) > 1)
    assert len(gaps) == len(true) == 2
    # Where packets before the hole were late it may be put before them.
    assert np.abs(gaps - true).max() <= 0.1 * rate_hz + size
    wrong = np.diff(clock.index)[gaps] - np.diff(position)[true]
    assert np.abs(wrong).max() <= 0.02 * rate_hz + 0.5


def test_a_stall_that_is_made_up_for_is_no_loss():
    stamps, position = arrivals(104.0, 10, 0.02, loss_s=2.0)
    for begin_s in range(5, 85, 10):
        held = (stamps >= begin_s) & (stamps < begin_s + 1.5)
        stamps[held] = begin_s + 1.5
    clock = fit_timebase(stamps)
    assert np.count_nonzero(np.diff(clock.index) > 1) == 2
    assert abs(clock.index[-1] - position[-1]) <= 2


def test_undetectable_losses_are_reported():
    stamps, _ = arrivals(104.0, 10, 0.06)
    clock = fit_timebase(stamps)
    assert codes(clock) == ["LATE_STAMPS"]
    assert clock.warnings[0].values["least_loss_s"] > 0.0
    prompt, _ = arrivals(104.0, 1, 0.002)
    assert codes(fit_timebase(prompt)) == []


def test_a_late_end_is_no_loss():
    stamps, position = arrivals(104.0, 10, 0.03)
    stamps[-30:] = stamps[-30] + 0.4  # the last packets all come late, and nothing follows
    clock = fit_timebase(stamps)
    assert clock.index[-1] == position[-1]


def test_the_standard_deviation_of_late_stamps_covers_the_truth():
    z = []
    for seed in range(40):
        stamps, _ = arrivals(52.0, 5, 0.03, seed=seed)
        clock = fit_timebase(stamps)
        z.append((clock.sampling_rate_hz - true_rate_hz(52.0)) / clock.sampling_rate_sd_hz)
    # 18 blocks, of whose means in time the drift moves few: Student's t, and room for chance.
    assert 0.5 < np.std(z) < 1.6
    assert abs(np.mean(z)) < 0.6


@pytest.mark.parametrize(("late_s", "is_said"), [(0.5, True), (np.nan, False)])
def test_lateness_is_said_where_it_is_a_number(late_s, is_said):
    positions = CountedPositions(np.arange(100), 1.0)
    phase = np.array([0.0, 0.0])
    blocks = Blocks(np.array([0.0, 99.0]), phase, 0.0, np.array([True, True]))
    line = StampLine(0.01, blocks, through_earliest=True)
    notes = late_stamp_notes(0.01 * np.arange(100) + late_s, positions, line)
    assert [one.code for one in notes] == (["LATE_STAMPS"] if is_said else [])
