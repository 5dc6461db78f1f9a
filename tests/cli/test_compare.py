"""Sessions side by side and over weeks, as they are typed."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

import tremor
from tremor.cli.main import cli


def run(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Five sessions of one leg a week apart, the first three times as strong as the last."""
    folder = tmp_path_factory.mktemp("sessions")
    for week, rms_ms2 in enumerate((0.6, 0.5, 0.45, 0.3, 0.2)):
        done = run(
            "simulate",
            "session",
            folder / f"week{week}.csv",
            *("--seed", week, "--rms", rms_ms2, "--half-life", 0, "--duration", 120),
            *("--started-at", f"2026-05-{1 + 7 * week:02d}T18:00:00+02:00"),
        )
        assert done.exit_code == 0, done.output
    for truth in folder.glob("*.truth.json"):
        truth.unlink()
    return folder


def test_two_sessions_side_by_side(sessions):
    done = run("compare", sessions / "week0.csv", sessions / "week4.csv")
    assert done.exit_code == 0, done.output
    assert "week0.csv (left-calf)" in done.stdout
    assert re.search(r"Mean strength: 0\.[2-4]\d times the first", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_and_text_hold_the_same_numbers(sessions):
    names = [sessions / "week0.csv", sessions / "week4.csv"]
    document = json.loads(run("compare", *names, "--json").stdout)
    assert document["schema"] == "tremor.comparison/1"
    change = next(one for one in document["changes"] if one["quantity"] == "rms_ms2")
    text = " ".join(run("compare", *names).stdout.split())
    shown = "{:.2f} times the first ({:.2f} to {:.2f})".format(
        *(change["factor"][name] for name in ("value", "low", "high"))
    )
    assert f"Mean strength: {shown}" in text


def test_saved_result_is_compared_as_its_capture(sessions, tmp_path):
    saved = tmp_path / "week0.json"
    saved.write_text(run("analyze", sessions / "week0.csv", "--json").stdout, encoding="utf-8")
    other = sessions / "week4.csv"
    from_saved, from_capture = (
        json.loads(run("compare", one, other, "--json").stdout)
        for one in (saved, sessions / "week0.csv")
    )
    assert from_saved.pop("repeating")["given"] == ["week0.json", "week4.csv"]
    assert from_capture.pop("repeating")["given"] == ["week0.csv", "week4.csv"]
    assert from_saved == from_capture


def test_trend_over_weeks(sessions, tmp_path):
    page = tmp_path / "trend.html"
    done = run("trend", sessions, "--html", page)
    assert done.exit_code == 0, done.output
    assert "5 sessions in 28 days" in done.stdout
    assert "Mean strength fell by more than chance" in done.stdout
    html = page.read_text(encoding="utf-8")
    assert "fell by more than chance" in html
    assert "<svg" in html
    assert not re.search(r'(src|href)="(?!#)', html)


def test_other_placement_is_refused_unless_forced(sessions, tmp_path):
    thigh = tmp_path / "thigh.csv"
    run("simulate", "session", thigh, "--placement", "left-thigh", "--duration", 120)
    refused = run("compare", sessions / "week0.csv", thigh)
    assert refused.exit_code == 8
    assert "left-thigh" in refused.stderr
    assert "--force" in refused.stderr
    forced = run("compare", sessions / "week0.csv", thigh, "--force")
    assert forced.exit_code == 0
    assert "Compared all the same" in forced.stdout


def test_trend_of_several_placements_asks_which(tmp_path):
    run("simulate", "session", tmp_path / "a.csv", "--placement", "left-thigh", "--duration", 60)
    run("simulate", "session", tmp_path / "b.csv", "--placement", "left-calf", "--duration", 60)
    asked = run("trend", tmp_path)
    assert asked.exit_code == 2
    assert "--placement" in asked.stderr
    assert "left-calf (1), left-thigh (1)" in asked.stderr
    assert run("trend", tmp_path, "--placement", "left-calf").exit_code == 0


def test_unreadable_file_of_a_folder_is_named_and_left_out(sessions, tmp_path):
    for name in ("week0.csv", "week1.csv"):
        (tmp_path / name).write_bytes((sessions / name).read_bytes())
    (tmp_path / "copy.csv").write_bytes((sessions / "week0.csv").read_bytes())
    (tmp_path / "broken.csv").write_text("nothing\n1\n", encoding="utf-8")
    done = run("trend", tmp_path)
    assert done.exit_code == 0
    assert "2 sessions" in done.stdout
    assert "broken.csv: " in done.stdout
    assert "week0.csv is the same capture as copy.csv" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["compare", "{0}/week0.csv"], 2, "two"),
        (["compare", "{0}/week0.csv", "{0}/nowhere.csv"], 3, "nowhere.csv"),
        (["trend", "{0}/week0.csv"], 2, "folder"),
        (["trend", "{0}/nowhere"], 3, "folder"),
        (["compare", "{0}/week0.csv", "{0}/week1.csv", "--side", "left", "--html", "{0}"], 0, ""),
    ],
)
def test_ends_with_its_exit_code_and_a_remedy(sessions, arguments, code, says):
    done = run(*(one.format(sessions) for one in arguments))
    assert done.exit_code == code, done.output
    assert says in done.stderr
    for page in sessions.glob("*.html"):
        page.unlink()


@pytest.fixture
def alike(tmp_path):
    """Two captures of one name in two folders, which do not say where the sensor was worn."""
    for day, seed in (("monday", 1), ("tuesday", 2)):
        (tmp_path / day).mkdir()
        path = tmp_path / day / "Raw Data.csv"
        run("simulate", "session", path, "--seed", seed, "--duration", 60, "--half-life", 0)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("# placement")]
        assert len(kept) < len(lines)
        path.write_text("".join(kept), encoding="utf-8")
    return tmp_path


def test_files_of_one_name_are_told_apart_and_no_path_is_given_away(alike):
    names = [alike / day / "Raw Data.csv" for day in ("monday", "tuesday")]
    document = run("compare", *names, "--json").stdout
    rows = json.loads(document)["sessions"]
    assert [row["name"] for row in rows] == ["monday/Raw Data.csv", "tuesday/Raw Data.csv"]
    assert str(alike) not in document
    assert str(alike).replace("/", "\\/") not in document
    said = run("compare", *names).stdout
    assert "monday/Raw Data.csv" in said
    assert "tuesday/Raw Data.csv" in said


def test_placement_holds_for_captures_that_carry_none(alike, sessions):
    names = [alike / day / "Raw Data.csv" for day in ("monday", "tuesday")]
    said = run("compare", *names, "--placement", "right-calf")
    assert "monday/Raw Data.csv (right-calf)" in said.stdout
    weeks = alike / "weeks"
    weeks.mkdir()
    for name in ("week0.csv", "week1.csv"):
        (weeks / name).write_bytes((sessions / name).read_bytes())
    (weeks / "unsaid.csv").write_bytes(names[0].read_bytes())
    assert run("trend", weeks).exit_code == 2
    assert "3 sessions" in run("trend", weeks, "--placement", "left-calf").stdout


def test_pages_say_how_and_from_what_they_were_made(sessions, tmp_path):
    changed, weeks = tmp_path / "change.html", tmp_path / "weeks.html"
    names = [sessions / "week0.csv", sessions / "week4.csv"]
    options = ("--set", "least_rms_ms2=0.04", "--force", "--side", "left")
    first = run("compare", *names, *options, "--html", changed, "--json")
    assert run("trend", sessions, "--html", weeks).exit_code == 0
    found = json.loads(first.stdout)
    for page in (changed, weeks):
        html = page.read_text(encoding="utf-8")
        assert "minimum detectable change" in html
        assert "Elble RJ, Hellriegel H" in html
        assert f"tremor-analyzer {tremor.__version__}" in html
        assert "least_rms_ms2" in html
        assert all(row["sha256"] in html for row in found["sessions"])
    command = re.search(r"<code>tremor (.*?)</code>", changed.read_text(encoding="utf-8"))[1]
    assert command == ("compare week0.csv week4.csv --side left --force --set least_rms_ms2=0.04")
    assert f"<code>tremor trend {sessions.name}</code>" in weeks.read_text(encoding="utf-8")


def test_trend_of_an_empty_folder_says_what_to_give(tmp_path):
    result = CliRunner().invoke(cli, ["trend", str(tmp_path)])
    assert result.exit_code == 3
    assert "holds no recording, capture or saved result; give the folder" in result.stderr
