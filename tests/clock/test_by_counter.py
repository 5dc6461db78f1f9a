"""Counters of samples and packets: losses, ends of the counter, restarts."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tremor.clock.by_counter import looks_like_a_counter, positions_by_counter
from tremor.clock.timebase import declared_timebase, fit_timebase
from tremor.errors import InvalidInputError
from tremor.settings import COUNTERS


@settings(max_examples=100, deadline=None)
@example(bits=8, start=0, losses=[(176, 40), (216, 23)])
@given(
    bits=st.sampled_from([8, 16, 32]),
    start=st.integers(0, 2**32 - 1),
    losses=st.lists(st.tuples(st.integers(1, 2990), st.integers(1, 40)), max_size=12),
)
def test_lost_numbers_are_holes_whatever_the_size_of_the_counter(bits, start, losses):
    keep = np.ones(3000, dtype=bool)
    for row, length in losses:
        keep[row : row + length] = False
    keep[0] = True
    # A counter that begins right before its end shows how far it goes.
    start = start % 2**bits if bits == 8 else 2**bits - 1 - start % 700
    kept = np.flatnonzero(keep)
    # After more than a quarter of its numbers a counter is taken for another.
    assume(bits > 8 or np.diff(kept).max() <= COUNTERS.most_lost_of_span * 2**bits)
    counter = ((start + kept) % 2**bits).astype(float)
    found = positions_by_counter(counter)
    if bits > 8 and counter.min() == counter[0]:
        return  # it never came to its end
    assert_allclose(found.index, kept)


@pytest.mark.parametrize("modulus", [100, 1000, 10_000])
def test_a_counter_may_end_at_a_round_number(modulus):
    kept = np.delete(np.arange(25_000), np.r_[300:305, 7777, 15_000:15_020])
    assert_allclose(positions_by_counter((kept % modulus).astype(float)).index, kept)


def test_a_counter_of_packets_counts_their_rows():
    packets = np.repeat(np.delete(np.arange(60), [20, 21, 40]), 8)
    index = positions_by_counter(packets.astype(float)).index
    assert index[-1] == 60 * 8 - 1
    assert np.flatnonzero(np.diff(index) > 1).size == 2


def test_the_losses_of_a_declared_rate_are_those_of_the_counter():
    counter = np.delete(np.arange(1000.0), np.r_[100:107, 500:507])
    clock = declared_timebase(len(counter), sampling_rate_hz=100.0, counter=counter)
    assert_allclose(clock.index, counter)


def test_a_counter_shows_losses_that_late_stamps_hide():
    kept = np.delete(np.arange(6000), np.r_[1000:1003, 4000:4002])
    stamps = np.floor(kept / 50.0)
    clock = fit_timebase(stamps, counter=kept.astype(float))
    assert_allclose(clock.index, kept)
    assert_allclose(clock.sampling_rate_hz, 50.0, rtol=1e-3)


@pytest.mark.parametrize(
    "counter", [[*range(3000), *range(2000)], [*range(100), *range(2**31, 2**31 + 100)]]
)
def test_a_counter_that_starts_again_or_jumps_is_refused_with_its_row(counter):
    with pytest.raises(InvalidInputError, match=r"counter of samples .* at row (3002|102)"):
        positions_by_counter(np.array(counter, dtype=float), first_row_number=2)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (np.arange(50) + 7, True),
        (np.repeat(np.arange(20), 4), True),
        (np.arange(50) * 10, False),
        (np.full(50, 3), False),
        (np.arange(50) / 2, False),
        (50 - np.arange(50), False),
    ],
)
def test_what_looks_like_a_counter(numbers, expected):
    assert looks_like_a_counter(np.asarray(numbers, dtype=float)) is expected
