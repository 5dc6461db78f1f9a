"""What the commands write goes through `tremor.system_calls`, where tests let each call fail.

A hook of the interpreter sees every file that is opened to be written, renamed or removed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tremor import system_calls
from tremor.cli.main import cli

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}
#: What finds out whether there is room writes a file without a name.
MAY = {system_calls.__file__, tempfile.__file__}
#: GOOD is a capture, OLD files exist, NEW ones do not.
COMMANDS = (
    "analyze GOOD --html NEW.html --csv NEW.csv",
    "analyze GOOD --html OLD.html --overwrite",
    "context new NEW.toml --no-input",
    "convert GOOD NEW.csv --to csv",
    "convert GOOD NEW.parquet --to parquet",
    "convert GOOD NEW --to bids",
    "convert GOOD OLD.csv --to csv --overwrite",
    "record --sensor simulated --option speed=1e6 --duration 20s --no-input --out NEW",
    "record --sensor simulated --option speed=1e6 --duration 5s --no-input --out OLD --overwrite",
    "simulate session NEW.csv --duration 20",
)


class Watch:
    """Collects what is written below a folder past the one place for it."""

    def __init__(self) -> None:
        self.folder = ""
        self.n_seen = 0
        self.found = set()

    def __call__(self, event, arguments):
        if not self.folder or not (event == "open" or event in CHANGES):
            return
        path = arguments[0]
        if isinstance(path, int):
            return
        path = os.fsdecode(path)
        # A folder in the making appears with all of its files, or not at all.
        if not path.startswith(self.folder):
            return
        if event == "open" and not is_writing(*arguments[1:]):
            return
        self.n_seen += 1
        if ".part/" not in path and not MAY & set(files_of(sys._getframe(1))):
            self.found.add((event, path.removeprefix(self.folder)))


def is_writing(mode, flags):
    return bool(set(mode or "") & set("wax+")) or bool(flags & WRITING)


def files_of(frame):
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


@pytest.fixture(scope="module")
def watch():
    one = Watch()
    sys.addaudithook(one)  # for good; it looks at nothing where no folder is named
    return one


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("writing") / "good.csv"
    done = CliRunner().invoke(cli, ["simulate", "session", str(path), "--duration", "60"])
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_by_system_calls_alone(command, watch, good, tmp_path, monkeypatch):
    if "parquet" in command:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.chdir(tmp_path)
    for name in ("OLD.html", "OLD.csv"):
        Path(name).write_text("old", encoding="utf-8")
    Path("OLD").mkdir()
    for name in ("samples.csv", "packets.bin", "recording.json"):
        (Path("OLD") / name).write_text("old", encoding="utf-8")
    words = [str(good) if word == "GOOD" else word for word in command.split()]
    words = [str(tmp_path / word) if word[:3] in ("NEW", "OLD") else word for word in words]
    watch.found.clear()
    watch.n_seen, watch.folder = 0, str(tmp_path)
    try:
        done = CliRunner().invoke(cli, words)
    finally:
        watch.folder = ""
    assert done.exit_code in (0, 4), done.output
    assert watch.n_seen > 0
    assert watch.found == set()


def test_the_hook_sees_what_is_written_elsewhere(watch, tmp_path):
    watch.found.clear()
    watch.folder = str(tmp_path)
    try:
        (tmp_path / "x").write_text("x", encoding="utf-8")
        (tmp_path / "x").unlink()
    finally:
        watch.folder = ""
    assert watch.found == {("open", "/x"), ("os.remove", "/x")}
