"""Where a rest begins, told from the verdicts of windows."""

import numpy as np
import pytest

from tremor.analysis.rest import (
    find_movements,
    find_rest_start,
    first_rest_start,
    is_still,
    rests_together,
)
from tremor.settings import AnalysisSettings

SETTINGS = AnalysisSettings()


def test_rest_starts_after_the_run_and_fidgets_do_not_restart_it(table_of):
    run, still, fidget = ["moving"] * 60, ["line"] * 40, ["moving"] * 4
    table = table_of([*run, "settling", *still, *fidget, "settling", *still], 0.2)
    assert find_rest_start(table, settings=SETTINGS) == pytest.approx(120.0)


def test_clipped_foot_strikes_belong_to_the_run(table_of):
    table = table_of([*["clipped", "gait"] * 30, *["line"] * 60], 0.2)
    assert find_rest_start(table, settings=SETTINGS) == pytest.approx(120.0)


def test_long_still_time_before_the_run_is_not_the_rest(table_of):
    before, run, after = ["weak"] * 200, ["gait"] * 60, ["line"] * 60
    table = table_of([*before, *run, *after], 0.2)
    assert find_rest_start(table, settings=SETTINGS) == pytest.approx(520.0)


def test_a_recording_at_rest_starts_at_zero(table_of):
    assert find_rest_start(table_of(["line"] * 50, 0.2), settings=SETTINGS) == 0.0


@pytest.mark.parametrize("reasons", [[], ["moving"] * 30, ["gap"] * 5])
def test_no_still_window_is_no_rest(reasons, table_of):
    table = table_of(reasons, 0.2)
    assert find_rest_start(table, settings=SETTINGS) is None


def test_still_is_what_holds_no_movement(table_of):
    table = table_of(["line", "weak", "gait", "moving", "settling", "gap"], 0.2)
    assert is_still(table).tolist() == [True, True, False, False, False, False]


def test_movements_with_a_short_pause_are_one(table_of):
    still, walk = ["line"] * 30, ["gait"] * 6
    table = table_of([*still, *walk, *["line"] * 3, *walk, *still], 0.2)
    assert find_movements(table, settings=SETTINGS) == [(60.0, 90.0)]
    apart = AnalysisSettings(movement_join_s=2.0)
    assert find_movements(table, settings=apart) == []


def starts_and_ends(table, start_s):
    return [tuple(rest) for rest in rests_together(table, start_s, settings=SETTINGS)]


def test_rests_with_a_short_walk_between_them_belong_together(table_of):
    still, walk = ["line"] * 60, ["gait"] * 20
    table = table_of([*still, *walk, *still], 0.2)
    assert starts_and_ends(table, 0.0) == [(0.0, 120.0), (160.0, float("inf"))]
    start_s = find_rest_start(table, settings=SETTINGS)
    assert first_rest_start(table, start_s, settings=SETTINGS) == 0.0


@pytest.mark.parametrize(
    ("n_walk", "rms_ms2", "reason"), [(100, 0.2, "gait"), (20, 9.0, "gait"), (20, 0.2, "clipped")]
)
def test_a_long_walk_or_a_run_parts_them(table_of, n_walk, rms_ms2, reason):
    rms = np.concatenate([np.full(60, 0.2), np.full(n_walk, rms_ms2), np.full(70, 0.2)])
    table = table_of([*["line"] * 60, *[reason] * n_walk, *["line"] * 70], rms)
    assert starts_and_ends(table, 0.0) == [(0.0, 120.0)]
    after_s = 120.0 + 2.0 * n_walk
    assert first_rest_start(table, after_s, settings=SETTINGS) == after_s


def test_a_rest_without_tremor_before_the_others_is_none_of_them(table_of):
    table = table_of([*["weak"] * 40, *["moving"] * 15, *["line"] * 60], 0.2)
    assert first_rest_start(table, 110.0, settings=SETTINGS) == 110.0
