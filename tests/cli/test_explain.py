from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from tremor.cli.main import cli
from tremor.report.as_json import schema
from tremor.results.explanations import EXPLANATION_IDS

ROOT = Path(__file__).parents[2]
CONTEXT = """\
schema = "tremor.context/1"
[run]
rpe = 9
duration_min = 95
[environment]
temperature_c = 31
humidity_pct = 60
"""


def run(command, *arguments):
    return CliRunner().invoke(cli, [command, *map(str, arguments)])


@pytest.fixture
def trembling(write_capture, trembling_leg):
    samples = trembling_leg(4000, sampling_rate_hz=100.0)
    return write_capture("trembling.csv", samples, sampling_rate_hz=100.0)


@pytest.fixture
def context(tmp_path):
    path = tmp_path / "today.toml"
    path.write_text(CONTEXT, encoding="utf-8")
    return path


@pytest.fixture
def saved(trembling, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(run("analyze", trembling, "--json").stdout, encoding="utf-8")
    trembling.unlink()
    return path


def test_without_a_name_one_screen_shows_the_three_and_where_to_go_on():
    result = run("explain")
    lines = result.stdout.splitlines()
    assert len(lines) < 24  # the prompt takes one
    assert max(map(len, lines)) <= 80
    assert all(any(line.startswith(f"{id_}: ") for line in lines) for id_ in EXPLANATION_IDS)
    assert "tremor explain ID" in result.stdout
    assert "tremor explain --all" in result.stdout


def test_all_tables_go_with_no_name():
    for more in (["heat"], ["--analysis", "result.json"]):
        result = run("explain", "--all", *more)
        assert result.exit_code == 2
        assert "--all shows every table" in result.stderr


def test_all_tables_are_shown_when_asked_for():
    result = run("explain", "--all")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("What the article says: Muscle Tremors After Running")
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_json_holds_every_table():
    document = json.loads(run("explain", "--json").stdout)
    assert [claim["id"] for claim in document["claims"]][:4] == ["A1", "A2", "A3", "F1"]
    heat = next(one for one in document["evidence"] if one["key"] == "heat")
    assert heat["bins"][0] == {
        "below": 18.0,
        "weights": {"electrolytes_metabolites": -0.4},
        "reason": heat["bins"][0]["reason"],
    }
    assert {"rules", "redraws", "explanations", "questions", "advice", "warning_signs"} <= set(
        document
    )


def test_one_entry_by_its_name_in_any_case():
    for name in ("heat", "HEAT"):
        result = run("explain", name)
        assert result.stdout.startswith("heat: heat strain")
        assert "from 28 °C: muscle_fatigue +0.2, electrolytes_metabolites +0.9" in result.stdout
    assert list(json.loads(run("explain", "f3", "--json").stdout)) == ["schema", "claims"]


def test_tables_load_nothing_heavy():
    code = (
        "import json, sys\nfrom tremor.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "explain", "heat"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    heavy = {"numpy", "scipy", "pandas", "matplotlib", "bleak", "jinja2"}
    assert not set(json.loads(done.stderr.splitlines()[-1])) & heavy


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["het"], 2, "nothing is called 'het'; the nearest are heat"),
        (["qqqqqq"], 2, "all: tremor explain"),
        (["heat", "--context", "a.toml"], 2, "give --analysis FILE"),
        (["--html", "a.html"], 2, "give --analysis FILE"),
        (["heat", "--analysis", "a.json"], 2, "give one"),
        (["--analysis", "nowhere.json"], 3, "tremor analyze CAPTURE --json"),
    ],
)
def test_wrong_usage_is_one_line(arguments, code, says):
    result = run("explain", *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"schema": "tremor.analysis/1"}'])
def test_what_is_no_result_is_refused(text, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(text, encoding="utf-8")
    result = run("explain", "--analysis", path)
    assert result.exit_code == 3
    assert "result.json" in result.stderr
    assert result.stderr.count("\n") == 1


def test_saved_result_is_weighed_anew_without_its_samples(saved, context):
    before = json.loads(run("explain", "--analysis", saved, "--json").stdout)
    after = json.loads(run("explain", "--analysis", saved, "--context", context, "--json").stdout)
    words = [
        {one["id"]: one["word"] for one in document["explanations"]} for document in (before, after)
    ]
    assert words[0]["electrolytes_metabolites"] == "cannot tell"
    assert words[1]["electrolytes_metabolites"] in {"moderate", "strong"}
    assert "hard" in run("explain", "--analysis", saved, "--context", context).stdout


def test_weighed_anew_is_what_analyze_gives(trembling, context, tmp_path):
    direct = json.loads(run("analyze", trembling, "--json", "--context", context).stdout)
    jsonschema.Draft202012Validator(schema()).validate(direct)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(direct), encoding="utf-8")
    anew = json.loads(run("explain", "--analysis", path, "--context", context, "--json").stdout)
    assert {key: direct[key] for key in anew} == anew


def test_report_is_written_anew_and_not_over_another(saved, context, tmp_path):
    page = tmp_path / "report.html"
    arguments = ["--analysis", saved, "--context", context, "--html", page]
    assert run("explain", *arguments).exit_code == 0
    assert "You ran for 95 min." in page.read_text(encoding="utf-8")
    assert run("explain", *arguments).exit_code == 8


def test_same_answers_go_with_every_capture(write_capture, trembling_leg, context):
    captures = [
        write_capture(name, trembling_leg(2000, sampling_rate_hz=100.0), sampling_rate_hz=100.0)
        for name in ("a.csv", "b.csv")
    ]
    result = run("analyze", *captures, "--context", context, "--json")
    assert result.exit_code == 0, result.stderr
    for line in result.stdout.splitlines():
        evidence = json.loads(line)["explanations"][0]["evidence"]
        assert any(one["key"] == "effort" and one["value"] == 9 for one in evidence)


def test_answers_change_nothing_of_what_is_measured(trembling, context):
    plain = json.loads(run("analyze", trembling, "--json").stdout)
    answered = json.loads(run("analyze", trembling, "--json", "--context", context).stdout)
    changed = {key for key in plain if plain[key] != answered[key]}
    assert {"explanations", "sensitivity"} <= changed
    said = {"options", "minutes_since_stop"}
    assert changed - said <= {"explanations", "sensitivity", "warning_signs", "advice"}


def test_wrong_context_is_told_before_anything_is_analysed(trembling, tmp_path):
    path = tmp_path / "today.toml"
    path.write_text("[run]\nrpe = 11\nload = 'much'\n", encoding="utf-8")
    result = run("analyze", trembling, "--context", path)
    assert result.exit_code == 3
    assert "run.rpe" in result.stderr
    assert "run.load" in result.stderr
    assert result.stdout == ""


def test_sign_that_was_ticked_is_the_first_line(trembling, tmp_path):
    path = tmp_path / "today.toml"
    path.write_text("[warning]\nsigns = ['dark_urine']\n", encoding="utf-8")
    result = run("analyze", trembling, "--context", path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("GET HELP.")
    document = json.loads(run("analyze", trembling, "--context", path, "--json").stdout)
    assert [sign["id"] for sign in document["warning_signs"]] == ["dark_urine"]


@pytest.fixture
def activity(tmp_path, fit_bytes):
    start = datetime(2026, 5, 17, 7, 0, tzinfo=UTC)
    session = {
        "start_time": start,
        "timestamp": start + timedelta(minutes=70),
        "sport": 1,
        "total_elapsed_time": 4200.0,
        "total_timer_time": 4200.0,
        "total_distance": 14000.0,
    }
    path = tmp_path / "activity.fit"
    path.write_bytes(fit_bytes(("file_id", {"type": 4}), ("session", session)))
    return path


def test_watch_fills_what_the_runner_left_open(trembling, context, activity):
    def duration_of(*arguments):
        result = run("analyze", trembling, "--fit", activity, "--json", *arguments)
        assert result.exit_code == 0, result.stderr
        assert result.stderr.startswith("tremor: from activity.fit: ")
        evidence = json.loads(result.stdout)["explanations"][0]["evidence"]
        return next(one["value"] for one in evidence if one["key"] == "duration")

    assert duration_of() == 70.0
    assert duration_of("--context", context) == 95.0  # the runner's own word wins


def test_file_that_is_no_activity_is_refused(trembling, tmp_path):
    path = tmp_path / "activity.fit"
    path.write_bytes(b"not a FIT file")
    result = run("analyze", trembling, "--fit", path)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
