"""A pooled line is checked against its windows, which are told where it contradicts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tremor.analysis.window_agreement import checked_by_windows
from tremor.estimate import Estimate
from tremor.measures.pooled import PooledLine
from tremor.results.estimates import ESTIMATE_NAMES
from tremor.results.lines import FitCheck
from tremor.results.verdicts import METHODS, REASON_NAMES
from tremor.results.windows import WindowTable


def table_of(frequency_hz, *, rms_ms2=0.1, half_rms=0.02):
    """Windows of tremor, half a hertz sure each."""
    frequency_hz = np.asarray(frequency_hz, dtype=float)
    n = len(frequency_hz)
    rms = np.stack([np.full(n, rms_ms2 + d) for d in (0.0, -half_rms, half_rms)], axis=1)
    estimates = dict.fromkeys(ESTIMATE_NAMES, rms)
    estimates["frequency_hz"] = frequency_hz[:, None] + [0.0, -0.25, 0.25]
    start_s = 2.0 * np.arange(n)
    return WindowTable(
        start_s=start_s, end_s=start_s + 4.0,
        reason=np.full(n, REASON_NAMES.index("line")), score=np.ones(n), threshold=np.ones(n),
        method=np.full(n, METHODS.index("whittle")), polarisation=np.ones(n), estimates=estimates,
    )  # fmt: skip


def line_at(frequency_hz, *, bandwidth_hz=0.5, rms=(0.1, 0.09, 0.11), **keywords):
    def estimate(value, low, high):
        return Estimate(value, low, high, method="whittle")

    return PooledLine(
        frequency_hz=estimate(frequency_hz, frequency_hz - 0.1, frequency_hz + 0.1),
        bandwidth_hz=estimate(bandwidth_hz, bandwidth_hz / 2, bandwidth_hz * 2),
        rms_ms2=estimate(*rms),
        displacement_pp_mm=estimate(*rms),
        noise_density=1e-6,
        n_segments=3,
        **keywords,
    )


def checked(line, table):
    return checked_by_windows(line, table, np.ones(len(table), dtype=bool))


def test_a_line_at_that_of_its_windows_stays_and_agrees():
    line = line_at(7.2)
    found = checked(line, table_of([7.0, 7.1, 7.2, 7.3, 7.4, 7.5]))
    assert found == replace(line, fit=replace(line.fit, agrees_with_windows=True))


@pytest.mark.parametrize("bandwidth_hz", [0.5, 6.0])
def test_where_it_contradicts_most_windows_they_are_told(bandwidth_hz):
    found = checked(
        line_at(5.3, bandwidth_hz=bandwidth_hz, rms=(2.4, 0.04, 3.0)),
        table_of([7.0, 7.1, 7.2, 7.3, 7.4, 7.4, 7.5, 4.7]),
    )
    assert (found.fit.shape, found.fit.holds) == ("window", False)
    assert found.fit.agrees_with_windows is False
    assert found.fit.reason.code == "FIT_CONTRADICTS_WINDOWS"
    assert found.fit.reason.values["share"] > 0.8
    assert 6.5 <= found.frequency_hz.low < 7.25 < found.frequency_hz.high <= 8.0
    assert found.frequency_hz.value == pytest.approx(7.25)
    rms = found.rms_ms2
    assert (rms.value, rms.low, rms.high) == pytest.approx((0.1, 0.08, 0.12))
    assert rms.method == "windows"


def test_no_interval_is_wider_than_those_of_the_windows():
    found = checked(line_at(7.2, rms=(0.1, 0.042, 3.0)), table_of([7.1, 7.2, 7.2, 7.3, 7.3]))
    assert (found.rms_ms2.low, found.rms_ms2.high) == (pytest.approx(0.08), pytest.approx(0.12))


def test_a_window_of_two_lines_at_once_may_be_anywhere_between_them():
    line = line_at(7.0, further=(line_at(8.5),))
    assert checked(line, table_of([7.4, 7.6, 7.8, 7.7, 7.5])).fit.agrees_with_windows


def test_a_window_may_show_the_harmonic():
    line = line_at(5.0, fit=FitCheck(shape="lorentzian", n_harmonics=2))
    assert checked(line, table_of([10.0, 10.1, 9.9, 5.0, 10.0])).fit.agrees_with_windows


def test_few_windows_decide_nothing():
    line = line_at(5.3)
    assert checked(line, table_of([7.0, 7.1])) == line
    assert checked_by_windows(None, table_of([7.0]), np.ones(1, dtype=bool)) is None


@pytest.mark.parametrize("rms", [(0.02, 0.01, 12.0), (4.28, 3.56, 4.72)], ids=["unsure", "far"])
@pytest.mark.parametrize("several", [True, False], ids=["two lines", "harmonics"])
def test_one_of_several_lines_is_as_strong_as_its_windows(rms, several):
    keywords = {"fit": FitCheck(shape="lorentzian", n_harmonics=2)}
    if several:
        keywords = {"further": (line_at(9.0, rms=rms),)}
    found = checked(line_at(7.0, rms=rms, **keywords), table_of([7.0] * 5 + [9.0] * 5))
    for one in (found, *found.further):
        told = one.rms_ms2
        assert (told.value, told.low, told.high) == pytest.approx((0.1, 0.08, 0.12))
        assert told.method == "windows"


def test_of_two_lines_at_once_each_keeps_what_the_fit_says():
    line = line_at(7.0, rms=(0.07, 0.06, 0.085), further=(line_at(8.5, rms=(0.06, 0.05, 0.07)),))
    found = checked(line, table_of([7.0, 7.1, 7.0, 6.9, 8.5, 8.4, 8.5, 8.6, 7.7]))
    assert [one.rms_ms2 for one in (found, *found.further)] == [
        one.rms_ms2 for one in (line, *line.further)
    ]


def test_a_value_outside_the_windows_is_theirs_if_they_are_surer():
    found = checked(line_at(7.2, rms=(0.05, 0.03, 0.3)), table_of([7.1, 7.2, 7.2, 7.3, 7.3]))
    assert found.rms_ms2.value == pytest.approx(0.1)


def test_where_the_model_does_not_hold_the_interval_reaches_to_the_windows():
    table = table_of([7.0, 7.0, 7.1, 6.9, 7.0, 7.1, 6.9, 7.0])
    line = line_at(7.25, fit=FitCheck(shape="lorentzian", holds=False))
    assert checked(line, table).frequency_hz.low < 7.0
    assert checked(line_at(7.25), table).frequency_hz.low == pytest.approx(7.15)


def with_strength(table, triples):
    return replace(table, estimates=table.estimates | {"rms_ms2": np.asarray(triples)})


def test_a_few_windows_that_are_all_but_open_do_not_open_the_session():
    triples = np.tile([0.1, 0.09, 0.11], (24, 1))
    triples[::6, 2] = 5.0
    found = checked(
        line_at(7.0, rms=(0.1, 0.05, 0.9)), with_strength(table_of([7.0] * 24), triples)
    )
    assert found.rms_ms2.value == pytest.approx(0.1)
    assert (found.rms_ms2.low, found.rms_ms2.high) == pytest.approx((0.09, 0.11))


@pytest.mark.parametrize(("n_windows", "high"), [(20, 0.3), (40, 0.106)])
def test_over_a_long_time_no_window_is_less_sure_than_all_scatter(n_windows, high):
    values = 0.1 + 0.003 * (-1.0) ** np.arange(n_windows)
    triples = np.stack([values, values / 3.0, 3.0 * values], axis=1)
    table = with_strength(table_of([7.0] * n_windows), triples)
    found = checked(line_at(7.0, rms=(0.1, 0.02, 0.9)), table)
    assert found.rms_ms2.high == pytest.approx(high, rel=0.02)


def test_a_fit_far_above_all_windows_is_not_told():
    triples = np.tile([0.1, 0.06, 0.6], (10, 1))
    table = with_strength(table_of([7.0] * 10), triples)
    found = checked(line_at(7.0, rms=(0.5, 0.48, 0.52)), table)
    assert found.rms_ms2.value == pytest.approx(0.1)
    assert found.rms_ms2.method == "windows"
