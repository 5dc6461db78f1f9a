"""`tremor simulate session` writes a capture and the truth about it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_allclose

from tremor.cli.simulate import simulate
from tremor.errors import InvalidInputError, WouldOverwriteError

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"
COMMANDS = {
    command[3]: command
    for line in (SAMPLE_DATA / "README.md").read_text(encoding="utf-8").splitlines()
    if (command := shlex.split(line))[:3] == ["tremor", "simulate", "session"]
}


def run(*arguments):
    result = CliRunner().invoke(simulate, ["session", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def table(path):
    return np.loadtxt(
        [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] in "0123456789"],
        delimiter=",",
    )


def test_capture_and_truth_agree(tmp_path):
    path = tmp_path / "run.csv"
    result = run(
        path, "--scene", "fading", "--seed", 3, "--duration", 40, "--rate", 52,
        "--rate-error", -2, "--frequency", 7.5, "--bandwidth", 0.5, "--rms", 0.4,
        "--half-life", 60, "--floor", 0.05, "--gap", "10:1.5", "--gap", "30:0.5",
        "--placement", "right-thigh",
    )  # fmt: skip
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    truth = json.loads((tmp_path / "run.csv.truth.json").read_text(encoding="utf-8"))
    assert truth["schema"] == "tremor.truth/1"
    assert truth["nominal_sampling_rate_hz"] == 52.0
    assert_allclose(truth["sampling_rate_hz"], 50.96)
    assert truth["tremor"] == {
        "start_s": 0.0, "end_s": 40.0, "frequency_hz": 7.5, "bandwidth_hz": 0.5,
        "initial_rms_ms2": 0.4, "half_life_s": 60.0, "floor_rms_ms2": 0.05,
    }  # fmt: skip
    rows = table(path)
    assert len(rows) == truth["n_samples"]
    jumps = np.flatnonzero(np.diff(rows[:, 0]) > 1.5 / 50.96)
    assert len(jumps) == len(truth["gaps"]) == 2
    for jump, gap in zip(jumps, truth["gaps"], strict=True):
        assert_allclose(rows[jump + 1, 0], gap["start_s"] + gap["duration_s"], atol=1e-6)
    assert "# placement: right-thigh\n" in path.read_text(encoding="utf-8")


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(tmp_path / name, "--seed", seed, "--duration", 20, "--scene", "steady")
    first, again, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_what_exists_is_refused_unless_asked(tmp_path):
    path = tmp_path / "run.csv"
    run(path, "--duration", 5, "--scene", "quiet")
    with pytest.raises(WouldOverwriteError, match="exists"):
        run(path, "--duration", 5, "--scene", "quiet")
    path.unlink()
    with pytest.raises(WouldOverwriteError, match=r"truth\.json exists"):
        run(path, "--duration", 5, "--scene", "quiet")
    assert run(path, "--duration", 5, "--scene", "quiet", "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--scene", "sprint"], "choose one of post_run"),
        (["--scene", "walk", "--rms", "0.3"], "has no tremor"),
        (["--scene", "walk", "--heartbeat", "0.3"], "has no heartbeat"),
        (["--gap", "12"], "START:LENGTH"),
        (["--gap", "12:0"], "no length"),
        (["--rms", "-1"], "give 0 to 10000"),
        (["--rate", "0"], "nominal sampling rate is 0"),
        (["--rate", "12"], "Nyquist"),
        (["--duration", "0"], "fewer than 2"),
        (["--started-at", "2026-01-01T09:00:00"], "no zone"),
        (["--started-at", "noon"], "no ISO 8601"),
    ],
)
def test_wrong_options_are_named_and_nothing_is_written(tmp_path, options, match):
    with pytest.raises(InvalidInputError, match=match):
        run(tmp_path / "run.csv", *options)
    assert not list(tmp_path.iterdir())


def test_half_life_zero_is_a_steady_tremor(tmp_path):
    run(tmp_path / "run.csv", "--scene", "fading", "--half-life", 0, "--duration", 5)
    truth = json.loads((tmp_path / "run.csv.truth.json").read_text(encoding="utf-8"))
    assert truth["tremor"]["half_life_s"] is None


def test_import_is_light():
    code = "import sys, tremor.cli.simulate; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_sample_file_has_its_command():
    assert set(COMMANDS) == {f"sample_data/{path.name}" for path in SAMPLE_DATA.glob("*.csv")}
    assert sum(path.stat().st_size for path in SAMPLE_DATA.iterdir()) < 4_000_000


@pytest.mark.parametrize("target", COMMANDS)
def test_sample_file_is_what_its_command_makes(tmp_path, target):
    shipped = SAMPLE_DATA.parent / target
    made = tmp_path / shipped.name
    assert run(made, *COMMANDS[target][4:]).exit_code == 0
    truth_name = shipped.name + ".truth.json"
    assert json.loads((tmp_path / truth_name).read_text(encoding="utf-8")) == json.loads(
        (SAMPLE_DATA / truth_name).read_text(encoding="utf-8")
    )
    if made.read_bytes() == shipped.read_bytes():
        return
    # Another build of numpy may round the last bit otherwise, which can move a sample by one step
    # of the 16 bits; nothing more than that, and the comments not at all.
    assert re.findall("^#.*$", made.read_text("utf-8"), re.M) == re.findall(
        "^#.*$", shipped.read_text("utf-8"), re.M
    )
    assert_allclose(table(made), table(shipped), rtol=0, atol=0.005)
