"""A computer that stands still for 5-60 s loses nothing and moves no rate: truth put in."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from bench.stalls import SHAPES, Case, arrivals, live, of_file

from tremor.clock.packets import fit_arrivals
from tremor.clock.stalls import StallFilter, waited_in_stall

SHAPE = {one.name: one for one in SHAPES}
STALLS_S = (5.0, 12.0, 30.0, 60.0)
RATES_HZ = (26.0, 104.0, 416.0)


def case(*, rate_hz=104.0, shape="eight", stall_s=0.0, begins=0.5, loss=0.0, **others):
    fields = {"clear_s": 60.0, "deviation": 0.01, "seed": 0, **others}
    return Case(rate_hz, SHAPE[shape], stall_s, begins, loss, **fields)


@pytest.mark.parametrize(("stall_s", "begins"), [*product(STALLS_S, (0.1, 0.5, 0.95))])
@pytest.mark.parametrize(("shape", "rate_hz"), [*product(("eight", "twenty"), RATES_HZ)])
def test_a_stall_loses_nothing_and_moves_no_rate(shape, rate_hz, stall_s, begins):
    for clear_s in (20.0, 60.0):
        one = case(shape=shape, rate_hz=rate_hz, stall_s=stall_s, begins=begins, clear_s=clear_s)
        file = of_file(one)
        assert file.n_lost_out_of_nothing == 0, one
        assert abs(file.rate) < 0.011, one  # that of the nominal rate where it is used
        assert abs(live(one).rate) < 0.011, one


@pytest.mark.parametrize("stall_s", STALLS_S)
@pytest.mark.parametrize(("shape", "rate_hz"), [("single", 26.0), ("single", 104.0)])
def test_single_samples_wait_as_well(shape, rate_hz, stall_s):
    file = of_file(case(shape=shape, rate_hz=rate_hz, stall_s=stall_s))
    assert file.n_lost_out_of_nothing == 0
    assert abs(file.rate) < 0.005


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("stall_s", [0.0, 12.0, 60.0])
@pytest.mark.parametrize(
    ("shape", "rate_hz"), [("single", 52.0), ("eight", 52.0), ("eight", 104.0), ("twenty", 208.0)]
)
def test_loss_and_rate_are_true_to_two_percent_beside_a_stall(shape, rate_hz, stall_s, loss):
    one = case(shape=shape, rate_hz=rate_hz, stall_s=stall_s, loss=loss, clear_s=120.0)
    file = of_file(one)
    assert abs(file.loss) < 0.02, file
    assert abs(file.rate) < 0.02, file
    assert abs(live(one).rate) < 0.02


@pytest.mark.parametrize(
    ("rate_hz", "shape", "loss", "deviation", "seed"),
    [
        *product((208.0, 416.0), ("eight",), (0.05, 0.1), (0.005, -0.012, 0.012), (0, 1)),
        *product((416.0,), ("twenty",), (0.02, 0.1), (-0.012, 0.012), (0, 1)),
        *product((208.0,), ("single",), (0.02, 0.1), (-0.012, 0.012), (0, 1)),
    ],
)
def test_packets_as_short_as_the_jitter_lose_what_they_lost(rate_hz, shape, loss, deviation, seed):
    """Each of them arrives up to two packets late: no single loss can be told from jitter."""
    one = case(
        rate_hz=rate_hz, shape=shape, loss=loss, deviation=deviation, seed=seed, clear_s=30.0,
        stall_s=5.0,
    )  # fmt: skip
    file = of_file(one)
    assert abs(file.loss) < 0.02, file
    assert abs(file.rate) < 0.02, file


def _told(one):
    first, time_s, lost, _ = arrivals(one)
    size = one.shape.size
    index = (first[:, None] + np.arange(size)).ravel()
    clock = fit_arrivals(index, np.repeat(time_s, size), nominal_sampling_rate_hz=one.rate_hz)
    said = [note.values for note in clock.warnings if note.code == "LOSS_UNSURE"]
    return said, int(np.count_nonzero(lost)) * size


def test_losses_of_a_burst_that_the_recording_ends_in_are_bounded():
    one = case(rate_hz=208.0, shape="single", stall_s=60.0, begins=0.95, clear_s=20.0, loss=0.05)
    (said,), n_lost = _told(one)
    assert said["n_least"] < n_lost <= said["n_most"] < 2 * n_lost


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_losses_that_are_certain_are_no_range(loss):
    said, _ = _told(case(rate_hz=52.0, shape="eight", stall_s=12.0, loss=loss))
    assert not said


@pytest.mark.parametrize("seed", range(3))
def test_losses_that_arrivals_do_not_tell_are_a_range_that_holds_the_truth(seed):
    (said,), n_lost = _told(case(rate_hz=416.0, loss=0.1, clear_s=20.0, seed=seed))
    assert said["n_least"] <= n_lost <= said["n_most"]


def test_losses_never_make_a_sensor_much_faster_than_its_nominal_rate():
    """A burst whose pace is a thousand times that of the sensor is no evidence of its rate."""
    for seed in range(5):
        one = case(stall_s=30.0, loss=0.05, seed=seed)
        first, time_s, _, _ = arrivals(one)
        index = (first[:, None] + np.arange(8)).ravel()
        clock = fit_arrivals(index, np.repeat(time_s, 8), nominal_sampling_rate_hz=104.0)
        assert clock.sampling_rate_hz < 1.08 * 104.0
        assert clock.index[-1] < 1.08 * 104.0 * (time_s[-1] - time_s[0])


def test_packets_are_in_time_again_once_they_caught_up():
    first, time_s, _, _ = arrivals(case(stall_s=12.0))
    waited = waited_in_stall(first + 7, time_s, nominal_sampling_rate_hz=104.0)
    late_s = time_s - (first + 8) / (104.0 * 1.01)
    assert late_s[~waited].max() < 0.2
    assert np.count_nonzero(waited) * 8 / 104.0 == pytest.approx(12.5, abs=0.5)
    without = waited_in_stall(first + 7, time_s, nominal_sampling_rate_hz=None)
    assert late_s[~without].max() < 0.2


@pytest.mark.parametrize("nominal_hz", [100.0, None])
def test_a_sensor_of_another_rate_is_not_taken_for_one_that_catches_up(nominal_hz):
    """After a silence, packets at twice the nominal rate count again within that time."""
    stall = StallFilter(nominal_hz)
    before = [stall.add(10 * n, 0.05 * n) for n in range(100)]
    after = [stall.add(10 * n, 2.0 + 0.05 * n) for n in range(100, 200)]
    assert not any(before)
    assert after[0]
    assert not any(after[45:])
