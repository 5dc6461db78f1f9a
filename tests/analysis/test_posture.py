"""Where gravity turns in a rest, and what of it is a change of posture."""

from dataclasses import replace

import numpy as np
import pytest

from tremor.analysis.posture import find_postures, posture_cautions
from tremor.notes import note
from tremor.results.recovery import Recovery

N = 60
START_S = 2.0 * np.arange(N)


def gravity_at(angle_deg, *, unsteady_deg=0.3, seed=0):
    """Directions in one plane, scattered about it."""
    rng = np.random.default_rng(seed)
    angle = np.radians(np.broadcast_to(angle_deg, N))
    plane = np.stack([np.sin(angle), np.zeros(N), np.cos(angle)], axis=1)
    return 9.81 * plane + 9.81 * np.radians(unsteady_deg) * rng.standard_normal((N, 3))


def test_a_leg_that_lies_still_has_one_posture():
    found = find_postures(START_S, gravity_at(0.0))
    assert (found.number == 0).all()
    assert found.turns == ()


@pytest.mark.parametrize("angle_deg", [15.0, 40.0, 90.0])
def test_a_turn_is_found_with_its_time_and_its_angle(angle_deg):
    found = find_postures(START_S, gravity_at(np.where(np.arange(N) < 25, 0.0, angle_deg)))
    assert found.number.tolist() == [0] * 25 + [1] * 35
    (turn,) = found.turns
    assert turn.at_s == 50.0
    assert turn.angle_deg == pytest.approx(angle_deg, abs=1.0)


def test_a_small_turn_is_none():
    assert find_postures(START_S, gravity_at(np.where(np.arange(N) < 25, 0.0, 8.0))).turns == ()


def test_a_turn_over_several_windows_is_one():
    found = find_postures(START_S, gravity_at(np.clip(10.0 * (np.arange(N) - 25.0), 0.0, 40.0)))
    assert len(found.turns) == 1
    assert found.number[[0, -1]].tolist() == [0, 1]


def test_a_leg_that_sways_turns_by_more():
    angle = np.where(np.arange(N) < 25, 0.0, 20.0)
    assert len(find_postures(START_S, gravity_at(angle)).turns) == 1
    assert find_postures(START_S, gravity_at(angle, unsteady_deg=5.0)).turns == ()


def test_a_posture_that_returns_is_the_same():
    position = np.select([np.arange(N) < 20, np.arange(N) < 40], [0.0, 30.0], 1.0)
    found = find_postures(START_S, gravity_at(position))
    assert found.number[[5, 30, 55]].tolist() == [0, 1, 0]
    assert len(found.turns) == 2


@pytest.mark.parametrize(("sagging_deg", "n_turns"), [(20.0, 0), (50.0, 1)])
def test_a_slow_sagging_is_a_turn_only_where_it_is_large(sagging_deg, n_turns):
    found = find_postures(START_S, gravity_at(np.linspace(0.0, sagging_deg, N)))
    assert len(found.turns) == n_turns


def test_the_orientation_of_the_sensor_does_not_matter():
    gravity = gravity_at(np.where(np.arange(N) < 25, 0.0, 15.0))
    rotation = np.linalg.qr(np.random.default_rng(4).standard_normal((3, 3)))[0]
    one, other = find_postures(START_S, gravity), find_postures(START_S, gravity @ rotation)
    assert one.number.tolist() == other.number.tolist()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_windows_have_one_posture(n):
    found = find_postures(START_S[:n], gravity_at(0.0)[:n])
    assert found.number.tolist() == [0] * n


def test_a_caution_has_the_time_in_the_capture_and_grows_with_the_angle():
    remarks = tuple(note("POSTURE_TURNED", at_s=60.0, angle_deg=angle) for angle in (15.0, 90.0))
    recovery = replace(
        Recovery.insufficient(note("NEVER_STILL"), rest_start_s=100.0),
        remark=(*remarks, note("GREW_AGAIN", turn_s=3.0, times=2.0)),
    )
    small, large = posture_cautions(recovery)
    assert small.code == "posture_change"
    assert small.start_s == 160.0
    assert "recovery" in small.about
    assert 0.0 < small.strength < large.strength == 1.0
