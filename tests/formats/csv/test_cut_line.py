"""A last line that was cut anywhere, and short lines in the middle."""

import numpy as np
import pytest

from tremor.opening import read

WRITTEN = {
    "fixed": lambda value: f"{value:.4f}",
    "all digits": lambda value: repr(float(value)),
    "four digits": lambda value: f"{value:.4g}",
    "exponents": lambda value: f"{value:.6E}",
}


def lines_of(style, n=400):
    rng = np.random.default_rng(2)
    xyz = np.array([0.1, 0.2, 9.8]) + 0.02 * rng.standard_normal((n, 3))
    cells = [[f"{row / 50:.2f}", *(WRITTEN[style](v) for v in xyz[row])] for row in range(n)]
    return cells, np.array([[float(cell) for cell in row[1:]] for row in cells])


@pytest.mark.parametrize("style", WRITTEN)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_no_cut_of_the_last_line_makes_another_number(tmp_path, style, end):
    cells, truth = lines_of(style)
    text = "time_s,x,y,z" + end + end.join(",".join(row) for row in cells) + end
    path = tmp_path / "capture.csv"
    for n_cut in range(1, len(",".join(cells[-1])) + len(end)):
        path.write_bytes(text.encode()[:-n_cut])
        found = read(path, unit="m/s^2").acceleration_ms2
        assert len(found) <= len(truth)
        np.testing.assert_allclose(
            np.where(np.isnan(found), truth[: len(found)], found), truth[: len(found)], rtol=1e-9
        )


def test_a_cut_number_is_said(tmp_path):
    cells, _ = lines_of("fixed")
    path = tmp_path / "capture.csv"
    path.write_text("time_s,x,y,z\n" + "\n".join(",".join(row) for row in cells)[:-2])
    recording = read(path, unit="m/s^2")
    assert [one.code for one in recording.warnings] == ["LAST_LINE_CUT"]
    assert len(recording.acceleration_ms2) == 399


def test_a_whole_last_line_without_an_end_is_read(tmp_path):
    cells, _ = lines_of("fixed")
    path = tmp_path / "capture.csv"
    path.write_text("time_s,x,y,z\n" + "\n".join(",".join(row) for row in cells))
    recording = read(path, unit="m/s^2")
    assert len(recording.acceleration_ms2) == 400
    assert recording.warnings == ()


@pytest.mark.parametrize("n_left", range(1, 25, 2))
def test_a_short_line_in_the_middle_is_one_lost_sample(tmp_path, n_left):
    cells, truth = lines_of("fixed")
    lines = [",".join(row) for row in cells]
    lines[200] = ",".join(cells[200][:3])[:n_left]
    path = tmp_path / "capture.csv"
    path.write_text("time_s,x,y,z\n" + "\n".join(lines) + "\n")
    recording = read(path, unit="m/s^2")
    found = recording.acceleration_ms2
    assert np.flatnonzero(np.isnan(found[:, 0])).tolist() == [200]
    np.testing.assert_allclose(np.delete(found, 200, axis=0), np.delete(truth, 200, axis=0))
