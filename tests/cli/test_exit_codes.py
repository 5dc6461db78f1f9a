"""Each exit code, by command: situations that lead to it, and errors wherever they are raised."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tremor.cli.main import _COMMANDS, EXIT_CODES, cli, exit_code_of
from tremor.errors import ContextError, TremorError

RECORD = ("record", "--sensor", "simulated", "--option", "speed=1e6", "--no-input")
SHORT = ("--duration", "5s", "--no-analyze")

AWAY = "--option away=9999"
#: Code, and the words of a command. GOOD, OTHER and LATER are captures; SHORT has no window, BAD
#: is none, RESULT is a saved result; OLD files and folders exist, and NEW ones do not.
CASES = [
    (0, "analyze GOOD"),
    (0, "analyze GOOD --html NEW.html --csv NEW.csv"),
    (0, "analyze GOOD --json"),
    (0, "analyze GOOD LATER"),
    (0, "analyze GOOD --html OLD.html --overwrite"),
    (0, "batch GOOD LATER --out NEW"),
    (0, "check GOOD"),
    (0, "compare GOOD LATER"),
    (0, "context new NEW.toml --no-input"),
    (0, "context show ANSWERS.toml"),
    (0, "convert GOOD NEW.csv --to csv"),
    (0, "explain"),
    (0, "explain --analysis RESULT.json"),
    (0, "formats"),
    (0, "record"),
    (0, "replay GOOD --speed max"),
    (0, "sensors"),
    (0, "simulate session NEW.csv --duration 20"),
    (0, "trend FOLDER"),
    (2, "analyze"),
    (2, "analyze GOOD --set band_high_hz=1000"),
    (2, "analyze GOOD --sampling-rate 0"),
    (2, "app --port 70000"),
    (2, "batch GOOD --out NEW --shard 3/2"),
    (2, "batch GOOD"),
    (2, "check GOOD --unit furlong"),
    (2, "compare GOOD"),
    (2, "context new"),
    (2, "context nwe NEW.toml"),
    (2, "convert GOOD NEW.csv --to mp3"),
    (2, "doctor x"),
    (2, "explain --all muscle_fatigue"),
    (2, "formats no-such-format"),
    (2, "merge"),
    (2, "record --rate 3"),
    (2, "replay GOOD --speed 0"),
    (2, "scan --timeout 0"),
    (2, "sensors no-such-sensor"),
    (2, "simulate session NEW.csv --scene none"),
    (2, "trend FOLDER --placement nose"),
    (2, "nothing"),
    (3, "analyze MISSING"),
    (3, "analyze BAD"),
    (3, "analyze GOOD --context BAD"),
    (3, "analyze GOOD --fit BAD"),
    (3, "analyze FOLDER"),
    (3, "batch MISSING --out NEW"),
    (3, "check BAD"),
    (3, "compare MISSING GOOD"),
    (3, "context show MISSING"),
    (3, "context show BAD"),
    (3, "convert BAD NEW.csv --to csv"),
    (3, "explain --analysis BAD"),
    (3, "merge MISSING --out NEW"),
    (3, "replay BAD"),
    (3, "trend MISSING"),
    (4, "analyze FEW"),
    (4, "check FEW"),
    (4, "replay FEW --speed max"),
    (4, "record --option loss=0.9999999 --duration 5s"),
    (5, "record --sensor polar-h10"),
    (5, "scan --timeout 1"),
    (6, "record --duration 60s --give-up 1s --option speed=30 --option disconnects=15 " + AWAY),
    (7, "analyze GOOD BAD"),
    (7, "check GOOD BAD"),
    (7, "batch GOOD BAD --out NEW"),
    (8, "analyze GOOD --html OLD.html"),
    (8, "analyze GOOD --csv OLD.csv"),
    (8, "compare GOOD LATER --html OLD.html"),
    (8, "context new ANSWERS.toml --no-input"),
    (8, "convert GOOD OLD.csv --to csv"),
    (8, "explain --analysis RESULT.json --html OLD.html"),
    (8, "record --out OLD"),
    (8, "simulate session OLD.csv --duration 20"),
    (8, "trend FOLDER --html OLD.html"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for number, name in enumerate(("GOOD", "LATER")):
        run(
            "simulate", "session", folder / f"{name}.csv", "--duration", 60, "--seed", number,
            "--started-at", f"2026-03-0{number + 1}T10:00:00+00:00",
        )  # fmt: skip
    rows = "".join(f"{i / 100},0,0.1,9.81\n" for i in range(120))
    (folder / "FEW").write_text("time_s,x,y,z\n" + rows, encoding="utf-8")
    (folder / "BAD").write_text("nothing that is known\n", encoding="utf-8")
    (folder / "ANSWERS.toml").write_text("[run]\nrpe = 8\n", encoding="utf-8")
    done = run("analyze", folder / "GOOD.csv", "--json")
    (folder / "RESULT.json").write_text(done.stdout, encoding="utf-8")
    (folder / "FOLDER").mkdir()
    for name in ("GOOD", "LATER"):
        (folder / f"{name}.csv").rename(folder / name)
        (folder / "FOLDER" / f"{name}.csv").write_bytes((folder / name).read_bytes())
    for name in ("OLD.html", "OLD.csv"):
        (folder / name).write_text("old", encoding="utf-8")
    run(*RECORD, *SHORT, "--out", folder / "OLD")
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def content_of(folder):
    return {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize(("code", "words"), CASES)
def test_what_a_command_ends_with(code, words, files, tmp_path, monkeypatch):
    monkeypatch.chdir(files)
    name, *rest = words.replace("NEW", str(tmp_path / "NEW")).split()
    if name == "record":
        given = dict(zip(rest[::2], rest[1::2], strict=False))
        rest = [] if "--sensor" in given else [*RECORD[1:], *rest]
        rest = [*rest, *(("--sensor", given["--sensor"], "--no-input") if not rest else ())]
        rest += [] if "--duration" in given else SHORT[:2]
        rest += ["--no-analyze"]
        rest += [] if "--out" in given else ["--out", tmp_path / "NEW"]
    before = content_of(files)
    done = run(name, *rest)
    assert done.exit_code == code, (done.stdout, done.stderr)
    assert "internal error" not in done.stderr
    if code not in {0, 4}:  # of what is short, the result says so
        assert done.stderr.splitlines()[-1].startswith("tremor: ")
    if "--overwrite" not in rest:
        assert content_of(files) == before


def test_every_code_and_every_command_has_a_case():
    assert {code for code, _ in CASES} == {0, 2, 3, 4, 5, 6, 7, 8}
    have = {words.split()[0] for code, words in CASES if code != 2}
    # The code of the one is that of the computer, and the other runs until a signal ends it.
    assert set(_COMMANDS) - have <= {"doctor", "app"}


def leaves():
    for name in _COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            for one in command.list_commands(click.Context(command)):
                yield (name, one), command.get_command(click.Context(command), one)
        else:
            yield (name,), command


#: Arguments without which no command begins.
NEEDED = {
    ("analyze",): ("x",),
    ("batch",): ("x", "--out", "y"),
    ("check",): ("x",),
    ("compare",): ("x", "y"),
    ("context", "new"): ("x",),
    ("context", "show"): ("x",),
    ("convert",): ("x", "y", "--to", "csv"),
    ("merge",): ("x", "--out", "y"),
    ("replay",): ("x",),
    ("simulate", "session"): ("x",),
    ("trend",): ("x",),
}
LEAVES = [pytest.param(*one, id=" ".join(one[0])) for one in leaves()]
WHY = "a reason"
ERRORS = [
    *(
        (kind(["a reason"] if kind is ContextError else "a reason"), code)
        for kind, code in EXIT_CODES
    ),
    (RuntimeError("a reason"), 1),
    (MemoryError("a reason"), 1),
    (KeyboardInterrupt(), 130),
    (click.Abort(), 130),
]


@pytest.mark.parametrize(
    ("names", "command"),
    list(leaves()),
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
def test_errors_of_each_kind_in_each_command(names, command, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for error, code in ERRORS:

        def fail(*_, error=error, **__):
            raise error

        monkeypatch.setattr(command, "callback", fail)
        done = run(*names, *NEEDED.get(names, ()))
        assert done.exit_code == code, (error, done.stderr)
        (said,) = filter(None, done.stderr.splitlines())  # the first is that of ^C
        assert said.startswith("tremor: ")
        assert "Traceback" not in done.output


def test_a_reader_that_goes_away_is_no_error(monkeypatch):
    def fail(*_, **__):
        raise BrokenPipeError

    (command,) = [one for names, one in leaves() if names == ("formats",)]
    monkeypatch.setattr("tremor.cli.main._drop_stdout", lambda: None)
    monkeypatch.setattr(command, "callback", fail)
    assert run("formats").exit_code == 0


def test_codes_of_all_errors_of_the_tool_are_in_the_table():
    def kinds(one):
        yield one
        for other in one.__subclasses__():
            yield from kinds(other)

    for kind in kinds(TremorError):
        code = next(code for known, code in EXIT_CODES if issubclass(kind, known))
        assert 1 <= code <= 8, kind
    assert exit_code_of(ValueError()) == 1
