from __future__ import annotations

import numpy as np
import pytest

from tremor.clock import even as even_clock
from tremor.clock import rate
from tremor.clock.even import RunningEvenClock
from tremor.clock.timebase import fit_timebase


@pytest.fixture(autouse=True)
def few_rows_are_many(monkeypatch):
    for module in (rate, even_clock):
        monkeypatch.setattr(module, "LONG_CAPTURE_ROWS", 5000)


def run(stamps, n_chunks, **options):
    clock = RunningEvenClock()
    for chunk in np.array_split(stamps, n_chunks):
        clock.add(chunk)
    return clock.fit(**options)


@pytest.mark.parametrize("n_chunks", [1, 7, 130])
@pytest.mark.parametrize("jitter_s", [0.0, 3e-4])
def test_rate_is_that_of_the_fit_to_all_stamps_to_the_bit(n_chunks, jitter_s):
    rng = np.random.default_rng(1)
    stamps = np.arange(40_003) / 101.3 + rng.normal(0.0, jitter_s, 40_003)
    stamps -= stamps[0]
    whole = fit_timebase(stamps, nominal_sampling_rate_hz=100.0)
    clock = run(stamps, n_chunks, nominal_sampling_rate_hz=100.0)
    assert clock.sampling_rate_hz == whole.sampling_rate_hz
    assert clock.warnings == whole.warnings
    assert [warning.code for warning in clock.warnings] == ["RATE_OFF_NOMINAL"]
    if jitter_s:
        assert 0.5 < clock.sampling_rate_sd_hz / whole.sampling_rate_sd_hz < 2.0
        error_hz = abs(clock.sampling_rate_hz - 101.3)
        assert error_hz < 4.0 * clock.sampling_rate_sd_hz


@pytest.mark.parametrize("kind", ["hole", "backward", "nan", "wander", "few", "single rows"])
def test_what_takes_all_stamps_is_left_to_the_whole_fit(kind):
    stamps = np.arange(40_000) / 100.0
    n_chunks = 9
    if kind == "hole":
        stamps[20_000:] += 0.01
    elif kind == "backward":
        stamps[20_000] = stamps[19_998]
    elif kind == "nan":
        stamps[20_000] = np.nan
    elif kind == "wander":
        stamps *= 1.0 + 0.01 * np.arange(40_000) / 40_000
    elif kind == "few":
        stamps = stamps[:4000]
    else:
        n_chunks = len(stamps)
    assert run(stamps, n_chunks) is None
