"""Losses that a running stream does not report are those that the whole of it shows."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.clock import running_loss
from tremor.clock.running_loss import RunningLosses

RATE_HZ = 100.0
SIZE = 10
LOST_AT = (600, 1500, 2600)


def packets(n, *, lost_at=LOST_AT):
    """Return first and last count and arrival, s, of packets; one is lost at each count."""
    rng = np.random.default_rng(3)
    for first in range(0, n * SIZE, SIZE):
        n_lost = SIZE * sum(first >= at for at in lost_at)
        sent_s = (first + n_lost + SIZE) / RATE_HZ
        yield first, first + SIZE - 1, sent_s + rng.uniform(0.0, 0.01)


def fed(n, **options):
    losses = RunningLosses(RATE_HZ)
    for one in packets(n, **options):
        losses.add(*one)
    return losses


def test_losses_count_from_where_they_were():
    before = fed(400).before(np.array([0.0, 599.0, 601.0, 1499.0, 1501.0, 2599.0, 2601.0, 9e9]))
    assert before.tolist() == [0, 0, SIZE, SIZE, 2 * SIZE, 2 * SIZE, 3 * SIZE, 3 * SIZE]
    assert before.dtype == np.float64


def test_nothing_is_lost_where_nothing_is():
    assert fed(400, lost_at=()).before(np.array([0.0, 3999.0])).tolist() == [0, 0]
    assert RunningLosses(RATE_HZ).before(np.array([5.0])).tolist() == [0]


def test_losses_of_a_single_sample_count():
    """A packet is one sample, ten a second: one that is missing leaves no doubt."""
    rng = np.random.default_rng(0)
    received = np.delete(np.arange(200), [50, 120])
    losses = RunningLosses(10.0)
    for count, number in enumerate(received.tolist()):
        losses.add(count, count, number / 10.0 + rng.uniform(0.0, 0.005))
    before = losses.before(np.array([0.0, 49.0, 50.0, 118.0, 119.0, 197.0]))
    assert before.tolist() == [0, 0, 1, 1, 2, 2]


def test_losses_are_searched_again_once_there_are_an_eighth_more_packets(monkeypatch):
    searched = []
    find = running_loss.find_unreported_losses
    monkeypatch.setattr(
        running_loss,
        "find_unreported_losses",
        lambda first, *rest, **more: searched.append(len(first)) or find(first, *rest, **more),
    )
    losses = RunningLosses(RATE_HZ)
    for one in packets(300):
        losses.add(*one)
        losses.before(np.array([0.0]))
    assert searched[0] == 16
    steps = np.diff(searched) / np.maximum(16.0, 0.125 * np.array(searched[:-1]))
    assert ((steps >= 1.0) & (steps < 1.0 + 1.0 / 16.0)).all()


@pytest.mark.parametrize("most", [64, 100, 256])
def test_memory_is_bounded_and_no_loss_is_forgotten_or_counted_twice(monkeypatch, most):
    monkeypatch.setattr(running_loss, "_MOST_PACKETS", most)
    losses = RunningLosses(RATE_HZ)
    for one in packets(500):
        losses.add(*one)
    held = [value for value in vars(losses).values() if isinstance(value, np.ndarray)]
    assert {len(value) for value in held} == {most}
    positions = np.arange(0.0, 5000.0, 7.0)
    expected = [SIZE * sum(position >= at for at in LOST_AT) for position in positions]
    found = losses.before(positions)
    # Where it was is known to a packet.
    near = np.min(np.abs(positions[:, None] - np.array(LOST_AT)), axis=1) <= SIZE
    np.testing.assert_array_equal(found[~near], np.array(expected)[~near])
