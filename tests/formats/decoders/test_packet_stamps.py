"""Samples of packets lie where they were taken, whatever packets are lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tremor.errors import InsufficientDataError
from tremor.formats.decoders.packet_stamps import spread_packets


@given(
    rate_hz=st.floats(20.0, 500.0),
    n_samples=st.integers(2, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_samples_lie_where_they_were_taken(rate_hz: float, n_samples: int, seed: int) -> None:
    n_packets = 200
    kept = np.random.default_rng(seed).random(n_packets) > 0.2  # one packet in five is lost
    kept[[0, 1]] = True
    true_s = np.arange(n_packets * n_samples).reshape(n_packets, n_samples) / rate_hz
    stamps_s = np.floor(1e3 * true_s[kept, 0]) / 1e3
    found_s = spread_packets(stamps_s, np.full(kept.sum(), n_samples))
    # Stamps are cut to 1 ms, and the last sample of a packet is n_samples periods from its stamp.
    assert_allclose(found_s, true_s[kept].ravel(), atol=1.0e-3 + 1.0e-3)


def test_packets_of_any_length() -> None:
    counts = np.array([1, 3, 2, 4, 1])
    true_s = np.arange(counts.sum()) / 25.0
    stamps_s = true_s[np.cumsum(counts) - counts]
    assert_allclose(spread_packets(stamps_s, counts), true_s, atol=1e-12)


def test_one_packet_shows_no_rate() -> None:
    with pytest.raises(InsufficientDataError, match="1 packet"):
        spread_packets(np.array([0.0]), np.array([8]))
