from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import tremor
from tremor.cli import main as main_module
from tremor.cli.main import _COMMANDS, EXIT_CODES, cli, exit_code_of
from tremor.errors import (
    CaptureNotFoundError,
    CaptureNotRecognisedError,
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
    TremorError,
    WouldOverwriteError,
)

ROOT = Path(__file__).parents[2]
HEAVY = {"numpy", "scipy", "pandas", "matplotlib", "bleak", "rich", "jinja2", "asyncio"}


def in_a_process(*arguments, code="from tremor.cli.main import main; main()"):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["-h"], [], ["analyse"], ["sensors"], ["sensors", "witmotion"]],
)
def test_light_commands_load_nothing_heavy(arguments):
    code = (
        "import json, sys\n"
        "from tremor.cli.main import main\n"
        "try:\n    main()\n"
        "finally:\n    print('MODULES ' + json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = in_a_process(*arguments, code=code)
    loaded = set(json.loads(done.stderr.split("MODULES ")[1].splitlines()[0]))
    assert not loaded & HEAVY
    assert len(loaded) < 256


def test_version_names_tool_and_libraries():
    result = CliRunner().invoke(cli, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"tremor-analyzer {tremor.__version__} (Python 3.")
    assert "numpy 2." in result.stdout
    assert "scipy 1." in result.stdout
    assert result.stdout.count("\n") == 1


def test_help_names_commands_examples_and_exit_codes():
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    for piece in (*_COMMANDS, "tremor analyze capture.csv --html report.html", "would overwrite"):
        assert piece in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_exists_and_has_help(name):
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage: tremor " + name in result.stdout


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_help_of_the_table_is_the_help_of_the_command(name):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.get_short_help_str(limit=200)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["analyse", "x"], "did you mean analyze?"),
        (["chek"], "did you mean check?"),
        (["qqq"], "known: analyze, app, batch, check"),
        (["analyze"], "missing argument"),
        (["analyze", "--jsom", "x"], "no such option"),
        (["--qqq"], "no such option"),
    ],
)
def test_wrong_usage_is_one_line_with_the_way_out(arguments, says):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert says in result.stderr.lower().replace("tremor: ", "")
    assert "--help" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CaptureNotFoundError("a"), 3),
        (CaptureReadError("a"), 3),
        (CaptureNotRecognisedError("a"), 3),
        (PermissionError(13, "Permission denied", "a"), 3),
        (InsufficientDataError("a"), 4),
        (WouldOverwriteError("a"), 8),
        (InvalidInputError("a"), 2),
        (TremorError("a"), 1),
        (RuntimeError("a"), 1),
    ],
)
def test_every_error_has_its_exit_code(error, code):
    assert exit_code_of(error) == code


def test_table_of_exit_codes_goes_from_special_to_general():
    kinds = [kind for kind, _ in EXIT_CODES]
    for place, kind in enumerate(kinds):
        assert not any(issubclass(later, kind) for later in kinds[place + 1 :])


@pytest.fixture
def failing(monkeypatch):
    """A command that raises what it is told to."""

    def install(error):
        @click.command()
        @main_module.common_options
        def broken():
            raise error

        monkeypatch.setattr(cli, "get_command", lambda _ctx, _name: broken)

    return install


def test_internal_error_is_one_line_and_a_log(failing):
    failing(RuntimeError("the flux is reversed"))
    result = CliRunner().invoke(cli, ["check"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "internal error: RuntimeError: the flux is reversed" in result.stderr
    log = Path(result.stderr.split("the traceback is in ")[1].split(",")[0])
    assert "Traceback" in log.read_text(encoding="utf-8")
    log.unlink()


@pytest.mark.parametrize("arguments", [["check", "-vv"], ["-vv", "check"], ["-v", "check", "-vv"]])
def test_traceback_only_when_asked_for(failing, arguments):
    failing(CaptureReadError("row 3 is torn"))
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 3
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("tremor: row 3 is torn\n")


def test_interrupt_leaves_without_a_traceback(failing):
    failing(KeyboardInterrupt())
    result = CliRunner().invoke(cli, ["check"])
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr
    assert "interrupted" in result.stderr


def test_reader_that_has_seen_enough_is_no_error():
    producer = subprocess.Popen(
        [sys.executable, "-c", "from tremor.cli.main import main; main()", "analyze", "--schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert producer.stdout is not None
    assert producer.stderr is not None
    producer.stdout.close()
    complaint = producer.stderr.read()
    producer.stderr.close()
    assert producer.wait(timeout=60) in {0, 1}
    assert complaint == b""


def test_schema_is_printed_without_a_capture():
    result = CliRunner().invoke(cli, ["analyze", "--schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "tremor.analysis/1"


def test_unknown_language_is_a_usage_error_with_the_list():
    result = CliRunner().invoke(cli, ["check", "--lang", "tlh", "capture.csv"])
    assert result.exit_code == 2
    assert "available are en" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--lang", "xx", "sensors"], ["sensors", "--lang", "XX"]])
def test_language_holds_for_the_command_alone(arguments, monkeypatch):
    used = []
    monkeypatch.setattr("tremor.report.messages.use_language", used.append)
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert used == ["xx", "en"]


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_knows_the_common_options(name):
    shown = CliRunner().invoke(cli, [name, "--help"]).stdout
    for option in ("--lang", "--quiet", "--verbose", "--no-input", "--help"):
        assert option in shown
    assert max(map(len, shown.splitlines())) <= 80
