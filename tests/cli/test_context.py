"""`tremor context`: asked, piped, stopped, refused, shown."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor.cli.main import cli
from tremor.explanation.answers.context import Context
from tremor.explanation.answers.questions import QUESTIONS

ROOT = Path(__file__).parents[2]
START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def run(*arguments, typed=""):
    return CliRunner().invoke(cli, ["context", *map(str, arguments)], input=typed)


def lines_for(**answers):
    """Return a line for each question, empty where there is no answer."""
    return "".join(f"{answers.get(question.attribute, '')}\n" for question in QUESTIONS)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "context.toml"


@pytest.fixture
def activity(tmp_path, fit_bytes):
    def write(sport=1):
        path = tmp_path / "activity.fit"
        session = {
            "timestamp": START + timedelta(hours=2),
            "start_time": START,
            "sport": sport,
            "total_elapsed_time": 3960.0,
            "total_timer_time": 3900.0,
            "total_distance": 12034.2,
            "avg_heart_rate": 152,
            "avg_temperature": 27,
        }
        path.write_bytes(fit_bytes(("file_id", {"type": 4}), ("session", session)))
        return path

    return write


def test_answers_are_asked_in_the_order_of_the_table_and_written(file):
    typed = lines_for(signs="none", distance_km="12,5", salt="y", load="h", medicines="other, 1")
    result = run("new", file, typed=typed)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{file}: 5 of 32 questions answered\n"
    assert Context.from_file(file) == Context(
        signs=(), distance_km=12.5, salt=True, load="harder", medicines=("diuretic", "other")
    )
    wordings = " ".join(result.stderr.split())
    places = [wordings.index(" ".join(question.wording.split())) for question in QUESTIONS]
    assert places == sorted(places)
    assert max(map(len, result.stderr.splitlines())) <= 80


def test_enter_alone_answers_nothing(file):
    assert run("new", file, typed=lines_for()).exit_code == 0
    assert Context.from_file(file) == Context()


def test_the_end_of_the_input_leaves_the_rest_open(file):
    result = run("new", file, typed="none\n12\n")
    assert result.exit_code == 0
    assert Context.from_file(file) == Context(signs=(), distance_km=12)


def test_nonsense_is_asked_again_with_what_is_allowed(file):
    result = run("new", file, typed="qqq\nnone\n-4\n12 miles\n12\n")
    assert 'warning.signs holds "qqq"' in result.stderr
    assert "run.distance_km is -4; allowed is a number from 0 to 1000 km" in result.stderr
    assert 'run.distance_km is "12 miles"' in result.stderr
    assert Context.from_file(file) == Context(signs=(), distance_km=12)


def test_answers_that_contradict_each_other_are_asked_again(file):
    result = run("new", file, typed=lines_for(mass_before_kg="70", mass_after_kg="210\n69"))
    assert "210 kg with 70 kg before" in result.stderr
    assert Context.from_file(file) == Context(mass_before_kg=70, mass_after_kg=69)


def test_why_is_told_on_request(file):
    result = run("new", file, typed="?\nnone\n")
    assert f"because {QUESTIONS[0].why}" in result.stderr


def test_a_warning_sign_is_answered_by_help_before_the_next_question(file):
    result = run("new", file, typed="chest pain\n")
    assert result.stderr.count("Chest pain: ") == 1
    assert result.stderr.index("Chest pain: ") < result.stderr.index("How far")
    assert Context.from_file(file).signs == ("chest_pain",)
    assert "Chest pain: " not in run("new", file, "--overwrite", typed="none\n").stderr


def test_what_needs_help_by_other_answers_is_told_at_the_end(file):
    drunk = {"duration_min": 200, "mass_before_kg": 70, "mass_after_kg": 71}
    result = run("new", file, typed=lines_for(signs="fever", **drunk))
    assert result.stderr.count("Fever: ") == 1
    assert result.stderr.index("cold or shivering") < result.stderr.index("You weigh more")


class _Interrupted(io.StringIO):
    def readline(self, size=-1):
        line = super().readline(size)
        if not line:
            raise KeyboardInterrupt
        return line


@pytest.mark.parametrize(
    ("typed", "code", "kept"),
    [("none\n12\n", 0, Context(signs=(), distance_km=12)), ("", 130, None)],
)
def test_ctrl_c_keeps_what_was_answered(file, monkeypatch, capsys, typed, code, kept):
    monkeypatch.setattr(sys, "stdin", _Interrupted(typed))
    with pytest.raises(SystemExit) as caught:
        cli.main(["context", "new", str(file)])
    assert caught.value.code == code
    told = capsys.readouterr()
    if kept is None:
        assert not file.exists()
        assert "nothing was answered" in told.err
    else:
        assert Context.from_file(file) == kept
        assert "stopped; kept what was answered" in told.out


def test_closed_stdin_is_the_end_of_the_input(file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SystemExit) as caught:
        cli.main(["context", "new", str(file)])
    assert caught.value.code == 0
    assert Context.from_file(file) == Context()


def test_no_input_writes_a_template(file):
    result = run("new", file, "--no-input")
    assert result.exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert all(f"# {question.wording}\n" in text for question in QUESTIONS)
    assert Context.from_file(file) == Context()


def test_an_earlier_file_is_proposed_but_for_the_warning_signs(file, tmp_path):
    earlier = tmp_path / "earlier.toml"
    answers = Context(signs=("fever",), distance_km=10, medicines=("other",), autoimmune=False)
    earlier.write_text(answers.to_toml(), encoding="utf-8")
    result = run("new", file, "--from", earlier, typed=lines_for(distance_km=12, autoimmune="-"))
    assert "[10 km]" in result.stderr
    assert "warning signs of" in result.stderr
    assert Context.from_file(file) == Context(distance_km=12, medicines=("other",))


def test_a_watch_wins_over_an_earlier_file_and_the_runner_over_both(file, tmp_path, activity):
    earlier = tmp_path / "earlier.toml"
    earlier.write_text(Context(distance_km=10, rpe=5, temperature_c=9).to_toml(), encoding="utf-8")
    result = run(
        "new", file, "--from", earlier, "--fit", activity(), typed=lines_for(temperature_c="22")
    )
    assert result.stderr.startswith("tremor: from activity.fit: distance 12.03 km, duration 65 min")
    assert Context.from_file(file) == Context(
        distance_km=12.03, duration_min=65, rpe=5, temperature_c=22
    )


def test_another_sport_proposes_nothing_and_is_said(file, activity):
    result = run("new", file, "--fit", activity(sport=2), "--no-input")
    assert result.exit_code == 0
    assert "nothing, as it is no run but cycling" in result.stderr
    assert Context.from_file(file) == Context()


def test_a_foreign_file_is_no_activity(file, tmp_path):
    other = tmp_path / "activity.fit"
    other.write_text("not one", encoding="utf-8")
    result = run("new", file, "--fit", other, "--no-input")
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert not file.exists()


def test_nothing_is_overwritten_unasked_and_nothing_is_asked_in_vain(file):
    file.write_text("mine", encoding="utf-8")
    result = run("new", file, typed="none\n")
    assert result.exit_code == 8
    assert "How far" not in result.stderr
    assert file.read_text(encoding="utf-8") == "mine"


def test_show_tells_answers_what_follows_and_what_is_open(file):
    context = Context(temperature_c=30, humidity_pct=70, sun="full", signs=("fever",), rpe=8)
    file.write_text(context.to_toml(), encoding="utf-8")
    result = run("show", file)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[2].startswith("  Fever: get medical help")
    assert "  effort (RPE)            8 of 10" in lines
    assert "  Heat strain (WBGT)      32.6 °C (29.7 to 35.4); race flag extreme" in lines
    assert "  Body mass lost          not answered: mass_before_kg, mass_after_kg" in lines
    assert "today.cold" in lines[-1]
    assert max(map(len, lines)) <= 80
    assert run(file).stdout == result.stdout


def test_show_as_json(file):
    context = Context(temperature_c=30, humidity_pct=70, sun="full", signs=())
    file.write_text(context.to_toml(), encoding="utf-8")
    document = json.loads(run("show", file, "--json").stdout)
    assert document["schema"] == "tremor.context.show/1"
    assert document["warning_signs"] == []
    assert Context.from_dict(document["answers"]) == context
    assert document["computed"]["wbgt_c"]["value"] == pytest.approx(32.58, abs=0.005)
    assert document["computed"]["volume_l"] is None
    assert document["reasons"]["volume_l"].startswith("not answered: mass_before_kg")
    assert "warning.signs" not in document["not_answered"]
    assert len(document["not_answered"]) == len(QUESTIONS) - 4


def test_all_problems_of_a_file_are_told_a_line_each(file):
    file.write_text("[run]\nrpe = 11\nrep = 3\n[wether]\nsun = 'ful'\n", encoding="utf-8")
    result = run("show", file)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert [line.removeprefix(f"tremor: {file}: ") for line in result.stderr.splitlines()] == [
        "there is no key run.rep; did you mean run.rpe?",
        "there is no section [wether]; known: warning, run, environment, body, intake, "
        "stimulants, health, today",
        "run.rpe is 11; allowed is a number from 0 to 10",
    ]


def test_file_that_is_not_there(tmp_path):
    result = run("show", tmp_path / "nowhere.toml")
    assert result.exit_code == 3
    assert "make one with: tremor context new" in result.stderr


def test_sample_context_answers_for_the_sample_capture():
    result = run("show", ROOT / "sample_data" / "context.toml")
    assert result.exit_code == 0
    assert "31 of 32 questions answered" in result.stdout
    assert "Body mass lost          2.53 %" in result.stdout


def test_asking_loads_nothing_heavy(file, activity):
    code = (
        "import sys\nfrom tremor.cli.main import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'numpy', 'scipy', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "    print(sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "context", "new", str(file), "--fit", str(activity())],
        capture_output=True,
        text=True,
        encoding="utf-8",
        input="none\n",
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    assert done.stderr.rstrip().endswith("[]")
