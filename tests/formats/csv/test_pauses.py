"""Pauses that the stamps of a recording do not count."""

import zipfile

import numpy as np
import pytest

from tremor.opening import read

EVENTS = """"event","experiment time","system time","system time text"
"START",0.0,1700000000.0,"a"
"PAUSE",20.0,1700000020.0,"b"
"START",20.0,1700000080.0,"c"
"PAUSE",30.0,1700000090.0,"d"
"START",30.0,1700000095.0,"e"
"""


def table():
    rng = np.random.default_rng(0)
    xyz = np.array([0.1, 0.2, 9.8]) + 0.02 * rng.standard_normal((4000, 3))
    names = ",".join(['"Time (s)"', *(f'"Acceleration {axis} (m/s^2)"' for axis in "xyz")])
    rows = [f"{n / 100:.9E}," + ",".join(f"{v:.9E}" for v in row) for n, row in enumerate(xyz)]
    return names + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("events", [EVENTS, EVENTS.replace(",", ";").replace(".0", ",0")])
def test_a_pause_is_a_gap_and_the_start_is_known(tmp_path, events):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Raw Data.csv", table())
        archive.writestr("meta/time.csv", events)
    recording = read(path)
    assert [round(gap.duration_s) for gap in recording.gaps] == [60, 5]
    assert recording.started_at.timestamp() == pytest.approx(1_700_000_000.0)
    said = {one.code: one.values for one in recording.warnings}
    assert said["PAUSED"] == {"n_pauses": 2, "total_s": pytest.approx(65.0)}


def test_without_a_list_nothing_is_assumed(tmp_path):
    path = tmp_path / "Raw Data.csv"
    path.write_text(table())
    recording = read(path)
    assert recording.gaps == ()
    assert recording.started_at is None
