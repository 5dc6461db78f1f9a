"""Unreported losses: found where arrivals leave no doubt, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.clock.packets import fit_arrivals
from tremor.clock.unreported_loss import find_unreported_losses

PERIOD_S = 1.0 / 198.9
SIZE = 8


def arrivals(n, *, jitter_s, seed=0, every_s=0.0):
    """When packets of eight arrive; the radio lets them through every so many seconds."""
    rng = np.random.default_rng(seed)
    due_s = np.arange(1, n + 1) * SIZE * PERIOD_S + rng.uniform(0.0, jitter_s, n)
    if every_s:
        due_s = np.ceil(due_s / every_s) * every_s
    return np.maximum.accumulate(due_s)


def found(time_s, *, reported=()):
    first = np.arange(len(time_s)) * SIZE
    for at, n_lost in reported:
        first[at:] += n_lost
    return find_unreported_losses(first, first + SIZE - 1, time_s).before


@pytest.mark.parametrize("share", [0.005, 0.02, 0.05, 0.15])
@pytest.mark.parametrize("jitter_s", [0.001, 0.01])
def test_losses_are_found_where_they_were(share, jitter_s):
    rng = np.random.default_rng(1)
    came = rng.random(8000) > share
    came[:4] = came[-20:] = True
    lost = found(arrivals(8000, jitter_s=jitter_s)[came])
    number = np.flatnonzero(came)
    expected = (np.diff(number, prepend=-1) - 1) * SIZE
    assert lost.sum() == expected.sum()
    assert np.count_nonzero(lost != expected) <= 2


def test_the_rate_is_right_where_arrivals_are_later_than_a_packet_is_long():
    came = np.random.default_rng(1).random(15_000) > 0.02
    time_s = arrivals(15_000, jitter_s=0.03)[came]
    index = np.arange(len(time_s) * SIZE)
    clock = fit_arrivals(index, np.repeat(time_s, SIZE), nominal_sampling_rate_hz=200.0)
    # Without the losses it would be 2 % low.
    assert abs(clock.sampling_rate_hz * PERIOD_S - 1.0) < 1e-3
    assert "LOSS_BY_ARRIVAL" in [one.code for one in clock.warnings]


@pytest.mark.parametrize("jitter_s", [0.0, 0.001, 0.03, 0.06, 0.2])
def test_lateness_is_no_loss(jitter_s):
    for seed in range(5):
        assert not found(arrivals(5000, jitter_s=jitter_s, seed=seed)).any()


@pytest.mark.parametrize("every_s", [0.0075, 0.015, 0.03, 0.04, 0.05])
def test_the_rhythm_of_a_radio_link_is_no_loss(every_s):
    for jitter_s in (0.0, 0.003):
        assert not found(arrivals(8000, jitter_s=jitter_s, every_s=every_s)).any()


def test_stalls_are_no_losses():
    time_s = arrivals(8000, jitter_s=0.01)
    for at in np.random.default_rng(0).integers(0, 8000, 40).tolist():
        time_s[at : at + 25] = np.maximum(time_s[at : at + 25], time_s[at] + 1.0)
    assert not found(np.maximum.accumulate(time_s)).any()


def test_a_drifting_crystal_is_no_loss():
    time_s = arrivals(15_000, jitter_s=0.005)
    assert not found(time_s * (1.0 + 1e-4 * np.sin(time_s / 100.0))).any()


def test_reported_losses_are_not_found_again():
    time_s = arrivals(8000, jitter_s=0.01)
    came = np.ones(8000, dtype=bool)
    came[3000:3300] = False
    lost = found(time_s[came], reported=[(3000, 300 * SIZE)])
    assert not lost.any()


def test_few_packets_give_no_loss():
    assert not found(arrivals(20, jitter_s=0.0)).any()
    assert not found(np.zeros(500)).any()


def test_a_loss_longer_than_any_interval_of_a_link_is_found_alone():
    """Packets of eight samples at 26 Hz, 0.3 s each: one that is missing leaves no doubt."""
    rng = np.random.default_rng(0)
    came = np.ones(70, dtype=bool)
    came[[20, 21, 44]] = False
    time_s = (np.arange(70) * 8 / 26.2 + rng.uniform(0.0, 0.03, 70))[came]
    first = np.arange(67) * 8
    lost = find_unreported_losses(first, first + 7, time_s, nominal_sampling_rate_hz=26.0)
    assert lost.before.tolist() == [{20: 16, 42: 8}.get(at, 0) for at in range(67)]


def test_losses_on_either_side_of_a_reported_one_are_found():
    came = np.random.default_rng(1).random(8000) > 0.02
    came[:4] = came[-20:] = came[2990:3000] = came[3300:3310] = True
    came[3000:3300] = False
    number = np.flatnonzero(came)
    at = int(np.searchsorted(number, 3300))
    lost = found(arrivals(8000, jitter_s=0.005)[came], reported=[(at, 300 * SIZE)])
    expected = (np.diff(number, prepend=-1) - 1) * SIZE
    expected[at] = 0
    assert lost[at] == 0
    assert lost.sum() == expected.sum()
    assert np.count_nonzero(lost != expected) <= 2


def test_nothing_is_found_where_the_count_shows_a_loss():
    """The count says three packets, and the arrivals eight: the level begins anew."""
    came = np.ones(2000, dtype=bool)
    came[1000:1008] = False
    time_s = arrivals(2000, jitter_s=0.005)[came]
    assert found(time_s)[1000] == 8 * SIZE
    assert not found(time_s, reported=[(1000, 3 * SIZE)]).any()


@pytest.mark.parametrize("seed", range(3))
def test_a_loss_among_seven_packets_is_found(seed):
    """The first periods span half of the packets at most, so that some of them hold no loss."""
    number = np.delete(np.arange(8), 2)
    time_s = 0.3 * number + np.random.default_rng(seed).uniform(0.0, 0.02, 7)
    assert found(time_s).tolist() == [0, 0, SIZE, 0, 0, 0, 0]


@pytest.mark.parametrize(("share", "seed"), [(0.04, 0), (0.05, 2)])
def test_the_first_period_is_that_of_a_short_or_a_long_span(share, seed):
    """Where packets are 60 ms late, that of a quarter of a second is too far off."""
    time_s, n_lost = lossy(share, seed)
    assert abs(found(time_s).sum() / n_lost - 1.0) < 0.05


def test_losses_do_not_depend_on_when_the_clock_began():
    time_s, n_lost = lossy(0.02, 0)
    lost = found(time_s)
    assert abs(lost.sum() / n_lost - 1.0) < 0.05
    np.testing.assert_array_equal(found(time_s + 5000.0), lost)


def lossy(share, seed):
    """Return when the packets arrive that are not lost, s, and how many samples are."""
    rng = np.random.default_rng(seed)
    came = rng.random(3000) > share
    came[:4] = came[-20:] = True
    due_s = np.arange(1, 3001) * SIZE * PERIOD_S + rng.uniform(0.0, 0.06, 3000)
    return np.maximum.accumulate(due_s)[came], SIZE * np.count_nonzero(~came)
