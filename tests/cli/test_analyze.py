from __future__ import annotations

import csv
import dataclasses
import html
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import tremor
from tremor.cli.analyze import analyze
from tremor.cli.main import cli
from tremor.formats.readers import ReadOptions
from tremor.report.as_json import schema

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data" / "post_run_calf.csv"


def run(*arguments):
    return CliRunner().invoke(cli, ["analyze", *map(str, arguments)])


@pytest.fixture
def trembling(write_capture, trembling_leg):
    samples = trembling_leg(4000, sampling_rate_hz=100.0)
    return write_capture("trembling.csv", samples, sampling_rate_hz=100.0)


@pytest.fixture
def still(write_capture, still_leg):
    return write_capture("still.csv", still_leg(4000), sampling_rate_hz=100.0)


def test_summary_of_a_tremor_is_on_stdout(trembling):
    result = run(trembling)
    assert result.exit_code == 0, result.stderr
    # A pure tone is that of a machine.
    assert "The sensor shook about 8.0 times a second (8.00 Hz)" in result.stdout
    assert len(result.stdout.splitlines()) <= 24
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_long_form_is_asked_for_with_v(trembling):
    result = run(trembling, "-v")
    assert "Tremor at 8.000 Hz" in result.stdout
    assert "Half-power bandwidth" in result.stdout


def test_still_leg_is_a_result_and_no_failure(still):
    result = run(still)
    assert result.exit_code == 0, result.stderr
    assert "Your leg did not tremble in the 40 s" in result.stdout


def test_json_is_one_document_that_follows_its_schema(trembling):
    result = run(trembling, "--json")
    document = json.loads(result.stdout)
    jsonschema.Draft202012Validator(schema()).validate(document)
    assert document["status"] == "measured"
    assert document["summary"]["frequency_hz"]["value"] == pytest.approx(8.0, abs=0.02)
    assert document["source"]["name"] == "trembling.csv"
    assert tremor.Analysis.from_dict(document).to_dict() == document


def test_several_give_a_line_each_and_go_on_after_a_bad_one(trembling, still, tmp_path):
    result = run(trembling, tmp_path / "nowhere.csv", still, "--json")
    assert result.exit_code == 7
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["status"] for one in documents] == ["measured", "no_tremor"]
    assert "nowhere.csv" in result.stderr
    assert result.stderr.splitlines()[-1] == "tremor: 1 of 3 captures failed"


def test_files_say_what_the_json_says(trembling, tmp_path):
    page, table = tmp_path / "report.html", tmp_path / "windows.csv"
    result = run(trembling, "--json", "--html", page, "--csv", table)
    assert result.exit_code == 0, result.stderr
    windows = json.loads(result.stdout)["windows"]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == [window["verdict"] for window in windows]
    for row, window in zip(rows, windows, strict=True):
        estimate = window["rms_ms2"]
        shown = float(row["rms_ms2"]) if row["rms_ms2"] else None
        assert shown == (estimate and pytest.approx(estimate["value"], rel=1e-12))
    assert "default-src 'none'" in page.read_text(encoding="utf-8")


def test_written_files_are_named_first_and_not_suggested(trembling, tmp_path):
    page, table = tmp_path / "report.html", tmp_path / "windows.csv"
    plain = run(trembling).stdout
    assert "--html report.html" in plain
    said = run(trembling, "--html", page, "--csv", table).stdout
    assert said.splitlines()[:2] == [f"Report     {page}", f"Windows    {table}"]
    assert "--html" not in said
    assert run(trembling, "-v", "--csv", table, "--overwrite").stdout.startswith("Windows    ")


@pytest.mark.parametrize("placement", ["nose", "left-", "-calf", "lef-calf"])
def test_place_that_no_body_has_is_refused_with_the_known_ones(trembling, placement):
    result = run(trembling, "--placement", placement)
    assert result.exit_code == 2
    assert "give one of calf, shin, thigh" in result.stderr


def test_existing_file_is_kept_unless_told_otherwise(trembling, tmp_path):
    page = tmp_path / "report.html"
    page.write_text("mine", encoding="utf-8")
    refused = run(trembling, "--html", page)
    assert refused.exit_code == 8
    assert refused.stdout == ""
    assert "--overwrite" in refused.stderr
    assert page.read_text(encoding="utf-8") == "mine"
    assert run(trembling, "--html", page, "--overwrite").exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert not list(tmp_path.glob(".report*"))


def test_capture_is_never_replaced(trembling):
    before = trembling.read_bytes()
    result = run(trembling, "--csv", trembling, "--overwrite")
    assert result.exit_code == 8
    assert trembling.read_bytes() == before


def test_several_write_into_a_folder(trembling, still, tmp_path):
    result = run(trembling, still, "--csv", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "still.csv",
        "trembling.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--html", "nowhere/report.html"], "does not exist"),
        (["--html", "same", "--csv", "same"], "name the same file"),
        (["--set", "window=4"], "did you mean window_s?"),
        (["--set", "window_s"], "KEY=VALUE"),
        (["--set", "window_s=900"], "allowed is 2 to 60 s"),
        (["--settings", "nowhere.toml"], "cannot be read"),
        (["--gravity", "gone"], "included"),
        (["--unit", "furlong"], "furlong"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(
    trembling, tmp_path, monkeypatch, arguments, says
):
    monkeypatch.chdir(tmp_path)
    result = run(trembling, *arguments)
    assert result.exit_code == 2, result.stderr
    assert result.stderr.count("\n") == 1
    assert says in result.stderr
    assert result.stdout == ""


def test_several_captures_and_one_file_are_refused(trembling, still, tmp_path):
    result = run(trembling, still, "--html", tmp_path / "report.html")
    assert result.exit_code == 2
    assert "2 captures need a folder" in result.stderr


def test_settings_of_file_and_line_reach_the_result(trembling, tmp_path):
    settings = tmp_path / "mine.toml"
    settings.write_text("window_s = 6.0\nstep_s = 3.0\n", encoding="utf-8")
    result = run(trembling, "--json", "--settings", settings, "--set", "band_high_hz=12")
    used = json.loads(result.stdout)["settings"]
    assert (used["window_s"], used["step_s"], used["band_high_hz"]) == (6.0, 3.0, 12.0)


def test_warnings_go_to_stderr_and_quiet_silences_them(write_capture, trembling_leg):
    samples = trembling_leg(4000, sampling_rate_hz=100.0)
    header = "time_s,x,y,z"  # names no unit
    path = write_capture("vague.csv", samples, sampling_rate_hz=100.0, header=header)
    loud, quiet = run(path), run(path, "-q")
    assert loud.stderr.startswith("warning: vague.csv: ")
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout


def _empty(path):
    path.write_text("", encoding="utf-8")


def _prose(path):
    path.write_text("Dear runner,\n\nit rained all day.\n\nYours\n", encoding="utf-8")


def _one_row(path):
    path.write_text("time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2\n0.0,0,0,9.8\n", encoding="utf-8")


def _bytes(path):
    path.write_bytes(bytes(range(256)) * 40)


@pytest.mark.parametrize(
    ("make", "codes"),
    [(_empty, {3, 4}), (_prose, {3}), (_one_row, {3, 4}), (_bytes, {3}), (Path.mkdir, {3})],
)
def test_what_is_no_capture_is_refused_in_one_line(tmp_path, make, codes):
    path = tmp_path / "odd.csv"
    make(path)
    result = run(path)
    assert result.exit_code in codes, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("tremor: ")


def test_counts_without_a_unit_are_not_guessed(write_capture, trembling_leg):
    samples = trembling_leg(2000, sampling_rate_hz=100.0)
    path = write_capture(
        "counts.csv", samples, sampling_rate_hz=100.0, header="time_s,x,y,z", scale=417.0
    )
    result = run(path)
    assert result.exit_code == 3, result.stdout
    assert "unit" in result.stderr


def test_cells_that_are_missing_become_gaps(write_capture, trembling_leg):
    samples = trembling_leg(4000, sampling_rate_hz=100.0)
    samples[1000:1200, 1] = float("nan")
    path = write_capture("torn.csv", samples, sampling_rate_hz=100.0)
    result = run(path, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert sum(gap["n_lost"] for gap in document["recording"]["gaps"]) == 200
    assert document["summary"]["frequency_hz"]["value"] == pytest.approx(8.0, abs=0.02)


def test_dead_axis_is_named_and_never_measured(write_capture, trembling_leg):
    samples = trembling_leg(4000, sampling_rate_hz=100.0)
    samples[:, 1] = 0.25
    path = write_capture("dead.csv", samples, sampling_rate_hz=100.0)
    result = run(path, "--json")
    document = json.loads(result.stdout)
    assert document["recording"]["dead_axes"] == ["y"]
    assert result.exit_code == (4 if document["status"] == "insufficient" else 0)


def test_rate_that_cannot_hold_the_band_is_not_enough(write_capture, trembling_leg):
    samples = trembling_leg(400, sampling_rate_hz=8.0)
    path = write_capture("slow.csv", samples, sampling_rate_hz=8.0)
    result = run(path)
    assert result.exit_code == 4, result.stdout
    assert result.stderr.splitlines()[-1].startswith("tremor: ")


def test_too_short_capture_still_writes_its_result(write_capture, still_leg, tmp_path):
    path = write_capture("short.csv", still_leg(200), sampling_rate_hz=100.0)
    page = tmp_path / "report.html"
    result = run(path, "--json", "--html", page)
    assert result.exit_code == 4, result.stderr
    assert json.loads(result.stdout)["status"] == "insufficient"
    assert "Cannot tell" in page.read_text(encoding="utf-8")
    assert sum(line.startswith("tremor: ") for line in result.stderr.splitlines()) == 1


def test_shipped_capture_in_a_process_of_its_own(tmp_path):
    page = tmp_path / "report.html"
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            "from tremor.cli.main import main; main()",
            "analyze",
            str(SAMPLE),
            "--html",
            str(page),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Your leg trembled about 8.4 times a second" in done.stdout
    assert "Traceback" not in done.stderr
    truth = json.loads(SAMPLE.with_name(SAMPLE.name + ".truth.json").read_text(encoding="utf-8"))
    assert truth
    assert page.stat().st_size < 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that can close a stream")
def test_closed_stream_of_messages_changes_nothing():
    program = f'"{sys.executable}" -c "from tremor.cli.main import main; main()"'
    done = subprocess.run(
        f'{program} analyze "{SAMPLE}" 2>&-',
        shell=True,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0
    assert "Your leg trembled about 8.4 times a second" in done.stdout


def test_command_on_the_page_repeats_all_that_was_said(trembling, still, tmp_path, monkeypatch):
    monkeypatch.chdir(trembling.parent)
    answers, page = trembling.parent / "today.toml", tmp_path / "report.html"
    answers.write_text("[run]\nrpe = 9\nminutes_since_stop = 4\n", encoding="utf-8")
    said = (
        *("--unit", "m/s2", "--gravity", "included", "--placement", "right-thigh"),
        *("--sampling-rate", 100.5, "--columns", "time_s,x,y,z"),
        *("--rest-start", 2.5, "--baseline", still, "--context", answers),
        *("--set", "band_high_hz=12"),
    )
    first = run(trembling, *said, "--html", page, "--json")
    assert first.exit_code == 0, first.output
    command = html.unescape(re.search(r"<code>(tremor .*?)</code>", page.read_text("utf-8"))[1])
    program, verb, *arguments = shlex.split(command)
    assert (program, verb) == ("tremor", "analyze")
    assert str(tmp_path) not in command
    again = run(*arguments, "--json")
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert json.loads(first.stdout)["minutes_since_stop"] == 4


def test_whatever_reading_takes_is_an_option_of_the_same_name():
    known = {name for one in analyze.params for name in one.opts}
    for one in dataclasses.fields(ReadOptions):
        options = ReadOptions()
        object.__setattr__(options, one.name, "declared")
        assert shlex.split(options.as_said)[0] in known, one.name
