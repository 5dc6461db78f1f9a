"""Each argument and option that takes a value is given an empty one, as unset variables are."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tremor.cli.main import _COMMANDS, cli
from tremor.cli.paths import PATH, PATH_TEXT

#: Commands with all that they need. leg.csv and other.csv are captures.
COMMANDS = {
    ("analyze",): ("leg.csv",),
    ("app",): ("--no-browser",),
    ("batch",): ("leg.csv", "--out", "OUT"),
    ("check",): ("leg.csv",),
    ("compare",): ("leg.csv", "other.csv"),
    ("context", "new"): ("answers.toml",),
    ("context", "show"): ("answers.toml",),
    ("convert",): ("leg.csv", "dataset", "--to", "bids"),
    ("doctor",): (),
    ("explain",): (),
    ("formats",): (),
    ("merge",): ("OUT",),
    ("record",): ("--sensor", "left=simulated", "--no-input", "--no-analyze", "--out", "OUT"),
    ("replay",): ("leg.csv", "--speed", "max"),
    ("scan",): (),
    ("sensors",): (),
    ("simulate", "session"): ("out.csv",),
    ("trend",): (".",),
}
#: Without a value they are as if they were not given.
LEFT_OUT = {"--placement", "--source"}
#: Their errors come after what is said of the capture or the sensor.
SAID_LATE = {"--lsl", "--subject", "--task"}


def parameters():
    for names, needed in COMMANDS.items():
        command = cli
        for name in names:
            command = command.get_command(click.Context(command), name)
        n_arguments = 0
        for one in command.params:
            if isinstance(one, click.Argument):
                words = list(needed)
                words[n_arguments : n_arguments + 1] = [""]
                n_arguments += 1
                yield pytest.param((*names, *words), id=f"{' '.join(names)} {one.name}")
            elif not one.is_flag and not one.count and one.opts[0] not in LEFT_OUT:
                words = (*names, *needed, one.opts[0], "")
                yield pytest.param(words, id=" ".join((*names, one.opts[0])))


@pytest.mark.parametrize("words", list(parameters()))
def test_an_empty_value_is_a_usage_error(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i / 100},0,0,9.81\n" for i in range(500))
    for name in ("leg.csv", "other.csv"):
        Path(name).write_text("time_s,x,y,z\n" + rows, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2, (words, done.output)
    *before_it, said = done.stderr.splitlines()
    assert said.startswith("tremor: ")
    assert not before_it or words[-2] in SAID_LATE
    assert sorted(tmp_path.iterdir()) == before


def test_no_command_is_left_out():
    assert {names[0] for names in COMMANDS} == set(_COMMANDS)


def test_an_empty_path_is_none_and_others_are():
    assert PATH.convert("leg.csv", None, None) == Path("leg.csv")
    assert PATH_TEXT.convert("legs/*.csv", None, None) == "legs/*.csv"
    for text in ("", " ", "\t"):
        with pytest.raises(click.BadParameter, match=r"\. is this folder"):
            PATH.convert(text, None, None)


@pytest.mark.parametrize("option", sorted(LEFT_OUT))
def test_an_empty_word_is_as_none(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i / 100},{i % 7},0,9.81\n" for i in range(3000))
    Path("leg.csv").write_text("time_s,x,y,z\n" + rows, encoding="utf-8")
    with_option = CliRunner().invoke(cli, ["check", "leg.csv", option, ""])
    without = CliRunner().invoke(cli, ["check", "leg.csv"])
    assert with_option.output == without.output
