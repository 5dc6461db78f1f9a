from __future__ import annotations

import numpy as np
import pytest

from tremor.session.settling import Settling, gross_movement_ms2
from tremor.settings import STRAP


def leg(frequency_hz, peak_ms2, *, fs=104.0, duration_s=2.0):
    time_s = np.arange(round(duration_s * fs)) / fs
    samples = np.tile([0.0, 9.81, 0.0], (len(time_s), 1))
    samples[:, 0] += peak_ms2 * np.sin(2.0 * np.pi * frequency_hz * time_s)
    return samples


@pytest.mark.parametrize("frequency_hz", [5.0, 7.0, 9.0, 12.0, 15.0])
@pytest.mark.parametrize("fs", [52.0, 104.0, 416.0])
def test_tremor_is_no_gross_movement(frequency_hz, fs):
    assert gross_movement_ms2(leg(frequency_hz, 2.0, fs=fs), fs=fs) < STRAP.still_ms2


@pytest.mark.parametrize("frequency_hz", [0.6, 1.0, 1.5])
def test_swing_is(frequency_hz):
    moved_ms2 = gross_movement_ms2(leg(frequency_hz, 1.0), fs=104.0)
    assert moved_ms2 == pytest.approx(np.sqrt(0.5), rel=0.5)
    assert moved_ms2 > STRAP.still_ms2


def test_turning_is_gross_movement():
    angle = np.linspace(0.0, np.radians(30.0), 208)
    samples = 9.81 * np.column_stack((np.sin(angle), np.cos(angle), 0.0 * angle))
    assert gross_movement_ms2(samples, fs=104.0) > STRAP.still_ms2


def test_too_little_is_not_known():
    assert gross_movement_ms2(np.zeros((50, 3)), fs=104.0) is None
    assert gross_movement_ms2(np.full((300, 3), np.nan), fs=104.0) is None


def states(still, *, step_s=0.5, longest_s=30.0):
    settling = Settling()
    for n in range(int(longest_s / step_s)):
        state = settling.at(n * step_s, is_still=still(n * step_s))
        if state.is_over:
            return n * step_s, state
    raise AssertionError("it never ends")


def test_countdown_is_kept_where_the_leg_rests_at_once():
    over_s, state = states(lambda _: True)
    assert over_s == 5.0
    assert state.note == ""


def test_leg_must_rest_for_two_seconds():
    over_s, _ = states(lambda time_s: time_s >= 8.0)
    assert over_s == 10.0
    over_s, _ = states(lambda time_s: time_s >= 4.0 and time_s != 6.0)
    assert over_s == 8.5


@pytest.mark.parametrize(
    ("still", "why"), [(False, "still moving"), (None, "too little was received in")]
)
def test_it_ends_after_twenty_seconds_with_a_note(still, why):
    over_s, state = states(lambda _: still)
    assert over_s == 20.0
    assert why in state.note


def test_countdown_counts_down():
    settling = Settling()
    assert [settling.at(time_s, is_still=False).left_s for time_s in (0.0, 2.0, 7.0)] == [5, 3, 0]
