"""Each option that takes a number is given numbers that no computer, sensor or capture has."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from tremor.cli.main import _COMMANDS, cli

#: For each option that takes a number, in whatever form: commands with all else that they need.
_RECORD = ("record", "--sensor", "simulated", "--no-input", "--no-analyze", "--out", "OUT")
_READING = (
    ("analyze", "leg.csv"),
    ("batch", "leg.csv", "--out", "OUT"),
    ("check", "leg.csv"),
    ("convert", "leg.csv", "out.csv", "--to", "csv"),
    ("replay", "leg.csv", "--speed", "max"),
)
_SIMULATE = ("simulate", "session", "out.csv", "--duration", "10")
COMMANDS = {
    "--bandwidth": (_SIMULATE,),
    "--duration": ((*_RECORD, "--option", "speed=50"), ("simulate", "session", "out.csv")),
    "--floor": (_SIMULATE,),
    "--frequency": (_SIMULATE,),
    "--gap": (_SIMULATE,),
    "--give-up": ((*_RECORD, "--duration", "6s"),),
    "--half-life": (_SIMULATE,),
    "--heartbeat": (_SIMULATE,),
    "--option": ((*_RECORD, "--duration", "6s"),),
    "--range": ((*_RECORD, "--duration", "6s"),),
    "--port": (("app", "--no-browser"),),
    "--rate": ((*_RECORD, "--duration", "6s"), _SIMULATE),
    "--rate-error": (_SIMULATE,),
    "--rest-start": (("analyze", "leg.csv"), ("batch", "leg.csv", "--out", "OUT")),
    "--rms": (_SIMULATE,),
    "--sampling-rate": _READING,
    "--scheduler": (("batch", "leg.csv", "--out", "OUT"),),
    "--seed": (_SIMULATE,),
    "--set": (("analyze", "leg.csv"), ("batch", "leg.csv", "--out", "OUT"), _READING[-1]),
    "--shard": (("batch", "leg.csv", "--out", "OUT"),),
    "--speed": (("replay", "leg.csv"),),
    "--started-at": (_SIMULATE,),
    "--timeout": (("scan",),),
    "--workers": (("batch", "leg.csv", "--out", "OUT"),),
}
#: Options whose number has a name before it.
NAMES = {
    "--option": ("speed", "loss", "length", "rate_error", "seed", "away", "silent", "disconnects"),
    "--set": ("band_high_hz",),
}
ABSURD = ("nan", "inf", "-inf", "-7e9", "1e300", "-1e300", "", "9" * 400, "x" * 5000, "\x1b[31m5")
#: Of these no number is absurd: any whole number is a seed, and an address is any text.
TEXTS_ONLY = {
    "--scheduler": ("",),
    "--seed": ("nan", "inf", "-inf", "-7e9", "1e300", "", "x" * 5000),
}


def numeric_options(command, names):
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            one = command.get_command(click.Context(command), name)
            yield from numeric_options(one, (*names, name))
        return
    for one in command.params:
        is_number = isinstance(one.type, click.types.FloatParamType | click.types.IntParamType)
        if is_number and one.name != "verbose" and not one.is_flag:
            yield one.opts[0], names[0]


def test_no_option_that_takes_a_number_is_left_out():
    found = set(numeric_options(cli, ()))
    assert len(found) > 15
    missing = {
        (option, name)
        for option, name in found
        if name not in {command[0] for command in COMMANDS.get(option, ())}
    }
    assert not missing, "add them to COMMANDS"


@pytest.mark.parametrize("option", COMMANDS)
def test_an_absurd_number_is_a_usage_error(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i / 100},0,0,9.81\n" for i in range(500))
    (tmp_path / "leg.csv").write_text("time_s,x,y,z\n" + rows, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    for command in COMMANDS[option]:
        for number in TEXTS_ONLY.get(option, ABSURD):
            for name in NAMES.get(option, ("",)):
                text = f"{name}={number}" if name else number
                done = CliRunner().invoke(cli, [*command, f"{option}={text}"])
                said = done.stderr
                assert done.exit_code == 2, (command, text, said)
                assert said.startswith("tremor: ")
                assert said.count("\n") == 1
                assert len(said) < 1000
                assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said)
                assert sorted(tmp_path.iterdir()) == before, (command, text)


def test_the_table_has_no_command_that_is_gone():
    assert {command[0] for commands in COMMANDS.values() for command in commands} <= set(_COMMANDS)
