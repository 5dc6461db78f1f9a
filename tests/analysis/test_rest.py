"""Where a rest begins, told from the verdicts of windows."""

import pytest

from tremor.analysis.rest import find_movements, find_rest_start, is_still
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
