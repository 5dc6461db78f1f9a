"""Episodes of one frequency are one tremor of the session; others are further ones."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.bursts import Bursts
from tremor.analysis.session_lines import (
    SessionLine,
    all_lines,
    group_by_frequency,
    of_full_bursts,
)
from tremor.estimate import Estimate
from tremor.measures.pooled import PooledLine


def nobody():
    return np.zeros(0, dtype=bool)


def line(frequency_hz, *, half_hz=0.1, share=1.0, further=()):
    return PooledLine(
        frequency_hz=Estimate(frequency_hz, frequency_hz - half_hz, frequency_hz + half_hz),
        bandwidth_hz=Estimate(0.5, 0.4, 0.6),
        rms_ms2=Estimate(0.2, 0.18, 0.22),
        displacement_pp_mm=Estimate(0.1, 0.09, 0.11),
        noise_density=1e-6,
        n_segments=1,
        share=share,
        further=further,
    )


def test_the_group_with_most_time_comes_first():
    lines = [line(5.0), line(9.0), line(5.2), line(9.3)]
    assert group_by_frequency(lines, [10.0, 30.0, 10.0, 5.0]) == [[1, 3], [0, 2]]
    assert group_by_frequency(lines, [30.0, 30.0, 10.0, 5.0]) == [[0, 2], [1, 3]]
    assert group_by_frequency([], []) == []


def test_episodes_that_are_not_sure_enough_stay_together():
    assert group_by_frequency([line(7.0), line(8.3)], [9.0, 9.0]) == [[0], [1]]
    assert group_by_frequency([line(7.0, half_hz=0.5), line(8.3)], [9.0, 9.0]) == [[0, 1]]


def test_an_episode_without_a_line_belongs_to_the_largest_group():
    assert group_by_frequency([None, line(5.0), line(9.0)], [5.0, 10.0, 30.0]) == [[0, 2], [1]]
    assert group_by_frequency([None, None], [1.0, 1.0]) == [[0, 1]]


def test_lines_at_once_are_told_after_the_main_one_and_not_twice():
    groups = [
        SessionLine(line(5.0, share=0.9, further=(line(9.1, share=0.5),)), 0.6, nobody()),
        SessionLine(line(9.0), 0.4, nobody()),
    ]
    found = [(one.line.frequency_hz.value, one.share) for one in all_lines(groups)]
    assert found == [(9.0, pytest.approx(0.7)), (5.0, pytest.approx(0.54))]
    assert all_lines([]) == ()


def test_the_strength_of_bursts_is_that_of_the_time_they_fill():
    steady = line(8.0)
    assert of_full_bursts(steady, Bursts(1, 1.0, 0.8)) is steady
    found = of_full_bursts(steady, Bursts(5, 0.3, 0.64))
    assert found.rms_ms2.value == pytest.approx(0.2 / 0.8)
    assert found.rms_ms2.low < 0.18 / 0.8
    assert found.rms_ms2.high > 0.22 / 0.8
    assert found.frequency_hz == steady.frequency_hz
