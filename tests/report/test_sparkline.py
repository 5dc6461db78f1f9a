from __future__ import annotations

import math

from tremor.report.sparkline import sparkline


def test_sparkline_draws_the_largest_of_each_column():
    assert sparkline([0.1] * 99 + [8.0] + [0.1] * 100, width=10) == "▁▁▁▁█▁▁▁▁▁"
    assert sparkline([math.nan, 1.0], width=10) == "·█"
    assert sparkline([math.nan, 1.0], width=10, unicode=False) == " @"
    assert sparkline([], width=10) == ""
    assert sparkline([math.nan], width=10) == ""
    assert sparkline([0.0, 0.0], width=10) == ""
