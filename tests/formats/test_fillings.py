"""Codes, zeros and held values are lost samples; rest and rails are not."""

import numpy as np
import pandas as pd
import pytest

from tremor.formats.data_frame import recording_from_frame
from tremor.formats.readers import ReadOptions

N, RATE_HZ = 6000, 100.0
GRAVITY_G = np.array([0.1, 0.2, 0.97])


def samples(step_g=1e-4, noise_g=1e-3, tremor_g=0.3, seed=0):
    rng = np.random.default_rng(seed)
    xyz = GRAVITY_G + noise_g * rng.standard_normal((N, 3))
    xyz[:, 0] += tremor_g * np.sin(2 * np.pi * 7.3 * np.arange(N) / RATE_HZ)
    return np.round(xyz / step_g) * step_g


def lost_of(xyz, unit="g"):
    frame = pd.DataFrame(xyz, columns=["acc_x", "acc_y", "acc_z"])
    frame.insert(0, "time_s", np.arange(len(xyz)) / RATE_HZ)
    recording = recording_from_frame(frame, ReadOptions(unit=unit))
    said = {one.code: one.values for one in recording.warnings if one.code.endswith("_LOST")}
    return sum(gap.n_lost for gap in recording.gaps), said


@pytest.mark.parametrize("code", [-9999.0, 9999.0, 999.99, -999.0, 32767.0, -32768.0])
def test_a_code_on_all_axes_is_no_sample(code):
    xyz = samples()
    xyz[500:6000:500] = code
    n_lost, said = lost_of(xyz)
    assert n_lost == 11
    assert said["CODES_LOST"]["n_rows"] == 11
    assert said["CODES_LOST"]["value"] == code


def test_nines_on_one_axis_are_no_sample():
    xyz = samples()
    xyz[[100, 3000], 1] = -9999.0
    assert lost_of(xyz)[0] == 2


@pytest.mark.parametrize("axes", [[1.0, 0.8, 0.9], [1.0, 1.0, 1.0], [1.0, -1.0, 1.0]])
@pytest.mark.parametrize("swing_g", [3.0, 30.0])
def test_a_rail_of_a_sensor_is_clipping(axes, swing_g):
    t = np.arange(N) / RATE_HZ
    swing = swing_g * np.sin(2 * np.pi * 7.3 * t)[:, None] * axes
    noise = 1e-3 * np.random.default_rng(1).standard_normal((N, 3))
    # Whole numbers, whose rails are those of 16 bits.
    counts = np.clip(np.round((GRAVITY_G + swing + noise) * 16384), -32768, 32767)
    n_lost, said = lost_of(counts, unit="mg")
    assert (n_lost, said) == (0, {})


@pytest.mark.parametrize("tremor_g", [0.0, 0.3])
def test_zeros_are_no_samples_where_there_is_gravity(tremor_g):
    xyz = samples(tremor_g=tremor_g)
    xyz[2000:3000] = 0.0
    xyz[5000:5020] = 0.0
    n_lost, said = lost_of(xyz)
    assert n_lost == 1020
    assert said["ZEROS_LOST"]["n_runs"] == 2


def test_a_single_zero_crossing_without_gravity_is_a_sample():
    xyz = samples() - np.round(GRAVITY_G, 4)
    xyz[100] = 0.0
    assert lost_of(xyz)[1] == {}


@pytest.mark.parametrize(("step_g", "noise_g"), [(1e-4, 1e-3), (4e-3, 4e-3), (1e-3, 2e-3)])
def test_a_value_that_is_held_for_long_is_no_sample(step_g, noise_g):
    xyz = samples(step_g, noise_g)
    xyz[2000:3000] = xyz[1999]
    n_lost, said = lost_of(xyz)
    assert abs(n_lost - 1000) <= 1
    assert said["HELD_LOST"]["n_runs"] == 1


@pytest.mark.parametrize("step_g", [0.004, 0.016, 0.063])
@pytest.mark.parametrize("noise_g", [2e-4, 1e-3, 4e-3])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_coarse_sensor_at_rest_is_not_held(step_g, noise_g, seed):
    xyz = samples(step_g, noise_g, 0.0, seed)
    moving = samples(step_g, noise_g, 0.3, seed)
    xyz[1500:4500] = moving[1500:4500]
    assert lost_of(xyz) == (0, {})
