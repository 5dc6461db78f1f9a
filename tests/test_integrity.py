"""Rails, dead axes and gravity are found from the samples alone, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tremor import synthesis as syn
from tremor.gravity import find_gravity_evidence
from tremor.integrity import (
    find_clipped,
    find_dead_axes,
    find_resolution_ms2,
    find_scale_correction,
)
from tremor.units import STANDARD_GRAVITY_MS2 as G

FS = 100.0


def on_x(values):
    samples = np.zeros((len(values), 3))
    samples[:, 0] = values
    samples[:, 2] = 9.81
    return samples


def sine(amplitude_ms2, frequency_hz, *, n=3000, offset_ms2=0.0):
    return offset_ms2 + amplitude_ms2 * np.sin(2 * np.pi * frequency_hz * np.arange(n) / FS + 0.3)


# --- resolution -----------------------------------------------------------------------------------


def shaking(*, noise_ms2=0.02, rms_ms2=0.3, n=3000, seed=1):
    rng = np.random.default_rng(seed)
    clean = syn.tone(n, FS, frequency_hz=7.3, rms_ms2=rms_ms2, direction=(1, 2, 2))
    return clean + rng.normal(0, noise_ms2, (n, 3)) + [1.0, 5.0, 8.2]


@pytest.mark.parametrize("step_ms2", [16 * G / 256, 0.0383, 0.0047884, 0.0005986])
@pytest.mark.parametrize("noise_ms2", [0.002, 0.05])
def test_the_resolution_is_the_step_of_the_samples(step_ms2, noise_ms2):
    samples = np.round(shaking(noise_ms2=noise_ms2) / step_ms2) * step_ms2
    samples[100:130] = np.nan
    assert_allclose(find_resolution_ms2(samples), step_ms2, rtol=1e-6)
    assert_allclose(find_resolution_ms2(samples.astype(np.float32)), step_ms2, rtol=0.01)


def test_the_resolution_is_seen_through_the_digits_of_a_text():
    codes = np.round(shaking() / 0.6125) * 0.6125
    assert_allclose(find_resolution_ms2(np.round(codes, 3)), 0.6125, rtol=0.01)


def test_numbers_without_a_grid_have_no_resolution():
    assert find_resolution_ms2(shaking()) is None
    assert find_resolution_ms2(np.full((50, 3), 9.81)) is None
    assert find_resolution_ms2(np.zeros((0, 3))) is None


# --- length of the vector and dead axes ----------------------------------------------------------


def running(rng, *, n=6000, sd_ms2=15.0):
    """Strides of a tilting leg without gravity, and the direction of gravity in it."""
    stride = 2 * np.pi * 1.4 * np.arange(n) / FS
    waves = np.sin(np.outer(stride, [1.0, 2.0, 3.0]) + rng.uniform(0, 6.0, 3))
    movement = sd_ms2 * waves @ rng.normal(0.0, 0.6, (3, 3)) + rng.normal(0, 2.0, (n, 3))
    tilt = 0.5 * np.sin(stride)
    return movement, 9.80665 * np.stack([np.sin(tilt), np.zeros(n), np.cos(tilt)], axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_gravity_is_told_from_movement(seed):
    rng = np.random.default_rng(seed)
    movement, gravity = running(rng)
    at_rest = rng.normal(0.0, 0.05, (1500, 3))
    assert not find_gravity_evidence(movement).is_included()
    assert find_gravity_evidence(movement + gravity).is_included()
    # At rest after a run that is four times as long.
    rest = find_gravity_evidence(np.concatenate([movement + gravity, at_rest + gravity[0]]))
    assert abs(rest.constant - 9.80665) < 0.05
    assert find_gravity_evidence(np.concatenate([movement, at_rest])).constant < 3.0


def test_lost_rows_and_dead_time_show_no_gravity():
    samples = np.tile([3.0, 4.0, 12.0], (1000, 1))
    samples[:300] = 0.0
    samples[500] = np.nan
    found = find_gravity_evidence(samples)
    assert (found.still, found.spread) == (13.0, 0.0)
    assert np.isnan(find_gravity_evidence(samples[500:501]).still)
    assert np.isnan(find_gravity_evidence(samples[:0]).still)


@pytest.mark.parametrize(
    ("constant", "dead"),
    [
        ({}, ()),
        ({1: 0.0}, (1,)),
        ({2: -9.8}, (2,)),
        ({0: 0.0, 1: 0.0}, ()),  # a single-axis instrument
        ({0: 0.0, 1: 0.1}, (0, 1)),
        ({0: 0.0, 1: 0.0, 2: 9.8}, (0, 1, 2)),
    ],
)
def test_an_axis_of_one_value_is_dead_unless_there_is_only_one_axis(constant, dead):
    samples = np.random.default_rng(1).normal(size=(100, 3))
    for axis, value in constant.items():
        samples[:, axis] = value
    samples[30:40] = np.nan
    assert find_dead_axes(samples) == dead


def test_one_sample_makes_no_axis_dead():
    assert find_dead_axes(np.ones((1, 3))) == ()


# --- clipping ------------------------------------------------------------------------------------


# Every pair leaves three samples or more of each half cycle at the rail, as the rule asks.
@pytest.mark.parametrize(
    ("frequency_hz", "excess"),
    [(1.3, 1.02), (1.3, 1.3), (1.3, 4.0), (5.96, 1.3), (5.96, 4.0), (11.7, 4.0)],
)
def test_a_clipped_sine_is_found_at_both_rails(frequency_hz, excess):
    rail = 2.0 * G
    values = sine(excess * rail, frequency_hz)
    clipped = find_clipped(on_x(np.clip(values, -rail, rail)))
    # The zone that counts as the rail is 0.1 % of the span, 0.2 % of the rail.
    assert clipped[np.abs(values) >= rail].all()
    assert not clipped[np.abs(values) < 0.997 * rail].any()


def test_a_sine_clipped_at_one_rail_only_is_found_there():
    values = np.minimum(sine(25.0, 3.7, offset_ms2=5.0), 2.0 * G)
    clipped = find_clipped(on_x(values))
    assert clipped[values == 2.0 * G].all()
    assert not clipped[values < 2.0 * G - 2e-3 * np.ptp(values)].any()


@pytest.mark.parametrize("amplitude_ms2", [14.0, 20.0, 63.6])
@pytest.mark.parametrize("frequency_hz", [0.11, 1.3, 5.0, 5.96, 11.7, 25.0])
def test_a_whole_sine_is_not_clipped(amplitude_ms2, frequency_hz):
    assert not find_clipped(on_x(sine(amplitude_ms2, frequency_hz))).any()


@pytest.mark.parametrize("lsb_ms2", [16 * G / 2**15, 4 * G / 2**11, 2 * G / 2**9])
@pytest.mark.parametrize("frequency_hz", [1.3, 5.96])
def test_a_quantised_whole_sine_is_not_clipped(lsb_ms2, frequency_hz):
    values = np.round(sine(18.0, frequency_hz) / lsb_ms2) * lsb_ms2
    assert not find_clipped(on_x(values)).any()


@pytest.mark.parametrize("lsb_ms2", [0.02, 0.15, 0.6])
def test_a_still_sensor_that_holds_one_code_is_not_clipped(lsb_ms2):
    noise = np.random.default_rng(4).normal(0, 0.02, (3000, 3))
    samples = np.round((np.array([0.0, 0.0, 9.81]) + noise) / lsb_ms2) * lsb_ms2
    assert not find_clipped(samples).any()


def test_a_slow_tilt_through_all_directions_is_not_clipped():
    turn = np.linspace(0.0, 2 * np.pi, 6000)
    samples = G * np.stack([np.sin(turn), np.zeros(6000), np.cos(turn)], axis=1)
    assert not find_clipped(samples).any()


@pytest.mark.parametrize(("range_g", "is_clipped"), [(2.0, True), (16.0, False)])
def test_a_run_is_clipped_by_a_narrow_range_only(range_g, is_clipped):
    clock = syn.SensorClock(nominal_rate_hz=100.0)
    scene = syn.SCENES["run"](clock=clock, duration_s=20.0)
    rendered = syn.render(replace(scene, sensor=syn.Sensor(range_ms2=range_g * G)), seed=3)
    samples = rendered.acceleration_ms2
    at_rail = (np.abs(samples) > 0.9999 * range_g * G).any(axis=1)
    clipped = find_clipped(samples)
    assert clipped.any() == is_clipped == at_rail.any()
    assert clipped[at_rail].all()


def test_a_declared_range_counts_from_995_per_mille_on_both_sides():
    samples = np.zeros((6, 3))
    samples[:, 1] = [9.94, 9.96, 10.0, -9.96, -9.94, np.nan]
    assert_array_equal(
        find_clipped(samples, range_ms2=10.0), [False, True, True, True, False, False]
    )


def test_lost_rows_are_never_clipped():
    values = np.clip(sine(40.0, 3.3), -20.0, 20.0)
    samples = on_x(values)
    lost = np.arange(len(values)) % 7 == 0
    samples[lost] = np.nan
    clipped = find_clipped(samples)
    assert not clipped[lost].any()
    assert clipped[~lost & (np.abs(values) == 20.0)].all()
    assert not clipped[np.abs(values) < 19.9].any()


def test_nothing_is_written_into():
    samples = on_x(np.clip(sine(40.0, 3.3), -20.0, 20.0))
    before = samples.copy()
    samples.flags.writeable = False
    find_clipped(samples)
    find_clipped(samples, range_ms2=20.0)
    find_dead_axes(samples)
    find_scale_correction(samples, sampling_rate_hz=FS)
    assert_array_equal(samples, before)


# --- the gain of the sensor ----------------------------------------------------------------------


def at_rest(gain, *, seconds=20, seed=5):
    rng = np.random.default_rng(seed)
    return gain * (G * np.array([0.6, 0.0, 0.8]) + rng.normal(0, 0.02, (round(seconds * FS), 3)))


@pytest.mark.parametrize("gain", [0.92, 0.97, 1.0, 1.03, 1.08])
def test_the_gain_is_found_from_gravity(gain):
    # Noise across gravity lengthens the vector by sigma^2 / g, 4e-6 of it; the median of 2000
    # lengths scatters by 1.25 * 0.02 / 9.8 / sqrt(2000) = 6e-5: five of those.
    found = find_scale_correction(at_rest(gain), sampling_rate_hz=FS)
    assert_allclose(found * gain, 1.0, rtol=3e-4)


@pytest.mark.parametrize("gain", [0.5, 0.88, 1.13, 2.0])
def test_gravity_that_is_more_than_a_tenth_off_is_not_a_gain(gain):
    assert find_scale_correction(at_rest(gain), sampling_rate_hz=FS) is None


def test_only_still_seconds_are_used():
    samples = at_rest(1.03)
    rng = np.random.default_rng(6)
    samples[:1000] += rng.normal(0, 3.0, (1000, 3))  # half of it moves
    samples[1000:1300:40] = np.nan
    found = find_scale_correction(samples, sampling_rate_hz=FS)
    assert_allclose(found * 1.03, 1.0, rtol=5e-4)


@pytest.mark.parametrize("n_still", [4, 5])
def test_five_still_seconds_are_enough_and_four_are_not(n_still):
    samples = at_rest(1.03, seconds=10)
    samples[n_still * 100 :] += np.random.default_rng(7).normal(0, 3.0, (1000 - n_still * 100, 3))
    found = find_scale_correction(samples, sampling_rate_hz=FS)
    assert (found is not None) == (n_still == 5)


def test_a_short_capture_gives_no_gain():
    assert find_scale_correction(at_rest(1.0, seconds=4), sampling_rate_hz=FS) is None
    assert find_scale_correction(at_rest(1.0), sampling_rate_hz=1.0) is None
