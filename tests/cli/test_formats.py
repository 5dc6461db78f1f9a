"""``tremor formats``, and the options that take precedence over what a file says."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor.cli.main import cli
from tremor.formats.catalog import refused_kinds
from tremor.formats.csv.dialects import FORMATS, REFUSALS
from tremor.formats.readers import ReadOptions
from tremor.pipeline import analyze
from tremor.report.method_text import command

ROOT = Path(__file__).parents[2]
SLUGS = [entry.slug for entry in FORMATS]


def run(*arguments):
    return CliRunner().invoke(cli, list(arguments))


def test_the_table_holds_every_format_within_80_columns():
    result = run("formats")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    first_words = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert [word for word in first_words if word in SLUGS] == SLUGS
    text = " ".join(result.stdout.split())
    for kind in refused_kinds():
        assert f"{kind.name}: {kind.remedy}" in text
    assert {re.sub(r"^an? ", "", one.name) for one in REFUSALS} <= {
        kind.name for kind in refused_kinds()
    }


@pytest.mark.parametrize("entry", FORMATS, ids=SLUGS)
def test_a_page_says_what_an_entry_says(entry):
    result = run("formats", entry.slug)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    text = " ".join(result.stdout.split())
    assert entry.name in text
    assert entry.remark in text
    assert ("a real file" if entry.seen == "real file" else "its description") in text
    for line in entry.example:
        assert " ".join(line[:60].split()) in text
    assert run("formats", entry.name.upper()).stdout == result.stdout


def test_an_unknown_format_is_a_wrong_usage_with_the_nearest_name():
    result = run("formats", "fyphox")
    assert result.exit_code == 2
    assert "did you mean phyphox?" in result.stderr


def test_json_holds_the_facts():
    document = json.loads(run("formats", "--json").stdout)
    assert document["schema"] == "tremor.formats/1"
    assert [one["slug"] for one in document["formats"]][: len(SLUGS)] == SLUGS
    assert document["refused"][0].keys() == {"name", "remedy"}
    (one,) = json.loads(run("formats", "x-imu", "--json").stdout)["formats"]
    assert one["to_give"] == ["--sampling-rate"]
    assert one["units"] == ["g"]


def test_the_readme_shows_the_table():
    make = runpy.run_path(str(ROOT / "docs" / "make_formats.py"))
    text = make["README"].read_text(encoding="utf-8")
    assert text == make["with_table"](text), "run: python docs/make_formats.py"


def _options():
    """Return what to say to read 600 rows that say nothing, and how the rows are written."""
    return [
        (["--rate-hz", "100", "--columns", "x_g,y_g,z_g"], "{x} {y} {z}"),
        (["--sampling-rate", "100", "--columns", "x,y,z", "--unit", "g"], "{x},{y},{z}"),
        (["--columns", "time_ms,x_g,y_g,z_g", "--time-unit", "s"], "{t}:{x}:{y}:{z}"),
        (["--delimiter", "semicolon", "--decimal", "comma"], "{t};{x};{y};{z}"),
        (["--format", "axivity"], "2024-05-07 16:29:0{t}0,{x},{y},{z}"),
        (["--source", "B", "--unit", "g"], "{t},B,{x},{y},{z}\n{t},A,9,9,9"),
    ]


@pytest.mark.parametrize(("options", "row"), _options())
def test_what_is_said_goes_before_what_is_found(tmp_path, options, row):
    heads = {"--delimiter": "time_s;x_g;y_g;z_g\n", "--source": "time_s,device,x,y,z\n"}
    lines = [
        row.format(t=f"{n / 100:.2f}", x=f"{0.1 * (n % 7):.3f}", y="0.500", z="0.800")
        for n in range(600)
    ]
    text = heads.get(options[0], "") + "\n".join(lines) + "\n"
    if "comma" in options:
        text = text.replace(".", ",")
    if "--time-unit" in options:
        options = [*options, "--delimiter", ":"]
    path = tmp_path / "capture.csv"
    path.write_text(text)
    result = run("check", str(path), "--json", *options)
    document = json.loads(result.stdout)
    recording = document["recording"]
    assert recording["sampling_rate_hz"] == pytest.approx(100.0, rel=1e-3)
    assert recording["unit_in"] == "g"
    told = next(step for step in recording["history"] if step.startswith("told: "))
    for word in options:
        assert word.replace("--rate-hz", "--sampling-rate") in told, (word, told)


def test_the_command_of_a_result_says_all_that_was_said(tmp_path):
    path = tmp_path / "leg.csv"
    path.write_text("\n".join(f"{n / 100:.2f};0;0;{1 + 0.01 * (n % 9):.3f}" for n in range(3000)))
    reading = ReadOptions(columns="time_s,x,y,z", unit="g", delimiter=";", placement="left-calf")
    found = analyze(path, reading=reading)
    assert command(found) == (
        "tremor analyze leg.csv --columns time_s,x,y,z --unit g --placement left-calf "
        "--delimiter ';'"
    )


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--delimiter", "x"], "separates no cells"),
        (["--decimal", ";"], "give . or ,"),
        (["--delimiter", ",", "--decimal", ","], "cannot separate cells"),
        (["--format", "phyfox"], "did you mean phyphox"),
        (["--format", "declared-columns"], "needs --columns"),
        (["--format", "phyphox", "--columns", "x,y,z"], "exclude each other"),
        (["--source", "C"], "no source 'C'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_option(tmp_path, options, match):
    path = tmp_path / "capture.csv"
    path.write_text("time_s,x,y,z\n" + "".join(f"{n / 100:.2f},0,0,1\n" for n in range(300)))
    result = run("check", str(path), *options)
    assert result.exit_code == 2
    assert match in " ".join(result.stderr.split())
