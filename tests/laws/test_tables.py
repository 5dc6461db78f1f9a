"""However a table is written, it is read as the same samples."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.opening import read
from tremor.units import ACCELERATION_UNIT_MS2

N_ROWS = 300
RATE_HZ = 52.0
TIME_S = np.arange(N_ROWS) / RATE_HZ
SHAKE_MS2 = 0.6 * np.sin(2 * np.pi * 5.5 * TIME_S)
SAMPLES_MS2 = np.column_stack((SHAKE_MS2 + 4.0, 0.4 * SHAKE_MS2 - 3.0, 8.44 - 0.2 * SHAKE_MS2))

#: Name of the time column, its zero and its unit per second.
TIMES = {
    "time_s": (0.0, 1.0), "Time (s)": (12.5, 1.0), "timestamp_ms": (0.0, 1e3), "t": (0.0, 1.0),
    "uptimeNanos": (4.2e12, 1e9), "time [us]": (1.2e9, 1e6), "epoch (ms)": (1.7e12, 1e3),
}  # fmt: skip
AXES = ("acc_{axis}{unit}", "Acceleration {AXIS}{unit}", "{axis}{unit}", "a{axis}{unit}")
UNITS = {"m/s^2": (" (m/s^2)", " [m/s²]"), "g": (" (g)", ""), "mg": (" [mg]",), "": ("",)}
OTHERS = ("temperature", "gyr_x", "battery (V)", "note")
LINES_ABOVE = ("", "# logger 7\n", "Serial;12\n\n", "sep=;\n")


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Draw one way to write the samples."""
    unit = draw(st.sampled_from(sorted(UNITS)))
    suffix = draw(st.sampled_from(UNITS[unit]))
    form = draw(st.sampled_from(AXES))
    time = draw(st.sampled_from(sorted(TIMES)))
    zero, per_s = TIMES[time]
    columns = {
        form.format(axis=axis, AXIS=axis.upper(), unit=suffix): SAMPLES_MS2[:, at]
        / ACCELERATION_UNIT_MS2[unit or "m/s^2"]
        for at, axis in enumerate("xyz")
    }
    texts = {name: [f"{value:.6f}" for value in values] for name, values in columns.items()}
    digits = 4 if per_s == 1.0 else 0
    texts[time] = [f"{zero + one:.{digits}f}" for one in np.round(TIME_S * per_s, digits)]
    for other in draw(st.lists(st.sampled_from(OTHERS), unique=True, max_size=2)):
        texts[other] = [f"{20 + n % 7}" for n in range(N_ROWS)]
    order = draw(st.permutations(sorted(texts)))
    delimiter = draw(st.sampled_from(",;\t|"))
    rows = [
        delimiter.join(order),
        *(delimiter.join(row) for row in zip(*(texts[n] for n in order), strict=True)),
    ]
    if delimiter != "," and draw(st.booleans()):
        rows[1:] = [row.replace(".", ",") for row in rows[1:]]
    if draw(st.booleans()):
        rows[1:] = [row + delimiter for row in rows[1:]]
    text = draw(st.sampled_from(LINES_ABOVE)) + "\n".join(rows)
    newline = draw(st.sampled_from(("\n", "\r\n")))
    return draw(st.sampled_from(("", "\ufeff"))) + text.replace("\n", newline) + newline


@settings(max_examples=120)
@given(text=tables())
def test_a_table_is_read_the_same_however_it_is_written(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.csv"
        path.write_bytes(text.encode("utf-8"))
        recording = read(path)
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-2)
    assert recording.gravity == "included"
    assert recording.n_samples == N_ROWS
    assert recording.acceleration_ms2 == pytest.approx(SAMPLES_MS2, abs=0.02)
