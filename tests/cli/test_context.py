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


ENDS = (
    "No further answer is likely to change what fits best.",
    "These were 10 questions, the most that are asked.",
)


def interviewed(file, answers, *options):
    """Answer the questions of the interview by a part of their wording; others are left out."""
    typed, asked = "", ""
    for _ in range(30):
        result = run("new", file, "--overwrite", *options, typed=typed)
        assert result.exit_code in (0, 130), result.stderr
        asked = result.stderr.rpartition("Question ")[2]
        if any(sentence in result.stderr for sentence in ENDS):
            return result
        known = [answer for part, answer in answers.items() if part in " ".join(asked.split())]
        typed += f"{known[0] if known else ''}\n"
    raise AssertionError("it does not stop")


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
    result = run("new", file, "--all", typed=typed)
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
    assert run("new", file, "--all", typed=lines_for()).exit_code == 0
    assert Context.from_file(file) == Context()


def test_the_end_of_the_input_leaves_the_rest_open(file):
    result = run("new", file, "--all", typed="none\n12\n")
    assert result.exit_code == 0
    assert Context.from_file(file) == Context(signs=(), distance_km=12)


def test_interview_asks_ten_at_most_and_says_why_it_stopped(file):
    result = interviewed(file, {})
    numbers = [line for line in result.stderr.splitlines() if line.startswith("Question ")]
    assert 3 <= len(numbers) <= 10
    assert numbers[0] == "Question 1, at most 10"
    last = result.stderr.splitlines()[-1]
    assert last in ENDS
    assert max(map(len, result.stderr.splitlines())) <= 80
    assert Context.from_file(file) == Context()


def test_interview_takes_answers_as_people_give_them_and_says_them_back(file):
    answers = {
        "now, or had since": "fever",
        "weigh before and after": "154 lb 151 lb",
        "Which of these hold": "2, 6",
        "that day": "none",
        "has the trembling lasted": "3 weeks",
        "How long did you run": "1h05",
        "How hard": "7,5",
        "How warm": "86 F",
    }
    result = interviewed(file, answers)
    given = Context.from_file(file)
    assert given.signs == ("fever",)
    assert given.other_stimulant is True
    assert given.medicines == ("other",)
    assert given.autoimmune is False
    assert given.days_lasting == 21
    assert given.mass_before_kg == pytest.approx(69.85, abs=0.01)
    assert "    69.9 kg and 68.5 kg (154 lb 151 lb)\n" in result.stderr
    assert "    21 days\n" in result.stderr
    assert "_" not in result.stderr  # no names of keys


def test_what_a_watch_knows_is_not_asked(file, activity):
    result = interviewed(file, {}, "--fit", activity())
    assert "How long did you run" not in result.stderr
    given = Context.from_file(file)
    assert given.duration_min == 65
    assert given.temperature_c in (None, 27)  # of the wrist: taken only where it is asked


def test_nonsense_is_asked_again_with_what_is_allowed(file):
    typed = "qqq\nnone\n-4\n1,200\n9999 km\n12 miles\n"
    result = run("new", file, "--all", typed=typed)
    shown = " ".join(result.stderr.split())
    assert "“qqq” is none of these." in shown
    assert "“-4” is not understood. Write it as 12 km or 7.5 miles;" in shown
    assert "“1,200” is not understood." in shown
    assert "9999 km cannot be; allowed is 0 to 1000 km." in shown
    assert "> 12 miles 19.3 km (12 miles)" in shown
    assert "distance_km" not in shown
    assert Context.from_file(file) == Context(signs=(), distance_km=19.312)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("11", "11 of 10 cannot be; allowed is 0 to 10."), ("hard", "“hard” is not understood.")],
)
def test_a_scale_says_its_ends(file, typed, said):
    result = run("new", file, "--all", typed=f"\n\n\n{typed}\n7\n")
    assert said in " ".join(result.stderr.split())
    assert Context.from_file(file).rpe == 7


def test_answers_that_contradict_each_other_are_asked_again(file):
    typed = lines_for(mass_before_kg="70", mass_after_kg="210\n69")
    result = run("new", file, "--all", typed=typed)
    assert "210 kg after the run and 70 kg before it do not go together" in " ".join(
        result.stderr.split()
    )
    assert Context.from_file(file) == Context(mass_before_kg=70, mass_after_kg=69)


def test_why_is_told_on_request(file):
    result = run("new", file, typed="?\nnone\n?\n")
    shown = " ".join(result.stderr.split())
    assert f"Asked because {QUESTIONS[0].why}" in shown
    assert "The article: " in shown
    assert "help goes before every explanation" in shown


def test_a_warning_sign_is_answered_by_help_before_the_next_question(file):
    result = run("new", file, typed="chest pain\n")
    assert result.stderr.count("Chest pain: ") == 1
    assert result.stderr.index("Chest pain: ") < result.stderr.index("Question 2")
    assert Context.from_file(file).signs == ("chest_pain",)
    assert "Chest pain: " not in run("new", file, "--overwrite", typed="none\n").stderr


def test_what_needs_help_by_other_answers_is_told_at_the_end(file):
    drunk = {"duration_min": 200, "mass_before_kg": 70, "mass_after_kg": 71}
    result = run("new", file, "--all", typed=lines_for(signs="fever", **drunk))
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
    [("none\n", 0, Context(signs=())), ("", 130, None)],
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
    typed = lines_for(distance_km=12, autoimmune="-")
    result = run("new", file, "--all", "--from", earlier, typed=typed)
    assert "[10 km]" in result.stderr
    assert "warning signs of" in result.stderr
    assert Context.from_file(file) == Context(distance_km=12, medicines=("other",))


def test_interview_proposes_an_earlier_file_where_it_asks(file, tmp_path):
    earlier = tmp_path / "earlier.toml"
    answers = Context(medicines=("other",), autoimmune=False, distance_km=10)
    earlier.write_text(answers.to_toml(), encoding="utf-8")
    result = interviewed(file, {}, "--from", earlier)
    assert "[other]" in result.stderr
    assert Context.from_file(file) == Context(medicines=("other",), autoimmune=False)


def test_a_watch_wins_over_an_earlier_file_and_the_runner_over_both(file, tmp_path, activity):
    earlier = tmp_path / "earlier.toml"
    earlier.write_text(Context(distance_km=10, rpe=5, temperature_c=9).to_toml(), encoding="utf-8")
    options = ("--all", "--from", earlier, "--fit", activity())
    result = run("new", file, *options, typed=lines_for(temperature_c="22"))
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


def test_show_says_back_what_was_written_in_other_units(file):
    file.write_text(
        '[run]\ndistance_km = "12 miles"\nduration_min = "1h05"\n'
        '[environment]\ntemperature_c = "86 F"\n',
        encoding="utf-8",
    )
    lines = run("show", file).stdout.splitlines()
    assert "  distance                19.3 km (12 miles)" in lines
    assert "  duration                1 h 5 min" in lines
    assert "  air temperature         30 °C (86 F)" in lines
    assert Context.from_file(file).duration_min == 65


def test_text_that_is_no_number_is_refused_with_its_key(file):
    file.write_text('[run]\nduration_min = "12:30"\n', encoding="utf-8")
    result = run("show", file)
    assert result.exit_code == 3
    assert 'run.duration_min is "12:30"; allowed is a number from 0 to 6000 min' in result.stderr


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
