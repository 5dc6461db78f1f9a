"""Steps that are no loss: rates that slip past the rounding of the stamps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.clock.by_steps import come_evenly
from tremor.clock.timebase import fit_timebase


@pytest.mark.parametrize("rate_hz", [45.3, 52.1, 68.74, 77.7, 88.0, 99.3, 104.7, 119.0])
@pytest.mark.parametrize("jitter_s", [0.0, 5e-4])
def test_a_rate_near_the_rounding_of_the_stamps_is_counted(rate_hz, jitter_s):
    n = int(60 * rate_hz)
    rng = np.random.default_rng(int(rate_hz))
    stamps = np.floor((np.arange(n) / rate_hz + jitter_s * rng.random(n)) * 100.0) / 100.0
    clock = fit_timebase(stamps)
    assert_allclose(clock.sampling_rate_hz, rate_hz, rtol=1e-3)
    assert clock.index[-1] == n - 1


def test_random_losses_do_not_come_evenly():
    rng = np.random.default_rng(1)
    for share in (0.01, 0.1, 0.3):
        odd = np.flatnonzero(rng.random(4000) < share)
        assert not come_evenly(odd)
