from __future__ import annotations

import math

import numpy as np
import pytest

from tremor.clock.running import RunningClock
from tremor.clock.timebase import fit_timebase
from tremor.errors import InvalidInputError
from tremor.recording import SampleBlock


def exponential(rng, sent_s):
    return sent_s + rng.exponential(0.02, len(sent_s))


def uniform(rng, sent_s):
    return sent_s + rng.uniform(0.0, 0.06, len(sent_s))


def connection_events(rng, sent_s):
    """Packets leave at the next event of the radio link, 45 ms apart."""
    phase_s = rng.uniform(0.0, 0.045)
    events_s = np.ceil((sent_s - phase_s) / 0.045) * 0.045 + phase_s
    return events_s + rng.exponential(0.003, len(sent_s))


def in_step(rng, sent_s):
    """As before, at a whole part of the nominal packet interval: the wait hides in the slope."""
    interval_s = float(np.round(np.median(np.diff(sent_s)), 2)) / 2.0
    phase_s = rng.uniform(0.0, interval_s)
    events_s = np.ceil((sent_s - phase_s) / interval_s) * interval_s + phase_s
    return events_s + rng.exponential(0.001, len(sent_s))


def stalls(rng, sent_s):
    """Every ten seconds or so nothing comes for 1.5 s and then all of it at once."""
    arrival_s = exponential(rng, sent_s)
    for begin_s in rng.uniform(0.0, sent_s[-1], int(sent_s[-1] / 10)):
        held = (sent_s >= begin_s) & (sent_s < begin_s + 1.5)
        arrival_s[held] = np.maximum(arrival_s[held], begin_s + 1.5)
    return arrival_s


LINKS = {
    "exponential": exponential,
    "uniform": uniform,
    "connection events": connection_events,
    "in step": in_step,
    "stalls": stalls,
}


def packets(rng, *, rate_hz, size, duration_s, link=exponential):
    """Return (first index, arrival) of every packet."""
    first = np.arange(0, int(duration_s * rate_hz) - size, size)
    arrival_s = link(rng, (first + size - 1) / rate_hz)
    return list(zip(first.tolist(), np.maximum.accumulate(arrival_s).tolist(), strict=True))


def block(first, arrival_s, *, size, stamps_s=None):
    return SampleBlock(first, np.zeros((size, 3)), arrival_s, device_time_s=stamps_s)


def stamps(first, size, rate_hz, *, resolution_s=1e-3):
    exact = (first + np.arange(size)) / rate_hz
    return np.round(exact / resolution_s) * resolution_s


@pytest.mark.parametrize("error", [-0.01, 0.01])
@pytest.mark.parametrize(("nominal_hz", "size"), [(104.0, 8), (200.0, 8), (100.0, 20)])
@pytest.mark.parametrize("link", LINKS)
def test_arrivals_alone_give_the_rate_within_a_minute(link, nominal_hz, size, error):
    true_hz = nominal_hz * (1.0 + error)
    for seed in range(2):
        rng = np.random.default_rng(seed)
        clock = RunningClock(nominal_sampling_rate_hz=nominal_hz)
        converged_s = math.inf
        for number, (first, arrival_s) in enumerate(
            packets(rng, rate_hz=true_hz, size=size, duration_s=62.0, link=LINKS[link])
        ):
            clock.add(block(first, arrival_s, size=size))
            if number % 25 or not clock.estimate.converged:
                continue
            # What is called converged is right to 0.1 % from then on.
            converged_s = min(converged_s, arrival_s)
            assert abs(clock.estimate.difference_to(true_hz)) < 1e-3
        assert 25.0 < converged_s < 60.0
        assert clock.estimate.source == "arrivals"
        assert clock.estimate.sampling_rate_hz == pytest.approx(true_hz, rel=1e-3)


def test_nominal_rate_is_used_and_named_until_then():
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    assert clock.estimate.sampling_rate_hz == 100.0
    assert clock.estimate.source == "nominal"
    assert clock.estimate.difference_to(101.0) is None
    rng = np.random.default_rng(0)
    for first, arrival_s in packets(rng, rate_hz=101.0, size=10, duration_s=20.0):
        clock.add(block(first, arrival_s, size=10))
    estimate = clock.estimate
    assert (estimate.sampling_rate_hz, estimate.source) == (100.0, "nominal")
    assert not estimate.converged
    assert estimate.estimated_hz == pytest.approx(101.0, rel=1e-3)


def test_first_estimate_serves_where_there_is_no_nominal_rate():
    clock = RunningClock()
    assert clock.estimate.sampling_rate_hz is None
    assert clock.estimate.source == "none"
    rng = np.random.default_rng(0)
    for first, arrival_s in packets(rng, rate_hz=101.0, size=10, duration_s=5.0):
        clock.add(block(first, arrival_s, size=10))
    assert clock.estimate.source == "arrivals"
    assert not clock.estimate.converged
    assert clock.estimate.sampling_rate_hz == pytest.approx(101.0, rel=0.02)


@pytest.mark.parametrize("resolution_s", [1e-9, 1e-3, 0.01])
def test_device_stamps_count_before_arrivals_and_converge_in_seconds(resolution_s):
    rng = np.random.default_rng(1)
    clock = RunningClock(nominal_sampling_rate_hz=104.0)
    # The host's clock runs 0.2 % fast here; only the stamps know better.
    for first, arrival_s in packets(rng, rate_hz=105.0, size=8, duration_s=30.0):
        given = stamps(first, 8, 105.0, resolution_s=resolution_s)
        clock.add(block(first, 1.002 * arrival_s, size=8, stamps_s=given))
        if 10.0 < arrival_s < 10.1:
            assert clock.estimate.converged
            assert clock.estimate.source == "device stamps"
            assert abs(clock.estimate.difference_to(105.0)) < 1e-3
    assert clock.estimate.sampling_rate_hz == pytest.approx(105.0, rel=1e-4)


def test_device_stamps_give_the_rate_of_the_whole_file():
    rng = np.random.default_rng(2)
    clock, all_stamps = RunningClock(nominal_sampling_rate_hz=104.0), []
    for first in range(0, 6000, 8):
        given = (first + np.arange(8)) / 105.04 + rng.normal(0.0, 5e-4, 8)
        clock.add(block(first, first / 100.0, size=8, stamps_s=given))
        all_stamps.append(given)
    whole = fit_timebase(np.concatenate(all_stamps))
    assert abs(clock.estimate.difference_to(whole.sampling_rate_hz)) < 1e-5


def test_sd_covers_the_error():
    for size, least_s in ((8, 12.0), (20, 12.0), (36, 30.0)):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            clock = RunningClock(nominal_sampling_rate_hz=100.0)
            for first, arrival_s in packets(
                rng, rate_hz=101.0, size=size, duration_s=40.0, link=uniform
            ):
                clock.add(block(first, arrival_s, size=size))
                if arrival_s > least_s and first % (size * 16) == 0:
                    estimate = clock.estimate
                    assert abs(estimate.estimated_hz - 101.0) < 3.0 * estimate.sd_hz


@pytest.mark.parametrize("has_stamps", [False, True])
def test_restart_after_a_gap_at_any_phase_does_not_bend_the_line(has_stamps):
    rng = np.random.default_rng(3)
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    shift_s, index_shift = 0.0, 0
    for first, arrival_s in packets(rng, rate_hz=101.0, size=10, duration_s=90.0):
        if 30.0 < arrival_s < 33.0 or 60.0 < arrival_s < 61.5:
            continue
        if arrival_s > 33.0:
            shift_s, index_shift = 0.37, 7  # the count of the lost samples was a guess
        given = stamps(first, 10, 101.0) + shift_s if has_stamps else None
        clock.add(block(first + index_shift, arrival_s + shift_s, size=10, stamps_s=given))
    assert clock.estimate.converged
    assert clock.estimate.sampling_rate_hz == pytest.approx(101.0, rel=2e-4)


def test_unreported_loss_does_not_bend_the_line():
    rng = np.random.default_rng(4)
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    lost = 0
    for first, arrival_s in packets(rng, rate_hz=101.0, size=10, duration_s=90.0):
        if 40.0 < arrival_s < 40.5:
            lost += 10
            continue
        clock.add(block(first - lost, arrival_s, size=10))
    assert lost > 0
    assert clock.estimate.sampling_rate_hz == pytest.approx(101.0, rel=3e-4)


def test_hours_are_held_in_bounded_memory():
    rng = np.random.default_rng(5)
    clock = RunningClock(nominal_sampling_rate_hz=25.0)
    for number, (first, arrival_s) in enumerate(
        packets(rng, rate_hz=25.25, size=8, duration_s=4 * 3600.0)
    ):
        clock.add(block(first, arrival_s, size=8))
        if number % 2000 == 0:
            assert clock.estimate.source in {"nominal", "arrivals"}
    assert abs(clock.estimate.difference_to(25.25)) < 1e-5
    assert clock.estimate.span_s == pytest.approx(4 * 3600.0, abs=60.0)
    held = [
        value
        for packet in vars(clock).values()
        for value in getattr(packet, "__dict__", {}).values()
    ]
    assert max(value.size for value in held if isinstance(value, np.ndarray)) <= 4096


def test_repeated_empty_and_unstamped_blocks_change_nothing():
    rng = np.random.default_rng(6)
    clean, dirty = RunningClock(), RunningClock()
    for first, arrival_s in packets(rng, rate_hz=101.0, size=10, duration_s=20.0):
        one = block(first, arrival_s, size=10)
        clean.add(one)
        dirty.add(one)
        dirty.add(block(first, arrival_s + 0.5, size=10))
        dirty.add(block(max(0, first - 100), arrival_s + 0.5, size=5))
        dirty.add(block(first + 10, arrival_s + 0.5, size=0))
    assert clean.estimate == dirty.estimate


def test_blocks_without_a_time_are_no_evidence():
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    for first in range(0, 5000, 10):
        clock.add(block(first, math.nan, size=10, stamps_s=np.full(10, np.nan)))
    assert clock.estimate.source == "nominal"
    assert clock.estimate.estimated_hz is None


def test_all_at_once_gives_no_rate():
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    for first in range(0, 5000, 10):
        clock.add(block(first, 1.0, size=10))
    assert clock.estimate.source == "nominal"


def test_a_first_packet_as_late_as_the_last_gives_no_rate():
    # From the first entry to the last there is no time, although the line rises in between.
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    for number in range(260):
        clock.add(block(10 * number, 20.0 if number == 0 else 0.1 * number, size=10))
        assert (clock.estimate.span_s > 0.0) == (clock.estimate.estimated_hz is not None)
    assert clock.estimate.estimated_hz == pytest.approx(100.0)


@pytest.mark.parametrize("nominal_hz", [0.0, -1.0, math.nan, math.inf])
def test_nominal_rate_must_be_a_rate(nominal_hz):
    with pytest.raises(InvalidInputError, match="positive number of hertz"):
        RunningClock(nominal_sampling_rate_hz=nominal_hz)


def test_a_link_that_is_lost_often_leaves_a_rate():
    """Each stretch is shorter than a twelfth of the recording, and so are the blocks."""
    rng = np.random.default_rng(0)
    clock = RunningClock(nominal_sampling_rate_hz=100.0)
    for stretch in range(40):
        for packet in range(60):
            first = stretch * 1000 + 10 * packet
            arrival_s = (first + 10) / 100.4 + rng.uniform(0.0, 0.03)
            clock.add(SampleBlock(first, np.zeros((10, 3)), arrival_s))
    assert clock.estimate.converged
    assert abs(clock.estimate.sampling_rate_hz / 100.4 - 1.0) < 3e-4
