"""Small captures, good and bad, written as a runner's export would be."""

from __future__ import annotations

import numpy as np
import pytest

HEADER = "time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2"


@pytest.fixture
def write_capture(tmp_path):
    def write(name, samples, *, sampling_rate_hz, header=HEADER, scale=1.0):
        rows = [
            f"{i / sampling_rate_hz:.6f}," + ",".join(f"{value * scale:.5f}" for value in row)
            for i, row in enumerate(samples)
        ]
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def still_leg():
    """Return a function that makes n samples of a resting leg: gravity along z and noise, m/s^2."""

    def make(n, *, seed=0):
        samples = 0.01 * np.random.default_rng(seed).standard_normal((n, 3))
        samples[:, 2] += 9.80665
        return samples

    return make


@pytest.fixture
def trembling_leg(still_leg):
    """Return a function that adds a tremor of 8 Hz and 0.5 m/s^2 of peak along x to `still_leg`."""

    def make(n, *, sampling_rate_hz):
        samples = still_leg(n)
        samples[:, 0] += 0.5 * np.sin(2.0 * np.pi * 8.0 * np.arange(n) / sampling_rate_hz)
        return samples

    return make
