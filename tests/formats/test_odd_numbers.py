"""Numbers that no sensor sends, in each column of a table: read, or refused, and said in words."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from formats.seeds import examine

import tremor
from tremor.errors import TremorError
from tremor.report.messages import sentence

N = 400
ODD = ("inf", "-inf", "nan", "1e300", "-1e300", "1e-320", "0", "7", "-0", "1e15")
#: Which rows hold the odd number.
WHERE = {
    "all": range(N),
    "first": [0],
    "last": [N - 1],
    "every second": range(0, N, 2),
    "a stretch": range(100, 300),
}
#: Header, units of its time in a second, and options of the reading.
HEADS = {
    "seconds": ("time_s,x,y,z", 1.0, {}),
    "milliseconds": ("time_ms,ax (g),ay (g),az (g)", 1e3, {}),
    "counted": ("counter,x,y,z", 100.0, {"sampling_rate_hz": 100.0}),
    "phyphox": (",".join(("Time (s)", *(f"Acceleration {a} (m/s^2)" for a in "xyz"))), 1.0, {}),
}


def table(head, column, odd, where, n=N):
    names, scale, _ = HEADS[head]
    rng = np.random.default_rng(4)
    time = np.arange(n) / 100.0
    leg = 0.02 * rng.standard_normal((n, 3)) + (0.0, 0.0, 9.81)
    leg[:, 0] += 0.5 * np.sin(2.0 * np.pi * 8.0 * time)
    rows = np.column_stack([np.round(time * scale, 6), leg])
    cells = [names.split(","), *([f"{one:.9g}" for one in row] for row in rows)]
    for row in where:
        cells[1 + row][column] = odd
    return "\n".join(",".join(row) for row in cells) + "\n"


def refused(call, *arguments):
    """Return whether a capture is refused, in one line."""
    try:
        call(*arguments)
    except TremorError as error:
        message = str(error)
    else:
        return False
    assert "\n" not in message
    return True


def said(recording):
    for one in recording.warnings:
        assert sentence(one) != one.code
        assert "unknown" not in sentence(one)


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("head", HEADS)
def test_any_number_in_any_column_ends_in_sentences(head, column, tmp_path):
    path, options = tmp_path / "leg.csv", HEADS[head][2]
    n_read = 0
    for odd, where in itertools.product(ODD, WHERE.values()):
        path.write_text(table(head, column, odd, where), encoding="utf-8")
        if not refused(examine, path, options):
            n_read += 1
            said(tremor.read(path, **options))
    assert n_read > 5


@pytest.mark.parametrize("odd", ["inf", "1e300", "1e-320", "0", "1e15"])
@pytest.mark.parametrize("column", [0, 1])
def test_so_does_an_analysis(odd, column, tmp_path):
    path = tmp_path / "leg.csv"
    path.write_text(table("seconds", column, odd, range(500, 700), 2000), encoding="utf-8")

    def analyze():
        result = tremor.analyze(path)
        json.loads(result.to_json(), parse_constant=pytest.fail)
        said(result.recording)

    refused(analyze)
