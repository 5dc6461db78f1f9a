"""Signals that ask a command to end, sent from within it at a known moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import tremor
from tremor.cli import after_recording
from tremor.cli.main import cli
from tremor.formats.folder.manifest import read_manifest
from tremor.session.track import Track

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
CAPTURE = Path(__file__).parents[2] / "sample_data" / "quiet_leg.csv"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAST = ("--sensor", "simulated", "--option", "speed=1e6", "--option", "scene=steady")


def send(number):
    os.kill(os.getpid(), number)


def run(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments])


@pytest.fixture(autouse=True)
def handlers():
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_analysis_ends_in_a_line_and_leaves_no_file(tmp_path, monkeypatch, number):
    monkeypatch.setattr("tremor.report.as_html.render", lambda *_, **__: send(number))
    page = tmp_path / "page.html"
    result = run("analyze", CAPTURE, "--html", page)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "tremor: interrupted; nothing more was written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("step", ["analyze_recording", "explain_recording"])
def test_recording_is_saved_where_its_analysis_is_interrupted(tmp_path, monkeypatch, number, step):
    monkeypatch.setattr(after_recording, step, lambda *_, **__: send(number))
    folder = tmp_path / "session"
    result = run("record", "--no-input", *FAST, "--duration", "5s", "--out", folder)
    assert result.exit_code == 130
    said = result.stderr.splitlines()[-1]
    assert said.startswith(f"tremor: interrupted: {folder} is saved;")
    assert f"tremor analyze {folder}" in said
    assert read_manifest(folder)["closed"]


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupt_that_a_library_makes_an_error_of_stays_one(tmp_path, monkeypatch, number):
    def failing_import(*_, **__):
        try:
            send(number)
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr("tremor.report.as_text.render_screen", failing_import)
    assert run("analyze", CAPTURE).exit_code == 130
    folder = tmp_path / "session"
    result = run("record", "--no-input", *FAST, "--duration", "5s", "--out", folder)
    assert result.exit_code == 130
    assert f"interrupted: {folder} is saved" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_while_it_searches_leaves_nothing(tmp_path, monkeypatch, number):
    monkeypatch.setattr("tremor.session.searching.Search.check_settings", lambda _: send(number))
    folder = tmp_path / "session"
    result = run("record", "--no-input", *FAST, "--duration", "5s", "--out", folder)
    assert result.exit_code == 130
    assert "nothing was recorded" in result.stderr
    assert not folder.exists()


def test_second_interrupt_while_it_saves_names_the_folder(tmp_path, monkeypatch):
    end = Track.end

    async def interrupted(self):
        send(signal.SIGINT)
        send(signal.SIGINT)
        await end(self)

    monkeypatch.setattr(Track, "end", interrupted)
    folder = tmp_path / "session"
    result = run("record", "--no-input", *FAST, "--duration", "5s", "--out", folder)
    assert result.exit_code == 130
    said = result.stderr.splitlines()[-1]
    assert said.startswith(f"tremor: interrupted: what was received up to then is in {folder}")
    assert read_manifest(folder)["closed"]


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_that_falls_into_a_deletion_is_not_lost(monkeypatch, capfd, number):
    class Deleted:
        def __del__(self):
            send(number)

    def delete(*_, **__):
        Deleted()
        time.sleep(30.0)

    monkeypatch.setattr("tremor.report.as_text.render_screen", delete)
    result = run("analyze", CAPTURE)
    assert result.exit_code == 130
    assert "Exception ignored" not in capfd.readouterr().err + result.stderr


def test_what_nohup_ignores_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr("tremor.report.as_text.render_screen", lambda *_, **__: send(1) or "")
        assert run("analyze", CAPTURE).exit_code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [int(one) for one in SIGNALS])
def test_interrupt_within_compiled_code_keeps_the_exit_code(tmp_path, number):
    compiled = f"import os, time; os.kill(os.getpid(), {number}); time.sleep(9)"
    (tmp_path / "probe.py").write_text(
        "import tremor.__main__ as entry\n"
        "import tremor.cli.main as commands\n"
        f"commands.main = lambda: exec({compiled!r})\n"
        "entry.main()\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "probe"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(tremor.__file__).parents[1])},
    )
    assert done.returncode == 130
    assert done.stderr == "tremor: interrupted; nothing was written\n"


def test_interrupt_before_the_commands_are_loaded_is_a_line():
    program = (
        "import builtins, os, signal, sys;"
        "from tremor.__main__ import main;"
        "old = builtins.__import__;"
        "builtins.__import__ = lambda name, *a, **k: "
        "os.kill(os.getpid(), signal.SIGTERM) if name == 'tremor.cli.main' else old(name, *a, **k);"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "tremor: interrupted; nothing was written\n"
