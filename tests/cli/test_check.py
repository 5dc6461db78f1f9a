from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor.cli.main import cli


@pytest.fixture
def good(write_capture, still_leg):
    return write_capture("good.csv", still_leg(6000), sampling_rate_hz=100.0)


def run(*arguments):
    return CliRunner().invoke(cli, ["check", *map(str, arguments)])


def test_good_capture(good):
    result = run(good)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("good.csv: good\n")
    assert "100.000 Hz" in result.stdout


def test_walk_is_not_called_good_in_one_word():
    result = run(Path(__file__).parents[2] / "sample_data" / "walking_no_tremor.csv")
    assert result.exit_code == 0
    assert result.stdout.startswith("walking_no_tremor.csv: good signal, but too little rest\n")
    assert "Sit down" in result.stdout


def test_json_holds_facts_and_word(good):
    result = run(good, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "tremor.check/1"
    assert document["verdict"] == "good"
    assert document["reasons"] == []
    assert document["recording"]["sampling_rate_hz"] == pytest.approx(100.0, abs=1e-3)
    assert len(document["source"]["sha256"]) == 64


def test_gap_makes_it_usable_and_is_listed(write_capture, still_leg):
    samples = still_leg(3000)
    path = write_capture("gap.csv", samples, sampling_rate_hz=100.0)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:1001] + lines[1301:]), encoding="utf-8")
    result = run(path)
    assert result.exit_code == 0
    assert "gap.csv: usable" in result.stdout
    assert "at 0:10: 3.00 s, 300 lost" in result.stdout


def test_rate_that_is_too_low_is_not_usable(write_capture, still_leg):
    path = write_capture("slow.csv", still_leg(800), sampling_rate_hz=8.0)
    result = run(path)
    assert result.exit_code == 4
    assert "slow.csv: not usable" in result.stdout
    assert "Nyquist frequency is 4.00 Hz" in result.stdout


def test_several_go_on_after_a_bad_one(tmp_path, good):
    result = run(tmp_path / "nowhere.csv", good, "--json")
    assert result.exit_code == 7
    assert [json.loads(line)["verdict"] for line in result.stdout.splitlines()] == ["good"]
    assert result.stderr.splitlines()[-1] == "tremor: 1 of 2 captures cannot be used"


def test_missing_capture(tmp_path):
    result = run(tmp_path / "nowhere.csv")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
