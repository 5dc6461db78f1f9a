"""The facts of a capture in words."""

from dataclasses import replace

import pytest

from tremor.report.view import capture_rows


@pytest.mark.parametrize(
    ("sd_hz", "said"),
    [
        (0.0123, "(standard deviation 0.012 Hz)"),
        (2.3e-11, "(to better than 0.0001 Hz)"),
        (0.0, "(to better than 0.0001 Hz)"),
    ],
)
def test_spread_of_the_rate_below_what_matters_is_no_number(analysis, sd_hz, said):
    facts = replace(analysis.recording, sampling_rate_sd_hz=sd_hz)
    rows = " ".join(value for _, value in capture_rows(facts, source_format="native"))
    assert said in rows
